"""From samples to figures: medians, spread, and ratios pair by pair."""

import statistics
from collections.abc import Callable, Sequence
from itertools import chain

from attrs import frozen

#: Makes one number of the observations of one sample, or of all samples together.
Reduce = Callable[[Sequence[float]], float]


@frozen
class Figure:
    """One side's number: over all observations, and sample by sample.

    `spread` is the median absolute deviation of the samples.
    """

    value: float
    spread: float
    samples: tuple[float, ...]


@frozen
class Comparison:
    """Our figure against one peer's, samples paired in the order they were taken.

    `ratio` is the median of ours/peer over the pairs, None where a peer's sample is 0;
    `difference` is ours - peer in the metric's unit. Of the aim, None without one: whether it
    is `reached`, which `share` of what it allows was used, and the figure `needed` for it.
    """

    peer: str
    figure: Figure
    ratio: float | None
    ratio_spread: float | None
    difference: float
    aim: str | None = None
    reached: bool | None = None
    share: float | None = None
    needed: float | None = None


def deviation(values: Sequence[float]) -> float:
    """The median absolute deviation: a spread that one disturbed sample does not move."""
    middle = statistics.median(values)
    return statistics.median(abs(value - middle) for value in values)


def p99(observations: Sequence[float]) -> float:
    """The 99th percentile, interpolated; of one observation, itself."""
    if len(observations) < 2:
        return float(observations[0])
    return statistics.quantiles(observations, n=100, method="inclusive")[98]


def column(number: int, columns: int, reduce: Reduce = statistics.median) -> Reduce:
    """Reduces one column of observations that come in rows of `columns`, a row a sample."""
    return lambda observations: reduce(observations[number::columns])


def figure_of(samples: Sequence[Sequence[float]], reduce: Reduce) -> Figure:
    """The figure of one side: `reduce` over all observations, and over each sample."""
    each = tuple(float(reduce(sample)) for sample in samples)
    pooled = list(chain.from_iterable(samples))
    return Figure(float(reduce(pooled)), deviation(each), each)


def compare(peer: str, ours: Figure, theirs: Figure) -> Comparison:
    """Ours against theirs, pair by pair, so that a slow moment of the machine hits both."""
    difference = ours.value - theirs.value
    pairs = list(zip(ours.samples, theirs.samples, strict=True))
    if not all(b for _, b in pairs):
        return Comparison(peer, theirs, None, None, difference)
    ratios = [a / b for a, b in pairs]
    return Comparison(peer, theirs, statistics.median(ratios), deviation(ratios), difference)
