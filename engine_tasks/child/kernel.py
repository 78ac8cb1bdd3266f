"""Calls into the Linux kernel that Python has no function for."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctypes import CDLL


class Unsupported(Exception):
    """Why this system cannot do something, in words for the person who plays on it."""


_libc: CDLL | None = None


def prctl(option: int, *arguments: int) -> int:
    """The kernel's `prctl`. Raises `OSError`."""
    return _call("prctl", option, *arguments, *([0] * (4 - len(arguments))))


def system_call(number: int, *arguments: int) -> int:
    """A system call by its number; addresses are integers. Raises `OSError`."""
    return _call("syscall", number, *arguments)


def get_limit(limit: int) -> int:
    """The most that a resource limit can still be set to. Raises `OSError`."""
    import ctypes  # noqa: PLC0415 - 5 ms, paid by the inbox already

    pair = (ctypes.c_uint64 * 2)()
    _call("getrlimit", limit, ctypes.addressof(pair))
    return pair[1]


def set_limit(limit: int, most: int) -> None:
    """Set a resource limit for good. Raises `OSError`.

    Not by the module `resource`, whose import takes a quarter of a millisecond.
    """
    import ctypes  # noqa: PLC0415

    pair = (ctypes.c_uint64 * 2)(most, most)
    _call("setrlimit", limit, ctypes.addressof(pair))


def _call(function: str, *arguments: int) -> int:
    import ctypes  # noqa: PLC0415

    global _libc  # noqa: PLW0603 - loaded by the first call: only Linux has it
    if _libc is None:
        _libc = ctypes.CDLL(None, use_errno=True)
    # Without the long an argument is cut to 32 bits.
    result: int = getattr(_libc, function)(*map(ctypes.c_long, arguments))
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
