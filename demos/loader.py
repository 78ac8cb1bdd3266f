"""Hundreds of textures and sounds are loaded by child processes, and fade in at 60 fps.

Watch the longest frame: results are held back for a moment (amber), then all are to be finished
on the game's thread. With a budget of 2 ms a frame they come in over some frames; without one
(press B) all come at once, and the picture stands still. X puts a corrupt file among them: what
is wrong with it is shown with its name. K cancels what is left. Escape quits at once.
"""

from __future__ import annotations

import colorsys
from argparse import ArgumentParser, Namespace
from typing import Any, Final, Literal

import pygame

from demos._app import App, Scene, play
from demos._errors import SceneError
from demos._gallery import Gallery, sound_thumb, texture_thumb
from demos._level import Level
from demos._loader_cards import PROGRESS_PX, Troubles, draw_budgets, draw_progress, draw_troubles
from demos._options import whole_number
from demos._overlay import is_roomy
from engine_tasks import Priority, TaskQueue
from engine_tasks.pygame_tools.hud import MARGIN_PX, WIDTH_PX
from engine_tasks.pygame_tools.worker_rows import ROW_PX
from engine_tasks.workers import assets

Phase = Literal["painting", "held", "released", "shown"]

#: Milliseconds of a frame for results: with a budget, and as good as without one.
_BUDGET_MS: Final = 2.0
_ENDLESS_MS: Final = 10_000.0
_LABELS: Final = {True: f"{_BUDGET_MS:.0f} ms a frame", False: "no budget"}

#: The share of all files at which results are let go, and seconds after which they are anyway.
_HELD_SHARE: Final = 0.6
_LONGEST_HELD_S: Final = 2.5

#: Seconds for which a level is shown before it is loaded again.
_SHOWN_S: Final = 2.5

#: When a headless run has a corrupt file: shares of its frames.
_CORRUPT_AT: Final = (0.4, 0.55, 0.7)

#: The HUD with two workers, which the cards stand below.
_HUD_PX: Final = 136 + 2 * ROW_PX


