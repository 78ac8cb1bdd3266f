"""What a scenario is to reach, in words and as a test of its figures."""

from collections.abc import Callable
from typing import Final

from attrs import frozen

from engine_tasks.bench.figures import Comparison, Figure
from engine_tasks.bench.wording import limit_shown

#: The share of an aim of which nothing at all is reached.
NOTHING: Final = 1e9

#: Says something of our figure, and how it stands against the peer's.
Judge = Callable[[Figure, Comparison], float]


@frozen
class Aim:
    """A promise about one metric against one peer.

    `share` says how much of what is allowed was used: 1 is reached just so, less is better;
    `needed` is the figure that would just reach it, beside the peer's figure as it is.
    An empty `peer` or `metric` means the scenario's first.
    """

    text: str
    share: Judge
    needed: Judge
    peer: str = ""
    metric: str = ""

    def is_reached(self, ours: Figure, against: Comparison) -> bool:
        """Whether these figures keep the promise."""
        return self.share(ours, against) <= 1


def at_most_times(limit: float, *, peer: str = "", metric: str = "") -> Aim:
    """The ratio to the peer is `limit` or less."""

    def share(_: Figure, against: Comparison) -> float:
        return NOTHING if against.ratio is None else against.ratio / limit

    return Aim(f"≤ {limit:g}x", share, _times(limit), peer, metric)


def at_least_times(limit: float, *, peer: str = "", metric: str = "") -> Aim:
    """The ratio to the peer is `limit` or more."""

    def share(_: Figure, against: Comparison) -> float:
        return limit / against.ratio if against.ratio else NOTHING

    return Aim(f"≥ {limit:g}x", share, _times(limit), peer, metric)


def at_most_more(limit: float, unit: str, *, peer: str = "", metric: str = "") -> Aim:
    """Ours exceeds the peer's figure by `limit` or less, in the metric's unit."""

    def share(_: Figure, against: Comparison) -> float:
        return max(against.difference, 0.0) / limit

    def needed(_: Figure, against: Comparison) -> float:
        return against.figure.value + limit

    return Aim(f"≤ +{limit_shown(limit, unit)}", share, needed, peer, metric)


def at_most(limit: float, unit: str, *, peer: str = "", metric: str = "") -> Aim:
    """Ours is `limit` or less, whatever the peer takes."""

    def share(ours: Figure, _: Comparison) -> float:
        return ours.value / limit

    return Aim(f"≤ {limit_shown(limit, unit)}", share, lambda *_: limit, peer, metric)


def at_least(limit: float, unit: str, *, peer: str = "", metric: str = "") -> Aim:
    """Ours is `limit` or more, whatever the peer does."""

    def share(ours: Figure, _: Comparison) -> float:
        return limit / ours.value if ours.value > 0 else NOTHING

    return Aim(f"≥ {limit_shown(limit, unit)}", share, lambda *_: limit, peer, metric)


def _times(limit: float) -> Judge:
    return lambda _, against: limit * against.figure.value
