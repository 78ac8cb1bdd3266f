"""Where the shipped Lua sources are: beside the package in a checkout, inside it in a wheel.

Imported by a child process that must be ready in milliseconds, hence `os.path`.
"""
# ruff: noqa: PTH100, PTH112, PTH118, PTH120, PTH123

from __future__ import annotations

import os.path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


def _find_root() -> str:
    package = os.path.dirname(os.path.abspath(__file__))
    installed = os.path.join(package, "sources")
    if os.path.isdir(installed):
        return installed
    return os.path.join(os.path.dirname(os.path.dirname(package)), "lua")


#: The folder that holds `engine/` and `workers/`.
ROOT = _find_root()


def engine_source(name: str) -> bytes:
    """The source of an engine module such as `"engine.codec"`.

    Raises:
        FileNotFoundError: the engine ships no such module.
    """
    with open(os.path.join(ROOT, *name.split(".")) + ".lua", "rb") as file:
        return file.read()


def worker_script_path(name: str) -> Path:
    """The path of a shipped worker's script, such as `"pathfinding"`.

    Raises:
        FileNotFoundError: no such script is shipped.
    """
    from pathlib import Path  # noqa: PLC0415 - a child process never needs it

    path = Path(ROOT, "workers", f"{name}.lua")
    if not path.is_file():
        raise FileNotFoundError(f"no worker script {name!r} is shipped in {path.parent}")
    return path
