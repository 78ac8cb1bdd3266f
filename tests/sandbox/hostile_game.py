"""A game at 60 frames a second whose queue runs hostile scripts beside an innocent worker."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import psutil
from hostile_scripts import Script

from engine_tasks import LuaLimits, TaskQueue, TaskResult, WorkerOptions
from engine_tasks.options import Isolation
from engine_tasks.payload import encode
from engine_tasks.pools.slots import PoolPhase

MIB: Final = 1024 * 1024
FRAME_S: Final = 0.016
#: Hostile workers at the same time.
AT_ONCE: Final = 8
#: Seconds beyond the deadlines of its tasks that a script may take to be answered: what a
#: child needs to start and to be killed on a machine with other work.
GRACE_S: Final = 20.0
#: Seconds a worker has to load a script that is not meant to load.
SHORT_START_S: Final = 2.0
RESULT_BYTES: Final = MIB
LOG_LINES_PER_S: Final = 50

#: What a script answers that reached nothing.
_CONTAINED: Final = encode("contained")

INNOCENT: Final = Path(__file__).parent / "innocent.lua"
_FORGERY: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]|\n(?! {4})")


@attrs.frozen
class Mode:
    """A machine, and how its scripts are held to their time."""

    name: str
    vm: str
    jit: bool

    def options(self, script: Script, isolation: Isolation = "process") -> WorkerOptions:
        timeout_s = script.timeout_s(self.vm)
        is_refused = script.expected(self.vm) == {"refused"}
        return WorkerOptions(
            isolation=isolation,
            start_timeout_s=SHORT_START_S if is_refused else GRACE_S,
            stop_grace_s=0.5,
            limits=LuaLimits(
                vm=self.vm,
                jit=self.jit,
                memory_mb=script.memory_mb,
                timeout_s=timeout_s,
                # compiled code knows the kill alone, the others meet the hook first
                soft_timeout_s=None if self.jit else 0.6 * timeout_s,
                result_bytes=RESULT_BYTES,
                log_lines_per_s=LOG_LINES_PER_S,
            ),
        )


MODES: Final = (
    Mode("LuaJIT", "luajit21", jit=True),
    Mode("LuaJIT, no JIT", "luajit21", jit=False),
    Mode("Lua 5.4", "lua54", jit=False),
)


@attrs.frozen
class Row:
    """A line of the table: what became of a script on a machine."""

    script: str
    mode: str
    verdict: str
    problem: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        mark = f"  <== {self.problem}" if self.problem else ""
        took = f"{self.seconds:5.1f} s" if self.seconds else ""
        return f"{self.script:42} {self.mode:19} {took:7}  {self.verdict}{mark}"


@attrs.define
class Trial:
    """One script on its way through the queue."""

    script: Script
    mode: Mode
    worker_id: int
    due_s: float
    awaited: int
    began_s: float
    verdicts: list[str] = attrs.Factory(list)
    messages: list[str] = attrs.Factory(list)

    @property
    def name(self) -> str:
        return f"{self.script.name} on {self.mode.name}"


@attrs.define
class GameReport:
    """What the game saw."""

    rows: list[Row] = attrs.Factory(list)
    frames: int = 0
    longest_call_s: dict[str, float] = attrs.Factory(dict)
    innocent_answers: int = 0
    grown_mib: float = 0.0


class LogLines(logging.Handler):
    """Counts the lines that reach the game's log, and keeps those that forge others."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.by_worker: Counter[str] = Counter()
        self.forged: list[str] = []
        self.bytes = 0

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        self.bytes += len(text)
        self.by_worker[text.partition("#")[0]] += 1
        if _FORGERY.search(text):
            self.forged.append(text[:200])


@contextmanager
def log_lines() -> Iterator[LogLines]:
    """The package's log, kept from pytest, which would hold all of it."""
    logger = logging.getLogger("engine_tasks")
    handler = LogLines()
    level, propagates = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagates


def verdict_of(result: TaskResult, phase: PoolPhase | None) -> str:
    """The word for a result. `phase` is where its worker was in its life."""
    if result.error is not None:
        return "refused" if phase is PoolPhase.FAILED else str(result.error.kind)
    return "contained" if result.encoded == _CONTAINED else "ok"


def play(queue: TaskQueue, scripts: Sequence[Script], mode: Mode, report: GameReport) -> None:
    """Run the scripts, a few at a time, until each is answered or overdue."""
    innocent = Innocent(queue)
    timed = Stopwatch(queue, report.longest_call_s)
    waiting, running = list(reversed(scripts)), list[Trial]()

    def frame() -> bool:
        if waiting and len(running) < AT_ONCE:
            running.append(_begin(timed, waiting.pop(), mode))
        innocent.send(timed)
        innocent.poll(timed)
        for trial in list(running):
            if _poll(timed, trial):
                running.remove(trial)
                timed.stop_worker(trial.worker_id)
                report.rows.append(_row(trial))
        report.frames += 1
        return not (waiting or running)

    game_loop(frame)
    innocent.finish(timed)
    report.innocent_answers += innocent.answered


