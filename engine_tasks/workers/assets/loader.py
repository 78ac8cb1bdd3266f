"""The game's side: asks for files, and has their values once `queue.pump` brings them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, Final

import attrs

from engine_tasks.checks import check_whole
from engine_tasks.options import MIB
from engine_tasks.policies import Priority
from engine_tasks.task_queue import TaskQueue
from engine_tasks.worker_id import WorkerId
from engine_tasks.workers.assets.asset import Asset
from engine_tasks.workers.assets.batch import Batch
from engine_tasks.workers.assets.kinds import AssetKind, kind_of
from engine_tasks.workers.assets.tile_maps import TiledMap
from engine_tasks.workers.assets.values import Buffer, Image, Sound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from engine_tasks.workers.assets.kinds import PixelFormat

Path = str | os.PathLike[str]
OnLoaded = Callable[[Asset[Any]], object]

_FORMATS: Final = ("RGBA", "RGB", "BGRA")

#: Tells the batches of a process apart.
_batches: Final = count(1)


def _above_zero(_instance: object, attribute: attrs.Attribute[int], value: int) -> None:
    check_whole(attribute.name, value, least=1)


@attrs.frozen(kw_only=True)
class AssetLimits:
    """How large a file, and what becomes of it, may be; beyond that it is an error, TOO_LARGE.

    Checked before anything is decoded.
    """

    file_bytes: int = attrs.field(default=256 * MIB, validator=_above_zero)
    """Bytes of a file."""

    pixels: int = attrs.field(default=8192 * 8192, validator=_above_zero)
    """Pixels of an image. The default is what a graphics card takes at least, in 256 MiB."""

    sound_bytes: int = attrs.field(default=256 * MIB, validator=_above_zero)
    """Bytes of the samples of a sound: 25 minutes of stereo at 44,100 Hz."""

    values: int = attrs.field(default=32_768, validator=_above_zero)
    """Values in a JSON or TOML document, or in a Tiled map beside its tiles. The game's process
    makes each of them, with its interpreter locked: the default costs a frame some milliseconds,
    as `LuaLimits.result_values` does. Behind a loading screen it may be more."""


class Loader:
    """Asks a worker of `assets.start` for files. Each call takes microseconds.

    `queue.pump` finishes what has come, calls `on_loaded` with it, and keeps to its budget.
    """

    def __init__(
        self,
        queue: TaskQueue,
        worker_id: int,
        *,
        root: Path | None = None,
        limits: AssetLimits | None = None,
        pixel_format: PixelFormat = "RGBA",
        flip: bool = False,
        rate_hz: int | None = None,
        channels: int | None = None,
    ) -> None:
        """What all its files have in common.

        * `root`: the folder that paths are relative to, and may not lead out of: neither by
          `..`, nor by a link, nor within a Tiled map. The child sees to that. Without one,
          paths are relative to the game's folder, and lead anywhere.
        * `pixel_format`, `flip`: of images; with `flip` the bottom row comes first.
        * `rate_hz`, `channels`: of sounds; None leaves them as they are in the file.
        """
        if pixel_format not in _FORMATS:
            raise ValueError(f"pixel_format is one of {', '.join(_FORMATS)}, not {pixel_format!r}")
        for name, value in (("rate_hz", rate_hz), ("channels", channels)):
            if value is not None:
                check_whole(name, value, least=1)
        if worker_id is None:
            raise TypeError("worker_id is None: the worker did not start, see queue.last_error")
        if limits is not None and not isinstance(limits, AssetLimits):
            raise TypeError(f"limits is an AssetLimits, not {type(limits).__name__}")
        self._queue = queue
        self._worker_id = WorkerId(worker_id)
        self._folder = None if root is not None else os.path.abspath(".")  # noqa: PTH100
        common = {
            "root": None if root is None else os.path.abspath(root),  # noqa: PTH100
            **attrs.asdict(limits or AssetLimits()),
            "pixel_format": pixel_format,
            "flip": bool(flip),
            "rate_hz": rate_hz,
            "channels": channels,
        }
        self._common: Final[dict[str, object]] = common

    # --- one file --------------------------------------------------------------------

    def image(
        self,
        path: Path,
        *,
        priority: Priority = Priority.NORMAL,
        on_loaded: Callable[[Asset[Image]], object] | None = None,
    ) -> Asset[Image]:
        """Load an image: PNG, JPEG, WebP, BMP, GIF (its first picture), TGA, TIFF, DDS, QOI."""
        return self._send(Asset(self._queue, _text(path), AssetKind.IMAGE, on_loaded), priority)

    def sound(
        self,
        path: Path,
        *,
        priority: Priority = Priority.NORMAL,
        on_loaded: Callable[[Asset[Sound]], object] | None = None,
    ) -> Asset[Sound]:
        """Load a sound: WAV, and with miniaudio Ogg Vorbis, MP3 and FLAC."""
        return self._send(Asset(self._queue, _text(path), AssetKind.SOUND, on_loaded), priority)

    def font(
        self,
        path: Path,
        *,
        priority: Priority = Priority.NORMAL,
        on_loaded: Callable[[Asset[Buffer]], object] | None = None,
    ) -> Asset[Buffer]:
        """Load the bytes of a TrueType or OpenType font that is whole."""
        return self._send(Asset(self._queue, _text(path), AssetKind.FONT, on_loaded), priority)

    def json(
        self,
        path: Path,
        *,
        priority: Priority = Priority.NORMAL,
        on_loaded: Callable[[Asset[Any]], object] | None = None,
    ) -> Asset[Any]:
        """Load the value in a JSON file."""
        return self._send(Asset(self._queue, _text(path), AssetKind.JSON, on_loaded), priority)

    def toml(
        self,
        path: Path,
        *,
        priority: Priority = Priority.NORMAL,
        on_loaded: Callable[[Asset[dict[str, Any]]], object] | None = None,
    ) -> Asset[dict[str, Any]]:
        """Load the table in a TOML file."""
        return self._send(Asset(self._queue, _text(path), AssetKind.TOML, on_loaded), priority)

    def tiled(
        self,
        path: Path,
        *,
        priority: Priority = Priority.NORMAL,
        on_loaded: Callable[[Asset[TiledMap]], object] | None = None,
    ) -> Asset[TiledMap]:
        """Load a map of Tiled, TMX or JSON, with the tile sets and templates that it names."""
        return self._send(Asset(self._queue, _text(path), AssetKind.TILED, on_loaded), priority)

    def bytes(
        self,
        path: Path,
        *,
        priority: Priority = Priority.NORMAL,
        on_loaded: Callable[[Asset[Buffer]], object] | None = None,
    ) -> Asset[Buffer]:
        """Load any file as it is."""
        return self._send(Asset(self._queue, _text(path), AssetKind.BYTES, on_loaded), priority)

    def load(
        self,
        path: Path,
        *,
        priority: Priority = Priority.NORMAL,
        on_loaded: OnLoaded | None = None,
    ) -> Asset[Any]:
        """Load a file as what the end of its name says, see `kind_of`."""
        name = _text(path)
        return self._send(Asset(self._queue, name, kind_of(name), on_loaded), priority)

    # --- many ------------------------------------------------------------------------

    def load_all(
        self,
        paths: Iterable[Path],
        *,
        priority: Priority = Priority.NORMAL,
        on_loaded: OnLoaded | None = None,
        on_done: Callable[[Batch], object] | None = None,
    ) -> Batch:
        """Load many files, each as what the end of its name says.

        `pump` calls `on_loaded` with each, in the order in which they come, and `on_done` with
        the batch once all have a value or an error.
        """
        if isinstance(paths, str | os.PathLike):
            raise TypeError(f"paths is a list of files, not one path: load({paths!r}) loads one")
        batch = Batch(self._queue, f"assets-{next(_batches)}", on_loaded, on_done)
        names = [_text(path) for path in paths]
        batch.hold(
            tuple(
                self._send(
                    Asset(self._queue, name, kind_of(name), batch.take), priority, batch.run_id
                )
                for name in names
            )
        )
        return batch

    def _send(self, asset: Asset[Any], priority: Priority, run_id: str | None = None) -> Asset[Any]:
        path = asset.path
        if self._folder is not None:
            path = os.path.join(self._folder, path)  # noqa: PTH118 - twenty times as fast
        task_id = self._queue.send_task(
            self._worker_id,
            {"kind": asset.kind.value, "path": path, **self._common},
            priority=priority,
            run_id=run_id,
            on_result=asset.answer,
        )
        if task_id is None:
            asset.refuse(f"was not loaded: {self._queue.last_error}")
        else:
            asset.sent(task_id)
        return asset


def _text(path: Path) -> str:
    name = os.fspath(path)
    if not isinstance(name, str):
        raise TypeError(f"a path is a str or a PathLike of one, not {type(path).__name__}")
    return name
