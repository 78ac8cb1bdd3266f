"""A machine loads one script, runs its tasks, and says clearly what went wrong."""

import gc

import ormsgpack
import pytest
from conftest import Machine, RecordingHost, StartMachine

from engine_tasks.lua.vm import DEFAULT_VM, FAILED, LuaError, LuaVm, available_vms

NO_RUN = "script.lua: defines neither a global function Run nor returns a table with run"


def _load_failure(start: StartMachine, script: str) -> LuaError:
    with pytest.raises(LuaError) as caught:
        start(script)
    return caught.value


# --- loading -------------------------------------------------------------


def test_the_faster_machine_is_the_default() -> None:
    assert available_vms()[0] == DEFAULT_VM


@pytest.mark.parametrize(
    "script",
    [
        "function Run(v) return v * 2 end",
        "Run = WorkerFunction.Create(function(v) return v * 2 end)",
        "return { run = function(v) return v * 2 end }",
        "return WorkerFunction.Create(function(v) return v * 2 end)",
        "local M = {} function M.run(v) return v * 2 end return M",
        "\ufefffunction Run(v) return v * 2 end",
        "#!/usr/bin/lua\nfunction Run(v) return v * 2 end",
        "setmetatable(_G, { __index = error, __newindex = rawset }) function Run(v) return v*2 end",
    ],
)
def test_every_form_of_a_script_runs(start: StartMachine, script: str) -> None:
    assert start(script).run(21) == 42


@pytest.mark.parametrize(
    "script",
    [
        "",
        "-- nothing",
        "return {}",
        "return { run = 5 }",
        "Run = 'text'",
        "return 5",
        "return function() end",
        "local function Run() end",
        "return setmetatable({}, { __index = { run = print } })",
        "setmetatable(_G, { __index = function() return print end })",
    ],
)
def test_a_script_without_run_says_what_is_missing(start: StartMachine, script: str) -> None:
    error = _load_failure(start, script)
    assert (error.kind, error.message) == (FAILED, NO_RUN)


@pytest.mark.parametrize(
    ("script", "beginning"),
    [
        ("function Run(\n\n", "script.lua:3: "),
        ("local x = = 1", "script.lua:1: "),
        ("\n\nerror('no map')", "script.lua:3: no map"),
        ("error({ code = 1 })", "an error that is a table value"),
        ("error()", "an error that is a nil value"),
        ("error(nil, 0)", "an error that is a nil value"),
        ("return { run = print, init = function() error('no cache') end }", "script.lua:1: no cac"),
        ("\x1bLua", "script.lua: is not Lua source text: it is compiled bytecode"),
        ("\x1bLJ\x02", "script.lua: is not Lua source text: it is compiled bytecode"),
        ("return {} -- \0", "script.lua: is not Lua source text: it has a zero byte"),
    ],
)
def test_a_script_that_does_not_load_says_where_and_why(
    start: StartMachine, script: str, beginning: str
) -> None:
    error = _load_failure(start, script)
    assert error.kind == FAILED
    assert error.message.startswith(beginning)
    assert str(error) == error.message


def test_init_runs_once_and_keeps_what_it_made(start: StartMachine) -> None:
    machine = start(
        """local count
           return { init = function() count = 10 end,
                    run = function() count = count + 1 return count end }"""
    )
    assert [machine.run(), machine.run()] == [11, 12]


def test_stop_runs_once_and_its_error_goes_to_the_log(start: StartMachine) -> None:
    machine = start(
        """return { run = print, stop = function()
             worker.log("warning", "bye")
             error("cannot save")
           end }"""
    )
    machine.vm.stop()
    assert machine.host.logs == [
        ("warning", "bye"),
        ("error", "stop failed: script.lua:3: cannot save"),
    ]


def test_a_script_without_stop_stops_in_silence(start: StartMachine) -> None:
    machine = start()
    machine.vm.stop()
    assert machine.host.logs == []


# --- errors in a task ----------------------------------------------------


