"""Payloads: values to MessagePack and back, by cattrs and ormsgpack.

Plain values go straight into ormsgpack, which is the fastest of the three MessagePack
libraries that hands every other value to a hook (`engine-tasks bench --only payload`):
msgspec encodes classes by rules of its own, past cattrs. The hook asks cattrs.

Beyond MessagePack's own types:

| value | on the wire |
|---|---|
| enum, dataclass, attrs class, set, UUID, path | what cattrs makes of it |
| datetime | extension 2, ISO 8601 text with its offset from UTC, if it has one |
| `array.array`, NumPy array | extension 1: typecode, dimensions, shape, elements |

`engine_tasks.extensions` has the layout of the extensions.
"""

from __future__ import annotations

import array
import dataclasses
import sys
from collections import deque
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final, TypeVar

import attrs
import cattrs
import ormsgpack
from cattrs.cols import is_sequence, list_structure_factory
from cattrs.strategies import configure_union_passthrough
from cattrs.v import format_exception, transform_error

from engine_tasks.errors import PayloadError, shorten
from engine_tasks.extensions import from_extension, to_extension

T = TypeVar("T")

ReadExtension = Callable[[int, bytes], Any]

#: How values are packed.
PACK_OPTIONS: Final = (
    ormsgpack.OPT_NON_STR_KEYS
    | ormsgpack.OPT_PASSTHROUGH_DATACLASS
    | ormsgpack.OPT_PASSTHROUGH_DATETIME
)

#: Values within values that ormsgpack carries.
_MAX_DEPTH: Final = 255


class ExtensionError(PayloadError):
    """MessagePack with an extension for which Python has no value: the year 30000, say."""


@attrs.frozen
class Encoded:
    """A value that is MessagePack already: sent as it is, and not looked through."""

    content: bytes


def encode(value: object, *, max_bytes: int | None = None, root: str = "payload") -> bytes:
    """The value as MessagePack; an `Encoded` as it is. Any thread.

    Raises `PayloadError`, which names the first part of the value that cannot be
    carried (`payload.units[3].target: cannot carry a socket`), or the limit
    `max_bytes` that the encoded value is over.
    """
    try:
        if type(value) is Encoded:
            encoded = value.content
        else:
            encoded = ormsgpack.packb(value, unstructure_foreign, PACK_OPTIONS)
    except Exception as error:  # ormsgpack's TypeError, or whatever a hook of the game raised
        raise explain_refusal(value, root, error) from error
    if max_bytes is not None and len(encoded) > max_bytes:
        raise over_limit(len(encoded), max_bytes, root)
    return encoded


def over_limit(size_bytes: int, max_bytes: int, root: str) -> PayloadError:
    """What is wrong with a value that is encoded to more bytes than it may be."""
    return PayloadError(f"takes {size_bytes:,} bytes; the limit is {max_bytes:,} bytes", path=root)


def decode(
    encoded: bytes | memoryview,
    *,
    root: str = "payload",
    read_extension: ReadExtension = from_extension,
) -> Any:
    """The plain value in MessagePack bytes. Any thread. Raises `PayloadError`.

    `read_extension` makes the value of an extension from its code and its content.
    """
    try:
        return ormsgpack.unpackb(
            encoded, ext_hook=read_extension, option=ormsgpack.OPT_NON_STR_KEYS
        )
    except Exception as error:
        reason = _unreadable_extension(encoded, read_extension)
        if reason is not None:
            raise ExtensionError(f"is not MessagePack: {reason}", path=root) from error
        raise PayloadError(f"is not MessagePack: {error}", path=root) from error


def _unreadable_extension(encoded: bytes | memoryview, read_extension: ReadExtension) -> str | None:
    """What is wrong with the first extension that has no value here, where one has not.

    ormsgpack does not hand on what its hook raised, so this reads everything once more.
    """
    reasons: list[str] = []

    def try_extension(code: int, content: bytes) -> None:
        try:
            read_extension(code, content)
        except Exception as error:
            reasons.append(f"an extension of code {code} that cannot be read: {error}")

    try:
        ormsgpack.unpackb(encoded, ext_hook=try_extension, option=ormsgpack.OPT_NON_STR_KEYS)
    except Exception:
        return None
    return shorten(reasons[0]) if reasons else None


def structure(value: object, wanted: type[T], *, root: str = "payload") -> T:
    """A plain value as `wanted`, by cattrs. Any thread.

    Raises `PayloadError`, which names each field that does not fit
    (`expected int @ $.start[1]`).
    """
    try:
        return converter.structure(value, wanted)
    except Exception as error:
        raise PayloadError(explain_mismatch(error), path=root) from error


