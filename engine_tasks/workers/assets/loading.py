"""The worker's function: reads one file and decodes it. Imported by the child: light."""

from __future__ import annotations

from engine_tasks.workers.assets.files import PART_BYTES, READING, located, read_file, tell
from engine_tasks.workers.assets.kinds import AssetKind, AssetProblem, FileProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from engine_tasks.workers.assets.kinds import Request


def load(request: object) -> object:
    """The decoded file, or what is wrong with it.

    Raises `OSError` alone: what another attempt may mend, as the worker's `RetryPolicy` says.
    """
    try:
        return _loaded(request)  # type: ignore[arg-type]  # `Loader` made it
    except FileProblem as found:
        return {"problem": found.problem.value, "reason": found.reason}
    except MemoryError:
        reason = "there is not enough memory to load it"
        return {"problem": AssetProblem.TOO_LARGE.value, "reason": reason}


def _loaded(request: Request) -> dict[str, object]:
    path = located(request["path"], request["root"])
    content = read_file(path, request["file_bytes"])
    if len(content) > PART_BYTES:
        tell(READING, "decoding")
    return {"bytes": len(content), "value": _decoded(path, content, request)}


def _decoded(path: str, content: bytearray, request: Request) -> object:
    """What the game finishes. Each decoder is imported with the first file for it."""
    # ruff: noqa: PLC0415
    kind = request["kind"]
    if kind == AssetKind.IMAGE:
        from engine_tasks.workers.assets.images import decode_image

        return decode_image(content, request)
    if kind == AssetKind.SOUND:
        from engine_tasks.workers.assets.sounds import decode_sound

        return decode_sound(content, request)
    if kind == AssetKind.TILED:
        from engine_tasks.workers.assets.tiled import decode_tiled

        return decode_tiled(path, content, request)
    if kind in (AssetKind.JSON, AssetKind.TOML):
        from engine_tasks.workers.assets import documents

        decode = documents.decode_json if kind == AssetKind.JSON else documents.decode_toml
        return decode(content, request)
    if kind == AssetKind.FONT:
        from engine_tasks.workers.assets.fonts import check_font

        check_font(content)
    return content
