"""The terrain scene: the same land whoever paints it, and requests that follow the flight."""

from pathlib import Path
from typing import Any

import pygame
import pytest
from headless import figures_of

from demos._land import paint_tile
from demos._tiles import TILE, TileField, TileState, tile_range, wanted_tiles
from engine_tasks import LuaLimits, Priority, TaskQueue, WorkerOptions
from engine_tasks.lua.sources import worker_script_path

CHECKOUT = Path(__file__).parents[2]
VIEW, PLANE = (0.0, 0.0, 640.0, 320.0), (320.0, 160.0)


def _field(queue: TaskQueue, worker_id: int = 1) -> TileField:
    """A field whose worker paints nothing until it is pumped."""
    queue.start_native_worker(1, "Painter", paint_tile)
    return TileField(queue, seed=5, worker_id=worker_id, step=32)


@pytest.mark.parametrize("vm", ["luajit21", "lua54"])
def test_lua_and_python_paint_the_same_tile(vm: str) -> None:
    options = WorkerOptions(limits=LuaLimits(vm=vm), timeout_s=60.0)
    with TaskQueue() as queue:
        assert queue.start_worker(1, "Lua", worker_script_path("terrain"), options=options)
        for x, y in ((0, 0), (-640, 1280), (100_000, -70_000)):
            request = {"seed": 7, "x": x, "y": y, "size": 16, "step": 4}
            result = queue.wait_result(queue.send_task(1, request) or 0, 60.0)
            assert result is not None
            assert (result.error, result.payload) == (None, paint_tile(request))


def test_tiles_fit_together_and_a_seed_makes_another_world() -> None:
    whole = paint_tile({"seed": 3, "x": 0, "y": 0, "size": 16, "step": 8})
    right = paint_tile({"seed": 3, "x": 64, "y": 0, "size": 8, "step": 8})
    other = paint_tile({"seed": 4, "x": 64, "y": 0, "size": 8, "step": 8})
    assert whole is not None
    assert right is not None
    assert other is not None
    rows = [whole["pixels"][48 * row + 24 : 48 * row + 48] for row in range(8)]
    assert b"".join(rows) == right["pixels"] != other["pixels"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"seed": 1, "x": 0, "y": 0.5, "size": 8, "step": 1},
            "y: expected a whole number, got 0.5",
        ),
        ({"seed": 1, "x": 0, "y": 0, "size": 900, "step": 1}, "size: expected 1 to 512 pixels"),
        ({"seed": 1, "x": 0, "y": 0, "size": 8, "step": 0}, "step: expected 1 to 8 points, got 0"),
        ({"x": 0, "y": 0, "size": 8, "step": 1}, "seed: expected a whole number, got nil"),
    ],
)
def test_a_request_that_does_not_fit_names_its_field(request_: Any, message: str) -> None:
    with TaskQueue(deterministic=True) as queue:
        assert queue.start_worker(1, "Lua", worker_script_path("terrain"))
        queue.send_task(1, request_)
        result = queue.next_task_result(1)
        assert result is not None
        assert message in str(result.error)


def test_what_lies_before_the_nose_comes_first_then_what_is_in_view_then_what_will_be() -> None:
    wanted = wanted_tiles(VIEW, PLANE, (300.0, 0.0))
    assert (wanted[7, 2], wanted[0, 5]) == (Priority.CRITICAL, Priority.LOW)
    assert wanted_tiles(VIEW, (32.0, 160.0), (300.0, 0.0))[10, 2] is Priority.HIGH
    east = [wanted[x, 2] for x in range(11, tile_range(VIEW)[2] + 1200 // TILE)]
    assert east == sorted(east, reverse=True)
    assert {east[0], east[-1]} == {Priority.NORMAL, Priority.IDLE}
    assert (-1, 2) not in wanted
    assert all((x, y) in wanted for x in range(11) for y in range(6))


def test_a_turn_cancels_what_lies_behind_and_moves_up_what_lies_ahead() -> None:
    with TaskQueue(deterministic=True) as queue:
        field = _field(queue)
        for _ in range(5):  # so many at a time
            field.want(VIEW, PLANE, (300.0, 0.0))
        asked = field.counts["asked"]
        assert queue.tasks_waiting(1) == asked == len(wanted_tiles(VIEW, PLANE, (300.0, 0.0)))
        field.want(VIEW, PLANE, (-300.0, 0.0))
        gone = [tile for tile in field.tiles.values() if tile.state is TileState.CANCELLED]
        assert field.counts["cancelled"] == len(gone) > 50
        assert queue.tasks_waiting(1) == field.counts["asked"] - len(gone)
        field.want((640.0, 0.0, 1280.0, 320.0), (960.0, 160.0), (-300.0, 0.0))
        pending = {p.task_id: p.priority for p in queue.pending_work(field.run_id)}
        assert field.counts["moved"] > 0
        assert all(
            pending[tile.task_id] is tile.priority
            for tile in field.tiles.values()
            if tile.state is TileState.QUEUED
        )


def test_each_tile_that_was_asked_for_is_painted_cancelled_or_waits() -> None:
    with TaskQueue(deterministic=True) as queue:
        field = _field(queue)
        for step in range(12):
            field.time_s = step / 10
            x = 40.0 * step
            field.want((x, 0.0, x + 320, 200.0), (x, 100.0), (200.0 * (-1) ** step, 90.0))
            queue.pump(max_results=15)
            field.follow()
        counts, waiting = field.counts, field.tally()[TileState.QUEUED]
        assert counts["asked"] == counts["painted"] + counts["cancelled"] + waiting
        assert min(counts["painted"], counts["cancelled"], waiting) > 0
        field.begin(6, 1, keep_ready=False)
        assert (queue.tasks_waiting(1), field.tiles) == (0, {})
        assert field.counts["asked"] == field.counts["painted"] + field.counts["cancelled"]


def test_a_painter_that_is_gone_is_not_asked_for_every_tile() -> None:
    with TaskQueue(deterministic=True) as queue:
        field = _field(queue, worker_id=9)
        field.want(VIEW, PLANE, (0.0, 0.0))
        assert "9" in field.error
        assert (field.counts["asked"], field.tiles) == (0, {})


def test_a_seed_decides_the_flight_and_the_land(tmp_path: Path) -> None:
    options = ("--deterministic", "--step", "8", "--size", "480x320", "--frames", "90")
    first, again = (
        figures_of("terrain", tmp_path, *options, "--seed", "4")["counters"] for _ in range(2)
    )
    other = figures_of("terrain", tmp_path, *options, "--seed", "5")["counters"]
    assert first == again
    assert first["painted"] == first["asked"] > 100
    assert first["pixels"] != other["pixels"]
    assert first["place"] != other["place"]


def test_workers_paint_what_is_shown_and_the_run_ends_while_they_paint(tmp_path: Path) -> None:
    report = figures_of("terrain", tmp_path, "--frames", "200", "--step", "4", "--painter", "lua")
    assert report["frames"] == 200
    measured = report["measured"]
    assert measured["painted"] > 0
    assert measured["failed"] == 0
    picture = pygame.image.load(tmp_path / "a.png")
    assert picture.get_size() == (1280, 720)
    card, land = pygame.Rect(930, 390, 330, 260), pygame.Rect(14, 100, 880, 550)
    dark = pygame.mask.from_threshold(picture.subsurface(land), (17, 21, 30), (9, 9, 9, 255))
    assert dark.count() < 0.2 * land.width * land.height
    shown = pygame.mask.from_threshold(picture.subsurface(card), (28, 34, 46), (6, 6, 6, 255))
    assert 0.2 < shown.count() / (card.width * card.height) < 0.9
