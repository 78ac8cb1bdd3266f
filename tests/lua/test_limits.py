"""Time, memory and stack: a script that goes too far gets an error, and nothing else does."""

import subprocess
import sys

import pytest
from conftest import StartMachine

from engine_tasks.lua.vm import BAD_RESULT, FAILED, MEMORY, TIMEOUT, LuaError

MIB = 1024 * 1024

#: Endless work of every shape that a hook can see, as the body of a function.
ENDLESS = {
    "plain loop": "while true do end",
    "loop with goto": "::again:: goto again",
    "loop of calls": "local function f() end while true do f() end",
    "loop in pcall": "while true do pcall(function() while true do end end) end",
    "pcall of pcall": "local function f() pcall(f) pcall(f) end f() while true do f() end",
    "xpcall handler": "xpcall(error, function() while true do end end)",
    "loop of xpcall": "while true do xpcall(function() while true do end end, function() end) end",
    "recursive handler": "local function h() while true do xpcall(error, h) end end h()",
    "coroutine": "coroutine.wrap(function() while true do end end)()",
    "loop of resume": """while true do
        coroutine.resume(coroutine.create(function() while true do end end)) end""",
    "coroutine swarm": """local all = {}
        for i = 1, 100 do
          all[i] = coroutine.wrap(function() while true do coroutine.yield() end end)
        end
        while true do for i = 1, 100 do all[i]() end end""",
    "coroutine in coroutine": """coroutine.wrap(function()
        coroutine.wrap(function() while true do pcall(coroutine.yield) end end)()
        while true do end end)()
        while true do end""",
    "metamethod": """local t = setmetatable({}, { __index = function() while true do end end })
        t = t.x""",
    "tostring": "tostring(setmetatable({}, { __tostring = function() while true do end end }))",
    "format": "('%s'):format(setmetatable({}, { __tostring = function() while true do end end }))",
    "print": "print(setmetatable({}, { __tostring = function() while true do end end }))",
    "error that loops when printed": """error(setmetatable({}, {
        __tostring = function() while true do end end }))""",
    "gsub": "('x'):gsub('x', function() while true do end end)",
    "sort": "table.sort({ 3, 2, 1 }, function() while true do end end)",
    "sort in disorder": """while true do
        pcall(table.sort, { 3, 1, 2 }, function() return true end) end""",
    "reader of load": "load(function() while true do end end)",
    "endless reader": "load(function() return 'x = 1 ' end)",
    "loaded chunk": "while true do load('while true do end')() end",
    "endless iterator": "for _ in function() return 1 end do end",
    "concatenation": "local s = '' while true do s = #s > 100 and '' or s .. 'x' end",
    "garbage": "while true do local t = { {}, {}, {} } end",
    "long move": "table.move({}, 1, 1e15, 2)",
    "long moves": "while true do table.move({}, 1, 9e5, 2) end",
    "rep of nothing": "while true do (''):rep(1e15) end",
    "lying length, insert": """local t = setmetatable({}, { __len = function() return 1e15 end })
        while true do pcall(table.insert, t, 1, 5) end""",
    "lying length, remove": """local t = setmetatable({}, { __len = function() return 1e15 end })
        while true do pcall(table.remove, t, 1) end""",
    "log": "while true do worker.log('debug', 'x') end",
    "require": "while true do pcall(require, 'none') end",
    "deep recursion": "local function f() f() end while true do pcall(f) end",
}
#: Endless work that only Lua 5.4 knows.
ENDLESS_ON_54 = {
    "closing variables": """while true do
        pcall(function()
          local a <close> = setmetatable({}, { __close = function() while true do end end })
          local b <close> = setmetatable({}, { __close = function() while true do end end })
          error("x")
        end) end""",
    "closed coroutine": """local thread = coroutine.create(function()
          local a <close> = setmetatable({}, { __close = function() while true do end end })
          coroutine.yield()
        end)
        coroutine.resume(thread)
        while true do coroutine.close(thread) end""",
    "lying pairs": """local liar = setmetatable({}, {
          __pairs = function() return function() return 1 end end })
        for _ in pairs(liar) do end""",
}

