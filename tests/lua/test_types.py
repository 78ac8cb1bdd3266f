"""The definitions for editors say what a script really finds."""

import re
from pathlib import Path

from conftest import StartMachine

DEFINITIONS = Path(__file__).parents[2] / "lua" / "types" / "worker.lua"

MEMBERS = """
function Run()
  local members = {}
  for _, owner in ipairs({ "worker", "WorkerFunction" }) do
    for name, member in pairs(_G[owner]) do
      members[#members + 1] = owner .. "." .. name .. " " .. type(member)
    end
  end
  for _, name in ipairs({ "len", "sub", "byte" }) do
    members[#members + 1] = "Bytes:" .. name .. " " .. type(worker.bytes("")[name])
  end
  return members
end
"""


def _defined() -> list[str]:
    text = DEFINITIONS.read_text(encoding="utf-8")
    functions = re.findall(r"^function (\w+[.:]\w+)\(", text, re.MULTILINE)
    fields = re.findall(
        r"^---@class worker\n((?:---@field .*\n)+)", text, re.MULTILINE
    )[0].splitlines()  # fmt: skip
    types = {"integer": "number", "string": "string"}
    return [
        *(f"{name} function" for name in functions),
        *(f"worker.{line.split()[1]} {types[line.split()[2]]}" for line in fields),
    ]


def test_the_definitions_and_the_interface_have_the_same_members(start: StartMachine) -> None:
    assert sorted(start(MEMBERS).run()) == sorted(_defined())


def test_the_definitions_are_lua(start: StartMachine) -> None:
    text = DEFINITIONS.read_text(encoding="utf-8")
    start("local worker, WorkerFunction\n" + text + "\nfunction Run() end")
