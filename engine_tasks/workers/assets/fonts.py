"""Makes sure that bytes are a whole font. Runs where the worker does."""

from __future__ import annotations

import struct

from engine_tasks.workers.assets.kinds import AssetProblem, FileProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

#: How files of TrueType and OpenType begin, and collections of them.
_FONTS: Final = (b"\x00\x01\x00\x00", b"OTTO", b"true")
_COLLECTION: Final = b"ttcf"

_HEADER_BYTES: Final = 12
_COUNT: Final = struct.Struct(">H")
_NUMBER: Final = struct.Struct(">I")
#: Tag, checksum, offset and length of a table.
_TABLE: Final = struct.Struct(">4sIII")


def check_font(content: bytearray) -> None:
    """Raises `FileProblem` for what is no TrueType or OpenType font, or not all of one.

    The table directory at its beginning says how far each table reaches:
    https://learn.microsoft.com/typography/opentype/spec/otff
    """
    try:
        if content[:4] == _COLLECTION:
            (count,) = _NUMBER.unpack_from(content, 8)
            for index in range(count):
                (start,) = _NUMBER.unpack_from(content, _HEADER_BYTES + 4 * index)
                _check_tables(content, start)
        else:
            _check_tables(content, 0)
    except struct.error as error:
        raise FileProblem(AssetProblem.BROKEN, "is a truncated font") from error


def _check_tables(content: bytearray, start: int) -> None:
    if bytes(content[start : start + 4]) not in _FONTS:
        raise FileProblem(AssetProblem.BROKEN, "is no TrueType or OpenType font")
    (count,) = _COUNT.unpack_from(content, start + 4)
    for index in range(count):
        place = start + _HEADER_BYTES + index * _TABLE.size
        tag, _, offset, length = _TABLE.unpack_from(content, place)
        if offset + length > len(content):
            name = tag.decode("ascii", "replace").strip()
            reason = f"is a truncated font: its table {name!r} is not all there"
            raise FileProblem(AssetProblem.BROKEN, reason)
