"""Paints textures and sounds into a folder: the level that the loader scene loads.

Its function is a worker's: it runs in child processes, and imports no pygame.
"""

from __future__ import annotations

import array
import colorsys
import wave
from collections.abc import Callable
from math import exp, pi, sin
from pathlib import Path
from random import Random
from typing import Any, Final

from PIL import Image, ImageChops, ImageDraw, ImageOps

#: Pixels on a side of what is painted, and of what is saved.
_PAINTED_PX: Final = 256
_SAVED_PX: Final = 512

_RATE_HZ: Final = 22_050


def write_files(task: dict[str, Any]) -> list[str]:
    """Write some files of the level into the task's `folder`; return their names.

    `kind` is `texture`, `sound` or `broken`. Textures of one task are the same in other colours,
    of a `hue` from 0 to 1 each.
    """
    random = Random(task["seed"])
    names: list[str] = task["names"]
    paths = [Path(task["folder"], name) for name in names]
    if task["kind"] == "texture":
        _write_textures(paths, task["hues"], random)
    for path in paths:
        if task["kind"] == "sound":
            _write_sound(path, random)
        elif task["kind"] == "broken":
            _write_broken(path, random)
    return names


# --- textures --------------------------------------------------------------------------------


def _write_textures(paths: list[Path], hues: list[float], random: Random) -> None:
    texture = random.choice(_STYLES)(random)
    texture = texture.resize((_SAVED_PX, _SAVED_PX), Image.Resampling.BICUBIC)
    for path, hue in zip(paths, hues, strict=True):
        coloured = texture.copy()
        coloured.putpalette(_palette((hue + random.uniform(-0.04, 0.04)) % 1.0, random))
        coloured.save(path, "PNG", compress_level=1)


def _palette(hue: float, random: Random) -> list[int]:
    """256 colours from dark to light, by way of a strong one."""

    def colour(turn: float, saturation: float, value: float) -> tuple[float, ...]:
        return colorsys.hsv_to_rgb((hue + turn) % 1.0, saturation, value)

    turn = random.choice((-0.08, 0.08))
    dark, middle, light = colour(turn, 0.85, 0.16), colour(0.0, 0.72, 0.68), colour(-turn, 0.28, 1)
    halves = ((dark, middle), (middle, light))
    return [
        round(255 * (first + (second - first) * step / 128))
        for begin, end in halves
        for step in range(128)
        for first, second in zip(begin, end, strict=True)
    ]


def _noise(random: Random, cells: int) -> Image.Image:
    small = Image.frombytes("L", (cells, cells), random.randbytes(cells * cells))
    return small.resize((_PAINTED_PX, _PAINTED_PX), Image.Resampling.BICUBIC)


def _clouds(random: Random, sizes: int = 4) -> Image.Image:
    """Noise of several sizes, the larger the stronger."""
    sum_of_all = _noise(random, 4)
    for cells, share in ((8, 0.42), (16, 0.3), (32, 0.2), (64, 0.12))[:sizes]:
        sum_of_all = Image.blend(sum_of_all, _noise(random, cells), share)
    return ImageOps.autocontrast(sum_of_all)


def _waves(grey: Image.Image, count: float) -> Image.Image:
    return grey.point([round(127.5 - 127.5 * sin(count * 2 * pi * i / 255)) for i in range(256)])


def _cloud(random: Random) -> Image.Image:
    return _clouds(random)


def _marble(random: Random) -> Image.Image:
    return _waves(_clouds(random, 2), random.uniform(2.0, 3.5))


def _contours(random: Random) -> Image.Image:
    steps = ImageOps.posterize(_clouds(random), 3)
    return ImageOps.autocontrast(steps)


def _rings(random: Random) -> Image.Image:
    bent = Image.blend(Image.radial_gradient("L"), _clouds(random, 2), random.uniform(0.1, 0.3))
    return _waves(bent, random.uniform(5.0, 11.0))


def _weave(random: Random) -> Image.Image:
    stripes = _waves(Image.linear_gradient("L"), random.choice((6, 8, 12)))
    crossed = ImageChops.lighter(stripes, stripes.rotate(90))
    return Image.blend(crossed, _clouds(random), 0.25)


