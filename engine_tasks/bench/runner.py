"""Gives each scenario a process of its own and collects what they print."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from time import perf_counter
from typing import Final

from attrs import evolve

from engine_tasks.bench.effort import Effort
from engine_tasks.bench.machine import busy_s
from engine_tasks.bench.report import ScenarioResult, result_from_json
from engine_tasks.bench.scenario import Scenario

#: Seconds one scenario may take; past that it hangs and the others go on.
SCENARIO_TIMEOUT_S: Final = 300.0
#: Characters of a dead process's last words to keep.
_LAST_WORDS: Final = 2000


def chosen(
    scenarios: Sequence[Scenario], patterns: Sequence[str], *, quick: bool
) -> tuple[Scenario, ...]:
    """The scenarios whose name matches a pattern, in their own order.

    A pattern is part of a name, or a glob with `*`, `?` or `[...]`. Without patterns it
    is all of them, less those that a quick run leaves out.
    """
    if not patterns:
        return tuple(scenario for scenario in scenarios if scenario.quick or not quick)
    return tuple(scenario for scenario in scenarios if fits(scenario.name, patterns))


def fits(name: str, patterns: Sequence[str]) -> bool:
    """Whether a scenario's name matches one of the patterns; any name does, of none."""
    return not patterns or any(_matches(name, pattern) for pattern in patterns)


def run_each(scenarios: Sequence[Scenario], effort: Effort) -> Iterator[ScenarioResult]:
    """The results one by one, each from a fresh process; never raises for a scenario."""
    for scenario in scenarios:
        yield run_apart(scenario, effort)


def run_apart(scenario: Scenario, effort: Effort) -> ScenarioResult:
    """Measures one scenario in a fresh process; what goes wrong there is in the result."""
    begin_s = perf_counter()
    others = Others()
    try:
        status, out, words = _output_of(_command(scenario, effort))
        if out.strip():
            return evolve(result_from_json(out), disturbance=others.share())
        error = f"its process ended with status {status}"
    except (subprocess.TimeoutExpired, OSError, ValueError) as failure:
        error, words = f"{type(failure).__name__}: {failure}", ""
    duration_s = perf_counter() - begin_s
    return ScenarioResult(
        scenario.name, scenario.title, duration_s, (), error, words, group=scenario.group
    )


class Others:
    """How much of the machine programs other than our children use from now on."""

    def __init__(self) -> None:
        self._begin_s = perf_counter()
        self._busy_s = busy_s()
        self._ours_s = _children_s()

    def share(self) -> float | None:
        """Their share of all cores, 0..1; None where the system does not tell."""
        busy_now_s = busy_s()
        if busy_now_s is None or self._busy_s is None:
            return None
        theirs_s = busy_now_s - self._busy_s - (_children_s() - self._ours_s)
        available_s = (perf_counter() - self._begin_s) * (os.cpu_count() or 1)
        return min(max(theirs_s / available_s, 0.0), 1.0)


def _children_s() -> float:
    """Seconds of work of the children waited for, and of theirs."""
    times = os.times()
    return times.children_user + times.children_system


def _command(scenario: Scenario, effort: Effort) -> list[str]:
    module = [sys.executable, "-m", "engine_tasks.bench._run", scenario.name]
    return [*module, "--effort", effort.name, "--repeats", str(effort.repeats)]


def _output_of(command: Sequence[str]) -> tuple[int, str, str]:
    """Exit status, output, and the last of what went to stderr."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        # A group, so that a peer's workers can be ended with it; never a session, in
        # which `nice` would count for nothing against this one.
        process_group=0 if os.name == "posix" else None,
    )
    with process:
        try:
            out, words = process.communicate(timeout=SCENARIO_TIMEOUT_S)
        except BaseException:  # Ctrl-C too
            _end(process)
            raise
    return process.returncode, out, words.strip()[-_LAST_WORDS:]


def _end(process: "subprocess.Popen[str]") -> None:
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _matches(name: str, pattern: str) -> bool:
    if any(character in pattern for character in "*?["):
        return fnmatchcase(name, pattern)
    return pattern in name
