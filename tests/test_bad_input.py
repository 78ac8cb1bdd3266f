"""Bad input gives a clear error and harms nothing: the queue works as before."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import worker_functions
from eventually import eventually, result_of

from engine_tasks import (
    LuaLimits,
    PayloadError,
    Priority,
    TaskQueue,
    WorkerId,
    WorkerOptions,
    WorkerStartError,
)
from engine_tasks.worker_id import MAX_WORKER_ID

ISOLATIONS = ["process", "thread", "inline"]


@pytest.fixture(autouse=True)
def unharmed(queue: TaskQueue) -> Iterator[None]:
    """After whatever a test does, the queue takes and answers tasks, on the same id too."""
    yield
    if 7 not in [queue.worker_ids[name] for name in queue.worker_ids]:
        assert queue.start_native_worker(
            7, "Worker", worker_functions.echo, options=WorkerOptions(isolation="thread")
        )
    assert result_of(queue, 7, "fine").payload == "fine"
    assert result_of(queue, WorkerId.Echo, "fine").payload == "fine"


@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize(
    ("content", "reason", "line"),
    [
        (None, "there is no script", None),
        ("folder", "is a folder, not a Lua script", None),
        (b"\x7fELF\0\0\1\2", "is not Lua source text: it has binary content", None),
        (b"\x1bLua bytecode", "is not Lua source text: it has binary content", None),
        (b"function Run(data)\n  return data +\nend", "script.lua:3:", 3),
        (b"local x = 1\nerror('not today')", "script.lua:2: not today", 2),
        (b"", "Run", None),
        (b"-- nothing here\n", "Run", None),
        (b"Run = 5", "Run", None),
        (b"return { init = function() end }", "un", None),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_script_that_is_none_makes_the_start_false(
    queue: TaskQueue, tmp_path: Path, isolation: Any, content: Any, reason: str, line: int | None
) -> None:
    script = tmp_path / "script.lua"
    if content == "folder":
        script.mkdir()
    elif content is not None:
        script.write_bytes(content)
    options = WorkerOptions(isolation=isolation)
    assert queue.start_worker(7, "Worker", script, options=options) is False
    error = queue.last_error
    assert isinstance(error, WorkerStartError)
    assert reason in str(error)
    assert (error.worker_id, error.name) == (7, "Worker")
    assert str(error.file).endswith("script.lua")
    assert error.line == line
    assert queue.worker_state(7) is None


@pytest.mark.parametrize("count", [0, -1, 257, 1_000_000])
def test_a_number_of_instances_out_of_bounds_makes_the_start_false(
    queue: TaskQueue, tmp_path: Path, count: int
) -> None:
    script = tmp_path / "script.lua"
    script.write_text("function Run(data) return data end")
    for started in (
        queue.start_worker(7, "Worker", script, count),
        queue.start_native_worker(7, "Worker", worker_functions.echo, count),
    ):
        assert started is False
        assert isinstance(queue.last_error, WorkerStartError)
        assert f"instances_count is from 1 to 256, not {count}" in str(queue.last_error)


def test_a_payload_with_a_cycle_is_refused(queue: TaskQueue) -> None:
    units: list[Any] = [1]
    units.append({"all": units})
    assert queue.send_task(WorkerId.Echo, {"units": units}) is None
    assert isinstance(queue.last_error, PayloadError)
    assert str(queue.last_error) == (
        "payload.units[1].all: cannot carry a list that contains itself"
    )


def test_a_payload_with_a_socket_is_refused(queue: TaskQueue) -> None:
    with socket.socket() as open_socket:
        assert queue.send_task(WorkerId.Echo, ["x", open_socket]) is None
    assert str(queue.last_error) == "payload[1]: cannot carry a socket"


def test_a_payload_with_a_function_is_refused(queue: TaskQueue) -> None:
    assert queue.send_task(WorkerId.Echo, {"on_done": worker_functions.echo}) is None
    assert str(queue.last_error) == "payload.on_done: cannot carry a function named 'echo'"


def test_an_int_beyond_u64_is_refused(queue: TaskQueue) -> None:
    assert queue.send_task(WorkerId.Echo, [2**64]) is None
    assert "payload[0]: the int 18446744073709551616 does not fit 64 bits" in str(queue.last_error)


def test_a_text_of_200_mb_is_refused_with_the_limit(queue: TaskQueue) -> None:
    assert queue.send_task(WorkerId.Echo, "x" * 200_000_000) is None
    assert str(queue.last_error) == (
        "payload: takes 200,000,005 bytes; the limit is 67,108,864 bytes"
    )


def test_the_limit_of_a_payload_is_an_option(queue: TaskQueue) -> None:
    options = WorkerOptions(isolation="thread", max_payload_bytes=1000)
    assert queue.start_native_worker(7, "Worker", worker_functions.echo, options=options)
    assert queue.send_task(7, "x" * 1000) is None
    assert "the limit is 1,000 bytes" in str(queue.last_error)
    assert result_of(queue, 7, "x" * 900).payload == "x" * 900


def test_a_task_for_an_id_that_nobody_started_is_refused(queue: TaskQueue) -> None:
    assert queue.send_task(9, None) is None
    assert str(queue.last_error) == "no worker runs with id 9"
    assert queue.next_task_result(9) is None
    assert queue.tasks_in_work(9) is None


def test_results_are_read_after_their_worker_was_stopped(queue: TaskQueue) -> None:
    options = WorkerOptions(isolation="thread")
    assert queue.start_native_worker(7, "Worker", worker_functions.echo, options=options)
    queue.send_task(7, "kept")
    eventually(lambda: queue.tasks_ready(7) == 1)
    assert queue.stop_worker(7)
    result = queue.next_task_result(7)
    assert result is not None
    assert result.payload == "kept"
    assert queue.next_task_result(7) is None


@pytest.mark.parametrize(
    ("worker_id", "name", "reason"),
    [
        (0, "Mine", "belongs to the engine's worker 'Echo'"),
        (1, "Mine", "worker id 1 is taken by 'Taken'"),
        (2, "Taken", "'Taken' is taken by id 1"),
        (2, "Echo", "'Echo' is taken by id 0"),
        (1, "Taken", "runs already"),
        (65_536, "Mine", "outside 0..65535"),
        (-1, "Mine", "outside 0..65535"),
    ],
)
def test_an_id_or_a_name_that_cannot_be_had_makes_the_start_false(
    queue: TaskQueue, worker_id: int, name: str, reason: str
) -> None:
    options = WorkerOptions(isolation="thread")
    assert queue.start_native_worker(1, "Taken", worker_functions.echo, options=options)
    assert not queue.start_native_worker(worker_id, name, worker_functions.echo, options=options)
    assert reason in str(queue.last_error)
    assert result_of(queue, 1, "fine").payload == "fine"


@pytest.mark.parametrize("name", ["", "line\nbreak"])
def test_a_name_that_nobody_can_read_is_misuse(queue: TaskQueue, name: str) -> None:
    with pytest.raises(ValueError, match="is no worker name"):
        queue.start_native_worker(2, name, worker_functions.echo)
    assert queue.worker_state(2) is None


def test_the_worker_after_the_last_id_is_refused(queue: TaskQueue) -> None:
    for number in range(1, MAX_WORKER_ID + 1):
        if number != 7:
            queue.worker_ids.register(f"worker {number}", number)
    queue.worker_ids.register("the last")
    with pytest.raises(ValueError, match="all 65,536 worker ids are taken"):
        queue.worker_ids.register("one too many")
    queue.worker_ids.release(7)


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"priority": "high"}, TypeError, "priority is a Priority, not str"),
        ({"priority": 17}, ValueError, "priority is one of IDLE, LOW, NORMAL, HIGH, CRITICAL"),
        ({"priority": True}, TypeError, "priority is a Priority, not bool"),
        ({"timeout_s": -1.0}, ValueError, "timeout_s must be above 0"),
        ({"timeout_s": float("nan")}, ValueError, "timeout_s must be finite"),
        ({"timeout_s": "1"}, TypeError, "timeout_s is a number, not str"),
        ({"deadline_s": float("inf")}, ValueError, "deadline_s must be finite"),
        ({"deadline_s": "soon"}, TypeError, "deadline_s is a number, not str"),
        ({"delay_s": -0.1}, ValueError, "delay_s must be at least 0"),
        ({"delay_s": float("nan")}, ValueError, "delay_s must be finite"),
        ({"delay_s": None}, TypeError, "delay_s is a number, not NoneType"),
        ({"delay_s": 1e300}, ValueError, "delay_s is at most a hundred years"),
        ({"run_id": 7}, TypeError, "run_id is a str, not int"),
        ({"key": ["goal"]}, TypeError, "or a tuple of those, not list"),
        ({"max_attempts": 0}, ValueError, "max_attempts must be at least 1"),
        ({"max_attempts": 1.5}, TypeError, "max_attempts is an int, not float"),
        ({"on_result": "print"}, TypeError, "on_result is callable, not str"),
    ],
    ids=lambda value: repr(value)[:32],
)
def test_what_is_asked_for_a_task_is_checked(
    queue: TaskQueue, asked: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        queue.send_task(WorkerId.Echo, "x", **asked)
    assert queue.tasks_in_work(WorkerId.Echo) == 0


def test_a_bool_is_no_delay(queue: TaskQueue) -> None:
    with pytest.raises(TypeError, match="delay_s is a number, not bool"):
        queue.send_task(WorkerId.Echo, "x", delay_s=True)
    assert queue.send_task(WorkerId.Echo, "x", delay_s=0) is not None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda q: q.set_priority(1, "high"), TypeError, "priority is a Priority"),
        (lambda q: q.purge_run(7), TypeError, "run_id is a str, not int"),
        (lambda q: q.pending_work(None), TypeError, "run_id is a str, not NoneType"),
        (lambda q: q.cancel("1"), TypeError, "task_id is an int, not str"),
        (lambda q: q.retry_dead(None), TypeError, "task_id is an int, not NoneType"),
        (lambda q: q.wanted(1.5), TypeError, "task_id is an int, not float"),
        (lambda q: q.drain(1, timeout_s=-1), ValueError, "timeout_s must be at least 0"),
        (lambda q: q.stop(timeout_s=float("nan")), ValueError, "timeout_s must be finite"),
        (lambda q: q.ping(0, timeout_s="x"), TypeError, "timeout_s is a number"),
        (lambda q: q.set_limits(1, 5), TypeError, "limits is a LuaLimits, not int"),
        (lambda q: q.pump(max_results=-1), ValueError, "max_results must be at least 0"),
        (lambda q: q.stats("W"), TypeError, "a worker id is an int, not str"),
        (lambda q: q.metrics(-1), ValueError, "-1"),
        (lambda q: TaskQueue(clock=lambda: 0.0), ValueError, "clock is for a queue with"),
        (lambda q: TaskQueue(deterministic=True, clock=5), TypeError, "clock is callable"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_misuse_of_the_other_calls_names_the_argument(
    queue: TaskQueue, call: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call(queue)


def test_what_a_game_may_race_into_is_a_plain_no(queue: TaskQueue) -> None:
    """An id whose worker was just stopped, a task that was just answered."""
    assert queue.cancel(999) is False
    assert queue.set_priority(999, Priority.HIGH) is False
    assert queue.purge_run("no such run") == 0
    assert queue.pending_work("no such run") == []
    assert queue.wanted(999) == 0
    assert queue.progress(999) is None
    assert queue.dead_letters(999) is None
    assert queue.stats(999) is None
    assert queue.metrics(999) is None
    assert queue.ping(999) is None
    assert queue.run_task(999, "x") is None
    assert queue.drain(999) is False
    assert queue.restart_worker(999) is False
    assert queue.set_limits(999, LuaLimits()) is False
    assert "no worker runs with id 999" in str(queue.last_error)


def test_more_instances_than_may_be_is_a_contradiction(queue: TaskQueue) -> None:
    with pytest.raises(ValueError, match=r"max_instances \(2\) is below instances_count \(4\)"):
        queue.start_native_worker(
            7, "Worker", worker_functions.echo, 4, options=WorkerOptions(max_instances=2)
        )
