"""An engine with a Lua of its own, for the tests of what `bind` gives it."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any, Final

import pytest

from engine_tasks import TaskQueue, WorkerOptions
from engine_tasks.lua import bind

#: Every machine that an engine may bring, as lupa's modules are called.
MACHINES = ("luajit21", "lua51", "lua52", "lua53", "lua54", "lua55")

#: Runs tasks where they are polled: what a test sends is answered at its next poll.
INLINE = WorkerOptions(isolation="inline")

SCRIPTS = {
    "same.lua": "function Run(value) return value end",
    "fails.lua": "function Run(value)\n  error('no ' .. value)\nend",
    "broken.lua": "function Run(value)\n  return +\nend",
    "kind.lua": """
function Run(value)
  if type(value) == "string" then
    return "text"
  end
  return type(value) == "table" and getmetatable(value) or type(value)
end
""",
}


def machines() -> list[str]:
    """Those that this installation of lupa has."""
    return [name for name in MACHINES if importlib.util.find_spec(f"lupa.{name}")]


MAIN_MACHINES: Final = [name for name in machines() if name in ("luajit21", "lua54")]

#: For a test that is quick enough to run on all of them.
every_machine: Final = pytest.mark.parametrize("machine", machines())


def new_runtime(machine: str, **settings: Any) -> Any:
    return importlib.import_module(f"lupa.{machine}").LuaRuntime(**settings)


class Engine:
    """A bound runtime. Strings are bytes on both sides, whatever its encoding."""

    def __init__(self, runtime: Any, queue: TaskQueue, folder: Path, **bind_options: Any) -> None:
        for name, source in SCRIPTS.items():
            (folder / name).write_text(source)
        self.runtime = runtime
        self.queue = queue
        options: dict[str, Any] = {"script_folder": folder, "options": INLINE} | bind_options
        bind(runtime, queue, **options)

    def run(self, source: str, *arguments: Any) -> Any:
        """Run a chunk called `game.lua`, whose first line is line 1."""
        return self.runtime.execute(source.encode(), *arguments, name="@game.lua")

    def error(self, call: str) -> str:
        """The message of the error that a call raises, with its place."""
        message = self.run(
            f"local ok, message = pcall(function()\n  local answer = {call}\n"
            "  return answer\nend)\nassert(not ok, 'no error')\nreturn message"
        )
        return message if isinstance(message, str) else message.decode()
