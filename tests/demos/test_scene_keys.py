"""Keys of terrain, boids and the mod lab do what the screen says."""

import itertools
import json
from pathlib import Path
from typing import Any

import pygame
import pytest

from demos import _app
from demos.__main__ import main

_NAMED = {
    "up": pygame.K_UP,
    "down": pygame.K_DOWN,
    "f1": pygame.K_F1,
    "f5": pygame.K_F5,
    "escape": pygame.K_ESCAPE,
    "pause": pygame.K_p,
}


def _press(name: str) -> pygame.event.Event:
    typed = name if len(name) == 1 else ""
    key = _NAMED.get(name) or pygame.key.key_code(name)
    return pygame.event.Event(pygame.KEYDOWN, key=key, unicode=typed, mod=0)


class Player:
    """Plays a scene by a script of keys, and keeps the scene for the test to look at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.scene: Any = None
        self.seen: list[Any] = []
        self._patch = monkeypatch
        monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
        monkeypatch.chdir(folder)

    def play(self, name: str, script: dict[int, list[Any]], *arguments: str) -> dict[str, Any]:
        """Run a scene; a script has keys or other events by frame, and what to look at."""
        frames = itertools.count()
        real = _app.App.run

        def run(app: Any, stage: Any) -> None:
            self.scene = stage._scene
            real(app, stage)

        def events() -> list[pygame.event.Event]:
            wanted: list[pygame.event.Event] = []
            for each in script.get(next(frames), []):
                if isinstance(each, str):
                    wanted.append(_press(each))
                elif isinstance(each, pygame.event.Event):
                    wanted.append(each)
                else:
                    self.seen.append(each(self.scene))
            return wanted

        self._patch.setattr(_app.App, "run", run)
        self._patch.setattr(pygame.event, "get", events)
        options = ["--headless", "--shot", "a.png", "--json", "a.json", *arguments]
        assert main([name, *options]) == 0
        report: dict[str, Any] = json.loads(Path("a.json").read_text(encoding="utf-8"))
        return report


@pytest.fixture
def player(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Player:
    return Player(monkeypatch, tmp_path)


def test_terrain_takes_speed_zoom_painter_and_world(player: Player) -> None:
    def state(scene: Any) -> tuple[Any, ...]:
        return scene._speed, scene._view.zoom_px, scene._painter, scene._world

    script: dict[int, list[Any]] = {
        1: [state, "up", "up", "+"],
        3: [state, "down", "-", "-", "-", "y"],
        5: [state, "l", "n"],
        7: [state, "z"],
        9: ["escape"],
    }
    options = ("--deterministic", "--step", "8", "--size", "480x320", "--seed", "7")
    report = player.play("terrain", script, *options)
    assert player.seen == [
        (1, 64, "lua", 7),
        (2, 96, "lua", 7),
        (1, 40, "python", 7),
        (1, 40, "lua", 8),
    ]
    assert (report["frames"], report["counters"]["world"]) == (10, 8)
    assert report["counters"]["cancelled"] >= 0


def test_boids_scatter_and_flee_from_the_pointer(player: Player) -> None:
    moved = pygame.event.Event(pygame.MOUSEMOTION, pos=(200, 100), rel=(1, 1), buttons=(0, 0, 0))
    script: dict[int, list[Any]] = {
        1: [moved, lambda scene: scene._flock.after[:]],
        2: ["r", lambda scene: scene._flock.danger],
        3: [lambda scene: scene._flock.after[:], pygame.event.Event(pygame.WINDOWLEAVE)],
        5: [lambda scene: scene._flock.danger, "escape"],
    }
    player.play("boids", script, "--deterministic", "--boids", "30", "--size", "480x320")
    before, danger, after, gone = player.seen
    assert (danger, gone) == ((200.0, 100.0), None)
    leaps = [abs(a - b) for a, b in zip(before[0::4], after[0::4], strict=True)]
    assert max(leaps) > 60


def test_function_keys_start_mods(player: Player) -> None:
    script: dict[int, list[Any]] = {
        1: ["f5"],
        2: [lambda scene: [m.light.name for m in scene._mods.mods]],
        3: ["a"],
        4: [lambda scene: {m.light.name for m in scene._mods.mods}],
        6: ["escape"],
    }
    player.play("modlab", script)
    first, all_lights = player.seen
    assert first[4] in ("RUNNING", "CRASHED")
    assert {light for i, light in enumerate(first) if i != 4} == {"OFF"}
    assert "OFF" not in all_lights
