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
#: Nanoseconds of a slice: more than a game's 0.7 to 3 ms (`sched_base_slice` by cores). What
#: wakes in another child waits for it: a task of 4 ms beside four busy children on two cores took
#: 25 ms in 5 of 100 cases, where it took 20 without slices, and 70 with slices of 100 ms.
_SLICE_NS: Final = 8_000_000


def give_way(nice: int) -> None:
    """Run at this much lower a priority than the game, and let it in when it wakes.

    However low its priority, what runs is not interrupted within its slice by what wakes with
    a slice as long: then a frame begins up to a tick of the scheduler, 4 ms, late. Linux 6.12
    and newer know slices of one's own, and let the shorter one in at once: of 1,560 frames
    beside four busy children 0.9 % were late, and 1.8 % without
    (`engine-tasks bench frames-process-4`).
    """
    if not nice or not hasattr(os, "nice"):
        return
    nice = os.nice(nice)
    if sys.platform == "linux" and sys.maxsize > 2**32:  # the numbers are those of 64 bits
        with suppress(OSError):  # a sandbox, or a C library: the priority alone has to do
            _ask_for_long_slices(nice)


def _ask_for_long_slices(nice: int) -> None:
    from engine_tasks.child.kernel import Memory, system_call  # noqa: PLC0415 - Linux only

    number = _SCHED_SETATTR.get(os.uname().machine)
    if number is None or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return
    policy, no_flags = os.SCHED_OTHER, 0
    attributes = Memory(
        _ATTRIBUTES.pack(_ATTRIBUTES.size, policy, no_flags, nice, 0, _SLICE_NS, 0, 0)
    )
    system_call(number, 0, attributes.address, no_flags)
