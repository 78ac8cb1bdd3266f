"""What a scenario is to reach, in words and as a test of its figures."""

from collections.abc import Callable
from typing import Final

from attrs import frozen

from engine_tasks.bench.figures import Comparison, Figure
from engine_tasks.bench.wording import limit_shown

#: The share of an aim where nothing at all was done of what is to be done.
NOTHING: Final = 1e9


@frozen
class Aim:
    """A promise about one metric against one peer.

    `share` says how much of what is allowed was used: 1 is reached just so, less is better.
    An empty `peer` or `metric` means the scenario's first.
    """

    text: str
    share: Callable[[Figure, Comparison], float]
    peer: str = ""
    metric: str = ""

    def is_reached(self, ours: Figure, against: Comparison) -> bool:
        """Whether these figures keep the promise."""
        return self.share(ours, against) <= 1


def at_most_times(limit: float, *, peer: str = "", metric: str = "") -> Aim:
    """The ratio to the peer is `limit` or less."""

    def share(_: Figure, against: Comparison) -> float:
        return NOTHING if against.ratio is None else against.ratio / limit

    return Aim(f"≤ {limit:g}x", share, peer, metric)


def at_least_times(limit: float, *, peer: str = "", metric: str = "") -> Aim:
    """The ratio to the peer is `limit` or more."""

    def share(_: Figure, against: Comparison) -> float:
        return limit / against.ratio if against.ratio else NOTHING

    return Aim(f"≥ {limit:g}x", share, peer, metric)


def at_most_more(limit: float, unit: str, *, peer: str = "", metric: str = "") -> Aim:
    """Ours exceeds the peer's figure by `limit` or less, in the metric's unit."""

    def share(_: Figure, against: Comparison) -> float:
        return max(against.difference, 0.0) / limit

    return Aim(f"≤ +{limit_shown(limit, unit)}", share, peer, metric)


def at_most(limit: float, unit: str, *, peer: str = "", metric: str = "") -> Aim:
    """Ours is `limit` or less, whatever the peer takes."""

    def share(ours: Figure, _: Comparison) -> float:
        return ours.value / limit

    return Aim(f"≤ {limit_shown(limit, unit)}", share, peer, metric)


def at_least(limit: float, unit: str, *, peer: str = "", metric: str = "") -> Aim:
    """Ours is `limit` or more, whatever the peer does."""

    def share(ours: Figure, _: Comparison) -> float:
        return limit / ours.value if ours.value > 0 else NOTHING

    return Aim(f"≥ {limit_shown(limit, unit)}", share, peer, metric)
