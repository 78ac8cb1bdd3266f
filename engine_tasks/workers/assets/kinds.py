"""What a file is loaded as, and what can be wrong with it. Imported by the child: light."""

from __future__ import annotations

import os.path
from enum import StrEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final, Literal, TypedDict

    PixelFormat = Literal["RGBA", "RGB", "BGRA"]

    class Request(TypedDict):
        """What the game asks of the child."""

        kind: str
        path: str
        root: str | None
        file_bytes: int
        pixels: int
        sound_bytes: int
        values: int
        pixel_format: PixelFormat
        flip: bool
        rate_hz: int | None
        channels: int | None


class AssetKind(StrEnum):
    """What a file is loaded as."""

    IMAGE = "image"
    SOUND = "sound"
    FONT = "font"
    JSON = "json"
    TOML = "toml"
    TILED = "tiled"
    BYTES = "bytes"


class AssetProblem(StrEnum):
    """Why an asset could not be loaded."""

    MISSING = "MISSING"
    """There is no such file, or it is a folder."""
    OUTSIDE = "OUTSIDE"
    """The path leads out of the loader's `root`."""
    UNREADABLE = "UNREADABLE"
    """It could not be read: no permission, no file at all, a drive that does not answer."""
    TOO_LARGE = "TOO_LARGE"
    """It is, or would become, larger than `AssetLimits` allow."""
    BROKEN = "BROKEN"
    """It cannot be decoded: truncated, damaged, or not what its name says."""
    UNSUPPORTED = "UNSUPPORTED"
    """It may be well, but cannot be loaded as that here."""
    NEEDS_LIBRARY = "NEEDS_LIBRARY"
    """The library that decodes it is not installed; the reason says which."""
    CRASHED = "CRASHED"
    """The process that decoded it ended, or was ended because it took too long."""
    CANCELLED = "CANCELLED"
    """The game took it back."""
    REFUSED = "REFUSED"
    """The worker takes no task: it was stopped, is full, or was never started."""


class FileProblem(Exception):
    """What is wrong with a file, for good: another attempt would find the same."""

    def __init__(self, problem: AssetProblem, reason: str) -> None:
        super().__init__(reason)
        self.problem = problem
        self.reason = reason


_SUFFIXES: Final = {
    AssetKind.IMAGE: "png jpg jpeg webp bmp gif tga tif tiff dds qoi",
    AssetKind.SOUND: "wav ogg mp3 flac",
    AssetKind.FONT: "ttf otf ttc otc",
    AssetKind.JSON: "json",
    AssetKind.TOML: "toml",
    AssetKind.TILED: "tmx tmj",
}

_KINDS: Final = {
    f".{suffix}": kind for kind, suffixes in _SUFFIXES.items() for suffix in suffixes.split()
}


def kind_of(path: str) -> AssetKind:
    """What a file is loaded as by the end of its name; `BYTES` for an unknown one."""
    suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122 - pathlib takes a child 6 ms
    return _KINDS.get(suffix, AssetKind.BYTES)


def needs(library: str, what: str) -> FileProblem:
    """The problem where an optional library is missing."""
    return FileProblem(
        AssetProblem.NEEDS_LIBRARY,
        f"{what} needs {library}, which is not installed: pip install 'engine-tasks[assets]'",
    )
