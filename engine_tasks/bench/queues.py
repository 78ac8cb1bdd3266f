"""A queue with one worker running, as the scenarios need it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final, Literal, Unpack

from attrs import evolve, frozen

from engine_tasks import TaskQueue, TaskResult, WorkerId, WorkerOptions
from engine_tasks.bench import work
from engine_tasks.sending import SendOptions

#: Where a worker's code runs: a Python thread, a Python child, a Lua child.
Kind = Literal["thread", "process", "lua"]

#: Instances of ours and workers of every peer, unless a scenario says otherwise.
INSTANCES: Final = 2
#: Seconds to wait for an answer before the scenario gives up and says so.
ANSWER_TIMEOUT_S: Final = 30.0
#: Seconds between two looks whether something has come about.
LOOK_S: Final = 0.001


_PLAIN: Final = WorkerOptions()


@frozen
class Work:
    """The same work in Python and in Lua."""

    function: Callable[[Any], Any]
    script: Path


ECHO: Final = Work(work.echo, Path(__file__).with_name("echo.lua"))
CHORE: Final = Work(work.chore, Path(__file__).with_name("chore.lua"))
SPIN: Final = Work(work.spin, Path(__file__).with_name("spin.lua"))


@frozen
class Running:
    """A queue and the worker under test."""

    queue: TaskQueue
    worker_id: WorkerId

    def send(self, payload: object, **options: Unpack[SendOptions]) -> int:
        """Sends a task; a refusal raises."""
        task_id = self.queue.send_task(self.worker_id, payload, **options)
        if task_id is None:
            raise RuntimeError(f"send_task refused: {self.queue.last_error}")
        return task_id

    def answer(self, task_id: int) -> TaskResult:
        """Waits for that task's result; a failure or a silence raises."""
        result = self.queue.wait_result(task_id, ANSWER_TIMEOUT_S)
        if result is None:
            raise TimeoutError(f"task {task_id}: no answer in {ANSWER_TIMEOUT_S} s")
        return checked(result)


def checked(result: TaskResult) -> TaskResult:
    """The result, if its task went well; raises its error otherwise."""
    if not result.ok:
        raise RuntimeError(f"task {result.task_id} failed: {result.error}")
    return result


def wait_until(is_so: Callable[[], bool], what: str, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
    """Waits until something `is_so`; raises `TimeoutError` with `what` where it never is."""
    end_s = monotonic() + timeout_s
    while not is_so():
        if monotonic() > end_s:
            raise TimeoutError(f"{what}: not in {timeout_s:g} s")
        sleep(LOOK_S)


@contextmanager
def running(
    kind: Kind, work: Work, instances: int = INSTANCES, options: WorkerOptions = _PLAIN
) -> Iterator[Running]:
    """A queue whose one worker of `kind` does `work`; stopped on the way out."""
    with TaskQueue() as queue:
        worker_id = queue.worker_ids.register(f"bench-{kind}")
        if kind == "lua":
            started = queue.start_worker(worker_id, f"bench-{kind}", str(work.script), instances)
        else:
            started = queue.start_native_worker(
                worker_id,
                f"bench-{kind}",
                work.function,
                instances,
                options=evolve(options, isolation=kind),
            )
        if not started:
            raise RuntimeError(f"the worker did not start: {queue.last_error}")
        yield Running(queue, worker_id)
