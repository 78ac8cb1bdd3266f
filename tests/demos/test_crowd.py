"""The crowd scene as users start it: it leaves a picture and figures, or one line that says why."""

import itertools
import json
from pathlib import Path
from typing import Any

import pygame
import pytest
from headless import figures_of

from demos.__main__ import main

CHECKOUT = Path(__file__).parents[2]


def _share(picture: pygame.Surface, area: pygame.Rect, colour: tuple[int, int, int]) -> float:
    """The share of an area whose pixels are near a colour."""
    part = picture.subsurface(area)
    mask = pygame.mask.from_threshold(part, (*colour, 255), (24, 24, 24, 255))
    return mask.count() / (area.width * area.height)


def test_a_headless_run_leaves_picture_and_figures(tmp_path: Path) -> None:
    report = figures_of("crowd", tmp_path, "--frames", "150", "--seed", "3", "--agents", "150")
    assert (report["scene"], report["frames"], report["seed"]) == ("crowd", 150, 3)
    assert report["counters"] == {"walkers": 150, "version": 9}
    measured = report["measured"]
    assert measured["asked"] > 10 * measured["searched"] > 0
    picture = pygame.image.load(tmp_path / "a.png")
    assert picture.get_size() == (1280, 720)
    world = pygame.Rect(14, 98, 860, 530)
    assert 0.2 < _share(picture, world, (52, 60, 75)) < 0.8  # floor
    assert 0.1 < _share(picture, world, (21, 26, 34)) < 0.7  # rock
    assert _share(picture, world, (206, 190, 160)) > 0.001  # sliding walls


def test_a_seed_decides_all_in_a_deterministic_run(tmp_path: Path) -> None:
    options = ("--frames", "30", "--agents", "40", "--deterministic", "--seed")
    first = figures_of("crowd", tmp_path, *options, "5")["counters"]
    assert first["arrived"] >= 0
    assert first["asked"] > first["searched"] > 0
    assert figures_of("crowd", tmp_path, *options, "5")["counters"] == first
    assert figures_of("crowd", tmp_path, *options, "6")["counters"]["places"] != first["places"]


def test_a_map_of_ones_own_and_a_small_window_are_taken(tmp_path: Path) -> None:
    (tmp_path / "own.map").write_text("type octile\nheight 3\nwidth 5\nmap\n.....\n.@@@.\n.....\n")
    report = figures_of("crowd", tmp_path, "--map", "own.map", "--size", "480x320", "--frames", "5")
    assert report["counters"]["walkers"] == 480
    assert pygame.image.load(tmp_path / "a.png").get_size() == (480, 320)


def _press(key: int, text: str = "") -> pygame.event.Event:
    return pygame.event.Event(pygame.KEYDOWN, key=key, unicode=text, mod=0)


def _mouse(kind: int, position: tuple[int, int], button: int = 0) -> pygame.event.Event:
    if kind == pygame.MOUSEMOTION:
        return pygame.event.Event(kind, pos=position, rel=(8, 0), buttons=(0, 0, 1))
    return pygame.event.Event(kind, pos=position, button=button)


#: A free cell of the built-in map, in the middle of its plaza, and one some cells to the right.
OPEN, BESIDE, ROCK = (440, 330), (470, 330), (4, 704)


def _play(
    folder: Path, monkeypatch: pytest.MonkeyPatch, script: dict[int, list[pygame.event.Event]]
) -> dict[str, Any]:
    frames = itertools.count()
    monkeypatch.setattr(pygame.event, "get", lambda: script.get(next(frames), []))
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.chdir(folder)
    options = ("--headless", "--agents", "120", "--json", "a.json", "--shot", "a.png")
    assert main(["crowd", *options]) == 0
    report: dict[str, Any] = json.loads(Path("a.json").read_text(encoding="utf-8"))
    return report


def test_a_drag_builds_walls_and_another_takes_them_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    down, up, motion = pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP, pygame.MOUSEMOTION
    drag = [_mouse(down, OPEN, 3), _mouse(motion, BESIDE), _mouse(up, BESIDE, 3)]
    after = [_mouse(motion, (500, 330))]
    script = {0: [_press(pygame.K_w, "w")], 2: drag, 4: after, 6: drag, 8: [_press(27)]}
    report = _play(tmp_path, monkeypatch, script)
    # The sliding walls stood still; two cells were built and the same two taken down.
    assert report["counters"]["version"] == 1 + 1 + 2 + 2


def test_keys_and_clicks_do_what_the_screen_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    click = pygame.MOUSEBUTTONDOWN
    script = {
        1: [_press(pygame.K_3, "3")],
        2: [_mouse(click, OPEN, 1)],
        4: [_press(pygame.K_PLUS, "+"), _press(pygame.K_PLUS, "+"), _press(pygame.K_MINUS, "-")],
        6: [_press(pygame.K_a, "a")],
        7: [_mouse(click, BESIDE, 1)],
        9: [_mouse(click, ROCK, 1)],
        10: [_press(pygame.K_f, "f"), _press(pygame.K_b, "b"), _press(pygame.K_w, "w")],
        12: [_press(pygame.K_ESCAPE)],
    }
    report = _play(tmp_path, monkeypatch, script)
    assert (report["frames"], report["counters"]["walkers"]) == (13, 180)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--map", "none.map"], "crowd: none.map: No such file or directory"),
        (["--map", "bad.map"], "crowd: bad.map:3: height: expected a number from 1 to 65535"),
        (["--map", "walls.map"], "crowd: walls.map: nowhere to walk: all cells are walls"),
        (["--agents", "many"], "crowd: argument --agents: expected a number from 1 to 1000"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    Path("bad.map").write_text("type octile\nwidth 4\nheight x\nmap\n")
    Path("walls.map").write_text("height 1\nwidth 3\nmap\n@@@\n")
    assert main(["crowd", "--headless", *arguments]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(line)
    assert said.err.count("\n") == 1
    assert said.out == ""
