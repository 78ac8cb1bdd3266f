"""The command line that all scenes share."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

from attrs import frozen

from demos._errors import SceneError

_SMALLEST, _LARGEST = (480, 320), (7680, 4320)
_MOST_FRAMES: Final = 10_000_000


@frozen
class AppOptions:
    """The options every scene has."""

    size: tuple[int, int]  # pixels
    headless: bool
    frames: int | None  # None is the scene's default: endless in a window
    seed: int
    shot: Path | None
    shot_at: tuple[int, ...]  # frames that are saved as well, beside `shot`
    json: Path | None
    deterministic: bool

    @staticmethod
    def of(arguments: Namespace) -> AppOptions:
        """Pick them out of a parsed command line."""
        return AppOptions(
            size=arguments.size,
            headless=arguments.headless,
            frames=arguments.frames,
            seed=arguments.seed,
            shot=arguments.shot,
            shot_at=tuple(arguments.shot_at),
            json=arguments.json,
            deterministic=arguments.deterministic,
        )


class SceneParser(ArgumentParser):
    """Parses a scene's command line; a mistake is a SceneError, one line."""

    def __init__(self, name: str, description: str) -> None:
        super().__init__(prog=f"python -m demos {name}", description=description)
        self.add_argument("--headless", action="store_true", help="run without a window")
        frames = whole_number(1, _MOST_FRAMES)
        self.add_argument("--frames", type=frames, metavar="N", help="end after N frames")
        self.add_argument("--seed", type=int, default=1, metavar="S", help="default: 1")
        self.add_argument(
            "--size", type=_size, default=(1280, 720), metavar="WxH", help="default: 1280x720"
        )
        self.add_argument("--shot", type=_png, metavar="FILE.png", help="save the last frame")
        self.add_argument(
            "--shot-at",
            type=frames,
            nargs="+",
            default=(),
            metavar="N",
            help="save these frames too, as FILE-N.png",
        )
        self.add_argument("--json", type=_writable, metavar="FILE", help="save the figures")
        self.add_argument(
            "--deterministic",
            action="store_true",
            help="run the workers' tasks within the frames: the same run for the same seed",
        )

    def error(self, message: str) -> NoReturn:
        raise SceneError(message)


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """Make a reader of numbers within bounds, for `type=` of an argument."""

    def read(text: str) -> int:
        if text.isdecimal() and len(text) < 19 and lowest <= int(text) <= highest:
            return int(text)
        raise ArgumentTypeError(f"expected a number from {lowest} to {highest}, got {text!r}")

    return read


def _size(text: str) -> tuple[int, int]:
    if match := re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", text):
        width, height = int(match[1]), int(match[2])
        if _SMALLEST[0] <= width <= _LARGEST[0] and _SMALLEST[1] <= height <= _LARGEST[1]:
            return width, height
    low, high = ("x".join(map(str, size)) for size in (_SMALLEST, _LARGEST))
    raise ArgumentTypeError(f"expected WxH in pixels, {low} to {high}, got {text!r}")


def _writable(text: str) -> Path:
    path = Path(text)
    if not path.parent.is_dir():
        raise ArgumentTypeError(f"{path}: there is no folder {path.parent}")
    if path.is_dir():
        raise ArgumentTypeError(f"{path}: is a folder")
    return path


def _png(text: str) -> Path:
    if not text.lower().endswith(".png"):
        raise ArgumentTypeError(f"expected a name that ends in .png, got {text!r}")
    return _writable(text)
