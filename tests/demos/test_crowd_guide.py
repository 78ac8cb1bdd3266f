"""The crowd's guide: hundreds who ask, one search, and no search that piles up behind another."""

from collections.abc import Iterator
from random import Random

import pytest

from demos._guide import Guide
from demos._maps import GridMap
from demos._steering import GROUPS, Crowd
from engine_tasks import TaskQueue

ROOM = GridMap("a room", 20, 12, "." * 100 + "@" + "." * 139)


@pytest.fixture
def queue() -> Iterator[TaskQueue]:
    """A queue whose tasks run when it is pumped."""
    with TaskQueue(deterministic=True) as queue:
        yield queue


def test_all_who_ask_share_one_search_a_group(queue: TaskQueue) -> None:
    guide, crowd = Guide(queue, ROOM, Random(1)), Crowd(ROOM, 60, Random(2), never=set())
    guide.follow(crowd)
    for walker in crowd.walkers:
        assert guide.field(walker.group) is None
    assert (guide.asked, guide.searched) == (60, GROUPS)
    queue.pump(1000.0)
    guide.follow(crowd)
    fields = {id(guide.field(walker.group)) for walker in crowd.walkers}
    assert len(fields) == len({group.flag for group in crowd.groups})
    assert guide.searched == GROUPS


def test_a_map_that_changes_faster_than_searches_end_keeps_one_under_way(
    queue: TaskQueue,
) -> None:
    guide, crowd = Guide(queue, ROOM, Random(1)), Crowd(ROOM, 6, Random(2), never=set())
    guide.follow(crowd)
    for x in range(10):
        guide.build({(x, 0): 5})
        guide.field(0)
    assert guide.searched == 1
    queue.pump(1000.0)
    guide.follow(crowd)
    first = guide.field(0)
    queue.pump(1000.0)
    guide.follow(crowd)
    newest = guide.field(0)
    assert first is not None
    assert newest is not None
    assert (first.version, newest.version) == (2, guide.version)


def test_a_flag_that_moves_takes_its_old_search_back(queue: TaskQueue) -> None:
    guide, crowd = Guide(queue, ROOM, Random(1)), Crowd(ROOM, 6, Random(2), never=set())
    guide.follow(crowd)
    guide.field(0)
    crowd.send(0, (3, 3))
    guide.follow(crowd)
    guide.field(0)
    queue.pump(1000.0)
    guide.follow(crowd)
    field = guide.field(0)
    assert field is not None
    assert field.goals == ((3, 3),)


def test_a_click_that_misses_by_a_little_finds_the_nearest_cell(queue: TaskQueue) -> None:
    guide = Guide(queue, ROOM, Random(1))
    assert guide.near((4, 4)) == (4, 4)
    assert guide.near((0, 5)) in ((0, 4), (0, 6), (1, 5))
    assert guide.near((21, 0)) == (19, 0)
    assert guide.near((30, 30)) is None
