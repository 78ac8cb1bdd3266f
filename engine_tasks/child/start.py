"""The start of a child process, which `main.py` calls.

The game talks through standard input and output. Both are moved away first, so that
whatever the worker's code prints goes to standard error, which the game logs by line.
"""

from __future__ import annotations

import marshal
import os
import sys

from engine_tasks.child.frames import HELLO
from engine_tasks.child.inbox import open_inbox
from engine_tasks.child.scheduling import give_way


def start(parent_pid: int, nice: int) -> None:
    """Set this process up, load what the game sends, serve tasks until it says stop."""
    frames_in, frames_out = _take_pipes()
    give_way(nice)
    inbox = open_inbox(frames_in, sys.maxsize, parent_pid)
    frame = inbox.read()
    if frame is None or frame[0] != HELLO:
        return
    hello = marshal.loads(frame[2])  # the game's own words
    if hello["host"] == "lua":
        sys.path += hello["add_path"]
        from engine_tasks.child.lua_host import serve  # noqa: PLC0415 - one of the two
    else:
        sys.path[:] = hello["sys_path"]
        from engine_tasks.child.light_codec import load_codec  # noqa: PLC0415

        load_codec()
        from engine_tasks.child.python_host import serve  # noqa: PLC0415
    serve(inbox, frames_out, hello)


def _take_pipes() -> tuple[int, int]:
    """The pipes to the game, out of the way of prints."""
    frames_in, frames_out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - frames are bytes, not lines of text

        for fd in (frames_in, frames_out):
            msvcrt.setmode(fd, os.O_BINARY)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return frames_in, frames_out
