"""Mods that strangers wrote, each a worker of its own, and what became of each one's tasks."""

from __future__ import annotations

import logging
from enum import Enum
from pathlib import Path
from time import perf_counter
from typing import Final

from attrs import define, frozen

from engine_tasks import ErrorKind, LuaLimits, TaskQueue, TaskResult, WorkerOptions

FOLDER: Final = Path(__file__).parent / "mods"

#: Seconds that a mod may take; an endless loop is told so a little earlier, with its line.
TIMEOUT_S: Final = 2.0
_SOFT_TIMEOUT_S: Final = 1.0
_MEMORY_MB: Final = 32

#: A machine whose cores others keep busy starts what yields to them slowly.
_START_TIMEOUT_S: Final = 60.0


class Light(Enum):
    """What the light beside a mod says."""

    OFF = "not started"
    RUNNING = "running"
    ANSWERED = "answered"
    TIMED_OUT = "timed out"
    KILLED = "killed"
    REFUSED = "refused"
    CRASHED = "crashed"


@frozen
class Spec:
    """One mod of the list; `steals` says that its failure is the sandbox saying no."""

    name: str  # of its script, without .lua
    title: str
    does: str
    steals: bool = False
    soft: bool = False  # whether a loop is ended by an error in the script, which lives on


HOSTILE: Final = (
    Spec("loop", "Endless loop", "while true do … end, in plain Lua", soft=True),
    Spec("pattern", "Pattern bomb", "one call into C that takes for ever"),
    Spec("hog", "Memory hog", "hoards strings until there is no more memory"),
    Spec("thief", "File thief", "reads the player's files, by every way there is", steals=True),
    Spec("crash", "Crash", "merely broken: an error in Run"),
    Spec("flood", "Flood", "20,000 log lines, as much progress, a huge result"),
    Spec("garbage", "Garbage", "yields what nobody can carry"),
    Spec("fork", "Fork and network", "wants a process, and a connection", steals=True),
)


@define(eq=False)
class Mod:
    """One mod: its worker once it was started, and how its last task went."""

    spec: Spec
    worker_id: int | None = None
    light: Light = Light.OFF
    kind: ErrorKind | None = None
    message: str = ""
    sent_s: float = 0.0
    took_s: float = 0.0
    restarts: int = 0
    notes: tuple[str, ...] = ()  # of what it and the engine logged


class ModList:
    """Starts hostile mods and keeps what happened; never waits."""

    def __init__(self, queue: TaskQueue) -> None:
        self._queue = queue
        self._looks = 0
        self.mods = [Mod(spec) for spec in HOSTILE]

    def start(self, number: int) -> None:
        """Send a mod its task, and start its worker first where it has none."""
        mod = self.mods[number]
        if mod.light is Light.RUNNING:
            return
        if mod.worker_id is None:
            mod.worker_id = self._start_worker(mod.spec)
        mod.kind, mod.message, mod.notes, mod.sent_s = None, "", (), perf_counter()
        task_id = self._queue.send_task(
            mod.worker_id, None, on_result=lambda result: self._take(mod, result)
        )
        mod.light = Light.RUNNING if task_id is not None else Light.REFUSED
        if task_id is None:  # died too often: its worker is revived for the next try
            mod.message = str(self._queue.last_error)
            self._queue.restart_worker(mod.worker_id, wait=False)

    def look(self) -> None:
        """Look at one of the mods: how often its instance was replaced."""
        mod = self.mods[self._looks % len(self.mods)]
        self._looks += 1
        metrics = self._queue.metrics(mod.worker_id) if mod.worker_id is not None else None
        if metrics is not None:
            mod.restarts = metrics.restarts

    def note(self, name: str, text: str) -> None:
        """Keep what was logged of a mod."""
        for mod in self.mods:
            if mod.spec.name == name and text not in mod.notes:
                mod.notes += (text,)

    def _start_worker(self, spec: Spec) -> int:
        name = f"mod:{spec.name}"
        worker_id = int(self._queue.worker_ids.register(name))
        limits = LuaLimits(
            memory_mb=_MEMORY_MB,
            timeout_s=TIMEOUT_S,
            soft_timeout_s=_SOFT_TIMEOUT_S if spec.soft else None,
        )
        options = WorkerOptions(limits=limits, start_timeout_s=_START_TIMEOUT_S)
        script = FOLDER / f"{spec.name}.lua"
        self._queue.start_worker(worker_id, name, script, options=options, wait=False)
        return worker_id

    def _take(self, mod: Mod, result: TaskResult) -> None:
        error = result.error
        mod.took_s = max(0.0, result.finished_s - result.started_s) if result.started_s else 0.0
        mod.kind, mod.message = (error.kind, str(error)) if error else (None, "")
        mod.light = judge(mod.spec, result)


def judge(spec: Spec, result: TaskResult) -> Light:
    """Which light a result switches on."""
    if result.error is None:
        return Light.ANSWERED
    match result.error.kind:
        case ErrorKind.TIMEOUT:
            return Light.TIMED_OUT if spec.soft else Light.KILLED
        case ErrorKind.MEMORY:
            return Light.KILLED
        case ErrorKind.BAD_RESULT:
            return Light.REFUSED
        case ErrorKind.FAILED if spec.steals:
            return Light.REFUSED
    return Light.CRASHED


class ModLog(logging.Handler):
    """Takes what mods and the engine log, in place of the terminal; counts what got through."""

    def __init__(self, mods: ModList) -> None:
        super().__init__(logging.INFO)
        self._mods = mods
        self.lines = 0

    def attach(self) -> None:
        """Take the place of an earlier one; it stays, for what comes after the last frame."""
        logger = logging.getLogger("engine_tasks")
        for former in [each for each in logger.handlers if isinstance(each, ModLog)]:
            logger.removeHandler(former)
        logger.addHandler(self)
        logger.setLevel(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep warnings of mods: "mod:thief#0: dofile: …" is a way that was tried."""
        self.lines += 1
        instance, _, text = record.getMessage().partition(": ")
        if record.name == "engine_tasks.worker" and record.levelno >= logging.WARNING:
            name = instance.removeprefix("mod:").partition("#")[0]
            self._mods.note(name, text.partition(":")[0].replace(" lines were", " log lines"))
