"""What a game sees of pathfinding: answers for the map as it was, whatever happens meanwhile."""

from __future__ import annotations

import random
from collections.abc import Iterator
from importlib.metadata import entry_points
from math import inf, sqrt

import psutil
import pytest
from eventually import PATIENCE_S, eventually
from grid_oracle import Oracle, load

from engine_tasks import TaskQueue, WorkerOptions
from engine_tasks.errors import WorkerIdError, WorkerStartError
from engine_tasks.options import LuaLimits
from engine_tasks.workers import pathfinding
from engine_tasks.workers.pathfinding import (
    Cell,
    FlowField,
    GridMap,
    MapTask,
    Path,
    PathClient,
    PathError,
    PathErrorKind,
)

SMALL = GridMap.of_rows(("....", "@@..", "@@.."))
ISLANDS = GridMap.of_rows((".@.",))
INLINE = WorkerOptions(isolation="inline")


@pytest.fixture
def inline(queue: TaskQueue) -> PathClient:
    """A client whose requests are answered when it pumps, and not before."""
    return _client(queue, pathfinding.start(queue, 1, options=INLINE))


@pytest.fixture
def two(queue: TaskQueue) -> Iterator[PathClient]:
    """A client of two child processes."""
    return _client(queue, pathfinding.start(queue, 2))


def _client(queue: TaskQueue, worker_id: int | None) -> PathClient:
    assert worker_id is not None, queue.last_error
    return pathfinding.client(queue, worker_id)


def _path(client: PathClient, map_id: str, start: Cell, goal: Cell) -> Path:
    answer = client.wait(client.find_path(map_id, start, goal), PATIENCE_S)
    assert isinstance(answer, Path), answer
    return answer


def _error(client: PathClient, task: MapTask[Path]) -> PathError:
    answer = client.wait(task, PATIENCE_S)
    assert isinstance(answer, PathError)
    return answer


def test_a_path_is_typed_and_has_its_cells(two: PathClient) -> None:
    two.load_map("small", SMALL)
    seen: list[Path | PathError] = []
    task = two.find_path("small", (0, 0), (3, 2), on_answer=seen.append)
    assert (task.done, seen) == (False, [])
    path = two.wait(task, PATIENCE_S)
    assert isinstance(path, Path)
    assert seen == [path]
    assert (path.map_id, path.version, path.start, path.goal) == ("small", 1, (0, 0), (3, 2))
    assert path.cost == pytest.approx(3 + sqrt(2))
    assert path.steps.typecode == "H"
    assert list(path) == [(0, 0), (1, 0), (2, 0), (3, 1), (3, 2)] or list(path)[2:4] == [
        (2, 0),
        (2, 1),
    ]
    assert (len(path), path[0], path[-1]) == (5, (0, 0), (3, 2))


def test_a_field_is_one_object_for_all_who_ask_for_it(queue: TaskQueue, inline: PathClient) -> None:
    inline.load_map("small", SMALL)
    tasks = [inline.flow_field("small", (3, 2)) for _ in range(40)]
    field = inline.wait(tasks[0], PATIENCE_S)
    assert isinstance(field, FlowField)
    assert all(task.answer is field for task in tasks)
    assert inline.flow_field("small", [(3, 2)]).answer is field
    assert field.step(2, 0) in ((0, 1), (1, 1))
    assert (field.step(3, 2), field.step(0, 1), field.step(9, 9)) == ((0, 0), None, None)
    assert field.costs is None
    finished = queue.metrics(queue.worker_ids["Pathfinding"])
    assert finished is not None
    assert finished.finished == 1 + 1  # the map, and the field


def test_a_field_leads_to_the_nearest_goal_and_tells_costs(inline: PathClient) -> None:
    inline.load_map("row", GridMap(5, 1, b"\1\1\1\1\7"))
    field = inline.wait(inline.flow_field("row", [(0, 0), (4, 0)], with_costs=True), PATIENCE_S)
    assert isinstance(field, FlowField)
    assert field.goals == ((0, 0), (4, 0))
    assert [field.step(x, 0) for x in range(5)] == [(0, 0), (-1, 0), (-1, 0), (-1, 0), (0, 0)]
    assert field.costs is not None
    assert field.costs.tolist() == [0, 1, 2, 3, 0]


