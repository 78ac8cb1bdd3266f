"""What a run found: plain values that travel as JSON."""

import json
from typing import Literal

import cattrs
from attrs import frozen

from engine_tasks.bench.figures import Comparison, Figure
from engine_tasks.bench.machine import Machine


@frozen
class MetricResult:
    """One metric of a scenario: ours, and each peer's beside it."""

    name: str
    unit: str
    better: Literal["lower", "higher"]
    ours: Figure
    peers: tuple[Comparison, ...]


@frozen
class ScenarioResult:
    """All metrics of a scenario, or in `error` why there are none, and where it was.

    `disturbance` is the share of all cores that other programs used meanwhile, 0..1; None
    where the system does not tell. `absent` are the peers that are not installed.
    """

    name: str
    title: str
    duration_s: float
    metrics: tuple[MetricResult, ...] = ()
    error: str | None = None
    trace: str = ""
    disturbance: float | None = None
    absent: tuple[str, ...] = ()


@frozen
class Report:
    """A run: where, how long, and what came out."""

    machine: Machine
    effort: str
    repeats: int
    scenarios: tuple[ScenarioResult, ...]

    def aims(self) -> tuple[int, int]:
        """How many aims were reached, of how many."""
        verdicts = [
            peer.reached
            for scenario in self.scenarios
            for metric in scenario.metrics
            for peer in metric.peers
            if peer.reached is not None
        ]
        return sum(verdicts), len(verdicts)

    def failed(self) -> tuple[ScenarioResult, ...]:
        """The scenarios that raised."""
        return tuple(result for result in self.scenarios if result.error is not None)

    def to_json(self) -> str:
        """The report as indented JSON."""
        return json.dumps(cattrs.unstructure(self), indent=2, ensure_ascii=False)


def result_to_json(result: ScenarioResult) -> str:
    """A scenario's result as its process prints it, on one line."""
    return json.dumps(cattrs.unstructure(result), ensure_ascii=False)


def result_from_json(text: str) -> ScenarioResult:
    """The result that `result_to_json` wrote; anything else raises."""
    return cattrs.structure(json.loads(text), ScenarioResult)
