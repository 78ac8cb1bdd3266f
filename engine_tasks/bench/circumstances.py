"""What a reader of figures is told beside them: where, with what, how, and how disturbed."""

import statistics
from typing import Final

from engine_tasks.bench.report import Report

#: The share of the machine that other programs may use before a figure is doubted.
DISTURBED: Final = 0.05
#: How the figures come about.
METHOD: Final = (
    "medians with their median deviation, sides in turns, ratios pair by pair, collector on"
)


def machine_lines(report: Report) -> list[str]:
    """Where the figures are taken, with what, and how."""
    machine = report.machine
    load = "" if machine.load is None else f", load {machine.load:g}"
    libraries = ", ".join(f"{name} {number}" for name, number in machine.libraries.items())
    return [
        f"{machine.cpu}, {machine.usable_cores} of {machine.cores} cores{load}",
        f"{machine.system}, {machine.python}",
        libraries,
        f"{report.effort} run, {report.repeats} samples a side: {METHOD}",
    ]


def aims_shown(report: Report) -> str:
    """How many aims were reached."""
    reached, total = report.aims()
    return f"{reached} of {total} aims reached" if total else "these scenarios have no aims"


def disturbance_line(report: Report) -> str:
    """How much of the machine other programs used meanwhile, over all scenarios."""
    shares = [each.disturbance for each in report.scenarios if each.disturbance is not None]
    if not shares:
        return "unknown: this system does not tell"
    worst = sum(share >= DISTURBED for share in shares)
    return (
        f"{statistics.median(shares):.0%} of the machine in the median of the scenarios, "
        f"{max(shares):.0%} at most; {DISTURBED:.0%} or more in {worst} of {len(shares)}"
    )
