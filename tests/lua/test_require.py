"""`require` finds modules through the host, once, and says who asked for what."""

import pytest
from conftest import StartMachine

from engine_tasks.lua.vm import FAILED, LuaError

RUN = " function Run(name) return require(name) end"


def _failure(start: StartMachine, script: str) -> LuaError:
    with pytest.raises(LuaError) as caught:
        start(script)
    assert caught.value.kind == FAILED
    return caught.value


def test_a_module_is_found_by_its_dotted_name_and_run_once(start: StartMachine) -> None:
    machine = start(RUN)
    machine.host.modules["lib.util"] = (
        "lib/util.lua",
        b"print(...) return { name = 'util', count = (loads or 0) + 1 }",
    )
    assert machine.run("lib.util") == {"name": "util", "count": 1}
    assert machine.run("lib.util") == {"name": "util", "count": 1}
    assert machine.host.logs == [("info", "lib.util")]


def test_a_module_lives_in_the_sandbox_of_its_script(start: StartMachine) -> None:
    machine = start("shared = 5" + RUN)
    machine.host.modules["m"] = ("m.lua", b"return { shared, io == nil, string == _G.string }")
    assert machine.run("m") == [5, True, True]


@pytest.mark.parametrize(
    ("source", "value"), [(b"", True), (b"return nil", True), (b"return false", False)]
)
def test_a_module_without_a_value_is_true(
    start: StartMachine, source: bytes, value: object
) -> None:
    machine = start(RUN)
    machine.host.modules["m"] = ("m.lua", source)
    assert machine.run("m") is value
    assert machine.run("m") is value


def test_a_missing_module_names_itself_and_who_requires_it(start: StartMachine) -> None:
    assert _failure(start, "\nrequire('lib.none')").message == (
        "script.lua:2: no module 'lib.none', required by script.lua: "
        "it is neither in the script's folder nor an engine's module"
    )


def test_a_module_that_cannot_be_read_says_why(start: StartMachine) -> None:
    class Unreadable(dict[str, tuple[str, bytes]]):
        def get(self, *_: object) -> None:  # type: ignore[override]
            raise OSError("m.lua is a folder")

    machine = start("function Run() return { pcall(require, 'm') } end")
    machine.host.modules = Unreadable()
    ok, message = machine.run()
    assert ok is False
    assert message.endswith(": m.lua is a folder")


def test_a_module_that_does_not_parse_names_its_own_line(start: StartMachine) -> None:
    machine = start("function Run() local m = require('lib.bad') return m end")
    machine.host.modules["lib.bad"] = ("lib/bad.lua", b"\nlocal = 1")
    message = machine.failure().message
    assert message.startswith("lib/bad.lua:2: ")
    assert message.endswith("(module 'lib.bad', required by script.lua)")


def test_an_error_in_a_module_shows_both_files(start: StartMachine) -> None:
    machine = start("function Run()\n local m = require('bad')\n return m\nend")
    machine.host.modules["bad"] = ("bad.lua", b"\n\nerror('no data')")
    error = machine.failure()
    assert error.message == "bad.lua:3: no data"
    assert "bad.lua:3:" in error.traceback
    assert "script.lua:2:" in error.traceback


def test_a_module_that_failed_is_tried_again(start: StartMachine) -> None:
    machine = start(RUN)
    machine.host.modules["m"] = ("m.lua", b"error('not yet')")
    assert machine.failure("m").message == "m.lua:1: not yet"
    machine.host.modules["m"] = ("m.lua", b"return 'now'")
    assert machine.run("m") == "now"


def test_modules_that_require_each_other_are_an_error_that_shows_the_circle(
    start: StartMachine,
) -> None:
    machine = start(RUN)
    machine.host.modules = {
        "a": ("a.lua", b"return require('b')"),
        "b": ("b.lua", b"\nreturn require('c')"),
        "c": ("c.lua", b"local b = require('b')"),
    }
    message = "c.lua:1: modules require each other in a circle: b requires c requires b"
    assert machine.failure("a").message == message
    assert machine.failure("a").message == message  # and nothing is left half loaded


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b", "", ".", "a..b\\0", "x" * 300])
def test_a_name_that_is_no_module_never_reaches_the_host(start: StartMachine, name: str) -> None:
    machine = start(RUN)
    machine.host.modules[name] = ("stolen", b"return 'stolen'")
    assert machine.failure(name).message.endswith('a module is named like "lib.util"')


@pytest.mark.parametrize("name", [None, 5, True, {}])
def test_a_name_that_is_no_string_is_refused(start: StartMachine, name: object) -> None:
    assert start(RUN).failure(name).message.endswith('a module is named like "lib.util"')
