"""What a script may return, what it may not, and the values that Lua has no type for."""

import array
import struct
from collections.abc import Callable
from typing import Any

import msgpack
import ormsgpack
import pytest
from conftest import ECHO, StartMachine

from engine_tasks.lua.vm import BAD_RESULT, FAILED, LuaError

Evaluate = Callable[[str], Any]

#: Expressions of tables that carry no mark, and what they are for Python.
TABLES = [
    ("{}", []),
    ("{ 1, 2, 3 }", [1, 2, 3]),
    ("{ [1] = 'a', [2] = 'b' }", ["a", "b"]),
    ("{ 1, nil, 3 }", [1, None, 3]),
    ("{ nil, 2 }", [None, 2]),
    ("{ [2] = 'b', [4] = 'd' }", [None, "b", None, "d"]),
    ("{ [3] = 'c' }", {3: "c"}),
    ("{ [1] = 'a', [9] = 'b' }", {1: "a", 9: "b"}),
    ("{ [0] = 'a', 'b' }", {0: "a", 1: "b"}),
    ("{ [-1] = 'a' }", {-1: "a"}),
    ("{ 1, 2, x = 3 }", {1: 1, 2: 2, "x": 3}),
    ("{ a = 1, ['b c'] = { d = true } }", {"a": 1, "b c": {"d": True}}),
    ("{ [1.0] = 'one' }", ["one"]),
    ("worker.map({})", {}),
    ("worker.map({ 'a' })", {1: "a"}),
    ("worker.array({}, 3)", [None, None, None]),
    ("worker.array({ 1, nil, 3 }, 5)", [1, None, 3, None, None]),
    ("worker.array({})", []),
]

#: Results that cannot be carried, and the message that names them.
REFUSED = [
    ("print", "result: cannot carry a function"),
    ("{ units = { 1, 2, { target = print } } }", "result.units[3].target: cannot carry a function"),
    ("{ ['my key'] = coroutine.create(print) }", 'result["my key"]: cannot carry a thread'),
    ("{ { [true] = 1 } }", "result[1]: cannot carry a boolean as a key: keys are integers and str"),
    ("{ [1.5] = 1 }", "result: cannot carry the fraction 1.5 as a key"),
    ("{ [{}] = 1 }", "result: cannot carry a table as a key"),
    ("{ a = { [math.huge] = 1 } }", "result.a: cannot carry the fraction inf as a key"),
    ("(function() local t = {} t.self = t return t end)()", "result.self: cannot carry a table"),
    ("(function() local a, b = {}, {} a.b = b b.a = a return { a } end)()", "result[1].b.a: "),
    ("worker.typed_array('b', { 1, 128 })", "result[2]: 128 does not fit a typed array of 'b'"),
    ("{ h = worker.typed_array('I', { 1.5 }) }", "result.h[1]: 1.5 does not fit a typed array of"),
    ("worker.typed_array('d', { 'x' })", "result[1]: a string does not fit a typed array of 'd'"),
    ("worker.typed_array('Q', { -1 })", "result[1]: -1 does not fit a typed array of 'Q'"),
    ("worker.timestamp('now')", "result: the seconds of a timestamp are a whole number"),
    ("worker.timestamp(1, 1e9)", "result: the nanoseconds of a timestamp are a whole number"),
    (
        "(function() local b = worker.bytes('') b.data = 5 return b end)()",
        "result: the data of a bytes object is not a string",
    ),
]

#: Metatables that lie about what a table holds.
LIES = [
    "__index = function() return 5 end",
    "__len = function() return 1e9 end",
    "__pairs = function() error('pairs ran') end",
    "__next = function() error('next ran') end",
    "__metatable = 'bytes'",
    "__tostring = function() error('tostring ran') end",
    "__eq = function() return true end",
    "__name = 'bytes'",
]


@pytest.mark.parametrize(("expression", "expected"), TABLES)
def test_a_table_becomes_what_its_keys_say(
    evaluate: Evaluate, expression: str, expected: Any
) -> None:
    assert evaluate(expression) == expected


@pytest.mark.parametrize(("expression", "message"), REFUSED)
def test_what_cannot_be_carried_is_named_with_its_path(
    evaluate: Evaluate, expression: str, message: str
) -> None:
    with pytest.raises(LuaError) as caught:
        evaluate(expression)
    assert caught.value.kind == BAD_RESULT
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize("lie", LIES)
def test_a_metatable_cannot_lie_to_the_codec(evaluate: Evaluate, lie: str) -> None:
    assert evaluate(f"setmetatable({{ 1, 2, {{ x = 3 }} }}, {{ {lie} }})") == [1, 2, {"x": 3}]


def test_a_decoded_table_takes_a_metatable_of_the_script(start: StartMachine) -> None:
    machine = start(
        """local Unit = { __index = { name = "unit" } }
           function Run(v) return { setmetatable(v, Unit).name, v } end"""
    )
    assert machine.run({}) == ["unit", {}]


