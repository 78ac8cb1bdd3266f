"""A queue where very many tasks wait, because its only instance is busy with another."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import field, frozen

from engine_tasks.bench.queues import ECHO, Running, Work, running, wait_until
from engine_tasks.bench.work import SMALL_TASK


@frozen
class Backlog:
    """The queue, and what waits in it."""

    ours: Running
    task_ids: list[int] = field(factory=list)

    def fill(self, count: int) -> None:
        """Has `count` more tasks wait."""
        self.task_ids.extend(self.ours.send(SMALL_TASK) for _ in range(count))

    def take_results(self, count: int) -> None:
        """Takes as many results as were brought about by what was cancelled, say."""
        queue, worker_id = self.ours.queue, self.ours.worker_id
        wait_until(lambda: (queue.tasks_ready(worker_id) or 0) >= count, f"{count} results")
        for _ in range(count):
            queue.next_task_result(worker_id)


@contextmanager
def backlog(count: int) -> Iterator[Backlog]:
    """A queue where `count` tasks wait; on the way out they are answered, and none has run."""
    is_over = threading.Event()
    with running("thread", Work(lambda _: is_over.wait(), ECHO.script), 1) as ours:
        try:
            ours.send(None)
            wait_until(
                lambda: ours.queue.tasks_in_progress(ours.worker_id) == 1, "the worker is busy"
            )
            found = Backlog(ours)
            found.fill(count)
            yield found
        finally:
            ours.queue.kill()
            is_over.set()
