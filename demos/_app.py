"""The window that all scenes share: options, frames, keys, headless runs, pictures.

A scene draws and moves; this file does the rest, so that each scene behaves alike. Without a
display a scene runs headless, at the same pace, and leaves a picture.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from typing import Any, Final, Protocol

import pygame

from demos import _hud
from demos._errors import SceneError
from demos._frames import FRAME_S, FrameClock, FrameLog
from demos._options import AppOptions

#: Frames of a headless run, and how many a window's graph shows: five seconds.
_HEADLESS_FRAMES: Final = 480
_SHOWN_FRAMES: Final = 300

#: A headless run is shown whole, up to this many frames.
_LONGEST_GRAPH: Final = 1200

#: The world's time goes on by this many seconds a frame at most: after a hitch it goes on
#: from where it was instead of leaping.
_LONGEST_STEP_S: Final = 0.1

#: Video drivers that show nothing.
_BLIND_DRIVERS: Final = ("dummy", "offscreen", "evdev")


class Scene(Protocol):
    """What the window asks of a scene; all of it on the game thread."""

    def update(self, dt_s: float) -> None:
        """Let `dt_s` seconds pass."""

    def draw(self, screen: pygame.Surface) -> None:
        """Draw the world."""

    def draw_hud(self, screen: pygame.Surface) -> None:
        """Draw cards and graphs above it."""

    def handle(self, event: pygame.event.Event) -> None:
        """Take a key or mouse event that is not the window's own."""

    def resize(self, size: tuple[int, int], hud: bool) -> None:
        """Fit the world into a window of that size, with or without room for the HUD."""

    def frame_label(self) -> str:
        """Name what the coming frame counts as; nothing if it counts nowhere."""

    def report(self) -> dict[str, Any]:
        """Return what `--json` holds of this scene."""


class App:
    """One window, or the likeness of one, and the loop that runs a scene in it."""

    def __init__(self, name: str, options: AppOptions) -> None:
        """Open the window; without a display go headless and say so."""
        self.name = name
        self.headless = _open_display(name, options.headless)
        self.frames = options.frames or (_HEADLESS_FRAMES if self.headless else None)
        self.options = options
        whole_run = min(self.frames or 0, _LONGEST_GRAPH) if self.headless else 0
        self.log = FrameLog(whole_run or _SHOWN_FRAMES)
        self.screen = pygame.display.set_mode(options.size, pygame.RESIZABLE)
        self.hud_shown = True
        self.paused = False
        self._notice = ("", 0)  # text, number of the frame up to which it is shown
        self._running = True
        pygame.display.set_caption(f"{name} - engine_tasks")
        pygame.font.init()

    def run(self, scene: Scene) -> None:
        """Run the scene to its end, then save what was asked for."""
        scene.resize(self.screen.get_size(), self.hud_shown)
        gc.collect()
        gc.freeze()  # what is there now stays: no collection in mid-game looks through it
        self._draw(scene)  # the first time takes longer: texts and sprites are made
        clock, dt_s = FrameClock(), FRAME_S
        while self._running:
            events = pygame.event.get()
            for event in events:
                self._handle(event, scene)
            if not self.paused:
                scene.update(min(dt_s, _LONGEST_STEP_S))
            self._draw(scene)
            pygame.display.flip()
            counts = not self.paused and not any(map(_takes_time, events))
            label = scene.frame_label() if counts else ""
            dt_s = clock.tick()
            self.log.add(dt_s, label)
            if self.log.count == self.frames:
                self._running = False
        self._draw(scene)
        self._save(scene)

    def notify(self, text: str) -> None:
        """Show a line for two seconds."""
        self._notice = (text, self.log.count + 120)

    def _draw(self, scene: Scene) -> None:
        scene.draw(self.screen)
        if self.hud_shown:
            scene.draw_hud(self.screen)
        text, until = self._notice
        if self.paused:
            _hud.draw_notice(self.screen, "Paused - P goes on")
        elif text and self.log.count < until:
            _hud.draw_notice(self.screen, text)

    def _handle(self, event: pygame.event.Event, scene: Scene) -> None:
        match event.type, getattr(event, "key", None):
            case (pygame.QUIT, _) | (pygame.KEYDOWN, pygame.K_ESCAPE):
                self._running = False
            case (pygame.VIDEORESIZE, _):
                self.screen = pygame.display.get_surface() or self.screen
                scene.resize(self.screen.get_size(), self.hud_shown)
            case (pygame.KEYDOWN, pygame.K_h):
                self.hud_shown = not self.hud_shown
                scene.resize(self.screen.get_size(), self.hud_shown)
            case (pygame.KEYDOWN, pygame.K_p):
                self.paused = not self.paused
            case (pygame.KEYDOWN, pygame.K_F12):
                self._save_picture()
            case _:
                scene.handle(event)

    def _save_picture(self) -> None:
        taken = {path.name for path in Path.cwd().glob(f"{self.name}-*.png")}
        free = (f"{self.name}-{i}.png" for i in range(1, len(taken) + 2))
        path = Path(next(name for name in free if name not in taken))
        try:
            _write_picture(self.screen, path)
        except SceneError as error:
            self.notify(str(error))
        else:
            self.notify(f"Saved {path}")

    def _save(self, scene: Scene) -> None:
        shot = self.options.shot or (Path(f"{self.name}.png") if self.headless else None)
        if shot is not None:
            _write_picture(self.screen, shot)
            print(f"{self.name}: the picture is {shot.resolve()}")
        if self.options.json is not None:
            _write_json(self._report(scene), self.options.json)

    def _report(self, scene: Scene) -> dict[str, Any]:
        return {
            "scene": self.name,
            "seed": self.options.seed,
            "frames": self.log.count,
            "size": list(self.screen.get_size()),
            **scene.report(),
        }


#: The window's own keys, for a scene to show.
KEYS: Final = (("P", "pause"), ("H", "hide HUD"), ("F12", "picture"), ("Esc", "quit"))


def _takes_time(event: pygame.event.Event) -> bool:
    """Whether the window itself needs a while for an event: its frame tells nothing of workers."""
    if event.type == pygame.KEYDOWN:
        return event.key in (pygame.K_h, pygame.K_F12)
    if event.type == pygame.MOUSEMOTION:
        return any(event.buttons)
    return event.type in (pygame.VIDEORESIZE, pygame.MOUSEWHEEL)


def _open_display(name: str, headless: bool) -> bool:
    """Start pygame's display; return whether the run is headless."""
    if not headless:
        reason = _why_no_display()
        if reason is None:
            return False
        print(f"{name}: no display here ({reason}), so this runs headless", file=sys.stderr)
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    pygame.display.init()
    return True


def _why_no_display() -> str | None:
    """Start pygame's display as the system has it; return why nobody would see it, or None."""
    names = ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not any(map(os.environ.get, names)):
        return "neither DISPLAY nor WAYLAND_DISPLAY is set"  # SDL's own tries are noisy
    try:
        pygame.display.init()
    except pygame.error as error:
        return str(error)
    driver = pygame.display.get_driver()
    if driver not in _BLIND_DRIVERS:
        return None
    pygame.display.quit()
    return f"the video driver is {driver}"


def _write_picture(screen: pygame.Surface, path: Path) -> None:
    try:
        pygame.image.save(screen, path)
    except (pygame.error, OSError) as error:
        raise SceneError(f"{path}: cannot save the picture: {error}") from error


def _write_json(report: dict[str, Any], path: Path) -> None:
    try:
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise SceneError(f"{path}: cannot save the figures: {error.strerror}") from error
