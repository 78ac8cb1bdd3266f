"""What a worker's script sees, and why: the table of `lua/engine/environment.lua` as a document.

`python -m engine_tasks.lua.environment > docs/lua_environment.md` renews the document.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from attrs import frozen

from engine_tasks.lua.sources import engine_source
from engine_tasks.lua.vm import available_vms

_FLATTEN: Final = b"""
local listing = (...)
local lines = {}
for _, section in ipairs({ "PRESENT", "ABSENT" }) do
  for _, entry in ipairs(listing[section]) do
    lines[#lines + 1] = table.concat({ section, entry[1], entry[2], entry.only or "" }, "\\t")
  end
end
return table.concat(lines, "\\n")
"""
_MACHINES: Final = {"luajit": "LuaJIT", "lua54": "Lua 5.4"}
_HEAD: Final = """\
# What a Lua script sees

Made from `lua/engine/environment.lua` by
`python -m engine_tasks.lua.environment > docs/lua_environment.md`; a test holds it up to date.

Every worker instance has an environment of its own: nothing in it is shared with another
worker, and nothing outside it can be reached. The interface `worker` is described in
`lua/types/worker.lua`.
"""


@frozen
class Entry:
    """A global such as `print`, or a library's function such as `string.rep`."""

    name: str
    reason: str
    only: str  # "luajit" or "lua54" where one machine alone has it, else ""

    @property
    def library(self) -> str:
        return self.name.rpartition(".")[0]

    @property
    def machines(self) -> str:
        return _MACHINES.get(self.only, "both")


def present() -> list[Entry]:
    """What is there."""
    return _entries("PRESENT")


def absent() -> list[Entry]:
    """What is left out; the reason names what to use instead where there is something."""
    return _entries("ABSENT")


def document() -> str:
    """The document in Markdown."""
    sections = [_HEAD]
    libraries = list(dict.fromkeys(entry.library for entry in present()))
    for library in libraries:
        sections.append(f"## {f'`{library}`' if library else 'Globals'}\n")
        rows = [entry for entry in present() if entry.library == library]
        sections.append(
            _table(("Name", "On", "Why"), [(e.name, e.machines, e.reason) for e in rows])
        )
    sections.append("## Left out\n")
    sections.append(_table(("Name", "Why"), [(e.name, e.reason) for e in absent()]))
    return "\n".join(sections)


def _entries(section: str) -> list[Entry]:
    rows = (line.split("\t") for line in _listing().splitlines())
    return [Entry(name, reason, only) for kind, name, reason, only in rows if kind == section]


def _listing() -> str:
    module: Any = __import__(f"lupa.{available_vms()[0]}", fromlist=["LuaRuntime"])
    runtime = module.LuaRuntime(encoding=None, register_eval=False, register_builtins=False)
    listing: bytes = runtime.execute(_FLATTEN, runtime.execute(engine_source("engine.environment")))
    return listing.decode()


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *((f"`{row[0]}`", *row[1:]) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(document())
