"""A script sees what environment.lua lists, and finds no way out of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import StartMachine

from engine_tasks.lua import environment
from engine_tasks.lua.vm import BAD_RESULT, LuaError

Evaluate = Callable[[str], Any]

#: Lists the environment, itself apart.
NAMES = """
function Run()
  local names = {}
  Run = nil
  for name, value in pairs(_G) do
    if type(value) ~= "table" or name == "_G" or name == "worker" then
      names[#names + 1] = name
    else
      for member in pairs(value) do names[#names + 1] = name .. "." .. member end
    end
  end
  return names
end
"""

#: Ways out that must end in nothing; each expression is true where the way is closed.
CLOSED_WAYS = [
    "_G._G == _G and _G.string == string",
    "load('return _G')() == _G",
    "load(function() return nil end)() == nil",
    "coroutine.wrap(function() return _G end)() == _G",
    "select(2, pcall(load, 'return _G', 'n', 't', nil)):find('table expected')",
    "load('return x', 'n', 't', { x = 5 })() == 5",
    "load('x = 1 return _G', 'n', 't', {})() == nil",
    r"load('\27Lua') == nil and load('\27LJ\2') == nil",
    r"load(function() return nil end, 'n', 'b') ~= nil",
    "select(2, load('return 1 + ')) ~= nil",
    "getmetatable('') == 'string'",
    "not pcall(setmetatable, '', {})",
    "not pcall(setmetatable, {}, { __gc = print })",
    "pcall(setmetatable, {}, { __index = print })",
    "getmetatable(print) == nil and getmetatable(worker.log) == nil",
    "getmetatable(coroutine.create(print)) == nil",
    "getmetatable(worker.bytes('')) == 'bytes'",
    "not pcall(setmetatable, worker.bytes(''), {})",
    "not pcall(setmetatable, worker.int('18446744073709551615'), {})",
    "not pcall(collectgarbage) and not pcall(collectgarbage, 'stop')",
    "type(collectgarbage('count')) == 'number'",
    "not pcall(require, 'ffi') and not pcall(require, 'jit') and not pcall(require, 'table.new')",
    "not pcall(require, 'string.buffer') and not pcall(require, 'engine.codec')",
    "not pcall(os.date, '%Q') and not pcall(os.date, '%') and not pcall(os.date, '%E')",
    "not pcall(os.date, '%' .. string.char(0))",
    "type(os.date()) == 'string' and type(os.date('*t').year) == 'number'",
    "os.date('!%Y-%m-%d', 0) == '1970-01-01' and os.date('!*t', 0).hour == 0",
    "not pcall(string.rep, 'x', 1e15) and not pcall(string.rep, 'x', 1e9, 'y')",
    "('').rep('', 1e15) == '' and ('x'):rep(-1) == '' and ('x'):rep(0, 'sep') == ''",
    "('ab'):rep(2, '-') == 'ab-ab'",
    "not pcall(table.new, 1e9, 0) and not pcall(table.new, 0, 1e9) and not pcall(table.new)",
    "tostring(print):find('^function')",
    "type(next(_G)) == 'string'",
]


def test_the_environment_is_exactly_what_is_listed(start: StartMachine, vm_name: str) -> None:
    machine = vm_name.removesuffix("21")
    listed = [entry.name for entry in environment.present() if entry.only in ("", machine)]
    assert sorted(start(NAMES).run()) == sorted(listed)


def test_what_is_left_out_is_not_there(start: StartMachine) -> None:
    machine = start(
        """function Run(name)
             local value = _G
             for part in name:gmatch("[^.]+") do value = value and value[part] end
             return value == nil
           end"""
    )
    assert [entry.name for entry in environment.absent() if not machine.run(entry.name)] == []


def test_the_document_of_the_environment_is_up_to_date() -> None:
    document = Path(__file__).parents[2] / "docs" / "lua_environment.md"
    assert document.read_text(encoding="utf-8") == environment.document()


@pytest.mark.parametrize("expression", CLOSED_WAYS)
def test_a_way_out_is_closed(evaluate: Evaluate, expression: str) -> None:
    assert evaluate(f"not not ({expression})") is True


def test_methods_of_strings_are_those_of_the_environment(evaluate: Evaluate) -> None:
    assert (
        evaluate(
            "(function() string.twice = function(s) return s .. s end return ('x'):twice() end)()"
        )
        == "xx"
    )


def test_the_engine_does_not_depend_on_what_a_script_overwrites(start: StartMachine) -> None:
    machine = start(
        """local keep = { pairs = pairs, worker = worker }
           for name in keep.pairs(string) do string[name] = nil end
           for name in keep.pairs(table) do table[name] = nil end
           for name in keep.pairs(math) do math[name] = nil end
           for name in keep.pairs(_G) do if name ~= "_G" then _G[name] = nil end end
           function Run(v) keep.worker.log("info", "still here") return { v } end"""
    )
    assert machine.run({"a": [1, 2.5, "x"]}) == [{"a": [1, 2.5, "x"]}]
    assert machine.host.logs == [("info", "still here")]


def test_literals_of_the_ffi_open_nothing(start: StartMachine, vm_name: str) -> None:
    script = "local wide = 1LL function Run() return { package == nil, ffi == nil, wide } end"
    if vm_name != "luajit21":
        with pytest.raises(LuaError, match="malformed number"):
            start(script)
        return
    error = start(script).failure()
    assert (error.kind, error.message) == (BAD_RESULT, "result[3]: cannot carry a cdata")


def test_pcall_and_xpcall_behave_as_in_lua(evaluate: Evaluate) -> None:
    assert evaluate("{ pcall(function(...) return ... end, 1, 2) }") == [True, 1, 2]
    assert evaluate("{ pcall(error, 'x', 0) }") == [False, "x"]
    assert evaluate("{ pcall(nil) }")[0] is False
    assert evaluate("{ xpcall(function(...) return ... end, print, 1, 2) }") == [True, 1, 2]
    assert evaluate("{ xpcall(error, function(e) return e .. '!' end, 'x', 0) }") == [False, "x!"]
    assert evaluate("{ xpcall(error, error, 'x', 0) }") == [False, "x"]
    assert evaluate("{ pcall(xpcall, print) }")[0] is False


def test_coroutines_behave_as_in_lua(start: StartMachine) -> None:
    machine = start(
        """local function count(n)
             for i = 1, n do coroutine.yield(i) end
             return "done"
           end
           function Run()
             local seen = {}
             for i in coroutine.wrap(function() count(3) end) do seen[#seen + 1] = i end
             local thread = coroutine.create(count)
             seen[#seen + 1] = select(2, coroutine.resume(thread, 1))
             seen[#seen + 1] = select(2, coroutine.resume(thread))
             seen[#seen + 1] = coroutine.status(thread)
             seen[#seen + 1] = select(2, coroutine.resume(thread))
             local inside = coroutine.wrap(function()
               return pcall(function() coroutine.yield("in") error("late", 0) end)
             end)
             seen[#seen + 1] = inside()
             seen[#seen + 1] = { inside() }
             seen[#seen + 1] = { pcall(coroutine.wrap(function() error("out", 0) end)) }
             return seen
           end"""
    )
    assert machine.run() == [
        1, 2, 3, 1, "done", "dead", "cannot resume dead coroutine", "in", [False, "late"],
        [False, "out"],
    ]  # fmt: skip


def test_guarded_functions_behave_as_in_lua(evaluate: Evaluate) -> None:
    assert evaluate("('a-b'):gsub('%a', function(c) return c .. c end)") == "aa-bb"
    assert evaluate("('a-b'):gsub('%a', { a = 'x' })") == "x-b"
    assert evaluate("('a-b'):gsub('%a', '%0%0', 1)") == "aa-b"
    assert evaluate("('%s|%5.2f|%d'):format('x', 1.5, 3)") == "x| 1.50|3"
    shown = "setmetatable({}, { __tostring = function() return 'shown' end })"
    assert evaluate(f"('%s!'):format({shown})") == "shown!"
    assert evaluate("(function() local t = { 3, 1, 2 } table.sort(t) return t end)()") == [1, 2, 3]
    downwards = "table.sort(t, function(a, b) return a > b end)"
    assert evaluate(f"(function() local t = {{ 3, 1, 2 }} {downwards} return t end)()") == [3, 2, 1]


@pytest.mark.parametrize(
    "call",
    [
        "('x'):gsub()",
        "('%d'):format('x')",
        "('%d'):format({})",
        "table.sort({ 3, 1, 2, 5, 4 }, function() error('compare') end)",
        "('x'):gsub('x', function() error('replace') end)",
        "('x'):rep(1e15)",
        "setmetatable({}, { __gc = 1 })",
        "coroutine.wrap(function() error('inside') end)()",
        "load(5)",
    ],
)
def test_an_error_in_a_guarded_function_names_the_script(start: StartMachine, call: str) -> None:
    error = start(f"function Run()\n  local x = {call}\n  return x\nend").failure()
    assert error.message.startswith("script.lua:2: ")


def test_table_functions_are_on_both_machines(evaluate: Evaluate) -> None:
    assert evaluate("{ table.pack(1, nil, 3).n, select('#', table.unpack({ 1, 2 }, 1, 3)) }") == [
        3,
        3,
    ]
    assert evaluate("(function() local t = table.new(4, 2) t[1] = 5 return t end)()") == [5]
    assert evaluate("(function() local t = { 1, x = 2 } table.clear(t) return t end)()") == []
    assert evaluate("table.move({ 1, 2, 3 }, 2, 3, 1)") == [2, 3, 3]
    assert evaluate("table.move({ 1, 2, 3 }, 1, 3, 2)") == [1, 1, 2, 3]
    assert evaluate("table.move({ 1, 2 }, 1, 2, 2, { 9 })") == [9, 1, 2]
    lists = "local t, u = {}, {} for i = 1, 25000 do t[i] = i u[i] = i end"
    for to in (1, 2, 12_000):  # in several goes, forwards and backwards
        moved = f"table.move(t, 1, 25000, {to})"
        check = f"for i = 1, 25000 do assert(t[i + {to} - 1] == u[i]) end"
        assert evaluate(f"(function() {lists} {moved} {check} return #t end)()") == 24_999 + to
    assert evaluate("{ rawlen({ 1, 2 }), rawlen('abc') }") == [2, 3]
    assert evaluate(
        "(function() local t = { 1 } table.insert(t, 2) table.insert(t, 1, 0) return t end)()"
    ) == [0, 1, 2]
    assert evaluate("{ table.remove({ 1, 2 }), table.remove({ 1, 2 }, 1), table.remove({}) }") == [
        2,
        1,
    ]


def test_a_proxy_takes_table_functions(start: StartMachine, vm_name: str) -> None:
    if vm_name == "luajit21":
        return  # LuaJIT knows no __len of tables, so its table functions never ask a proxy
    machine = start(
        """function Run()
             local kept = { 1, 2, 3 }
             local proxy = setmetatable({}, {
               __index = kept, __newindex = kept, __len = function() return #kept end,
             })
             table.insert(proxy, 2, 9)
             local last = table.remove(proxy)
             local first = table.remove(proxy, 1)
             return { kept, last, first, pcall(table.insert, proxy, 9, 1) }
           end"""
    )
    assert machine.run()[:4] == [[9, 2], 3, 1, False]


BIT_CASES = [
    ("bit.tobit(0xffffffff)", -1),
    ("bit.tobit(2 ^ 40 + 5)", 5),
    ("bit.bnot(0)", -1),
    ("bit.band(0xff, 0x0f, 0x05)", 5),
    ("bit.bor(1, 2, 4)", 7),
    ("bit.bxor(0xa5a5a5a5, 0xffffffff)", 0x5A5A5A5A),
    ("bit.lshift(1, 31)", -(2**31)),
    ("bit.lshift(1, 33)", 2),
    ("bit.rshift(-1, 28)", 15),
    ("bit.arshift(-256, 8)", -1),
    ("bit.arshift(256, 4)", 16),
    ("bit.rol(0x12345678, 12)", 0x45678123),
    ("bit.ror(0x12345678, 12)", 0x67812345),
    ("bit.rol(5, 0)", 5),
    ("bit.bswap(0x12345678)", 0x78563412),
    ("bit.tohex(255)", "000000ff"),
    ("bit.tohex(255, 4)", "00ff"),
    ("bit.tohex(-1, -8)", "FFFFFFFF"),
    ("bit.band('0x0f', 255)", 15),
    ("pcall(bit.band, {}) or pcall(bit.band, 'x')", False),
]

UTF8_CASES: list[tuple[str, Any]] = [
    ("utf8.char()", ""),
    ("utf8.char(72, 228, 8364, 128512)", "Hä€😀"),
    ("{ utf8.codepoint('Hä€😀', 1, -1) }", [72, 228, 8364, 128512]),
    ("utf8.len('Hä€😀')", 4),
    ("utf8.len('Hä€😀', 3)", False),
    ("utf8.len('Hä€😀', 4, 6)", 1),
    (r"{ utf8.len('ab\xff') }", [None, 3]),
    (r"{ utf8.len('\xed\xa0\x80') }", [None, 1]),
    (r"{ utf8.len('\xc0\x80') }", [None, 1]),
    (r"{ utf8.len('\xf4\x90\x80\x80') }", [None, 1]),
    ("utf8.len('')", 0),
    ("utf8.offset('Hä€😀', 3)", 4),
    ("utf8.offset('Hä€😀', -1)", 7),
    ("utf8.offset('Hä€😀', 0, 5)", 4),
    ("utf8.offset('Hä€😀', 5)", 11),
    ("utf8.offset('Hä€😀', 6)", False),
    (
        """(function() local t = {} for p, c in utf8.codes('ä€') do t[#t + 1] = { p, c } end
           return t end)()""",
        [[1, 228], [3, 8364]],
    ),
    ("select(2, ('ä€x'):gsub(utf8.charpattern, ''))", 3),
    (r"pcall(function() for _ in utf8.codes('a\xff') do end end)", False),
    ("pcall(utf8.char, -1)", False),
    ("pcall(utf8.codepoint, 'a', 5)", False),
]


@pytest.mark.parametrize(("expression", "value"), BIT_CASES)
def test_bit_is_the_same_on_both_machines(evaluate: Evaluate, expression: str, value: Any) -> None:
    assert evaluate(expression) == value


@pytest.mark.parametrize(("expression", "value"), UTF8_CASES)
def test_utf8_is_the_same_on_both_machines(evaluate: Evaluate, expression: str, value: Any) -> None:
    assert evaluate(f"{expression} or false") == value
