"""Dead letters: the last tasks out of attempts are there, with their errors; none twice."""

import itertools
import sys
import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from engine_tasks.errors import ErrorKind, PayloadError, TaskError
from engine_tasks.payload import encode
from engine_tasks.policies import Priority
from engine_tasks.pools.dead_letters import DeadLetters
from engine_tasks.task import Task

FAILED = TaskError(ErrorKind.FAILED, "no such unit")
CRASHED = TaskError(ErrorKind.CRASHED, "the instance died")


def _task(task_id: int, size: int = 1) -> Task:
    return Task(task_id, b"\xc0" * size, 0.0)


def _ids(letters: DeadLetters) -> list[int]:
    return [letter.task_id for letter in letters.letters()]


class LettersModel(RuleBasedStateMachine):
    """Tasks die and are taken out in any order; the model keeps all that ever died."""

    @initialize(most=st.integers(0, 5), most_bytes=st.integers(0, 40))
    def start(self, most: int, most_bytes: int) -> None:
        self.most, self.most_bytes = most, most_bytes
        self.letters = DeadLetters(most, most_bytes)
        self.kept: list[Task] = []
        self.died = 0

    def _die(self, task: Task) -> None:
        self.died += 1
        self.letters.add(task, float(self.died))
        self.kept = [*(kept for kept in self.kept if kept.id != task.id), task][-self.most :]
        if self.most == 0:
            self.kept = []
        while len(self.kept) > 1 and sum(len(t.payload) for t in self.kept) > self.most_bytes:
            del self.kept[0]

    @rule(size=st.integers(1, 30))
    def die(self, size: int) -> None:
        self._die(_task(self.died, size))

    @rule(which=st.integers(0, 4), size=st.integers(1, 30))
    def die_again(self, which: int, size: int) -> None:
        if which < len(self.kept):
            self._die(_task(self.kept[which].id, size))

    @rule(which=st.integers(0, 4))
    def take(self, which: int) -> None:
        if which < len(self.kept):
            task = self.kept.pop(which)
            letter = self.letters.take(task.id)
            assert letter is not None
            assert (letter.task_id, letter.encoded) == (task.id, task.payload)
            assert self.letters.take(task.id) is None

    @invariant()
    def the_last_ones_are_kept(self) -> None:
        letters = self.letters.letters()
        assert [(t.id, t.payload) for t in self.kept] == [(x.task_id, x.encoded) for x in letters]
        assert len(self.letters) == len(self.kept)
        died = [letter.died_s for letter in letters]
        assert died == sorted(died)


def test_the_oldest_letters_go_first() -> None:
    run_state_machine_as_test(
        LettersModel, settings=settings(max_examples=100, stateful_step_count=25, deadline=None)
    )


def test_a_letter_has_all_that_is_known_of_its_task() -> None:
    task = Task(
        9,
        encode({"unit": 3}),
        1.5,
        priority=Priority.HIGH,
        run_id="level 2",
        attempts=2,
        errors=(FAILED, CRASHED),
    )
    letters = DeadLetters(1)
    letters.add(task, 4.5)
    (letter,) = letters.letters()
    assert (letter.task_id, letter.run_id, letter.priority) == (9, "level 2", Priority.HIGH)
    assert (letter.attempts, letter.errors) == (2, (FAILED, CRASHED))
    assert (letter.queued_s, letter.died_s) == (1.5, 4.5)
    assert letter.payload == {"unit": 3}


def test_a_payload_is_decoded_once_and_only_when_it_is_read() -> None:
    letters = DeadLetters(2)
    letters.add(Task(1, b"\x91\x01", 0.0), 1.0)
    letters.add(Task(2, b"\xc1", 0.0), 1.0)  # no MessagePack
    good, bad = letters.letters()
    assert good.payload is good.payload
    with pytest.raises(PayloadError, match="payload"):
        _ = bad.payload


def test_a_letter_shows_neither_payload_nor_bytes_in_a_log() -> None:
    letters = DeadLetters(1)
    letters.add(_task(5, 10_000), 1.0)
    (letter,) = letters.letters()
    assert len(repr(letter)) < 200
    assert "task_id=5" in repr(letter)


def test_a_letter_larger_than_all_may_be_is_kept_alone() -> None:
    letters = DeadLetters(10, most_bytes=10)
    letters.add(_task(1, 4), 1.0)
    letters.add(_task(2, 11), 2.0)
    assert _ids(letters) == [2]
    letters.add(_task(3, 4), 3.0)
    assert _ids(letters) == [3]


def test_what_was_taken_makes_room() -> None:
    letters = DeadLetters(10, most_bytes=10)
    letters.add(_task(1, 8), 1.0)
    letters.take(1)
    letters.add(_task(2, 5), 2.0)
    letters.add(_task(3, 5), 3.0)
    assert _ids(letters) == [2, 3]


def test_what_was_not_kept_cannot_be_taken() -> None:
    letters = DeadLetters(0)
    letters.add(_task(1), 1.0)
    assert len(letters) == 0
    assert letters.take(1) is None


class Payload(bytes):
    """A payload whose length takes so many steps that another thread may come between."""

    def __len__(self) -> int:
        return sum(1 for _ in self)


@pytest.fixture
def crowded() -> Iterator[None]:
    """Threads take turns as often as they can."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval_s)


@pytest.mark.usefixtures("crowded")
def test_threads_find_each_letter_once_and_leave_the_bounds_as_they_were() -> None:
    letters = DeadLetters(8, most_bytes=40)
    threads, each = 4, 1_000
    taken: list[list[int]] = [[] for _ in range(threads)]
    barrier = threading.Barrier(threads)

    def add_and_take(index: int) -> None:
        barrier.wait(30)
        for number in range(each):
            letters.add(Task(index * each + number, Payload(1 + number % 9), 0.0), 0.0)
            found = [letters.take(letter.task_id) for letter in letters.letters()[::3]]
            taken[index] += [letter.task_id for letter in found if letter is not None]

    crowd = [threading.Thread(target=add_and_take, args=(index,)) for index in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(60)
    ids = [*itertools.chain(*taken), *_ids(letters)]
    assert len(ids) == len(set(ids))
    for letter in letters.letters():
        letters.take(letter.task_id)
    for task_id in range(5):
        letters.add(_task(task_id, 10), 1.0)
    assert _ids(letters) == [1, 2, 3, 4]
