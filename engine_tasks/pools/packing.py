"""Waiting tasks as tuples of plain values, for where very many wait: pure.

Each full collection of CPython's garbage collector looks at every object that could be part of
a cycle: with a million waiting `Task`s that stops a game for a quarter of a second. A tuple of
plain values it looks at once, and never again.
"""

from __future__ import annotations

from engine_tasks.parcel import Message
from engine_tasks.policies import Priority
from engine_tasks.task import Task

#: What a packed task is made of, besides its id and its priority.
Packed = tuple[Message, float, float | None, float, int | None]

_PRIORITIES = tuple(Priority)


def packed(task: Task) -> Packed | Task:
    """The task as a tuple; itself, if somebody may know it, or it has a past."""
    if (
        task.on_result is None
        and task.on_done is None
        and task.run_id is None
        and task.deadline_s is None
        and task.key is None
        and task.followers is None
        and not task.attempts
        and not task.given_back
        and not task.answered
    ):
        return (task.payload, task.queued_s, task.timeout_s, task.ready_s, task.max_attempts)
    return task


def unpacked(task_id: int, priority: int, values: Packed) -> Task:
    """The task that was packed."""
    payload, queued_s, timeout_s, ready_s, max_attempts = values
    return Task(
        task_id,
        payload,
        queued_s,
        timeout_s=timeout_s,
        priority=_PRIORITIES[priority],
        ready_s=ready_s,
        max_attempts=max_attempts,
    )
