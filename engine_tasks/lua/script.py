"""A worker's Lua script and the modules beside it, read by the game on behalf of the VM."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Final

from engine_tasks.options import MIB

#: Bytes of one source file; nobody writes longer ones by hand.
MAX_SOURCE_BYTES: Final = 8 * MIB

_MODULE_NAME: Final = re.compile(r"[\w-]+(\.[\w-]+)*", re.ASCII)
_PLACE: Final = re.compile(r"^(?P<file>[^\n:]+):(?P<line>\d+): ")


class ScriptError(Exception):
    """A script that cannot be read as Lua source; `file` is its path."""

    def __init__(self, message: str, file: Path):
        super().__init__(message)
        self.file = file


class LuaScript:
    """A script on disk. It is read once, so that every instance runs the same text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.chunk_name = path.name
        self._lock = threading.Lock()
        self._source: bytes | None = None

    @property
    def source(self) -> bytes:
        """The text of the script. Raises `ScriptError`."""
        with self._lock:
            if self._source is None:
                self._source = read_source(self.path)
            return self._source

    def module_source(self, name: str) -> tuple[str, bytes] | None:
        """The chunk name and source of a module in the script's folder, or None.

        `require("lib.util")` finds `lib/util.lua`, then `lib/util/init.lua`. A name or a
        link that leads out of the folder finds nothing. Raises `ScriptError`.
        """
        if not _MODULE_NAME.fullmatch(name):
            return None
        folder = self.path.parent.resolve()
        relative = Path(*name.split("."))
        for candidate in (relative.with_suffix(".lua"), relative / "init.lua"):
            found = (folder / candidate).resolve()
            if found.is_relative_to(folder) and found.is_file():
                return candidate.as_posix(), read_source(found)
        return None


def read_source(path: Path) -> bytes:
    """The text of a Lua file. Raises `ScriptError`, which says what is wrong with it."""
    try:
        if path.is_dir():
            raise ScriptError(f"{path} is a folder, not a Lua script", path)
        if path.exists() and not path.is_file():
            raise ScriptError(f"{path} is no regular file", path)
        with path.open("rb") as file:
            source = file.read(MAX_SOURCE_BYTES + 1)
    except FileNotFoundError:
        raise ScriptError(f"there is no script {path}", path) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise ScriptError(f"the script {path} cannot be read: {error}", path) from error
    if len(source) > MAX_SOURCE_BYTES:
        raise ScriptError(f"the script {path} is over {MAX_SOURCE_BYTES:,} bytes", path)
    if source.startswith(b"\x1b") or b"\0" in source:
        raise ScriptError(f"{path} is not Lua source text: it has binary content", path)
    return source


def where(message: str) -> tuple[str | None, int | None]:
    """The file and line at the start of a Lua error message."""
    place = _PLACE.match(message)
    return (place["file"], int(place["line"])) if place else (None, None)
