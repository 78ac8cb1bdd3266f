"""Lua: the machines that run workers' scripts, and a queue for an engine's own scripts.

`bind` is imported when it is first used: a child process imports this package too, and must
be ready in a few milliseconds.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from engine_tasks.lua.binding import bind

__all__ = ["bind"]


def __getattr__(name: str) -> Any:
    if name != "bind":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from engine_tasks.lua.binding import bind  # noqa: PLC0415 - for the game alone

    globals()[name] = bind
    return bind


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
