"""A worker without a queue: the seed's calls."""

import threading
from pathlib import Path
from typing import Any

import pytest
import worker_functions
from eventually import PATIENCE_S, eventually

from engine_tasks import ErrorKind, Worker, WorkerOptions, WorkerStartError

THREAD = WorkerOptions(isolation="thread")
ISOLATIONS = ["process", "thread", "inline"]


def receive(worker: Worker) -> Any:
    received: list[Any] = []
    eventually(lambda: received.extend(filter(None, [worker.recv()])) or received)
    return received[0]


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_native_worker_answers_what_it_is_sent(isolation: Any) -> None:
    options = WorkerOptions(isolation=isolation)
    worker = Worker.new_native("MyWorker", 2, worker_functions.echo, options=options)
    assert worker.name == "MyWorker"
    assert worker.recv() is None
    ids = {worker.send(n): n for n in range(10)}
    assert worker.tasks_in_work() == 10
    results = [receive(worker) for _ in range(10)]
    assert {result.task_id: result.payload for result in results} == ids
    assert worker.tasks_in_work() == 0
    assert worker.stop()


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_lua_worker_answers_what_it_is_sent(isolation: Any, tmp_path: Path) -> None:
    script = tmp_path / "script.lua"
    script.write_text("function Run(data) return { data, worker.name } end")
    options = WorkerOptions(isolation=isolation)
    worker = Worker.new_lua("MyLua", 2, str(script), options=options)
    worker.send("x")
    assert receive(worker).payload == ["x", "MyLua"]
    assert worker.stop()


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_script_that_does_not_load_raises_with_file_and_line(
    isolation: Any, tmp_path: Path
) -> None:
    script = tmp_path / "script.lua"
    script.write_text("local x = 1\nlocal y = = 2")
    with pytest.raises(WorkerStartError) as caught:
        Worker.new_lua("MyLua", 1, script, options=WorkerOptions(isolation=isolation))
    assert caught.value.name == "MyLua"
    assert str(caught.value.file).endswith("script.lua")
    assert caught.value.line == 2


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_worker_is_finished_once_it_was_stopped(isolation: Any) -> None:
    options = WorkerOptions(isolation=isolation)
    worker = Worker.new_native("MyWorker", 2, worker_functions.echo, options=options)
    assert not worker.is_finished()
    assert worker.stop()
    assert worker.is_finished()
    assert worker.stop()


def test_a_stopped_worker_takes_nothing_and_says_why() -> None:
    worker = Worker.new_native("MyWorker", 1, worker_functions.echo, options=THREAD)
    assert worker.stop()
    assert worker.send(1) is None
    assert "'MyWorker' was stopped" in str(worker.last_error)


def test_what_cannot_be_carried_is_refused_with_the_reason() -> None:
    worker = Worker.new_native("MyWorker", 1, worker_functions.echo, options=THREAD)
    assert worker.send({"lock": threading.Lock()}) is None
    assert str(worker.last_error) == "payload.lock: cannot carry a lock"
    assert worker.stop()


def test_counters_follow_a_task_through_its_life() -> None:
    gate = threading.Event()

    def wait(data: Any) -> Any:
        gate.wait(PATIENCE_S)
        return data

    worker = Worker.new_native("MyWorker", 1, wait, options=THREAD)

    def counters() -> list[int]:
        return [
            worker.tasks_in_work(),
            worker.tasks_waiting(),
            worker.tasks_in_progress(),
            worker.tasks_ready(),
        ]

    for n in range(3):
        worker.send(n)
    eventually(lambda: counters() == [3, 2, 1, 0])
    gate.set()
    eventually(lambda: counters() == [3, 0, 0, 3])
    assert [receive(worker).payload for _ in range(3)] == [0, 1, 2]
    assert counters() == [0, 0, 0, 0]
    assert worker.stop()


def test_a_stop_answers_what_waits_and_kills_what_hangs() -> None:
    worker = Worker.new_native("MyWorker", 1, worker_functions.spin)
    sent = {worker.send(None) for _ in range(3)}
    eventually(lambda: worker.tasks_in_progress() == 1)
    assert worker.stop(0.1)
    results = [receive(worker) for _ in range(3)]
    assert {result.task_id for result in results} == sent
    assert {result.error.kind for result in results} == {ErrorKind.STOPPED}
    assert worker.is_finished()


def test_a_thread_that_does_not_return_is_left_behind_and_said_so() -> None:
    gate = threading.Event()
    worker = Worker.new_native("MyWorker", 1, lambda data: gate.wait(PATIENCE_S), options=THREAD)
    worker.send(None)
    eventually(lambda: worker.tasks_in_progress() == 1)
    worker.stop(0.05)
    assert receive(worker).error.kind is ErrorKind.STOPPED
    gate.set()
    assert worker.recv() is None


@pytest.mark.parametrize("count", [0, -1, 1_000_000])
def test_a_number_of_instances_out_of_bounds_is_refused(count: int) -> None:
    with pytest.raises(WorkerStartError, match="instances_count is from 1 to 256"):
        Worker.new_native("MyWorker", count, worker_functions.echo)
