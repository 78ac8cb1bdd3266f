"""A machine with a clock of its own does the same thing in each run."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine_tasks.lua.vm import TIMEOUT
from engine_tasks.testing import ManualClock

#: Keys that arrive as they are: -2**53 to 2**53 are plain numbers, text is text.
KEYS = st.integers(-5, 12) | st.text(max_size=3) | st.sampled_from([2**40, -(2**40), "k1", "k10"])
MAPS = st.dictionaries(KEYS, st.booleans() | st.integers(0, 9), max_size=12)

#: Every way to go through a table, and ways to change it meanwhile that Lua allows.
WALKS = """
local walks = {}
function walks.pairs(map)
  local seen = {}
  for key, value in pairs(map) do seen[#seen + 1] = { key, value } end
  return seen
end
function walks.next(map)
  local seen = {}
  for key, value in next, map do seen[#seen + 1] = { key, value } end
  return seen
end
function walks.by_hand(map)
  local seen, iterate, state, key, value = {}, pairs(map)
  key, value = iterate(state, key)
  while key ~= nil do
    seen[#seen + 1] = { key, value }
    key, value = iterate(state, key)
  end
  return seen
end
function walks.clearing(map)
  local seen = {}
  for key, value in pairs(map) do
    map[key] = nil
    seen[#seen + 1] = { key, value }
  end
  assert(next(map) == nil)
  return seen
end
function walks.clearing_by_next(map)
  local seen = {}
  for key, value in next, map do
    map[key] = nil
    seen[#seen + 1] = { key, value }
  end
  return seen
end
function walks.taking_the_first(map)
  local seen, key, value = {}, next(map)
  while key ~= nil do
    seen[#seen + 1] = { key, value }
    map[key] = nil
    key, value = next(map)
  end
  return seen
end
function walks.within_a_walk(map)
  local seen = {}
  for key, value in next, map do
    seen[#seen + 1] = { key, value }
    for inner in next, map do
      if inner == key then break end
    end
    for _ in pairs(map) do end
    for _ in next, map do end
  end
  return seen
end
function walks.within_a_walk_that_clears(map)
  local seen = {}
  for key, value in next, map do
    seen[#seen + 1] = { key, value }
    map[key] = nil
    for _ in next, map do end
    next(map)
  end
  return seen
end
function Run(asked)
  return walks[asked.walk](asked.map)
end
"""
WALK_NAMES = [
    line.split(".")[1].split("(")[0] for line in WALKS.splitlines() if "function walks." in line
]


def in_order(entries: dict[Any, Any]) -> list[list[Any]]:
    """Numbers, then text by its bytes, then booleans."""

    def rank(key: Any) -> tuple[int, Any]:
        return (1, key.encode()) if isinstance(key, str) else (0, key)

    return [[key, entries[key]] for key in sorted(entries, key=rank)]


@pytest.mark.parametrize("walk", WALK_NAMES)
def test_a_table_is_gone_through_in_order(start: Callable[..., Any], walk: str) -> None:
    machine = start(WALKS, clock=ManualClock())

    @settings(deadline=None, max_examples=40)
    @example(entries={1: True, 2: False, 3: 0})
    @example(entries={})
    @given(entries=MAPS)
    def check(entries: dict[Any, Any]) -> None:
        assert machine.run({"walk": walk, "map": entries}) == in_order(entries)

    check()


def test_the_keys_of_a_result_have_an_order(start: Callable[..., Any]) -> None:
    script = """
        function Run(count)
          local map = {}
          for n = 1, count do map["k" .. (n * 7919) % 1000] = { y = n, x = n, [3] = n } end
          return map
        end
    """
    result = start(script, clock=ManualClock()).run(200)
    assert list(result) == sorted(result)
    assert all(list(inner) == [3, "x", "y"] for inner in result.values())


def test_a_list_is_still_a_list(start: Callable[..., Any]) -> None:
    script = "function Run(list) for n in pairs(list) do list[n] = n end return list end"
    assert start(script, clock=ManualClock()).run([0] * 1000) == list(range(1, 1001))


def test_booleans_and_what_has_no_order_come_last(evaluate_repeatable: Any) -> None:
    body = """
        local one = {}
        local map = { [true] = 1, [false] = 2, [one] = 3, b = 4, [1.5] = 5, [print] = 6 }
        local seen = {}
        for key in pairs(map) do seen[#seen + 1] = type(key) .. tostring(map[key]) end
        local by_next = {}
        for key in next, map do by_next[#by_next + 1] = type(key) .. tostring(map[key]) end
        table.sort(seen, nil)
        table.sort(by_next, nil)
        assert(table.concat(seen) == table.concat(by_next))
        seen = {}
        for key in pairs(map) do seen[#seen + 1] = map[key] end
        return { seen[1], seen[2], seen[3], seen[4], seen[5] + seen[6] }
    """
    assert evaluate_repeatable(body) == [5, 4, 2, 1, 9]


@pytest.fixture
def evaluate_repeatable(start: Callable[..., Any]) -> Callable[..., Any]:
    def evaluate(body: str, clock: Any = None) -> Any:
        return start(f"function Run() {body} end", clock=clock or ManualClock()).run()

    return evaluate


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("pairs(nil)", "bad argument #1 to 'pairs' (table expected, got nil)"),
        ("pairs('x')", "bad argument #1 to 'pairs' (table expected, got string)"),
        ("next(5)", "bad argument #1 to 'next' (table expected, got number)"),
        ("next({}, print)", "invalid key to 'next'"),
    ],
)
def test_misuse_is_told_where_it_is(start: Callable[..., Any], call: str, message: str) -> None:
    machine = start(f"function Run()\n  local x = {call}\n  return x\nend", clock=ManualClock())
    assert machine.failure().message == f"script.lua:2: {message}"


def test_a_key_that_is_gone_is_gone_on_from(evaluate_repeatable: Any) -> None:
    body = """
        local map = { a = 1, c = 3, d = 4 }
        local seen = { next(map, "b") }
        map.b = 2
        seen[#seen + 1] = next(map, next(map))
        return seen
    """
    assert evaluate_repeatable(body) == ["c", 3, "b"]


def test_a_walk_begins_anew_and_goes_on_from_any_key(evaluate_repeatable: Any) -> None:
    body = """
        local iterate, map = pairs({ 10, 20, 30, x = 40 })
        local seen = {}
        for _, key in ipairs({ 1, 2, "x", 3, 1 }) do
          seen[#seen + 1] = iterate(map, nil)
          seen[#seen + 1] = iterate(map, key) or "end"
        end
        return seen
    """
    assert evaluate_repeatable(body) == [1, 2, 1, 3, 1, "end", 1, "x", 1, 2]


def test_pairs_of_a_metatable_are_those(start: Callable[..., Any], vm_name: str) -> None:
    script = """
        local map = setmetatable({ a = 1 }, { __pairs = function(map)
          return function(_, key) if not key then return "mine", 5 end end, map
        end })
        function Run()
          local seen = {}
          for key in pairs(map) do seen[#seen + 1] = key end
          return seen
        end
    """
    assert start(script, clock=ManualClock()).run() == (["mine"] if vm_name == "lua54" else ["a"])


def test_a_table_that_is_dropped_in_a_walk_is_let_go(start: Callable[..., Any]) -> None:
    script = """
        function Run(count)
          for n = 1, count do
            local map = {}
            for place = 1, 500 do map[place] = place end
            next(map, 1)
          end
          return collectgarbage("count") * 1024
        end
    """
    machine = start(script, clock=ManualClock(), memory_bytes=4 * 2**20)
    assert machine.run(400) < 4 * 2**20


# --- time and chance -------------------------------------------------------------------


def test_the_time_is_the_clocks(evaluate_repeatable: Any) -> None:
    clock = ManualClock(86_400.0 + 61.5)
    body = """
        return { worker.now(), os.clock(), os.time(), os.date("!%d %H:%M:%S"),
          os.date("!%H:%M", 3600), os.time({ year = 2000, month = 1, day = 1, hour = 12 }) > 9e8 }
    """
    expected = [86_461.5, 86_461.5, 86_461, "02 00:01:01", "01:00", True]
    assert evaluate_repeatable(body, clock) == expected
    clock.advance(1)
    assert evaluate_repeatable("return worker.now()", clock) == 86_462.5


def test_a_clock_that_raises_fails_the_task(start: Callable[..., Any]) -> None:
    def stopped() -> float:
        raise RuntimeError("no time")

    machine = start("function Run(x) return x or worker.now() end", clock=stopped)
    assert machine.run(5) == 5
    with pytest.raises(RuntimeError, match="no time"):
        machine.run()
    assert machine.run(5) == 5


def test_chance_is_the_same_each_time(start: Callable[..., Any]) -> None:
    script = "function Run() return { math.random(), math.random(1000), math.random(5, 9) } end"
    first, second = (start(script, clock=ManualClock()) for _ in range(2))
    assert [first.run() for _ in range(20)] == [second.run() for _ in range(20)]


@pytest.mark.parametrize(
    "body",
    [
        "while true do count = count + 1 end",
        "while true do pcall(function() while true do count = count + 1 end end) end",
        "coroutine.wrap(function() while true do count = count + 1 end end)()",
        "while true do count = count + 1 ; string.rep('ab', 100, ',') end",
        "while true do count = count + 1 ; for key in pairs({ 1, 2, 3, x = 4 }) do end end",
    ],
)
def test_a_script_is_ended_at_the_same_instruction_each_time(
    start: Callable[..., Any], body: str
) -> None:
    script = f"count = 0 function Run(asked) if asked then return count end {body} end"
    counts = []
    for _ in range(2):
        machine = start(script, clock=ManualClock())
        assert machine.failure(timeout_s=0.02).kind == TIMEOUT
        counts.append(machine.run(True))
        assert machine.failure(timeout_s=0.01).kind == TIMEOUT
        counts.append(machine.run(True))
    assert counts[:2] == counts[2:]
    assert 100 < counts[0] < counts[1]


def test_a_machine_with_the_worlds_time_is_as_it_was(start: Callable[..., Any]) -> None:
    machine = start("function Run() return { worker.now(), os.time(), os.clock() } end")
    now_s, time_s, clock_s = machine.run()
    assert now_s > 0
    assert time_s > 1e9
    assert clock_s < 1e6
