"""A pool of actors: its tasks, its supervisor, and how both start and end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from random import Random
from typing import Final

from engine_tasks.background import BACKGROUND
from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.executors.protocol import (
    Confinement,
    Executor,
    ExecutorStartError,
    MakeExecutor,
)
from engine_tasks.options import LuaLimits, WorkerOptions
from engine_tasks.policies import RestartPolicy
from engine_tasks.pools.growth import Growth
from engine_tasks.pools.guard import Guard
from engine_tasks.pools.messages import RENEW, STOP, Ping, SetLimits
from engine_tasks.pools.outlet import Outlet
from engine_tasks.pools.restarts import RestartHistory
from engine_tasks.pools.root import ANOTHER_TRY_S, ROOT
from engine_tasks.pools.slots import InstanceState, PoolPhase
from engine_tasks.pools.state import PoolState
from engine_tasks.pools.supervisor import (
    Drain,
    Forget,
    StartSlot,
    StopAll,
    Supervisor,
    TakeOver,
    TellAll,
)
from engine_tasks.pools.tasks import PoolTasks, tell_if_alive
from engine_tasks.task import Task
from engine_tasks.timer import TIMER, Timed

#: Seconds that whoever kills a pool answers what waits: a game has better to do.
_DRAIN_S: Final = 0.1


class Pool:
    """A worker's instances and its ready queue. Safe from any thread.

    `make_executor` gives the executor of an instance by its number; `outlet` takes each
    result, on the thread that has it.
    """

    def __init__(
        self,
        name: str,
        slots: int,
        options: WorkerOptions,
        make_executor: MakeExecutor,
        outlet: Outlet,
    ) -> None:
        self.name = name
        self.error: ExecutorStartError | None = None
        self.not_started = set(range(slots))
        self.minimum = slots
        most = max(slots, options.max_instances or slots)
        state = PoolState(
            slots,
            most,
            aging_s=options.aging_s,
            retry=options.retry,
            same_key=options.same_key,
        )
        self.tasks = PoolTasks(state, outlet, options)
        self._slots = slots
        self._options = options
        self._outlet = outlet
        self._make = make_executor
        self._lock = threading.Lock()
        self._guards: dict[int, Guard] = {}
        self._phase = PoolPhase.STARTING
        self._grace: Timed | None = None
        self._killed = False
        self._settled = threading.Event()  # started, failed or stopped
        self._stopped = threading.Event()
        self._growth = (
            Growth(slots, most, options, self.tasks, outlet.metrics, self._start_slot)
            if most > slots
            else None
        )
        #: Accepts a task: None, or the reason why it is refused; see `PoolTasks.submit`.
        self.submit = self.tasks.submit  # not a method of its own: a call in ten of a `send_task`
        if self._growth is not None:
            self.tasks.when_left = self._growth.wake
            self.submit = self._submit_and_grow
        self._orphanings = RestartHistory(RestartPolicy(), Random())
        self._supervisor = Supervisor.start(self, self.tasks, options.restart)

    # --- life ------------------------------------------------------------

    def start(self) -> None:
        """Start every instance, without waiting for any."""
        for slot in range(self._slots):
            self._start_slot(slot)

    def wait_started(self, timeout_s: float) -> PoolPhase:
        """Wait until every instance has started or one could not; the phase then."""
        self._settled.wait(timeout_s)
        return self.phase

    def refuse(self, until_s: float | None = None) -> None:
        """Accept no more tasks; what was accepted goes on, if it is ready by `until_s`."""
        with self._lock:
            if self._phase in (PoolPhase.STARTING, PoolPhase.RUNNING):
                self._phase = PoolPhase.DRAINING
        self.tasks.refuse(f"the worker {self.name!r} is stopping", until_s)
        if until_s is not None and not tell_if_alive(self._supervisor, Drain()):
            self.tasks.drain()

    def stop(self, grace_s: float) -> None:
        """Answer what waits as STOPPED at once, and what still runs after `grace_s` seconds.

        Does not wait: the instances end behind the caller's back, at the latest by a kill.
        """
        self._close(PoolPhase.STOPPING)
        for _, guard in self._all_guards():
            guard.executor.cancel()
        with self._lock:
            if not self._stopped.is_set() and self._grace is None:
                self._grace = TIMER.after(grace_s, self._kill_the_rest)

    def kill(self) -> None:
        """Answer every task as STOPPED at once and end what runs.

        Where very many wait the last ones are answered soon afterwards.
        """
        self._close(PoolPhase.STOPPING)
        self._kill_the_rest()
        if not self.tasks.drain(gently=False, within_s=_DRAIN_S):
            BACKGROUND.call(self.tasks.drain_later)

    def wait_stopped(self, timeout_s: float) -> bool:
        """Wait until every instance has ended."""
        return self._stopped.wait(timeout_s)

    @property
    def phase(self) -> PoolPhase:
        """Where the pool is in its life."""
        return self._phase

    @property
    def has_started(self) -> bool:
        """Whether every instance has run."""
        return not self.not_started

    # --- tasks -----------------------------------------------------------

    def _submit_and_grow(self, task: Task, is_plain: bool = False) -> str | None:
        assert self._growth is not None
        refusal = self.tasks.submit(task, is_plain)
        self._growth.wake()
        return refusal

    def cancel(self, task_id: int) -> bool:
        """Answer a task as CANCELLED; False for one that neither waits nor runs.

        An execution that nobody wants any more is told so, and after
        `WorkerOptions.cancel_grace_s` it is ended.
        """
        verdict = self.tasks.cancel(task_id)
        if isinstance(verdict, bool):
            return verdict
        slot, task = verdict
        with self._lock:
            guard = self._guards.get(slot)
        if guard is not None:
            guard.cancel(task)
        return True

    def purge(self, run_id: str) -> int:
        """Answer what waits of a run as CANCELLED; how many tasks."""
        count = self.tasks.purge(run_id)
        if count:
            tell_if_alive(self._supervisor, Drain())
        return count

    # --- instances -------------------------------------------------------

    def renew(self, make_executor: MakeExecutor | None = None) -> None:
        """Have each instance replaced by a fresh one, after the tasks that it has taken."""
        self._make = make_executor or self._make
        tell_if_alive(self._supervisor, TellAll(RENEW))

    def set_limits(self, limits: LuaLimits, make_executor: MakeExecutor) -> None:
        """Run the next tasks within other limits; instances yet to come are made with them."""
        self._make = make_executor
        tell_if_alive(self._supervisor, TellAll(SetLimits(limits)))

    def ping(self, heard: Callable[[], None]) -> None:
        """Have `heard` called for each instance that could run a task; one that could not,
        because its process ended while it had nothing to do, is replaced."""
        tell_if_alive(self._supervisor, TellAll(Ping(heard)))

    def confinement(self) -> Confinement | None:
        """The layers around its child processes, where a stranger's code runs in them."""
        found = (guard.executor.confinement for _, guard in self._all_guards())
        return next((layers for layers in found if layers), None)

    def slots(self) -> tuple[InstanceState, ...]:
        """The state of each instance."""
        return self.tasks.slots()

    def _all_guards(self) -> list[tuple[int, Guard]]:
        with self._lock:
            return list(self._guards.items())

    def _start_slot(self, slot: int) -> None:
        self.tell_supervisor(StartSlot(slot))

    # --- what the supervisor needs and says, on its thread ------------------

    def make_guard(self, slot: int) -> Guard:
        """A new executor for a slot, and who watches over it."""
        executor: Executor = self._make(slot, self.tasks.report_progress)
        options = self._options
        guard = Guard(slot, self.tasks, executor, options.cancel_grace_s, options.start_timeout_s)
        with self._lock:
            self._guards[slot] = guard
            ending = self.tasks.closed
        if ending:  # closed since the supervisor looked: do not let it start
            executor.kill()
        return guard

    def tell_supervisor(self, message: object) -> None:
        """Tell the supervisor that the pool has at the time. Any thread."""
        tell_if_alive(self._supervisor, message)

    def when_started(self) -> None:
        """Every instance runs."""
        with self._lock:
            if self._phase is PoolPhase.STARTING:
                self._phase = PoolPhase.RUNNING
        self._settled.set()

    def when_restarted(self) -> None:
        """An instance is being replaced."""
        self.tasks.read(lambda _state: self._outlet.metrics.restarted())

    def when_unneeded_failed(self) -> None:
        """An instance beyond the minimum cannot be had: do without for a while."""
        if self._growth is not None:
            self._growth.pause(self._options.restart.within_s)

    def when_failed(self, error: ExecutorStartError) -> None:
        """An instance cannot be had: the pool is given up."""
        self.error = self.error or error
        reason = f"the worker {self.name!r} failed: {error}"
        self._close(PoolPhase.FAILED, reason, TaskError(ErrorKind.CRASHED, reason))
        self._settled.set()

    def when_stopped(self) -> None:
        """The pool is closed and every instance has ended."""
        for slot, _, _ in self.tasks.refs():
            self.tasks.stopped(slot)  # also one that waited for its next instance
        with self._lock:
            if self._phase is not PoolPhase.FAILED:
                self._phase = PoolPhase.STOPPED
            self._guards.clear()
            if self._grace is not None:
                self._grace.cancel()
        self._settled.set()
        self._stopped.set()

    def when_orphaned(self) -> None:
        """The supervisor ends before its time: the root gives the pool another."""
        ROOT.replace_supervisor(self._replace_supervisor)

    def _replace_supervisor(self) -> None:
        """On the root's thread."""
        if self._stopped.is_set():
            return
        if self._orphanings.record(0, self.tasks.clock()) is None:
            self._give_up()
            return
        try:
            self._supervisor = Supervisor.start(self, self.tasks, self._options.restart)
        except RuntimeError:  # no thread is left
            TIMER.after(ANOTHER_TRY_S, self.when_orphaned)
            raise
        tell_if_alive(self._supervisor, TakeOver())  # a dead one has the root know
        if self._killed:
            self._kill_the_rest()  # whom the former one was told to forget

    def _give_up(self) -> None:
        """End without a supervisor: nobody is left to hear of its instances."""
        self.when_failed(ExecutorStartError("its supervisor was stopped again and again"))
        self._kill_the_rest()
        self.tasks.drain()
        for _, _, ref in self.tasks.refs():
            if ref is not None:
                tell_if_alive(ref, STOP)
        self.when_stopped()

    # --- ending ------------------------------------------------------------

    def _close(
        self, phase: PoolPhase, reason: str | None = None, error: TaskError | None = None
    ) -> None:
        with self._lock:
            if self._phase in (PoolPhase.STARTING, PoolPhase.RUNNING, PoolPhase.DRAINING):
                self._phase = phase
        if self._growth is not None:
            self._growth.close()
        reason = reason or f"the worker {self.name!r} was stopped"
        self.tasks.close(reason, error or TaskError(ErrorKind.STOPPED, reason))
        if not tell_if_alive(self._supervisor, StopAll()):
            self.tasks.drain()

    def end_running(self) -> None:
        """End what a pool that failed still runs."""
        self._kill_the_rest()

    def _kill_the_rest(self) -> None:
        if self._stopped.is_set():
            return
        self._killed = True
        error = TaskError(ErrorKind.STOPPED, f"the worker {self.name!r} was stopped")
        self.tasks.abandon(error)
        for slot, guard in self._all_guards():
            if not guard.executor.kill() and guard.is_held_up:
                tell_if_alive(self._supervisor, Forget(slot))
