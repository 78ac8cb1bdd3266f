"""One child process: its pipes, its output, its end."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import IO, TYPE_CHECKING, Final

from engine_tasks.child.frames import (
    F64,
    HEADER,
    RECLAIM,
    TASK,
    FrameError,
    FrameReader,
    write_all,
    write_frame,
)
from engine_tasks.child.rate import RateLimit
from engine_tasks.executors.sharing import ChildShare
from engine_tasks.executors.spawner import SPAWNER
from engine_tasks.parcel import Buffer, Parcel
from engine_tasks.task import Task

if TYPE_CHECKING:
    from engine_tasks.child.frames import Worked

#: Bytes that a task takes in the pipe beside its payload.
TASK_HEADER_BYTES: Final = HEADER.size + F64.size
#: Bytes that a pipe takes on any system.
_ANY_PIPE_BYTES: Final = 4096
#: Bytes up to which a payload is copied beside its header rather than written by itself.
_JOINED_BYTES: Final = 65_536
#: Bytes of a frame that is no result: an error's texts, a log line.
MAX_TEXT_FRAME_BYTES: Final = 256 * 1024
#: Characters of one line of output that reach the log.
MAX_LINE: Final = 4096
#: Lines a second that reach the log; a child in a loop of prints should not fill the disk.
MAX_LINES_PER_S: Final = 1000
#: Bytes of output a second that are read from the game's own code.
OUTPUT_BYTES_PER_S: Final = 16 * 1024 * 1024
#: The same from a stranger's, whose flood of empty lines must not cost a frame.
STRANGERS_BYTES_PER_S: Final = 256 * 1024
#: Bytes of output read at once.
READ_BYTES_AT_ONCE: Final = 4096
#: Last lines of output kept, to explain a death.
KEPT_LINES: Final = 20
#: Seconds between the end of a child's pipe and its own; its exit status is worth that.
_EXIT_TIMEOUT_S: Final = 0.2
#: Seconds between looks for it; no call waits for an end with a timeout.
_EXIT_POLL_S: Final = 0.001
#: Seconds for the last lines of output after a death; a grandchild may hold the pipe open.
_OUTPUT_TIMEOUT_S: Final = 0.2


class ChildProcess:
    """A child that talks in frames.

    `write_soon`, `is_running` and `kill` are for any thread, the rest for one.
    """

    def __init__(self, label: str, nice: int, max_result_bytes: int, *, trusted: bool) -> None:
        """Start it. `label` is what the log calls it. Raises `OSError`."""
        self._share = ChildShare(self._tell_news) if trusted else None
        #: The segment's descriptor in the child.
        self.segment_fd = None if self._share is None else self._share.fd
        try:
            self._popen = SPAWNER.spawn(
                nice, bare_environment=not trusted, inherited_fd=self.segment_fd
            )
        except BaseException:
            if self._share is not None:
                self._share.close()
            raise
        if self._share is not None:
            self._share.inherited()
        assert self._popen.stdin
        assert self._popen.stdout
        assert self._popen.stderr
        self.pid = self._popen.pid
        self._stdin = self._popen.stdin
        #: Bytes that the child's input takes before somebody reads.
        self.pipe_bytes = _pipe_bytes(self._stdin.fileno())
        self._stdout = self._popen.stdout
        self._write_lock = threading.Lock()
        self._reap_lock = threading.Lock()
        self._reader = FrameReader(self._stdout.fileno(), MAX_TEXT_FRAME_BYTES, max_result_bytes)
        self._output = _Output(
            label, self._popen.stderr, OUTPUT_BYTES_PER_S if trusted else STRANGERS_BYTES_PER_S
        )

    def write(self, kind: int, task_id: int, *parts: bytes) -> None:
        """Write one frame. Raises `OSError` when the child is gone."""
        with self._write_lock:
            write_frame(self._input(), kind, task_id, *parts)

    def write_tasks(self, tasks: Sequence[Task], soft_timeout_s: float) -> None:
        """Write a frame for each task, in one go. Raises `OSError` where none of them arrived.

        A child that ends when it has some of several can have run those: reading tells.
        """
        fd = self._input()
        timeout = F64.pack(soft_timeout_s)
        if len(tasks) == 1 and len(tasks[0].payload) > _JOINED_BYTES:
            self._write_large(fd, tasks[0], timeout)
            return
        with self._write_lock:
            pack, rest = HEADER.pack, F64.size
            frames: list[bytes] = []
            for task in tasks:
                payload = task.payload
                assert isinstance(payload, bytes), "a parcel is large, and travels alone"
                frames += (pack(rest + len(payload), TASK, task.id), timeout, payload)
            content = memoryview(b"".join(frames))
            written = os.write(fd, content)
            if written < len(content):  # the pipe was not empty: a CANCEL lay in it, say
                with contextlib.suppress(OSError):
                    write_all(fd, content[written:])

    def _write_large(self, fd: int, task: Task, timeout: bytes) -> None:
        parts: list[Buffer]
        if self._share is None:
            assert isinstance(task.payload, bytes), "only the game's own code takes parcels"
            kind, parts = TASK, [task.payload]
        else:
            kind, parts = self._share.payload(task.payload)
        with self._write_lock:
            write_frame(fd, kind, task.id, timeout, *parts)

    def parcel(self, kind: int, body: bytes) -> Parcel:
        """The result in a SHARED or an APART frame. Raises `FrameError`."""
        if self._share is None:
            raise FrameError(f"a frame of kind {kind}, which only the game's own code sends")
        return self._share.result(kind, body)

    def freed(self, body: bytes) -> None:
        """Take a FREED frame. Raises `FrameError`."""
        if self._share is None:
            raise FrameError("a word of memory that is not shared")
        self._share.freed(body)

    def _tell_news(self) -> bool:
        """Tell the child of shared memory, where that needs no wait. Any thread."""
        return self._share is not None and self.write_soon(RECLAIM, 0, self._share.take_news)

    def write_soon(self, kind: int, task_id: int, make_body: Callable[[], bytes] = bytes) -> bool:
        """Write a frame of a page at most, where that needs no wait. Any thread."""
        if not self._write_lock.acquire(blocking=False):
            return False
        try:
            fd = self._input()
            if not _has_room(fd):
                return False
            write_frame(fd, kind, task_id, make_body())
        except OSError:
            pass  # it is gone: whoever reads from it will know
        finally:
            self._write_lock.release()
        return True

    def _input(self) -> int:
        if self._stdin.closed:
            raise BrokenPipeError("the child process was closed")
        return self._stdin.fileno()

    def read(self) -> tuple[int, int, bytes] | None:
        """The next frame; None when the child has closed its end. Raises `FrameError`."""
        return self._reader.read()

    def results_here(self, task_ids: Iterable[int]) -> tuple[list[bytes], Worked | None]:
        """The results of tasks, in their order, as far as they come next and are here already;
        and what the child says ahead of one of them of its work."""
        return self._reader.results_here(task_ids)

    def has_read_ahead(self) -> bool:
        """Whether bytes were read that belong to the next frame."""
        return self._reader.has_buffered()

    def is_running(self) -> bool:
        """Whether it has not ended yet. Any thread."""
        try:
            return self._popen.returncode is None and not self._has_ended()
        except ChildProcessError:
            return False  # another thread has reaped it just now

    def kill(self) -> None:
        """Kill the child and what it started. Any thread; does not wait."""
        if not self._reap_lock.acquire(blocking=False):
            return  # it is being reaped: dead already
        try:
            if self._popen.returncode is None:
                _kill_group(self._popen)
        finally:
            self._reap_lock.release()

    def close(self) -> str:
        """Kill it if it lives, wait for its end, and release all; how it ended, in words."""
        ended_by_itself = self._ends_by_itself()
        with self._reap_lock:
            if self._popen.returncode is None:
                _kill_group(self._popen)  # also what the worker's code started and left behind
                self._popen.wait()
        with self._write_lock:
            self._stdin.close()
        self._stdout.close()
        if self._share is not None:
            self._share.close()
        self._output.join(_OUTPUT_TIMEOUT_S)
        return describe_exit(self._popen.returncode) if ended_by_itself else "was killed"

    def _ends_by_itself(self) -> bool:
        """Whether it ends in a moment. It is not reaped: its number stays its own."""
        deadline_s = time.monotonic() + _EXIT_TIMEOUT_S
        while self._popen.returncode is None and not self._has_ended():
            if time.monotonic() > deadline_s:
                return False
            time.sleep(_EXIT_POLL_S)
        return True

    def _has_ended(self) -> bool:
        """Whether it has; where the system allows it without reaping."""
        if not hasattr(os, "waitid"):
            return self._popen.poll() is not None
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    @property
    def last_output(self) -> str:
        """The last lines that it printed."""
        return self._output.last_lines


class _Output:
    """Reads what a child prints, on a thread of its own, into the log."""

    def __init__(self, label: str, pipe: IO[bytes], bytes_per_s: int) -> None:
        self._logger = logging.getLogger("engine_tasks.worker")
        self._label = label
        self._pipe = pipe
        self._bytes_per_s = bytes_per_s
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._rate = RateLimit(MAX_LINES_PER_S)
        self._thread = threading.Thread(target=self._read, name=f"{label} output", daemon=True)
        self._thread.start()

    @property
    def last_lines(self) -> str:
        return "\n".join(list(self._lines))

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _read(self) -> None:
        unfinished = b""
        with self._pipe:
            while content := os.read(self._pipe.fileno(), READ_BYTES_AT_ONCE):
                *lines, unfinished = (unfinished + content).split(b"\n")
                for line in lines:
                    self._log(line)
                if len(unfinished) > MAX_LINE:
                    self._log(unfinished)
                    unfinished = b""
                # A full pipe makes who prints more wait, instead of the game.
                time.sleep(len(content) / self._bytes_per_s)
        if unfinished:
            self._log(unfinished)

    def _log(self, line: bytes) -> None:
        text = line[:MAX_LINE].decode("utf-8", "replace").rstrip("\r")
        self._lines.append(text)
        if self._rate.allows(time.monotonic()):
            dropped = self._rate.take_dropped()
            if dropped:
                self._logger.warning("%s: %d lines of output were dropped", self._label, dropped)
            self._logger.info("%s: %s", self._label, text)


def describe_exit(code: int) -> str:
    """An exit status in words: `was killed by SIGSEGV`, `exited with status 3`."""
    if code >= 0:
        return f"exited with status {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def _pipe_bytes(fd: int) -> int:
    """What a pipe holds: 64 KiB, or a page where Linux made it small for a user of many."""
    if sys.platform != "linux":
        return _ANY_PIPE_BYTES
    import fcntl  # noqa: PLC0415 - not on Windows

    return fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)


def _has_room(fd: int) -> bool:
    """Whether a short frame goes into a pipe at once: not so where a child reads no more."""
    if sys.platform == "win32":  # a pipe there cannot be asked
        return True
    poll = select.poll()  # not select(), which knows no fd above 1023
    poll.register(fd, select.POLLOUT)
    return bool(poll.poll(0))


def _kill_group(popen: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        popen.kill()
        return
    try:
        os.killpg(popen.pid, signal.SIGKILL)  # with what the worker's code started
    except (ProcessLookupError, PermissionError):
        popen.kill()  # not the leader of its group yet, or a zombie
