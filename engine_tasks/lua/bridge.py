"""What a Lua machine calls in Python, between its script and its host.

Imported by a child process that must be ready in milliseconds: nothing heavy here.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from engine_tasks.lua.host import Host


class Bridge:
    """The functions that the machine calls. They never raise: an exception waits in
    `failure` for the end of the call, and the script sees a neutral answer."""

    def __init__(
        self, host: Host, runtime: Any, is_capped: bool, clock: Callable[[], float]
    ) -> None:
        self._host = host
        self._clock = clock
        self._runtime = runtime
        self._is_capped = is_capped
        self.cap_bytes = 0
        self._found: list[bytes] = []
        self.failure: BaseException | None = None

    def close(self) -> None:
        self._runtime = None  # the runtime holds these methods: break the circle

    def take_failure(self) -> BaseException:
        """The exception that waits, once."""
        failure, self.failure = self.failure, None
        assert failure is not None
        return failure

    def log(self, level: bytes, message: bytes) -> None:
        try:
            self._host.log(level.decode("ascii"), text(message))
        except BaseException as error:
            self.failure = error

    def progress(self, share: float, note: bytes) -> None:
        try:
            self._host.progress(float(share), text(note))
        except BaseException as error:
            self.failure = error

    def cancelled(self) -> bool:
        try:
            return bool(self._host.cancelled())
        except BaseException as error:
            self.failure = error
            return True

    def now(self) -> float:
        try:
            return float(self._clock())
        except BaseException as error:
            self.failure = error
            return 0.0

    def find_module(self, name: bytes) -> bool:
        """Whether there is such a module; `found_part` then gives its source and its chunk
        name, else why it could not be read, if that is known."""
        self._found = []
        try:
            found = self._host.module_source(text(name))
            if found is not None:
                self._found = [found[0].encode("utf-8", "replace"), bytes(found[1])]
        except Exception as error:
            self._found = [_reason(error)]
            return False
        except BaseException as error:
            self.failure = error
            return False
        finally:
            self.lift_memory()
        return found is not None

    def found_part(self) -> bytes | None:
        return self._found.pop() if self._found else None

    def lift_memory(self) -> None:
        """Before bytes are pushed: lupa ends the process where a push meets the limit."""
        if self._is_capped:
            self._runtime.set_max_memory(0)

    def lower_memory(self) -> None:
        if self.cap_bytes:
            self._runtime.set_max_memory(self.cap_bytes, True)


def _reason(error: Exception) -> bytes:
    try:
        return str(error).encode("utf-8", "replace")
    except Exception:  # an exception whose own text raises
        return type(error).__name__.encode()


def text(data: bytes) -> str:
    """Text of a script, which may be any bytes."""
    return data.decode("utf-8", "replace")
