"""What an engine's own Lua can do with the queue that `bind` gives it."""

from __future__ import annotations

import gc
import inspect
import re
import textwrap
import weakref
from pathlib import Path
from typing import Any

import pytest
from eventually import eventually
from lua_engine import INLINE, MAIN_MACHINES, Engine, every_machine, new_runtime

import engine_tasks.lua
from engine_tasks import PayloadError, TaskQueue, TaskRefusedError, WorkerOptions
from engine_tasks.lua import bind


@pytest.fixture(params=MAIN_MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(machine: str, queue: TaskQueue, tmp_path: Path) -> Engine:
    return Engine(new_runtime(machine, encoding=None), queue, tmp_path)


# --- the way of a task ---------------------------------------------------------


@every_machine
def test_a_script_starts_a_worker_sends_and_polls(engine: Engine) -> None:
    engine.run("""
        local id = assert(TaskQueue:startWorker("Same", "same.lua", 1))
        assert(id == WorkerId.Same and id == WorkerId.EngineWorkersCount)
        local first = assert(TaskQueue:sendTask(id, "one"))
        local second = assert(TaskQueue:sendTask(id, { "two" }))
        local taskId, value = TaskQueue:nextTaskResult(id)
        assert(taskId == first and value == "one")
        taskId, value = TaskQueue:nextTaskResult(id)
        assert(taskId == second and value[1] == "two")
    """)


def test_child_processes_answer_while_the_script_polls(
    machine: str, queue: TaskQueue, tmp_path: Path
) -> None:
    engine = Engine(new_runtime(machine), queue, tmp_path, options=None)
    poll = engine.run("""
        local id = assert(TaskQueue:startWorker("Same", "same.lua", 2))
        assert(TaskQueue:sendTask(id, { units = { { name = "scout" } } }))
        return function()
          local taskId, value = TaskQueue:nextTaskResult(id)
          return value and value.units[1].name
        end
    """)
    eventually(lambda: poll() == "scout")


def test_nothing_ready_is_two_nils(engine: Engine) -> None:
    engine.run("""
        assert(select("#", TaskQueue:nextTaskResult(WorkerId.Echo)) == 2)
        local taskId, value = TaskQueue:nextTaskResult(4711)
        assert(taskId == nil and value == nil)
    """)


def test_a_result_that_is_nil_comes_with_its_task_and_no_message(engine: Engine) -> None:
    engine.run("""
        local id = assert(TaskQueue:startWorker("Same", "same.lua", 1))
        local sent = assert(TaskQueue:sendTask(id, nil))
        local taskId, value, message = TaskQueue:nextTaskResult(id)
        assert(taskId == sent and value == nil and message == nil)
    """)


def test_an_error_comes_with_its_task_a_message_and_a_kind(engine: Engine) -> None:
    engine.run("""
        local id = assert(TaskQueue:startWorker("Fails", "fails.lua", 1))
        local sent = assert(TaskQueue:sendTask(id, "way\\nhome"))
        local taskId, value, message, kind = TaskQueue:nextTaskResult(id)
        assert(taskId == sent and value == nil and kind == "FAILED")
        assert(message == "fails.lua:2: no way\\nhome", message)
    """)


def test_a_result_that_lua_cannot_hold_is_an_error_of_its_task(engine: Engine) -> None:
    engine.queue.start_native_worker(1, "Odd", lambda _: {None: 1}, options=INLINE)
    engine.run("""
        local sent = assert(TaskQueue:sendTask(WorkerId.Odd, 1))
        local taskId, value, message, kind = TaskQueue:nextTaskResult(WorkerId.Odd)
        assert(taskId == sent and value == nil and kind == "BAD_RESULT")
        assert(message:find("the result cannot be read: .*a map key is nil"), message)
    """)


def test_a_coroutine_may_send_and_poll(engine: Engine) -> None:
    engine.run("""
        local id = assert(TaskQueue:startWorker("Same", "same.lua", 1))
        local answer = coroutine.wrap(function()
          assert(TaskQueue:sendTask(id, { 7 }))
          coroutine.yield()
          local _, value = TaskQueue:nextTaskResult(id)
          return value[1]
        end)
        answer()
        assert(answer() == 7)
    """)


def test_counters_say_where_the_tasks_are(engine: Engine) -> None:
    engine.run("""
        local id = assert(TaskQueue:startWorker("Same", "same.lua", 1))
        assert(TaskQueue:tasksInWork(id) == 0)
        TaskQueue:sendTask(id, 1)
        TaskQueue:sendTask(id, 2)
        assert(TaskQueue:tasksInWork(id) == 2 and TaskQueue:tasksWaiting(id) == 2)
        TaskQueue:nextTaskResult(id)
        assert(TaskQueue:tasksInWork(id) == 1 and TaskQueue:tasksWaiting(id) == 1)
        assert(TaskQueue:tasksInProgress(id) == 0 and TaskQueue:tasksReady(id) == 0)
        assert(TaskQueue:tasksInWork(4711) == nil and TaskQueue:tasksReady(4711) == nil)
    """)


def test_the_echo_worker_echoes(engine: Engine) -> None:
    poll = engine.run("""
        assert(TaskQueue:getEcho() == nil)
        assert(TaskQueue:sendEcho("h\\195\\164llo"))
        return function() return TaskQueue:getEcho() == "h\\195\\164llo" end
    """)
    eventually(poll)


# --- workers -------------------------------------------------------------------


def test_a_stopped_worker_leaves_its_name_free(engine: Engine) -> None:
    engine.run("""
        local id = assert(TaskQueue:startWorker("Same", "same.lua", 1))
        assert(TaskQueue:stopWorker(id) == true)
        assert(WorkerId.Same == nil)
        assert(TaskQueue:startWorker("Same", "same.lua", 1) == id)
    """)


def test_all_workers_stop_but_the_engines_own(engine: Engine) -> None:
    engine.run("""
        assert(TaskQueue:startWorker("One", "same.lua", 1))
        assert(TaskQueue:startWorker("Two", "same.lua", 1))
        TaskQueue:stopAllWorkers()
        assert(WorkerId.One == nil and WorkerId.Two == nil)
        assert(TaskQueue:tasksInWork(WorkerId.Echo) == 0)
    """)


def test_a_registered_name_keeps_its_id_when_its_worker_starts(engine: Engine) -> None:
    engine.run("""
        local id = WorkerId.Register("Later")
        assert(TaskQueue:startWorker("Later", "same.lua") == id)
    """)


def test_a_worker_that_cannot_start_leaves_nothing_behind(engine: Engine) -> None:
    engine.run("""
        local id, message = TaskQueue:startWorker("Broken", "broken.lua", 1)
        assert(id == nil and message:find("broken.lua:2:", 1, true), message)
        assert(WorkerId.Broken == nil)
        local kept = WorkerId.Register("Broken")
        assert(TaskQueue:startWorker("Broken", "broken.lua", 1) == nil)
        assert(WorkerId.Broken == kept)
    """)


def test_a_start_that_does_not_wait_returns_before_the_script_is_loaded(
    machine: str, queue: TaskQueue, tmp_path: Path
) -> None:
    engine = Engine(new_runtime(machine), queue, tmp_path, options=None)
    refusal = engine.run("""
        local id = assert(TaskQueue:startWorker("Broken", "broken.lua", 1, { wait = false }))
        assert(id == WorkerId.Broken)
        return function()
          local taskId, message = TaskQueue:sendTask(id, 1)
          return message
        end
    """)
    eventually(lambda: "broken.lua:2:" in (refusal() or ""))


def test_paths_start_in_the_working_folder_without_a_script_folder(
    machine: str, queue: TaskQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    engine = Engine(new_runtime(machine), queue, tmp_path, script_folder=None)
    engine.run('assert(TaskQueue:startWorker("Same", "same.lua", 1))')


def test_an_absolute_path_is_taken_as_it_is(engine: Engine, tmp_path: Path) -> None:
    engine.run(
        'assert(TaskQueue:startWorker("Same", (...), 1))', str(tmp_path / "same.lua").encode()
    )


# --- ids -----------------------------------------------------------------------


@every_machine
def test_every_registered_name_is_a_field(engine: Engine) -> None:
    assert engine.queue.worker_ids.register("FromPython") == 1
    engine.run("""
        assert(WorkerId.Echo == 0 and WorkerId.EngineWorkersCount == 1)
        assert(WorkerId.FromPython == 1)
        assert(WorkerId.Register("H\\195\\164user") == 2)
        assert(WorkerId["H\\195\\164user"] == 2)
        assert(WorkerId.Nobody == nil and WorkerId["\\255"] == nil and WorkerId[1] == nil)
    """)
    assert engine.queue.worker_ids["Häuser"] == 2


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("WorkerId.Echo = 5", "WorkerId is read-only"),
        ("WorkerId.Mine = 5", "WorkerId is read-only"),
        ("WorkerId.Register('Taken')", "'Taken' is taken by id 1"),
        ("WorkerId.Register('Register')", "WorkerId.Register is taken"),
        ("WorkerId.Register('Echo')", "WorkerId.Echo is taken"),
        ("WorkerId.Register(' ')", "' ' is no worker name"),
        ("WorkerId.Register('\\255')", "is not UTF-8 text"),
        ("WorkerId:Register('Other')", "with a dot, takes a string, not a table"),
    ],
)
def test_ids_are_read_only_and_names_unique(engine: Engine, statement: str, message: str) -> None:
    engine.queue.worker_ids.register("Taken")
    text = engine.error(f"(function() {statement} ; end)()")
    assert text.startswith("game.lua:2: ")
    assert message in text