HOARDING = {
    "tables": "local t = {} for i = 1, 1e9 do t[i] = { i } end",
    "numbers": "local t = {} for i = 1, 1e9 do t[i] = i end",
    "strings": "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end",
    "one string": "local s = 'x' while true do s = s .. s end",
    "rep": "local s = ('x'):rep(15 * 1024 * 1024) s = s .. s return #s",
    "keys": "local t = {} for i = 1, 1e9 do t['k' .. i] = true end",
    "closures": "local t = {} for i = 1, 1e9 do t[i] = function() return i end end",
    "coroutines": "local t = {} for i = 1, 1e9 do t[i] = coroutine.create(function() end) end",
    "format": "local t = {} for i = 1, 1e9 do t[i] = ('%099d'):format(i) end",
    "gsub": "local s = ('x'):rep(1e6) while true do s = s:gsub('x', 'xxxxxxxxxx') end",
    "concat": "local t = {} for i = 1, 1e5 do t[i] = ('x'):rep(100) end "
    "local all = {} while true do all[#all + 1] = table.concat(t) end",
    "table.new": "local t = {} for i = 1, 1e9 do t[i] = table.new(1e6, 0) t[i][1] = 1 end",
    "loaded code": "local t = {} for i = 1, 1e9 do t[i] = load('return ' .. i .. '+' .. i) end",
    "in pcall": "while true do pcall(function() "
    "local t = {} for i = 1, 1e9 do t[i] = { i } end end) end",
    "in a coroutine": "while true do coroutine.resume(coroutine.create(function() "
    "local t = {} for i = 1, 1e9 do t[i] = { i } end end)) end",
    "pieces of strings": "local t = {} for i = 1, 1e9 do t[i] = tostring(i):sub(1, 9):upper() end",
    "inside gsub": "local t = {} ('x'):rep(1e6):gsub('x', function() "
    "for _ = 1, 100 do t[#t + 1] = {} end end)",
    "bytes objects": "local t = {} for i = 1, 1e9 do t[i] = worker.bytes('x') end",
}

#: Recursion through every C function that calls back. Each must be an error of the script.
RECURSIONS = {
    "gsub": "local function f() return (('x'):gsub('x', f)) end",
    "gsub with a table": "local t = {} local function f() return (('x'):gsub('x', t)) end "
    "setmetatable(t, { __index = f })",
    "format": "local t = {} local function f() return ('%s'):format(t) end "
    "setmetatable(t, { __tostring = f })",
    "tostring": "local t = {} local function f() return (tostring(t)) end "
    "setmetatable(t, { __tostring = f })",
    "print": "local t = {} local function f() print(t) return '' end "
    "setmetatable(t, { __tostring = f })",
    "sort": "local function f() table.sort({ 1, 2, 3 }, f) return true end",
    "sort by metamethod": "local m = {} local function f() "
    "table.sort({ setmetatable({}, m), setmetatable({}, m) }) return true end m.__lt = f",
    "wrap": "local function f() return (coroutine.wrap(f)()) end",
    "resume": "local function f() return assert(coroutine.resume(coroutine.create(f))) end",
    "load": "local function f() return load(f) end",  # each gets nothing from its reader
    "pcall": "local function f() local ok, e = pcall(f) return 1 + (ok and e or error(e, 0)) end",
    "xpcall": "local function f() return 1 + select(2, xpcall(f, function(e) error(e, 0) end)) end",
    "index": "local t = {} local function f() return 1 + t.x end setmetatable(t, { __index = f })",
    "call": "local t = {} local function f() return 1 + t() end setmetatable(t, { __call = f })",
    "concat": "local t = {} local function f() return t .. t end setmetatable(t, { __concat = f })",
    "equal": "local m = {} local function f() "
    "return setmetatable({}, m) == setmetatable({}, m) end m.__eq = f",
    "wrap in gsub": "local function f() return (('x'):gsub('x', function() "
    "return coroutine.wrap(f)() end)) end",
    "parentheses": "local function f() return load(('('):rep(1e6) .. ')') or error('too deep') end",
    "blocks": "local function f() return load(('do '):rep(1e6)) or error('too deep') end",
    "tables": "local function f() return load('return ' .. ('{'):rep(1e6)) or error('deep') end",
    "chain of index": "local function f() local t = {} for _ = 1, 1e6 do "
    "t = setmetatable({}, { __index = t }) end return t.x end",
}

