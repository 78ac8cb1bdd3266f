"""The window of a scene and its loop: frames, the window's own keys, headless runs, pictures.

Without a display a scene runs headless, at the same pace, and leaves a picture.
"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any, Final, Protocol

import pygame

from demos._display import open_display
from demos._errors import SceneError
from demos._options import AppOptions
from demos._output import free_picture_name, write_json, write_picture
from engine_tasks.pygame_tools.drawing import draw_notice
from engine_tasks.pygame_tools.frames import FRAME_S, FrameClock, FrameLog

#: Frames of a headless run, and how many a window's graph shows: five seconds.
_HEADLESS_FRAMES: Final = 480
_SHOWN_FRAMES: Final = 300

#: A headless run is shown whole, up to this many frames.
_LONGEST_GRAPH: Final = 1200

#: The world's time goes on by this many seconds a frame at most: after a hitch it goes on
#: from where it was instead of leaping.
_LONGEST_STEP_S: Final = 0.1

#: The window's own keys, for a scene to show.
KEYS: Final = (("P", "pause"), ("H", "hide HUD"), ("F12", "picture"), ("Esc", "quit"))


class Stage(Protocol):
    """What the window asks of what it shows; all of it on the game thread."""

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
        self.headless = open_display(name, options.headless)
        self.frames = options.frames or (_HEADLESS_FRAMES if self.headless else None)
        self.options = options
        whole_run = min(self.frames or 0, _LONGEST_GRAPH) if self.headless else 0
        self.log = FrameLog(whole_run or _SHOWN_FRAMES)
        self.screen = pygame.display.set_mode(options.size, pygame.RESIZABLE)
        self._shot = options.shot or (Path(f"{name}.png") if self.headless else None)
        self.hud_shown = True
        self.paused = False
        #: Whether each frame is 1/60 s to the world, however long it took.
        self.steady = False
        self._notice = ("", 0)  # text, number of the frame up to which it is shown
        self._running = True
        pygame.display.set_caption(f"{name} - engine_tasks")
        pygame.font.init()

    def run(self, stage: Stage) -> None:
        """Run to the end, then save what was asked for."""
        stage.resize(self.screen.get_size(), self.hud_shown)
        gc.collect()
        gc.freeze()  # what is there now stays: no collection in mid-game looks through it
        self._draw(stage)  # the first time takes longer: texts and sprites are made
        clock, dt_s = FrameClock(self.log), FRAME_S
        while self._running:
            dt_s = self._run_frame(stage, clock, FRAME_S if self.steady else dt_s)
            if self.log.count == self.frames:
                self._running = False
        self._draw(stage)
        self._save(stage)

    def quit(self) -> None:
        """End the run with this frame."""
        self._running = False

    def notify(self, text: str) -> None:
        """Show a line for two seconds."""
        self._notice = (text, self.log.count + 120)

    def _run_frame(self, stage: Stage, clock: FrameClock, dt_s: float) -> float:
        events = pygame.event.get()
        for event in events:
            self._handle(event, stage)
        if not self.paused:
            stage.update(min(dt_s, _LONGEST_STEP_S))
        self._draw(stage)
        pygame.display.flip()
        counts = not self.paused and not any(map(_takes_time, events))
        if self._shot is not None and self.log.count + 1 in self.options.shot_at:
            write_picture(self.screen, _numbered(self._shot, self.log.count + 1))
            counts = False  # the frame waited for the disk
        return clock.tick(stage.frame_label() if counts else "")

    def _draw(self, stage: Stage) -> None:
        stage.draw(self.screen)
        if self.hud_shown:
            stage.draw_hud(self.screen)
        text, until = self._notice
        if self.paused:
            draw_notice(self.screen, "Paused - P goes on")
        elif text and self.log.count < until:
            draw_notice(self.screen, text)

    def _handle(self, event: pygame.event.Event, stage: Stage) -> None:
        match event.type, getattr(event, "key", None):
            case (pygame.QUIT, _) | (pygame.KEYDOWN, pygame.K_ESCAPE):
                self._running = False
            case (pygame.VIDEORESIZE, _):
                self.screen = pygame.display.get_surface() or self.screen
                stage.resize(self.screen.get_size(), self.hud_shown)
            case (pygame.KEYDOWN, pygame.K_h):
                self.hud_shown = not self.hud_shown
                stage.resize(self.screen.get_size(), self.hud_shown)
            case (pygame.KEYDOWN, pygame.K_p):
                self.paused = not self.paused
            case (pygame.KEYDOWN, pygame.K_F12):
                self._save_picture()
            case _:
                stage.handle(event)

    def _save_picture(self) -> None:
        path = free_picture_name(self.name)
        try:
            write_picture(self.screen, path)
        except SceneError as error:
            self.notify(str(error))
        else:
            self.notify(f"Saved {path}")

    def _save(self, stage: Stage) -> None:
        if self._shot is not None:
            write_picture(self.screen, self._shot)
            print(f"{self.name}: the picture is {self._shot.resolve()}")
        if self.options.json is not None:
            write_json(self._report(stage), self.options.json)

    def _report(self, stage: Stage) -> dict[str, Any]:
        return {
            "scene": self.name,
            "seed": self.options.seed,
            "frames": self.log.count,
            "size": list(self.screen.get_size()),
            **stage.report(),
        }


def _numbered(path: Path, frame: int) -> Path:
    return path.with_stem(f"{path.stem}-{frame}")


def _takes_time(event: pygame.event.Event) -> bool:
    """Whether the window itself needs a while for an event: its frame tells nothing of workers."""
    if event.type == pygame.KEYDOWN:
        return event.key in (pygame.K_h, pygame.K_F12)
    if event.type == pygame.MOUSEMOTION:
        return any(event.buttons)
    return event.type in (pygame.VIDEORESIZE, pygame.MOUSEWHEEL)
