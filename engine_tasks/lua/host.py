"""What a Lua virtual machine may ask of its surroundings."""

from __future__ import annotations

from typing import Protocol


class Host(Protocol):
    """Implemented by the child process's host and by the thread executor.

    Called on the thread that runs the machine. An exception never reaches the script:
    it is raised from the call of the machine that was running.
    """

    def log(self, level: str, message: str) -> None:
        """Takes a line of the script; `level` is debug, info, warning or error."""

    def progress(self, share: float, note: str) -> None:
        """Takes the share of the task that is done, usually 0 to 1, and a note."""

    def cancelled(self) -> bool:
        """Whether nobody waits for the running task any more."""
        ...

    def module_source(self, name: str) -> tuple[str, bytes] | None:
        """The chunk name, such as `lib/util.lua`, and source of a module, if there is one."""
        ...
