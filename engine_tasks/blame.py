"""Which part of a value cannot be carried, and why.

Imported when a value was refused.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

import attrs
import ormsgpack

from engine_tasks.errors import PayloadError
from engine_tasks.wire import PACK_OPTIONS, name_of, unstructure_foreign

#: Values within values that ormsgpack carries.
_MAX_DEPTH: Final = 255


def explain(value: object, root: str, error: Exception) -> PayloadError:
    """The error for a value that was refused, which names its first part that must be."""
    found = _find_culprit(value, root, (), set())
    if found is not None:
        path, reason = found
        return PayloadError(reason, path=path)
    return PayloadError(f"cannot be encoded: {error}", path=root)


def _find_culprit(
    value: Any, path: str, parents: tuple[int, ...], blameless: set[int]
) -> tuple[str, str] | None:
    """The path to, and the reason of, the first part that cannot be carried."""
    if id(value) in parents:
        return path, f"cannot carry a {type(value).__name__} that contains itself"
    if len(parents) > _MAX_DEPTH:
        return path, f"is nested deeper than {_MAX_DEPTH} levels"
    parts = _parts(value)
    if parts is None:
        return _why_not(value, path)
    if id(value) not in blameless:  # a part that is shared is looked through once
        for step, part in parts:
            found = _find_culprit(part, f"{path}{step}", (*parents, id(value)), blameless)
            if found is not None:
                return found
        blameless.add(id(value))
    return None


def _parts(value: Any) -> list[tuple[str, Any]] | None:
    """The parts of a value with the step to each, or None for a value without parts."""
    if isinstance(value, Mapping):
        keys = [
            (f" (the key {key!r:.40})", key)
            for key in value
            if not (isinstance(key, str) and key.isascii())
        ]
        return keys + [(_step(key), part) for key, part in value.items()]
    if isinstance(value, list | tuple | AbstractSet | deque):
        return [(f"[{index}]", part) for index, part in enumerate(value)]
    if isinstance(value, type):
        return None
    if attrs.has(type(value)):
        names = [field.name for field in attrs.fields(type(value))]
    elif dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
    else:
        return None
    return [(f".{name}", getattr(value, name, None)) for name in names]


def _step(key: object) -> str:
    return f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r:.40}]"


def _why_not(value: Any, path: str) -> tuple[str, str] | None:
    """The reason why a value without parts cannot be carried, or None where it can."""
    try:
        ormsgpack.packb(value, unstructure_foreign, PACK_OPTIONS)
    except Exception as refusal:
        if isinstance(value, int):
            return path, f"{_short_int(value)} does not fit 64 bits (from -2^63 to 2^64-1)"
        if isinstance(value, str):
            return path, "cannot carry text with a lone surrogate, which is not UTF-8"
        return path, _reason_of(value, refusal)
    return None


def _reason_of(value: object, refusal: Exception) -> str:
    try:
        unstructure_foreign(value)  # again, since ormsgpack does not hand on what its hook raised
    except Exception as error:
        if str(error).startswith("cannot carry"):
            return str(error)
        return f"cannot carry {name_of(value)}: {type(error).__name__}: {error}"
    return f"cannot carry {name_of(value)}: {refusal}"


def _short_int(value: int) -> str:
    bits = value.bit_length()
    return f"an int of {bits} bits" if bits > 128 else f"the int {value}"
