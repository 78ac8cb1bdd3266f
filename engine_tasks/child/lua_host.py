"""Runs a Lua script in a child process."""

from __future__ import annotations

from collections import deque
from time import monotonic

from engine_tasks.child.confinement import confine
from engine_tasks.child.frames import (
    CANCEL,
    CONFINED,
    ERROR,
    F64,
    LOAD_FAILED,
    LOG,
    NEED_SOURCE,
    PROGRESS,
    READY,
    RESULT,
    SOURCE,
    TASK,
    pack_texts,
    split_text,
    unpack_f64,
    write_frame,
)
from engine_tasks.child.rate import RateLimit
from engine_tasks.lua.vm import LuaError, LuaVm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from engine_tasks.child.inbox import Frame, Inbox

#: Characters of a log line or a note that a script sends.
MAX_LOG_CHARACTERS = 4096


def serve(inbox: Inbox, out: int, hello: dict[str, Any]) -> None:
    """Load the script and answer tasks until the game says stop or is gone."""
    game = Game(inbox, out, hello["log_lines_per_s"], hello["progress_per_s"])
    vm = LuaVm(game, **hello["vm"])
    confinement = confine(
        jit=hello["vm"]["jit"],
        address_space_bytes=hello["address_space_bytes"],
        keep_fds=(inbox.fd, out),
    )
    missing = "\n".join(f"{layer}: {reason}" for layer, reason in confinement.missing.items())
    write_frame(out, CONFINED, 0, pack_texts(",".join(confinement.held), missing))
    if missing and hello["needs_confinement"]:
        return  # the game knows from the frame above, and says why
    try:
        vm.load(hello["source"], hello["chunk_name"])
    except LuaError as error:
        write_frame(out, LOAD_FAILED, 0, _texts(error))
        return
    write_frame(out, READY, 0)
    while (frame := game.next_frame()) is not None:
        kind, task_id, body = frame
        if kind == TASK:
            game.begin(task_id)
            timeout_s, payload = unpack_f64(body)
            _answer(vm, out, task_id, payload, timeout_s or None)
        elif kind != CANCEL:  # one that comes too late is of no use
            break
    vm.stop()
    game.tell_dropped()


def _answer(vm: LuaVm, out: int, task_id: int, payload: bytes, timeout_s: float | None) -> None:
    try:
        result = vm.run(payload, timeout_s)
    except LuaError as error:
        write_frame(out, ERROR, task_id, _texts(error))
    else:
        write_frame(out, RESULT, task_id, result)


def _texts(error: LuaError) -> bytes:
    return pack_texts(error.kind, error.message, error.traceback)


class Game:
    """The game, as a script's VM sees it: the VM's `Host`."""

    def __init__(self, inbox: Inbox, out: int, log_lines_per_s: int, progress_per_s: int) -> None:
        self._inbox = inbox
        self._out = out
        self._kept: deque[Frame] = deque()  # frames that came while another was waited for
        self._task_id = 0
        self._cancelled = False
        self._log_rate = RateLimit(log_lines_per_s)
        self._progress_rate = RateLimit(progress_per_s)

    def next_frame(self) -> Frame | None:
        """Wait for the next frame; None when the game is gone."""
        return self._kept.popleft() if self._kept else self._inbox.read()

    def begin(self, task_id: int) -> None:
        """A task runs from now on."""
        self._task_id = task_id
        self._cancelled = False

    def log(self, level: str, message: str) -> None:
        if not self._log_rate.allows(monotonic()):
            return
        self.tell_dropped()
        write_frame(self._out, LOG, 0, pack_texts(level, message[:MAX_LOG_CHARACTERS]))

    def tell_dropped(self) -> None:
        """Say how many lines of the log were dropped since this was last told."""
        dropped = self._log_rate.take_dropped()
        if dropped:
            note = f"{dropped} lines were dropped: the limit is {self._log_rate.per_s} a second"
            write_frame(self._out, LOG, 0, pack_texts("warning", note))

    def progress(self, share: float, note: str) -> None:
        if not self._task_id or not self._progress_rate.allows(monotonic()):
            return  # while it loads there is no task to speak of
        share = min(max(share, 0.0), 1.0)  # the game ends a child that says anything else
        note = note[:MAX_LOG_CHARACTERS]
        write_frame(self._out, PROGRESS, self._task_id, F64.pack(share), pack_texts(note))

    def cancelled(self) -> bool:
        while not self._cancelled and (frame := self._inbox.poll()) is not None:
            if frame[0] == CANCEL:
                self._cancelled = frame[1] == self._task_id
            else:
                self._kept.append(frame)
        return self._cancelled

    def module_source(self, name: str) -> tuple[str, bytes] | None:
        write_frame(self._out, NEED_SOURCE, 0, pack_texts(name))
        while (frame := self._inbox.read()) is not None:
            if frame[0] == SOURCE:
                chunk_name, source = split_text(frame[2])
                return (chunk_name, source) if chunk_name else None
            self._kept.append(frame)
        return None
