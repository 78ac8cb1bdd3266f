"""What a supervisor and its instances tell each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
import pykka

from engine_tasks.executors.protocol import ExecutorStartError
from engine_tasks.options import LuaLimits
from engine_tasks.pools.guard import Death

Ref = pykka.ActorRef[Any]

# --- to an instance ----------------------------------------------------------------------

#: Begin: load the worker's code, then take tasks.
START: Final = "start"
#: End, after the tasks that it has taken.
STOP: Final = "stop"
#: Make room for a fresh instance, after the tasks that it has taken.
RENEW: Final = "renew"


# Each costs the import of the queue 0.6 ms; without what nobody asks of it, 0.3.


@attrs.frozen(eq=False, repr=False)
class Ping:
    """Call `heard` if you could run a task."""

    heard: Callable[[], None]


@attrs.frozen(eq=False, repr=False)
class SetLimits:
    """Run the next tasks within other limits."""

    limits: LuaLimits


# --- from an instance: each says who speaks, since its slot may have another by then ----------


@attrs.frozen(eq=False, repr=False)
class Started:
    """The instance of a slot runs tasks from now on."""

    slot: int
    ref: Ref


@attrs.frozen(eq=False, repr=False)
class StartFailed:
    """The instance of a slot could not start, and has ended."""

    slot: int
    ref: Ref
    error: ExecutorStartError


@attrs.frozen(eq=False, repr=False)
class Died:
    """The instance of a slot has ended; its task is answered, or waits again."""

    slot: int
    ref: Ref
    death: Death


@attrs.frozen(eq=False, repr=False)
class Renewed:
    """The instance of a slot has ended to make room for a fresh one."""

    slot: int
    ref: Ref


@attrs.frozen(eq=False, repr=False)
class Stopped:
    """The instance of a slot has ended as it was told."""

    slot: int
    ref: Ref


Report = Started | StartFailed | Died | Renewed | Stopped
