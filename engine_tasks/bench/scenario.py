"""What is measured, and against whom."""

import statistics
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from shutil import which
from typing import Literal

from attrs import field, frozen

from engine_tasks.bench.aims import Aim
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.figures import Reduce, column

#: Takes one sample and gives its observations, at least one.
Sampler = Callable[[], Sequence[float]]
#: Makes ready what a sampler needs, and clears it away afterwards.
SetUp = Callable[[Effort], AbstractContextManager[Sampler]]


@frozen
class Peer:
    """What ours is measured against.

    Left out where the module that it `needs` or the `program` that it runs is missing.
    """

    name: str
    set_up: SetUp
    needs: str = ""
    program: str = ""

    def is_there(self) -> bool:
        """Whether it can be measured here."""
        if self.program and which(self.program) is None:
            return False
        return not self.needs or find_spec(self.needs) is not None


@frozen
class Metric:
    """One number made of a scenario's observations; `name` is "" for the only one."""

    name: str
    unit: str
    better: Literal["lower", "higher"]
    reduce: Reduce = statistics.median


def columns(unit: str, *names: str) -> tuple[Metric, ...]:
    """Metrics of samplers that give one observation of each, in this order."""
    return tuple(
        Metric(name, unit, "lower", column(number, len(names))) for number, name in enumerate(names)
    )


def _aims_fit(scenario: "Scenario", _attribute: object, aims: Sequence[Aim]) -> None:
    peers = {"", *(peer.name for peer in scenario.peers)}
    metrics = {"", *(metric.name for metric in scenario.metrics)}
    for aim in aims:
        if aim.peer not in peers or aim.metric not in metrics:
            raise ValueError(f"{scenario.name}: no peer {aim.peer!r} or metric {aim.metric!r}")


@frozen
class Scenario:
    """One line or more of the table: ours, its peers, and what is to be reached.

    `group` is what it is about, with others; the list of all scenarios gives it.
    All sides are alive in one process and take their samples in turn. `quick` is False
    for one that `--quick` leaves out unless it is named. The samples of a `long` one take seconds:
    there are few, and none to warm up.
    """

    name: str
    title: str
    ours: SetUp
    peers: tuple[Peer, ...]
    metrics: tuple[Metric, ...]
    aims: tuple[Aim, ...] = field(default=(), validator=_aims_fit)
    quick: bool = True
    long: bool = False
    group: str = ""

    def aim_for(self, metric: Metric, peer: Peer) -> Aim | None:
        """The aim of that line of the table, if there is one."""
        for aim in self.aims:
            if (aim.metric or self.metrics[0].name) == metric.name and (
                aim.peer or self.peers[0].name
            ) == peer.name:
                return aim
        return None
