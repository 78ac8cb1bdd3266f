"""Echo tasks a second with many in flight."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from time import perf_counter
from typing import Final

from engine_tasks import TaskResult
from engine_tasks.bench.aims import Aim, at_least_times
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.queues import ECHO, INSTANCES, Kind, Running, checked, running
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp
from engine_tasks.bench.scenarios.love import love_peer
from engine_tasks.bench.scenarios.peers import ECHO_PEERS, PROCESSES, THREADS, Send
from engine_tasks.bench.work import SMALL_TASK

#: Tasks in flight: enough for every worker to find the next one waiting. The sender waits
#: for the middle one: woken by each answer, it would measure the hand-over of the GIL.
WINDOW: Final = 256


def _ours(kind: Kind) -> SetUp:
    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with running(kind, ECHO) as ours:
            yield lambda: [_queue_rate(ours, effort.sample_s)]

    return set_up


def _theirs(pool: Callable[[], AbstractContextManager[Send]]) -> SetUp:
    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with pool() as send:
            yield lambda: [_future_rate(send, effort.sample_s)]

    return set_up


def _queue_rate(ours: Running, sample_s: float) -> float:
    """Tasks a second, each answered once: sends, waits for half the window, takes all."""
    outstanding: dict[int, None] = {}
    answered = 0
    begin_s = perf_counter()
    while True:
        if perf_counter() - begin_s < sample_s:
            for _ in range(WINDOW - len(outstanding)):
                outstanding[ours.send(SMALL_TASK)] = None
        elif not outstanding:
            return answered / (perf_counter() - begin_s)
        middle = next(islice(outstanding, len(outstanding) // 2, None))
        result: TaskResult | None = ours.answer(middle)
        while result is not None:
            del outstanding[checked(result).task_id]  # KeyError: answered twice
            _check_echo(result.payload)
            answered += 1
            result = ours.queue.next_task_result(ours.worker_id)


def _future_rate(send: Send, sample_s: float) -> float:
    """Tasks a second in the same rhythm: sends, waits for half the window, takes that half."""
    outstanding: deque[Callable[[], object]] = deque()
    answered = 0
    begin_s = perf_counter()
    while True:
        if perf_counter() - begin_s < sample_s:
            for _ in range(WINDOW - len(outstanding)):
                outstanding.append(send())
        elif not outstanding:
            return answered / (perf_counter() - begin_s)
        half = len(outstanding) // 2
        outstanding[half]()
        for _ in range(half + 1):
            _check_echo(outstanding.popleft()())
            answered += 1


def _check_echo(payload: object) -> None:
    if payload != SMALL_TASK:
        raise RuntimeError(f"not an echo: {payload!r}")


def _scenario(kind: Kind, *aims: Aim) -> Scenario:
    peers = tuple(Peer(each.name, _theirs(each.pool), each.needs) for each in ECHO_PEERS)
    return Scenario(
        f"echo-{kind}",
        f"echo of a small dict, {INSTANCES} {kind} workers, {WINDOW} in flight",
        _ours(kind),
        (*peers, love_peer(WINDOW)) if kind == "lua" else peers,
        (Metric("", "tasks/s", "higher"),),
        aims,
    )


SCENARIOS: Final = (
    _scenario("thread", at_least_times(1.3, peer=THREADS)),
    _scenario("process", at_least_times(10, peer=PROCESSES)),
    _scenario("lua", at_least_times(1, peer=THREADS)),
)
