"""How soon a burst of tasks has more instances at work."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from time import monotonic, perf_counter, sleep
from typing import Final, Literal

from engine_tasks import WorkerOptions
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.queues import ANSWER_TIMEOUT_S, ECHO, LOOK_S, Work, checked, running
from engine_tasks.bench.scenario import Peer, Sampler, Scenario, SetUp, columns
from engine_tasks.bench.scenarios.peers import PROCESSES, THREADS
from engine_tasks.bench.work import nap

#: Seconds a task lasts: it sleeps, so that the cores are there for who comes up.
TASK_S: Final = 0.02
#: Tasks of the burst: more than one instance does while a busy machine makes processes.
BURST: Final = 400
#: Instances that may come; two are added at once.
MOST: Final = 4
#: New instances that are waited for.
NEW: Final = 2

#: Milliseconds from a burst until each of the new instances had its first result.
Burst = Callable[[], list[float]]


class Faces:
    """Notes who answers: the first one there was, and then new ones."""

    def __init__(self, first: list[int]) -> None:
        self._known = [first]
        self._begin_s = perf_counter()
        self.came_ms: list[float] = []

    def see(self, who: list[int]) -> bool:
        """Takes note of an answer; whether all have come that are waited for."""
        if who not in self._known:
            self._known.append(who)
            self.came_ms.append((perf_counter() - self._begin_s) * 1e3)
        return len(self.came_ms) >= NEW


def _burst_of_ours(kind: Literal["thread", "process"]) -> list[float]:
    options = WorkerOptions(max_instances=MOST)
    with running(kind, Work(nap, ECHO.script), 1, options) as ours:
        try:
            faces = Faces(ours.answer(ours.send(0)).payload)
            for _ in range(BURST):
                ours.send(TASK_S)
            end_s = monotonic() + ANSWER_TIMEOUT_S
            while monotonic() < end_s:
                result = ours.queue.next_task_result(ours.worker_id)
                if result is None:
                    sleep(LOOK_S)
                elif faces.see(checked(result).payload):
                    return faces.came_ms
            raise TimeoutError(f"{NEW} new instances: {faces.came_ms} ms")
        finally:
            ours.queue.kill()  # what is left of the burst is of no interest


def _burst_of_theirs(make: Callable[[], Executor]) -> list[float]:
    with make() as executor:
        try:
            faces = Faces(executor.submit(nap, 0).result())
            futures = [executor.submit(nap, TASK_S) for _ in range(BURST)]
            for future in as_completed(futures, ANSWER_TIMEOUT_S):
                if faces.see(future.result()):
                    return faces.came_ms
            raise RuntimeError(f"the burst is over without new workers: {faces.came_ms} ms")
        finally:
            executor.shutdown(wait=False, cancel_futures=True)


def _bursts(burst: Burst) -> SetUp:
    @contextmanager
    def set_up(_: Effort) -> Iterator[Sampler]:
        yield burst

    return set_up


def _scenario(kind: Literal["thread", "process"], peer: Peer) -> Scenario:
    return Scenario(
        f"scale-up-{kind}",
        f"from a burst of {BURST} tasks of {TASK_S * 1e3:g} ms to new {kind} instances' results",
        _bursts(partial(_burst_of_ours, kind)),
        (peer,),
        columns("ms", "1st new", "2nd new"),
        long=True,
    )


SCENARIOS: Final = (
    _scenario(
        "thread",
        Peer(THREADS, _bursts(partial(_burst_of_theirs, partial(ThreadPoolExecutor, MOST)))),
    ),
    _scenario(
        "process",
        Peer(
            PROCESSES,
            _bursts(
                partial(
                    _burst_of_theirs,
                    partial(ProcessPoolExecutor, MOST, mp_context=get_context("spawn")),
                )
            ),
        ),
    ),
)
