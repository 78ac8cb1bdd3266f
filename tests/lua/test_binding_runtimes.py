"""Values and bytes reach the queue whole from every kind of runtime."""

from __future__ import annotations

import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lua_engine import INLINE, MAIN_MACHINES, Engine, every_machine, new_runtime

from engine_tasks import TaskQueue
from engine_tasks.lua import bind

every_encoding = pytest.mark.parametrize("encoding", [None, "utf-8", "latin-1", "ascii", "cp1252"])

StartEngine = Callable[..., Engine]


@pytest.fixture(params=MAIN_MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def start(machine: str, queue: TaskQueue, tmp_path: Path) -> StartEngine:
    """`start(**settings of the runtime)` gives an engine on the test's machine."""
    return lambda **settings: Engine(new_runtime(machine, **settings), queue, tmp_path)


@pytest.fixture
def engine(start: StartEngine) -> Engine:
    return start(encoding=None)


# --- values --------------------------------------------------------------------

VALUES = """
local values = {
  true, false, 0, 1, -1, 127, 128, 255, 256, -32, -33, -128, -129, 65535, 65536, -32768, -32769,
  2^31, -2^31, 2^32, 2^53 - 1, -(2^53 - 1), 0.1, -1.5, 5e-324, 2.2250738585072014e-308,
  1.7976931348623157e308, 1/0, -1/0, "", "text", "h\\195\\164user", "\\0", ("x"):rep(70000),
  {}, { 1, 2, 3 }, { a = 1, b = { c = { true, "deep" } } }, { { {} }, {} },
  { x = 1, [7] = "seven", [-1] = "minus" }, { [1] = 1, [2] = 2, [4] = 4 },
}
for n = 1, 40 do values[#values + 1] = ("l"):rep(n) end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b and (a ~= 0 or 1 / a == 1 / b)
  end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local id = assert(TaskQueue:startWorker("Same", "same.lua", 1))
for place, value in ipairs(values) do
  assert(TaskQueue:sendTask(id, value))
  local taskId, back, problem = TaskQueue:nextTaskResult(id)
  assert(same(value, back), "value " .. place .. ": " .. tostring(problem or back))
end
TaskQueue:sendTask(id, { 0/0, -1 / math.huge }) -- Lua 5.1 reads -0.0 as 0
local taskId, back = TaskQueue:nextTaskResult(id)
assert(back[1] ~= back[1] and 1 / back[2] == -1/0)
"""


@every_machine
@every_encoding
def test_values_survive_on_every_machine_with_every_encoding(
    start: StartEngine, encoding: str | None
) -> None:
    start(encoding=encoding).run(VALUES)


@every_machine
@every_encoding
def test_bytes_survive_whatever_the_encoding(start: StartEngine, encoding: str | None) -> None:
    start(encoding=encoding).run("""
        local all = {}
        for value = 0, 255 do all[value + 1] = string.char(value) end
        all = table.concat(all)
        local id = assert(TaskQueue:startWorker("Same", "same.lua", 1))
        assert(TaskQueue:sendTask(id, { all = all, [all] = 1 }))
        local _, value = TaskQueue:nextTaskResult(id)
        assert(value.all.data == all)
        assert(TaskQueue:sendTask(id, value))
        local _, again = TaskQueue:nextTaskResult(id)
        assert(again.all.data == all)
    """)


UNTOUCHED: list[Any] = [
    {},
    [],
    {"empty map": {}, "empty list": [], "nothing": None},
    [None, 1, None],
    {1: "one", 2: "two"},
    b"\x00\xff",
    2**63,
    2**64 - 1,
    -(2**63),
    2**53 + 1,
    [3.5, -0.25],
    *(array.array(code, [0, 1, 100]) for code in "bBhHiIqQfd"),
    array.array("b", [-128, 127]),
    array.array("h", [-32768, 32767]),
    array.array("i", [-(2**31), 2**31 - 1]),
    array.array("q", [-(2**63), -1, 2**63 - 1]),
    array.array("Q", [2**64 - 1, 2**53]),
    array.array("f", [0.1, -1e-45, 3.4e38, float("inf")]),
    array.array("d", [0.1, 5e-324, float("-inf")]),
]


@every_machine
def test_a_result_sent_on_untouched_goes_back_as_it_came(engine: Engine) -> None:
    received: list[Any] = []
    engine.queue.start_native_worker(1, "Give", UNTOUCHED.__getitem__, options=INLINE)
    engine.queue.start_native_worker(2, "Take", received.append, options=INLINE)
    engine.run(f"""
        for place = 0, {len(UNTOUCHED) - 1} do
          assert(TaskQueue:sendTask(WorkerId.Give, place))
          local taskId, value, problem = TaskQueue:nextTaskResult(WorkerId.Give)
          assert(not problem, problem)
          assert(TaskQueue:sendTask(WorkerId.Take, value))
          TaskQueue:nextTaskResult(WorkerId.Take)
        end
    """)
    assert received == UNTOUCHED
    assert [type(value) for value in received] == [type(value) for value in UNTOUCHED]


EXACT = 2**53 - 1
plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-EXACT, EXACT)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.text(), parts, max_size=4),
    max_leaves=12,
)


