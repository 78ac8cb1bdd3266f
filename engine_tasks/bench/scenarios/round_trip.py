"""One echo task at a time: from send to answer, when somebody waits for it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import perf_counter_ns
from typing import Final

from engine_tasks.bench.aims import at_most_times
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.figures import p99
from engine_tasks.bench.queues import ECHO, INSTANCES, Kind, running
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp
from engine_tasks.bench.scenarios.floors import LOCKS, PIPE, bare_pipe, two_locks
from engine_tasks.bench.scenarios.peers import ECHO_PEERS, THREADS, EchoPeer, Send
from engine_tasks.bench.work import SMALL_TASK


def _ours(kind: Kind) -> SetUp:
    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with running(kind, ECHO) as ours:
            yield lambda: _trips(lambda: ours.answer(ours.send(SMALL_TASK)).payload, effort)

    return set_up


def _theirs(pool: Callable[[], AbstractContextManager[Send]]) -> SetUp:
    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with pool() as send:

            def trip() -> object:
                return send()()

            yield lambda: _trips(trip, effort)

    return set_up


def _trips(trip: Callable[[], object], effort: Effort) -> list[float]:
    """Microseconds of each trip, one after the other for a sample's length."""
    took_us: list[float] = []
    end = perf_counter_ns() + int(effort.sample_s * 1e9)
    while (begin := perf_counter_ns()) < end:
        answer = trip()
        took_us.append((perf_counter_ns() - begin) / 1e3)
        if answer != SMALL_TASK:
            raise RuntimeError(f"not an echo: {answer!r}")
    return took_us


def _scenario(kind: Kind, floor: EchoPeer, most_times: float) -> Scenario:
    peers = (*ECHO_PEERS, floor)
    return Scenario(
        f"round-trip-{kind}",
        f"one echo at a time by wait_result, {INSTANCES} {kind} workers",
        _ours(kind),
        tuple(Peer(each.name, _theirs(each.pool), each.needs) for each in peers),
        (Metric("median", "µs", "lower"), Metric("p99", "µs", "lower", p99)),
        (at_most_times(most_times, peer=THREADS),),
    )


_LOCKS: Final = EchoPeer(LOCKS, two_locks)
_PIPE: Final = EchoPeer(PIPE, bare_pipe)

SCENARIOS: Final = (
    _scenario("thread", _LOCKS, 0.6),
    _scenario("process", _PIPE, 0.8),
    _scenario("lua", _PIPE, 1.0),
)
