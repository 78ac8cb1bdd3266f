"""Instances checked out and in again a second: what a pool does besides the work itself.

As poolboy is measured: a worker is taken, does next to nothing, and is given back.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from queue import Queue
from time import perf_counter
from typing import Final

from engine_tasks.bench.effort import Effort
from engine_tasks.bench.queues import ECHO, Running, checked, running
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp
from engine_tasks.bench.scenarios.peers import THREADS
from engine_tasks.bench.scenarios.waiting import Desk
from engine_tasks.bench.timing import Loop
from engine_tasks.bench.work import SMALL_TASK, echo

#: Instances of ours and workers of each peer; as many tasks are sent at once.
WORKERS: Final = 4

#: Has a task for each worker answered, all at the same time.
Round = Callable[[], None]


def _a_second(statement: str, name: str, make: Callable[[], object]) -> SetUp:
    """How often the statement runs, on this thread alone."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        loop = Loop(statement, {name: make()}, effort.sample_s)
        yield lambda: [1e9 / loop.sample()[0]]

    return set_up


def _resources() -> Queue[object]:
    """The usual pool in Python: what is to be shared stands in a queue."""
    pool: Queue[object] = Queue()
    for _ in range(WORKERS):
        pool.put(object())
    return pool


def _rounds(round_of: Round, effort: Effort) -> list[float]:
    """Tasks a second, in rounds that keep every worker busy once."""
    rounds = 0
    begin_s = perf_counter()
    while perf_counter() - begin_s < effort.sample_s:
        round_of()
        rounds += 1
    return [rounds * WORKERS / (perf_counter() - begin_s)]


@contextmanager
def _ours(effort: Effort) -> Iterator[Sampler]:
    with running("thread", ECHO, WORKERS) as ours:
        yield lambda: _rounds(lambda: _round_of_ours(ours), effort)


def _round_of_ours(ours: Running) -> None:
    outstanding = {ours.send(SMALL_TASK) for _ in range(WORKERS)}
    while outstanding:
        result = ours.queue.next_task_result(ours.worker_id)
        if result is None:
            result = ours.answer(next(iter(outstanding)))
        outstanding.remove(checked(result).task_id)


@contextmanager
def _queue_workers(effort: Effort) -> Iterator[Sampler]:
    """Threads that loop over one `queue.Queue`, and answer into another."""
    tasks: Queue[object] = Queue()
    answers: Queue[object] = Queue()
    over = object()

    def work() -> None:
        while (task := tasks.get()) is not over:
            answers.put(echo(task))

    def round_of() -> None:
        for _ in range(WORKERS):
            tasks.put(SMALL_TASK)
        for _ in range(WORKERS):
            answers.get()

    with ExitStack() as ending:
        for _ in range(WORKERS):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            ending.callback(thread.join)
        for _ in range(WORKERS):
            ending.callback(tasks.put, over)
        yield lambda: _rounds(round_of, effort)


@contextmanager
def _thread_pool(effort: Effort) -> Iterator[Sampler]:
    with ThreadPoolExecutor(WORKERS) as executor:

        def round_of() -> None:
            for future in [executor.submit(echo, SMALL_TASK) for _ in range(WORKERS)]:
                future.result()

        yield lambda: _rounds(round_of, effort)


_A_SECOND: Final = (Metric("", "tasks/s", "higher"),)

SCENARIOS: Final = (
    Scenario(
        "checkout",
        "a slot is checked out for a task, answers it and is checked in, without any actor",
        _a_second("desk.check_out_and_in()", "desk", lambda: Desk(0)),
        (Peer("queue.Queue", _a_second("pool.put(pool.get())", "pool", _resources)),),
        _A_SECOND,
    ),
    Scenario(
        "checkout-actors",
        f"{WORKERS} thread instances are checked out, echo and are checked in, all at once",
        _ours,
        (Peer("queue.Queue", _queue_workers), Peer(THREADS, _thread_pool)),
        _A_SECOND,
    ),
)
