"""The same work on the game thread, Python threads, child processes or Lua: watch the balls.

Press M: with the game thread and with Python threads the balls stutter and the bars turn red;
with child processes and Lua workers, which this library runs, both are as if nothing were done.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any, ClassVar, Final

import pygame

from demos._app import App, Scene, play
from demos._balls import Ball, draw_balls, make_balls, make_ground, move_balls
from demos._lanes import Lanes, late_colour
from demos._modes import INSTANCES, LIMIT, MODES, Mode
from demos._options import whole_number
from demos._overlay import is_roomy
from engine_tasks import TaskQueue, TaskResult
from engine_tasks.pygame_tools.drawing import MUTED, draw_card, draw_text, text_width
from engine_tasks.pygame_tools.frames import FrameSummary

#: Tasks of the present mode that are in work at any time.
IN_WORK: Final = 8

#: Pixels above the lanes that the caption needs, title and HUD included.
_CAPTION_ROOM_PX: Final = 240


class StutterScene(Scene):
    """Balls above, a lane of frame intervals a mode below."""

    title = "Stutter"
    keys: ClassVar = (("M", "next mode"), ("1-4", "mode"), ("+ -", "balls"))

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        names = [mode.name for mode in MODES]
        parser.add_argument("--mode", choices=names, help="where the work is done; M changes it")
        balls = whole_number(1, 2000)
        parser.add_argument("--balls", type=balls, default=90, metavar="N", help="default: 90")

    def __init__(self, app: App, options: Namespace) -> None:
        """Without a mode, a headless run goes through all of them, in equal parts."""
        super().__init__(app, options)
        names = [mode.name for mode in MODES]
        tours = options.mode is None and app.headless and app.frames
        self._tour_frames = app.frames if tours else None
        self._mode = MODES[names.index(options.mode) if options.mode else 0]
        self._lanes = Lanes([mode.title for mode in MODES])
        self._bounces = 0
        self._done = dict.fromkeys(names, 0)
        self._in_work = dict.fromkeys(names, 0)
        self._logged = 0
        self._field = pygame.Rect((0, 0), app.screen.get_size())
        self._ground = pygame.Surface((1, 1))
        self._balls: list[Ball] = []  # scattered once it is known where there is room
        self._summaries = self._summed_up()

    def start(self, queue: TaskQueue) -> None:
        self._workers = {mode.name: mode.start(queue) for mode in MODES}

    def update(self, dt_s: float) -> None:
        self._take_frame()
        if self._tour_frames:
            stop = len(MODES) * self.app.log.count // self._tour_frames
            self._mode = MODES[min(stop, len(MODES) - 1)]
        self._send_work(self._mode)
        self._bounces += move_balls(self._balls, self._field, dt_s)

    def _take_frame(self) -> None:
        """Show the last frame in its lane, and now and then the sums of all."""
        log = self.app.log
        if log.count > self._logged and log.recent:
            self._lanes.add(log.recent[-1])
            self._logged = log.count
        if log.count % 15 == 0:
            self._summaries = self._summed_up()

    def _send_work(self, mode: Mode) -> None:
        def count(_: TaskResult) -> None:
            self._in_work[mode.name] -= 1
            self._done[mode.name] += 1

        while self._in_work[mode.name] < IN_WORK:
            if self.queue.send_task(self._workers[mode.name], LIMIT, on_result=count) is None:
                return
            self._in_work[mode.name] += 1

    def draw(self, screen: pygame.Surface) -> None:
        screen.blit(self._ground, (0, 0))
        draw_balls(screen, self._balls)
        if self.app.hud_shown:
            if self._field.height > _CAPTION_ROOM_PX:
                self._draw_caption(screen)
            done = {mode.title: self._done[mode.name] for mode in MODES}
            title = self._mode.title
            self._lanes.draw(screen, self._lanes_corner, title, self._summaries, done)

    def _draw_caption(self, screen: pygame.Surface) -> None:
        """Say in large letters where the work is done, and what that does to the frames."""
        frames = self._summaries[self._mode.title]
        share = frames.late / max(1, frames.frames)
        line = f"{100 * share:.0f} % of frames late" if frames.frames else "measuring"
        width = max(text_width(self._mode.title, 46, bold=True), text_width(line, 22, bold=True))
        area = pygame.Rect(0, 0, width + 56, 112)
        area.center = self._caption_at
        draw_card(screen, area)
        draw_text(screen, self._mode.title, (area.centerx, area.top + 10), 46, bold=True, align=0.5)
        colour = late_colour(share) if frames.frames else MUTED
        draw_text(screen, line, (area.centerx, area.top + 70), 22, colour, bold=True, align=0.5)

    def key(self, name: str) -> bool:
        count = len(self._balls)
        if name == "m":
            self._choose((MODES.index(self._mode) + 1) % len(MODES))
        elif name in tuple("1234"):
            self._choose(int(name) - 1)
        elif name in ("+", "=", "-"):
            wanted = max(10, count - 30) if name == "-" else min(2000, count + 30)
            self._balls = make_balls(wanted, self._field, self.random)
        else:
            return False
        return True

    def _choose(self, number: int) -> None:
        self._mode = MODES[number]
        self._tour_frames = None

    def resize(self, free: pygame.Rect) -> None:
        size = self.app.screen.get_size()
        self._ground = make_ground(size)
        shown_frames = self._tour_frames // len(MODES) if self._tour_frames else None
        width = max(480, size[0]) - 2 * free.left
        self._lanes.fit(width, low=not is_roomy(size), frames=shown_frames)
        top = free.bottom - self._lanes.height
        self._lanes_corner = (free.left, top)
        self._field = pygame.Rect(0, 0, size[0], max(60, top if self.app.hud_shown else size[1]))
        if not self._balls:
            self._balls = make_balls(self.options.balls, self._field, self.random)
        self._caption_at = (free.centerx, (free.top + top) // 2)

    def caption(self) -> str:
        return f"the same work: count primes below {LIMIT:,}, {INSTANCES} at a time"

    def frame_label(self) -> str:
        """Name the mode; nothing while others still work off what they were given before."""
        return "" if self._lingers() else self._mode.title

    def _lingers(self) -> bool:
        """Whether this process is still at work for another mode; other processes may be."""
        here = (mode.name for mode in MODES if mode.isolation in ("inline", "thread"))
        return any(self._in_work[name] for name in here if name != self._mode.name)

    def counters(self) -> dict[str, Any]:
        return {
            "balls": len(self._balls),
            "bounces": self._bounces,
            "middle": [
                round(sum(ball.x for ball in self._balls) / len(self._balls), 3),
                round(sum(ball.y for ball in self._balls) / len(self._balls), 3),
            ],
        }

    def measured(self) -> dict[str, Any]:
        return {
            "modes": {
                mode.name: {
                    "frames": frames.frames,
                    "late": frames.late,
                    "p50_ms": round(frames.p50_ms, 3),
                    "p99_ms": round(frames.p99_ms, 3),
                    "longest_ms": round(frames.longest_ms, 3),
                    "tasks": self._done[mode.name],
                }
                for mode, frames in zip(MODES, self._summed_up().values(), strict=True)
            }
        }

    def _summed_up(self) -> dict[str, FrameSummary]:
        return {mode.title: self.app.log.summary(mode.title) for mode in MODES}


def main(arguments: list[str]) -> None:
    """Run the scene; raises SceneError when it cannot."""
    play(StutterScene, arguments)
