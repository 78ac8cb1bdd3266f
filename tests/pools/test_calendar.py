"""`Calendar`: never early, at most a grain late, and nothing is left of what was forgotten."""

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from engine_tasks.pools.calendar import GRAIN_S, Calendar
from engine_tasks.task import Task

INSTANTS = st.one_of(
    st.floats(0.0, 0.1),
    st.integers(0, 12).map(lambda grains: grains * GRAIN_S),
    st.sampled_from([0.0, 5e-324, 0.07, 0.1, 1e9, 1e9 + 0.01, 1e300, 1.7e308]),
)
#: Neighbouring ids that share a bucket.
BUCKET = 64
SPANS_S = st.sampled_from([0.0, 0.001, GRAIN_S / 2, GRAIN_S, 0.02, 0.1, 1e9])


def _task(task_id: int) -> Task:
    return Task(task_id, b"", 0.0)


def _ids(tasks: list[Task]) -> list[int]:
    return [task.id for task in tasks]


def _fires_s(due_s: float) -> float:
    """The first end of a grain that is not before an instant."""
    return math.ceil(min(due_s, 1e300) / GRAIN_S) * GRAIN_S


class CalendarModel(RuleBasedStateMachine):
    """Tasks come, go and become due in any order, against a plain dict."""

    def __init__(self) -> None:
        super().__init__()
        self.calendar = Calendar()
        self.instants: dict[int, float] = {}
        self.now_s = 0.0
        self.added = 0

    @rule(due_s=INSTANTS)
    def add(self, due_s: float) -> None:
        self.added += 23  # so that some are neighbours, and some are not
        self.calendar.add(self.added, due_s, _task(self.added))
        self.instants[self.added] = due_s

    @rule(pick=st.integers(0, 50))
    def discard(self, pick: int) -> None:
        if self.instants:
            task_id = list(self.instants)[pick % len(self.instants)]
            self.calendar.discard(task_id, self.instants.pop(task_id))

    @rule(task_id=st.integers(0, 500), due_s=INSTANTS)
    def discard_what_is_not_there(self, task_id: int, due_s: float) -> None:
        if task_id not in self.instants:
            self.calendar.discard(task_id, due_s)

    @rule(span_s=SPANS_S, most=st.sampled_from([0, 1, 2]))
    def due_a_few(self, span_s: float, most: int) -> None:
        self.now_s += span_s
        fired = self._fired()
        due = _ids(self.calendar.due(self.now_s, most))
        assert due == fired[: len(due)]
        assert len(due) >= min(most, len(fired))
        assert len({n // BUCKET for n in due}) <= most
        for task_id in due:
            del self.instants[task_id]

    def _fired(self) -> list[int]:
        instants = self.instants
        fired = [n for n, due_s in instants.items() if _fires_s(due_s) <= self.now_s]
        return sorted(fired, key=lambda n: (_fires_s(instants[n]), n // BUCKET, instants[n], n))

    @rule(span_s=SPANS_S)
    def due(self, span_s: float) -> None:
        self.now_s += span_s
        fired = self._fired()
        due = _ids(self.calendar.due(self.now_s))
        assert due == fired
        for task_id in due:
            assert self.now_s >= min(self.instants.pop(task_id), 1e300)
        assert all(due_s > self.now_s - GRAIN_S for due_s in self.instants.values())

    @rule(span_s=SPANS_S)
    def pop_after(self, span_s: float) -> None:
        instant_s = self.now_s + span_s
        late = {n: _fires_s(s) for n, s in self.instants.items() if _fires_s(s) > instant_s}
        task = self.calendar.pop_after(instant_s)
        if task is None:
            assert not late
            return
        assert late[task.id] == max(late.values())
        del self.instants[task.id]

    @invariant()
    def it_counts_and_knows_what_is_next(self) -> None:
        assert len(self.calendar) == len(self.instants)
        next_s = min(map(_fires_s, self.instants.values()), default=None)
        assert self.calendar.next_s == next_s


def test_random_lives_of_a_calendar() -> None:
    run_state_machine_as_test(
        CalendarModel,
        settings=settings(max_examples=100, stateful_step_count=40, deadline=None),
    )


@settings(deadline=None)
@given(due_s=st.floats(0.0, 1e12))
@example(due_s=0.030000000000000002)  # with a grain of 0.01 it would be due at 0.03
def test_a_task_is_due_within_a_grain_and_never_early(due_s: float) -> None:
    calendar = Calendar()
    calendar.add(1, due_s, _task(1))
    assert calendar.due(math.nextafter(due_s, -math.inf)) == []
    next_s = calendar.next_s
    assert next_s is not None
    assert next_s - GRAIN_S <= due_s <= next_s
    assert _ids(calendar.due(next_s)) == [1]


def test_whole_seconds_are_on_time() -> None:
    calendar = Calendar()
    for second in range(100):
        calendar.add(second, float(second), _task(second))
    assert [_ids(calendar.due(float(second))) for second in range(100)] == [
        [second] for second in range(100)
    ]


def test_tasks_of_one_grain_are_due_in_order_of_instant_then_of_id() -> None:
    calendar = Calendar()
    for task_id, due_s in [(4, 0.003), (3, 0.001), (2, 0.003), (1, 0.002)]:
        calendar.add(task_id, due_s, _task(task_id))
    assert _ids(calendar.due(GRAIN_S)) == [3, 1, 2, 4]


def test_of_very_many_at_one_instant_a_few_are_taken_out_at_a_time() -> None:
    calendar = Calendar()
    for task_id in range(1000):
        calendar.add(task_id, 1.0, _task(task_id))
    taken: list[int] = []
    while due := _ids(calendar.due(1.0, 100)):
        assert len(due) < 100 + BUCKET
        taken += due
        assert len(calendar) == 1000 - len(taken)
    assert taken == list(range(1000))
    assert calendar.next_s is None


def test_an_instant_past_what_a_clock_reaches_is_never_due() -> None:
    calendar = Calendar()
    calendar.add(1, 1.7e308, _task(1))
    assert calendar.due(1e18) == []
    assert calendar.next_s is not None
    assert calendar.next_s >= 1e300
    calendar.discard(1, 1.7e308)
    assert calendar.next_s is None


def test_nothing_is_left_of_tasks_that_came_and_went() -> None:
    calendar = Calendar()
    calendar.add(0, 5.0, _task(0))
    for n in range(1, 5000):
        calendar.add(n, 10.0 + n, _task(n))
        calendar.discard(n, 10.0 + n)
        calendar.add(n, 1e6, _task(n))
        calendar.discard(n, 1e6)
    assert len(calendar._buckets) == 1
    assert max(len(calendar._first), len(calendar._last)) < 100
    assert _ids(calendar.due(1e7)) == [0]
