"""Parcels: MessagePack with large buffers beside it, which nobody needs to copy.

What has `LARGE_BYTES` or more - bytes, a bytearray, a memoryview, a typed array - is left out
of the MessagePack, the *skeleton*, which refers to it by its number: extension 3. Where
nothing is that large, there is no parcel, only the MessagePack.

Imported by a child process that must be ready in milliseconds: nothing heavy here.
"""

from __future__ import annotations

import struct
import sys

import ormsgpack

from engine_tasks.extensions import REFERENCE, from_extension, read_header, split_array
from engine_tasks.payload import (
    PACK_OPTIONS,
    Encoded,
    decode,
    encode,
    explain_refusal,
    over_limit,
    unstructure_foreign,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Final

#: Bytes from which on a buffer lies beside the skeleton. A result of that size takes 0.4 ms
#: through shared memory, 0.7 through a pipe; of a quarter of it 0.37 and 0.48, which is not
#: worth a file descriptor.
LARGE_BYTES: Final = 256 * 1024

#: Parts of a list or a dict up to which a game looks for large bytes in it, when it sends.
_MOST_PARTS: Final = 256

#: Flat bytes.
Buffer = bytes | memoryview

_NUMBER: Final = struct.Struct("<I")


class Parcel:
    """An encoded value: its skeleton and the buffers beside it, each flat and contiguous.

    `len()` is the bytes of all together. Not changed once made.
    """

    __slots__ = ("buffers", "skeleton")

    def __init__(self, skeleton: Buffer, buffers: tuple[Buffer, ...] = ()) -> None:
        self.skeleton = skeleton
        self.buffers = buffers

    def __len__(self) -> int:
        return len(self.skeleton) + sum(map(len, self.buffers))


#: An encoded value.
Message = bytes | Parcel


class Packer:
    """Encodes values, the large buffers in them apart. Any thread.

    It remembers whether the last value was a parcel: only then it looks for buffers before it
    encodes, which a small value should not pay for.
    """

    def __init__(self, *, copies: bool, large_bytes: int = LARGE_BYTES) -> None:
        """`copies`: what may be changed, all but bytes, is copied, not referred to; and large
        bytes that are hard to find, or not expected, may stay in the MessagePack."""
        self._copies = copies
        self._large_bytes = large_bytes
        self._expects_large = False
        self._hook = self._unstructure

    def pack(
        self, value: object, *, max_bytes: int | None = None, root: str = "payload"
    ) -> Message:
        """The value encoded; an `Encoded` as it is.

        Raises `PayloadError`, as `encode` does.
        """
        if not self._expects_large and type(value) not in _SPECIAL:
            try:
                encoded = ormsgpack.packb(value, self._hook, PACK_OPTIONS)
            except Exception:  # ormsgpack does not say whether it was `_LargeFoundError`
                return self._checked(value, None, max_bytes, root)
            if len(encoded) < self._large_bytes and (
                max_bytes is None or len(encoded) <= max_bytes
            ):
                return encoded
            return self._checked(value, encoded, max_bytes, root)
        if type(value) is Encoded:
            return encode(value, max_bytes=max_bytes, root=root)
        return self._checked(value, None, max_bytes, root)

    def _checked(
        self, value: object, encoded: bytes | None, max_bytes: int | None, root: str
    ) -> Message:
        """The message of a value that is large, or that could not be encoded whole."""
        message: Message
        if encoded is not None and self._copies:
            self._expects_large = len(encoded) >= self._large_bytes
            message = encoded
        else:
            try:
                message = self._apart(value)
            except Exception as error:  # as in `encode`
                raise explain_refusal(value, root, error) from error
        if max_bytes is not None and len(message) > max_bytes:
            raise over_limit(len(message), max_bytes, root)
        return message

    def _unstructure(self, value: Any) -> Any:
        """What `unstructure_foreign` makes of it; stops at a typed array that is large."""
        parts = split_array(value)
        if parts is not None and _size_of(parts[1]) >= self._large_bytes:
            raise _LargeFoundError
        return unstructure_foreign(value)

    def _apart(self, value: object) -> Message:
        taking = _Taking(self._large_bytes, copies=self._copies)
        skeleton = ormsgpack.packb(taking.without_large(value), taking.unstructure, PACK_OPTIONS)
        self._expects_large = bool(taking.buffers)
        return Parcel(skeleton, tuple(taking.buffers)) if taking.buffers else skeleton


class _LargeFoundError(Exception):
    """There is a large array in a value that was to be encoded whole."""


class _Taking:
    """Takes the large buffers out of one value."""

    def __init__(self, large_bytes: int, *, copies: bool) -> None:
        self.buffers: list[Buffer] = []
        self._large_bytes = large_bytes
        self._copies = copies
        self._most_parts = _MOST_PARTS if copies else sys.maxsize

    def without_large(self, value: Any) -> Any:
        """The value with references in the place of large bytes; itself where there are none.

        Raises `RecursionError` for a value that contains itself.
        """
        kind = type(value)
        if kind in _ATOMS:
            return value
        if kind in _BINARY:
            return self._refer(b"", value) if _size_of(value) >= self._large_bytes else value
        has_parts = kind is tuple or isinstance(value, dict | list)
        if not has_parts or len(value) > self._most_parts:
            return value
        if isinstance(value, dict):
            kept = {key: self.without_large(part) for key, part in value.items()}
            return kept if any(kept[key] is not part for key, part in value.items()) else value
        parts = [self.without_large(part) for part in value]
        is_same = all(new is old for new, old in zip(parts, value, strict=True))
        return value if is_same else parts

    def unstructure(self, value: Any) -> Any:
        """ormsgpack's `default` hook."""
        parts = split_array(value)
        if parts is None:
            return self.without_large(unstructure_foreign(value))
        header, elements = parts
        if _size_of(elements) < self._large_bytes:
            return unstructure_foreign(value)
        return self._refer(header, elements)

    def _refer(self, header: bytes, content: Any) -> ormsgpack.Ext:
        if type(content) is not bytes:
            view = memoryview(content)
            if self._copies or not view.c_contiguous:
                content = view.tobytes()
            else:
                content = view.cast("B").toreadonly()
        self.buffers.append(content)
        return ormsgpack.Ext(REFERENCE, _NUMBER.pack(len(self.buffers) - 1) + header)


_BINARY: Final = frozenset({bytes, bytearray, memoryview})
#: What is not encoded whole at first.
_SPECIAL: Final = _BINARY | {Encoded}
#: What is looked at most, and has no parts.
_ATOMS: Final = frozenset({int, float, str, bool, type(None)})


def _size_of(value: Any) -> int:
    """Bytes of the elements of a bytes-like object."""
    return memoryview(value).nbytes


def unpack(message: Buffer | Parcel, *, root: str = "payload", views: bool = False) -> Any:
    """The plain value in a message. Any thread. Raises `PayloadError`.

    With `views` large bytes, and the elements of an `array.array`, are read-only memoryviews
    of the parcel's buffers. Without, they are bytes and an array of their own. NumPy arrays lie
    over the buffers in both cases, and are read-only.
    """
    if not isinstance(message, Parcel):
        return decode(message, root=root)
    return decode(
        message.skeleton,
        root=root,
        read_extension=_Resolver(message.buffers, views=views).from_extension,
    )


def joined(message: Message) -> bytes:
    """The message as MessagePack alone, for who knows no parcels. Copies the buffers."""
    if not isinstance(message, Parcel):
        return message
    return encode(unpack(message)) if message.buffers else bytes(message.skeleton)


class _Resolver:
    """Puts the buffers of a parcel in their places."""

    def __init__(self, buffers: Sequence[Buffer], *, views: bool) -> None:
        self._buffers = buffers
        self._views = views

    def from_extension(self, code: int, content: bytes) -> Any:
        """As `extensions.from_extension`, references included. Raises `ValueError`."""
        if code != REFERENCE:
            return from_extension(code, content)
        if len(content) < _NUMBER.size:
            raise ValueError("a reference without a number")
        (number,) = _NUMBER.unpack_from(content)
        if number >= len(self._buffers):
            raise ValueError(f"a reference to buffer {number} of {len(self._buffers)}")
        buffer = self._buffers[number]
        if len(content) == _NUMBER.size:
            return _read_only(buffer) if self._views else bytes(buffer)
        return read_header(content[_NUMBER.size :]).fill(_read_only(buffer), views=self._views)


def _read_only(buffer: Buffer) -> memoryview:
    return memoryview(buffer).toreadonly()
