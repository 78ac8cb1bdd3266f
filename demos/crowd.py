"""Hundreds of walkers follow flow fields through a map whose walls slide to and fro.

Watch the arrows: each time walls have moved, every walker asks for the field to its group's
flag, the queue answers all of them with one search a group, and the crowd flows another way.
Click to send the group whose arrows are shown; drag with the right button to build walls of
your own. In the background fields over a finer map keep the workers busy all the time, and the
frames stay on time.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Final

import pygame

from demos._app import App, Scene, play
from demos._arrows import Arrows
from demos._crowd_card import card_height, draw_crowd_card
from demos._errors import SceneError
from demos._guide import Guide
from demos._mapgen import built_in_map
from demos._maps import MapError, read_map
from demos._options import whole_number
from demos._steering import GROUPS, Crowd
from demos._view import MapView
from demos._walkers import COLOURS, CrowdPainter
from demos._walls import Walls
from engine_tasks import TaskQueue
from engine_tasks.pygame_tools.hud import MARGIN_PX
from engine_tasks.workers.pathfinding import Cell

_MOST_WALKERS: Final = 1000
_MORE_WALKERS: Final = 60

#: Frames from one move of the walls to the next.
_MOVE_FRAMES: Final = 24

#: Frames after which another group's arrows are shown, until somebody chooses.
_SHOW_FRAMES: Final = 240

#: The HUD ends above here.
_CARD_TOP_PX: Final = 210


class CrowdScene(Scene):
    """The crowd, its guide, and the walls that are in its way."""

    title = "Crowd"
    keys: ClassVar = (
        ("click", "send"),
        ("1-6", "group"),
        ("A", "send all"),
        ("right drag", "build"),
        ("W", "walls slide"),
        ("F", "arrows"),
        ("B", "busy workers"),
        ("+ -", "walkers"),
        ("wheel", "zoom"),
    )

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--map", type=Path, metavar="FILE.map", help="a Moving AI map")
        walkers = whole_number(1, _MOST_WALKERS)
        parser.add_argument("--agents", type=walkers, default=480, metavar="N", help="default: 480")

    def __init__(self, app: App, options: Namespace) -> None:
        super().__init__(app, options)
        self._map = read_map(options.map) if options.map else built_in_map()
        if "." not in self._map.cells:
            raise MapError(options.map, 0, "nowhere to walk: all cells are walls")
        self._walls = Walls(self._map, self.random)
        self._crowd = Crowd(self._map, options.agents, self.random, self._walls.lanes())
        self._view = MapView(self._map)
        self._painter, self._arrows = CrowdPainter(), Arrows()
        self._frames = self._chosen = 0
        self._by_hand = self._all_chosen = False
        self._slides, self._shows_arrows = True, True
        self._is_busy = not options.deterministic  # a frame would have to do it itself
        self._card_at: tuple[int, int] | None = None

    def start(self, queue: TaskQueue) -> None:
        self._guide = Guide(queue, self._map, Random(self.options.seed))
        if queue.worker_state(self._guide.worker_id) is None:
            raise SceneError(str(queue.last_error))
        self._guide.build(self._walls.standing())
        if self._is_busy:
            self._guide.prepare_background()

    def update(self, dt_s: float) -> None:
        if self._slides and self._frames % _MOVE_FRAMES == 0:
            self._guide.build(self._walls.slide())
        self._walls.ease()
        self._guide.follow(self._crowd)
        self._crowd.update(dt_s, self._guide)
        if self._is_busy:
            self._guide.keep_busy()
        if not self._by_hand and self._frames % _SHOW_FRAMES == _SHOW_FRAMES - 1:
            self._chosen = (self._chosen + 1) % GROUPS
        self._frames += 1

    def draw(self, screen: pygame.Surface) -> None:
        picture, field = self._view.picture(), self._guide.shown(self._chosen)
        if self._shows_arrows and field is not None:
            picture = self._arrows.over(picture, field, COLOURS[self._chosen], self._view)
        screen.blit(picture, (0, 0))
        self._walls.draw(screen, self._view)
        self._painter.draw(screen, self._crowd, self._view, self._chosen)
        if self._card_at is not None and self.app.hud_shown:
            draw_crowd_card(screen, self._card_at, self._crowd, self._chosen, self._all_chosen)

    def resize(self, free: pygame.Rect) -> None:
        size = self.app.screen.get_size()
        self._view.fit(size, free)
        self._arrows.prepare(COLOURS, self._view)
        fits = free.right < 0.8 * size[0] and card_height() + _CARD_TOP_PX < free.bottom
        self._card_at = (size[0] - MARGIN_PX, free.bottom - card_height()) if fits else None

    def key(self, name: str) -> bool:
        count = len(self._crowd.walkers)
        if name in tuple("123456"):
            self._chosen, self._by_hand, self._all_chosen = int(name) - 1, True, False
        elif name == "a":
            self._all_chosen = not self._all_chosen
            self.app.notify("Click sends " + ("everybody" if self._all_chosen else "one group"))
        elif name == "w":
            self._slides = not self._slides
        elif name == "f":
            self._shows_arrows = not self._shows_arrows
        elif name == "b":
            self._is_busy = not self._is_busy
        elif name in ("+", "=", "-"):
            more = -_MORE_WALKERS if name == "-" else _MORE_WALKERS
            self._crowd.resize(min(_MOST_WALKERS, max(_MORE_WALKERS, count + more)))
        else:
            return False
        return True

    def click(self, position: tuple[int, int], button: int) -> None:
        cell = self._view.cell_at(position)
        if button == 3:
            self._guide.build(self._walls.begin(cell, self._guide.is_free(*cell)))
        elif button == 1:
            self._send(self._guide.near(cell))

    def _send(self, flag: Cell | None) -> None:
        if flag is None:
            self.app.notify("Nobody can stand there")
            return
        self._by_hand = True
        for group in range(GROUPS) if self._all_chosen else (self._chosen,):
            self._crowd.send(group, flag)

    def event(self, event: pygame.event.Event) -> None:
        if event.type == pygame.MOUSEBUTTONUP and event.button == 3:
            self._walls.end()
        elif event.type == pygame.MOUSEMOTION and event.buttons[2]:
            self._guide.build(self._walls.drag(self._view.cell_at(event.pos)))
        elif event.type == pygame.MOUSEWHEEL or getattr(event, "buttons", (0, 0, 0))[1]:
            self._view.handle(event)

    def caption(self) -> str:
        guide = self._guide
        return (
            f"{len(self._crowd.walkers)} walkers asked {guide.asked:,} times: "
            f"{guide.searched:,} searches. Map version {guide.version:,}"
        )

    def counters(self) -> dict[str, Any]:
        """Return how the walls stand, and with `--deterministic` where everybody is."""
        guide = self._guide
        decided: dict[str, Any] = {"walkers": len(self._crowd.walkers), "version": guide.version}
        if self.options.deterministic:
            decided |= {"asked": guide.asked, "searched": guide.searched}
            decided |= {"arrived": self._crowd.arrived, "places": self._crowd.digest()}
        return decided

    def measured(self) -> dict[str, Any]:
        guide = self._guide
        waiting = sum(walker.waits for walker in self._crowd.walkers)
        return {
            "asked": guide.asked,
            "searched": guide.searched,
            "background": guide.background,
            "arrived": self._crowd.arrived,
            "waiting": waiting,
        }


def main(arguments: list[str]) -> None:
    """Run the scene; raises SceneError when it cannot."""
    play(CrowdScene, arguments)
