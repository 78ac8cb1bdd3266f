"""Values as ormsgpack takes them, and cattrs when it is needed.

Imported by a child process that must be ready in milliseconds: nothing heavy here.
"""

from __future__ import annotations

import functools
import sys
from collections import deque
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import ormsgpack

from engine_tasks.extensions import to_extension

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Final

#: How values are packed.
PACK_OPTIONS: Final = (
    ormsgpack.OPT_NON_STR_KEYS
    | ormsgpack.OPT_PASSTHROUGH_DATACLASS
    | ormsgpack.OPT_PASSTHROUGH_DATETIME
)


@functools.cache
def conversion() -> ModuleType:
    """`engine_tasks.conversion`: attrs and cattrs take 35 ms, which plain values do without."""
    from engine_tasks import conversion  # noqa: PLC0415

    return conversion


def is_conversion_loaded() -> bool:
    """Whether there is a converter, which may have hooks of the game's own."""
    return "engine_tasks.conversion" in sys.modules


def unstructure_foreign(value: Any) -> Any:
    """What ormsgpack does not know, as something it does; its `default` hook.

    Raises `TypeError` for what cannot be carried, or whatever a hook of the game raises.
    """
    extension = to_extension(value)
    if extension is not None:
        return extension
    plain = conversion().converter.unstructure(value)
    if isinstance(plain, Mapping) and not isinstance(plain, dict):
        return dict(plain)
    if isinstance(plain, tuple | AbstractSet | deque):
        return list(plain)
    if plain is value:
        raise TypeError(f"cannot carry {name_of(value)}")
    return plain


def name_of(value: object) -> str:
    """`a socket`, `a function named 'find'`, `an Engine`: what the value is, for a person."""
    name = type(value).__name__
    article = "an" if name[:1].lower() in "aeiou" else "a"
    own = getattr(value, "__name__", None)
    return f"{article} {name}" + (f" named {own!r}" if isinstance(own, str) else "")
