"""What a function may ask and say of the task that it runs, and where else nothing happens."""

import math
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from engine_tasks import TaskError, WorkerOptions, this_task
from engine_tasks.executors.calling import calling_executors
from engine_tasks.executors.protocol import Executor
from engine_tasks.payload import decode, encode
from engine_tasks.task import Progress, Task

Reports = list[tuple[int, Progress]]


def executor_of(function: Callable[[Any], Any], reports: Reports | None = None) -> Executor:
    """An executor that calls the function on the thread of the test."""

    def report(task: Task, progress: Progress) -> None:
        if reports is not None:
            reports.append((task.id, progress))

    return calling_executors("Worker", function, WorkerOptions(isolation="thread"))(0, report)


def answer(executor: Executor, task_id: int = 1) -> Any:
    (outcome,) = executor.run([Task(task_id, encode(None), 0.0)])
    return outcome if isinstance(outcome, TaskError) else decode(outcome)


def state() -> tuple[bool, int | None]:
    return this_task.cancelled(), this_task.task_id()


def test_outside_of_a_task_nothing_is_cancelled_and_nothing_happens() -> None:
    assert state() == (False, None)
    this_task.progress(0.5, "nobody hears")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("half",), TypeError),
        ((None,), TypeError),
        ((True,), TypeError),
        ((0.5, 7), TypeError),
        ((0.5, None), TypeError),
        ((math.nan,), ValueError),
        ((math.inf,), ValueError),
    ],
)
def test_what_is_no_share_or_note_raises_in_a_task_and_outside(
    arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        this_task.progress(*arguments)
    reports: Reports = []
    failed = answer(executor_of(lambda _: this_task.progress(*arguments), reports))
    assert isinstance(failed, TaskError)
    assert failed.message.startswith(error.__name__)
    assert not reports


def test_a_function_says_how_far_its_task_is() -> None:
    reports: Reports = []

    def advance(data: Any) -> int | None:
        this_task.progress(1, "an int will do")
        this_task.progress(0.5)
        return this_task.task_id()

    assert answer(executor_of(advance, reports), task_id=6) == 6
    assert reports == [(6, Progress(1.0, "an int will do")), (6, Progress(0.5, ""))]


def test_a_share_is_a_plain_float_in_the_game() -> None:
    class Share(float):
        """A number of a library, say."""

    reports: Reports = []
    answer(executor_of(lambda _: this_task.progress(Share(0.5)), reports))
    assert type(reports[0][1].share) is float


@pytest.mark.parametrize("raised", [ValueError("x"), SystemExit(1)], ids=repr)
def test_after_a_task_nothing_of_it_is_left_however_it_ended(raised: BaseException) -> None:
    def fail(data: Any) -> None:
        executor.cancel()
        raise raised

    executor = executor_of(fail)
    assert isinstance(answer(executor), TaskError)
    assert state() == (False, None)


def test_ctrl_c_leaves_nothing_of_the_task_either() -> None:
    def interrupted(data: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answer(executor_of(interrupted))
    assert state() == (False, None)


def test_a_task_within_a_task_is_the_one_that_is_asked_about() -> None:
    inner = executor_of(lambda _: [this_task.task_id(), this_task.cancelled()])

    def outer(data: Any) -> list[Any]:
        executor.cancel()
        return [answer(inner, 2), this_task.task_id(), this_task.cancelled()]

    executor = executor_of(outer)
    assert answer(executor, 1) == [[2, False], 1, True]


def test_another_thread_is_in_no_task() -> None:
    found: list[Any] = []

    def function(data: Any) -> None:
        executor.cancel()
        thread = threading.Thread(target=lambda: found.append(state()))
        thread.start()
        thread.join()
        found.append(state())

    executor = executor_of(function)
    answer(executor)
    assert found == [(False, None), (True, 1)]


def test_two_threads_are_in_two_tasks() -> None:
    meeting = threading.Barrier(2)

    def ask(data: Any) -> int | None:
        meeting.wait(30)
        return this_task.task_id()

    found: dict[int, Any] = {}
    threads = [
        threading.Thread(target=lambda n=n: found.update({n: answer(executor_of(ask), n)}))
        for n in (1, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {1: 1, 2: 2}


FORK = """
import os
from engine_tasks import this_task

class Host:
    task_id = 1
    def cancelled(self):
        return True
    def progress(self, share, note):
        print("heard", flush=True)

this_task.enter(Host())
if os.fork() == 0:
    this_task.progress(0.5)
    print(this_task.cancelled(), this_task.task_id(), flush=True)
    os._exit(0)
os.wait()
print(this_task.cancelled(), this_task.task_id(), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_copy_of_a_child_is_in_no_task() -> None:
    run = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.splitlines() == ["False None", "True 1"]
