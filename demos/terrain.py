"""A flight over an endless map whose tiles workers paint while you fly.

Watch the small map: tiles are asked for where the plane will be, blue while they wait, amber
while they are painted. Turn, and those that are now out of the way flash red: cancelled. The
rest gets other priorities, and frames stay on time throughout. L and Y choose who paints: Lua,
or the same in Python, some hundred times slower.
"""

from __future__ import annotations

import zlib
from argparse import ArgumentParser, Namespace
from math import cos, sin
from typing import Any, Final, Literal

import pygame

from demos._app import App, Scene, play
from demos._errors import SceneError
from demos._flight import FlightView
from demos._land import paint_tile
from demos._tiles import TileField, TileState
from engine_tasks import LuaLimits, TaskQueue, WorkerOptions
from engine_tasks.lua.sources import worker_script_path
from engine_tasks.pygame_tools.hud import MARGIN_PX

Painter = Literal["lua", "python"]
_TITLES: Final[dict[Painter, str]] = {"lua": "Lua", "python": "Python"}

_INSTANCES: Final = 2

#: A machine whose cores others keep busy starts what yields to them slowly.
_OPTIONS: Final = WorkerOptions(start_timeout_s=60.0)

#: This script may run at full speed also where nothing but trust confines it.
_LUA_OPTIONS: Final = WorkerOptions(start_timeout_s=60.0, limits=LuaLimits(jit=True))

#: Points a second; radians a second.
_SPEEDS: Final = (140.0, 300.0, 520.0)
_TURN: Final = 1.1

#: Frames from one look at what is wanted to the next.
_LOOK_FRAMES: Final = 6

#: Pixels a tile, for the zoom.
_ZOOMS: Final = (40, 64, 96, 128)

#: Seconds for which the pilot's hand is off after a key.
_BY_HAND_S: Final = 6.0


