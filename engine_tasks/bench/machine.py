"""The machine and the versions a figure belongs to."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from attrs import frozen

#: Distributions whose speed is part of ours.
LIBRARIES: Final = (
    "engine-tasks", "pykka", "lupa", "cattrs", "ormsgpack", "attrs", "cloudpickle",
)  # fmt: skip
#: Those that ours is measured against, where they are installed.
PEERS: Final = ("loky", "msgpack", "msgspec")


@frozen
class Machine:
    """What a reader needs to judge a figure; `load` is the 1-minute average at the start."""

    cpu: str
    cores: int
    usable_cores: int
    system: str
    python: str
    load: float | None
    libraries: dict[str, str]


def this_machine() -> Machine:
    """Describes the machine this runs on."""
    return Machine(
        cpu=_cpu_model(),
        cores=os.cpu_count() or 1,
        usable_cores=usable_cores(),
        system=platform.platform(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        load=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        libraries=_versions(),
    )


def _versions() -> dict[str, str]:
    ours = {name: installed_version(name) or "missing" for name in LIBRARIES}
    peers = {name: installed_version(name) for name in PEERS}
    return ours | {name: number for name, number in peers.items() if number is not None}


def usable_cores() -> int:
    """Cores this process may run on: a container or `taskset` may allow fewer than exist."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def busy_s() -> float | None:
    """Seconds all cores together have worked since the system began; None where unknown."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0]
    except OSError:
        return None
    user, nice, system, _idle, _waiting, irq, softirq, steal = map(int, first.split()[1:9])
    ticks = user + nice + system + irq + softirq + steal
    return float(ticks / os.sysconf("SC_CLK_TCK"))


def installed_version(distribution: str) -> str | None:
    """The version of an installed distribution, None when it is not there."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()
