"""Tells when a file was saved: at once by `watchfiles` where it is installed, and by looking."""

from __future__ import annotations

import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final

#: Seconds from one look at the file to the next: nobody tells of saves on some network drives,
#: nor of one before the watch has begun.
_LOOK_EVERY_S: Final = 0.25

#: Milliseconds: an editor writes a file in several goes, and `close` should end soon.
_DEBOUNCE_MS: Final = 60
_WAKE_MS: Final = 200


class FileWatch:
    """Watches one file, also one that is replaced by another of its name as editors do.

    `saved` is for one thread. `close` waits a moment at most.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        self._saved = threading.Event()
        self._closed = threading.Event()
        self._state = self._look()
        self._next_look_s = 0.0
        self._thread: threading.Thread | None = None
        if find_spec("watchfiles") is not None:
            self._thread = threading.Thread(target=self._watch, name="file watch", daemon=True)
            self._thread.start()

    def saved(self) -> bool:
        """Whether the file has another content than when this was last asked. Microseconds."""
        now_s = time.monotonic()
        if not self._saved.is_set() and now_s < self._next_look_s:
            return False
        self._saved.clear()
        self._next_look_s = now_s + _LOOK_EVERY_S
        state = self._look()
        if state is None or state == self._state:
            return False  # on its way from one name to another, or only read
        self._state = state
        return True

    def close(self) -> None:
        """Watch no longer."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * _WAKE_MS / 1000)

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _watch(self) -> None:
        from watchfiles import watch  # noqa: PLC0415 - 50 ms that the first frame need not wait for

        for changes in watch(
            self._path.parent,
            watch_filter=lambda _change, name: Path(name).name == self._path.name,
            stop_event=self._closed,
            debounce=_DEBOUNCE_MS,
            step=20,
            rust_timeout=_WAKE_MS,
            yield_on_timeout=True,
            recursive=False,
        ):
            if changes:
                self._saved.set()
