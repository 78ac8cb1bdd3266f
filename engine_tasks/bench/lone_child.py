"""A child by itself, as the scenarios about starts and confinement need it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import evolve, field, frozen

from engine_tasks.bench import work
from engine_tasks.bench.queues import ANSWER_TIMEOUT_S
from engine_tasks.executors.protocol import Executor, ReportProgress
from engine_tasks.options import WorkerOptions
from engine_tasks.policies import RestartPolicy
from engine_tasks.worker import Worker
from engine_tasks.worker_plan import WorkerPlan

#: At the priority of its peer, and of the other programs of a busy machine: with the nice of
#: a worker, what is measured there is how much they leave over. And without the wait between
#: restarts, which is for a worker that dies again and again.
OPTIONS: Final = WorkerOptions(
    nice=0,
    restart=RestartPolicy(max_restarts=1_000_000, first_backoff_s=0.0, max_backoff_s=0.0),
)


def script(name: str) -> Path:
    """A Lua script of the benchmark."""
    return Path(__file__).with_name(f"{name}.lua")


def lua_plan(name: str) -> WorkerPlan:
    """One child with that script, confined as far as this system can."""
    return WorkerPlan.lua(0, f"bench-{name}", script(name), 1, OPTIONS)


def busy_python_plan() -> WorkerPlan:
    """One child in Python that does what `busy.lua` does."""
    return WorkerPlan.native(0, "bench-busy", work.busy, 1, OPTIONS)


@frozen
class LoneChild:
    """A worker with one child; `executors` are all that it has had, the running one last."""

    worker: Worker
    executors: list[Executor] = field(factory=list)

    def send(self, payload: object) -> int:
        """Sends a task; a refusal raises."""
        task_id = self.worker.send(payload)
        if task_id is None:
            raise RuntimeError(f"send refused: {self.worker.last_error}")
        return task_id

    def answer(self, task_id: int) -> Any:
        """Waits for that task's payload; a failure or a silence raises."""
        result = self.worker.wait_result(task_id, ANSWER_TIMEOUT_S)
        if result is None:
            raise TimeoutError(f"task {task_id}: no answer in {ANSWER_TIMEOUT_S} s")
        if not result.ok:
            raise RuntimeError(f"task {task_id} failed: {result.error}")
        return result.payload


@contextmanager
def lone_child(plan: WorkerPlan) -> Iterator[LoneChild]:
    """A worker with the one child of that plan; stopped on the way out."""
    executors: list[Executor] = []

    def make(slot: int, report_progress: ReportProgress) -> Executor:
        executors.append(plan.make_executor(slot, report_progress))
        return executors[-1]

    worker = Worker(evolve(plan, make_executor=make))
    try:
        error = worker.wait_started()
        if error is not None:
            raise error
        yield LoneChild(worker, executors)
    finally:
        worker.stop()