@every_machine
def test_any_value_goes_from_python_to_lua_and_back(engine: Engine) -> None:
    values: list[Any] = []
    received: list[Any] = []
    queue = engine.queue
    queue.start_native_worker(1, "Give", lambda _: values[-1], options=INLINE)
    queue.start_native_worker(2, "Take", received.append, options=INLINE)
    pass_on = engine.run("""
        return function()
          assert(TaskQueue:sendTask(WorkerId.Give, 0))
          local taskId, value, problem = TaskQueue:nextTaskResult(WorkerId.Give)
          assert(not problem, problem)
          assert(TaskQueue:sendTask(WorkerId.Take, value))
          TaskQueue:nextTaskResult(WorkerId.Take)
        end
    """)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(value=plain_values)
    def check(value: Any) -> None:
        values.append(value)
        pass_on()
        assert received[-1] == value

    check()


# --- runtimes of every kind ------------------------------------------------------


def refuse_attributes(*_: object) -> Any:
    raise AttributeError("no attribute of Python's is for Lua")


SETTINGS: dict[str, dict[str, Any]] = {
    "without python.eval and builtins": {"register_eval": False, "register_builtins": False},
    "with an attribute filter": {"attribute_filter": refuse_attributes},
    "with attribute handlers": {"attribute_handlers": (refuse_attributes, refuse_attributes)},
    "that unpacks tuples": {"unpack_returned_tuples": True},
    "with a source encoding": {"source_encoding": "latin-1"},
    "with a memory limit": {"max_memory": 100_000_000},
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_it_works_on_a_runtime(start: StartEngine, kind: str) -> None:
    start(**SETTINGS[kind]).run(VALUES)


def test_it_works_where_undeclared_globals_are_errors(
    machine: str, queue: TaskQueue, tmp_path: Path
) -> None:
    runtime = new_runtime(machine)
    runtime.execute("""
        local function refuse(_, name) error("undeclared global " .. tostring(name), 2) end
        setmetatable(_G, { __index = refuse, __newindex = refuse })
    """)
    Engine(runtime, queue, tmp_path).run(VALUES)


def test_it_works_where_libraries_were_taken_away(
    machine: str, queue: TaskQueue, tmp_path: Path
) -> None:
    runtime = new_runtime(machine)
    runtime.execute("""
        python, package, require, load, loadstring, setfenv, debug, io, os = nil
        ffi, jit, bit = nil
    """)
    Engine(runtime, queue, tmp_path).run(VALUES)


def test_it_adds_two_globals_and_nothing_else(
    machine: str, queue: TaskQueue, tmp_path: Path
) -> None:
    names = """
        local names = {}
        for name in pairs(_G) do names[#names + 1] = name end
        for name in pairs(package.loaded) do
          if name:find("engine") then names[#names + 1] = name end
        end
        table.sort(names)
        return table.concat(names, " ")
    """
    runtime = new_runtime(machine)
    before = runtime.execute(names).split()
    after = Engine(runtime, queue, tmp_path).run(names).split()
    assert sorted([*before, "TaskQueue", "WorkerId"]) == after


def test_a_result_beyond_the_memory_limit_leaves_the_process_and_the_runtime_whole(
    start: StartEngine,
) -> None:
    engine = start(encoding=None, max_memory=20_000_000)
    engine.queue.start_native_worker(1, "Big", lambda size: "x" * size, options=INLINE)
    engine.run("""
        for _ = 1, 3 do
          assert(TaskQueue:sendTask(WorkerId.Big, 30000000))
          assert(not pcall(function()
            local taskId, value = TaskQueue:nextTaskResult(WorkerId.Big)
            return value .. "!"
          end))
          collectgarbage()
        end
        assert(TaskQueue:sendTask(WorkerId.Big, 3))
        local taskId, value = TaskQueue:nextTaskResult(WorkerId.Big)
        assert(value == "xxx")
    """)
    assert engine.runtime.get_max_memory() == 20_000_000


def test_an_encoding_unlike_ascii_is_refused(machine: str, queue: TaskQueue) -> None:
    runtime = new_runtime(machine, encoding="utf-16")
    with pytest.raises(TypeError, match="does not agree with ASCII"):
        bind(runtime, queue)
