"""What cattrs does for payloads: objects of classes to plain values and back.

Imported when it is first needed, see `engine_tasks.wire`.
"""

from __future__ import annotations

import array
import contextlib
import dataclasses
import operator
import sys
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

import attrs
import cattrs
from cattrs.cols import is_sequence, list_structure_factory
from cattrs.strategies import configure_union_passthrough
from cattrs.v import format_exception, transform_error

from engine_tasks.fitting import CONTAINER_HOOKS, PLAIN_HOOKS, MismatchError, exactly


def explain_mismatch(error: Exception) -> str:
    """What cattrs has to say of a value that does not fit, a line for all fields."""
    if isinstance(error, cattrs.BaseValidationError):
        return "; ".join(transform_error(error, format_exception=_format_field_error))
    return str(error)


def _format_field_error(error: BaseException, wanted: type | None) -> str:
    if isinstance(error, MismatchError):
        return str(error)
    if type(error) is ValueError and error.args:
        return f"invalid value: {error}"
    return format_exception(error, wanted)


def mentions(wanted: Any, kind: type) -> bool:
    """Whether a type hint names `kind`, in itself or within the classes that it names."""
    return _mentions(wanted, kind, [])


def _mentions(wanted: Any, kind: type, seen: list[Any]) -> bool:
    if wanted is kind:
        return True
    parts = list(typing.get_args(wanted))
    if _is_class_of_fields(wanted) and wanted not in seen:
        seen.append(wanted)
        with contextlib.suppress(NameError):  # a hint that names what is not there
            parts += typing.get_type_hints(getattr(wanted, "__origin__", wanted)).values()
    return any(_mentions(part, kind, seen) for part in parts)


def _make_converter() -> cattrs.Converter:
    made = cattrs.Converter()
    made.register_structure_hook(datetime, exactly)
    made.register_structure_hook(array.array, _own_array)
    for plain, hook in PLAIN_HOOKS.items():
        made.register_structure_hook(plain, hook)
    made.register_structure_hook_func(lambda wanted: wanted is object, lambda value, _: value)
    made.register_structure_hook_factory(is_sequence, _sequence_hook)
    made.register_structure_hook_factory(_is_class_of_fields, _class_hook)
    for container, hook in CONTAINER_HOOKS.items():
        made.register_structure_hook_func(partial(operator.is_, container), hook)
    configure_union_passthrough(int | float | str | bytes | None, made)
    made.register_structure_hook_func(_is_numpy_array, _exactly_numpy)
    return made


def _own_array(value: object, wanted: type[Any]) -> Any:
    if isinstance(value, memoryview):  # of shared memory: `engine_tasks.parcel.unpack`
        return array.array(value.format, value.tobytes())
    return exactly(value, wanted)


def _is_numpy_array(wanted: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and getattr(wanted, "__origin__", wanted) is numpy.ndarray


def _exactly_numpy(value: object, wanted: Any) -> Any:
    return exactly(value, getattr(wanted, "__origin__", wanted))


def _sequence_hook(wanted: Any, made: cattrs.BaseConverter) -> Callable[[Any, Any], Any]:
    structure_list = list_structure_factory(wanted, made)

    def structure_sequence(value: object, wanted: Any) -> Any:
        if not isinstance(value, list | tuple):  # list("abc") is never what was meant
            raise MismatchError(f"expected list, not {type(value).__name__}")
        return structure_list(value, wanted)

    return structure_sequence


def _is_class_of_fields(wanted: Any) -> bool:
    kind = getattr(wanted, "__origin__", wanted)
    return isinstance(kind, type) and (attrs.has(kind) or dataclasses.is_dataclass(kind))


def _class_hook(wanted: Any, made: cattrs.Converter) -> Callable[[Any, Any], Any]:
    structure_fields = made.gen_structure_attrs_fromdict(wanted)

    def structure_class(value: object, wanted: Any) -> Any:
        if not isinstance(value, Mapping):  # cattrs would blame its first field, or `in`
            raise MismatchError(f"expected {wanted.__name__}, not {type(value).__name__}")
        return structure_fields(value, wanted)

    return structure_class


#: The converter of all payloads, `engine_tasks.payload.converter`.
converter: Final = _make_converter()
