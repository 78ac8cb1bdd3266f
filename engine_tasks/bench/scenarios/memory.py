"""What an instance keeps in memory once it has worked and waits. Linux only."""

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Final

from engine_tasks import TaskQueue, WorkerOptions
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.proc import IS_THERE, children, memory_of
from engine_tasks.bench.queues import ANSWER_TIMEOUT_S, ECHO, INSTANCES, Kind, running
from engine_tasks.bench.scenario import Peer, Sampler, Scenario, SetUp, columns
from engine_tasks.bench.scenarios.peers import PROCESSES
from engine_tasks.bench.work import SMALL_TASK, echo

#: Threads that are weighed together: one alone is less than what comes and goes besides.
THREADS: Final = 32
#: Tasks that each instance has done, about.
TASKS: Final = 4
_THREADS_WEIGHED: Final = f"from {__name__} import print_threads; print_threads()"

#: MiB of an instance: private memory, and that with its share of what others have as well.
Weigh = Callable[[], list[float]]


def _children(kind: Kind) -> list[float]:
    with running(kind, ECHO, INSTANCES) as ours:
        for task_id in [ours.send(SMALL_TASK) for _ in range(TASKS * INSTANCES)]:
            ours.answer(task_id)
        return _each(children())


def _pool() -> list[float]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(INSTANCES, mp_context=context) as executor:
        list(executor.map(echo, [SMALL_TASK] * TASKS * INSTANCES))
        return _each(child.pid for child in multiprocessing.active_children() if child.pid)


def _each(pids: Iterable[int]) -> list[float]:
    found = [memory_of(pid) for pid in pids]
    return [
        statistics.mean(memory.private_mib for memory in found),
        statistics.mean(memory.pss_mib for memory in found),
    ]


def _threads() -> list[float]:
    """In a process of their own: this one has memory to spare that it once gave back."""
    done = subprocess.run(
        [sys.executable, "-c", _THREADS_WEIGHED], capture_output=True, text=True, check=True
    )
    answer: list[float] = json.loads(done.stdout)
    return answer


def print_threads() -> None:
    """Prints what an instance that is a thread adds to this process, as JSON."""
    options = WorkerOptions(isolation="thread")
    with TaskQueue() as queue:
        queue.start_native_worker(1, "first", echo, 1, options=options)
        _work(queue, 1, 1)
        before = memory_of(os.getpid())
        queue.start_native_worker(2, "weighed", echo, THREADS, options=options)
        _work(queue, 2, THREADS)
        after = memory_of(os.getpid())
    private_mib = after.private_mib - before.private_mib
    pss_mib = after.pss_mib - before.pss_mib
    print(json.dumps([private_mib / THREADS, pss_mib / THREADS]))


def _work(queue: TaskQueue, worker_id: int, instances: int) -> None:
    sent = [queue.send_task(worker_id, SMALL_TASK) for _ in range(TASKS * instances)]
    for task_id in sent:
        if task_id is None or queue.wait_result(task_id, ANSWER_TIMEOUT_S) is None:
            raise RuntimeError(f"a task is refused or has no answer: {queue.last_error}")


def _weighed(weigh: Weigh) -> SetUp:
    """Made anew for each sample."""

    @contextmanager
    def set_up(_: Effort) -> Iterator[Sampler]:
        yield weigh

    return set_up


def _scenario(kind: Kind, weigh: Weigh) -> Scenario:
    return Scenario(
        f"memory-instance-{kind}",
        f"memory of a {kind} instance that has done {TASKS} tasks or so",
        _weighed(weigh),
        (Peer(PROCESSES, _weighed(_pool)),),
        columns("MiB", "private", "PSS"),
        quick=kind != "thread",
        long=True,
    )


SCENARIOS: Final = (
    (
        _scenario("lua", partial(_children, "lua")),
        _scenario("process", partial(_children, "process")),
        _scenario("thread", _threads),
    )
    if IS_THERE
    else ()
)
