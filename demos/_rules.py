"""A script that may be saved at any time: the new one flies once it has passed a trial.

A worker runs the text that it started with. So a saved script is started as a worker of its
own, which must load and answer a trial before it takes over; the old one then drains. A script
that fails changes nothing, and what is wrong with it is told with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from attrs import define, field

from engine_tasks import LuaLimits, PoolPhase, TaskQueue, TaskResult, WorkerOptions

_INSTANCES: Final = 2

#: A step of the flock takes milliseconds; rules that take a second hang.
_LIMITS: Final = LuaLimits(memory_mb=64, timeout_s=1.0)

#: In the trial a loop is stopped by an error that names its line; that needs the JIT off.
_TRIAL_LIMITS: Final = LuaLimits(memory_mb=64, timeout_s=2.0, soft_timeout_s=0.5)

_NUMBERS: Final = re.compile(r"^local ([A-Z_, ]+) = ([-\d., ]+?)(?: --.*)?$", re.MULTILINE)


@define
class Rules:
    """The worker that runs the rules at the moment, and the one that may replace it."""

    queue: TaskQueue
    path: Path
    trial: Callable[[], Any]  # makes the payload of a trial
    judge: Callable[[Any], bool]  # whether its answer fits
    worker_id: int = 0
    accepted: int = 0  # saved scripts that took over
    refused: int = 0
    error: str = ""  # what is wrong with the script on disk
    took_ms: float = 0.0  # from saving to flying, the last time
    numbers: dict[str, str] = field(factory=dict)  # the rules' constants
    changed: frozenset[str] = frozenset()  # those that the last script changed
    _versions: int = 1
    _candidate: int | None = None
    _tester: int | None = None
    _tried: bool = False
    _saved_s: float = 0.0

    def start(self) -> bool:
        """Start the first script, without waiting; False and `error` when that is refused."""
        worker_id = self._start("Boids 1", _LIMITS, _INSTANCES)
        self.worker_id = worker_id or 0
        self.numbers = read_numbers(self.path)
        return worker_id is not None

    def reload(self) -> None:
        """Give the script as it is on disk now a trial; an earlier trial is off."""
        self._drop_candidate()
        self._saved_s, self._tried = perf_counter(), False
        self._versions += 1
        self._candidate = self._start(f"Boids {self._versions}", _LIMITS, _INSTANCES)
        self._tester = self._start(f"Boids {self._versions} on trial", _TRIAL_LIMITS, 1)
        if self._candidate is None or self._tester is None:
            self._refuse(str(self.queue.last_error))

    @property
    def is_trying(self) -> bool:
        """Whether a saved script has yet to pass its trial."""
        return self._candidate is not None

    def poll(self) -> bool:
        """See how a trial goes; whether a new script took over just now. Never waits."""
        if self._candidate is None or self._tester is None:
            return False
        states = [self.queue.worker_state(id_) for id_ in (self._tester, self._candidate)]
        failed = next((state for state in states if state is None or state.error), None)
        if failed is not None or None in states:
            reason = str(failed.error if failed else self.queue.last_error)
            self._refuse(reason.partition("cannot start: ")[2] or reason)
            return False
        if self._tried or any(state and state.phase is PoolPhase.STARTING for state in states):
            return False
        self._tried = True
        if self.queue.send_task(self._tester, self.trial(), on_result=self._take_trial) is None:
            self._refuse(str(self.queue.last_error))
        return False

    def _start(self, name: str, limits: LuaLimits, instances: int) -> int | None:
        worker_id = int(self.queue.worker_ids.register(name))
        options = WorkerOptions(limits=limits)
        started = self.queue.start_worker(
            worker_id, name, self.path, instances, options=options, wait=False
        )
        return worker_id if started else None

    def _take_trial(self, result: TaskResult) -> None:
        if result.worker_id != self._tester or self._candidate is None:
            return  # of a script that was saved over meanwhile
        if not result.ok:
            self._refuse(str(result.error))
        elif not self.judge(result.payload):
            self._refuse(f"{self.path.name}: Run returned something else than the boids it moved")
        else:
            self._take_over(self._candidate)

    def _take_over(self, candidate: int) -> None:
        numbers = read_numbers(self.path)
        self.changed = frozenset(n for n in numbers if numbers[n] != self.numbers.get(n))
        self.numbers = numbers
        self.queue.drain(self.worker_id, timeout_s=2.0)
        self.worker_id, self._candidate = candidate, None
        self._drop_candidate()
        self.accepted += 1
        self.error, self.took_ms = "", 1000 * (perf_counter() - self._saved_s)

    def _refuse(self, error: str) -> None:
        self._drop_candidate()
        self.refused += 1
        self.error = error

    def _drop_candidate(self) -> None:
        for worker_id in (self._candidate, self._tester):
            if worker_id is not None:
                self.queue.stop_worker(worker_id)
        self._candidate = self._tester = None


def read_numbers(path: Path) -> dict[str, str]:
    """The constants at the head of a script: `local SIGHT = 26`; none of one that is gone."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    numbers: dict[str, str] = {}
    for names, values in _NUMBERS.findall(text):
        numbers.update(zip(names.split(", "), values.split(", "), strict=False))
    return numbers
