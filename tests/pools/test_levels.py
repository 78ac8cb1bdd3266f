"""`Levels`: in order, whatever comes and goes, and in pieces that stay small."""

import gc
from collections import OrderedDict
from typing import Final

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.policies import Priority
from engine_tasks.pools import levels
from engine_tasks.pools.levels import Levels
from engine_tasks.pools.packing import packed, unpacked
from engine_tasks.task import Task

AGING_S = 10.0
PRIORITIES = st.sampled_from(Priority)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments and levels that a few carriers fill."""
    monkeypatch.setattr(levels, "SEGMENT", 3)
    monkeypatch.setattr(levels, "UNPACKED", 2)


def _task(task_id: int, priority: Priority = Priority.NORMAL) -> Task:
    return Task(task_id, b"payload", float(task_id), priority=priority, ready_s=float(task_id))


class LevelsModel(RuleBasedStateMachine):
    """Carriers come first or last and leave from anywhere, against an OrderedDict a level."""

    def __init__(self) -> None:
        super().__init__()
        self.levels = Levels(AGING_S)
        self.model = {priority: OrderedDict[int, Task]() for priority in Priority}
        self.added = 0

    @rule(
        priority=PRIORITIES,
        ready_s=st.sampled_from([0.0, AGING_S, 2 * AGING_S]),  # of equal ranks now and then
        first=st.booleans(),
        is_known=st.booleans(),
    )
    def put(self, priority: Priority, ready_s: float, first: bool, is_known: bool) -> None:
        self.added += 100  # so that some share a block of ids, and some do not
        task = _task(self.added, priority)
        task.ready_s = ready_s
        task.run_id = "run" if is_known else None
        self._put(task, first)

    def _put(self, task: Task, first: bool) -> None:
        self.levels.put(task, first=first)
        self.model[task.priority][task.id] = task
        if first:
            self.model[task.priority].move_to_end(task.id, last=False)

    @rule(pick=st.integers(0, 99))
    def discard(self, pick: int) -> None:
        task = self._pick(pick)
        if task is not None:
            del self.model[task.priority][task.id]
            assert self.levels.discard(task)
            assert not self.levels.discard(task)
            assert self.levels.get(task.id) is None

    @rule(pick=st.integers(0, 99), priority=PRIORITIES)
    def move(self, pick: int, priority: Priority) -> None:
        task = self._pick(pick)
        if task is not None:
            found = self.levels.get(task.id)
            assert found is not None
            self.levels.discard(found)
            del self.model[task.priority][task.id]
            found.priority = priority
            self._put(found, first=False)

    @rule(pick=st.integers(0, 99))
    def get(self, pick: int) -> None:
        task = self._pick(pick)
        if task is not None:
            found = self.levels.get(task.id)
            assert _same(found, task)
            assert self.levels.get(task.id) is found

    @rule()
    def pop_head(self) -> None:
        head = self.levels.head()
        heads = [next(iter(line.values())) for line in self.model.values() if line]
        if head is None:
            assert not heads
            return
        best = min(heads, key=lambda task: (self.levels.rank(task), -task.priority))
        assert _same(head, best)
        assert self.levels.discard(head)
        del self.model[best.priority][best.id]

    @invariant()
    def it_is_in_order(self) -> None:
        for priority, line in self.model.items():
            assert self.levels.count(priority) == len(line)
        assert len(self.levels) == sum(map(len, self.model.values()))

    @rule()
    def look(self) -> None:
        lines = [line for line in self.model.values() if line]
        assert [task.id for task in self.levels.heads()] == [next(iter(line)) for line in lines]
        last = self.levels.last()
        assert (last and last.id) == (next(reversed(lines[0])) if lines else None)
        for priority, line in self.model.items():
            first = self.levels.first(priority)
            assert (first and first.id) == next(iter(line), None)

    def _pick(self, pick: int) -> Task | None:
        tasks = [task for line in self.model.values() for task in line.values()]
        return tasks[pick % len(tasks)] if tasks else None

    def teardown(self) -> None:
        while (head := self.levels.head()) is not None:
            assert self.levels.discard(head)
            del self.model[head.priority][head.id]
        assert not any(self.model.values())
        assert not self.levels._places
        assert all(len(line._segments) == 1 for line in self.levels._lines)


def _same(found: Task | None, task: Task) -> bool:
    return found is not None and _values(found) == _values(task)


def _values(task: Task) -> tuple[object, ...]:
    return attrs.astuple(task, recurse=False)


@pytest.mark.usefixtures("small")
def test_random_lives_of_levels() -> None:
    run_state_machine_as_test(
        LevelsModel, settings=settings(max_examples=100, stateful_step_count=40, deadline=None)
    )


def test_no_piece_gets_large_and_none_is_left() -> None:
    kept, count = Levels(AGING_S), 5000
    for task_id in range(count):
        kept.put(_task(task_id))
    line = kept._lines[Priority.NORMAL]
    assert max(map(len, line._segments.values())) <= levels.SEGMENT
    assert max(map(len, kept._places.values())) <= 256
    assert [kept.discard(_task(task_id)) for task_id in range(count)] == [True] * count
    assert len(kept) == len(kept._places) == 0
    assert len(line._segments) == 1


def test_the_collector_looks_at_few_of_many_plain_tasks() -> None:
    kept, count = Levels(AGING_S), 3 * levels.UNPACKED
    for task_id in range(count):
        kept.put(_task(task_id))
    gc.collect()
    segments = kept._lines[Priority.NORMAL]._segments.values()
    waiting = [task for segment in segments for task in segment.values()]
    assert len(waiting) == count
    assert sum(map(gc.is_tracked, waiting)) == levels.UNPACKED


def test_a_carrier_is_the_same_each_time_it_is_looked_at() -> None:
    kept = Levels(AGING_S)
    for task_id in range(levels.UNPACKED + 2):
        kept.put(_task(task_id))
    last = kept.last()
    assert last is not None
    last.attempts = 7
    assert kept.get(last.id) is last is kept.last()


TASKS = st.builds(
    Task,
    id=st.integers(0, 2**40),
    payload=st.binary(max_size=9),
    queued_s=st.floats(0, 1e9),
    on_result=st.sampled_from([None, print]),
    timeout_s=st.none() | st.floats(0.1, 9.0),
    priority=PRIORITIES,
    deadline_s=st.none() | st.floats(0, 1e9),
    ready_s=st.floats(0, 1e9),
    run_id=st.none() | st.just("run"),
    key=st.none() | st.just(("a", 1)),
    max_attempts=st.none() | st.integers(1, 9),
    attempts=st.sampled_from([0, 0, 2]),
    given_back=st.sampled_from([0, 0, 1]),
    followers=st.sampled_from([None, {}]),
    answered=st.sampled_from([False, False, True]),
    on_done=st.sampled_from([None, print]),
)


@settings(deadline=None)
@given(task=TASKS)
def test_a_packed_task_forgets_nothing(task: Task) -> None:
    values = packed(task)
    if isinstance(values, Task):
        assert values is task
    else:
        assert _same(unpacked(task.id, task.priority, values), task)


#: What may be said of a task, field by field; what it has only once it was executed comes with
#: its attempts.
SAID: Final[dict[str, dict[str, object]]] = {
    "id": {"id": 2},
    "payload": {"payload": b"other"},
    "queued_s": {"queued_s": 1.5},
    "on_result": {"on_result": print},
    "timeout_s": {"timeout_s": 2.5},
    "priority": {"priority": Priority.LOW},
    "deadline_s": {"deadline_s": 9.5},
    "ready_s": {"ready_s": 3.5},
    "run_id": {"run_id": "run"},
    "key": {"key": 7},
    "max_attempts": {"max_attempts": 4},
    "attempts": {"attempts": 1},
    "started_s": {"started_s": 5.5, "attempts": 1},
    "given_back": {"given_back": 1},
    "errors": {"errors": (TaskError(ErrorKind.FAILED, "no"),), "attempts": 1},
    "followers": {"followers": {}},
    "answered": {"answered": True},
    "on_done": {"on_done": print},
}


@pytest.mark.parametrize("field", [field.name for field in attrs.fields(Task)])
def test_each_field_of_a_task_is_packed_or_keeps_it_from_being(field: str) -> None:
    task = attrs.evolve(_task(1), **SAID[field])
    assert _values(task) != _values(_task(1))
    values = packed(task)
    assert isinstance(values, Task) or _same(unpacked(task.id, task.priority, values), task)


def test_a_plain_task_is_packed() -> None:
    assert type(packed(_task(1))) is tuple