def test_a_field_that_nobody_holds_any_more_is_found_anew(inline: PathClient) -> None:
    inline.load_map("small", SMALL)
    task = inline.flow_field("small", (0, 0))
    first = id(inline.wait(task, PATIENCE_S))
    del task
    again = inline.flow_field("small", (0, 0))
    assert again.answer is None
    assert id(inline.wait(again, PATIENCE_S)) or first


def test_requests_that_wait_for_one_path_share_its_search(
    queue: TaskQueue, inline: PathClient
) -> None:
    inline.load_map("small", SMALL)
    queue.pump()
    tasks = [inline.find_path("small", (0, 0), (3, 2), run_id="crowd") for _ in range(40)]
    inline.edit("small", {(0, 0): 2})
    other = inline.find_path("small", (0, 0), (3, 2), run_id="crowd")  # another version
    waiting = queue.pending_work("crowd")
    assert sorted({task.wanted for task in waiting}) == [1, 40]
    answers = [inline.wait(task, PATIENCE_S) for task in (*tasks, other)]
    assert all(isinstance(answer, Path) for answer in answers)


@pytest.mark.parametrize(
    ("start", "goal", "kind", "said"),
    [
        ((0, 1), (0, 0), "BLOCKED", "start (0, 1) is blocked: choose a free cell"),
        ((0, 0), (1, 2), "BLOCKED", "goal (1, 2) is blocked: choose a free cell"),
        ((4, 0), (0, 0), "OUTSIDE", "start (4, 0) is outside: x goes from 0 to 3, y from 0 to 2"),
        ((0, 0), (0, -1), "OUTSIDE", "goal (0, -1) is outside"),
    ],
)
def test_a_mistake_is_an_answer_at_once_that_says_what_to_do(
    inline: PathClient, start: Cell, goal: Cell, kind: str, said: str
) -> None:
    inline.load_map("level 3", SMALL)
    seen: list[Path | PathError] = []
    answer = inline.find_path("level 3", start, goal, on_answer=seen.append).answer
    assert isinstance(answer, PathError)
    assert (answer.kind, answer.map_id) == (kind, "level 3")
    assert answer.cell in (start, goal)
    assert str(answer).startswith(f"map 'level 3', version 1: {said}")
    assert seen == [answer]
    field = inline.flow_field("level 3", [(0, 0), goal if said.startswith("goal") else start])
    assert isinstance(field.answer, PathError)


def test_an_unknown_map_is_an_answer_at_once(inline: PathClient) -> None:
    for task in (inline.find_path("town", (0, 0), (1, 0)), inline.flow_field("town", (0, 0))):
        assert isinstance(task.answer, PathError)
        assert task.answer.kind is PathErrorKind.UNKNOWN_MAP
        assert str(task.answer) == "map 'town' is not loaded: call load_map('town', …) first"
    assert isinstance(inline.edit("town", {(0, 0): 1}), PathError)
    assert (inline.version("town"), inline.cost("town", (0, 0))) == (None, 0)


def test_no_way_is_an_answer_that_names_both_ends(inline: PathClient) -> None:
    inline.load_map(7, ISLANDS)
    answer = inline.wait(inline.find_path(7, (0, 0), (2, 0)), PATIENCE_S)
    assert isinstance(answer, PathError)
    assert (answer.kind, answer.cell) == (PathErrorKind.NO_WAY, (2, 0))
    assert "map 7, version 1: no way from (0, 0) to (2, 0)" in str(answer)


def test_a_request_is_answered_for_the_map_as_it_was_when_it_was_made(inline: PathClient) -> None:
    inline.load_map("small", SMALL)
    before = inline.find_path("small", (0, 0), (3, 0))
    assert inline.edit("small", {(1, 0): 0}) == 2
    between = inline.find_path("small", (0, 0), (3, 0))
    assert inline.edit("small", {(1, 0): 5}) == 3
    after = inline.find_path("small", (0, 0), (3, 0))
    for task, version, cost in ((after, 3, 7), (before, 1, 3)):
        path = inline.wait(task, PATIENCE_S)
        assert isinstance(path, Path)
        assert (path.version, path.cost) == (version, cost)
    assert _error(inline, between).kind is PathErrorKind.NO_WAY
    assert "version 2" in str(between.answer)
    assert inline.cost("small", (1, 0)) == 5


