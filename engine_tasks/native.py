"""A worker's Python function, and the contract its type hints make."""

from __future__ import annotations

import inspect
import threading
import typing
from collections.abc import Callable
from typing import Any, Final

import attrs

from engine_tasks.errors import ErrorKind, PayloadError, TaskError
from engine_tasks.payload import converter, decode, encode, explain_mismatch
from engine_tasks.task import Outcome

_UNHINTED: Final = (Any, object, inspect.Parameter.empty)


@attrs.frozen
class Hints:
    """What a function takes and gives, as its type hints say; `Any` where they say nothing."""

    argument: Any = Any
    result: Any = Any

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Hints:
        """The hints of a function with one argument.

        Raises `TypeError` for one that cannot be called with a payload, and for a hint
        that names something unknown.
        """
        target = function if inspect.isroutine(function) else type(function).__call__
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except ValueError:
            return cls()  # a builtin without a signature
        _check_takes_one(function, parameters)
        try:
            hints = typing.get_type_hints(target)
        except NameError as error:
            raise TypeError(f"a type hint of {name_of(function)} is unknown: {error}") from error
        return cls(hints.get(parameters[0].name, Any), hints.get("return", Any))


def _check_takes_one(function: Callable[..., Any], parameters: list[inspect.Parameter]) -> None:
    required = [
        parameter
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    takes = any(
        p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL) for p in parameters
    )
    if not takes or len(required) > 1 or any(p.kind is p.KEYWORD_ONLY for p in required):
        raise TypeError(f"{name_of(function)} must take one argument, the payload of a task")


class NativeFunction:
    """Runs a function on encoded payloads. Any thread; nothing it raises comes out."""

    def __init__(self, function: Callable[[Any], Any], hints: Hints, max_bytes: int) -> None:
        self._function = function
        self._max_bytes = max_bytes
        self._argument = hints.argument
        self._structure: Callable[[Any, Any], Any] | None = None
        if not any(hints.argument is unhinted for unhinted in _UNHINTED):
            self._structure = converter.get_structure_hook(hints.argument)
        self._result = hints.result if _is_checkable(hints.result) else object

    def run(self, payload: bytes | memoryview) -> Outcome:
        """Decode, call, encode: the result's MessagePack, or what went wrong."""
        try:
            argument = self._decode(payload)
        except PayloadError as error:
            return TaskError(ErrorKind.BAD_PAYLOAD, str(error))
        try:
            result = self._function(argument)
        except BaseException as error:  # SystemExit here would stop every actor
            if isinstance(error, KeyboardInterrupt) and _on_main_thread():
                raise  # Ctrl-C, while an inline worker runs on the game's own thread
            return TaskError.from_exception(error)
        try:
            return self._encode(result)
        except PayloadError as error:
            return TaskError(ErrorKind.BAD_RESULT, str(error))

    def _decode(self, payload: bytes | memoryview) -> Any:
        value = decode(payload)
        if self._structure is None:
            return value
        try:
            return self._structure(value, self._argument)
        except Exception as error:  # cattrs', or of a hook of the game
            raise PayloadError(explain_mismatch(error), path="payload") from error

    def _encode(self, result: Any) -> bytes:
        fits = isinstance(result, self._result) or (self._result is float and type(result) is int)
        if not fits:
            raise PayloadError(
                f"{name_of(self._function)} returned {type(result).__name__}, "
                f"where its hint says {self._result.__name__}",
                path="result",
            )
        return encode(result, max_bytes=self._max_bytes, root="result")


def name_of(function: Callable[..., Any]) -> str:
    """`module.find()`, or the best that an object without a name allows."""
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    module = getattr(function, "__module__", None)
    return f"{module}.{name}()" if module else f"{name}()"


def _is_checkable(hint: Any) -> bool:
    """Whether `isinstance` can tell; not so for `list[int]` or a `TypedDict`."""
    try:
        isinstance(None, hint)
    except TypeError:
        return False
    return isinstance(hint, type)


def _on_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