def test_shared_tables_are_copied_and_the_size_limit_stops_their_growth(
    start: StartMachine,
) -> None:
    machine = start(
        """function Run(levels)
             local value = { 1 }
             for _ = 1, levels do value = { value, value } end
             return value
           end""",
        result_bytes=100_000,
        result_values=1 << 30,
    )
    assert machine.run(2) == [[[1], [1]], [[1], [1]]]
    assert machine.failure(60).kind == BAD_RESULT
    assert machine.failure(60).message == "result: larger than the limit of 100000 bytes"


def test_a_result_that_unfolds_to_too_many_values_is_refused(start: StartMachine) -> None:
    bomb = """local empty, row, grid = {}, {}, {}
              for place = 1, 1000 do row[place] = empty end
              for place = 1, 1000 do grid[place] = row end
              function Run(n)
                local result = {}
                for i = 1, n do result[i] = grid[i] end
                return result
              end"""
    machine = start(bomb, result_values=5_000)
    assert len(machine.run(4)) == 4
    assert machine.failure(5).kind == BAD_RESULT
    assert machine.failure(5).message == "result: holds more than 5000 values"


def test_keys_count_as_values(start: StartMachine) -> None:
    machine = start(
        "function Run(n) local t = {} for i = 1, n do t['k' .. i] = i end return t end",
        result_values=100,
    )
    assert len(machine.run(49)) == 49
    assert machine.failure(50).message == "result: holds more than 100 values"


def test_a_result_may_be_as_large_as_its_limit_and_no_larger(start: StartMachine) -> None:
    machine = start("function Run(n) return ('x'):rep(n) end", result_bytes=1_000)
    assert machine.run(997) == "x" * 997  # three bytes of head
    assert machine.failure(998).kind == BAD_RESULT


def test_a_result_of_a_million_holes_stays_within_the_limit(start: StartMachine) -> None:
    script = "function Run() return worker.array({}, 4e9) end"
    machine = start(script, result_bytes=100_000, result_values=1 << 40)
    assert machine.failure().message == "result: larger than the limit of 100000 bytes"


def test_an_error_of_the_codec_leaves_no_trace_in_the_next_result(start: StartMachine) -> None:
    machine = start("function Run(v) if v then return { a = { b = print } } end return { 1 } end")
    assert machine.failure(True).kind == BAD_RESULT
    assert machine.run(False) == [1]


def test_text_that_is_not_utf_8_travels_as_bytes(evaluate: Evaluate) -> None:
    assert evaluate(r"{ 'plain', '\xc5\xbc\xc3\xb3\xc5\x82w', '\xff', '\xed\xa0\x80' }") == [
        "plain",
        "żółw",
        b"\xff",
        b"\xed\xa0\x80",
    ]


@pytest.mark.parametrize("length", [0, 1, 31, 32, 63, 64, 65, 300, 70_000])
def test_text_is_told_from_bytes_at_any_length(start: StartMachine, length: int) -> None:
    machine = start()
    for text in ("a" * length, "é" * length, "a" * length + "🐢"):
        assert machine.run(text) == text
    machine = start("function Run(v) return v.data end")
    assert machine.run(b"a" * length + b"\x80") == b"a" * length + b"\x80"


def test_bytes_can_be_read_and_made(start: StartMachine) -> None:
    machine = start(
        r"""function Run(b)
          return { tostring(b), b:len(), b:sub(2), b:sub(1, 2), b:byte(1), b.data == "\xff\0a",
                   b == worker.bytes("\xff\0a"), b == worker.bytes("other"), worker.bytes("made"),
                   getmetatable(b), "<" .. worker.bytes("x") .. ">" }
        end"""
    )
    assert machine.run(b"\xff\0a") == [
        b"\xff\0a", 3, "\0a", b"\xff\0", 255, True, True, False, b"made", "bytes", "<x>",
    ]  # fmt: skip


def test_a_look_alike_of_bytes_is_only_a_table(evaluate: Evaluate) -> None:
    copied = "setmetatable({ data = 'x' }, { __metatable = getmetatable(worker.bytes('')) })"
    assert evaluate(copied) == {"data": "x"}


def test_a_wide_integer_is_opaque(start: StartMachine) -> None:
    machine = start(
        """function Run(v)
             local same = worker.int("18446744073709551615")
             return { tostring(v), v == same, v == worker.int("9223372036854775808"), same,
                      "#" .. v, pcall(function() return v + 1 end) }
           end"""
    )
    digits, is_same, is_other, made, joined, ok, problem = machine.run(2**64 - 1)
    assert (digits, is_same, is_other) == ("18446744073709551615", True, False)
    assert (made, joined, ok) == (2**64 - 1, "#18446744073709551615", False)
    assert "script.lua:4:" in problem
    assert "no arithmetic" in problem


def test_an_integer_that_lua_can_hold_is_a_plain_number(evaluate: Evaluate) -> None:
    assert evaluate("{ worker.int('42') + 1, worker.int(-7), worker.int('-0') }") == [43, -7, 0]
    assert evaluate("worker.int('-9223372036854775808')") == -(2**63)
    assert evaluate("worker.int(2 ^ 53)") == 2**53