def test_an_edit_that_changes_nothing_makes_no_version(inline: PathClient) -> None:
    inline.load_map("small", SMALL)
    assert inline.edit("small", {(0, 0): 1, (0, 1): 0}) == 1
    outside = inline.edit("small", {(0, 0): 9, (9, 9): 1})
    assert isinstance(outside, PathError)
    assert "cell (9, 9) is outside" in str(outside)
    assert inline.cost("small", (0, 0)) == 1
    with pytest.raises(ValueError, match=r"the cost of \(0, 0\) is 0 to 255, not 256"):
        inline.edit("small", {(0, 0): 256})


def test_a_map_in_the_place_of_another_has_a_later_version(inline: PathClient) -> None:
    inline.load_map("m", SMALL)
    old = inline.find_path("m", (0, 0), (3, 0))
    assert inline.load_map("m", GridMap(4, 1, b"\2\2\2\2")) == 2
    new = inline.find_path("m", (0, 0), (3, 0))
    costs = [answer.cost for answer in (inline.wait(old, 30), inline.wait(new, 30))]  # type: ignore[union-attr]
    assert costs == [3, 6]
    assert inline.unload_map("m")
    assert not inline.unload_map("m")
    assert inline.find_path("m", (0, 0), (3, 0)).done


def test_more_maps_than_an_instance_keeps_are_all_served(inline: PathClient) -> None:
    for number in range(20):
        inline.load_map(number, GridMap(3, 1, bytes([1, 1, number + 1])))
    for number in (*range(20), *range(20)):
        answer = inline.wait(inline.find_path(number, (0, 0), (2, 0)), PATIENCE_S)
        assert isinstance(answer, Path)
        assert answer.cost == number + 2


def test_two_clients_of_one_worker_keep_their_maps_apart(
    queue: TaskQueue, inline: PathClient
) -> None:
    other = pathfinding.client(queue, queue.worker_ids["Pathfinding"])
    inline.load_map("m", GridMap(2, 1, b"\1\1"))
    other.load_map("m", GridMap(2, 1, b"\1\5"))
    assert _path(inline, "m", (0, 0), (1, 0)).cost == 1
    assert _path(other, "m", (0, 0), (1, 0)).cost == 5


def test_an_instance_that_is_new_gets_map_and_edits_when_it_takes_a_request(
    queue: TaskQueue, two: PathClient
) -> None:
    two.load_map("small", SMALL)
    assert _path(two, "small", (0, 0), (3, 0)).cost == 3
    two.edit("small", {(1, 0): 9})
    queue.restart_worker(queue.worker_ids["Pathfinding"])
    tasks = [two.find_path("small", (0, 0), (x, 0)) for x in (1, 2, 3) * 10]
    costs = [answer.cost for task in tasks if isinstance(answer := two.wait(task, 30), Path)]
    assert costs == [9, 10, 11] * 10


def test_more_edits_than_requests_bring_along_reach_every_instance(two: PathClient) -> None:
    grid = load(None)
    oracle = Oracle(grid)
    two.load_map("level", grid)
    [start, goal, *others] = oracle.some_cells(900, "many edits")
    assert _path(two, "level", start, goal).cost == pytest.approx(
        oracle.costs_to([goal])[start[1], start[0]]
    )
    for cell in others:  # hundreds of versions
        two.edit("level", {cell: 7})
    edited = Oracle(_edited(grid, dict.fromkeys(others, 7)))
    expected = edited.costs_to([goal])[start[1], start[0]]
    tasks = [two.find_path("level", start, goal, run_id=str(n)) for n in range(6)]
    for task in tasks:
        path = two.wait(task, PATIENCE_S)
        assert isinstance(path, Path)
        assert path.cost == pytest.approx(expected)


def _edited(grid: GridMap, costs: dict[Cell, int]) -> GridMap:
    cells = bytearray(grid.cells)
    for (x, y), cost in costs.items():
        cells[y * grid.width + x] = cost
    return GridMap(grid.width, grid.height, bytes(cells))


def _kill_one() -> None:
    """`kill -9` of one of the processes that this one has started."""
    children = [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in str(child.cmdline())
    ]
    random.choice(children).kill()