#: Runs a script on a thread with the smallest stack that a platform gives.
IN_A_CHILD = """
import sys, threading
from engine_tasks.lua.vm import LuaError, LuaVm

class Host:
    def log(self, level, message): pass
    def progress(self, share, note): pass
    def cancelled(self): return False
    def module_source(self, name): return None

def work():
    vm_name, jit, script = sys.argv[1:]
    vm = LuaVm(Host(), worker_id=1, worker_name="W", instance=0, vm=vm_name, jit=jit == "jit")
    vm.load(script.encode() + b" function Run(v) if v then return f() end end", "script.lua")
    for _ in range(3):
        try:
            vm.run(b"\\xc3")
            print("RETURNED")
        except LuaError as error:
            print(error.kind, error.message.splitlines()[0])
    assert vm.run(b"\\xc2") == b"\\xc0"
    vm.close()

threading.stack_size(1024 * 1024)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS.keys())
def test_endless_work_ends_at_the_deadline_and_the_machine_lives_on(
    start: StartMachine, body: str
) -> None:
    machine = start(f"function Run(v) if v then {body}\nend return 'fine' end")
    for _ in range(2):
        error = machine.failure(True, timeout_s=0.05)
        assert error.kind == TIMEOUT
        assert error.message.endswith("the task's time is over")
    assert machine.run(False, timeout_s=10) == "fine"


@pytest.mark.parametrize("body", ENDLESS_ON_54.values(), ids=ENDLESS_ON_54.keys())
def test_endless_work_of_lua_5_4_ends_at_the_deadline(
    start: StartMachine, vm_name: str, body: str
) -> None:
    if vm_name != "lua54":
        return  # the syntax is unknown to LuaJIT
    machine = start(f"function Run(v) if v then {body}\nend return 'fine' end")
    assert machine.failure(True, timeout_s=0.05).kind == TIMEOUT
    assert machine.run(False) == "fine"


def test_the_deadline_names_the_line_that_ran(start: StartMachine) -> None:
    machine = start("function Run()\n local n = 0\n while true do n = n + 1 end\nend")
    error = machine.failure(timeout_s=0.02)
    assert error.message == "script.lua:3: the task's time is over"
    assert "script.lua:3:" in error.traceback


def test_a_coroutine_of_an_earlier_task_meets_the_deadline_of_the_next(
    start: StartMachine,
) -> None:
    machine = start(
        """local work = coroutine.wrap(function()
             coroutine.yield("started")
             while true do end
           end)
           function Run() return work() end"""
    )
    assert machine.run() == "started"
    assert machine.failure(timeout_s=0.02).kind == TIMEOUT


def test_a_loop_at_load_and_in_init_ends_at_the_deadline(start: StartMachine) -> None:
    machine = start()
    for script in (
        b"while true do end",
        b"return { run = print, init = function() while 1 do end end }",
    ):
        with pytest.raises(LuaError) as caught:
            machine.vm.load(script, "script.lua", timeout_s=0.02)
        assert caught.value.kind == TIMEOUT


def test_a_stop_that_loops_ends_at_the_deadline(start: StartMachine) -> None:
    machine = start("return { run = print, stop = function() while true do end end }")
    machine.vm.stop(timeout_s=0.02)
    assert machine.host.logs == [("error", "stop failed: script.lua:1: the task's time is over")]


def test_a_script_cannot_forge_the_end_of_its_time(start: StartMachine) -> None:
    machine = start('function Run() error("the task\'s time is over", 0) end')
    assert machine.failure(timeout_s=60).kind == FAILED
    assert machine.failure().kind == FAILED


@pytest.mark.parametrize("jit", [True, False], ids=["compiled", "interpreted"])
@pytest.mark.parametrize("body", HOARDING.values(), ids=HOARDING.keys())
def test_hoarding_ends_at_the_memory_limit(start: StartMachine, body: str, jit: bool) -> None:
    machine = start(
        f"function Run(v) if v then {body}\nend return 'fine' end", memory_bytes=16 * MIB, jit=jit
    )
    assert machine.run(False) == "fine"
    error = machine.failure(True)
    assert error.kind == MEMORY
    assert machine.failure(False).kind == MEMORY  # of no more use, and it says so
    machine.vm.stop()
    assert machine.host.logs[-1][0] == "error"


def test_a_payload_larger_than_the_memory_is_a_memory_error(start: StartMachine) -> None:
    assert start(memory_bytes=4 * MIB).failure([0.5] * 1_000_000).kind == MEMORY


def test_a_module_larger_than_the_memory_is_a_memory_error(start: StartMachine) -> None:
    machine = start("function Run() return require('big') end", memory_bytes=4 * MIB)
    machine.host.modules["big"] = ("big.lua", b"return {" + b"{1,2,3}," * 200_000 + b"}")
    assert machine.failure().kind == MEMORY


def test_a_script_that_hoards_while_it_loads_is_a_memory_error(start: StartMachine) -> None:
    with pytest.raises(LuaError) as caught:
        start("all = {} for i = 1, 1e9 do all[i] = { i } end", memory_bytes=8 * MIB)
    assert caught.value.kind == MEMORY


def test_a_script_within_its_memory_runs_for_ever(start: StartMachine) -> None:
    machine = start(
        "function Run() local t = {} for i = 1, 2e4 do t[i] = { i } end return #t end",
        memory_bytes=16 * MIB,
    )
    assert {machine.run() for _ in range(100)} == {20_000}


@pytest.mark.parametrize("jit", ["jit", "no jit"])
@pytest.mark.parametrize("script", RECURSIONS.values(), ids=RECURSIONS.keys())
def test_recursion_through_c_functions_never_overruns_the_stack(
    vm_name: str, script: str, jit: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_A_CHILD, vm_name, jit, script],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert all(line.startswith((FAILED, BAD_RESULT, "RETURNED")) for line in lines), lines
