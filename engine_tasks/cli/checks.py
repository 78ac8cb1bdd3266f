"""What `engine-tasks doctor` looks at; each check gives findings and never raises."""

import os
import platform
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from attrs import field, frozen

from engine_tasks import LuaLimits, TaskQueue, WorkerOptions
from engine_tasks.bench.machine import installed_version, usable_cores
from engine_tasks.bench.queues import ECHO, Kind, Work, running
from engine_tasks.cli.probe import where_it_runs

#: The least Python the package is tested with.
OLDEST_PYTHON: Final = (3, 11)
#: Libraries the package cannot do without: distribution, module.
LIBRARIES: Final = (
    ("pykka", "pykka"),
    ("lupa", "lupa"),
    ("cattrs", "cattrs"),
    ("ormsgpack", "ormsgpack"),
    ("attrs", "attrs"),
    ("cloudpickle", "cloudpickle"),
)
#: Lua VMs in the order of choice.
VMS: Final = ("luajit21", "lua54")
#: What the children are asked to give back.
ECHO_TEXT: Final = "is anybody there?"
AUTOGROUP: Final = Path("/proc/sys/kernel/sched_autogroup_enabled")


@frozen
class Finding:
    """One line: what was looked at, what was found, and what to do when it is not ok.

    Without what is `essential` the queue does not work.
    """

    name: str
    ok: bool
    detail: str
    advice: str = field(default="", kw_only=True)
    essential: bool = field(default=True, kw_only=True)


def examine() -> Iterator[Finding]:
    """Every finding, in the order of the list, as it is made."""
    yield python()
    yield Finding("system", ok=True, detail=f"{platform.platform()}, {usable_cores()} cores")
    for distribution, module in LIBRARIES:
        yield library(distribution, module)
    yield from lua_vms()
    yield pygame(installed_version("pygame"), installed_version("pygame-ce"))
    yield from child()
    yield lua_child()
    yield from confinement()


def python() -> Finding:
    """Whether this Python is new enough."""
    detail = f"{platform.python_implementation()} {platform.python_version()}"
    oldest = ".".join(map(str, OLDEST_PYTHON))
    new_enough = sys.version_info[:2] >= OLDEST_PYTHON
    return Finding("python", new_enough, detail, advice=f"install Python {oldest} or newer")


def library(distribution: str, module: str) -> Finding:
    """Whether a library is there and can be imported."""
    advice = f"pip install --upgrade {distribution}"
    try:
        import_module(module)
    except ImportError as error:
        return Finding(distribution, ok=False, detail=str(error), advice=advice)
    found = installed_version(distribution) or "version unknown"
    return Finding(distribution, ok=True, detail=found)


def lua_vms() -> list[Finding]:
    """The Lua VMs of the lupa wheel; one of them is enough."""
    details = {name: _vm_version(name) for name in VMS}
    none = not any(details.values())
    return [
        Finding(
            f"lua: {name}",
            ok=detail is not None,
            detail=detail or "not in this lupa",
            advice="pip install --upgrade --only-binary lupa lupa",
            essential=none,
        )
        for name, detail in details.items()
    ]


def _vm_version(name: str) -> str | None:
    try:
        vm: Any = import_module(f"lupa.{name}")
        return str(vm.LuaRuntime().eval("jit and jit.version or _VERSION"))
    except Exception:  # a broken wheel raises what it likes
        return None


def pygame(original: str | None, community: str | None) -> Finding:
    """Which pygame is there; both at once overwrite each other's files."""
    if original and community:
        return Finding(
            "pygame",
            ok=False,
            detail=f"pygame {original} and pygame-ce {community} are the same module",
            advice="pip uninstall -y pygame pygame-ce && pip install pygame-ce",
            essential=False,
        )
    if not original and not community:
        advice = "for the demos: pip install 'engine-tasks[demos]'"
        return Finding("pygame", ok=False, detail="none", advice=advice, essential=False)
    detail = f"pygame {original}" if original else f"pygame-ce {community}"
    return Finding("pygame", ok=True, detail=detail, essential=False)


def child() -> list[Finding]:
    """Whether a child process answers, and how the system schedules it."""
    found = _asked("process", Work(where_it_runs, ECHO.script))
    if isinstance(found, Finding):
        return [found]
    answer, took_ms = found
    return [
        Finding(
            "child process",
            ok=answer["pid"] != os.getpid() and answer["echo"] == ECHO_TEXT,
            detail=f"process {answer['pid']} started and answered in {took_ms:.0f} ms",
            advice="the answer came from this process, or is another: report this",
        ),
        priority(answer),
        autogroup(answer),
    ]


def lua_child() -> Finding:
    """Whether a Lua worker's process answers."""
    found = _asked("lua", ECHO)
    if isinstance(found, Finding):
        return found
    return Finding("lua worker", ok=True, detail=f"started and answered in {found[1]:.0f} ms")


def confinement() -> list[Finding]:
    """The layers around a real script's process, with the JIT off, which allows them all."""
    limits = LuaLimits(jit=False)
    with TaskQueue() as queue:
        worker_id = queue.worker_ids.register("doctor")
        queue.start_worker(worker_id, "doctor", ECHO.script, options=WorkerOptions(limits=limits))
        state = queue.worker_state(worker_id)
    if state is None or state.confinement is None:
        return [
            Finding(
                "confinement",
                ok=False,
                detail=f"no script could be started: {queue.last_error}",
                advice="see `lua worker` above",
            )
        ]
    held, missing = state.confinement.held, state.confinement.missing
    advice = "scripts run in a process of their own all the same; see docs/sandbox.md"
    return [
        *(Finding(f"layer: {layer}", ok=True, detail="held", essential=False) for layer in held),
        *(
            Finding(f"layer: {layer}", ok=False, detail=reason, advice=advice, essential=False)
            for layer, reason in missing.items()
        ),
    ]


def _asked(kind: Kind, work: Work) -> tuple[Any, float] | Finding:
    """The payload a real worker answers with and the milliseconds it took; or what failed."""
    begin_s = perf_counter()
    try:
        with running(kind, work, instances=1) as ours:
            answer = ours.answer(ours.send(ECHO_TEXT)).payload
            return answer, (perf_counter() - begin_s) * 1e3
    except Exception as error:
        name = "lua worker" if kind == "lua" else "child process"
        advice = "workers need to start processes: look for a sandbox or a limit that forbids it"
        return Finding(name, ok=False, detail=f"{type(error).__name__}: {error}", advice=advice)


def priority(answer: dict[str, Any]) -> Finding:
    """Whether children give way to the game: `answer` is the probe's."""
    if answer["nice"] is None:
        return Finding("priority", ok=True, detail="the system's lowest class", essential=False)
    here = os.getpriority(os.PRIO_PROCESS, 0)
    return Finding(
        "priority",
        ok=answer["nice"] > here,
        detail=f"nice {answer['nice']} in children, {here} here",
        advice="start the game at a nice below 19, or saturated workers will cost frames",
        essential=False,
    )


def autogroup(answer: dict[str, Any]) -> Finding:
    """Whether `nice` counts between the game and its children: `answer` is the probe's."""
    try:
        on = AUTOGROUP.read_text(encoding="ascii").strip() == "1"
    except OSError:
        on = False
    if not on:
        detail = "off: nice counts between all processes"
        return Finding("autogroup", ok=True, detail=detail, essential=False)
    return Finding(
        "autogroup",
        ok=answer["session"] == os.getsid(0),
        detail="on: nice counts within a session, and children share the game's",
        advice="children run in another session, where nice is lost: report this",
        essential=False,
    )
