"""The game of the chaos test: it sends tasks of every kind, and takes some of them back."""

import random
from collections.abc import Callable
from typing import Any, Final

import attrs
from eventually import PATIENCE_S, eventually

from engine_tasks import ErrorKind, Priority, RetryPolicy, TaskQueue, TaskResult

PYTHON, LUA, THREAD = 1, 2, 3
WORKERS: Final = (PYTHON, LUA, THREAD)

#: How all but the Python worker try again what failed or took too long.
RETRY: Final = RetryPolicy(
    max_attempts=2,
    first_backoff_s=0.002,
    kinds=frozenset({ErrorKind.FAILED, ErrorKind.CRASHED, ErrorKind.TIMEOUT}),
)

#: Tasks that were sent and are not answered, at most.
MOST_IN_WORK: Final = 1500

#: What the tasks of all workers do, and how often; then those of one.
DEEDS: Final = {"nothing": 800, "work": 150, "fail": 10, "hang": 2}
DEEDS_OF: Final[dict[int, dict[str, int]]] = {
    PYTHON: {"leave": 1, "garbage": 1},
    LUA: {"hoard": 1},
    THREAD: {},
}

#: How a task ends for what it does.
ERROR_OF: Final = {
    "fail": ErrorKind.FAILED,
    "hang": ErrorKind.TIMEOUT,
    "hoard": ErrorKind.MEMORY,
    "leave": ErrorKind.CRASHED,
    "garbage": ErrorKind.CRASHED,
}


@attrs.define
class Sent:
    """A task that was accepted, and what may become of it."""

    worker_id: int
    data: dict[str, Any]
    options: dict[str, Any]
    results: list[TaskResult] = attrs.field(factory=list)
    is_cancelled: bool = False
    is_purged: bool = False

    @property
    def allowed(self) -> set[ErrorKind | None]:
        """The kinds of error that it may end with; None for a payload."""
        if self.is_cancelled:
            return {ErrorKind.CANCELLED}
        allowed: set[ErrorKind | None] = {ERROR_OF.get(self.data["do"])}
        if self.worker_id != THREAD:
            allowed.add(ErrorKind.CRASHED)  # its process was killed
        if "deadline_s" in self.options:
            allowed.add(ErrorKind.EXPIRED)
        if self.is_purged:
            allowed.add(ErrorKind.CANCELLED)
        return allowed

    @property
    def most_attempts(self) -> int:
        """Executions that it may have."""
        default = 1 if self.worker_id == PYTHON else RETRY.max_attempts
        return int(self.options.get("max_attempts", default))


class Game:
    """Plays until each of its tasks is answered, on the thread of the test."""

    def __init__(self, queue: TaskQueue, chance: random.Random) -> None:
        self.sent: dict[int, Sent] = {}
        #: Tasks that `purge_run` says it took back.
        self.purged = 0
        self._queue = queue
        self._chance = chance
        self._answered = 0

    def play(self, tasks: int) -> None:
        """Send that many tasks, a few a frame."""
        while len(self.sent) < tasks:
            if len(self.sent) - self._answered < MOST_IN_WORK:
                for _ in range(self._chance.randrange(40)):
                    self._send()
                self._meddle()
            self._poll()
        eventually(lambda: self._poll() >= len(self.sent), 3 * PATIENCE_S)
        self._poll()

    def _poll(self) -> int:
        """Hear of what is ready; how many tasks are answered."""
        self._queue.pump(1.0)
        for worker_id in WORKERS:
            while (result := self._queue.next_task_result(worker_id)) is not None:
                self._hear(result)
        return self._answered

    def _hear(self, result: TaskResult) -> None:
        self.sent[result.task_id].results.append(result)
        self._answered += 1

    # --- sending -----------------------------------------------------------

    def _send(self) -> None:
        worker_id = self._chance.choices(WORKERS, (5, 4, 1))[0]
        options = self._new_options()
        data = self._new_data(worker_id, options.get("key"))
        if data["do"] == "hang":
            options["timeout_s"] = self._chance.uniform(0.001, 0.1)
        task_id = self._queue.send_task(worker_id, data, **options)
        assert task_id is not None, self._queue.last_error
        self.sent[task_id] = Sent(worker_id, data, options)

    def _new_data(self, worker_id: int, key: int | None) -> dict[str, Any]:
        if key is not None:  # those of one key ask for one thing
            return {"number": -1 - key, "do": "nothing", "ms": 0.0, "text": "shared"}
        deeds = DEEDS | DEEDS_OF[worker_id]
        # A script's answer is written at once, so that what others write does not tear it.
        largest = 3000 if worker_id == LUA else 70_000
        return {
            "number": len(self.sent),
            "do": self._chance.choices(list(deeds), list(deeds.values()))[0],
            "ms": self._chance.uniform(0.0, 4.0),
            "text": "x" * self._chance.choices([0, 10, 1000, largest], [20, 20, 5, 1])[0],
        }

    def _new_options(self) -> dict[str, Any]:
        chance = self._chance
        if chance.random() < 0.05:
            return {"key": chance.randrange(10), "priority": chance.choice(list(Priority))}
        makers: dict[str, Callable[[], Any]] = {
            "priority": lambda: chance.choice(list(Priority)),
            "delay_s": lambda: chance.uniform(0.0, 0.03),
            "deadline_s": lambda: self._queue.clock() + chance.uniform(-0.01, 0.2),
            "run_id": lambda: f"run {chance.randrange(5)}",
            "max_attempts": lambda: chance.randint(1, 3),
            "on_result": lambda: self._hear,
        }
        return {name: make() for name, make in makers.items() if chance.random() < 0.1}

    # --- meddling ----------------------------------------------------------

    def _meddle(self) -> None:
        """Take back or change some of what was sent, if it is not too late for that."""
        chance, recent = self._chance, list(self.sent)[-500:]
        if not recent:
            return
        for task_id in chance.choices(recent, k=chance.randrange(3)):
            if self._queue.cancel(task_id):
                assert not self.sent[task_id].is_cancelled, task_id
                self.sent[task_id].is_cancelled = True
        for task_id in chance.choices(recent, k=chance.randrange(3)):
            self._queue.set_priority(task_id, chance.choice(list(Priority)))
        if chance.random() < 0.02:
            self._purge(f"run {chance.randrange(5)}", running=chance.random() < 0.5)

    def _purge(self, run_id: str, *, running: bool) -> None:
        self.purged += self._queue.purge_run(run_id, running=running)
        for sent in self.sent.values():
            if sent.options.get("run_id") == run_id and not sent.results:
                sent.is_purged = True
