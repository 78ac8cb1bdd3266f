"""Starts every child process from one long-lived thread.

Linux kills a child that asked for it (`PR_SET_PDEATHSIG`) when the THREAD that spawned it
ends, so no short-lived thread may spawn one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from engine_tasks import child
from engine_tasks.wire import conversion

_MAIN: Final = str(Path(child.__file__).with_name("main.py"))

#: What a child that runs a stranger's script may know of the game's environment: what the
#: interpreter itself needs, and what tells its clock the time zone.
_BARE_ENVIRONMENT: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "TZ")


class Spawner:
    """A daemon thread that calls `Popen`. It starts with the first child."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start over, without a thread."""
        self._orders: SimpleQueue[tuple[Future[subprocess.Popen[bytes]], dict[str, Any]]] = (
            SimpleQueue()
        )
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def spawn(
        self, nice: int, *, bare_environment: bool, inherited_fd: int | None = None
    ) -> subprocess.Popen[bytes]:
        """A child that waits for its first frame; it has `inherited_fd` by the same number.

        Raises `OSError` where none can be had.
        """
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="engine_tasks spawner", daemon=True
                )
                self._thread.start()
        spawned: Future[subprocess.Popen[bytes]] = Future()
        arguments = _popen_arguments(nice, bare_environment)
        if inherited_fd is not None:
            arguments["pass_fds"] = (inherited_fd,)
        self._orders.put((spawned, arguments))
        return spawned.result()

    def _run(self) -> None:
        while True:
            spawned, arguments = self._orders.get()
            try:
                spawned.set_result(subprocess.Popen(**arguments))
            except BaseException as error:  # to whoever asked for the child
                spawned.set_exception(error)
            if self._orders.empty():
                # While the child starts, or the frame that sends the first object waits 15 ms.
                with suppress(Exception):  # whoever needs it is told
                    conversion()


def _popen_arguments(nice: int, bare_environment: bool) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "args": [
            *(_interpreter(), "-I", "-S", "-X", "utf8", _MAIN),
            *(str(os.getpid()), str(nice)),
        ],
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "bufsize": 0,
    }
    if bare_environment:
        arguments["env"] = {k: os.environ[k] for k in _BARE_ENVIRONMENT if k in os.environ}
    if sys.platform == "win32":
        priority = subprocess.IDLE_PRIORITY_CLASS if nice else 0
        arguments["creationflags"] = (
            subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW | priority
        )
    else:
        # A group keeps the terminal's Ctrl-C away. Not a session: in one of its own a child's
        # nice no longer yields to the game (85 of 300 frames late instead of 0 to 3).
        arguments["process_group"] = 0
    return arguments


def _interpreter() -> str:
    if getattr(sys, "frozen", False) or not sys.executable:
        # The executable of a frozen game is the game: it would start itself.
        raise OSError(
            "this game has no Python interpreter of its own to start; "
            "run its workers with WorkerOptions(isolation='thread')"
        )
    # In a virtual environment of Windows sys.executable is a launcher, whose child would
    # outlive it when it is killed.
    return str(getattr(sys, "_base_executable", None) or sys.executable)


#: The spawner of this process.
SPAWNER: Final = Spawner()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=SPAWNER.forget)  # a copy of the game has no thread of it
