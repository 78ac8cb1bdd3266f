"""The corpus of hostile scripts, and what the head of each says.

A script begins with comment lines:

    -- expect: TIMEOUT                 verdicts that are right, any of them, on every machine
    -- expect lua54: ok                the same for one machine, where it differs
    -- why: what the script is after
    -- in-thread: not stopped: why     isolation="thread" does not stop it (default: stopped)
    -- in-thread: may go on: why       it does where the machine is fast
    -- in-thread lua54: ...            the same for one machine
    -- timeout_s: 2                    hard deadline (default: short where TIMEOUT is expected)
    -- memory_mb: 512                  memory (default: 32)
    -- turns: 3                        tasks, whose payloads are 1, 2, 3 (default: 1)
    -- payload_kb: 8000                payloads of that size instead
    -- instances: 2                    instances of the worker (default: 1)

A verdict is the word of an `ErrorKind`, `ok` for a result, `contained` for a result that
says so (a script that tries an escape answers with what it reached), or `refused` for a
worker that could not start.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

import attrs

from engine_tasks import ErrorKind

CORPUS: Final = Path(__file__).parent / "corpus"
VERDICTS: Final = frozenset({"ok", "contained", "refused", *(str(kind) for kind in ErrorKind)})
#: Seconds a script has that is meant to run out of them.
SHORT_TIMEOUT_S: Final = 0.5
#: Seconds for all others: they end by themselves, on a busy machine as well.
LONG_TIMEOUT_S: Final = 30.0

_DIRECTIVE: Final = re.compile(r"-- (?P<name>[a-z_-]+)(?: (?P<vm>luajit|lua54))?: (?P<value>.+)")
_DIRECTIVES: Final = {
    "expect", "why", "in-thread", "timeout_s", "memory_mb", "turns", "payload_kb", "instances",
}  # fmt: skip


@attrs.frozen
class Script:
    """One file of the corpus."""

    path: Path
    directives: dict[tuple[str, str], str] = attrs.field(repr=False)

    @property
    def group(self) -> str:
        return self.path.parent.name

    @property
    def name(self) -> str:
        return f"{self.group}/{self.path.stem}"

    @property
    def why(self) -> str:
        return self.get("why")

    def expected(self, vm: str) -> frozenset[str]:
        return frozenset(self.get("expect", vm).split())

    def in_thread(self, vm: str) -> str:
        """`stopped`, `not stopped: reason`, or `may go on: reason` where that is a matter of
        the machine's speed."""
        return self.get("in-thread", vm, "stopped")

    def timeout_s(self, vm: str) -> float:
        default = SHORT_TIMEOUT_S if "TIMEOUT" in self.expected(vm) else LONG_TIMEOUT_S
        return float(self.get("timeout_s", default=str(default)))

    @property
    def memory_mb(self) -> int:
        return int(self.get("memory_mb", default="32"))

    @property
    def instances(self) -> int:
        return int(self.get("instances", default="1"))

    @property
    def payloads(self) -> list[object]:
        turns = range(1, 1 + int(self.get("turns", default="1")))
        payload_kb = int(self.get("payload_kb", default="0"))
        return [b"x" * 1024 * payload_kb if payload_kb else turn for turn in turns]

    def get(self, name: str, vm: str = "", default: str | None = None) -> str:
        """A directive, for the machine where it has one of its own."""
        family = vm.removesuffix("21")
        value = self.directives.get((name, family), self.directives.get((name, ""), default))
        if value is None:
            raise ValueError(f"{self.path} lacks the line '-- {name}: ...'")
        return value


def read_script(path: Path) -> Script:
    """A script by its file. Raises `ValueError` for a head that cannot be understood."""
    directives: dict[tuple[str, str], str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("--"):
            break
        match = _DIRECTIVE.fullmatch(line)
        if match is None or match["name"] not in _DIRECTIVES:
            raise ValueError(f"{path}: cannot understand {line!r}")
        directives[match["name"], match["vm"] or ""] = match["value"]
    script = Script(path, directives)
    for vm in ("luajit21", "lua54"):
        if not script.expected(vm) <= VERDICTS:
            raise ValueError(f"{path}: unknown verdicts {script.expected(vm) - VERDICTS}")
    return script


def all_scripts() -> list[Script]:
    """Every script, in the order of its name; modules that scripts require are none."""
    paths = CORPUS.glob("*/*.lua")
    return [read_script(path) for path in sorted(paths)]


def groups() -> list[str]:
    """The names of the groups."""
    return sorted(path.name for path in CORPUS.iterdir())


_HEAD: Final = """\
# What Lua in a thread stops, and what it does not

Made from the scripts in `tests/sandbox/corpus/` by
`python tests/sandbox/hostile_scripts.py > docs/lua_in_thread.md`;
`tests/sandbox/test_corpus_in_thread.py` runs every one of them and holds this page up to date.

With `isolation="thread"` a script runs inside the game's own process, under the sandbox, a
memory limit and a deadline that the script's machine keeps itself. That stops mistakes. It is
no wall: run strangers' scripts with `isolation="process"`, the default, where every script
below is ended at its deadline.

Where a script is not stopped, its task is answered TIMEOUT all the same and another instance
takes its place, but its thread runs on, and costs the game a core, until the C call that it is
in returns. No script of the corpus ends the process or blocks its exit.
"""
_MACHINES: Final = {"luajit21": "LuaJIT", "lua54": "Lua 5.4"}


def in_thread_document() -> str:
    """`docs/lua_in_thread.md`."""
    scripts = all_scripts()
    rows = ["| Group | Scripts | Stopped on LuaJIT | Stopped on Lua 5.4 |", "|---|---|---|---|"]
    for group in groups():
        members = [script for script in scripts if script.group == group]
        stopped = [sum(one.in_thread(vm) == "stopped" for one in members) for vm in _MACHINES]
        rows.append(f"| {group} | {len(members)} | {stopped[0]} | {stopped[1]} |")
    rows += ["", "## Not stopped", "", "| Script | On | What it does | Why it goes on |"]
    rows.append("|---|---|---|---|")
    for script in scripts:
        reasons = {vm: script.in_thread(vm).partition(": ")[2] for vm in _MACHINES}
        for reason in dict.fromkeys(filter(None, reasons.values())):
            vms = [_MACHINES[vm] for vm in _MACHINES if reasons[vm] == reason]
            on = "both" if len(vms) == len(_MACHINES) else vms[0]
            rows.append(f"| `{script.name}` | {on} | {script.why} | {reason} |")
    return "\n".join([_HEAD, *rows]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(in_thread_document())
