"""What the game thread pays for a call: send_task and next_task_result."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib import import_module
from time import perf_counter_ns, sleep
from typing import Any, Final

import ormsgpack

from engine_tasks.bench.aims import at_most, at_most_times
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.figures import p99
from engine_tasks.bench.queues import ECHO, Running, running, wait_until
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp
from engine_tasks.bench.scenarios.floors import LOCKS, two_locks
from engine_tasks.bench.scenarios.peers import (
    PROCESSES,
    THREADS,
    Send,
    process_pool,
    thread_pool,
)
from engine_tasks.bench.timing import Loop, Statement, clock_cost_ns
from engine_tasks.bench.work import SMALL_TASK

#: Tasks that a busy game sends in one frame.
BURST: Final = 64
#: Results made ready in a second of sample, before their polls are timed.
READY_A_SECOND: Final = 40_000
#: Sends timed in a second of sample; the waits between them take the rest.
CALLS_A_SECOND: Final = 1200
#: Seconds a worker needs to go back to sleep once it has answered.
SETTLE_S: Final = 0.001
#: Nanoseconds that one send of a hundred may take.
MOST_P99_NS: Final = 50_000

MSGPACK: Final = "msgpack.packb"


class _Game:
    """The floor of what a call can cost: a method that does nothing."""

    def call(self, argument: object) -> None:
        """Nothing."""


@contextmanager
def _empty_call(effort: Effort) -> Iterator[Sampler]:
    yield Loop("game.call(7)", {"game": _Game()}, effort.sample_s).sample


@contextmanager
def _unpack(effort: Effort) -> Iterator[Sampler]:
    names = {"ormsgpack": ormsgpack, "packed": ormsgpack.packb(SMALL_TASK)}
    yield Loop("ormsgpack.unpackb(packed)", names, effort.sample_s).sample


def _sends(burst: int) -> SetUp:
    """Times `send_task` to workers that sleep before each burst."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with running("process", ECHO) as ours:

            def drain(task_ids: Sequence[int | None]) -> None:
                for task_id in task_ids:
                    if task_id is None:
                        raise RuntimeError(f"send_task refused: {ours.queue.last_error}")
                    ours.answer(task_id)

            call = partial(ours.queue.send_task, ours.worker_id)
            yield partial(_in_bursts, call, burst, _bursts(burst, effort), drain)

    return set_up


def _same_rhythm(call: Callable[[Any], object], burst: int) -> SetUp:
    """Times `call` of the small dict in the same bursts: its caches are as cold."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        yield partial(_in_bursts, partial(call), burst, _bursts(burst, effort), _nothing)

    return set_up


def _msgpack(burst: int) -> SetUp:
    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        packb = import_module("msgpack").packb
        with _same_rhythm(packb, burst)(effort) as sample:
            yield sample

    return set_up


def _submits(pool: Callable[[], AbstractContextManager[Send]], burst: int) -> SetUp:
    """Times what hands the small dict to another pool, in the same bursts."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with pool() as send:
            yield partial(_in_bursts, lambda _: send(), burst, _bursts(burst, effort), _wait_all)

    return set_up


def _wait_all(answers: Sequence[Callable[[], object]]) -> None:
    for wait in answers:
        wait()


def _bursts(burst: int, effort: Effort) -> int:
    return max(int(effort.sample_s * CALLS_A_SECOND) // burst, 16)


def _nothing(_: object) -> None:
    pass


def _in_bursts(
    call: Callable[[Any], Any], burst: int, bursts: int, drain: Callable[[Sequence[Any]], None]
) -> list[float]:
    """Nanoseconds of each call alone, less the clock's; `drain` after a burst."""
    took_ns: list[float] = []
    for _ in range(bursts):
        answers = []
        sleep(SETTLE_S)
        clock_ns = clock_cost_ns()  # here: after a pause it warms the clock up too
        for _ in range(burst):
            begin = perf_counter_ns()
            answer = call(SMALL_TASK)
            took_ns.append(max(perf_counter_ns() - begin - clock_ns, 1))
            answers.append(answer)
        drain(answers)
    return took_ns


@contextmanager
def _poll_empty(effort: Effort) -> Iterator[Sampler]:
    with running("process", ECHO) as ours:
        names = {"queue": ours.queue, "worker_id": ours.worker_id}
        yield Loop("queue.next_task_result(worker_id)", names, effort.sample_s).sample


def _poll_ready(statement: str) -> SetUp:
    """Times `statement` while there are results to take; it must take one a run."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with running("process", ECHO) as ours:
            names = {"queue": ours.queue, "worker_id": ours.worker_id}
            timed = Statement(statement, names)
            count = int(effort.sample_s * READY_A_SECOND)
            overhead_s = timed.overhead_s(count)

            def sample() -> list[float]:
                _make_ready(ours, count)
                took_ns = timed.per_run_ns(count, overhead_s)
                if ours.queue.next_task_result(ours.worker_id) is not None:
                    raise RuntimeError("a result is left: not every poll took one")
                return [took_ns]

            yield sample

    return set_up


def _make_ready(ours: Running, count: int) -> None:
    """Waits until `count` results can be taken, and none is outstanding."""
    for _ in range(count):
        ours.send(SMALL_TASK)
    wait_until(lambda: ours.queue.tasks_ready(ours.worker_id) == count, f"{count} results")
    sleep(SETTLE_S)


_EMPTY: Final = Peer("empty method call", _empty_call)
_NANOSECONDS: Final = (Metric("", "ns", "lower"),)


def _send_scenario(name: str, burst: int, title: str) -> Scenario:
    return Scenario(
        name,
        f"send_task of a small dict to sleeping workers, {title}",
        _sends(burst),
        (
            Peer(MSGPACK, _msgpack(burst), needs="msgpack"),
            Peer("ormsgpack.packb", _same_rhythm(ormsgpack.packb, burst)),
            Peer("empty method call", _same_rhythm(_Game().call, burst)),
            Peer(THREADS, _submits(thread_pool, burst)),
            Peer(PROCESSES, _submits(process_pool, burst)),
            *([Peer(LOCKS, _submits(two_locks, burst))] if burst == 1 else []),
        ),
        (Metric("median", "ns", "lower"), Metric("p99", "ns", "lower", p99)),
        (
            at_most_times(4, peer=MSGPACK, metric="median"),
            at_most(MOST_P99_NS, "ns", metric="p99"),
        ),
    )


SCENARIOS: Final = (
    _send_scenario("send-idle", 1, "one at a time"),
    _send_scenario("send-burst", BURST, f"{BURST} in a row"),
    Scenario(
        "poll-empty",
        "next_task_result, nothing ready",
        _poll_empty,
        (_EMPTY,),
        _NANOSECONDS,
        (at_most_times(3),),
    ),
    Scenario(
        "poll-ready",
        "next_task_result, a result ready",
        _poll_ready("queue.next_task_result(worker_id)"),
        (_EMPTY,),
        _NANOSECONDS,
    ),
    Scenario(
        "poll-read",
        "next_task_result, a result ready, and its payload read",
        _poll_ready("queue.next_task_result(worker_id).payload"),
        (Peer("ormsgpack.unpackb", _unpack), _EMPTY),
        _NANOSECONDS,
    ),
)
