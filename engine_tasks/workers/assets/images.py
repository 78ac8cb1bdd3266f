"""Decodes an image to raw pixels, by Pillow. Runs where the worker does."""

from __future__ import annotations

import io
import warnings

from engine_tasks.workers.assets.kinds import AssetProblem, FileProblem, needs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from engine_tasks.workers.assets.kinds import Request

#: Formats of Pillow that games use. Others are refused: that for EPS starts Ghostscript.
FORMATS: Final = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TGA", "TIFF", "DDS", "QOI")

#: Modes of pixels with 16 bits, of which the upper 8 are kept.
_DEEP: Final = ("I;16", "I;16L", "I;16B", "I;16N", "I")


def decode_image(content: bytearray, request: Request) -> dict[str, object]:
    """The pixels of an image, top row first unless `flip`. Raises `FileProblem`."""
    pillow = _pillow()
    # Pillow compares it with what a file says of itself, before it decodes anything. From there
    # on it warns, which is an error here, and from twice that on it raises.
    pillow.MAX_IMAGE_PIXELS = request["pixels"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pillow.DecompressionBombWarning)
            with pillow.open(io.BytesIO(content), formats=FORMATS) as image:
                return _pixels(pillow, image, request)
    except (pillow.DecompressionBombError, pillow.DecompressionBombWarning) as error:
        reason = f"has too many pixels; the limit is {request['pixels']:,} pixels"
        raise FileProblem(AssetProblem.TOO_LARGE, reason) from error
    except pillow.UnidentifiedImageError as error:
        reason = f"is no image of a format that is known here: {', '.join(FORMATS)}"
        raise FileProblem(AssetProblem.BROKEN, reason) from error
    except FileProblem:
        raise
    except Exception as error:  # Pillow's decoders raise what they like, SyntaxError among it
        reason = f"is a truncated or broken image: {error}"
        raise FileProblem(AssetProblem.BROKEN, reason) from error


def _pillow() -> Any:
    try:
        from PIL import Image  # noqa: PLC0415 - 50 ms, for a child that loads images
    except ImportError as error:
        raise needs("Pillow", "an image") from error
    return Image


def _pixels(pillow: Any, image: Any, request: Request) -> dict[str, object]:
    if image.mode in _DEEP:
        image = image.convert("I").point(lambda level: level / 256).convert("L")
    elif image.mode == "F":
        raise FileProblem(AssetProblem.UNSUPPORTED, "has floating-point pixels")
    wanted = request["pixel_format"]
    image = image.convert("RGB" if wanted == "RGB" else "RGBA")
    if request["flip"]:
        image = image.transpose(pillow.Transpose.FLIP_TOP_BOTTOM)
    width, height = image.size
    pixels = image.tobytes("raw", wanted)
    return {"width": width, "height": height, "format": wanted, "pixels": pixels}