# --- misuse and refusals ---------------------------------------------------------

MISUSE = {
    "TaskQueue.sendTask(0, 1)": "call it with a colon: TaskQueue:sendTask(id, value)",
    "TaskQueue.getEcho()": "call it with a colon: TaskQueue:getEcho()",
    "TaskQueue.stopWorker({}, 1)": "call it with a colon: TaskQueue:stopWorker(id)",
    "TaskQueue:sendTask('Same', 1)": (
        "bad argument #1 to 'sendTask' (worker id from 0 to 65535 expected, got string)"
    ),
    "TaskQueue:sendTask(WorkerId.Nobody, 1)": "expected, got nil",
    "TaskQueue:nextTaskResult(65536)": "expected, got number 65536",
    "TaskQueue:stopWorker(-1)": "expected, got number -1",
    "TaskQueue:tasksInWork(1.5)": "expected, got number 1.5",
    "TaskQueue:tasksReady(0/0)": "expected, got number ",
    "TaskQueue:tasksWaiting(1/0)": "expected, got number inf",
    "TaskQueue:startWorker(1, 'same.lua', 1)": (
        "bad argument #1 to 'startWorker' (string expected, got number 1)"
    ),
    "TaskQueue:startWorker('Same', nil, 1)": "#2 to 'startWorker' (string expected, got nil)",
    "TaskQueue:startWorker('Same', 'same.lua', 'two')": "(whole number of instances expected",
    "TaskQueue:startWorker('Same', 'same.lua', 1/0)": "(whole number of instances expected",
    "TaskQueue:startWorker('Same', 'same.lua', 1, true)": (
        "#4 to 'startWorker' (table such as { wait = false } expected, got boolean)"
    ),
    "TaskQueue:startWorker('Same', 'same.lua', 1, { wiat = true })": (
        "'startWorker' has no option 'wiat'; there is: wait"
    ),
    "TaskQueue:startWorker('Same', 'same.lua', 1, { wait = 1 })": (
        "the option 'wait' of 'startWorker' is a boolean, not a number"
    ),
    "TaskQueue:startWorker('', 'same.lua', 1)": "'' is no worker name",
    "TaskQueue:startWorker('Register', 'same.lua', 1)": "WorkerId.Register is taken",
    "TaskQueue:sendEcho(1)": "#1 to 'sendEcho' (string expected, got number 1)",
}


