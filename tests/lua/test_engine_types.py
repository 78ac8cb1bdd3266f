"""The definitions for editors of the engine's side say what is really there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from lua_engine import machines, new_runtime

from engine_tasks import ErrorKind, TaskQueue
from engine_tasks.lua import bind

TYPES = Path(__file__).parents[2] / "lua" / "types" / "task_queue.lua"
FUNCTION = re.compile(r"((?:^---.*\n)*)^function (\w+[.:]\w+)\(([^)]*)\) end$", re.MULTILINE)

MEMBERS = """
local members = {}
for name, member in pairs(TaskQueue) do
  members[#members + 1] = "TaskQueue:" .. name .. " " .. type(member)
end
local _, own = debug.getupvalue(debug.getmetatable(WorkerId).__index, 1)
for name, member in pairs(own) do
  members[#members + 1] = "WorkerId." .. name .. " " .. type(member)
end
return table.concat(members, "\\n")
"""
PARAMETERS = """
local lines = {}
for name, method in pairs(TaskQueue) do
  local names = {}
  for place = 1, debug.getinfo(method, "u").nparams do
    names[place] = debug.getlocal(method, place)
  end
  lines[#lines + 1] = "TaskQueue:" .. name .. " " .. table.concat(names, ", ")
end
lines[#lines + 1] = "WorkerId.Register " .. debug.getlocal(WorkerId.Register, 1)
return table.concat(lines, "\\n")
"""


def text() -> str:
    return TYPES.read_text(encoding="utf-8")


def functions() -> dict[str, tuple[str, str]]:
    """The comment and the parameters of each function by its name."""
    return {name: (comment, given) for comment, name, given in FUNCTION.findall(text())}


@pytest.fixture(params=machines())
def runtime(request: pytest.FixtureRequest, queue: TaskQueue) -> Any:
    runtime = new_runtime(request.param)
    bind(runtime, queue)
    return runtime


def test_what_is_defined_is_there_and_what_is_there_is_defined(runtime: Any) -> None:
    fields = re.findall(r"^---@field (\w+) integer", text(), re.MULTILINE)
    defined = [*(f"{name} function" for name in functions())]
    defined += [f"WorkerId.{name} number" for name in fields]
    assert sorted(runtime.execute(MEMBERS).splitlines()) == sorted(defined)


def test_parameters_have_the_names_that_are_defined(queue: TaskQueue) -> None:
    checked = [name for name in machines() if name != "lua51"]  # whose debug cannot tell
    for machine in checked:
        runtime = new_runtime(machine)
        bind(runtime, queue)
        found = dict(line.split(" ", 1) for line in runtime.execute(PARAMETERS).splitlines())
        self_name = {name: "self, " if ":" in name else "" for name in found}
        defined = {
            name: (self_name[name] + given).rstrip(", ") for name, (_, given) in functions().items()
        }
        assert found == defined


@pytest.mark.parametrize("name", functions())
def test_every_parameter_is_described_in_its_place(name: str) -> None:
    comment, given = functions()[name]
    described = re.findall(r"^---@param (\w+)\?? \S", comment, re.MULTILINE)
    assert described == [parameter for parameter in given.split(", ") if parameter]
    assert re.match(r"---[A-Z]", comment)


def test_every_kind_of_error_is_defined() -> None:
    kinds = re.findall(r'^---\| "([A-Z_]+)"', text(), re.MULTILINE)
    assert sorted(kinds) == sorted(ErrorKind)


def test_the_definitions_are_lua(runtime: Any) -> None:
    runtime.compile(text())


def test_a_workers_interface_has_the_parameter_names_that_are_defined() -> None:
    source = (TYPES.parents[1] / "engine" / "worker.lua").read_text(encoding="utf-8")
    definitions = (TYPES.parent / "worker.lua").read_text(encoding="utf-8")
    written = dict(re.findall(r"^ +function (worker\.\w+)\(([^)]*)\)$", source, re.MULTILINE))
    defined = {name: given for _, name, given in FUNCTION.findall(definitions)}
    assert len(written) > 5
    assert written == {name: defined[name] for name in written}