class TerrainScene(Scene):
    """The flight, its tiles and who paints them."""

    title = "Terrain"
    keys = (
        ("← →", "turn"),
        ("↑ ↓", "speed"),
        ("+ -", "zoom"),
        ("L", "Lua paints"),
        ("Y", "Python paints"),
        ("N", "new world"),
    )
    pump_budget_ms = 1.5

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--painter", choices=tuple(_TITLES), help="who paints tiles; headless both in turn"
        )
        parser.add_argument(
            "--step", type=int, choices=(1, 2, 4, 8), default=1, help="points a pixel; default: 1"
        )

    def __init__(self, app: App, options: Namespace) -> None:
        super().__init__(app, options)
        self._view = FlightView()
        self._painter: Painter = options.painter or "lua"
        self._takes_turns = app.headless and options.painter is None
        self._x, self._y, self._heading = 0.0, 0.0, -0.5
        self._speed = 1
        self._turn, self._turn_until_s = 0.0, 0.0
        self._by_hand_until_s = -1.0
        self._world = options.seed
        self._frames = 0
        self._free = pygame.Rect(0, 0, 1280, 720)

    def start(self, queue: TaskQueue) -> None:
        self._ids: dict[str, int] = {}
        for name, title in _TITLES.items():
            full = f"Terrain: {title}"
            worker_id = self._ids[name] = queue.worker_ids.register(full)
            if name == "lua":
                script = worker_script_path("terrain")
                ok = queue.start_worker(worker_id, full, script, _INSTANCES, wait=False)
            else:
                ok = queue.start_native_worker(worker_id, full, paint_tile, _INSTANCES, wait=False)
            if not ok:
                raise SceneError(str(queue.last_error))
        self._tiles = TileField(queue, self._world, self._ids[self._painter], self.options.step)

    def update(self, dt_s: float) -> None:
        self._frames += 1
        self._steer(dt_s)
        velocity = self._velocity()
        self._x += velocity[0] * dt_s
        self._y += velocity[1] * dt_s
        self._tiles.time_s += dt_s
        if self._takes_turns:
            self._take_turns()
        if self._frames % _LOOK_FRAMES == 1:
            self._view.remember(self._x, self._y)
            plane = (self._x, self._y)
            self._tiles.want(self._view.area(*plane), plane, velocity)
        elif self._frames % _LOOK_FRAMES == 3:
            self._tiles.follow()
        elif self._frames % _LOOK_FRAMES == 5:
            self._view.paint_map(self._tiles, self._x, self._y, self._heading)

    def _velocity(self) -> tuple[float, float]:
        speed = _SPEEDS[self._speed]
        return speed * cos(self._heading), speed * sin(self._heading)

    def _steer(self, dt_s: float) -> None:
        """Turn as the keys say, or else now and then, by the seed."""
        now_s = self._tiles.time_s
        held = pygame.key.get_pressed()
        by_hand = held[pygame.K_RIGHT] - held[pygame.K_LEFT]
        if by_hand:
            self._by_hand_until_s = now_s + _BY_HAND_S
        if now_s < self._by_hand_until_s:
            self._heading += by_hand * _TURN * dt_s
            return
        if now_s >= self._turn_until_s:
            self._turn = self.random.choice((-1.0, -0.5, 0.0, 0.0, 0.5, 1.0)) * _TURN
            self._turn_until_s = now_s + self.random.uniform(0.6, 1.8)
        self._heading += self._turn * dt_s

    def _take_turns(self) -> None:
        """Have Python paint from a third to half of a headless run."""
        total = self.app.frames or 1
        painter: Painter = "python" if total // 3 <= self._frames < total // 2 else "lua"
        if painter != self._painter:
            self._choose(painter)

    def _choose(self, painter: Painter) -> None:
        self._painter = painter
        self._tiles.begin(self._world, self._ids[painter], keep_ready=True)

    def draw(self, screen: pygame.Surface) -> None:
        self._view.draw_land(screen, self._tiles, self._x, self._y)
        self._view.draw_plane(screen, self._x, self._y, self._heading)
        if self.app.hud_shown and self._free.height > 480 and self._free.width > 700:
            right = screen.get_width() - MARGIN_PX
            self._view.draw_map(screen, right, self._free.bottom)

    def resize(self, free: pygame.Rect) -> None:
        self._free = free
        self._view.size_px = self.app.screen.get_size()
        self._view.centre_px = free.center

    def key(self, name: str) -> bool:
        if name in ("left", "right"):
            return True  # held keys steer
        if name in ("up", "down"):
            step = 1 if name == "up" else -1
            self._speed = min(len(_SPEEDS) - 1, max(0, self._speed + step))
        elif name in ("+", "=", "-"):
            step = -1 if name == "-" else 1
            zoom = _ZOOMS.index(self._view.zoom_px) + step
            self._view.zoom_px = _ZOOMS[min(len(_ZOOMS) - 1, max(0, zoom))]
        elif name in ("l", "y"):
            self._takes_turns = False
            self._choose("lua" if name == "l" else "python")
        elif name == "n":
            self._world += 1
            self._tiles.begin(self._world, self._ids[self._painter], keep_ready=False)
        else:
            return False
        return True

    def caption(self) -> str:
        if self._tiles.error:
            return self._tiles.error[:90]
        counts = self._tiles.counts
        return (
            f"{_TITLES[self._painter]} paints. {counts['painted']:,} tiles painted, "
            f"{counts['cancelled']:,} cancelled, {counts['moved']:,} re-prioritised"
        )

    def frame_label(self) -> str:
        return _TITLES[self._painter]

    def counters(self) -> dict[str, Any]:
        """Return where the flight led, and with `--deterministic` what became of the tiles."""
        decided: dict[str, Any] = {
            "world": self._world,
            "place": [round(self._x, 3), round(self._y, 3)],
            "heading": round(self._heading, 6),
        }
        if self.options.deterministic:
            decided |= self._counts() | {"pixels": self._checksum()}
        return decided

    def measured(self) -> dict[str, Any]:
        return self._counts() | {state.value: n for state, n in self._tiles.tally().items()}

    def _counts(self) -> dict[str, int]:
        names = ("asked", "painted", "cancelled", "moved", "failed")
        return {name: self._tiles.counts[name] for name in names}

    def _checksum(self) -> int:
        """A sum of the pixels of all painted tiles, in the order of their places."""
        total = 0
        for _, tile in sorted(self._tiles.tiles.items()):
            if tile.state is TileState.READY:
                total = zlib.crc32(tile.pixels, total)
        return total


def main(arguments: list[str]) -> None:
    """Run the scene; raises SceneError when it cannot."""
    play(TerrainScene, arguments)
