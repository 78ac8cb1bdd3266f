"""What it takes to let very many tasks wait: time, the worst moment of it, and memory."""

import gc
import statistics
import sys
import threading
import tracemalloc
from array import array
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from time import perf_counter_ns
from typing import Final, Self

from engine_tasks.bench.aims import at_most
from engine_tasks.bench.backlog import backlog
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp, columns
from engine_tasks.bench.scenarios.peers import THREADS
from engine_tasks.bench.work import SMALL_TASK, echo
from engine_tasks.payload import encode

#: Lets a task wait.
Put = Callable[[], object]
#: What a waiting task is made of besides its payload, and the bytes of its payload.
Side = Callable[[], AbstractContextManager[tuple[Put, int]]]

#: Microseconds of a frame at 60 a second: that much one call may take, once in a million.
FRAME_US: Final = 16_667
#: One in this many is weighed: a trace of each allocation makes more take minutes.
ONE_IN: Final = 10
#: Bytes that the issue allows a waiting task beyond its payload.
MOST_BYTES: Final = 1024


@contextmanager
def _ours() -> Iterator[tuple[Put, int]]:
    with backlog(0) as waiting:
        yield lambda: waiting.ours.send(SMALL_TASK), sys.getsizeof(encode(SMALL_TASK))


@contextmanager
def _thread_pool() -> Iterator[tuple[Put, int]]:
    """An executor whose only thread is busy; its tasks share one payload, which is not copied."""
    is_over = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        executor.submit(is_over.wait)
        try:
            yield lambda: executor.submit(echo, SMALL_TASK), 0
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            is_over.set()


class Collector:
    """Adds up how long the garbage collector stops this thread."""

    def __init__(self) -> None:
        self.took_ns = 0
        self._begin_ns = 0

    def __enter__(self) -> Self:
        gc.callbacks.append(self._told)
        return self

    def __exit__(self, *_: object) -> None:
        gc.callbacks.remove(self._told)

    def _told(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._begin_ns = perf_counter_ns()
        else:
            self.took_ns += perf_counter_ns() - self._begin_ns


def _filled(side: Side) -> SetUp:
    """Microseconds of a call in the middle, of the worst, and of collections for each task."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        def sample() -> list[float]:
            took_ns = array("q", [0]) * effort.waiting_tasks
            with side() as (put, _), Collector() as collector:
                for number in range(effort.waiting_tasks):
                    begin_ns = perf_counter_ns()
                    put()
                    took_ns[number] = perf_counter_ns() - begin_ns
            collector_ns = collector.took_ns / effort.waiting_tasks
            return [each / 1e3 for each in (statistics.median(took_ns), max(took_ns), collector_ns)]

        yield sample

    return set_up


def _weighed(side: Side) -> SetUp:
    """Bytes of a waiting task, less its payload."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        count = effort.waiting_tasks // ONE_IN

        def sample() -> list[float]:
            with side() as (put, payload_bytes):
                tracemalloc.start()
                try:
                    for _ in range(count):
                        put()
                    traced, _ = tracemalloc.get_traced_memory()
                finally:
                    tracemalloc.stop()
            return [traced / count - payload_bytes]

        yield sample

    return set_up


SCENARIOS: Final = (
    Scenario(
        "waiting-fill",
        "sends until 1,000,000 tasks wait (quick: 100,000)",
        _filled(_ours),
        (Peer(THREADS, _filled(_thread_pool)),),
        columns("µs", "median", "worst", "collector"),
        (at_most(FRAME_US, "µs", metric="worst"),),
        long=True,
    ),
    Scenario(
        "waiting-memory",
        "bytes of a waiting task beyond its payload, of 100,000 (quick: 10,000)",
        _weighed(_ours),
        (Peer(THREADS, _weighed(_thread_pool)),),
        (Metric("", "bytes", "lower"),),
        (at_most(MOST_BYTES, "bytes"),),
        long=True,
    ),
)
