"""Times what is too short for one look at the clock."""

from collections.abc import Callable, Mapping
from time import perf_counter, perf_counter_ns
from timeit import Timer
from typing import Final

#: timeit switches the garbage collector off; a game does not.
_KEEP_COLLECTING: Final = "import gc; gc.enable()"
#: How often an empty measurement is taken to learn what the measuring costs.
_OVERHEAD_LOOKS: Final = 5


class Statement:
    """A statement whose runs are timed, net of the loop around it."""

    def __init__(self, statement: str, names: Mapping[str, object]) -> None:
        self._timer = Timer(statement, _KEEP_COLLECTING, globals=dict(names))
        self._empty = Timer("pass", _KEEP_COLLECTING)

    def count_lasting(self, sample_s: float) -> int:
        """How many runs last `sample_s` seconds or a little more."""
        count = 1
        while (took_s := self._timer.timeit(count)) < sample_s:
            # Aim a little past it, and trust a short look for tenfold at most.
            wanted = count * 1.2 * sample_s / took_s
            count = int(min(max(wanted, count * 2), count * 10))
        return count

    def overhead_s(self, count: int) -> float:
        """Seconds the loop alone takes for `count` runs."""
        return min(self._empty.timeit(count) for _ in range(_OVERHEAD_LOOKS))

    def per_run_ns(self, count: int, overhead_s: float) -> float:
        """Nanoseconds a run, of `count` in a row."""
        return max(self._timer.timeit(count) - overhead_s, 0.0) / count * 1e9


class Loop:
    """A statement that may run any number of times, sampled for `sample_s` seconds."""

    def __init__(self, statement: str, names: Mapping[str, object], sample_s: float) -> None:
        self._statement = Statement(statement, names)
        self._count = self._statement.count_lasting(sample_s)
        self._overhead_s = self._statement.overhead_s(self._count)

    def sample(self) -> list[float]:
        """Nanoseconds a run, one observation."""
        return [self._statement.per_run_ns(self._count, self._overhead_s)]


def clock_cost_ns() -> int:
    """What two looks at the clock with nothing between them seem to last."""
    looks = []
    for _ in range(1001):
        begin = perf_counter_ns()
        looks.append(perf_counter_ns() - begin)
    looks.sort()
    return looks[len(looks) // 2]


class Stopwatch:
    """Adds up the timed parts of a sample, until they last `sample_s` seconds."""

    def __init__(self, sample_s: float) -> None:
        self._sample_s = sample_s
        self._begin_s = 0.0
        self.timed_s = 0.0

    def __enter__(self) -> None:
        self._begin_s = perf_counter()

    def __exit__(self, *_: object) -> None:
        self.timed_s += perf_counter() - self._begin_s

    def runs(self) -> bool:
        """Whether more is to be timed."""
        return self.timed_s < self._sample_s


def until_lasting(sample_s: float, once_ms: Callable[[], float]) -> list[float]:
    """The milliseconds that `once_ms` tells each time, again and again for `sample_s` seconds.

    Once at least; what is around the part that it times counts as well.
    """
    end_s = perf_counter() + sample_s
    took_ms = [once_ms()]
    while perf_counter() < end_s:
        took_ms.append(once_ms())
    return took_ms
