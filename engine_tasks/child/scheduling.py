"""How a child leaves the processor to its game. Imported by a child that is to start fast."""

from __future__ import annotations

import os
import struct
import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

#: The number of `sched_setattr`, by machine.
_SCHED_SETATTR: Final = {"x86_64": 314, "aarch64": 274}
#: The kernel's `sched_attr`: size, policy, flags, nice, priority, runtime, deadline, period.
_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")
#: Nanoseconds of a slice, the most that Linux takes (`fair.c`; `sched_setattr(2)`).
_SLICE_NS: Final = 100_000_000


def give_way(nice: int) -> None:
    """Run at this much lower a priority than the game, and let it in when it wakes.

    However low its priority, what runs is not interrupted within its slice by what wakes with
    a slice as long: then a frame begins up to a tick of the scheduler, 4 ms, late. Linux 6.12
    and newer know slices of one's own, and let the shorter one in at once: of 840 frames
    beside four busy children 0.2 % were late, and 2.0 % without
    (`engine-tasks bench frames-process-4`).
    """
    if not nice or not hasattr(os, "nice"):
        return
    nice = os.nice(nice)
    if sys.platform == "linux" and os.sched_getscheduler(0) == os.SCHED_OTHER:
        _ask_for_long_slices(nice)


def _ask_for_long_slices(nice: int) -> None:
    from engine_tasks.child.kernel import Memory, system_call  # noqa: PLC0415 - Linux only

    number = _SCHED_SETATTR.get(os.uname().machine)
    if number is None:
        return
    policy, no_flags = os.SCHED_OTHER, 0
    attributes = Memory(
        _ATTRIBUTES.pack(_ATTRIBUTES.size, policy, no_flags, nice, 0, _SLICE_NS, 0, 0)
    )
    with suppress(OSError):  # a sandbox does not allow it: the priority alone has to do
        system_call(number, 0, attributes.address, no_flags)
