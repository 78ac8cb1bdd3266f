"""What a chart of a report shows, before anything is drawn."""

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from engine_tasks.bench.figures import Comparison
from engine_tasks.bench.report import MetricResult, Report, ScenarioResult
from engine_tasks.bench.wording import quantity, ratio_shown, shown

#: Panels of figures in a chart: those with an aim come first, and of them those with most peers.
MOST_PANELS: Final = 14
#: A figure that is this many times better or worse than its aim is drawn as this.
FURTHEST: Final = 30.0


@frozen
class AimBar:
    """How an aim is reached: `times` as good as it asks for, from 1/FURTHEST to FURTHEST."""

    label: str
    text: str
    times: float
    reached: bool


@frozen
class Side:
    """A figure in a panel: ours, or a peer's."""

    label: str
    value: float
    text: str
    is_ours: bool = False


@frozen
class Panel:
    """One metric of a scenario, all sides; `reached` is that of our aim, None without one."""

    title: str
    sides: tuple[Side, ...]
    better: str
    is_share: bool
    reached: bool | None = None
    needed: float | None = None
    aim: str = ""


def aim_bars(report: Report) -> list[AimBar]:
    """All aims, the best reached first."""
    bars = [
        _aim_bar(scenario, metric, peer)
        for scenario in report.scenarios
        for metric in scenario.metrics
        for peer in metric.peers
        if peer.reached is not None and peer.share is not None
    ]
    return sorted(bars, key=lambda bar: -bar.times)


def _aim_bar(scenario: ScenarioResult, metric: MetricResult, peer: Comparison) -> AimBar:
    label = f"{scenario.name}, {metric.name}" if metric.name else scenario.name
    share, aim = peer.share or 0.0, peer.aim or ""
    times = 1 / max(share, 1 / FURTHEST)
    text = f"{_measured(metric, peer, aim)} (aim {aim})"
    return AimBar(label, text, max(times, 1 / FURTHEST), bool(peer.reached))


def _measured(metric: MetricResult, peer: Comparison, aim: str) -> str:
    """What the aim is about: the ratio, the difference, or our own figure."""
    if aim.endswith("x"):
        ratio = ratio_shown(metric.unit, peer).partition(" ±")[0]
        return f"{ratio} {peer.peer}"
    if "+" in aim:
        return f"{peer.difference:+.2g} {metric.unit} on {peer.peer}"
    return quantity(metric.ours.value, metric.unit)


def panels(report: Report) -> list[Panel]:
    """The metrics that are worth a picture of their own, in the order of the report."""
    found = list(_candidates(report))
    worth = sorted(found, key=lambda panel: (panel.reached is None, -len(panel.sides)))
    return [panel for panel in found if panel in worth[:MOST_PANELS]]


def _candidates(report: Report) -> Iterator[Panel]:
    """One a scenario: the first of its metrics that has an aim, or else its first."""
    for scenario in report.scenarios:
        if scenario.metrics:
            metrics = [m for m in scenario.metrics if any(p.aim for p in m.peers)]
            yield _panel(scenario, (metrics or scenario.metrics)[0])


def _panel(scenario: ScenarioResult, metric: MetricResult) -> Panel:
    aimed = next((peer for peer in metric.peers if peer.aim), None)
    ours = Side("ours", metric.ours.value, shown(metric.ours, metric.unit), is_ours=True)
    peers = (
        Side(peer.peer, peer.figure.value, shown(peer.figure, metric.unit)) for peer in metric.peers
    )
    best_first = -1 if metric.better == "higher" else 1
    return Panel(
        title=f"{scenario.name}, {metric.name}" if metric.name else scenario.name,
        sides=tuple(sorted((ours, *peers), key=lambda side: best_first * side.value)),
        better=metric.better,
        is_share=metric.unit == "%",
        reached=aimed.reached if aimed else None,
        needed=aimed.needed if aimed else None,
        aim=_named(aimed) if aimed else "",
    )


def _named(peer: Comparison) -> str:
    """The aim with the peer it is about, where it is about one."""
    aim = peer.aim or ""
    return f"{aim} {peer.peer}" if aim.endswith("x") or "+" in aim else aim
