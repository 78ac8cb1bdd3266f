"""What all scenes share: a scene is a class with a few methods, and `play` does the rest.

For example, in `rain.py`:

    class RainScene(Scene):
        title = "Rain"
        keys = (("Space", "thunder"),)

        def start(self, queue: TaskQueue) -> None: ...
        def update(self, dt_s: float) -> None: ...
        def draw(self, screen: pygame.Surface) -> None: ...

    def main(arguments: list[str]) -> None:
        play(RainScene, arguments)
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from random import Random
from typing import Any, ClassVar, Final

import pygame

from demos._options import AppOptions, SceneParser
from demos._overlay import Overlay
from demos._window import KEYS, App
from engine_tasks import TaskQueue
from engine_tasks.clock import ManualClock
from engine_tasks.pygame_tools.frames import FRAME_S

__all__ = ["KEYS", "App", "Scene", "play"]

#: Seconds that workers have at the end; what hangs is killed then, so that a scene quits
#: within one second.
STOP_S: Final = 0.3


#: Letters of the name of a key, up to which it is said that it does nothing: "z", "f7", "tab".
#: Those of modifiers, which are often pressed without a purpose of their own, are longer.
_LONGEST_NAMED: Final = 3


class Scene:
    """One scene; all methods run on the game thread. Override what you need.

    `app` is the window, `options` the parsed command line, `random` is seeded by `--seed`,
    `queue` is there from `start` on. The window has the keys of `_window.KEYS`.
    """

    title: ClassVar[str] = ""
    #: Keys of the scene and what they do, for the screen: `("M", "mode")`.
    keys: ClassVar[tuple[tuple[str, str], ...]] = ()
    #: Milliseconds a frame for callbacks (`on_result`), which run before `update`; None: they
    #: wait.
    pump_budget_ms: float | None = 2.0
    queue: TaskQueue

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """Add options of the scene's own to the shared ones."""

    def __init__(self, app: App, options: Namespace) -> None:
        self.app = app
        self.options = options
        self.random = Random(options.seed)

    def start(self, queue: TaskQueue) -> None:
        """Start workers and lay out the world; `super().start(queue)` is not needed.

        Take little time: a scene is there within two seconds.
        """

    def stop(self) -> None:
        """Let go of what is not the queue's: threads, files; after the last frame."""

    def update(self, dt_s: float) -> None:
        """Let `dt_s` seconds pass; headless, each frame is exactly 1/60 s."""

    def draw(self, screen: pygame.Surface) -> None:
        """Draw the world over all of the screen; title, keys and HUD come above it."""

    def key(self, name: str) -> bool:  # noqa: ARG002 - for scenes that have keys
        """Take a key: the typed character in lower case, or pygame's name: "space", "f1", "up".

        Return False for one that does nothing; the screen says so then.
        """
        return False

    def click(self, position: tuple[int, int], button: int) -> None:
        """Take a click: button 1 is left, 2 the wheel, 3 right."""

    def event(self, event: pygame.event.Event) -> None:
        """Take any other event: wheel, motion, a button or key that is let go."""

    def resize(self, free: pygame.Rect) -> None:
        """Fit the world to the window; `free` is the part that title, keys and HUD leave.

        Comes before the first `draw` and whenever the window or the HUD changes.
        """

    def caption(self) -> str:
        """Return one short line for below the title."""
        return ""

    def frame_label(self) -> str:
        """Name what the coming frame counts as in the log, a mode say; "" counts nowhere."""
        return "game"

    def counters(self) -> dict[str, Any]:
        """Return what the seed and the number of frames decide alone, for tests to compare."""
        return {}

    def measured(self) -> dict[str, Any]:
        """Return figures that depend on the machine and the moment."""
        return {}


def play(scene_class: type[Scene], arguments: list[str]) -> None:
    """Run a scene as its command line says; raises SceneError when it cannot."""
    module = sys.modules[scene_class.__module__]
    name = module.__name__.rpartition(".")[2]
    parser = SceneParser(name, (module.__doc__ or "").partition("\n")[0])
    scene_class.add_options(parser)
    options = parser.parse_args(arguments)
    app = App(name, AppOptions.of(options))
    app.steady = app.headless
    clock = ManualClock() if options.deterministic else None
    with TaskQueue(deterministic=clock is not None, clock=clock) as queue:
        scene = scene_class(app, options)
        scene.queue = queue
        try:
            scene.start(queue)
            app.run(_Played(app, scene, queue, clock))
        finally:
            scene.stop()
        pygame.display.quit()  # the window is gone at once, whatever the workers still do
        queue.stop(STOP_S)
    if app.headless:
        _print_summary(app)


class _Played:
    """A scene as the window wants it: with the shared HUD, callbacks, and events by name."""

    def __init__(self, app: App, scene: Scene, queue: TaskQueue, clock: ManualClock | None) -> None:
        """With a `clock` of its own, the queue's time is that of the frames."""
        self._app = app
        self._clock = clock
        self._scene = scene
        self._queue = queue
        self._overlay = Overlay(queue, app.log, scene.title or app.name, (*scene.keys, *KEYS))

    def update(self, dt_s: float) -> None:
        if self._clock is not None:
            self._clock.advance(FRAME_S)
        if self._scene.pump_budget_ms is not None:
            self._queue.pump(self._scene.pump_budget_ms)
        self._scene.update(dt_s)

    def draw(self, screen: pygame.Surface) -> None:
        self._scene.draw(screen)

    def draw_hud(self, screen: pygame.Surface) -> None:
        self._overlay.draw(screen, self._scene.caption())

    def handle(self, event: pygame.event.Event) -> None:
        if event.type == pygame.KEYDOWN:
            name = key_name(event)
            if not self._scene.key(name) and 0 < len(name) <= _LONGEST_NAMED:
                self._app.notify(f"{name.upper()} does nothing here")
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button <= 3:
            self._scene.click(event.pos, event.button)
        else:
            self._scene.event(event)

    def resize(self, size: tuple[int, int], hud: bool) -> None:
        whole = pygame.Rect((0, 0), size)
        self._scene.resize(self._overlay.free_area(size) if hud else whole)

    def frame_label(self) -> str:
        return self._scene.frame_label()

    def report(self) -> dict[str, Any]:
        summary = self._app.log.summary(self._scene.frame_label())
        return {
            "counters": self._scene.counters(),
            "late": self._app.log.late,
            "interval_ms": {
                "p50": round(summary.p50_ms, 3),
                "p99": round(summary.p99_ms, 3),
                "longest": round(summary.longest_ms, 3),
            },
            "measured": self._scene.measured(),
        }


def key_name(event: pygame.event.Event) -> str:
    """Return the typed character in lower case, or pygame's name of a key that types none."""
    typed: str = event.unicode
    if typed.isprintable() and not typed.isspace() and typed:
        return typed.lower()
    name: str = pygame.key.name(event.key)
    return name


def _print_summary(app: App) -> None:
    frames, late = app.log.count, app.log.late
    print(f"{app.name}: {frames} frames, {late} late")
