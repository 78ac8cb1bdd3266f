"""The process's limits: no new descriptor, file content, process or core dump; its memory.

The weakest of the layers, since root may raise a limit again: the filter of system calls
keeps it from that.
"""

from __future__ import annotations

import os

from engine_tasks.child.kernel import Unsupported, get_limit, prctl, set_limit
from engine_tasks.child.seccomp import AUDIT_ARCH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_PR_SET_DUMPABLE: Final = 4

# The numbers of the module `resource`, on the machines that `check_machine` lets through.
_FSIZE: Final = 1
_CORE: Final = 4
_NPROC: Final = 6
_NOFILE: Final = 7
_AS: Final = 9


def check_machine() -> None:
    """Raise `Unsupported` on a machine whose numbers are not known: some have others."""
    machine = os.uname().machine
    if machine not in AUDIT_ARCH:
        raise Unsupported(f"the numbers of the limits on a {machine} are not known")


def mapped_bytes() -> int | None:
    """The size of this process's address space; None where that cannot be known."""
    try:
        file = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return None
    try:
        return int(os.read(file, 64).split()[0]) * os.sysconf("SC_PAGE_SIZE")
    finally:
        os.close(file)


def lower(address_space_bytes: int | None, mapped_bytes: int | None) -> None:
    """Lower the limits for good. After Landlock, which needs a descriptor for a moment.

    No limit on processor time: the game ends a task that takes too long, and knows which.

    Args:
        address_space_bytes: what may be mapped beyond `mapped_bytes`; None for no limit.
        mapped_bytes: what is mapped now.

    Raises:
        Unsupported: with the reason; the other limits are in force nonetheless.
        OSError: the kernel refused.
    """
    check_machine()
    # A limit of 0 on core files does not stop a dump that goes to a program (core(5)), such as
    # a desktop's crash reporter, which would run for each mod that crashes; this does.
    prctl(_PR_SET_DUMPABLE, 0)
    # Descriptor 0 is taken, so no other can be had; with 0 `poll` would refuse the one pipe.
    for limit, most in ((_CORE, 0), (_FSIZE, 0), (_NPROC, 0), (_NOFILE, 1)):
        set_limit(limit, most)
    if address_space_bytes is not None:
        if mapped_bytes is None:
            raise Unsupported("no cap on its memory, as /proc does not tell what it has already")
        set_limit(_AS, min(mapped_bytes + address_space_bytes, get_limit(_AS)))
