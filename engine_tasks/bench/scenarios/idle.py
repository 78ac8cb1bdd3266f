"""What a queue does while there is nothing to do: it had better sleep. Linux only."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from multiprocessing import get_context
from time import perf_counter, sleep
from typing import Final

from engine_tasks.bench.aims import at_most
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.proc import IS_THERE, Thread, family, sleeps
from engine_tasks.bench.queues import ECHO, Kind, running
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp
from engine_tasks.bench.scenarios.peers import PROCESSES, THREADS
from engine_tasks.bench.work import SMALL_TASK, echo, nap

#: Instances that sleep.
SLEEPERS: Final = 8
#: Seconds until what the start has brought about is over.
SETTLE_S: Final = 0.3
#: Times the effort's length of a sample that the sleep is watched: 3 s, or 0.6 s of a quick run.
WATCHED: Final = 12
#: Seconds of the tasks that every worker of a pool is to be made for.
NAP_S: Final = 0.05
#: Times a second that all of them may wake up together.
MOST_A_SECOND: Final = 1

#: Has everything at rest for as long as it is entered.
Resting = Callable[[], AbstractContextManager[None]]


@contextmanager
def _queue(kind: Kind) -> Iterator[None]:
    with running(kind, ECHO, SLEEPERS) as ours:
        for task_id in [ours.send(SMALL_TASK) for _ in range(SLEEPERS)]:
            ours.answer(task_id)
        yield


@contextmanager
def _pool(make: Callable[[int], Executor]) -> Iterator[None]:
    with make(SLEEPERS) as executor:
        list(executor.map(nap, [NAP_S] * SLEEPERS))
        executor.submit(echo, SMALL_TASK).result()
        yield


def _watched(rest: Resting) -> SetUp:
    """Made anew for each sample: a side that is watched has this process for itself."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        def sample() -> list[float]:
            with rest():
                sleep(SETTLE_S)
                begin_s = perf_counter()
                woken = wake_ups(effort.sample_s * WATCHED)
                return [sum(woken.values()) / (perf_counter() - begin_s)]

        yield sample

    return set_up


def wake_ups(watch_s: float) -> dict[Thread, int]:
    """How often each thread of this process and those below it woke up, but for this one."""
    watcher = os.getpid(), threading.get_native_id()
    before = sleeps(family(os.getpid()))
    sleep(watch_s)
    after = sleeps(family(os.getpid()))
    return {
        thread: count - before.get(thread, 0)
        for thread, count in after.items()
        if thread != watcher
    }


def _scenario(kind: Kind, peer: Peer) -> Scenario:
    return Scenario(
        f"idle-switches-{kind}",
        f"wake-ups of all threads and children, {SLEEPERS} {kind} instances with nothing to do",
        _watched(partial(_queue, kind)),
        (peer,),
        (Metric("", "a second", "lower"),),
        (at_most(MOST_A_SECOND, "a second"),),
        quick=kind == "thread",
        long=True,
    )


_THREADS: Final = Peer(THREADS, _watched(partial(_pool, ThreadPoolExecutor)))
_PROCESSES: Final = Peer(
    PROCESSES,
    _watched(partial(_pool, partial(ProcessPoolExecutor, mp_context=get_context("spawn")))),
)

SCENARIOS: Final = (
    (
        _scenario("thread", _THREADS),
        _scenario("process", _PROCESSES),
        _scenario("lua", _PROCESSES),
    )
    if IS_THERE
    else ()
)