def test_an_error_carries_its_line_and_traceback_and_the_machine_lives_on(
    start: StartMachine,
) -> None:
    machine = start(
        """local function deep(v)
             return v.x.y
           end
           function Run(v)
             if v then local y = deep({}) return y end
             return "fine"
           end"""
    )
    error = machine.failure(True)
    assert error.kind == FAILED
    assert error.message.startswith("script.lua:2: attempt to index")
    assert "script.lua:2:" in error.traceback
    assert "script.lua:5:" in error.traceback
    assert "engine/" not in error.traceback
    assert machine.run(False) == "fine"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("'plain'", "script.lua:1: plain"),
        ("{}", "an error that is a table value"),
        ("{ message = 'no map', code = 3 }", "no map"),
        ("nil", "an error that is a nil value"),
        ("true", "an error that is a boolean value"),
        ("print", "an error that is a function value"),
        ("coroutine.create(print)", "an error that is a thread value"),
        ("setmetatable({}, { __tostring = function() return 'my error' end })", "my error"),
        ("setmetatable({}, { __tostring = function() return {} end })", "an error that is a table"),
        ("setmetatable({}, { __tostring = function() error('no') end })", "an error that is a tab"),
        ("setmetatable({}, { __tostring = 5 })", "an error that is a table value"),
        ("setmetatable({}, { __eq = error, __tostring = function() return 'e' end })", "e"),
        ("setmetatable({ message = 'm' }, { __name = 5, __metatable = 5 })", "m"),
        ("('x'):rep(1e6)", "script.lua:1: xxx"),
        (r"'\0\255'", "script.lua:1: \0\ufffd"),
    ],
)
def test_any_error_value_becomes_text(start: StartMachine, value: str, message: str) -> None:
    machine = start(f"function Run(v) if v then error({value}) end end")
    error = machine.failure(True)
    assert error.kind == FAILED
    assert error.message.startswith(message)
    assert len(error.message) <= 8192
    assert machine.run(False) is None


def test_an_error_that_is_a_number_keeps_its_digits(start: StartMachine) -> None:
    assert start("function Run() error(42) end").failure().message.endswith("42")


def test_an_error_passed_on_keeps_the_traceback_of_its_origin(start: StartMachine) -> None:
    machine = start(
        """local function compare(a, b)
             return a.x < b.x
           end
           function Run() table.sort({ 1, 2, 3 }, compare) end"""
    )
    error = machine.failure()
    assert error.message.startswith("script.lua:2: attempt to index")
    assert "script.lua:2:" in error.traceback


def test_an_error_that_the_script_caught_leaves_no_traceback_behind(start: StartMachine) -> None:
    machine = start(
        """local function fail() error("again", 0) end
           function Run()
             pcall(fail)
             error("again", 0)
           end"""
    )
    error = machine.failure()
    assert error.message == "again"
    assert "script.lua:4:" in error.traceback
    assert "script.lua:1:" not in error.traceback


def test_endless_recursion_is_an_error(start: StartMachine) -> None:
    machine = start("local function f() return 1 + f() end function Run(v) return v or f() end")
    error = machine.failure()
    assert error.kind == FAILED
    assert "stack overflow" in error.message
    assert machine.run(1) == 1


# --- the worker's interface ----------------------------------------------


def test_a_script_knows_who_it_is(start: StartMachine) -> None:
    machine = start("function Run() return { worker.id, worker.name, worker.instance } end")
    assert machine.run() == [7, "Scout", 2]


def test_print_and_log_reach_the_host_as_text(start: StartMachine) -> None:
    machine = start(
        r"""print("a", 1, nil, true)
            print()
            worker.log("debug", "quiet")
            worker.log("error", 42)
            print("\255")
            function Run() end"""
    )
    assert machine.host.logs == [
        ("info", "a\t1\tnil\ttrue"),
        ("info", ""),
        ("debug", "quiet"),
        ("error", "42"),
        ("info", "\ufffd"),
    ]


def test_a_log_line_is_cut_where_nobody_would_read_on(start: StartMachine) -> None:
    machine = start("print(('x'):rep(1e6)) worker.log('info', ('y'):rep(1e6)) function Run() end")
    assert machine.host.logs == [("info", "x" * 8192), ("info", "y" * 8192)]