def _bricks(random: Random) -> Image.Image:
    wall = Image.new("L", (_PAINTED_PX, _PAINTED_PX), 20)
    draw = ImageDraw.Draw(wall)
    width, height = 64, 32
    for row in range(_PAINTED_PX // height):
        for column in range(-1, _PAINTED_PX // width + 1):
            x, y = column * width + row % 2 * width // 2, row * height
            shade = random.randint(110, 235)
            draw.rounded_rectangle((x + 2, y + 2, x + width - 2, y + height - 2), 4, shade)
    return ImageChops.multiply(wall, _brighter(_clouds(random)))


def _scales(random: Random) -> Image.Image:
    grey = Image.new("L", (_PAINTED_PX, _PAINTED_PX), 0)
    draw = ImageDraw.Draw(grey)
    for row in range(17, -2, -1):
        for column in range(-1, 9):
            x, y = column * 32 + row % 2 * 16, row * 16
            shade = random.randint(70, 130)
            for inset in range(0, 20, 4):
                box = (x + inset, y + inset - 16, x + 40 - inset, y + 24 - inset)
                draw.ellipse(box, shade + inset * 6)
    return grey


def _nebula(random: Random) -> Image.Image:
    sky = ImageChops.multiply(_clouds(random), _clouds(random))
    draw = ImageDraw.Draw(sky)
    for _ in range(90):
        x, y = random.randrange(_PAINTED_PX), random.randrange(_PAINTED_PX)
        size = random.choice((0, 0, 0, 1, 1, 2))
        draw.ellipse((x - size, y - size, x + size, y + size), 255)
    return sky


def _fractal(random: Random) -> Image.Image:
    x, y = random.choice(((-0.75, 0.1), (-1.25, 0.02), (-0.16, 1.03), (0.28, 0.01)))
    reach = random.uniform(0.04, 0.3)
    extent = (x - reach, y - reach, x + reach, y + reach)
    grey = Image.effect_mandelbrot((_PAINTED_PX, _PAINTED_PX), extent, 90)
    return ImageOps.equalize(grey)


def _brighter(grey: Image.Image) -> Image.Image:
    return grey.point([128 + i // 2 for i in range(256)])


_STYLES: Final[tuple[Callable[[Random], Image.Image], ...]] = (
    *(_cloud, _marble, _contours, _rings, _weave, _bricks, _scales, _nebula, _fractal),
)


# --- sounds ----------------------------------------------------------------------------------


def _write_sound(path: Path, random: Random) -> None:
    """A tone that rings out, rises or rattles."""
    pitch_hz, fall = random.uniform(90.0, 700.0), random.uniform(2.0, 7.0)
    bend, tremble_hz = random.uniform(-0.6, 1.2), random.uniform(2.0, 16.0)
    samples = array.array("h")
    for step in range(int(_RATE_HZ * random.uniform(0.5, 1.1))):
        at_s = step / _RATE_HZ
        loud = exp(-fall * at_s) * (0.6 + 0.4 * sin(2 * pi * tremble_hz * at_s))
        tone = sin(2 * pi * pitch_hz * at_s * (1.0 + bend * at_s))
        samples.append(round(30_000 * loud * tone))
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(_RATE_HZ)
        writer.writeframes(samples.tobytes())


# --- what is no good -------------------------------------------------------------------------

#: A PNG of 100,000 x 100,000 pixels, as its first bytes say.
_BOMB: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000186a0000186a00806000000a8520bc80000000049454e44ae426082"
)


def _write_broken(path: Path, random: Random) -> None:
    """What the end of the name says, damaged in its way."""
    match path.stem.split("-")[0], path.suffix:
        case "bomb", _:
            path.write_bytes(_BOMB)
        case _, ".png":
            _write_textures([path], [0.0], random)
            path.write_bytes(path.read_bytes()[:9_000])
        case _, ".wav":
            _write_sound(path, random)
            path.write_bytes(path.read_bytes()[:9_001])
        case _, ".json":
            path.write_text('{\n  "level": 4,\n  "waves": [3, 5, ]\n}\n', encoding="utf-8")
        case _:
            path.write_text("this is no font", encoding="utf-8")