@pytest.mark.parametrize("call", MISUSE)
def test_misuse_is_an_error_at_the_line_that_has_it(engine: Engine, call: str) -> None:
    message = engine.error(call)
    assert message.startswith("game.lua:2: ")
    assert MISUSE[call] in message


REFUSALS = {
    "TaskQueue:sendTask(4711, 1)": "no worker runs with id 4711",
    "TaskQueue:sendTask(0, print)": "payload: cannot carry a function",
    "TaskQueue:sendTask(0, { units = { {}, { at = coroutine.create(print) } } })": (
        "payload.units[2].at: cannot carry a thread"
    ),
    "TaskQueue:sendTask(0, { _G })": "payload[1]",
    "TaskQueue:startWorker('Gone', 'gone.lua', 1)": "there is no script",
    "TaskQueue:startWorker('Many', 'same.lua', 100000)": "instances_count is from 1 to",
    "TaskQueue:startWorker('None', 'same.lua', 0)": "instances_count is from 1 to",
    "TaskQueue:startWorker('Runs', 'same.lua', 1)": "'Runs' with id 1 runs already",
    "TaskQueue:stopWorker(4711)": "no worker runs with id 4711",
    "TaskQueue:stopWorker(WorkerId.Echo)": "'Echo' is the engine's own worker",
    "TaskQueue:sendEcho('\\255')": "is not UTF-8 text",
}


@pytest.mark.parametrize("call", REFUSALS)
def test_a_refusal_is_a_message_and_the_queues_last_error(engine: Engine, call: str) -> None:
    engine.run("assert(TaskQueue:startWorker('Runs', 'same.lua', 1))")
    message = engine.run(
        f"local answer, message = {call}\nassert(not answer)\nreturn message"
    ).decode()
    assert REFUSALS[call] in message
    assert str(engine.queue.last_error) == message


def test_a_refusal_keeps_its_class(engine: Engine) -> None:
    engine.run("TaskQueue:sendTask(0, print)")
    assert isinstance(engine.queue.last_error, PayloadError)
    engine.run("TaskQueue:sendTask(4711, 1)")
    assert isinstance(engine.queue.last_error, TaskRefusedError)