@pytest.mark.parametrize("with_kills", [False, True], ids=["edits", "edits and kill -9"])
def test_no_path_crosses_a_wall_of_the_version_that_it_was_asked_for(
    queue: TaskQueue, two: PathClient, with_kills: bool
) -> None:
    grid, chance = load(None), random.Random(8)
    cells = Oracle(grid).some_cells(40, "race")
    walls = [cell for cell in Oracle(grid).some_cells(1200, "walls") if cell not in cells]
    versions = {two.load_map("level", grid): grid}
    asked: list[tuple[MapTask[Path], int, Cell, Cell]] = []
    for step in range(240):
        start, goal = chance.sample(cells, 2)
        version = two.version("level")
        assert version is not None
        asked.append((two.find_path("level", start, goal), version, start, goal))
        if step % 2:
            changed = {cell: chance.choice((0, 0, 1, 3)) for cell in chance.sample(walls, 12)}
            newer = two.edit("level", changed)
            assert isinstance(newer, int)
            versions.setdefault(newer, _edited(versions[version], changed))
        if with_kills and step % 80 == 40:
            eventually(lambda: queue.pump() or len(asked) < 2 or asked[0][0].done)
            _kill_one()
        queue.pump()
    for task, version, start, goal in asked:
        answer = two.wait(task, PATIENCE_S)
        oracle = Oracle(versions[version])
        cost = oracle.costs_to([goal])[start[1], start[0]]
        if cost == inf:
            assert isinstance(answer, PathError)
            assert answer.kind is PathErrorKind.NO_WAY
            continue
        assert isinstance(answer, Path), answer
        assert answer.version == version
        assert oracle.cost_of(answer) == pytest.approx(cost)


def test_a_request_that_is_taken_back_says_so_and_leaves_the_others(inline: PathClient) -> None:
    inline.load_map("small", SMALL)
    tasks = [inline.find_path("small", (0, 0), (3, 2)) for _ in range(3)]
    assert tasks[1].cancel()
    assert isinstance(inline.wait(tasks[0], PATIENCE_S), Path)
    assert isinstance(inline.wait(tasks[2], PATIENCE_S), Path)
    assert _error(inline, tasks[1]).kind is PathErrorKind.CANCELLED
    assert not tasks[1].cancel()


def test_a_request_that_waits_for_a_map_to_travel_can_be_taken_back(
    queue: TaskQueue, inline: PathClient
) -> None:
    inline.load_map("small", SMALL)
    queue.pump()
    queue.restart_worker(queue.worker_ids["Pathfinding"])  # it forgets the map
    tasks = [inline.find_path("small", (0, 0), (x, 0)) for x in (1, 2, 3)]
    while sum(map(len, inline._asking._held.values())) < 2:
        queue.pump(max_results=1)  # each lacks the map; the first one takes it along then
    assert not any(task.done for task in tasks)
    assert tasks[1].cancel()
    assert isinstance(tasks[1].answer, PathError)
    assert tasks[1].answer.kind is PathErrorKind.CANCELLED
    for task in (tasks[0], tasks[2]):
        assert isinstance(inline.wait(task, PATIENCE_S), Path)


def test_a_field_to_nowhere_raises(inline: PathClient) -> None:
    inline.load_map("small", SMALL)
    with pytest.raises(ValueError, match="a field needs at least one cell"):
        inline.flow_field("small", [])


def test_a_shared_field_is_taken_back_when_the_last_one_does(inline: PathClient) -> None:
    inline.load_map("small", SMALL)
    first = inline.flow_field("small", (0, 0))
    inline.flow_field("small", (0, 0))
    first.cancel()
    assert isinstance(inline.wait(first, PATIENCE_S), FlowField)
    lonely = inline.flow_field("small", (1, 0))
    lonely.cancel()
    answer = inline.wait(lonely, PATIENCE_S)
    assert isinstance(answer, PathError)
    assert answer.kind is PathErrorKind.CANCELLED
    retried = inline.flow_field("small", (1, 0))
    assert isinstance(inline.wait(retried, PATIENCE_S), FlowField)


def test_a_worker_that_is_stopped_refuses(queue: TaskQueue, inline: PathClient) -> None:
    inline.load_map("small", SMALL)
    queue.stop_all_workers()
    answer = inline.find_path("small", (0, 0), (3, 2)).answer
    assert isinstance(answer, PathError)
    assert answer.kind is PathErrorKind.REFUSED
    assert "map 'small': path: the queue does not accept it:" in str(answer)


