"""What a game has of a file that was loaded: pixels and samples, ready for its own libraries."""

from __future__ import annotations

from typing import Any

import attrs

from engine_tasks.workers.assets.kinds import AssetKind
from engine_tasks.workers.assets.tile_maps import TiledMap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from engine_tasks.workers.assets.kinds import PixelFormat

#: Bytes, or a read-only view of memory that a worker filled. Both go wherever bytes are taken;
#: a view's memory is given back when the game lets go of it.
Buffer = bytes | memoryview


@attrs.frozen(repr=False, eq=False)
class Image:
    """Raw pixels, one byte a channel, row by row without gaps; the top row first, unless it was
    loaded with `flip`.

    Straight alpha. They are for reading: a surface that lies over them is not to be drawn on.
    """

    width: int
    height: int
    format: PixelFormat
    """The order of the channels: RGBA, RGB or BGRA."""
    pixels: Buffer

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return self.width * len(self.format)

    def __repr__(self) -> str:
        return f"Image({self.width} x {self.height} {self.format})"


@attrs.frozen(repr=False, eq=False)
class Sound:
    """Samples of signed 16 bits in this machine's order of bytes, those of a frame together."""

    rate_hz: int
    channels: int
    samples: Buffer

    @property
    def frames(self) -> int:
        """Samples of each channel."""
        return len(self.samples) // (2 * self.channels)

    @property
    def duration_s(self) -> float:
        """Seconds that it lasts."""
        return self.frames / self.rate_hz

    def __repr__(self) -> str:
        return f"Sound({self.duration_s:.3g} s, {self.channels} channels, {self.rate_hz} Hz)"


def value_of(kind: AssetKind, plain: Any) -> Any:
    """The value of an asset, of what the worker sent."""
    if kind is AssetKind.IMAGE:
        return Image(**plain)
    if kind is AssetKind.SOUND:
        return Sound(**plain)
    if kind is AssetKind.TILED:
        return TiledMap.of(plain)
    return plain