def game_loop(frame: Callable[[], bool]) -> None:
    """Call `frame` about 60 times a second until it is True."""
    never = threading.Event()
    while not frame():
        never.wait(FRAME_S)


class Stopwatch:
    """A queue, as a game calls it, whose longest calls are noted; nothing is made of them but
    a line of the summary, since this machine may be busy."""

    def __init__(self, queue: TaskQueue, longest_call_s: dict[str, float]) -> None:
        self._queue = queue
        self._longest_call_s = longest_call_s

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._queue, name)
        if not callable(method):
            return method

        def call(*arguments: Any, **options: Any) -> Any:
            began_s = time.perf_counter()
            try:
                return method(*arguments, **options)
            finally:
                took_s = time.perf_counter() - began_s
                self._longest_call_s[name] = max(took_s, self._longest_call_s.get(name, 0.0))

        return call


class Innocent:
    """A worker that has done nothing wrong, and is asked something in every frame."""

    def __init__(self, queue: TaskQueue) -> None:
        self._id = queue.worker_ids.register("innocent")
        self._asked: dict[int, int] = {}
        self.answered = 0
        options = WorkerOptions(limits=LuaLimits(timeout_s=60.0))
        assert queue.start_worker(self._id, "innocent", INNOCENT, options=options), queue.last_error

    def send(self, queue: Stopwatch) -> None:
        number = self.answered + len(self._asked)
        task_id = queue.send_task(self._id, {"number": number})
        assert task_id is not None, queue.last_error
        self._asked[task_id] = number

    def poll(self, queue: Stopwatch) -> None:
        while (result := queue.next_task_result(self._id)) is not None:
            number = self._asked.pop(result.task_id)
            assert result.ok, result.error
            assert result.payload == {"square": number * number}
            self.answered += 1

    def finish(self, queue: Stopwatch) -> None:
        """Wait for every answer that is still due."""
        for _ in range(int(GRACE_S / FRAME_S)):
            self.poll(queue)
            if not self._asked:
                return
            threading.Event().wait(FRAME_S)
        raise AssertionError(f"{len(self._asked)} innocent tasks were not answered")


def _begin(queue: Stopwatch, script: Script, mode: Mode) -> Trial:
    worker_id = queue.worker_ids.register(script.name)
    options = mode.options(script)
    started = queue.start_worker(
        worker_id, script.name, script.path, script.instances, options=options, wait=False
    )
    assert started, queue.last_error
    payloads = script.payloads
    for payload in payloads:
        task_id = queue.send_task(worker_id, payload)
        assert task_id is not None, queue.last_error
    now_s = time.monotonic()
    due_s = now_s + GRACE_S + len(payloads) * options.limits.timeout_s
    return Trial(script, mode, worker_id, due_s, len(payloads), now_s)


def _poll(queue: Stopwatch, trial: Trial) -> bool:
    """Take what is there; whether the script is answered, or overdue."""
    while (result := queue.next_task_result(trial.worker_id)) is not None:
        state = queue.worker_state(trial.worker_id)
        trial.verdicts.append(verdict_of(result, state and state.phase))
        trial.messages.append(str(result.error) if result.error else f"{result.encoded!r:.300}")
        trial.awaited -= 1
    return trial.awaited <= 0 or time.monotonic() > trial.due_s


def _row(trial: Trial) -> Row:
    expected = trial.script.expected(trial.mode.vm)
    verdict = " ".join(dict.fromkeys(trial.verdicts))
    problem = ""
    if trial.awaited > 0:
        problem = f"{trial.awaited} tasks were not answered in time"
    elif trial.awaited < 0:
        problem = "more answers than tasks"
    elif not set(trial.verdicts) <= expected:
        shown = next(
            message
            for one, message in zip(trial.verdicts, trial.messages, strict=True)
            if one not in expected
        )
        problem = f"expected {' or '.join(sorted(expected))}: {shown[:300]!r}"
    seconds = time.monotonic() - trial.began_s
    return Row(trial.script.name, trial.mode.name, verdict or "none", problem, seconds)


def rss_mib() -> float:
    """Resident memory of this process."""
    return float(psutil.Process().memory_info().rss) / MIB


def child_processes() -> list[str]:
    """What this process has started that still runs."""
    names = []
    for child in psutil.Process().children(recursive=True):
        try:
            names.append(f"{child.pid}: {' '.join(child.cmdline())}")
        except psutil.NoSuchProcess:
            continue
    return names
