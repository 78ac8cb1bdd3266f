"""What Linux tells of processes and threads: who made whom, sleeps, memory."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from attrs import frozen

#: Whether this system tells any of it.
IS_THERE: Final = sys.platform == "linux"

_PROC: Final = Path("/proc")
_SWITCHES: Final = re.compile(r"^voluntary_ctxt_switches:\s*(\d+)$", re.MULTILINE)
_KIB: Final = re.compile(r"^(Pss|Private_Clean|Private_Dirty):\s*(\d+) kB$", re.MULTILINE)

#: Process and thread.
Thread = tuple[int, int]


@frozen
class Memory:
    """Of a process: what no other has, and that with its share of what it has with others."""

    private_mib: float
    pss_mib: float


def family(pid: int) -> set[int]:
    """The process, its children, and theirs."""
    parents = dict(_parents())
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for folder in _PROC.iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):  # it has just ended
                # The name, in brackets, may hold anything; the state and the parent follow.
                after = (folder / "stat").read_text(errors="replace").rpartition(")")[2]
                yield int(folder.name), int(after.split()[1])


def sleeps(pids: set[int]) -> dict[Thread, int]:
    """How often each thread of these processes has gone to sleep by itself since it began."""
    found: dict[Thread, int] = {}
    for pid in pids:
        with suppress(OSError):
            for folder in (_PROC / str(pid) / "task").iterdir():
                status = (folder / "status").read_text(errors="replace")
                count = _SWITCHES.search(status)
                if count:
                    found[pid, int(folder.name)] = int(count[1])
    return found


def memory_of(pid: int) -> Memory:
    """What a process holds now. Raises `OSError` where that may not be seen."""
    kib = {"Pss": 0, "Private_Clean": 0, "Private_Dirty": 0}
    for name, number in _KIB.findall((_PROC / str(pid) / "smaps_rollup").read_text()):
        kib[name] += int(number)
    return Memory((kib["Private_Clean"] + kib["Private_Dirty"]) / 1024, kib["Pss"] / 1024)


def children() -> set[int]:
    """All processes below this one."""
    return family(os.getpid()) - {os.getpid()}
