"""The HUD shows what it is asked to, on a dark and on a light game, and harms neither."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pygame
import pytest
from eventually import eventually

from engine_tasks import TaskQueue, WorkerOptions
from engine_tasks.pygame_tools import FrameLog, Hud
from engine_tasks.pygame_tools.drawing import (
    ALARM,
    MUTED,
    ON_TIME,
    TEXT,
    WARNING,
    Colour,
    draw_text,
)
from engine_tasks.pygame_tools.frames import FRAME_S

INLINE = WorkerOptions(isolation="inline")


@pytest.fixture
def queue() -> Iterator[TaskQueue]:
    with TaskQueue(deterministic=True) as queue:
        yield queue


def _start(queue: TaskQueue, name: str) -> int:
    worker_id = queue.worker_ids.register(name)
    assert queue.start_native_worker(worker_id, name, _half, options=INLINE)
    return worker_id


def _half(number: int) -> int:
    if number < 0:
        raise ValueError("no negative numbers")
    return number // 2


def _game(colour: Colour = (0, 0, 0), size: tuple[int, int] = (1280, 720)) -> pygame.Surface:
    surface = pygame.Surface(size)
    surface.fill(colour)
    return surface


def _count(surface: pygame.Surface, area: pygame.Rect, colour: Colour) -> int:
    """How many pixels of an area are near a colour."""
    part = surface.subsurface(area.clip(surface.get_rect()))
    return pygame.mask.from_threshold(part, (*colour, 255), (12, 12, 12, 255)).count()


def _drawn(hud: Hud, surface: pygame.Surface, times: int = 61) -> pygame.Rect:
    """Draw as often as it takes to look at every worker."""
    for _ in range(times):
        surface.fill((0, 0, 0))
        area = hud.draw(surface)
    return area


def test_frames_on_time_and_late_ones_are_told_apart(queue: TaskQueue) -> None:
    log, surface = FrameLog(), _game()
    hud = Hud(queue, frames=log)
    for interval_s in [FRAME_S] * 30 + [0.025] * 10 + [0.045] * 5:
        log.add(interval_s, "game")
    area = _drawn(hud, surface)
    bars = pygame.Rect(area.left, area.top + 36, area.width, 62)
    on_time, late, dropped = (_count(surface, bars, c) for c in (ON_TIME, WARNING, ALARM))
    assert on_time > late > 0
    assert dropped > 0
    log.add(0.045, "game")
    _drawn(hud, surface, 1)
    assert _count(surface, bars, ALARM) > dropped


def test_without_a_log_it_measures_from_draw_to_draw(queue: TaskQueue) -> None:
    surface = _game()
    hud = Hud(queue)
    area = _drawn(hud, surface, 30)
    bars = pygame.Rect(area.left, area.top + 36, area.width, 62)
    marks = (ON_TIME, WARNING, ALARM)
    assert sum(_count(surface, bars, colour) for colour in marks) >= 29


def test_frames_that_count_nowhere_are_neither_late_nor_on_time(queue: TaskQueue) -> None:
    log, surface = FrameLog(), _game()
    hud = Hud(queue, frames=log)
    log.add(0.045, "")
    area = _drawn(hud, surface)
    assert (log.counted, log.late) == (0, 0)
    assert not any(_count(surface, area, colour) for colour in (WARNING, ALARM, ON_TIME))


def test_a_worker_has_a_row_once_it_is_started_and_none_once_it_is_stopped(
    queue: TaskQueue,
) -> None:
    hud, surface = Hud(queue), _game()
    bare = _drawn(hud, surface)
    worker_id = _start(queue, "Paths")
    one = _drawn(hud, surface)
    _start(queue, "Textures")
    two = _drawn(hud, surface)
    assert bare.height < one.height < two.height
    queue.stop_worker(worker_id)
    assert _drawn(hud, surface).height == one.height


def test_bars_show_tasks_that_wait_and_results_that_are_ready(queue: TaskQueue) -> None:
    hud, surface = Hud(queue), _game()
    worker_id = _start(queue, "Paths")
    area = _drawn(hud, surface)
    rows = pygame.Rect(area.left, area.top + 130, area.width, area.height - 130)
    assert _count(surface, rows, WARNING) == 0
    for number in range(200):
        queue.send_task(worker_id, number)
    _drawn(hud, surface)
    few = _count(surface, rows, WARNING)
    assert few > 0
    for number in range(3000):
        queue.send_task(worker_id, number)
    _drawn(hud, surface)
    assert _count(surface, rows, WARNING) > few


def test_a_worker_that_comes_back_under_another_id_is_shown_anew(queue: TaskQueue) -> None:
    hud, surface = Hud(queue), _game()
    worker_id = _start(queue, "Paths")
    _drawn(hud, surface)
    queue.stop_worker(worker_id)
    again = queue.worker_ids.register("Paths", worker_id + 7)
    queue.start_native_worker(again, "Paths", _half, options=INLINE)
    for number in range(200):
        queue.send_task(again, number)
    area = _drawn(hud, surface)
    rows = pygame.Rect(area.left, area.top + 130, area.width, area.height - 130)
    assert _count(surface, rows, WARNING) > 0


def test_errors_are_told_in_the_row(queue: TaskQueue) -> None:
    hud, surface = Hud(queue), _game()
    worker_id = _start(queue, "Paths")
    area = _drawn(hud, surface)
    rows = pygame.Rect(area.left, area.top + 130, area.width, area.height - 130)
    assert _count(surface, rows, ALARM) == 0
    queue.send_task(worker_id, -1)
    assert queue.next_task_result(worker_id) is not None
    _drawn(hud, surface)
    assert _count(surface, rows, ALARM) > 0


def test_a_restart_is_told_in_the_row() -> None:
    with TaskQueue() as queue:
        hud, surface = Hud(queue), _game()
        worker_id = queue.worker_ids.register("Fragile")
        queue.start_native_worker(worker_id, "Fragile", os._exit)
        area = _drawn(hud, surface)
        name = pygame.Rect(area.left + 14, area.top + 130, 90, 40)
        assert _count(surface, name, WARNING) == 0
        queue.send_task(worker_id, 3)
        eventually(lambda: queue.metrics(worker_id).restarts)  # type: ignore[union-attr]
        _drawn(hud, surface)
        assert _count(surface, name, WARNING) > 0


def test_text_can_be_drawn_after_pygame_was_left_and_started_anew() -> None:
    surface = _game()
    draw_text(surface, "before", (0, 0))
    pygame.quit()
    draw_text(surface, "after", (0, 40))
    assert _count(surface, pygame.Rect(0, 40, 60, 20), TEXT) > 0


@pytest.mark.parametrize("ground", [(0, 0, 0), (255, 255, 255)])
def test_its_text_stands_out_on_a_dark_and_on_a_light_game(
    queue: TaskQueue, ground: Colour
) -> None:
    surface = _game(ground)
    area = Hud(queue).draw(surface)
    card = surface.get_at((area.centerx, area.bottom - 5))
    assert max(card[:3]) < 60  # under text of some 160 and more
    title = pygame.Rect(area.left, area.top, 100, 30)
    assert _count(surface, title, MUTED) > 10


@pytest.mark.parametrize("corner", ["topleft", "topright", "bottomleft", "bottomright"])
def test_it_keeps_to_its_corner_and_within_a_small_window(queue: TaskQueue, corner: str) -> None:
    surface = _game(size=(480, 320))
    area = Hud(queue, corner=corner).draw(surface)  # type: ignore[arg-type]
    assert surface.get_rect().contains(area)
    assert getattr(area, corner) == getattr(surface.get_rect().inflate(-28, -28), corner)


def test_a_long_name_leaves_the_numbers_alone(queue: TaskQueue) -> None:
    surface = _game()
    hud = Hud(queue)
    _start(queue, "A worker with a name that is far too long for its column")
    area = _drawn(hud, surface)
    row = pygame.Rect(area.left + 14 + 106, area.top + 130, 24, 20)
    assert _count(surface, row, TEXT) == 0


def test_more_workers_than_there_are_rows_do_no_harm(queue: TaskQueue) -> None:
    hud, surface = Hud(queue), _game()
    for number in range(12):
        _start(queue, f"Worker {number}")
    assert surface.get_rect().contains(_drawn(hud, surface))


def test_rows_can_be_done_without(queue: TaskQueue) -> None:
    hud, surface = Hud(queue, most_rows=0), _game()
    bare = _drawn(hud, surface)
    _start(queue, "Paths")
    assert _drawn(hud, surface).height == bare.height
    hud.most_rows = 1
    assert _drawn(hud, surface).height > bare.height


def test_no_more_rows_than_a_low_window_holds(queue: TaskQueue) -> None:
    hud, surface = Hud(queue), _game(size=(480, 240))
    for number in range(6):
        _start(queue, f"Worker {number}")
    assert surface.get_rect().contains(_drawn(hud, surface))


def test_a_queue_that_was_stopped_can_still_be_shown(queue: TaskQueue) -> None:
    hud, surface = Hud(queue), _game()
    _start(queue, "Paths")
    _drawn(hud, surface)
    queue.kill()
    _drawn(hud, surface)


def test_without_pygame_the_import_says_what_to_install() -> None:
    hidden = "import sys; sys.modules['pygame'] = None; import engine_tasks.pygame_tools"
    run = subprocess.run(
        [sys.executable, "-c", hidden],
        env={**os.environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert "needs pygame or pygame-ce: pip install pygame-ce" in run.stderr
