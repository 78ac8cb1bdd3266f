"""What the measured workers do, in Python; `echo.lua` and `spin.lua` are the same in Lua.

Imports little: child processes load it.
"""

import os
import threading
import time
from functools import cache
from importlib import import_module
from typing import Any

from engine_tasks import this_task

#: The small task of a game: what a unit that asks for a path sends.
SMALL_TASK = {"id": 7, "from": [3, 4], "to": [120, 88], "speed": 1.5, "name": "unit-7"}
#: Each byte of what is large.
FILLING = 0x5A


def echo(payload: object) -> object:
    """Gives back what it was given."""
    return payload


def spin(steps: int) -> int:
    """Keeps a core busy: `steps` of the Park-Miller generator, exact in a double too."""
    state = 1
    for _ in range(steps):
        state = state * 16807 % 2147483647
    return state


def chore(task: dict[str, Any]) -> dict[str, Any]:
    """Keeps a core busy for the task's `steps`, and gives the task back."""
    spin(task["steps"])
    return task


def busy(payload: object) -> object:
    """Gives back what it was given, but never returns from "forever"; `busy.lua` in Python."""
    if payload == "forever":
        this_task.progress(0)
        while True:
            pass
    return payload


@cache
def large_bytes(size: int) -> bytes:
    """So many bytes, made once a process: what is timed is their way."""
    return bytes([FILLING]) * size


@cache
def large_array(size: int) -> Any:
    """A NumPy array of the same bytes."""
    return import_module("numpy").frombuffer(large_bytes(size), "float64")


def size_of(payload: Any) -> int:
    """How many bytes came."""
    return memoryview(payload).nbytes


def nap(seconds: float) -> list[int]:
    """Sleeps, and says where: the process and the thread."""
    time.sleep(seconds)
    return [os.getpid(), threading.get_ident()]