@pytest.mark.parametrize("text", ["'18446744073709551616'", "'1.5'", "'x'", "1.5", "{}", "1e300"])
def test_what_is_no_64_bit_integer_is_refused(evaluate: Evaluate, text: str) -> None:
    with pytest.raises(LuaError, match=r"worker\.int: .* is ") as caught:
        evaluate(f"worker.int({text})")
    assert caught.value.kind == FAILED


def test_a_timestamp_is_made_in_its_shortest_form(start: StartMachine) -> None:
    machine = start("function Run(v) return worker.timestamp(v[1], v[2]) end")
    for seconds, nanoseconds in [(0, 0), (2**32 - 1, 0), (2**32, 0), (1, 999_999_999), (-1, 5)]:
        answer = machine.vm.run(msgpack.packb([seconds, nanoseconds]))
        assert answer == msgpack.packb(msgpack.Timestamp(seconds, nanoseconds))


def _typed_array(code: str, values: list[Any], shape: tuple[int, ...] = ()) -> bytes:
    """Extension 1 as the game's side writes it; without a shape that of an array.array."""
    widths = {"i": "<i", "I": "<I", "q": "<q", "Q": "<Q"}
    elements = (
        b"".join(struct.pack(widths[code], value) for value in values)
        if code in widths
        else array.array(code, values).tobytes()
    )
    head = struct.pack(f"<cB{len(shape)}I", code.encode(), len(shape), *shape)
    return bytes(ormsgpack.packb(ormsgpack.Ext(1, head + elements)))


ARRAYS: list[tuple[str, list[Any]]] = [
    ("b", [-128, 0, 127]),
    ("B", [0, 255]),
    ("h", [-32768, 32767]),
    ("H", [0, 65535]),
    ("i", [-(2**31), 2**31 - 1]),
    ("I", [0, 2**32 - 1]),
    ("q", [-(2**63), -1, 0, 2**53, 2**63 - 1]),
    ("Q", [0, 2**53, 2**63, 2**64 - 1]),
    ("f", [0.0, -1.5, float("inf")]),
    ("d", [0.0, -0.0, 1e300, float("-inf"), 0.1]),
    ("d", [value / 7 for value in range(1_000)]),
    ("h", []),
]


@pytest.mark.parametrize(("code", "values"), ARRAYS)
def test_a_typed_array_comes_back_bit_by_bit(
    start: StartMachine, code: str, values: list[Any]
) -> None:
    machine = start(ECHO)
    for shape in ((), (len(values),), (1, len(values))):
        wire = _typed_array(code, values, shape)
        assert machine.vm.run(wire) == wire


def test_a_typed_array_is_a_flat_table_with_a_shape(start: StartMachine) -> None:
    machine = start(
        """function Run(grid)
             local rows, columns = worker.shape(grid)
             grid[(2 - 1) * columns + 3] = 9.5
             worker.log("info", rows .. " x " .. columns .. " = " .. #grid)
             return grid
           end"""
    )
    sent = _typed_array("d", [1, 2, 3, 4, 5, 6], (2, 3))
    assert machine.vm.run(sent) == _typed_array("d", [1, 2, 3, 4, 5, 9.5], (2, 3))
    assert machine.host.logs == [("info", "2 x 3 = 6")]


def test_a_typed_array_can_be_made(start: StartMachine) -> None:
    machine = start("function Run() return worker.typed_array('h', { 1, 2, 3, 4 }, { 2, 2 }) end")
    assert machine.vm.run(b"\xc0") == _typed_array("h", [1, 2, 3, 4], (2, 2))
    machine = start("function Run() return worker.typed_array('f', { 1, 2 }) end")
    assert machine.vm.run(b"\xc0") == _typed_array("f", [1, 2])


def test_a_flat_typed_array_may_grow_and_a_shaped_one_may_not(start: StartMachine) -> None:
    machine = start("function Run(v) v[#v + 1] = 7; return v end")
    assert machine.vm.run(_typed_array("B", [1])) == _typed_array("B", [1, 7])
    assert machine.vm.run(_typed_array("B", [1], (1,))) == _typed_array("B", [1, 7], (2,))
    with pytest.raises(LuaError, match="of 5 elements does not fit its shape of 4"):
        machine.vm.run(_typed_array("B", [1, 2, 3, 4], (2, 2)))


@pytest.mark.parametrize(
    "arguments", ["'x', {}", "'d', {}, { 3 }", "'d', { 1 }, { 0.5 }", "'d', {}, {}", "'d', 5"]
)
def test_a_typed_array_that_cannot_be_is_refused(evaluate: Evaluate, arguments: str) -> None:
    with pytest.raises(LuaError, match="typed_array") as caught:
        evaluate(f"worker.typed_array({arguments})")
    assert caught.value.kind == FAILED


def test_a_datetime_without_a_zone_keeps_its_text(start: StartMachine) -> None:
    machine = start("function Run(v) return { v.iso, worker.datetime(v.iso) } end")
    wire = ormsgpack.packb(ormsgpack.Ext(2, b"2024-05-01T12:00:00"))
    assert machine.vm.run(wire) == b"\x92\xb3" + b"2024-05-01T12:00:00" + wire
