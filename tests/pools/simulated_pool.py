"""A pool in simulated time, and loads for it."""

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable, Iterable

from engine_tasks.pools.scaling import Load, Scaler

#: Seconds between two looks, and those that an instance idles before it is taken away.
LOOK_S = 0.1
IDLE_S = 5.0


class SimulatedPool:
    """A pool in simulated time: `arrivals` are instants, `service_s` says how long a task takes.

    It looks as a real one does: only while anything waits or it is larger than the minimum.
    """

    def __init__(
        self,
        arrivals: Iterable[float],
        service_s: Callable[[], float],
        *,
        minimum: int = 1,
        maximum: int = 8,
        start_s: float = 0.05,
        until_s: float = 200.0,
        look_s: float = LOOK_S,
        first_look_s: float = 0.0,
        threshold: float = 2.0,
    ) -> None:
        self.minimum, self.maximum = minimum, maximum
        self.service_s, self.start_s = service_s, start_s
        self.scaler = Scaler(
            minimum, maximum, burst_threshold=threshold, burst_size=2, idle_s=IDLE_S
        )
        self.idle, self.busy, self.starting, self.surplus = minimum, 0, 0, 0
        self.arrived = self.finished = 0
        self.queue: deque[float] = deque()
        self.waits_s: list[float] = []
        self.decisions: list[int] = []
        looks = (first_look_s + number * look_s for number in range(int(until_s / look_s)))
        self.events = [(at_s, self.arrive) for at_s in arrivals]
        self.events = sorted([*self.events, *((at_s, self.look) for at_s in looks)], key=_at)
        self.later: list[tuple[float, int, Callable[[float], None]]] = []
        self.order = itertools.count()
        self.run()

    def run(self) -> None:
        for at_s, event in self.events:
            while self.later and self.later[0][0] <= at_s:
                due_s, _, ends = heapq.heappop(self.later)
                ends(due_s)
                self.hand_out(due_s)
            event(at_s)
            self.hand_out(at_s)

    @property
    def instances(self) -> int:
        return self.idle + self.busy + self.starting - self.surplus

    @property
    def turns(self) -> int:
        """How often adding followed on taking away, or the other way round."""
        return sum(one * other < 0 for one, other in itertools.pairwise(self.decisions))

    def arrive(self, now_s: float) -> None:
        self.arrived += 1
        self.queue.append(now_s)

    def finish(self, _now_s: float) -> None:
        self.finished += 1
        self.busy -= 1
        self.join()

    def started(self, _now_s: float) -> None:
        self.starting -= 1
        self.join()

    def join(self) -> None:
        leaves = self.surplus > 0
        self.surplus -= leaves
        self.idle += not leaves

    def hand_out(self, now_s: float) -> None:
        while self.idle and self.queue:
            self.waits_s.append(now_s - self.queue.popleft())
            self.idle -= 1
            self.busy += 1
            self.after(now_s + self.service_s(), self.finish)

    def after(self, at_s: float, event: Callable[[float], None]) -> None:
        heapq.heappush(self.later, (at_s, next(self.order), event))

    def look(self, now_s: float) -> None:
        if not self.queue and self.instances <= self.minimum:
            return
        load = Load(
            instances=self.instances,
            waiting=len(self.queue),
            running=self.busy,
            arrived=self.arrived,
            finished=self.finished,
        )
        count = self.scaler.decide(load, now_s)
        assert self.minimum <= self.instances + count <= self.maximum
        if count:
            self.decisions.append(count)
        for _ in range(count):
            self.starting += 1
            self.after(now_s + self.start_s, self.started)
        stopped = min(self.idle, max(0, -count))
        self.idle -= stopped
        self.surplus += max(0, -count) - stopped


def _at(event: tuple[float, object]) -> float:
    return event[0]


def evenly(per_s: float, until_s: float) -> list[float]:
    return [number / per_s for number in range(int(per_s * until_s))]


def batches(size: int, every_s: float, until_s: float) -> list[float]:
    return [number * every_s for number in range(int(until_s / every_s)) for _ in range(size)]


def on_and_off(per_s: float, on_s: float, off_s: float, until_s: float) -> list[float]:
    return [at_s for at_s in evenly(per_s, until_s) if at_s % (on_s + off_s) < on_s]


def waves(per_s: float, period_s: float, until_s: float) -> list[float]:
    """From nothing to twice `per_s` and back."""
    arrivals, due = [], 0.0
    for step in range(int(until_s * 1000)):
        due += per_s / 1000 * (1 + math.sin(2 * math.pi * step / 1000 / period_s))
        if due >= 1:
            due -= 1
            arrivals.append(step / 1000)
    return arrivals


def always(service_s: float) -> Callable[[], float]:
    return lambda: service_s


def about(service_s: float, seed: int = 1) -> Callable[[], float]:
    chance = random.Random(seed)
    return lambda: service_s * chance.uniform(0.6, 1.4)
