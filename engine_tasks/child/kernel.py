"""Calls into the Linux kernel that Python has no function for.

By `_ctypes`, on which `ctypes` is built: importing that would cost a starting child 4 ms of
its 20, for types of which one is needed here.
"""

from __future__ import annotations

import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Unsupported(Exception):
    """Why this system cannot do something, in words for the person who plays on it."""


class Memory:
    """Bytes at a fixed address, for the kernel to read or to write."""

    def __init__(self, content: bytes) -> None:
        import _ctypes  # noqa: PLC0415 - not every Python of other systems has it

        char = type("Char", (_ctypes._SimpleCData,), {"_type_": "c"})  # noqa: SLF001
        array = type("Chars", (_ctypes.Array,), {"_type_": char, "_length_": len(content)})
        self._chars: Any = array()
        self._chars.raw = content
        self.address = _ctypes.addressof(self._chars)

    @property
    def content(self) -> bytes:
        return bytes(self._chars.raw)


def prctl(option: int, *arguments: int) -> int:
    """The kernel's `prctl`. Raises `OSError`."""
    return _call("prctl", option, *arguments, *([0] * (4 - len(arguments))))


def system_call(number: int, *arguments: int) -> int:
    """A system call by its number; addresses are integers. Raises `OSError`."""
    return _call("syscall", number, *arguments)


def get_limit(limit: int) -> int:
    """The most that a resource limit can still be set to. Raises `OSError`."""
    pair = Memory(bytes(16))
    _call("getrlimit", limit, pair.address)
    hard: int = struct.unpack("QQ", pair.content)[1]
    return hard


def set_limit(limit: int, most: int) -> None:
    """Set a resource limit for good. Raises `OSError`.

    Not by the module `resource`, whose import takes a quarter of a millisecond.
    """
    pair = Memory(struct.pack("QQ", most, most))
    _call("setrlimit", limit, pair.address)


def _call(name: str, *arguments: int) -> int:
    import _ctypes  # noqa: PLC0415

    function, long = _find(name)
    result: int = function(*map(long, arguments))  # a plain integer is cut to 32 bits
    if result == -1:
        code = _ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


_found: dict[str, tuple[Callable[..., int], Callable[[int], Any]]] = {}


def _find(name: str) -> tuple[Callable[..., int], Callable[[int], Any]]:
    """A function of the C library, and the type of its arguments."""
    if name not in _found:
        import _ctypes  # noqa: PLC0415

        class Long(_ctypes._SimpleCData):  # type: ignore[type-arg]  # noqa: SLF001
            _type_ = "l"

        class Int(_ctypes._SimpleCData):  # type: ignore[type-arg]  # noqa: SLF001
            _type_ = "i"

        class Function(_ctypes.CFuncPtr):
            _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_USE_ERRNO
            _restype_ = Long if name == "syscall" else Int  # else -1 would not be -1

        process = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # itself, as in dlopen(3)
        address = _ctypes.dlsym(process, name)
        _found[name] = (Function(address), Long)
    return _found[name]
