"""Figures, ratios and limits as people read them: the same in every report."""

import math
from typing import Final

from engine_tasks.bench.figures import Comparison, Figure

#: Units that read better in the next one from 10,000 on.
_NEXT_UNIT: Final = {"ns": "µs", "µs": "ms", "ms": "s"}


def shown(figure: Figure, unit: str) -> str:
    """`1,310 ns ±4%`: three significant digits and the relative spread."""
    spread = f" ±{figure.spread / figure.value:.0%}" if figure.value and unit != "%" else ""
    return quantity(figure.value, unit) + spread


def quantity(value: float, unit: str) -> str:
    """`1,310 ns`, `43.7 µs`: three significant digits in a unit that reads well."""
    while abs(value) >= 10_000 and unit in _NEXT_UNIT:
        value, unit = value / 1000, _NEXT_UNIT[unit]
    return f"{value:,.{decimals(value)}f}{_joined(unit)}"


def limit_shown(value: float, unit: str) -> str:
    """`50 µs`, `0.5 %`: a round number as somebody chose it."""
    while abs(value) >= 10_000 and unit in _NEXT_UNIT:
        value, unit = value / 1000, _NEXT_UNIT[unit]
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"
    return f"{number}{_joined(unit)}"


def ratio_shown(unit: str, against: Comparison) -> str:
    """The ratio with its spread; of shares, and where a peer's sample is 0, the difference."""
    if unit == "%" or against.ratio is None or against.ratio_spread is None:
        places = min(decimals(against.difference), 1)
        return f"{against.difference:+,.{places}f}{_joined(unit)}"
    spread = f" ±{against.ratio_spread / against.ratio:.0%}" if against.ratio else ""
    return times_shown(against.ratio) + spread


def times_shown(ratio: float) -> str:
    """`2.50x`, `113x`."""
    return f"{ratio:,.{decimals(ratio)}f}x"


def decimals(value: float) -> int:
    """Decimal places that show `value` with three significant digits, two at most."""
    if value == 0 or not math.isfinite(value):
        return 0
    return min(max(2 - math.floor(math.log10(abs(value))), 0), 2)


def _joined(unit: str) -> str:
    return unit.removeprefix("tasks") if unit.startswith("tasks/") else f" {unit}"
