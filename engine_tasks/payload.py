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

Imported by a child process that must be ready in milliseconds: nothing heavy here.
"""

from __future__ import annotations

import ormsgpack

from engine_tasks.errors import PayloadError, shorten
from engine_tasks.extensions import from_extension
from engine_tasks.fitting import CONTAINER_HOOKS, PLAIN_HOOKS, MismatchError, fits, is_plain
from engine_tasks.wire import (
    PACK_OPTIONS,
    conversion,
    is_conversion_loaded,
    unstructure_foreign,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    import cattrs

    from engine_tasks.fitting import StructureHook

    T = TypeVar("T")
    ReadExtension = Callable[[int, bytes], Any]

    #: The converter of all payloads; register hooks for classes of your own here, before the
    #: worker that needs them starts.
    converter: cattrs.Converter

__all__ = [
    "PACK_OPTIONS",
    "Encoded",
    "ExtensionError",
    "converter",
    "decode",
    "encode",
    "explain_mismatch",
    "explain_refusal",
    "mentions",
    "over_limit",
    "structure",
    "structure_hook",
    "unstructure_foreign",
]


class ExtensionError(PayloadError):
    """MessagePack with an extension for which Python has no value: the year 30000, say."""


class Encoded:
    """A value that is MessagePack already: sent as it is, and not looked through."""

    __slots__ = ("content",)

    def __init__(self, content: bytes) -> None:
        self.content = content


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


def explain_refusal(value: object, root: str, error: Exception) -> PayloadError:
    """The error for a value that was refused, which names its first part that must be."""
    try:
        from engine_tasks.blame import explain  # noqa: PLC0415 - attrs takes 16 ms
    except Exception:  # where no file can be opened any more, say
        return PayloadError(f"cannot be encoded: {error}", path=root)
    return explain(value, root, error)


def structure(value: object, wanted: type[T], *, root: str = "payload") -> T:
    """A plain value as `wanted`, by cattrs. Any thread.

    Raises `PayloadError`, which names each field that does not fit
    (`expected int @ $.start[1]`).
    """
    try:
        structured: T = conversion().converter.structure(value, wanted)
    except Exception as error:
        raise PayloadError(explain_mismatch(error), path=root) from error
    return structured


def structure_hook(wanted: Any) -> StructureHook:
    """What makes a `wanted` of a plain value; what it raises `explain_mismatch` explains.

    Raises what cattrs does for a type that it does not know.
    """
    hook: StructureHook | None = None
    if is_conversion_loaded():
        pass  # it may have other hooks
    elif isinstance(wanted, type):
        hook = PLAIN_HOOKS.get(wanted) or CONTAINER_HOOKS.get(wanted)
    elif is_plain(wanted):
        hook = _structure_unless_it_fits
    return hook or conversion().converter.get_structure_hook(wanted)


def mentions(wanted: Any, kind: type) -> bool:
    """Whether a type hint names `kind`, in itself or within the classes that it names."""
    if isinstance(wanted, type) and wanted in PLAIN_HOOKS:
        return wanted is kind
    found: bool = conversion().mentions(wanted, kind)
    return found


def _structure_unless_it_fits(value: object, wanted: Any) -> Any:
    return value if fits(value, wanted) else conversion().converter.structure(value, wanted)


def explain_mismatch(error: Exception) -> str:
    """What there is to say of a value that does not fit, a line for all fields."""
    if isinstance(error, MismatchError):
        return str(error)
    explanation: str = conversion().explain_mismatch(error)
    return explanation


def __getattr__(name: str) -> Any:
    if name != "converter":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return conversion().converter
