"""Hundreds of agents on a map ask for paths all the time; you choose where those are found.

Watch the graph: on the game thread and on Python threads frames come late whenever a group
gets an order; with child processes and Lua workers the bars stay flat.
"""

from __future__ import annotations

from collections import Counter, deque
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

import pygame

from demos._app import KEYS, App
from demos._crowd_hud import Counters, CrowdFigures, draw_crowd_hud, world_area
from demos._mapgen import built_in_map
from demos._maps import GridMap, MapError, read_map
from demos._options import AppOptions, SceneParser, whole_number
from demos._paths import PLACES, PathAnswer, PathFinder, Place
from demos._steering import Crowd
from demos._view import MapView
from demos._walkers import CrowdPainter
from engine_tasks import TaskQueue

_KEYS: Final = (("1-4", "place"), ("+ -", "agents"), ("wheel", "zoom"), ("drag", "move"), *KEYS)

_MOST_AGENTS: Final = 1000
_AGENTS_STEP: Final = 50

#: Seconds until an agent whose request failed asks again.
_PAUSE_S: Final = 0.5

#: Seconds that workers have at the end for the paths they are at; the rest is dropped.
_STOP_S: Final = 0.5

#: Seconds that workers may take to start; they do so while the map is painted.
_START_S: Final = 10.0

#: Seconds that the rate and the median on the screen look back.
_LOOK_BACK_S: Final = 2.0

#: Frames from one refresh of the figures to the next: numbers that change faster are a blur.
_REFRESH_FRAMES: Final = 15

#: Answers of each place that medians in the report are taken of.
_WAITS_KEPT: Final = 10_000


