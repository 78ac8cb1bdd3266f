"""Landlock: the kernel's own refusal of files, networks and signals, without root.

A domain without a single rule, so that nothing which it handles is allowed. What was open
before stays open. See landlock(7).
"""

from __future__ import annotations

import errno
import os
import struct

from engine_tasks.child.kernel import Memory, Unsupported, system_call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

# The numbers are the same on every machine: they were given after the tables were joined.
_CREATE_RULESET: Final = 444
_RESTRICT_SELF: Final = 446
_ASK_FOR_ABI: Final = 1
#: From this ABI on, one call reaches the process's other threads as well.
_TSYNC_ABI: Final = 8
_TSYNC_FLAG: Final = 1 << 3

#: What each ABI can handle: file rights, network rights, scopes, as bit masks.
_HANDLED: Final = {
    1: ((1 << 13) - 1, 0, 0),  # execute, read, write, list, make and remove of every kind
    2: ((1 << 14) - 1, 0, 0),  # move between folders
    3: ((1 << 15) - 1, 0, 0),  # truncate
    4: ((1 << 15) - 1, 0b11, 0),  # bind and connect TCP
    5: ((1 << 16) - 1, 0b11, 0),  # ioctl of devices
    6: ((1 << 16) - 1, 0b11, 0b11),  # abstract sockets and signals leave the domain no more
    9: ((1 << 17) - 1, 0b11, 0b11),  # connect to a socket that is a file
    10: ((1 << 17) - 1, 0b1111, 0b11),  # bind, connect and send UDP
}


def abi() -> int:
    """The version that the running kernel speaks. Raises `Unsupported`."""
    try:
        return system_call(_CREATE_RULESET, 0, 0, _ASK_FOR_ABI)
    except OSError as error:
        raise Unsupported(_why(error)) from error


def deny_everything(*, has_threads: bool) -> None:
    """Refuse this process what Landlock knows to refuse. Needs no_new_privs.

    Raises:
        Unsupported: with the reason; some of it may be in force nonetheless.
        OSError: the kernel refused.
    """
    version = abi()
    ruleset = _create_ruleset(version)
    try:
        system_call(_RESTRICT_SELF, ruleset, _TSYNC_FLAG if version >= _TSYNC_ABI else 0)
    finally:
        os.close(ruleset)
    if has_threads and version < _TSYNC_ABI:
        raise Unsupported("it covers one thread only before Linux 7.0, and others run already")


def _create_ruleset(version: int) -> int:
    for known in sorted(_HANDLED, reverse=True):
        if known > version:
            continue
        # A kernel accepts a longer struct than its own where the rest is zero.
        attributes = Memory(struct.pack("=QQQ", *_HANDLED[known]))
        try:
            return system_call(_CREATE_RULESET, attributes.address, 24, 0)
        except OSError as error:
            if error.errno != errno.EINVAL:  # else a right that this kernel was built without
                raise
    raise Unsupported(f"this kernel's Landlock (ABI {version}) knows none of the known rights")


def _why(error: OSError) -> str:
    if error.errno == errno.ENOSYS:
        return "this kernel has no Landlock, which came with Linux 5.13"
    if error.errno == errno.EOPNOTSUPP:
        return "this kernel's Landlock is switched off: add it to the boot parameter lsm="
    if error.errno == errno.EPERM:
        return "Landlock is forbidden here, perhaps by a container's own filter"
    return f"Landlock answers: {error.strerror}"
