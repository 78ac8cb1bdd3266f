"""What MessagePack has no type for: instants, local times, typed arrays.

Extension codes, the same in `lua/engine/`:

* 1, a typed array: the typecode of Python's `array` (1 byte), the number of dimensions
  (1 byte; 0 for an `array.array`), each dimension (u32), the elements in row order; all
  little-endian. `i` and `I` have 4 bytes, `q` and `Q` 8.
* 2, a datetime as ISO 8601 text, which keeps its offset from UTC, or that it has none.
* 3, within a parcel only (`engine_tasks.parcel`): the number of a buffer beside it (u32), and
  for a typed array its header as above.
* -1, the timestamp of the MessagePack specification: read, as a datetime in UTC, never
  written (ormsgpack 1.13 drops fractions above 0.53 s when it writes one).
"""

from __future__ import annotations

import array
import math
import struct
import sys
from datetime import UTC, datetime, timedelta

import ormsgpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

TIMESTAMP: Final = -1
TYPED_ARRAY: Final = 1
DATETIME: Final = 2
REFERENCE: Final = 3

#: Bytes an element of each typecode has on the wire; C's `l` differs by platform, so it never
#: travels under its own name.
ITEM_BYTES: Final = {
    "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "q": 8, "Q": 8, "f": 4, "d": 8,
}  # fmt: skip
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def to_extension(value: object) -> Any:
    """The extension (or plain number) that carries `value`, or None where there is none."""
    if isinstance(value, datetime):
        return ormsgpack.Ext(DATETIME, value.isoformat().encode())
    parts = split_array(value)
    if parts is not None:
        header, elements = parts
        return ormsgpack.Ext(TYPED_ARRAY, header + elements.tobytes())
    numpy = sys.modules.get("numpy")  # a value of NumPy's exists only where it is imported
    if numpy is not None and isinstance(value, numpy.generic | numpy.ndarray):
        return value.item()  # a number, or an array of no dimensions, which is one
    return None


def split_array(value: object) -> tuple[bytes, Any] | None:
    """The header of a typed array, and its elements as an array as they go on the wire.

    None for what is no array of elements. Raises `TypeError` for one that cannot be carried.
    """
    if isinstance(value, array.array):
        return _split_array(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return _split_numpy(value, numpy)
    return None


def from_extension(code: int, content: bytes) -> Any:
    """The value that an extension carries; one of another code stays an `ormsgpack.Ext`.

    Raises `ValueError` for content that is not what its code says.
    """
    if code == TIMESTAMP:
        return _to_datetime(content)
    if code == TYPED_ARRAY:
        shape = read_header(content)
        return shape.fill(memoryview(content)[shape.header_bytes :])
    if code == DATETIME:
        return datetime.fromisoformat(content.decode())
    return ormsgpack.Ext(code, content)


def _to_datetime(content: bytes) -> datetime:
    if len(content) == 4:
        seconds, nanoseconds = struct.unpack(">I", content)[0], 0
    elif len(content) == 8:
        packed = struct.unpack(">Q", content)[0]
        seconds, nanoseconds = packed & ((1 << 34) - 1), packed >> 34
    elif len(content) == 12:
        nanoseconds, seconds = struct.unpack(">Iq", content)
    else:
        raise ValueError(f"a timestamp of {len(content)} bytes; it has 4, 8 or 12")
    try:
        return _EPOCH + timedelta(seconds=seconds, microseconds=nanoseconds // 1000)
    except OverflowError:
        raise ValueError(f"a timestamp of {seconds} s is outside the years 1 to 9999") from None


def _split_array(value: array.array[Any]) -> tuple[bytes, Any]:
    typecode = _portable_typecode(value.typecode, value.itemsize)
    if sys.byteorder == "big":
        value = array.array(value.typecode, value)
        value.byteswap()
    return typecode.encode() + b"\0", value


def _split_numpy(value: Any, numpy: Any) -> tuple[bytes, Any] | None:
    if value.dtype.kind not in "iuf" or value.dtype.itemsize > 8 or value.dtype.char == "e":
        raise TypeError(
            f"cannot carry a NumPy array of {value.dtype}; its elements may be int8 to int64, "
            f"uint8 to uint64, float32 or float64"
        )
    if value.ndim > 255 or any(size >= 1 << 32 for size in value.shape):
        raise TypeError(f"cannot carry a NumPy array of shape {value.shape}")
    if value.ndim == 0:
        return None
    letters = {"i": "bhiq", "u": "BHIQ"}.get(value.dtype.kind)
    typecode = letters[value.dtype.itemsize.bit_length() - 1] if letters else value.dtype.char
    header = struct.pack(f"<cB{value.ndim}I", typecode.encode(), value.ndim, *value.shape)
    return header, numpy.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))


def _portable_typecode(typecode: str, item_bytes: int) -> str:
    if typecode in "lL":
        typecode = (
            ("q" if item_bytes == 8 else "i")
            if typecode == "l"
            else ("Q" if item_bytes == 8 else "I")
        )
    if ITEM_BYTES.get(typecode) != item_bytes:
        raise TypeError(
            f"cannot carry an array of typecode {typecode!r}; "
            f"it may be one of {''.join(ITEM_BYTES)}"
        )
    return typecode


class ArrayShape:
    """What the header of a typed array says; no dimensions for an `array.array`."""

    __slots__ = ("dimensions", "typecode")

    def __init__(self, typecode: str, dimensions: tuple[int, ...]) -> None:
        self.typecode = typecode
        self.dimensions = dimensions

    @property
    def header_bytes(self) -> int:
        """Bytes of the header."""
        return 2 + 4 * len(self.dimensions)

    def fill(self, elements: memoryview, *, views: bool = False) -> Any:
        """The array over, or of, the bytes of its elements. Raises `ValueError`.

        A NumPy array lies over them, and is read-only where they are. So does a memoryview in
        the place of an `array.array`, where `views` are wanted and the machine allows it.
        """
        expected = math.prod(self.dimensions) if self.dimensions else None
        count, rest = divmod(len(elements), ITEM_BYTES[self.typecode])
        if rest or count != (count if expected is None else expected):
            raise ValueError(
                f"a typed array whose {len(elements)} bytes do not fill {self.dimensions}"
            )
        numpy = _numpy() if self.dimensions else None
        if numpy is not None:
            dtype = numpy.dtype(self.typecode).newbyteorder("<")
            return numpy.frombuffer(elements, dtype).reshape(self.dimensions)
        if views and sys.byteorder == "little":
            return elements.cast(self.typecode)  # type: ignore[call-overload]  # it is one
        made = array.array(self.typecode)
        made.frombytes(elements)
        if sys.byteorder == "big":
            made.byteswap()
        return made


def read_header(content: bytes | memoryview) -> ArrayShape:
    """The header that the content of a typed array begins with. Raises `ValueError`."""
    if len(content) < 2:
        raise ValueError("a typed array without a header")
    typecode, dimensions = chr(content[0]), content[1]
    if typecode not in ITEM_BYTES or len(content) < 2 + 4 * dimensions:
        raise ValueError(f"a typed array with the unknown header {bytes(content[:2])!r}")
    return ArrayShape(typecode, struct.unpack_from(f"<{dimensions}I", content, 2))


def _numpy() -> Any:
    try:
        import numpy as np  # noqa: PLC0415 - optional, and 100 ms that most games never need
    except ImportError:
        return None
    return np
