"""The game, as the code that runs in a child sees it.

Imported by a child process that must be ready in milliseconds: nothing heavy here.
"""

from __future__ import annotations

from collections import deque
from time import monotonic

from engine_tasks.child.frames import (
    CANCEL,
    F64,
    HEADER,
    LOG,
    PROGRESS,
    RECLAIM,
    TASK,
    WORKED,
    pack_texts,
    write_frame,
    write_short_frame,
)
from engine_tasks.child.rate import RateLimit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from engine_tasks.child.frames import Buffer, Frame
    from engine_tasks.child.inbox import Inbox
    from engine_tasks.child.sharing import GameShare

#: Characters of a log line or a note that are sent.
MAX_LOG_CHARACTERS: Final = 4096
#: Bytes of a short body: a copy of it takes less time than a view.
COPIED_BYTES: Final = 4096
#: Cancelled tasks that are remembered: some times a batch, since many come too late.
_MOST_CANCELLED: Final = 256


class Game:
    """Tells the game how a task goes on, and hears from it. For one thread."""

    def __init__(self, inbox: Inbox, out: int, rates: dict[str, Any]) -> None:
        """`rates` has `log_lines_per_s` and `progress_per_s`."""
        self._inbox = inbox
        self._out = out
        self._kept: deque[Frame] = deque()  # frames that came while another was waited for
        self._cancelled_ids: deque[int] = deque(maxlen=_MOST_CANCELLED)
        self._is_cancelled = False
        self._log_rate = RateLimit(rates["log_lines_per_s"])
        self._progress_rate = RateLimit(rates["progress_per_s"])
        self._begun = 0  # tasks since the game was last told how long they took
        self._since_s = 0.0
        self.task_id: int | None = None
        """The task that runs."""
        self.share: GameShare | None = None
        """The memory that this child and the game share, if they do."""

    def set_rates(self, rates: dict[str, Any]) -> None:
        """Other rates from now on."""
        self._log_rate.per_s = rates["log_lines_per_s"]
        self._progress_rate.per_s = rates["progress_per_s"]

    # --- frames -----------------------------------------------------------

    def hear(self) -> None:
        """Take in what is here already, so that it counts for what follows."""
        while (frame := self._inbox.poll()) is not None:
            self._keep(frame)

    def next_frame(self) -> Frame | None:
        """Wait for the next frame but a CANCEL; None when the game is gone."""
        while not self._kept:
            if self._begun and not self._inbox.has_more():
                self._begun = 0  # what lay behind the last task was none: it waits from here on
            frame = self._inbox.read()
            if frame is None:
                return None
            self._keep(frame)
            for frame in self._inbox.read_here():
                if frame[0] == TASK:
                    self._kept.append(frame)  # nearly always
                else:
                    self._keep(frame)
        return self._kept.popleft()

    def wait_for(self, kind: int) -> bytes | None:
        """The body of the next frame of that kind, before what else comes; None when the
        game is gone."""
        while (frame := self._inbox.read()) is not None:
            if frame[0] == kind:
                return frame[2]
            self._keep(frame)
        return None

    def _keep(self, frame: Frame) -> None:
        kind, task_id, body = frame
        if kind == RECLAIM and self.share is not None:
            self.share.reclaim(body)
        elif kind != CANCEL:
            self._kept.append(frame)
        elif task_id == self.task_id:
            self._is_cancelled = True
        else:
            self._cancelled_ids.append(task_id)  # it waits in the pipe, or has ended already

    # --- the task --------------------------------------------------------

    def begin(self, task_id: int) -> None:
        """A task runs from now on."""
        if not self._begun:
            self._since_s = monotonic()
        self._begun += 1
        self.task_id = task_id
        self._is_cancelled = task_id in self._cancelled_ids

    def answer(self, kind: int, *body: Buffer) -> None:
        """The running task has ended with this frame: a RESULT, an ERROR, or an UNHEALTHY.

        Ahead of the last answer to the tasks that are here the game is told how long each took.
        """
        task_id, worked = self.task_id, b""
        assert task_id is not None, "begin comes before answer"
        self.end()
        if not self._kept and not self._inbox.has_more():
            each_s = (monotonic() - self._since_s) / self._begun
            worked = HEADER.pack(F64.size, WORKED, 0) + F64.pack(each_s)
            self._begun = 0
        if len(body) == 1 and len(body[0]) <= COPIED_BYTES:
            write_short_frame(self._out, kind, task_id, body[0], worked)
        else:
            write_frame(self._out, kind, task_id, *body, ahead=worked)

    def end(self) -> None:
        """No task runs any more."""
        self.task_id = None
        self._is_cancelled = False

    def cancelled(self) -> bool:
        """Whether the game has told the running task to end."""
        if self.task_id is None:
            return False
        while not self._is_cancelled and (frame := self._inbox.poll()) is not None:
            self._keep(frame)
        return self._is_cancelled

    def progress(self, share: float, note: str) -> None:
        """Tell how far the running task is, unless that was told too often."""
        if self.task_id is None or not self._progress_rate.allows(monotonic()):
            return
        share = min(max(share, 0.0), 1.0)  # the game ends a child that says anything else
        note = note[:MAX_LOG_CHARACTERS]
        write_frame(self._out, PROGRESS, self.task_id, F64.pack(share), pack_texts(note))

    # --- the log ---------------------------------------------------------

    def log(self, level: str, message: str) -> None:
        """Send a line to the game's log; `level` is debug, info, warning or error."""
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
