"""2,000 boids whose rules are a Lua script: save it, and they fly by the new ones at once.

Open `lua/workers/boids.lua` in an editor beside the window, or a copy with `--script`, change a
number and save. A script that is broken changes nothing: the old rules fly on, and the screen
says what is wrong and in which line. The game keeps the flock, so no boid is lost on the way.
"""

from __future__ import annotations

import shutil
import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any, Final

import pygame

from demos._app import App, Scene, play
from demos._boid_cards import draw_rules
from demos._boid_sprites import FlockPainter
from demos._errors import SceneError
from demos._flock import Flock
from demos._options import whole_number
from demos._rules import Rules
from demos._watch import FileWatch
from engine_tasks import TaskQueue
from engine_tasks.lua.sources import worker_script_path

#: Boids that a script must move in its trial.
_TRIAL_BOIDS: Final = 40

#: What a headless run saves in place of the script, and after which share of its frames.
_EDITS: Final = (
    (0.25, {"COHESION = 1.5": "COHESION = 7.5"}),
    (0.50, {"function Run(step)": "function Run(step"}),
    (0.75, {"ALIGNMENT = 2.4": "ALIGNMENT = 6.0", "SEPARATION = 42": "SEPARATION = 95"}),
)


class BoidsScene(Scene):
    """The flock, the rules it flies by, and the watch over the script."""

    title = "Boids"
    keys = (("save", "the script: new rules"), ("mouse", "frightens"), ("R", "scatter"))

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        boids = whole_number(1, 4000)
        parser.add_argument("--boids", type=boids, default=2000, metavar="N", help="default: 2000")
        parser.add_argument("--script", type=Path, metavar="FILE.lua", help="rules of your own")

    def __init__(self, app: App, options: Namespace) -> None:
        super().__init__(app, options)
        self._copied: tempfile.TemporaryDirectory[str] | None = None
        self._edits = list(_EDITS) if app.headless and options.script is None else []
        self._path = self._script_path()
        self._flock = Flock(options.boids, app.options.size, options.seed)
        self._painter = FlockPainter()
        self._watch: FileWatch | None = None
        self._frames = 0
        self._free = pygame.Rect((0, 0), options.size)

    def _script_path(self) -> Path:
        """Where the script is that is watched: a copy where this run is to edit it."""
        path: Path = self.options.script or worker_script_path("boids")
        if self._edits:
            self._copied = tempfile.TemporaryDirectory(prefix="boids-")
            return Path(shutil.copy(path, self._copied.name))
        return path

    def start(self, queue: TaskQueue) -> None:
        flock = self._flock
        self._rules = Rules(
            queue,
            self._path,
            trial=lambda: flock.payload(0, min(_TRIAL_BOIDS, flock.count)),
            judge=lambda moved: flock.fits(moved, min(_TRIAL_BOIDS, flock.count)),
        )
        if not self._path.is_file():
            raise SceneError(f"{self._path}: there is no such script")
        if not self._rules.start():
            raise SceneError(str(queue.last_error))
        self._watch = FileWatch(self._path)
        self._painter.take_step(flock)

    def update(self, dt_s: float) -> None:
        self._frames += 1
        self._edit_copy()
        if self._watch is not None and self._watch.saved():
            self._rules.reload()
        self._rules.poll()
        if self._flock.update(self.queue, self._rules.worker_id, dt_s):
            self._painter.take_step(self._flock)

    def _edit_copy(self) -> None:
        """Save the next change of a headless run, once the last one has been judged."""
        if not self._edits or self._rules.is_trying:
            return
        share, replacements = self._edits[0]
        judged = self._rules.accepted + self._rules.refused
        is_judged = judged == len(_EDITS) - len(self._edits)
        if is_judged and self._frames >= share * (self.app.frames or 1):
            text = worker_script_path("boids").read_text(encoding="utf-8")
            for old, new in replacements.items():
                text = text.replace(old, new)
            self._path.write_text(text, encoding="utf-8")
            del self._edits[0]

    def draw(self, screen: pygame.Surface) -> None:
        self._painter.draw(screen, self._flock.share)
        if self._flock.danger is not None:
            pygame.draw.circle(screen, (54, 40, 50), self._flock.danger, 26, 2)
        if self.app.hud_shown and self._free.height > 480:
            draw_rules(screen, self._rules, self._flock, self._free.bottom)

    def event(self, event: pygame.event.Event) -> None:
        if event.type == pygame.MOUSEMOTION:
            self._flock.danger = (float(event.pos[0]), float(event.pos[1]))
        elif event.type == pygame.WINDOWLEAVE:
            self._flock.danger = None

    def key(self, name: str) -> bool:
        if name != "r":
            return False
        self._flock.scatter()
        return True

    def resize(self, free: pygame.Rect) -> None:
        self._free = free
        self._flock.size = self.app.screen.get_size()

    def caption(self) -> str:
        pace = 1 / max(self._flock.step_s, 1 / 30)
        return f"{self._flock.count:,} boids by {self._path.name}, {pace:.0f} steps a second"

    def counters(self) -> dict[str, Any]:
        """Return what the flock looked like after some steps."""
        return {"boids": self._flock.count, "digests": self._flock.digests}

    def measured(self) -> dict[str, Any]:
        return {
            "steps": self._flock.steps,
            "lost_parts": self._flock.lost_parts,
            "accepted": self._rules.accepted,
            "refused": self._rules.refused,
            "error": self._rules.error or self._flock.error,
            "script": str(self._path),
        }

    def stop(self) -> None:
        """End the watch, and remove the copy."""
        if self._watch is not None:
            self._watch.close()
        if self._copied is not None:
            self._copied.cleanup()


def main(arguments: list[str]) -> None:
    """Run the scene; raises SceneError when it cannot."""
    play(BoidsScene, arguments)
