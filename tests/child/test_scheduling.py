"""A child leaves the processor to its game, as far as the system lets it."""

import os
import struct
import subprocess
import sys
from collections.abc import Iterator

import pytest
import worker_functions

from engine_tasks import TaskQueue, WorkerOptions

if sys.platform != "linux":
    pytest.skip("slices of Linux", allow_module_level=True)

from engine_tasks.child.kernel import Memory, system_call

_ATTRIBUTES = struct.Struct("=IIQiIQQQ")
_SCHED_GETATTR = {"x86_64": 315, "aarch64": 275}[os.uname().machine]


def scheduling_of(pid: int) -> tuple[int, int, int]:
    """Policy, nice and slice in nanoseconds; a kernel before 6.12 knows no slice: 0."""
    found = Memory(bytes(_ATTRIBUTES.size))
    system_call(_SCHED_GETATTR, pid, found.address, _ATTRIBUTES.size, 0)
    _, policy, _, nice, _, slice_ns, _, _ = _ATTRIBUTES.unpack(found.content)
    return policy, nice, slice_ns


@pytest.fixture
def queue() -> Iterator[TaskQueue]:
    with TaskQueue() as queue:
        yield queue


def child_of(queue: TaskQueue, options: WorkerOptions) -> int:
    assert queue.start_native_worker(1, "Worker", worker_functions.pid, options=options)
    task_id = queue.send_task(1, None)
    assert task_id is not None
    result = queue.wait_result(task_id, 30.0)
    assert result is not None
    pid: int = result.payload
    return pid


def test_a_game_that_wakes_may_break_into_the_slice_of_a_child(queue: TaskQueue) -> None:
    policy, nice, slice_ns = scheduling_of(0)
    child_policy, child_nice, child_slice_ns = scheduling_of(child_of(queue, WorkerOptions()))
    assert (child_policy, child_nice) == (policy, 19)
    assert child_slice_ns == (8_000_000 if slice_ns else 0)
    assert child_slice_ns >= slice_ns
    assert nice < 19


def test_a_child_at_the_games_own_priority_has_slices_like_its(queue: TaskQueue) -> None:
    assert scheduling_of(child_of(queue, WorkerOptions(nice=0))) == scheduling_of(0)


def test_a_child_keeps_the_policy_of_its_game() -> None:
    game = [sys.executable, "-c", _GAME_IN_A_BATCH]
    said = subprocess.run(game, stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout
    assert said.split() == [str(os.SCHED_BATCH), "19"]


_GAME_IN_A_BATCH = """
import os
from engine_tasks.child.scheduling import give_way

os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
give_way(19 - os.nice(0))
print(os.sched_getscheduler(0), os.nice(0))
"""


def test_a_system_that_knows_no_policies_starts_children_all_the_same() -> None:
    game = [sys.executable, "-c", _GAME_ON_MUSL]
    said = subprocess.run(game, stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout
    assert said.split() == ["19"]


_GAME_ON_MUSL = """
import os
from engine_tasks.child.scheduling import give_way


def refuse(_pid):
    raise OSError(38, "Function not implemented")


os.sched_getscheduler = refuse
give_way(19 - os.nice(0))
print(os.nice(0))
"""
