"""The loader scene: a level is painted, loaded, shown; what is corrupt is named."""

import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

import PIL.Image
import PIL.ImageStat
import pygame
import pytest

from demos import __main__ as front
from demos._gallery import Gallery, sound_thumb, texture_thumb
from demos._level_files import write_files
from engine_tasks.workers.assets import Image, Sound


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _report(*arguments: str) -> dict[str, Any]:
    options = ("--headless", "--json", "a.json", "--shot", "a.png")
    assert front.main(["loader", *options, *arguments]) == 0
    report: dict[str, Any] = json.loads(Path("a.json").read_text(encoding="utf-8"))
    return report


QUIET = ("--deterministic", "--files", "20")


def test_a_level_is_loaded_and_corrupt_files_are_named(folder: Path) -> None:
    report = _report(*QUIET, "--frames", "220")
    assert report["counters"] == {
        "files": 20,
        "rounds": 1,
        "loaded": 20,
        "not_loaded": ["broken-1.png", "bomb-2.png", "broken-3.wav"],
    }
    first, second, _ = report["measured"]["errors"]
    assert first == "broken-1.png: is a truncated or broken image: image file is truncated"
    assert second.startswith("bomb-2.png: has too many pixels")
    picture = pygame.image.load(folder / "a.png")
    gallery = picture.subsurface(pygame.Rect(14, 186, 858, 470))
    step = range(0, 470, 5)
    pixels = [gallery.get_at((x, y)) for x in range(0, 858, 5) for y in step]
    strong = sum(max(p[:3]) - min(p[:3]) > 60 for p in pixels) / len(pixels)
    assert 0.2 < strong < 0.9


def test_the_seed_and_the_frames_decide_what_there_is() -> None:
    first, again = (_report(*QUIET, "--frames", "60", "--seed", "4") for _ in range(2))
    assert first["counters"] == again["counters"]


def test_nothing_is_left_of_a_level_that_is_left_in_the_middle(folder: Path) -> None:
    report = _report("--frames", "12", "--files", "400")
    assert report["frames"] == 12
    assert [path.name for path in folder.iterdir() if path.is_dir()] == []


def _press(text: str) -> pygame.event.Event:
    return pygame.event.Event(pygame.KEYDOWN, key=ord(text), unicode=text, mod=0)


def test_keys_cancel_load_again_and_put_in_a_corrupt_file(monkeypatch: pytest.MonkeyPatch) -> None:
    script = {
        2: [_press("r"), _press("k"), _press("b")],  # the first file is not even painted
        20: [_press("k")],  # in the middle: all that is held back is taken back
        30: [_press("x"), _press("x"), _press("x"), _press("x"), _press("x")],
        40: [_press("b")],
        300: [pygame.event.Event(pygame.QUIT)],
    }
    frames = itertools.count()
    monkeypatch.setattr(pygame.event, "get", lambda: script.get(next(frames), []))
    monkeypatch.setattr("demos.loader._CORRUPT_AT", ())
    report = _report(*QUIET)
    assert report["counters"]["rounds"] >= 2
    assert report["counters"]["loaded"] == 20
    names = ["broken-1.png", "bomb-2.png", "broken-3.wav", "broken-4.json", "broken-5.ttf"]
    assert sorted(report["counters"]["not_loaded"]) == sorted(names)
    errors = "\n".join(report["measured"]["errors"])
    assert "broken-4.json: is no valid JSON: line 3, column 19: Expecting value" in errors
    assert "broken-5.ttf: is no TrueType or OpenType font" in errors


def test_files_that_are_alike_differ_in_colour_alone(tmp_path: Path) -> None:
    task: dict[str, Any] = {"kind": "texture", "names": ["a.png", "b.png"], "seed": 3}
    write_files({**task, "folder": str(tmp_path), "hues": [0.0, 0.5]})
    red, cyan = (PIL.Image.open(tmp_path / name) for name in ("a.png", "b.png"))
    assert red.size == cyan.size == (512, 512)
    assert red.tobytes() == cyan.tobytes()
    for picture, strongest in ((red, 0), (cyan, 2)):
        means = PIL.ImageStat.Stat(picture.convert("RGB")).mean
        assert means[strongest] > means[2 - strongest] + 30


def test_thumbnails_fade_in_and_a_struck_place_is_marked() -> None:
    pygame.display.init()
    screen = pygame.display.set_mode((400, 300))
    gallery = Gallery(6)
    gallery.fit((400, 300), pygame.Rect(10, 10, 380, 280))
    white = Image(8, 8, "BGRA", bytes([255]) * 256)
    gallery.show(0, texture_thumb(white))
    shades = []
    for _ in range(40):
        gallery.update(1 / 60)
        gallery.draw(screen)
        shades.append(screen.get_at((70, 70))[0])
    assert shades == sorted(shades)
    assert shades[0] < 120
    assert shades[-1] > 250
    gallery.strike(1)
    gallery.draw(screen)
    red = pygame.mask.from_threshold(screen, (240, 101, 101), (10, 10, 10, 255))
    assert red.count() > 20
    assert gallery.loaded == 1


def test_a_loud_sound_is_drawn_higher_than_a_silent_one() -> None:
    pygame.display.init()
    pygame.display.set_mode((64, 64))
    heights = []
    for level in (b"\0\x01", b"\0\x70"):
        thumb = sound_thumb(Sound(22_050, 1, level * 2_000), (255, 255, 255))
        bars = pygame.mask.from_threshold(thumb, (255, 255, 255), (60, 60, 60, 255))
        heights.append(bars.count())
    assert heights[0] < heights[1] / 4
