"""Values that must be what a hint of a plain type says, without a guess at what was meant.

Imported by a child process that must be ready in milliseconds: nothing heavy here.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeGuard

    StructureHook = Callable[[Any, Any], Any]


class MismatchError(TypeError):
    """A value of another type than the hint says."""


def exactly(value: object, wanted: type[Any]) -> Any:
    """The value, which is a `wanted`. Raises `MismatchError` for any other."""
    # cattrs would call int("5"): a payload that needs guessing is a mistake of the sender.
    if type(value) is wanted or (isinstance(value, wanted) and not isinstance(value, bool)):
        return value
    raise MismatchError(f"expected {wanted.__name__}, not {type(value).__name__}")


def number(value: object, _wanted: type[Any]) -> float:
    """The value as a float. Raises `MismatchError` for what is no number."""
    if isinstance(value, float):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    raise MismatchError(f"expected float, not {type(value).__name__}")


def elements(value: object, _wanted: type[Any]) -> list[Any]:
    """The value as a list. Raises `MismatchError` for what is no list or tuple."""
    if isinstance(value, list):
        return value
    if isinstance(value, tuple):
        return list(value)
    raise MismatchError(f"expected list, not {type(value).__name__}")


def whole_bytes(value: object, wanted: type[Any]) -> Any:
    """The value as bytes: a copy of what a view shows. Raises `MismatchError`."""
    return value.tobytes() if _is_view_of_bytes(value) else exactly(value, wanted)


def view(value: object, wanted: type[Any]) -> Any:
    """The value as a memoryview: of bytes, where it is bytes. Raises `MismatchError`."""
    return memoryview(value) if isinstance(value, bytes) else exactly(value, wanted)


def _is_view_of_bytes(value: object) -> TypeGuard[memoryview]:
    return isinstance(value, memoryview) and value.format == "B"


def is_plain(hint: Any) -> bool:
    """Whether it is of lists and dicts, and `fits` can tell what is of it."""
    if isinstance(hint, type):
        return hint in _AS_THEY_ARE
    arguments = getattr(hint, "__args__", ())
    is_container = any(getattr(hint, "__origin__", None) is kind for kind in CONTAINER_HOOKS)
    return is_container and bool(arguments) and all(map(is_plain, arguments))


def fits(value: object, hint: Any) -> bool:
    """Whether a value is what a hint that `is_plain` says, with nothing to be made of it."""
    if isinstance(hint, type):
        return type(value) is hint or hint is object
    if type(value) is not hint.__origin__:
        return False
    if isinstance(value, dict):
        of_keys, of_values = hint.__args__
        return all(fits(key, of_keys) and fits(part, of_values) for key, part in value.items())
    (of_parts,) = hint.__args__
    return isinstance(value, list) and all(fits(part, of_parts) for part in value)


#: Types whose values go as they came: not float, which an int becomes, nor bytes, for a view.
_AS_THEY_ARE = (bool, int, str, list, dict, object)

#: What fits each plain type that a hint may name.
PLAIN_HOOKS: dict[Any, StructureHook] = {
    bool: exactly,
    int: exactly,
    str: exactly,
    bytes: whole_bytes,
    memoryview: view,
    float: number,
}
#: The same for containers of anything. Their subclasses, such as a `TypedDict`, say more.
CONTAINER_HOOKS: dict[Any, StructureHook] = {dict: exactly, list: elements}
