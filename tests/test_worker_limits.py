"""What a task may take, and what is told of the walls around a script."""

import logging
from pathlib import Path

import pytest
import worker_functions
from eventually import PATIENCE_S, eventually, result_of

from engine_tasks import ErrorKind, LuaLimits, TaskQueue, TaskResult, Worker, WorkerOptions
from engine_tasks.child.frames import pack_texts, unpack_texts
from engine_tasks.executors import process
from engine_tasks.executors.lua import lua_executors
from engine_tasks.executors.protocol import ExecutorStartError
from engine_tasks.lua.script import LuaScript

SCRIPT = """
local calls = 0
function Run(what)
  calls = calls + 1
  if what == "hang" then while true do end end
  if what == "hoard" then local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end end
  if what == "print" then for line = 1, 200 do print(line) end end
  if what == "advance" then worker.progress(0.5, "half") while not worker.cancelled() do end end
  return calls
end
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.lua"
    path.write_text(SCRIPT)
    return path


def kind_of(result: TaskResult) -> ErrorKind | None:
    return None if result.error is None else result.error.kind


def send(queue: TaskQueue, data: object, timeout_s: float) -> TaskResult:
    task_id = queue.send_task(1, data, timeout_s=timeout_s)
    assert task_id is not None, queue.last_error
    result = queue.wait_result(task_id, PATIENCE_S)
    assert result is not None
    return result


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_a_task_over_its_time_ends_as_timeout_and_the_worker_goes_on(
    queue: TaskQueue, isolation: str
) -> None:
    options = WorkerOptions(isolation=isolation, nice=0, timeout_s=0.2)  # type: ignore[arg-type] # a str from the parameters
    assert queue.start_native_worker(1, "W", worker_functions.wait_long, options=options)
    assert kind_of(result_of(queue, 1, "long")) is ErrorKind.TIMEOUT
    assert send(queue, "short", PATIENCE_S).payload == "short"


def test_a_task_may_have_a_time_of_its_own(queue: TaskQueue, script: Path) -> None:
    assert queue.start_worker(1, "L", script, options=WorkerOptions(nice=0))
    assert kind_of(send(queue, "hang", 0.2)) is ErrorKind.TIMEOUT
    assert result_of(queue, 1, "go on").payload == 1  # a fresh machine


def test_a_soft_deadline_names_the_line_and_keeps_the_machine(
    queue: TaskQueue, script: Path
) -> None:
    limits = LuaLimits(soft_timeout_s=0.2, timeout_s=PATIENCE_S)
    assert queue.start_worker(1, "L", script, options=WorkerOptions(nice=0, limits=limits))
    result = result_of(queue, 1, "hang")
    assert kind_of(result) is ErrorKind.TIMEOUT
    assert str(result.error).startswith("script.lua:5:")
    assert result_of(queue, 1, "go on").payload == 2  # the same machine


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_a_script_out_of_memory_is_replaced(queue: TaskQueue, script: Path, isolation: str) -> None:
    options = WorkerOptions(isolation=isolation, nice=0, limits=LuaLimits(memory_mb=16))  # type: ignore[arg-type] # a str from the parameters
    assert queue.start_worker(1, "L", script, options=options)
    result = result_of(queue, 1, "hoard")
    assert kind_of(result) is ErrorKind.MEMORY
    assert "16 MB (LuaLimits.memory_mb)" in str(result.error)
    assert result_of(queue, 1, "go on").payload == 1


def test_lines_beyond_the_rate_are_dropped_and_counted(
    queue: TaskQueue, script: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "engine_tasks.worker")
    limits = LuaLimits(log_lines_per_s=5)
    assert queue.start_worker(1, "L", script, options=WorkerOptions(nice=0, limits=limits))
    assert result_of(queue, 1, "print").ok
    queue.stop()
    assert "lines were dropped: the limit is 5 a second" in caplog.text


def test_a_script_tells_its_progress_and_learns_that_it_is_to_end(
    queue: TaskQueue, script: Path
) -> None:
    assert queue.start_worker(1, "L", script, options=WorkerOptions(nice=0))
    task_id = queue.send_task(1, "advance")
    assert task_id is not None
    eventually(lambda: queue.progress(task_id))
    told = queue.progress(task_id)
    assert told is not None
    assert (told.share, told.note) == (0.5, "half")
    queue.stop_worker(1)
    result = queue.wait_result(task_id, PATIENCE_S)
    assert result is not None
    assert result.payload == 1  # it ended by itself, within the grace
    assert queue.progress(task_id) is None


def test_the_layers_around_a_script_are_told(queue: TaskQueue, script: Path) -> None:
    limits = LuaLimits(jit=False)
    assert queue.start_worker(1, "L", script, options=WorkerOptions(nice=0, limits=limits))
    state = queue.worker_state(1)
    assert state is not None
    assert state.confinement is not None
    assert set(state.confinement.held).isdisjoint(state.confinement.missing)
    assert state.confinement.held or state.confinement.missing


def child_that_says(
    script: Path, limits: LuaLimits, missing: str, monkeypatch: pytest.MonkeyPatch
) -> process.ProcessExecutor:
    """An executor that hears of missing layers, as from an old kernel; the rest is real."""

    def unpack(body: bytes, count: int) -> list[str]:
        if count == 2:
            return unpack_texts(pack_texts("rlimits", missing), 2)
        return unpack_texts(body, count)

    monkeypatch.setattr(process, "unpack_texts", unpack)
    options = WorkerOptions(nice=0, limits=limits)
    executor = lua_executors(1, "L", LuaScript(script), options)(0, lambda _task, _progress: None)
    assert isinstance(executor, process.ProcessExecutor)
    return executor


def test_a_missing_layer_is_warned_of_once(
    script: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        executor = child_that_says(
            script, LuaLimits(jit=False), "landlock: the kernel is too old", monkeypatch
        )
        executor.start()
        executor.stop()
        assert executor.confinement is not None
        assert executor.confinement.missing == {"landlock": "the kernel is too old"}
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.getMessage() for record in warnings] == [
        "scripts of strangers run without layers of confinement: landlock (the kernel is too old)"
    ]


@pytest.mark.parametrize(
    "limits", [LuaLimits(jit=False, require_confinement=True), LuaLimits()], ids=["asked", "JIT"]
)
def test_a_missing_layer_is_refused_where_it_is_needed(
    script: Path, limits: LuaLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine_tasks.executors.lua._is_confinable", lambda: True)
    executor = child_that_says(script, limits, "seccomp: not in this kernel", monkeypatch)
    with pytest.raises(ExecutorStartError, match=r"not confined: seccomp \(not in this kernel\)"):
        executor.start()


def test_a_worker_of_its_own_ends_with_its_block(script: Path) -> None:
    with Worker.new_lua("L", 1, script) as worker:
        assert worker.send("x") is not None
    assert worker.is_finished()
