"""The table at the end of `pytest tests/sandbox`: a line for each script and machine."""

from __future__ import annotations

from collections import Counter

import pytest
from hostile_game import GameReport, Row

_REPORTS = pytest.StashKey[list[GameReport]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_REPORTS] = []


@pytest.fixture
def report(request: pytest.FixtureRequest) -> GameReport:
    """Takes the lines of one test."""
    made = GameReport()
    request.config.stash[_REPORTS].append(made)
    return made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.config.stash[_REPORTS]
    rows = sorted((row for report in reports for row in report.rows), key=_order)
    if not rows:
        return
    terminalreporter.section("hostile scripts")
    for row in rows:
        terminalreporter.write_line(str(row), red=bool(row.problem))
    counts = Counter(row.verdict for row in rows)
    terminalreporter.write_line("")
    terminalreporter.write_line(
        ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    )
    if any(report.frames for report in reports):
        terminalreporter.write_line(_of_the_game(reports))


def _of_the_game(reports: list[GameReport]) -> str:
    frames = sum(report.frames for report in reports)
    longest_s: dict[str, float] = {}
    for report in reports:
        for call, took_s in report.longest_call_s.items():
            longest_s[call] = max(took_s, longest_s.get(call, 0.0))
    answers = sum(report.innocent_answers for report in reports)
    calls = ", ".join(f"{call} {took_s * 1000:.1f} ms" for call, took_s in longest_s.items())
    grown_mib = max(report.grown_mib for report in reports)
    return (
        f"{frames} frames; the innocent worker answered {answers} tasks; the game grew by "
        f"{grown_mib:.0f} MiB at most; its longest calls: {calls}"
    )


def _order(row: Row) -> tuple[str, str]:
    return row.script, row.mode