def test_a_worker_of_another_kind_is_found_out(queue: TaskQueue) -> None:
    client = pathfinding.client(queue, 0)  # the echo
    client.load_map("small", SMALL)
    error = _error(client, client.find_path("small", (0, 0), (3, 2)))
    assert error.kind is PathErrorKind.FAILED
    assert "is this a pathfinding worker? It answered: " in str(error)


def test_starting_twice_needs_another_name(queue: TaskQueue) -> None:
    first = pathfinding.start(queue, 1, options=INLINE)
    assert first is not None
    assert queue.worker_ids["Pathfinding"] == first >= 1
    with pytest.raises(WorkerIdError, match="the worker name 'Pathfinding' is taken by id 1"):
        pathfinding.start(queue, 1, options=INLINE)
    assert pathfinding.start(queue, 1, name="More paths", options=INLINE) == first + 1


def test_a_start_that_fails_is_none_and_frees_the_name(queue: TaskQueue) -> None:
    hopeless = WorkerOptions(limits=LuaLimits(memory_mb=1), start_timeout_s=0.001)
    assert pathfinding.start(queue, 1, options=hopeless) is None
    assert isinstance(queue.last_error, WorkerStartError)
    assert "Pathfinding" not in queue.worker_ids


def test_the_same_calls_bring_the_same_paths_in_a_deterministic_queue() -> None:
    def play() -> list[list[Cell]]:
        with TaskQueue(deterministic=True) as queue:
            client = _client(queue, pathfinding.start(queue, 2))
            client.load_map("level", load(None))
            cells = Oracle(load(None)).some_cells(6, "deterministic")
            tasks = [client.find_path("level", a, b) for a in cells for b in cells]
            queue.pump(budget_ms=1000.0)
            return [list(task.answer) for task in tasks if isinstance(task.answer, Path)]

    assert play() == play() != []


def test_a_callback_may_ask_again(inline: PathClient) -> None:
    inline.load_map("small", SMALL)
    seen: list[int] = []

    def patrol(answer: Path | PathError) -> None:
        assert isinstance(answer, Path)
        seen.append(len(seen))
        if len(seen) < 3:
            inline.find_path("small", answer.goal, answer.start, on_answer=patrol)

    inline.find_path("small", (0, 0), (3, 2), on_answer=patrol)
    eventually(lambda: inline._queue.pump() or len(seen) == 3)


def test_a_plugin_finds_the_worker_by_its_entry_point() -> None:
    [point] = [p for p in entry_points(group="engine_tasks.workers") if p.name == "pathfinding"]
    assert point.load() is pathfinding.start


@pytest.mark.parametrize("cell", [(0.5, 0), (0, 0, 1), None, "ab", 3])
def test_what_is_no_cell_is_named(inline: PathClient, cell: object) -> None:
    inline.load_map("small", SMALL)
    for ask in (
        lambda: inline.find_path("small", cell, (0, 0)),  # type: ignore[arg-type]
        lambda: inline.flow_field("small", [(0, 0), cell]),  # type: ignore[list-item]
        lambda: inline.edit("small", {cell: 1}),  # type: ignore[dict-item]
    ):
        with pytest.raises(TypeError, match=r"is a cell \(x, y\) of two whole numbers, not"):
            ask()


def test_cells_may_be_numpys_numbers(inline: PathClient) -> None:
    numpy = pytest.importorskip("numpy")
    inline.load_map("small", SMALL)
    start, goal = tuple(numpy.array([0, 0])), numpy.array([3, 2])
    path = inline.wait(inline.find_path("small", start, goal), PATIENCE_S)
    assert isinstance(path, Path)
    assert (path.start, path.goal) == ((0, 0), (3, 2))
    field = inline.wait(inline.flow_field("small", goal), PATIENCE_S)
    assert isinstance(field, FlowField)


def test_a_client_of_a_worker_that_did_not_start_says_so(queue: TaskQueue) -> None:
    with pytest.raises(TypeError, match=r"did not start, see queue\.last_error"):
        pathfinding.client(queue, None)  # type: ignore[arg-type]
