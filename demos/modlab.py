"""A pulsing game beside mods that do their worst: F1 to F8 start them, and no beat is missed.

Each is a real script in `demos/mods`, run by the queue in its sandbox. Watch the orbit: a dot a
frame, so a late frame is a gap. The list says what happened to each mod, with file and line; an
innocent mod, which lights the petals, goes on answering beside them.
"""

from __future__ import annotations

from argparse import Namespace
from typing import Any, ClassVar, Final

import pygame

from demos._app import App, Scene, play
from demos._errors import SceneError
from demos._mod_panel import draw_lights, draw_mods, what_happened
from demos._mods import FOLDER, HOSTILE, Light, ModList, ModLog
from demos._pulse import GROUND, PETALS, Pulse
from engine_tasks import TaskQueue, TaskResult, WorkerOptions

_KEYS: Final = {f"f{i + 1}": i for i in range(len(HOSTILE))}

#: Frames from one request to the innocent mod to the next: ten a second.
_ASK_FRAMES: Final = 6

#: Seconds without an answer of the innocent mod after which the list says so.
_SILENT_S: Final = 1.0

#: A headless run starts a mod every so many frames, from the first of them on.
_START_FRAMES: Final = 24

_PANEL_PX: Final = 500
_PANEL_LEAST_PX: Final = 330


class ModlabScene(Scene):
    """The game, the list of mods, and the innocent one."""

    title = "Mod lab"
    keys: ClassVar = (("F1-F8", "start a hostile mod"), ("A", "all at once"))

    def __init__(self, app: App, options: Namespace) -> None:
        if options.deterministic:
            raise SceneError("hostile mods need processes that can be killed: no --deterministic")
        super().__init__(app, options)
        self._pulse = Pulse()
        self._frames = 0
        self._answers, self._asked_s, self._took_ms = 0, 0.0, 0.0
        self._is_asked = False
        self._free = pygame.Rect((0, 0), options.size)

    def start(self, queue: TaskQueue) -> None:
        self._mods = ModList(queue)
        self._log = ModLog(self._mods)
        self._log.attach()
        self._lantern = queue.worker_ids.register("mod:lantern")
        options = WorkerOptions(start_timeout_s=60.0)
        script = FOLDER / "lantern.lua"
        if not queue.start_worker(
            self._lantern, "mod:lantern", script, options=options, wait=False
        ):
            raise SceneError(str(queue.last_error))

    def update(self, dt_s: float) -> None:
        self._frames += 1
        recent = self.app.log.recent
        self._pulse.advance(recent[-1].interval_s if recent else dt_s)
        if self.app.headless and self._frames % _START_FRAMES == 0:
            number = self._frames // _START_FRAMES - 1
            if number < len(HOSTILE):
                self._mods.start(number)
        if self._frames % _ASK_FRAMES == 0:
            self._ask()
        elif self._frames % 2:
            self._mods.look()

    def _ask(self) -> None:
        """Ask the innocent mod for the petals, unless it still is at the last ones."""
        if self._is_asked:
            return
        request = {"time_s": self._pulse.time_s, "petals": PETALS}
        sent = self.queue.send_task(self._lantern, request, on_result=self._take_petals)
        self._is_asked = sent is not None

    def _take_petals(self, result: TaskResult) -> None:
        self._is_asked = False
        if result.ok:
            self._answers += 1
            self._took_ms = 1000 * (result.finished_s - result.queued_s)
            self._pulse.light(result.payload)

    def draw(self, screen: pygame.Surface) -> None:
        screen.fill(GROUND)
        free, mods = self._free, self._mods.mods
        if free.width < _PANEL_PX + 240 or free.height < _PANEL_LEAST_PX:
            self._pulse.draw(screen, free)
            draw_lights(screen, free, mods)
            return
        panel = pygame.Rect(free.right - _PANEL_PX, free.top, _PANEL_PX, free.height)
        self._pulse.draw(
            screen, pygame.Rect(free.left, free.top, free.width - _PANEL_PX - 14, free.height)
        )
        draw_mods(screen, panel, mods, self._innocent())

    def _innocent(self) -> str:
        """What the innocent mod is up to; nothing while it is silent."""
        is_silent = self._pulse.time_s - self._pulse.answered_s > _SILENT_S
        if self._answers == 0 or is_silent:
            return ""
        return f"{self._answers:,} answers, the last within {self._took_ms:.1f} ms"

    def resize(self, free: pygame.Rect) -> None:
        self._free = free

    def key(self, name: str) -> bool:
        if name == "a":
            for number in _KEYS.values():
                self._mods.start(number)
        elif name in _KEYS:
            self._mods.start(_KEYS[name])
        else:
            return False
        return True

    def caption(self) -> str:
        running = sum(mod.light is Light.RUNNING for mod in self._mods.mods)
        return f"{running} hostile mods at work" if running != 1 else "1 hostile mod at work"

    def counters(self) -> dict[str, Any]:
        """Return how each mod ended, as far as it has."""
        over = [mod for mod in self._mods.mods if mod.light not in (Light.OFF, Light.RUNNING)]
        return {mod.spec.name: [mod.light.value, what_happened(mod)] for mod in over}

    def measured(self) -> dict[str, Any]:
        return {
            "beats": self._pulse.beats,
            "missed": self._pulse.missed,
            "answers": self._answers,
            "log_lines": self._log.lines,
            "restarts": {mod.spec.name: mod.restarts for mod in self._mods.mods},
        }


def main(arguments: list[str]) -> None:
    """Run the scene; raises SceneError when it cannot."""
    play(ModlabScene, arguments)
