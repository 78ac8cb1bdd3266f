"""How a task is sent: what the game may ask for it, checked."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from enum import Enum
from typing import Final, TypedDict, Unpack

from engine_tasks.checks import (
    check_above_zero,
    check_callable,
    check_not_negative,
    check_number,
    check_whole,
)
from engine_tasks.parcel import Message
from engine_tasks.policies import Priority
from engine_tasks.task import Task, TaskResult

OnResult = Callable[[TaskResult], None]


class SendOptions(TypedDict, total=False):
    """What may be asked for a task, as `TaskQueue.send_task` documents it."""

    priority: Priority
    timeout_s: float | None
    deadline_s: float | None
    delay_s: float
    run_id: str | None
    key: Hashable
    max_attempts: int | None


def new_task(
    task_id: int,
    payload: Message,
    now_s: float,
    on_result: OnResult | None = None,
    **options: Unpack[SendOptions],
) -> Task:
    """A task that is sent at `now_s`, an instant of the queue's clock.

    Raises `TypeError` and `ValueError` that name the argument.
    """
    task = Task(task_id, payload, now_s, now_s)
    if on_result is not None or options:
        ask_of(task, on_result, **options)
    return task


def ask_of(
    task: Task,
    on_result: OnResult | None = None,
    *,
    priority: Priority = Priority.NORMAL,
    timeout_s: float | None = None,
    deadline_s: float | None = None,
    delay_s: float = 0.0,
    run_id: str | None = None,
    key: Hashable = None,
    max_attempts: int | None = None,
) -> None:
    """Have a new task be what the game asks for.

    Raises `TypeError` and `ValueError` that name the argument.
    """
    if type(priority) is not Priority:
        priority = as_priority(priority)
    if timeout_s is not None:
        check_above_zero("timeout_s", timeout_s)
    if deadline_s is not None:
        check_number("deadline_s", deadline_s)
    if type(delay_s) is not float or not 0.0 <= delay_s < _LONGEST_S:
        check_delay(delay_s)
    if run_id is not None:
        check_run_id(run_id)
    if key is not None:
        check_key(key)
    if max_attempts is not None:
        check_whole("max_attempts", max_attempts, least=1)
    if on_result is not None:
        check_callable("on_result", on_result)
    task.on_result, task.priority, task.timeout_s = on_result, priority, timeout_s
    task.deadline_s, task.ready_s = deadline_s, task.queued_s + delay_s
    task.run_id, task.key, task.max_attempts = run_id, key, max_attempts


#: What a key is made of: types whose comparison is nobody's code.
_PLAIN: Final = frozenset({str, int, float, bytes, bool, type(None)})

#: Seconds in a hundred years: a longer delay is a mistake.
_LONGEST_S: Final = 100 * 365 * 86_400.0


def check_delay(delay_s: object) -> None:
    """Raises for anything but a number of seconds that a game may live to see."""
    check_not_negative("delay_s", delay_s)
    if isinstance(delay_s, int | float) and delay_s >= _LONGEST_S:
        raise ValueError(f"delay_s is at most a hundred years, not {delay_s!r}")


def check_run_id(run_id: object) -> None:
    """Raises `TypeError` for what is no name of a run."""
    if not isinstance(run_id, str):
        raise TypeError(f"run_id is a str, not {type(run_id).__name__}")


def check_key(key: object) -> None:
    """Raises `TypeError` for a key that is not plain: keys are compared within a lock."""
    kind = type(key)
    if kind is tuple:
        for part in key:  # type: ignore[attr-defined]
            check_key(part)
    elif kind not in _PLAIN and not isinstance(key, Enum):
        raise TypeError(
            f"key is a str, a number, bytes, an enum member, or a tuple of those, "
            f"not {kind.__name__}"
        )


def as_priority(priority: object) -> Priority:
    """A `Priority`, from one or from its number. Raises `TypeError`, `ValueError`."""
    if isinstance(priority, bool) or not isinstance(priority, int):
        raise TypeError(f"priority is a Priority, not {type(priority).__name__}")
    try:
        return Priority(priority)
    except ValueError:
        names = ", ".join(Priority.__members__)
        raise ValueError(f"priority is one of {names}, not {priority}") from None
