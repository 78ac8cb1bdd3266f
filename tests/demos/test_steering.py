"""A crowd follows its fields to its flags, and never stands in a wall for long."""

from math import hypot
from random import Random

import pytest

from demos._mapgen import built_in_map
from demos._maps import GridMap
from demos._sliders import Slider, make_sliders
from demos._steering import GROUPS, Crowd
from engine_tasks import TaskQueue, WorkerOptions
from engine_tasks.workers import pathfinding
from engine_tasks.workers.pathfinding import Cell, FlowField, PathClient

ROOM = GridMap("a room", 20, 12, "." * 240)
FRAME_S = 1 / 60


class AtOnce:
    """A guide that has the field of the map as it is now, by when it is asked."""

    def __init__(self, client: PathClient, grid_map: GridMap) -> None:
        self.client = client
        self.crowd: Crowd | None = None
        client.load_map("m", grid_map.costs())

    def field(self, group: int) -> FlowField | None:
        assert self.crowd is not None
        task = self.client.flow_field("m", self.crowd.groups[group].flag, with_costs=True)
        self.kept = task
        answer = self.client.wait(task, 30.0)
        return answer if isinstance(answer, FlowField) else None

    def is_free(self, x: int, y: int) -> bool:
        return self.client.cost("m", (x, y)) > 0


@pytest.fixture
def client(queue: TaskQueue) -> PathClient:
    inline = WorkerOptions(isolation="inline")
    worker_id = pathfinding.start(queue, 1, options=inline)
    assert worker_id is not None
    return pathfinding.client(queue, worker_id)


def _crowd(
    client: PathClient, grid_map: GridMap, count: int, seed: int = 3
) -> tuple[Crowd, AtOnce]:
    crowd, guide = Crowd(grid_map, count, Random(seed), never=set()), AtOnce(client, grid_map)
    guide.crowd = crowd
    return crowd, guide


def test_everybody_gathers_round_the_flag(client: PathClient) -> None:
    crowd, guide = _crowd(client, ROOM, 30)
    for group in crowd.groups:
        group.lasts_s = 1000.0
    crowd.send(0, (15, 9))
    crowd.groups[0].lasts_s = 1000.0
    for _ in range(400):
        crowd.update(FRAME_S, guide)
        if crowd.groups[0].gathered == 5:
            break
    assert crowd.groups[0].gathered == 5
    for walker in crowd.walkers[::GROUPS]:
        assert walker.gathered
        assert hypot(walker.cell[0] - 15, walker.cell[1] - 9) < 5


def test_a_group_that_has_gathered_is_sent_on(client: PathClient) -> None:
    crowd, guide = _crowd(client, ROOM, 12)
    first = [group.flag for group in crowd.groups]
    for _ in range(1000):
        crowd.update(FRAME_S, guide)
    assert all(group.flag != flag for group, flag in zip(crowd.groups, first, strict=True))
    assert crowd.arrived > 12


def test_nobody_walks_through_a_wall_and_who_is_built_over_leaves_it(client: PathClient) -> None:
    crowd, guide = _crowd(client, ROOM, 60)
    walls = {(x, 6): 0 for x in range(19)}
    client.edit("m", walls)
    for frame in range(300):
        crowd.update(FRAME_S, guide)
        if frame > 30:
            assert all(walker.cell not in walls for walker in crowd.walkers)
    assert any(walker.cell[1] < 6 for walker in crowd.walkers)


def test_without_a_way_walkers_wait(client: PathClient) -> None:
    crowd, guide = _crowd(client, ROOM, 12)
    crowd.send(0, (0, 0))
    client.edit("m", {(1, 0): 0, (0, 1): 0})
    for _ in range(20):
        crowd.update(FRAME_S, guide)
    assert all(w.waits for w in crowd.walkers[::GROUPS] if w.cell != (0, 0))


def test_a_seed_decides_where_all_stand_and_go(client: PathClient) -> None:
    grid_map = built_in_map()
    assert _crowd(client, grid_map, 50)[0].digest() == _crowd(client, grid_map, 50)[0].digest()
    assert _crowd(client, grid_map, 50)[0].digest() != _crowd(client, grid_map, 50, 4)[0].digest()


def test_a_crowd_grows_and_shrinks() -> None:
    crowd = Crowd(ROOM, 30, Random(1), never=set())
    crowd.walkers[29].gathered = True
    crowd.groups[crowd.walkers[29].group].gathered = 1
    crowd.resize(7)
    assert len(crowd.walkers) == 7
    assert sum(group.gathered for group in crowd.groups) == 0
    crowd.resize(20)
    assert [walker.group for walker in crowd.walkers[:7]] == [0, 1, 2, 3, 4, 5, 0]


def test_sliders_keep_to_free_cells_and_turn_at_their_ends() -> None:
    grid_map = built_in_map()
    sliders = make_sliders(grid_map, 14, Random(2))
    assert len(sliders) > 8
    lanes: list[set[Cell]] = [slider.lane() for slider in sliders]
    assert all(grid_map.is_free(*cell) for lane in lanes for cell in lane)
    assert sum(map(len, lanes)) == len(set().union(*lanes))
    slider = Slider(((0, 0), (0, 1)), (1, 0), run=2, step=1)
    seen = []
    for _ in range(6):
        slider.slide()
        seen.append(slider.covered()[0])
    assert seen == [(2, 0), (1, 0), (0, 0), (1, 0), (2, 0), (1, 0)]


def test_a_map_without_room_for_sliders_has_none() -> None:
    assert make_sliders(GridMap("tiny", 3, 3, "." * 9), 5, Random(1)) == []
