"""A result is read-only, and can be copied and sent on."""

import copy
import pickle
from collections.abc import Callable

import pytest

from engine_tasks import ErrorKind, TaskError, TaskResult
from engine_tasks.executors.conversation import readable
from engine_tasks.parcel import Packer
from engine_tasks.payload import encode
from engine_tasks.task import ReadResult

COPIES: list[Callable[[TaskResult], TaskResult]] = [
    copy.copy,
    copy.deepcopy,
    lambda result: pickle.loads(pickle.dumps(result)),
]
LARGE = bytes(range(256)) * 2000


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("is_read", [False, True])
def test_a_copy_has_the_same_payload_whether_it_was_read_or_not(
    copied: Callable[[TaskResult], TaskResult], is_read: bool
) -> None:
    result = TaskResult(3, 7, None, 2, 1.0, 2.0, 3.0, encode({"path": [1, 2]}))
    if is_read:
        assert result.payload == {"path": [1, 2]}
    other = copied(result)
    assert (other.worker_id, other.task_id, other.attempts) == (3, 7, 2)
    assert (other.queued_s, other.started_s, other.finished_s) == (1.0, 2.0, 3.0)
    assert other.ok
    assert other.payload == {"path": [1, 2]}
    other.payload["path"].append(3)
    assert result.payload == {"path": [1, 2]}


@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_of_a_large_one_holds_bytes_of_its_own(
    copied: Callable[[TaskResult], TaskResult],
) -> None:
    parcel = Packer(copies=False).pack({"pixels": LARGE})
    other = copied(TaskResult(3, 7, encoded=parcel))
    assert bytes(other.payload["pixels"]) == LARGE


@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_of_an_error_has_the_error(copied: Callable[[TaskResult], TaskResult]) -> None:
    error = TaskError(ErrorKind.FAILED, "no way there", "at line 3")
    other = copied(TaskResult(3, 7, error))
    assert other.error == error
    assert other.payload is None


def test_nothing_of_a_result_can_be_set() -> None:
    result = TaskResult(3, 7, encoded=encode(1))
    for name in ("worker_id", "task_id", "error", "attempts", "payload", "ok", "encoded"):
        with pytest.raises(AttributeError):
            setattr(result, name, None)


def test_a_result_can_be_matched_by_its_parts() -> None:
    match TaskResult(3, 7, encoded=encode(1)):
        case TaskResult(3, 7, None):
            pass
        case other:
            raise AssertionError(other)


def test_only_small_results_of_scripts_wait_as_values() -> None:
    small, large = encode([1] * 100), encode([1] * 1000)
    read = readable(small)
    assert isinstance(read, ReadResult)
    assert read.payload == [1] * 100
    assert readable(large) == large
