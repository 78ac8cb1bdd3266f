"""How many tasks an instance takes at once."""

from hypothesis import given
from hypothesis import strategies as st

from engine_tasks.executors.batch import BATCH_S, BatchSize


def test_short_tasks_are_taken_in_growing_batches_up_to_the_most() -> None:
    batch = BatchSize(64)
    sizes = []
    for _ in range(8):
        sizes.append(batch.size)
        batch.learn(batch.size, 0.0)
    assert sizes == [1, 2, 4, 8, 16, 32, 64, 64]


def test_a_batch_that_was_not_full_says_nothing_about_a_larger_one() -> None:
    batch = BatchSize(64)
    batch.learn(1, 0.0)
    batch.learn(1, 0.0)
    assert batch.size == 2


def test_after_a_long_task_each_is_taken_alone() -> None:
    batch = BatchSize(64)
    for _ in range(6):
        batch.learn(batch.size, 0.0)
    batch.learn(64, 1.0)
    assert batch.size == 1


def test_an_executor_that_takes_one_gets_one() -> None:
    batch = BatchSize(1)
    for _ in range(4):
        batch.learn(1, 0.0)
    assert batch.size == 1


@given(
    most=st.integers(1, 200),
    lessons=st.lists(st.tuples(st.integers(1, 200), st.floats(0, 1e6)), max_size=50),
)
def test_a_batch_is_never_empty_nor_over_the_most(
    most: int, lessons: list[tuple[int, float]]
) -> None:
    batch = BatchSize(most)
    for count, took_s in lessons:
        before = batch.size
        batch.learn(min(count, before), took_s)
        assert 1 <= batch.size <= most
        if took_s > BATCH_S:
            assert batch.size <= max(1, before // 2)
