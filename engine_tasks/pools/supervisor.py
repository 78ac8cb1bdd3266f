"""The supervisor of a pool: one actor that starts, replaces and stops its instances."""

from __future__ import annotations

import logging
from random import Random
from types import TracebackType
from typing import Any, Final, Protocol

import attrs
import pykka

from engine_tasks.background import BACKGROUND
from engine_tasks.errors import ErrorKind, TaskError, log_line
from engine_tasks.executors.protocol import ExecutorStartError
from engine_tasks.policies import RestartPolicy
from engine_tasks.pools.guard import Death, Guard
from engine_tasks.pools.instance import Instance, as_start_error
from engine_tasks.pools.messages import (
    START,
    STOP,
    Died,
    Ref,
    Renewed,
    Report,
    Started,
    StartFailed,
    Stopped,
)
from engine_tasks.pools.restarts import RestartHistory
from engine_tasks.pools.slots import InstanceState
from engine_tasks.pools.tasks import PoolTasks, tell_if_alive
from engine_tasks.timer import TIMER

logger = logging.getLogger(__name__)

#: Seconds of answering what waits, before the next message is heard.
_DRAIN_S: Final = 0.05

#: Errors of tasks whose instance was ended since somebody asked for it.
_ON_REQUEST: Final = frozenset({ErrorKind.CANCELLED, ErrorKind.STOPPED})


# Without what nobody asks of a message: see `engine_tasks.pools.messages`.


@attrs.frozen(eq=False, repr=False)
class StartSlot:
    """Have an instance in this slot."""

    slot: int


@attrs.frozen(eq=False, repr=False)
class TakeOver:
    """Look after the instances that another supervisor left behind."""


@attrs.frozen(eq=False, repr=False)
class TellAll:
    """Pass a message on to every instance."""

    message: object


@attrs.frozen(eq=False, repr=False)
class Drain:
    """Answer what was purged, or what waits in a closed pool."""


@attrs.frozen(eq=False, repr=False)
class StopAll:
    """Let every instance end after the task it runs."""


@attrs.frozen(eq=False, repr=False)
class Forget:
    """The instance of a slot cannot be ended: it is left to itself, and not waited for."""

    slot: int


class Ward(Protocol):
    """The pool of a supervisor, as that sees it; called on the supervisor's thread."""

    name: str
    not_started: set[int]
    """Slots that never came up since the pool was started; for the supervisor's thread."""
    minimum: int
    """Instances that it is to have; it can do without others."""

    def make_guard(self, slot: int) -> Guard:
        """A new executor for a slot, and who watches over it."""

    def tell_supervisor(self, message: object) -> None:
        """Tell the supervisor that the pool has at the time. Any thread."""

    def when_started(self) -> None:
        """Every instance runs."""

    def when_restarted(self) -> None:
        """An instance is being replaced."""

    def when_unneeded_failed(self) -> None:
        """An instance beyond the minimum cannot be had, and is done without."""

    def when_failed(self, error: ExecutorStartError) -> None:
        """An instance cannot be had: the pool is given up."""

    def when_stopped(self) -> None:
        """The pool is closed and every instance has ended."""

    def when_orphaned(self) -> None:
        """The supervisor ends before its time."""