def explain_mismatch(error: Exception) -> str:
    """What cattrs has to say of a value that does not fit, a line for all fields."""
    if isinstance(error, cattrs.BaseValidationError):
        return "; ".join(transform_error(error, format_exception=_format_field_error))
    return str(error)


def _format_field_error(error: BaseException, wanted: type | None) -> str:
    if isinstance(error, _MismatchError):
        return str(error)
    if type(error) is ValueError and error.args:
        return f"invalid value: {error}"
    return format_exception(error, wanted)


class _MismatchError(TypeError):
    """A value of another type than the hint says."""


def _make_converter() -> cattrs.Converter:
    made = cattrs.Converter()
    for wanted in (bool, int, str, bytes, datetime, array.array):
        made.register_structure_hook(wanted, _exactly)
    made.register_structure_hook(float, _number)
    made.register_structure_hook_func(lambda wanted: wanted is object, lambda value, _: value)
    made.register_structure_hook_factory(is_sequence, _sequence_hook)
    made.register_structure_hook_factory(_is_class_of_fields, _class_hook)
    configure_union_passthrough(int | float | str | bytes | None, made)
    made.register_structure_hook_func(_is_numpy_array, _exactly_numpy)
    return made


def _exactly(value: object, wanted: type[Any]) -> Any:
    # cattrs would call int("5"): a payload that needs guessing is a mistake of the sender.
    if type(value) is wanted or (isinstance(value, wanted) and not isinstance(value, bool)):
        return value
    raise _MismatchError(f"expected {wanted.__name__}, not {type(value).__name__}")


def _is_numpy_array(wanted: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and getattr(wanted, "__origin__", wanted) is numpy.ndarray


def _exactly_numpy(value: object, wanted: Any) -> Any:
    return _exactly(value, getattr(wanted, "__origin__", wanted))


def _number(value: object, _wanted: type[Any]) -> float:
    if isinstance(value, float):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    raise _MismatchError(f"expected float, not {type(value).__name__}")


def _sequence_hook(wanted: Any, made: cattrs.BaseConverter) -> Callable[[Any, Any], Any]:
    structure_list = list_structure_factory(wanted, made)

    def structure_sequence(value: object, wanted: Any) -> Any:
        if not isinstance(value, list | tuple):  # list("abc") is never what was meant
            raise _MismatchError(f"expected list, not {type(value).__name__}")
        return structure_list(value, wanted)

    return structure_sequence


def _is_class_of_fields(wanted: Any) -> bool:
    kind = getattr(wanted, "__origin__", wanted)
    return isinstance(kind, type) and (attrs.has(kind) or dataclasses.is_dataclass(kind))


def _class_hook(wanted: Any, made: cattrs.Converter) -> Callable[[Any, Any], Any]:
    structure_fields = made.gen_structure_attrs_fromdict(wanted)

    def structure_class(value: object, wanted: Any) -> Any:
        if not isinstance(value, Mapping):  # cattrs would blame its first field, or `in`
            raise _MismatchError(f"expected {wanted.__name__}, not {type(value).__name__}")
        return structure_fields(value, wanted)

    return structure_class


#: The converter of all payloads; register hooks for classes of your own here, before the
#: worker that needs them starts.
converter: Final = _make_converter()


def unstructure_foreign(value: Any) -> Any:
    """What ormsgpack does not know, as something it does; its `default` hook.

    Raises `TypeError` for what cannot be carried, or whatever a hook of the game raises.
    """
    extension = to_extension(value)
    if extension is not None:
        return extension
    plain = converter.unstructure(value)
    if isinstance(plain, Mapping) and not isinstance(plain, dict):
        return dict(plain)
    if isinstance(plain, tuple | AbstractSet | deque):
        return list(plain)
    if plain is value:
        raise TypeError(f"cannot carry {_name_of(value)}")
    return plain


def explain_refusal(value: object, root: str, error: Exception) -> PayloadError:
    """Why a value cannot be carried: the first part that cannot be, with its place."""
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
        return f"cannot carry {_name_of(value)}: {type(error).__name__}: {error}"
    return f"cannot carry {_name_of(value)}: {refusal}"


def _short_int(value: int) -> str:
    bits = value.bit_length()
    return f"an int of {bits} bits" if bits > 128 else f"the int {value}"


def _name_of(value: object) -> str:
    """`a socket`, `a function named 'find'`, `an Engine`: what the value is, for a person."""
    name = type(value).__name__
    article = "an" if name[:1].lower() in "aeiou" else "a"
    own = getattr(value, "__name__", None)
    return f"{article} {name}" + (f" named {own!r}" if isinstance(own, str) else "")
