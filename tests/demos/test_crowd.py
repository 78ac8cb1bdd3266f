"""The crowd scene as users start it: it leaves a picture and figures, or one line that says why."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pygame
import pytest

from demos.__main__ import main
from demos._mapgen import built_in_map
from demos._steering import Crowd

CHECKOUT = Path(__file__).parents[2]
MODES = ("game", "threads", "processes", "lua")


def _run(
    folder: Path, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-m", "demos", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def _report(folder: Path, *arguments: str) -> dict[str, Any]:
    finished = _run(
        folder, "crowd", "--headless", "--shot", "a.png", "--json", "a.json", *arguments
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    report: dict[str, Any] = json.loads((folder / "a.json").read_text(encoding="utf-8"))
    return report


def _share(picture: pygame.Surface, area: pygame.Rect, colour: tuple[int, int, int]) -> float:
    """The share of an area whose pixels are near a colour."""
    part = picture.subsurface(area)
    mask = pygame.mask.from_threshold(part, (*colour, 255), (24, 24, 24, 255))
    return mask.count() / (area.width * area.height)


def test_a_headless_run_shows_all_modes_and_leaves_picture_and_figures(tmp_path: Path) -> None:
    report = _report(tmp_path, "--frames", "60", "--seed", "3", "--agents", "150")
    assert (report["scene"], report["frames"], report["seed"]) == ("crowd", 60, 3)
    assert (report["agents"], report["size"]) == (150, [1280, 720])
    assert tuple(report["modes"]) == MODES
    assert report["modes"]["game"]["frames"] == 15
    assert sum(mode["frames"] for mode in report["modes"].values()) <= 60
    assert report["modes"]["game"]["paths"] > 0
    assert all(mode["failed"] == 0 for mode in report["modes"].values())
    picture = pygame.image.load(tmp_path / "a.png")
    assert picture.get_size() == (1280, 720)
    world = pygame.Rect(312, 14, 954, 528)
    assert 0.2 < _share(picture, world, (52, 60, 75)) < 0.8  # floor
    assert 0.1 < _share(picture, world, (21, 26, 34)) < 0.7  # rock
    graph = pygame.Rect(328, 590, 878, 88)
    in_time, late, dropped = (82, 150, 146), (246, 189, 96), (240, 101, 101)
    assert sum(_share(picture, graph, bar) for bar in (in_time, late, dropped)) > 0.1


def test_a_seed_decides_where_agents_start_and_go(tmp_path: Path) -> None:
    options = ("--frames", "2", "--mode", "game", "--agents", "40", "--seed", "5")
    first, again = _report(tmp_path, *options), _report(tmp_path, *options)
    expected = Crowd(built_in_map(), 40, seed=5).digest()
    assert first["start"] == again["start"] == expected


def test_a_map_of_ones_own_a_mode_and_a_size_are_taken(tmp_path: Path) -> None:
    (tmp_path / "own.map").write_text("type octile\nheight 3\nwidth 5\nmap\n.....\n.@@@.\n.....\n")
    report = _report(
        tmp_path, "--map", "own.map", "--mode", "lua", "--size", "480x320", "--frames", "5"
    )
    assert report["map"] == {"name": "own.map", "width": 5, "height": 3, "free": 12}
    assert [name for name, mode in report["modes"].items() if mode["frames"]] == ["lua"]
    assert pygame.image.load(tmp_path / "a.png").get_size() == (480, 320)


@pytest.mark.parametrize(
    ("driver", "reason"),
    [("dummy", "the video driver is dummy"), ("no such", "no such not available")],
)
def test_without_a_display_it_says_so_and_leaves_a_picture(
    tmp_path: Path, driver: str, reason: str
) -> None:
    finished = _run(tmp_path, "crowd", "--frames", "8", environment={"SDL_VIDEODRIVER": driver})
    assert finished.returncode == 0
    assert finished.stderr == f"crowd: no display here ({reason}), so this runs headless\n"
    assert str(tmp_path / "crowd.png") in finished.stdout
    assert "Game thread" in finished.stdout
    assert (tmp_path / "crowd.png").stat().st_size > 10_000


def _press(key: int, text: str = "") -> pygame.event.Event:
    return pygame.event.Event(pygame.KEYDOWN, key=key, unicode=text, mod=0)


def test_keys_do_what_the_screen_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = {
        1: [_press(pygame.K_3, "3")],
        4: [_press(pygame.K_PLUS, "+"), _press(pygame.K_PLUS, "+"), _press(pygame.K_MINUS, "-")],
        6: [_press(pygame.K_h)],
        8: [_press(pygame.K_F12)],
        10: [_press(pygame.K_p)],
        20: [_press(pygame.K_p), _press(pygame.K_h)],
        22: [pygame.event.Event(pygame.VIDEORESIZE, size=(1280, 720), w=1280, h=720)],
        24: [_press(pygame.K_F12)],
        26: [_press(pygame.K_ESCAPE)],
    }
    frames = itertools.count()
    monkeypatch.setattr(pygame.event, "get", lambda: script.get(next(frames), []))
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.chdir(tmp_path)
    assert (
        main(["crowd", "--headless", "--mode", "game", "--agents", "60", "--json", "a.json"]) == 0
    )
    report = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert report["frames"] == 27
    assert report["agents"] == 110
    counted = {name: mode["frames"] for name, mode in report["modes"].items() if mode["frames"]}
    # The two pictures, hiding and showing the HUD, the resize and ten paused frames count nowhere.
    assert counted == {"game": 1, "processes": 27 - 1 - 2 - 2 - 1 - 10}
    bare, whole = pygame.image.load("crowd-1.png"), pygame.image.load("crowd-2.png")
    sidebar = pygame.Rect(14, 14, 284, 500)
    assert _share(bare, sidebar, (52, 60, 75)) > 0.2 > _share(whole, sidebar, (52, 60, 75))
    assert "Python processes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--map", "none.map"], "crowd: none.map: No such file or directory"),
        (["--map", "bad.map"], "crowd: bad.map:3: height: expected a positive number, got 'x'"),
        (["--map", "walls.map"], "crowd: walls.map: nowhere to walk: all cells are walls"),
        (["--mode", "gpu"], "crowd: argument --mode: invalid choice: 'gpu' (choose from "),
        (["--size", "12"], "crowd: argument --size: expected WxH in pixels, 480x320 to 7680x4320"),
        (["--size", "9x9"], "crowd: argument --size: expected WxH in pixels"),
        (["--frames", "0"], "crowd: argument --frames: expected a number from 1 to 10000000"),
        (["--agents", "many"], "crowd: argument --agents: expected a number from 1 to 1000"),
        (["--shot", "no/where.png"], "crowd: argument --shot: no/where.png: there is no folder no"),
        (["--shot", "a.tiff"], "crowd: argument --shot: expected a name that ends in .png"),
        (["--fly"], "crowd: unrecognized arguments: --fly"),
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
    Path("bad.map").write_text("type octile\nwidth 4\nheight x\nmap\n")
    Path("walls.map").write_text("height 1\nwidth 3\nmap\n@@@\n")
    assert main(["crowd", "--headless", *arguments]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(line)
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_the_scenes_are_listed_and_an_unknown_one_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 0
    assert "  crowd " in capsys.readouterr().out
    assert main(["dance"]) == 2
    refusal = capsys.readouterr().err
    assert refusal.startswith("no scene 'dance'; there are: ")
    assert "crowd" in refusal


def test_without_pygame_it_says_what_to_install(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['pygame'] = None; import runpy; sys.argv = ['demos', 'crowd']"
    run = subprocess.run(
        [sys.executable, "-c", f"{hidden}; runpy.run_module('demos', run_name='__main__')"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 2
    assert run.stderr == "the scenes need pygame: pip install 'engine-tasks[demos]'\n"
