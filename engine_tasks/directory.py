"""Which worker runs under which id: starting, stopping, and what stays when one is gone."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable

from engine_tasks.delivery import OnCallbackDue
from engine_tasks.errors import TaskRefusedError, WorkerIdError, WorkerStartError
from engine_tasks.task import TaskResult
from engine_tasks.timer import TIMER
from engine_tasks.waiting import ResultWaiters, Sought
from engine_tasks.worker import Shared, Worker
from engine_tasks.worker_id import WorkerId, WorkerIds
from engine_tasks.worker_plan import WorkerPlan


class WorkerDirectory:
    """The workers of one queue. Any thread may call; what cannot be done raises."""

    def __init__(
        self,
        on_callback_due: OnCallbackDue,
        clock: Callable[[], float],
        seed: int | None,
    ) -> None:
        self.ids = WorkerIds()
        self.workers: dict[int, Worker] = {}
        self.inline: dict[int, Worker] = {}
        #: The results of each id, also of one whose worker is gone.
        self.results: dict[int, deque[TaskResult]] = {}
        self.waiters = ResultWaiters(stands_still=seed is not None)
        self.next_task_id = itertools.count(1).__next__
        self._shared = Shared(
            next_task_id=self.next_task_id,
            waiters=self.waiters,
            on_callback_due=on_callback_due,
            clock=clock,
            seed=seed,
        )
        self._lock = threading.Lock()
        self._retired: list[Worker] = []
        self._closed = False

    def start(self, plan: WorkerPlan, *, wait: bool) -> None:
        """Start a worker under an id and a name that are free, or registered together.

        Raises `WorkerIdError` or `WorkerStartError`; then everything is as it was before.
        """
        registered = self._claim(plan.worker_id, plan.name)
        try:
            worker = self._add(plan)
        except BaseException:
            if registered:
                self.ids.release(plan.worker_id)
            raise
        fault = worker.wait_started() if wait else None
        if fault is not None:
            self._drop(worker, release=registered)
            raise fault

    def retire(self, worker_id: int, *, only: Worker | None = None) -> None:
        """Take a worker out, without waiting for its end; its id and name are free again.

        With `only`, nothing happens unless it is that one which still has the id. Raises
        `WorkerIdError` for one of the engine's own, `TaskRefusedError` for none.
        """
        self.check_own(worker_id)
        with self._lock:
            worker = self.workers.get(worker_id)
            if only is not None and worker is not only:
                return
            if worker is None:
                raise unknown_worker(worker_id)
            self._see_off(worker)
            del self.workers[worker_id]
            self.inline.pop(worker_id, None)
            self.ids.release(worker_id)
        worker.retire()

    def check_own(self, worker_id: int) -> None:
        """Raises `WorkerIdError` for one of the engine's own workers."""
        if worker_id < WorkerId.EngineWorkersCount:
            raise WorkerIdError(
                f"{self.ids.name_of(worker_id)!r} is the engine's own worker",
                worker_id=worker_id,
            )

    def find(self, worker_id: int) -> Worker:
        """The worker of an id. Raises `TaskRefusedError` where there is none."""
        worker = self.workers.get(WorkerId(worker_id))
        if worker is None:
            raise unknown_worker(worker_id)
        return worker

    def drain(self, worker_id: int, timeout_s: float | None) -> None:
        """`retire` a worker once all that it has accepted is answered. Raises like that."""
        self.check_own(worker_id)
        worker = self.find(worker_id)
        until_s = None if timeout_s is None else worker.clock() + timeout_s
        worker.refuse(until_s)

        def retire() -> None:
            self.retire(worker_id, only=worker)

        if worker.is_inline:  # which keeps to `until_s` itself, when it is polled
            worker.when_empty(retire)
            return
        too_late = None if timeout_s is None else TIMER.after(timeout_s, retire)

        def retire_soon() -> None:
            TIMER.after(0.0, retire)  # not on the thread that has answered the last task
            if too_late is not None:
                too_late.cancel()

        worker.when_empty(retire_soon)

    def waiting_inline(self) -> int:
        """How many tasks of `inline` workers wait."""
        return sum(worker.tasks_waiting() for worker in list(self.inline.values()))

    def run_oldest_inline(self) -> bool:
        """Run the task that is next of all `inline` workers, here; whether there was one."""
        if not self.inline:
            return False
        waiting = {
            rank: worker
            for worker in list(self.inline.values())
            if (rank := worker.next_inline()) is not None
        }
        return any(waiting[rank].run_inline() for rank in sorted(waiting))

    def seek(self, task_id: int) -> Sought:
        """A task whose result is waited for."""
        return Sought(
            task_id,
            lambda: list(self.results.values()),
            lambda: [*list(self.workers.values()), *self._retired],
            self.run_oldest_inline,
        )

    def close(self) -> list[Worker]:
        """Take no worker more; all there are, those that still end among them."""
        with self._lock:
            self._closed = True
            return [*self.workers.values(), *self._retired]

    def _claim(self, worker_id: int, name: str) -> bool:
        """Make sure that id and name belong together; whether they are registered by this."""
        known = self.ids.name_of(WorkerId(worker_id))
        if known is not None and known == name:
            if worker_id in self.workers:
                raise WorkerIdError(
                    f"the worker {name!r} with id {int(worker_id)} runs already",
                    worker_id=worker_id,
                    name=name,
                )
            return False
        self.ids.register(name, worker_id)
        return True

    def _add(self, plan: WorkerPlan) -> Worker:
        with self._lock:
            if self._closed:
                raise WorkerStartError(
                    "the queue is stopped", worker_id=plan.worker_id, name=plan.name
                )
            if plan.worker_id in self.workers:
                raise WorkerIdError(
                    f"worker id {int(plan.worker_id)} was taken meanwhile",
                    worker_id=plan.worker_id,
                )
            results = self.results.setdefault(plan.worker_id, deque())
            worker = Worker(plan, shared=self._shared, results=results)
            self.workers[plan.worker_id] = worker
            if plan.options.isolation == "inline":
                self.inline[plan.worker_id] = worker
            return worker

    def _drop(self, worker: Worker, *, release: bool) -> None:
        """Take out a worker that did not start."""
        with self._lock:
            if self.workers.get(worker.worker_id) is worker:
                self._see_off(worker)
                del self.workers[worker.worker_id]
                self.inline.pop(worker.worker_id, None)
                if release:
                    self.ids.release(worker.worker_id)
        worker.kill()

    def _see_off(self, worker: Worker) -> None:
        """Keep a worker that is to be taken out until it has ended; within the lock.

        Before it is taken out: who looks for it outside of the lock finds it at any time.
        """
        self._retired = [old for old in self._retired if not old.is_finished()]
        self._retired.append(worker)


def unknown_worker(worker_id: int) -> TaskRefusedError:
    """The error for an id that no worker runs under."""
    return TaskRefusedError(f"no worker runs with id {int(worker_id)}", worker_id=worker_id)
