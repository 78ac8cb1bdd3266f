"""What a run found: plain values that travel as JSON."""

import json
from typing import Literal, Self

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
    where the system does not tell. `absent` are the peers that are not installed, `group`
    is what the scenario is about, with others.
    """

    name: str
    title: str
    duration_s: float
    metrics: tuple[MetricResult, ...] = ()
    error: str | None = None
    trace: str = ""
    disturbance: float | None = None
    absent: tuple[str, ...] = ()
    group: str = ""


@frozen
class Report:
    """A run: where, how long, what came out, and on which day (ISO 8601, of UTC)."""

    machine: Machine
    effort: str
    repeats: int
    scenarios: tuple[ScenarioResult, ...]
    date: str = ""

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

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The report that `to_json` wrote. Raises `ValueError` for anything else."""
        try:
            return cattrs.structure(json.loads(text), cls)
        except cattrs.BaseValidationError as error:
            raise ValueError("; ".join(cattrs.transform_error(error))) from error


def result_to_json(result: ScenarioResult) -> str:
    """A scenario's result as its process prints it, on one line."""
    return json.dumps(cattrs.unstructure(result), ensure_ascii=False)


def result_from_json(text: str) -> ScenarioResult:
    """The result that `result_to_json` wrote; anything else raises."""
    return cattrs.structure(json.loads(text), ScenarioResult)
