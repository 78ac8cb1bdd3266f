"""Batches that a child is given: no larger than its tasks are short, and begun at most once."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from engine_tasks import WorkerOptions
from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.executors import child_process
from engine_tasks.executors.protocol import Executor, ExecutorDied
from engine_tasks.executors.shipping import python_process_executors
from engine_tasks.payload import encode
from engine_tasks.task import Task

#: Seconds of a task that is no short one, on any machine.
LONG_S = 0.02


def work(seconds: float) -> float:
    """Takes as long as it is told to."""
    time.sleep(seconds)
    return seconds


@pytest.fixture
def executor() -> Iterator[Executor]:
    made = python_process_executors("W", work, WorkerOptions(nice=0))(0, lambda *_: None)
    made.start()
    yield made
    made.stop()


def tasks(*seconds: float) -> list[Task]:
    return [Task(number, encode(each), 0.0) for number, each in enumerate(seconds, 1)]


def test_a_fresh_child_is_given_one_long_task_after_the_other(executor: Executor) -> None:
    for _ in range(3):
        assert executor.max_batch == 1
        assert list(executor.run(tasks(LONG_S))) == [encode(LONG_S)]
    assert executor.max_batch == 1


def test_batches_shrink_with_the_first_tasks_that_take_long(executor: Executor) -> None:
    most = 1
    while executor.max_batch < 8:
        list(executor.run(tasks(*[0.0] * executor.max_batch)))
        most += 1
        assert most < 1000, "short tasks are taken together"
    taken = executor.max_batch
    list(executor.run(tasks(*[LONG_S] * taken)))
    assert executor.max_batch == 1


def _failing_write(fail_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipe takes a part of what is written, then nobody reads any more."""
    write, calls = os.write, iter(range(100))

    def write_some(fd: int, content: Any) -> int:
        if next(calls) < fail_at:
            return write(fd, memoryview(content)[: len(content) // 2])
        raise BrokenPipeError("nobody reads")

    monkeypatch.setattr(child_process.os, "write", write_some)


def test_nothing_of_a_batch_has_begun_where_none_of_it_arrived(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    _failing_write(0, monkeypatch)
    with pytest.raises(ExecutorDied) as died:
        list(executor.run(tasks(0.0, 0.0)))
    monkeypatch.undo()
    assert not died.value.began


def test_what_arrived_of_a_batch_has_its_answers_though_the_rest_did_not(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    _failing_write(1, monkeypatch)
    running = executor.run(tasks(*[0.0] * 8))
    assert [next(running) for _ in range(3)] == [encode(0.0)] * 3
    executor.kill()
    with pytest.raises(ExecutorDied) as died:
        list(running)
    monkeypatch.undo()
    assert died.value.began
    assert isinstance(died.value.error, TaskError)
    assert died.value.error.kind is ErrorKind.CRASHED