def test_a_payload_over_its_workers_limit_is_refused(
    machine: str, queue: TaskQueue, tmp_path: Path
) -> None:
    options = WorkerOptions(isolation="inline", max_payload_bytes=1000)
    engine = Engine(new_runtime(machine), queue, tmp_path, options=options)
    message = engine.run("""
        local id = assert(TaskQueue:startWorker("Same", "same.lua", 1))
        assert(TaskQueue:sendTask(id, ("x"):rep(900)))
        local taskId, message = TaskQueue:sendTask(id, ("x"):rep(1001))
        return message
    """)
    assert message == "payload: takes 1,004 bytes; the limit is 1,000 bytes"


def test_a_stopped_queue_refuses(engine: Engine) -> None:
    engine.queue.stop()
    engine.run("""
        assert(TaskQueue:sendTask(WorkerId.Echo, 1) == nil)
        local id, message = TaskQueue:startWorker("Same", "same.lua", 1)
        assert(id == nil and message == "the queue is stopped", message)
        assert(WorkerId.Same == nil)
    """)


# --- bind ---------------------------------------------------------------------


@pytest.mark.parametrize("other", [object(), "LuaRuntime", None, 1])
def test_only_a_lua_runtime_can_be_bound(queue: TaskQueue, other: object) -> None:
    with pytest.raises(TypeError, match="takes a LuaRuntime of lupa, not"):
        bind(other, queue)


def test_only_a_queue_and_its_options_can_be_bound(machine: str, queue: TaskQueue) -> None:
    with pytest.raises(TypeError, match="takes a TaskQueue, not dict"):
        bind(new_runtime(machine), {})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="options is a WorkerOptions, not dict"):
        bind(new_runtime(machine), queue, options={})  # type: ignore[arg-type]


def test_a_runtime_bound_again_speaks_to_the_other_queue(engine: Engine) -> None:
    engine.run("game = { queue = TaskQueue, ids = WorkerId }")
    with TaskQueue() as other:
        other.worker_ids.register("Other")
        bind(engine.runtime, other)
        engine.run("""
            assert(game.queue == TaskQueue and game.ids == WorkerId)
            assert(game.ids.Other == 1)
            assert(game.queue:sendTask(WorkerId.Echo, 1))
        """)
        assert other.tasks_in_work(0) == 1
    assert engine.queue.tasks_in_work(0) == 0


def test_two_runtimes_share_a_queue(machine: str, queue: TaskQueue, tmp_path: Path) -> None:
    one = Engine(new_runtime(machine), queue, tmp_path)
    other = Engine(new_runtime(machine, encoding=None), queue, tmp_path)
    one.run('assert(TaskQueue:startWorker("Same", "same.lua", 1))')
    other.run("assert(TaskQueue:sendTask(WorkerId.Same, 'for the other'))")
    one.run("""
        local taskId, value = TaskQueue:nextTaskResult(WorkerId.Same)
        assert(value == "for the other")
    """)


@every_machine
@pytest.mark.parametrize("runtime_settings", [{}, {"max_memory": 0}])
def test_a_runtime_that_is_gone_keeps_no_queue_alive(
    machine: str, runtime_settings: dict[str, Any]
) -> None:
    queue = TaskQueue()
    queue.stop()
    seen = weakref.ref(queue)
    runtime = new_runtime(machine, **runtime_settings)
    bind(runtime, queue)
    del queue
    gc.collect()
    assert seen() is not None  # what the docstring says, and:
    if runtime_settings:
        runtime.execute("TaskQueue, WorkerId = nil; collectgarbage()")
    del runtime
    gc.collect()
    assert seen() is None


# --- what is said of it ------------------------------------------------------------


def test_the_example_of_the_docstring_runs(machine: str, queue: TaskQueue, tmp_path: Path) -> None:
    (tmp_path / "doubler.lua").write_text(
        "function Run(list)\n  for i = 1, #list do list[i] = 2 * list[i] end\n  return list\nend"
    )
    text = inspect.getdoc(bind) or ""
    (example,) = re.findall(r"^( {4}runtime = .*?)\n\n", text, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"bind": bind, "queue": queue, "folder": tmp_path, "lupa": None}
    source = textwrap.dedent(example).replace("lupa.luajit21", f"lupa.{machine}")
    exec(f"import lupa.{machine}\n{source}", names)
    names["send"](names["runtime"].table(1, 2, 3))
    eventually(lambda: names["poll"]() == 6)


def test_the_package_offers_bind_and_nothing_unknown() -> None:
    assert "bind" in dir(engine_tasks.lua)
    with pytest.raises(AttributeError, match="has no attribute 'unbind'"):
        engine_tasks.lua.unbind  # noqa: B018
