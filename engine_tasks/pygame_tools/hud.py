"""A HUD in one call: how steady the frames are, and what each worker has to do."""

from __future__ import annotations

import time
from typing import Final, Literal

import pygame

from engine_tasks.observe.metrics import warm_up
from engine_tasks.pygame_tools.drawing import (
    ACCENT,
    ALARM,
    CARD,
    MUTED,
    TEXT,
    WARNING,
    card,
    draw_text,
)
from engine_tasks.pygame_tools.frame_graph import FrameGraph, height_px
from engine_tasks.pygame_tools.frames import FRAME_S, FrameLog
from engine_tasks.pygame_tools.worker_rows import ROW_PX, WorkerRow, draw_heading
from engine_tasks.task_queue import TaskQueue
from engine_tasks.worker_id import WorkerId

Corner = Literal["topleft", "topright", "bottomleft", "bottomright"]

#: Pixels: the width of the panel, and the room around and within it.
WIDTH_PX: Final = 380
MARGIN_PX: Final = 14
_PAD_PX: Final = 14
_GRAPH: Final = pygame.Rect(_PAD_PX, 36, WIDTH_PX - 2 * _PAD_PX - 34, 60)
_ROWS_TOP_PX: Final = 130

#: The height of a panel without rows.
FRAMES_PX: Final = _GRAPH.bottom + 14

#: Frames from one look at a worker's tasks to the next: numbers that change faster are a blur.
_LOOK_FRAMES: Final = 20

#: Every how many of these looks there is one at its speed, which is that of the last seconds.
_SPEED_LOOKS: Final = 3

#: Workers that are shown, where nothing else is asked for; those that were started first.
MOST_ROWS: Final = 8


class Hud:
    """A translucent panel in a corner of a game, drawn by one call a frame.

    It shows the interval of each frame with a line at 16.7 ms, how many came late, and a row
    a worker: tasks waiting, in progress and ready, results a second, and restarts. Only the
    game thread may use it. With four workers it costs 0.3 ms in most frames, 0.2 of them to
    blend the panel, and 0.7 ms where it asks a worker for its speed, four times a second.
    """

    def __init__(
        self,
        queue: TaskQueue,
        *,
        frames: FrameLog | None = None,
        corner: Corner = "topright",
        most_rows: int = MOST_ROWS,
    ) -> None:
        """Show the workers of `queue`, `most_rows` of them at most; 0 is the frames alone.

        Without a log of `frames` it measures from draw to draw.
        """
        #: May be changed while the game runs, for a small window say.
        self.most_rows = most_rows
        self._queue = queue
        self._frames = frames or FrameLog()
        self._measures = frames is None
        self._corner = corner
        self._rows: list[WorkerRow] = []
        self._drawn_s: float | None = None
        self._draws = 0
        self._shown_frames = self._frames.count
        self._panel = pygame.Surface((0, 0))
        warm_up()  # here, not in the middle of a game: the first percentiles take 15 ms more
        self._lay_out()

    def draw(self, surface: pygame.Surface) -> pygame.Rect:
        """Draw the panel over a frame that is otherwise finished; return where it is."""
        if self._measures:
            self._measure()
        if self._draws % _LOOK_FRAMES == 0:
            self._look_for_workers(surface.get_height())
            self._draw_late()
        else:
            self._look_at_one()
        self._draws += 1
        self._draw_new_frames()
        area = self._area(surface)
        surface.blit(self._panel, area)
        return area

    def height_px(self) -> int:
        """Return the height of the panel, which grows with the number of workers."""
        return self._panel.get_height()

    def _measure(self) -> None:
        now_s = time.perf_counter()
        if self._drawn_s is not None:
            self._frames.add(now_s - self._drawn_s, "game")
        self._drawn_s = now_s

    def _area(self, surface: pygame.Surface) -> pygame.Rect:
        inside = surface.get_rect().inflate(-2 * MARGIN_PX, -2 * MARGIN_PX)
        area = self._panel.get_rect()
        setattr(area, self._corner, getattr(inside, self._corner))
        return area

    def _look_for_workers(self, room_px: int) -> None:
        name_of = self._queue.worker_ids.name_of
        ids = [worker_id for worker_id in self._queue.stats() if worker_id != WorkerId.Echo]
        running = [(worker_id, name_of(worker_id) or str(worker_id)) for worker_id in ids]
        fitting = (room_px - 2 * MARGIN_PX - _ROWS_TOP_PX) // ROW_PX
        shown = running[: max(0, min(fitting, self.most_rows, _LOOK_FRAMES // 2 - 1))]
        known = {(row.worker_id, row.name): row for row in self._rows}
        if shown != list(known):
            self._rows = [known.get(each) or WorkerRow(self._queue, *each) for each in shown]
            self._lay_out()

    def _look_at_one(self) -> None:
        """Look at half a worker at most, so that no frame pays for all of them."""
        i, tasks = divmod(self._draws % _LOOK_FRAMES - 1, 2)
        if i >= len(self._rows):
            return
        if tasks:
            self._rows[i].look_at_tasks()
            self._rows[i].draw(self._panel, self._row_area(i))
        elif self._draws // _LOOK_FRAMES % _SPEED_LOOKS == 0:
            self._rows[i].look_at_speed()

    def _row_area(self, i: int) -> pygame.Rect:
        return pygame.Rect(_PAD_PX, _ROWS_TOP_PX + i * ROW_PX, WIDTH_PX - 2 * _PAD_PX, ROW_PX)

    def _lay_out(self) -> None:
        """Make the panel anew, in the size that its rows need."""
        height = _ROWS_TOP_PX + ROW_PX * len(self._rows) + 6 if self._rows else FRAMES_PX
        self._panel = card((WIDTH_PX, height))
        draw_text(self._panel, "FRAMES", (_PAD_PX, 12), 11, MUTED, bold=True)
        self._graph = FrameGraph(self._panel.subsurface(_GRAPH))
        self._graph.add(list(self._frames.recent))
        self._shown_frames = self._frames.count
        for beats, text in ((1, "16.7"), (2, "33.3")):
            y = _GRAPH.bottom - height_px(beats * FRAME_S, _GRAPH.height)
            draw_text(self._panel, text, (_GRAPH.right + 7, y - 7), 11, MUTED)
        draw_text(self._panel, "ms", (_GRAPH.right + 7, _GRAPH.bottom - 13), 11, MUTED)
        self._draw_late()
        if self._rows:
            draw_heading(self._panel, self._row_area(0).move(0, -22))
        for i, row in enumerate(self._rows):
            row.draw(self._panel, self._row_area(i))

    def _draw_late(self) -> None:
        line = pygame.Rect(_PAD_PX + 60, 10, WIDTH_PX - 2 * _PAD_PX - 60, 20)
        self._panel.fill(CARD, line)
        count, late = self._frames.counted, self._frames.late
        right, share = line.right, late / max(1, count)
        colour = ACCENT if share < 0.03 else WARNING if share < 0.15 else ALARM
        right -= draw_text(self._panel, f"of {count:,}", (right, 12), 12, MUTED, align=1.0) + 5
        draw_text(
            self._panel,
            f"{late:,} late",
            (right, 11),
            13,
            colour if count else TEXT,
            bold=True,
            align=1.0,
        )

    def _draw_new_frames(self) -> None:
        fresh = min(self._frames.count - self._shown_frames, len(self._frames.recent))
        if fresh > 0:
            recent = self._frames.recent
            self._graph.add([recent[i] for i in range(-fresh, 0)])
        self._shown_frames = self._frames.count
