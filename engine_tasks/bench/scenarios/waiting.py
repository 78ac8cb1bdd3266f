"""What calls cost while very many tasks wait, beside what they cost while few do."""

import statistics
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from random import Random
from time import perf_counter_ns, sleep
from typing import Final

from engine_tasks import Priority, TaskResult, WorkerOptions
from engine_tasks.bench.aims import at_most_times
from engine_tasks.bench.backlog import Backlog, backlog
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp, columns
from engine_tasks.bench.timing import Loop
from engine_tasks.bench.work import SMALL_TASK
from engine_tasks.payload import encode
from engine_tasks.pools.outlet import Outlet
from engine_tasks.pools.state import PoolState
from engine_tasks.pools.tasks import PoolTasks
from engine_tasks.sending import new_task

#: Waiting tasks of the sides that ours stands beside.
FEW: Final = (1000, 1)
#: Rounds of calls in a second of sample.
ROUNDS_A_SECOND: Final = 80
#: Times in a round that each call is made but for those of runs, which are made once.
IN_A_ROW: Final = 16
#: Tasks of the run that is looked at and purged.
RUN_LENGTH: Final = 10
#: Seconds in which the pool's supervisor has done what a purge left to it.
SETTLE_S: Final = 0.0005

_CHANGES: Final = ("send_task", "cancel", "set_priority", "pending_work", "purge_run")
_NOTHING: Final = "nothing"
_READS: Final = (
    *("tasks_in_work", "tasks_waiting", "tasks_in_progress", "tasks_ready"),
    *("stats", "metrics", "next_task_result"),
)


class Calls:
    """Times calls one by one; as many tasks wait afterwards as did before."""

    def __init__(self, waiting: Backlog, effort: Effort) -> None:
        self._waiting = waiting
        self._queue = waiting.ours.queue
        self._random = Random(0)
        self._urgent: set[int] = set()
        self._rounds = max(int(effort.sample_s * ROUNDS_A_SECOND), 4)
        self._took_ns: dict[str, list[float]] = {}
        names = {"queue": self._queue, "worker_id": waiting.ours.worker_id}
        look_s = effort.sample_s / len(_READS)
        self._reads = [Loop(f"queue.{read}(worker_id)", names, look_s) for read in _READS]

    def sample(self) -> list[float]:
        """Nanoseconds of each call: the median of many."""
        self._took_ns = {call: [] for call in (*_CHANGES, _NOTHING)}
        for number in range(self._rounds):
            for _ in range(IN_A_ROW):
                self._come_and_go()
            self._purge(f"run {number}")
            self._time(_NOTHING, _nothing)
        if self._queue.tasks_ready(self._waiting.ours.worker_id):
            raise RuntimeError("results are left: next_task_result would find some")
        overhead_ns = statistics.median(self._took_ns[_NOTHING])
        changes = [statistics.median(self._took_ns[call]) - overhead_ns for call in _CHANGES]
        return [*changes, *(read.sample()[0] for read in self._reads)]

    def _come_and_go(self) -> None:
        """One task more, one of those that wait less, and another one gets more urgent."""
        came: list[int] = []
        self._time("send_task", lambda: came.append(self._waiting.ours.send(SMALL_TASK)))
        task_ids = self._waiting.task_ids
        index = self._random.randrange(len(task_ids))
        gone, task_ids[index] = task_ids[index], came[0]
        self._time("cancel", lambda: self._queue.cancel(gone))
        self._waiting.take_results(1)
        moved = self._random.choice(task_ids)
        is_urgent = moved in self._urgent
        (self._urgent.discard if is_urgent else self._urgent.add)(moved)
        priority = Priority.NORMAL if is_urgent else Priority.HIGH
        self._time("set_priority", lambda: self._queue.set_priority(moved, priority))

    def _purge(self, run_id: str) -> None:
        for _ in range(RUN_LENGTH):
            self._waiting.ours.send(SMALL_TASK, run_id=run_id)
        self._time("pending_work", lambda: self._queue.pending_work(run_id))
        self._time("purge_run", lambda: self._queue.purge_run(run_id))
        sleep(SETTLE_S)
        self._waiting.take_results(RUN_LENGTH)

    def _time(self, name: str, call: Callable[[], object]) -> None:
        begin_ns = perf_counter_ns()
        call()
        self._took_ns[name].append(perf_counter_ns() - begin_ns)


def _nothing() -> None:
    pass


def _calls(waiting_tasks: int | None = None) -> SetUp:
    """With the effort's number of waiting tasks, unless another is given."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with backlog(waiting_tasks or effort.waiting_tasks) as waiting:
            yield Calls(waiting, effort).sample

    return set_up


class Desk:
    """A pool of one slot without an actor: whoever calls does the work."""

    def __init__(self, waiting_tasks: int) -> None:
        self._results: deque[TaskResult] = deque()
        self._next_id = count(1).__next__
        outlet = Outlet(0, "bench", lambda _task, result: self._results.append(result))
        self._tasks = PoolTasks(PoolState(1), outlet, WorkerOptions(), has_alarm=False)
        for _ in range(waiting_tasks):
            self._send()

    def turn(self) -> int:
        """Sends a task, takes and answers the one whose turn it is; the id of that."""
        self._send()
        (task,) = self._tasks.take(0)
        self._tasks.answer(0, task, task.payload, self._tasks.clock())
        return self._results.popleft().task_id

    def check_out_and_in(self) -> int:
        """`turn` with the slot checked out by the task, and checked in as none is left."""
        task_id = self.turn()
        if self._tasks.take(0):
            raise RuntimeError("a task was left: the slot is not checked in")
        return task_id

    def _send(self) -> None:
        task = new_task(self._next_id(), encode(SMALL_TASK), self._tasks.clock())
        self._tasks.submit(task)


def _turns(waiting_tasks: int | None = None) -> SetUp:
    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        desk = Desk(waiting_tasks or effort.waiting_tasks)
        yield Loop("desk.turn()", {"desk": desk}, effort.sample_s).sample

    return set_up


def _beside_few(side: Callable[[int], SetUp]) -> tuple[Peer, ...]:
    return tuple(Peer(f"{few:,} waiting", side(few)) for few in FEW)


SCENARIOS: Final = (
    Scenario(
        "waiting-calls",
        "the calls of a game while 1,000,000 tasks wait (quick: 100,000), and while few do",
        _calls(),
        _beside_few(_calls),
        columns("ns", *_CHANGES, *_READS),
    ),
    Scenario(
        "waiting-turn",
        "a task is sent, taken and answered while 1,000,000 wait (quick: 100,000)",
        _turns(),
        _beside_few(_turns),
        (Metric("", "ns", "lower"),),
        (at_most_times(1.3),),
    ),
)