class Supervisor(pykka.ThreadingActor):
    """Replaces each instance that dies (one for one) and never runs a worker's code itself."""

    use_daemon_thread = True

    def __init__(self, ward: Ward, tasks: PoolTasks, policy: RestartPolicy) -> None:
        super().__init__()
        self._ward = ward
        self._tasks = tasks
        self._policy = policy
        self._history = RestartHistory(policy, Random())
        self._refs: dict[int, Ref] = {}
        self._not_started = ward.not_started
        self._over = False

    def on_receive(self, message: Any) -> None:
        match message:
            case StartSlot(slot):
                self._start(slot)
            case StopAll():
                self._stop_all()
            case Drain():
                self._drain()
            case TakeOver():
                self._take_over()
            case TellAll(what):
                self._tell_all(what)
            case Forget(slot):
                self._refs.pop(slot, None)
                self._stopped(slot)
            case _ if self._is_current(message):
                self._hear(message)

    def _is_current(self, report: Report) -> bool:
        """Whether a report is from the actor that has the slot, as far as is known here."""
        return self._refs.get(report.slot) is report.ref

    def _hear(self, report: Report) -> None:
        slot = report.slot
        match report:
            case Started():
                self._started(slot)
            case StartFailed(_, _, error):
                self._refs.pop(slot, None)
                self._start_failed(slot, error)
            case Died(_, _, death):
                self._refs.pop(slot, None)
                self._died(slot, death)
            case Renewed():
                self._refs.pop(slot, None)
                self._start(slot)
            case Stopped():
                self._refs.pop(slot, None)
                self._stopped(slot)

    # --- instances -----------------------------------------------------------

    def _start(self, slot: int) -> None:
        if slot in self._refs:
            return  # started by who took over, before its backoff was over
        if not self._tasks.awaits_instance(slot):
            self._stopped(slot)  # it was to end, or the pool is closed
            return
        try:
            guard = self._ward.make_guard(slot)
            ref = Instance.start(slot, self._tasks, guard, self._ward.tell_supervisor)
        except Exception as error:  # no thread is left, say
            self._tasks.restart(slot)
            self._start_failed(slot, as_start_error(error))
            return
        self._refs[slot] = ref
        self._tasks.attach(slot, ref)
        if not tell_if_alive(ref, START):
            self._died_unheard(slot, ref)

    def _died_unheard(self, slot: int, ref: Ref) -> None:
        """An instance was stopped from outside before it had the slot, and could not say so."""
        error = TaskError(ErrorKind.STOPPED, "the actor of the instance was stopped")
        if self._tasks.lose(slot, error, ref=ref):
            self._hear(Died(slot, ref, Death(error, blameless=True)))

    def _started(self, slot: int) -> None:
        logger.debug("%s#%d started", self._ward.name, slot)
        if slot in self._not_started:
            self._not_started.discard(slot)
            if not self._not_started:
                self._ward.when_started()

    def _start_failed(self, slot: int, error: ExecutorStartError) -> None:
        if self._tasks.closed:
            self._stopped(slot)
        elif slot in self._not_started:
            self._ward.when_failed(error)  # it never ran: trying again would say the same
        else:
            logger.warning("%s#%d did not start: %s", self._ward.name, slot, log_line(str(error)))
            self._tasks.lose(slot, TaskError(ErrorKind.CRASHED, str(error)))
            self._restart(slot, error)

    def _died(self, slot: int, death: Death) -> None:
        awaited = self._tasks.awaits_instance(slot)
        is_on_request = not awaited or death.error.kind in _ON_REQUEST
        level = logging.DEBUG if is_on_request else logging.ERROR
        what = "is replaced" if death.unhealthy else "died"
        logger.log(level, "%s#%d %s: %s", self._ward.name, slot, what, log_line(str(death.error)))
        if death.blameless or not awaited:
            if awaited:
                self._ward.when_restarted()
            self._start(slot)
        else:
            self._restart(slot, ExecutorStartError(str(death.error)))

    def _restart(self, slot: int, cause: ExecutorStartError) -> None:
        """Replace the instance of a slot now or after a backoff, unless that was too often."""
        wait_s = self._history.record(slot, self._tasks.clock())
        if wait_s is None and self._tasks.give_back_slot(slot, self._ward.minimum):
            logger.warning("%s does without #%d: %s", self._ward.name, slot, log_line(str(cause)))
            self._ward.when_unneeded_failed()
            return
        if wait_s is None:
            self._tasks.fail(slot)
            self._ward.when_failed(self._too_often(slot, cause))
            return
        self._ward.when_restarted()
        if wait_s == 0.0:
            self._start(slot)
        else:
            TIMER.after(wait_s, lambda: self._ward.tell_supervisor(StartSlot(slot)))

    def _too_often(self, slot: int, cause: ExecutorStartError) -> ExecutorStartError:
        return ExecutorStartError(
            f"its instance {slot} was replaced {self._policy.max_restarts} times within "
            f"{self._policy.within_s:g} s (WorkerOptions.restart) and died again: {cause}",
            file=cause.file,
            line=cause.line,
            traceback=cause.traceback,
        )

    # --- all of them -----------------------------------------------------------

    def _tell_all(self, message: object) -> None:
        for ref in list(self._refs.values()):
            tell_if_alive(ref, message)

    def _take_over(self) -> None:
        """Know the instances that there are, and do what the one before did not get to do."""
        slots = self._tasks.refs()
        # Also those of dead actors, which are about to say so.
        self._refs = {slot: ref for slot, _, ref in slots if ref is not None}
        for slot, state, ref in slots:
            if ref is None:
                self._start(slot)  # where it is to have one
            elif state is InstanceState.STARTING:
                tell_if_alive(ref, START)  # it may not have been told
            elif state is InstanceState.STOPPING:
                tell_if_alive(ref, STOP)
            elif slot in self._not_started:
                self._started(slot)
        self._drain()
        self._end_when_alone()

    def _stopped(self, slot: int) -> None:
        self._tasks.stopped(slot)
        self._end_when_alone()

    def _stop_all(self) -> None:
        self._tell_all(STOP)
        self._drain()
        self._end_when_alone()

    def _drain(self) -> None:
        """Answer a part of what is to be answered, and go on with it after what was told
        meanwhile: of very many, the instances end before all are."""
        if not self._tasks.drain(within_s=_DRAIN_S):
            tell_if_alive(self.actor_ref, Drain())

    def _end_when_alone(self) -> None:
        if self._tasks.closed and not self._refs and not self._over:
            self._over = True
            self._ward.when_stopped()
            if not self._tasks.drain(within_s=0.0):
                BACKGROUND.call(self._tasks.drain_later)  # nobody waits for what is left
            self.stop()

    def on_failure(
        self,
        _exception_type: type[BaseException] | None,
        _exception_value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """A fault of this library, which pykka has logged: another takes over."""
        self._ward.when_orphaned()

    def on_stop(self) -> None:
        """Stopped from outside, by a `pykka.ActorRegistry.stop_all()` of the game, say."""
        if not self._over:
            self._ward.when_orphaned()
