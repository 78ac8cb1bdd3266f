"""What a scenario is to reach, in words and as a test of its figures."""

from collections.abc import Callable

from attrs import frozen

from engine_tasks.bench.figures import Comparison, Figure


@frozen
class Aim:
    """A promise about one metric against one peer.

    An empty `peer` or `metric` means the scenario's first.
    """

    text: str
    is_reached: Callable[[Figure, Comparison], bool]
    peer: str = ""
    metric: str = ""


def at_most_times(limit: float, *, peer: str = "", metric: str = "") -> Aim:
    """The ratio to the peer is `limit` or less."""

    def is_reached(_: Figure, against: Comparison) -> bool:
        return against.ratio is not None and against.ratio <= limit

    return Aim(f"≤ {limit:g}x", is_reached, peer, metric)


def at_least_times(limit: float, *, peer: str = "", metric: str = "") -> Aim:
    """The ratio to the peer is `limit` or more."""

    def is_reached(_: Figure, against: Comparison) -> bool:
        return against.ratio is not None and against.ratio >= limit

    return Aim(f"≥ {limit:g}x", is_reached, peer, metric)


def at_most_more(limit: float, unit: str, *, peer: str = "", metric: str = "") -> Aim:
    """Ours exceeds the peer's figure by `limit` or less, in the metric's unit."""

    def is_reached(_: Figure, against: Comparison) -> bool:
        return against.difference <= limit

    return Aim(f"≤ +{limit:g} {unit}", is_reached, peer, metric)


def at_most(limit: float, unit: str, *, peer: str = "", metric: str = "") -> Aim:
    """Ours is `limit` or less, whatever the peer takes."""

    def is_reached(ours: Figure, _: Comparison) -> bool:
        return ours.value <= limit

    return Aim(f"≤ {limit:g} {unit}", is_reached, peer, metric)