def test_progress_and_cancel_pass_between_script_and_host(start: StartMachine) -> None:
    machine = start(
        """function Run()
             worker.progress(0.25, "half way to half way")
             worker.progress(1)
             return worker.cancelled()
           end"""
    )
    assert machine.run() is False
    assert machine.host.progress_notes == [(0.25, "half way to half way"), (1.0, "")]
    machine.host.is_cancelled = True
    assert machine.run() is True


def test_now_is_a_clock_that_goes_forward(start: StartMachine) -> None:
    machine = start("function Run() local a = worker.now() return worker.now() >= a end")
    assert machine.run() is True


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("worker.log('loud', 'x')", "the level is debug, info, warning or error"),
        ("worker.log()", "the level is debug, info, warning or error"),
        ("worker.progress('half')", "number expected, got string"),
        ("worker.progress(0 / 0)", "the share is a finite number"),
        ("worker.progress(1 / 0)", "the share is a finite number"),
        ("worker.bytes(5)", "string expected, got number"),
        ("worker.map(5)", "table expected, got number"),
        ("worker.array({}, -1)", "the length is a whole number"),
        ("worker.array({}, 'x')", "number expected, got string"),
        ("WorkerFunction.Create(5)", "function expected, got number"),
    ],
)
def test_misuse_of_the_interface_names_the_line(
    start: StartMachine, call: str, problem: str
) -> None:
    error = start(f"function Run()\n{call}\nend").failure()
    assert error.message.startswith("script.lua:2: ")
    assert problem in error.message


class _Broken(RecordingHost):
    def cancelled(self) -> bool:
        raise KeyboardInterrupt

    def log(self, level: str, message: str) -> None:
        raise ConnectionError("the game is gone")


def test_an_exception_of_the_host_never_reaches_the_script(vm_name: str) -> None:
    vm = LuaVm(_Broken(), worker_id=1, worker_name="W", instance=0, vm=vm_name)
    vm.load(
        b"function Run(v) return { pcall(v == 1 and worker.cancelled or print) } end", "script.lua"
    )
    with pytest.raises(KeyboardInterrupt):
        vm.run(b"\x01")
    with pytest.raises(ConnectionError, match="the game is gone"):
        vm.run(b"\x02")
    vm.close()


def test_random_numbers_repeat_for_an_instance_and_differ_between_instances(
    start: StartMachine,
) -> None:
    script = "function Run() return { math.random(1e6), math.random(1e6), math.random() } end"
    first, again, other = (start(script, instance=number).run() for number in (1, 1, 2))
    assert first == again
    assert first != other


# --- the life of a machine -----------------------------------------------


def test_a_closed_machine_says_so(start: StartMachine) -> None:
    machine = start()
    machine.vm.close()
    machine.vm.close()
    assert machine.failure().message == "this Lua machine is closed"


def test_a_machine_without_a_script_says_so(vm_name: str) -> None:
    vm = LuaVm(RecordingHost(), worker_id=1, worker_name="W", instance=0, vm=vm_name)
    with pytest.raises(LuaError, match="no script is loaded"):
        vm.run(b"\xc0")
    vm.close()


def test_a_closed_machine_is_freed_without_the_garbage_collector(vm_name: str) -> None:
    def count() -> int:
        return sum(type(thing).__name__ == "LuaRuntime" for thing in gc.get_objects())

    gc.collect()
    before = count()
    gc.disable()
    try:
        for _ in range(5):
            vm = LuaVm(RecordingHost(), worker_id=1, worker_name="W", instance=0, vm=vm_name)
            vm.load(b"function Run(v) return v end", "script.lua")
            vm.run(ormsgpack.packb([1, 2]))
            vm.close()
            del vm
        assert count() == before
    finally:
        gc.enable()


def test_machines_share_nothing(start: StartMachine) -> None:
    script = "seen = (seen or 0) + 1; string.mine = 1; function Run() return { seen, Shared } end"
    first: Machine = start(script + " Shared = true")
    second: Machine = start(script)
    assert first.run() == [1, True]
    assert second.run() == [1]