class PathFigures:
    """What became of the requests at each place, and how long answers took."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self._waits_s = {place.name: deque[float](maxlen=_WAITS_KEPT) for place in PLACES}
        self._recent: deque[tuple[float, float]] = deque()  # when it came, after what wait

    def add(self, place: Place, answer: PathAnswer) -> None:
        (self.failed if answer.error else self.found)[place.name] += 1
        self._waits_s[place.name].append(answer.waited_s)
        self._recent.append((perf_counter(), answer.waited_s))

    def recent(self) -> tuple[float, float | None]:
        """Return paths a second and the median wait in milliseconds, of the last moments."""
        since_s = perf_counter() - _LOOK_BACK_S
        while self._recent and self._recent[0][0] < since_s:
            self._recent.popleft()
        waits_s = [waited_s for _, waited_s in self._recent]
        return len(waits_s) / _LOOK_BACK_S, 1000 * median(waits_s) if waits_s else None

    def median_wait_ms(self, place: Place) -> float | None:
        waits_s = self._waits_s[place.name]
        return round(1000 * median(waits_s), 3) if waits_s else None


class CrowdScene:
    """The crowd, the place where its paths are found, and the figures of each place."""

    def __init__(
        self, app: App, queue: TaskQueue, grid_map: GridMap, agents: int, place: Place | None
    ) -> None:
        """Without a place, a headless run goes through all of them, in equal parts."""
        self._app = app
        self._map = grid_map
        self._tour_frames = app.frames if place is None and app.headless else None
        self._place = place or (PLACES[0] if self._tour_frames else PLACES[-1])
        self._finder = PathFinder(queue, grid_map)
        self._crowd = Crowd(grid_map, agents, app.options.seed)
        self._start_digest = self._crowd.digest()
        self._figures = PathFigures()
        self._view = MapView(grid_map)
        self._painter = CrowdPainter()
        self._shown = self._figures_now()
        self._finder.wait_until_ready(_START_S)

    def update(self, dt_s: float) -> None:
        if self._tour_frames:
            stop = len(PLACES) * self._app.log.count // self._tour_frames
            self._place = PLACES[min(stop, len(PLACES) - 1)]
        self._take_answers()
        for agent in self._crowd.update(dt_s):
            ticket = self._finder.ask(self._place, agent.cell, agent.goal)
            if ticket is None:
                self._crowd.give_up(agent, _PAUSE_S)
            else:
                self._crowd.wait(agent, ticket)

    def _take_answers(self) -> None:
        for place in PLACES:
            for answer in self._finder.answers(place):
                self._figures.add(place, answer)
                self._crowd.answer(answer.ticket, answer.path, _PAUSE_S)

    def draw(self, screen: pygame.Surface) -> None:
        self._view.draw(screen)
        self._painter.draw(screen, self._crowd, self._view)

    def draw_hud(self, screen: pygame.Surface) -> None:
        if self._app.log.count % _REFRESH_FRAMES == 0:
            self._shown = self._figures_now()
        draw_crowd_hud(screen, self._shown, self._app.log, _KEYS)

    def handle(self, event: pygame.event.Event) -> None:
        if event.type == pygame.KEYDOWN:
            self._handle_key(event.unicode)
        else:
            self._view.handle(event)

    def _handle_key(self, key: str) -> None:
        count = len(self._crowd.agents)
        if key in tuple("1234"):
            self._place = PLACES[int(key) - 1]
            self._tour_frames = None
        elif key in ("+", "="):
            self._crowd.resize(min(_MOST_AGENTS, count + _AGENTS_STEP))
        elif key == "-":
            self._crowd.resize(max(_AGENTS_STEP, count - _AGENTS_STEP))

    def resize(self, size: tuple[int, int], hud: bool) -> None:
        self._view.fit(size, world_area(size, hud))

    def frame_label(self) -> str:
        """Name the place; nothing while threads still work off what they were asked before."""
        lingering = (place for place in PLACES if place.isolation == "thread")
        busy = any(place is not self._place and self._finder.is_busy(place) for place in lingering)
        return "" if busy else self._place.title

    def report(self) -> dict[str, Any]:
        """Return the figures of each place; `start` depends on the seed and the map alone."""
        return {
            "agents": len(self._crowd.agents),
            "map": {
                "name": self._map.name,
                "width": self._map.width,
                "height": self._map.height,
                "free": self._map.cells.count("."),
            },
            "start": self._start_digest,
            "modes": {place.name: self._report_of(place) for place in PLACES},
        }

    def _report_of(self, place: Place) -> dict[str, Any]:
        frames = self._app.log.summary(place.title)
        return {
            "frames": frames.frames,
            "late": frames.late,
            "interval_ms": {
                "p50": round(frames.p50_ms, 3),
                "p99": round(frames.p99_ms, 3),
                "longest": round(frames.longest_ms, 3),
            },
            "paths": self._figures.found[place.name],
            "failed": self._figures.failed[place.name],
            "answer_ms_p50": self._figures.median_wait_ms(place),
        }

    def _figures_now(self) -> CrowdFigures:
        paths_per_s, answered_in_ms = self._figures.recent()
        return CrowdFigures(
            agents=len(self._crowd.agents),
            map_text=f"{_short(self._map.name)}, {self._map.width} x {self._map.height}",
            place=self._place,
            frames={place.name: self._app.log.summary(place.title) for place in PLACES},
            counters=Counters(*self._finder.counters(self._place)),
            paths_per_s=paths_per_s,
            answered_in_ms=answered_in_ms,
        )


def _short(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:17]}…"


def main(arguments: list[str]) -> None:
    """Run the scene; raises SceneError when it cannot."""
    parser = SceneParser("crowd", (__doc__ or "").partition("\n")[0])
    names = [place.name for place in PLACES]
    parser.add_argument("--map", type=Path, metavar="FILE.map", help="a Moving AI map")
    agents = whole_number(1, _MOST_AGENTS)
    parser.add_argument("--agents", type=agents, default=400, metavar="N", help="default: 400")
    parser.add_argument("--mode", choices=names, help="where paths are found")
    parsed = parser.parse_args(arguments)
    grid_map = read_map(parsed.map) if parsed.map else built_in_map()
    if "." not in grid_map.cells:
        raise MapError(parsed.map, 0, "nowhere to walk: all cells are walls")
    place = PLACES[names.index(parsed.mode)] if parsed.mode else None
    with TaskQueue() as queue:
        app = App("crowd", AppOptions.of(parsed))
        scene = CrowdScene(app, queue, grid_map, parsed.agents, place)
        app.run(scene)
        queue.stop_all_workers()
        queue.stop(_STOP_S)
    if app.headless:
        _print_summary(scene.report()["modes"])


def _print_summary(modes: dict[str, dict[str, Any]]) -> None:
    print(f"{'paths found on':18}{'frames':>7}{'p50 ms':>8}{'p99 ms':>8}{'late':>6}{'paths':>7}")
    for place in PLACES:
        mode = modes[place.name]
        if mode["frames"]:
            p50_ms, p99_ms = mode["interval_ms"]["p50"], mode["interval_ms"]["p99"]
            print(
                f"{place.title:18}{mode['frames']:7}{p50_ms:8.1f}{p99_ms:8.1f}"
                f"{mode['late']:6}{mode['paths']:7}"
            )
