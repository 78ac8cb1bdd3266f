"""A report as a page of Markdown: what `docs/benchmarks.md` is made of."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from engine_tasks.bench.circumstances import DISTURBED, METHOD, aims_shown, disturbance_line
from engine_tasks.bench.figures import Comparison
from engine_tasks.bench.report import MetricResult, Report, ScenarioResult
from engine_tasks.bench.wording import ratio_shown, shown

#: Columns of figures, which stand to the right.
FIGURES: Final = {"ours", "peer's", "ours/peer"}

_COMMANDS: Final = """\
```sh
pip install 'engine-tasks[bench]'
engine-tasks bench --markdown benchmarks.md --plot benchmarks.svg
```"""

_HOW_TO_READ: Final = f"""\
## How to read it

Each scenario ran in a process of its own, with ours and all its peers alive; they took their
samples in turns, A B C A B C, so that a slow moment of the machine hits all of them.

* **ours**, **peer's**: the figure of all samples together, and the median deviation of the
  samples from their median.
* **ours/peer**: the median of the ratios of the samples taken next to each other, and its
  deviation; where that says nothing, as for shares, the difference. A time under 1x, or a rate
  over 1x, is ours being faster.
* **aim**: what is to be reached: a ratio, a figure (whatever the peer's), or (≤ +) a difference.
* A scenario marked † had other programs use {DISTURBED:.0%} or more of the machine meanwhile:
  believe its ratios rather than its figures, and neither to the last digit.
* `a bare pipe` and `two bare locks` are no libraries: they are the least that a hand-over to
  another process or thread takes on this machine. `busy processes` are as many processes as
  there are workers, which nobody talks to: what is late beside them the machine makes late.
"""


def to_markdown(report: Report) -> str:
    """The whole page, with a newline at its end."""
    parts = [
        "# Benchmarks",
        _origin(report),
        "## Where",
        _where(report),
        "## Aims",
        _aims(report),
        _HOW_TO_READ.rstrip(),
        *_groups(report),
    ]
    return "\n\n".join(parts) + "\n"


def _origin(report: Report) -> str:
    return (
        f"Made by `engine-tasks bench` from a {report.effort} run of {report.repeats} samples a "
        f"side; do not edit.\nTo measure your own machine:\n\n{_COMMANDS}"
    )


def _where(report: Report) -> str:
    machine = report.machine
    load = "unknown" if machine.load is None else f"{machine.load:g}"
    rows = {
        "processor": f"{machine.cpu}, {machine.usable_cores} of {machine.cores} cores",
        "system": machine.system,
        "Python": machine.python,
        "libraries": ", ".join(f"{name} {number}" for name, number in machine.libraries.items()),
        "date": report.date or "unknown",
        "load when it began": load,
        "other programs": disturbance_line(report),
        "method": METHOD,
    }
    return _table(["", ""], list(rows.items()))


def _aims(report: Report) -> str:
    rows = [
        [_named(scenario, metric), shown(metric.ours, metric.unit), *_compared(metric, peer)]
        for scenario in report.scenarios
        for metric in scenario.metrics
        for peer in metric.peers
        if peer.reached is not None
    ]
    heads = ["", "ours", "peer", "peer's", "ours/peer", "aim"]
    text = aims_shown(report).capitalize() + "."
    return f"{text}\n\n{_table(heads, rows)}" if rows else text


def _named(scenario: ScenarioResult, metric: MetricResult) -> str:
    return f"`{scenario.name}`" + (f", {metric.name}" if metric.name else "")


def _groups(report: Report) -> Iterator[str]:
    for group, together in groupby(report.scenarios, lambda scenario: scenario.group):
        scenarios = list(together)
        yield f"## {group or 'Scenarios'}"
        yield "\n".join(line for scenario in scenarios for line in _described(scenario))
        rows = [row for scenario in scenarios for row in _rows(scenario)]
        if rows:
            yield _table(["", "", "ours", "peer", "peer's", "ours/peer", "aim"], rows)


def _described(scenario: ScenarioResult) -> Iterator[str]:
    disturbed = scenario.disturbance is not None and scenario.disturbance >= DISTURBED
    yield f"* `{scenario.name}`{' †' if disturbed else ''}: {scenario.title}"
    if scenario.error is not None:
        yield f"  * failed: {scenario.error}"
    if scenario.absent:
        yield f"  * not installed: {', '.join(scenario.absent)}"


def _rows(scenario: ScenarioResult) -> Iterator[list[str]]:
    """A line for each metric and peer; what is the same as above is left empty."""
    scenario_name = f"`{scenario.name}`"
    for metric in scenario.metrics:
        name, ours = metric.name, shown(metric.ours, metric.unit)
        for peer in metric.peers:
            yield [scenario_name, name, ours, *_compared(metric, peer)]
            scenario_name = name = ours = ""


def _compared(metric: MetricResult, peer: Comparison) -> list[str]:
    theirs = shown(peer.figure, metric.unit)
    return [peer.peer, theirs, ratio_shown(metric.unit, peer), _verdict(peer)]


def _verdict(peer: Comparison) -> str:
    if peer.reached is None:
        return ""
    return f"{peer.aim} {'reached' if peer.reached else '**missed**'}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    marks = ["---:" if head in FIGURES else "---" for head in heads]
    return "\n".join(f"| {' | '.join(line)} |" for line in [list(heads), marks, *lines])