class LoaderScene(Scene):
    """A level of files, the batch that loads it, and the gallery of what is there."""

    title = "Loader"
    keys = (("B", "budget"), ("R", "load again"), ("K", "cancel"), ("X", "corrupt file"))

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        files = whole_number(5, 2000)
        parser.add_argument("--files", type=files, default=220, metavar="N", help="default: 220")

    def __init__(self, app: App, options: Namespace) -> None:
        super().__init__(app, options)
        self._gallery = Gallery(options.files)
        self._level: Level | None = None
        self._batch: assets.Batch | None = None
        self._phase: Phase = "painting"
        self._since_s = 0.0  # in this phase
        self._budgeted = True
        self._rounds = 0
        self._bytes = 0
        self._troubles = Troubles()
        self._area = pygame.Rect(0, 0, 1, 1)

    def start(self, queue: TaskQueue) -> None:
        level = self._level = Level(queue, self.options.files, self.options.seed)
        worker_id = assets.start(queue, 2, wait=False)
        if worker_id is None:
            raise SceneError(str(queue.last_error))
        self._worker_id = worker_id
        self._loader = assets.Loader(queue, worker_id, root=level.folder, pixel_format="BGRA")
        level.paint(self._load)

    def _load(self) -> None:
        """Load the whole level, in an order of chance."""
        assert self._level is not None
        if self._batch is not None:
            self._batch.cancel()
        self._gallery.clear()
        self._bytes, self._rounds = 0, self._rounds + 1
        order = sorted(self._level.numbers)
        self.random.shuffle(order)
        wanted = self._rounds
        self._batch = self._loader.load_all(order, on_loaded=lambda a: self._take(a, wanted))
        self._enter("held", None)

    def _enter(self, phase: Phase, budget_ms: float | None) -> None:
        self._phase, self._since_s, self.pump_budget_ms = phase, 0.0, budget_ms

    def _take(self, asset: assets.Asset[Any], wanted: int) -> None:
        """Finish a file on the game's thread, or note what is wrong with it."""
        assert self._level is not None
        number = self._level.numbers.get(asset.path)
        if asset.error and asset.error.problem is not assets.AssetProblem.CANCELLED:
            self._troubles.add(asset.error)
            if not self._has_cards():
                self.app.notify(f"{asset.path}: {asset.error.problem}")
        elif number is None or wanted != self._rounds:
            return  # a corrupt file after all, or of a level that is not wanted any more
        elif asset.error:
            self._gallery.strike(number)
        elif isinstance(asset.value, assets.Image):
            self._gallery.show(number, texture_thumb(asset.value))
        elif isinstance(asset.value, assets.Sound):
            levels = colorsys.hsv_to_rgb(self._level.hue(number), 0.55, 0.95)
            red, green, blue = (round(255 * level) for level in levels)
            self._gallery.show(number, sound_thumb(asset.value, (red, green, blue)))
        self._bytes += asset.file_bytes

    def update(self, dt_s: float) -> None:
        self._gallery.update(dt_s)
        self._since_s += dt_s
        frames = self.app.frames if self.app.headless else None
        if frames and self.app.log.count in [int(share * frames) for share in _CORRUPT_AT]:
            self._corrupt()
        if self._phase == "held":
            enough = self._ready() >= _HELD_SHARE * self.options.files
            if enough or self._since_s > _LONGEST_HELD_S:
                self._enter("released", _BUDGET_MS if self._budgeted else _ENDLESS_MS)
        elif self._phase == "released" and self._batch and self._batch.done:
            self._enter("shown", _BUDGET_MS)
        elif self._phase == "shown" and self._since_s > _SHOWN_S:
            self._budgeted ^= self.app.headless  # such a run shows both in turn
            self._load()

    def _ready(self) -> int:
        return self.queue.tasks_ready(self._worker_id) or 0

    def _corrupt(self) -> None:
        def load(name: str) -> None:
            wanted = self._rounds
            self._loader.load(
                name, priority=Priority.HIGH, on_loaded=lambda a: self._take(a, wanted)
            )

        if self._level is not None:
            self._level.corrupt(load)

    def key(self, name: str) -> bool:
        if name == "x":
            self._corrupt()
        elif name == "k" and self._batch is not None:
            self._batch.cancel()
            self._enter("released", _BUDGET_MS)
        elif name in ("b", "r") and self._batch is not None:
            self._budgeted ^= name == "b"
            self._load()
        return name in ("b", "k", "r", "x")

    def resize(self, free: pygame.Rect) -> None:
        self._area = free
        below = PROGRESS_PX + MARGIN_PX
        grid = pygame.Rect(free.left, free.top + below, free.width, max(1, free.height - below))
        self._gallery.fit(self.app.screen.get_size(), grid)

    def draw(self, screen: pygame.Surface) -> None:
        self._gallery.draw(screen)
        area = pygame.Rect(self._area.topleft, (self._area.width, PROGRESS_PX))
        if self._batch is None:
            painted = len(self._level.numbers) if self._level else 0
            draw_progress(screen, area, None, painted, self.options.files, "painting")
        else:
            megabytes = self._bytes / 1e6
            note = "results wait" if self._phase == "held" else _LABELS[self._budgeted]
            note = f"{megabytes:.0f} MB, {note}"
            draw_progress(screen, area, self._batch, self._ready(), self.options.files, note)
        if self._has_cards():
            corner = (screen.get_width() - MARGIN_PX - WIDTH_PX, _HUD_PX + 2 * MARGIN_PX)
            summaries = {label: self.app.log.summary(label) for label in _LABELS.values()}
            top = draw_budgets(screen, corner, summaries, _LABELS[self._budgeted]) + MARGIN_PX
            draw_troubles(screen, (corner[0], top), self._area.bottom - top, self._troubles)

    def _has_cards(self) -> bool:
        return self.app.hud_shown and is_roomy(self.app.screen.get_size())

    def caption(self) -> str:
        return "files are read and decoded by child processes"

    def frame_label(self) -> str:
        """Name the budget while results are finished: those frames are compared."""
        return _LABELS[self._budgeted] if self._phase == "released" else self._phase

    def stop(self) -> None:
        self.queue.kill()  # nobody writes into the folder any more
        if self._level is not None:
            self._level.remove()

    def counters(self) -> dict[str, Any]:
        if not self.options.deterministic:
            return {"files": self.options.files}
        return {
            "files": self.options.files,
            "rounds": self._rounds,
            "loaded": self._gallery.loaded,
            "not_loaded": self._troubles.names(),
        }

    def measured(self) -> dict[str, Any]:
        summaries = {label: self.app.log.summary(label) for label in _LABELS.values()}
        return {
            "rounds": self._rounds,
            "errors": self._troubles.lines(),
            "bursts": {
                label: {"late": each.late, "longest_ms": round(each.longest_ms, 3)}
                for label, each in summaries.items()
            },
        }


def main(arguments: list[str]) -> None:
    """Run the scene; raises SceneError when it cannot."""
    play(LoaderScene, arguments)
