"""Worker ids: u16, the engine's own first, each name and each number once."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_tasks import EngineTasksError, WorkerId, WorkerIdError
from engine_tasks.worker_id import MAX_WORKER_ID, WorkerIds


@pytest.fixture
def ids() -> WorkerIds:
    return WorkerIds()


def test_the_engine_has_echo_and_the_count_comes_last() -> None:
    assert WorkerId.Echo == 0
    assert WorkerId.EngineWorkersCount == 1


@given(number=st.integers(0, 0xFFFF))
def test_every_u16_is_a_worker_id(number: int) -> None:
    assert WorkerId(number) == number
    assert WorkerId(WorkerId(number)) == number
    assert repr(WorkerId(number)) == f"WorkerId({number})"


@pytest.mark.parametrize("number", [-1, 65_536, 2**64, -(2**64)])
def test_a_number_outside_u16_is_refused(number: int) -> None:
    with pytest.raises(WorkerIdError, match=rf"worker id {number} is outside 0\.\.65535") as caught:
        WorkerId(number)
    assert caught.value.worker_id == number
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, EngineTasksError)


@pytest.mark.parametrize("value", ["1", 1.0, None, True, b"1", [1]])
def test_what_is_no_int_is_no_worker_id(value: object) -> None:
    with pytest.raises(TypeError, match="a worker id is an int, not"):
        WorkerId(value)  # type: ignore[arg-type]


def test_names_get_the_next_free_id_from_the_engines_on(ids: WorkerIds) -> None:
    assert ids.register("Path") == WorkerId.EngineWorkersCount
    assert ids.register("Asset") == 2
    assert ids["Path"] == 1
    assert ids.name_of(2) == "Asset"
    assert list(ids) == ["Echo", "Path", "Asset"]
    assert len(ids) == 3
    assert "Path" in ids
    assert "Nobody" not in ids


def test_the_next_free_id_skips_one_that_was_asked_for(ids: WorkerIds) -> None:
    assert ids.register("Two", 2) == 2
    assert [ids.register(name) for name in ("a", "b", "c")] == [1, 3, 4]


def test_a_released_id_and_name_are_free_again(ids: WorkerIds) -> None:
    for name in ("a", "b", "c"):
        ids.register(name)
    ids.release(2)
    assert "b" not in ids
    assert ids.name_of(2) is None
    assert ids.register("again") == 2
    assert ids.register("b") == 4


def test_a_released_id_can_be_asked_for_and_is_not_given_twice(ids: WorkerIds) -> None:
    ids.register("a")
    ids.release(1)
    assert ids.register("asked", 1) == 1
    assert ids.register("next") == 2


def test_releasing_the_engines_own_or_an_unknown_id_changes_nothing(ids: WorkerIds) -> None:
    ids.release(WorkerId.Echo)
    ids.release(77)
    assert ids["Echo"] == 0
    assert ids.register("a") == 1


def test_a_taken_name_is_refused_with_its_id(ids: WorkerIds) -> None:
    ids.register("Path")
    with pytest.raises(WorkerIdError, match="'Path' is taken by id 1") as caught:
        ids.register("Path")
    assert caught.value.name == "Path"
    assert ids.register("Other") == 2


def test_a_taken_id_is_refused_with_its_name(ids: WorkerIds) -> None:
    ids.register("Path", 9)
    with pytest.raises(WorkerIdError, match="worker id 9 is taken by 'Path'") as caught:
        ids.register("Other", 9)
    assert caught.value.worker_id == 9
    assert "Other" not in ids


def test_the_engines_own_ids_and_names_are_refused(ids: WorkerIds) -> None:
    with pytest.raises(WorkerIdError, match="belongs to the engine's worker 'Echo'"):
        ids.register("Mine", 0)
    with pytest.raises(WorkerIdError, match="'Echo' is taken"):
        ids.register("Echo")


@pytest.mark.parametrize("name", ["", " ", "\t", "a\nb", "a\0"])
def test_a_name_that_nobody_can_read_is_refused(ids: WorkerIds, name: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        ids.register(name)


@pytest.mark.parametrize("name", [None, 1, b"Path"])
def test_a_name_is_text(ids: WorkerIds, name: object) -> None:
    with pytest.raises(TypeError, match="a worker name is a str"):
        ids.register(name)  # type: ignore[arg-type]


def test_an_unknown_name_is_named(ids: WorkerIds) -> None:
    with pytest.raises(WorkerIdError, match="no worker is registered as 'Nobody'"):
        ids["Nobody"]


def test_the_worker_after_the_last_id_is_refused_until_one_is_free(ids: WorkerIds) -> None:
    for number in range(1, MAX_WORKER_ID + 1):
        assert ids.register(f"worker {number}") == number
    with pytest.raises(WorkerIdError, match="all 65,536 worker ids are taken"):
        ids.register("one too many")
    assert "one too many" not in ids
    ids.release(40_000)
    assert ids.register("one too many") == 40_000


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 6)), max_size=60))
def test_names_and_ids_always_belong_together(steps: list[tuple[bool, int]]) -> None:
    ids, model = WorkerIds(), {"Echo": 0}
    for register, number in steps:
        name = f"w{number}"
        if register and name not in model:
            model[name] = ids.register(name)
            assert list(model.values()).count(model[name]) == 1
        elif not register and name in model:
            ids.release(model.pop(name))
    assert {name: ids[name] for name in ids} == model
    assert all(ids.name_of(number) == name for name, number in model.items())


def test_threads_that_register_at_once_get_different_ids(ids: WorkerIds) -> None:
    start = threading.Barrier(8)

    def register(thread: int) -> None:
        start.wait()
        for n in range(100):
            ids.register(f"{thread}:{n}")

    threads = [threading.Thread(target=register, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ids[name] for name in ids) == list(range(801))
