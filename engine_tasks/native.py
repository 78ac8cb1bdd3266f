"""A native worker's code: its Python function, and the contract its type hints make."""

from __future__ import annotations

import inspect
import threading
import typing
from collections.abc import Callable
from typing import Any, Final, Self

import attrs

from engine_tasks.errors import ErrorKind, PayloadError, TaskError
from engine_tasks.options import WorkerOptions
from engine_tasks.payload import converter, decode, encode, explain_mismatch
from engine_tasks.task import Outcome

_UNHINTED: Final = (Any, object, inspect.Parameter.empty)


@attrs.frozen
class Unhealthy:
    """The function raised `error`, and `check_health` found its instance of no more use."""

    error: TaskError


@attrs.frozen
class NativeCode:
    """The callables of a native worker; `WorkerOptions` says what each is for."""

    function: Callable[..., Any]
    create: Callable[[], Any] | None = None
    destroy: Callable[[Any], object] | None = None
    check_health: Callable[[Exception], bool] | None = None

    @classmethod
    def of(cls, function: Callable[..., Any], options: WorkerOptions) -> Self:
        """Raises `TypeError` for what cannot be called as it will be."""
        code = cls(function, options.create, options.destroy, options.check_health)
        code.hints()
        _check_takes(code.create, 0, "create()")
        _check_takes(code.destroy, 1, "destroy(resource)")
        _check_takes(code.check_health, 1, "check_health(error)")
        return code

    def hints(self) -> Hints:
        """The contract of the function. Raises `TypeError`, as `Hints.of` does."""
        return Hints.of(self.function, takes_resource=self.create is not None)


@attrs.frozen
class Hints:
    """What a function takes and gives, as its type hints say; `Any` where they say nothing."""

    argument: Any = Any
    result: Any = Any

    @classmethod
    def of(cls, function: Callable[..., Any], *, takes_resource: bool = False) -> Hints:
        """The hints of a function of a payload, or of a resource and a payload.

        Raises `TypeError` for one that cannot be called so, and for a hint that names
        something unknown.
        """
        target = function if inspect.isroutine(function) else type(function).__call__
        for is_deferred in (
            inspect.iscoroutinefunction,
            inspect.isgeneratorfunction,
            inspect.isasyncgenfunction,
        ):
            if is_deferred(target):
                raise TypeError(
                    f"{name_of(function)} is async or a generator: a worker calls a plain "
                    f"function and sends what that returns"
                )
        try:
            signature = inspect.signature(function)
        except ValueError:
            return cls()  # a builtin without a signature
        _check_form(function, signature, takes_resource=takes_resource)
        try:
            hints = typing.get_type_hints(target)
        except NameError as error:
            raise TypeError(f"a type hint of {name_of(function)} is unknown: {error}") from error
        payload = _payload_name(signature, takes_resource=takes_resource)
        return cls(hints.get(payload, Any), hints.get("return", Any))


def _check_form(
    function: Callable[..., Any], signature: inspect.Signature, *, takes_resource: bool
) -> None:
    try:
        signature.bind(*[None] * (1 + takes_resource))
    except TypeError as error:
        name = name_of(function)
        if takes_resource:
            message = (
                f"{name} must take two arguments, the resource that WorkerOptions.create made and "
                f"the payload of a task: function(resource, payload)"
            )
        else:
            message = (
                f"{name} must take one argument, the payload of a task: function(payload); "
                f"only with WorkerOptions.create it is function(resource, payload)"
            )
        raise TypeError(message) from error


def _payload_name(signature: inspect.Signature, *, takes_resource: bool) -> str:
    """The name of the parameter that takes the payload, which may be `*args`."""
    parameters = list(signature.parameters.values())[: 1 + takes_resource]
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            return parameter.name
    return parameters[-1].name


def _check_takes(callback: Callable[..., Any] | None, count: int, form: str) -> None:
    if callback is None:
        return
    try:
        signature = inspect.signature(callback)
    except ValueError:
        return  # a builtin without a signature
    try:
        signature.bind(*[None] * count)
    except TypeError as error:
        message = f"WorkerOptions calls {form}, which {name_of(callback)} does not allow: {error}"
        raise TypeError(message) from error


class NativeFunction:
    """Runs a function on encoded payloads. Any thread; nothing it raises comes out."""

    def __init__(
        self,
        function: Callable[..., Any],
        hints: Hints,
        max_bytes: int,
        is_healthy: Callable[[Exception], bool] | None = None,
    ) -> None:
        """`is_healthy` raises nothing. Without it no exception is held against the instance."""
        self._function = function
        self._max_bytes = max_bytes
        self._is_healthy = is_healthy
        self._argument = hints.argument
        self._structure: Callable[[Any, Any], Any] | None = None
        if not any(hints.argument is unhinted for unhinted in _UNHINTED):
            self._structure = converter.get_structure_hook(hints.argument)
        self._result = hints.result if _is_checkable(hints.result) else object

    def run(self, payload: bytes | memoryview, *resource: Any) -> Outcome | Unhealthy:
        """Decode, call, encode: the result's MessagePack, or what went wrong.

        `resource` is what the function takes before the payload, if anything.
        """
        try:
            argument = self._decode(payload)
        except PayloadError as error:
            return TaskError(ErrorKind.BAD_PAYLOAD, str(error))
        try:
            result = self._function(*resource, argument)
        except BaseException as error:  # SystemExit here would stop every actor
            if is_ctrl_c(error):
                raise  # while an inline worker runs on the game's own thread
            return self._failure(error)
        try:
            return self._encode(result)
        except PayloadError as error:
            return TaskError(ErrorKind.BAD_RESULT, str(error))

    def _failure(self, error: BaseException) -> TaskError | Unhealthy:
        failure = TaskError.from_exception(error)
        if self._is_healthy is None or not isinstance(error, Exception) or self._is_healthy(error):
            return failure
        return Unhealthy(failure)

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


def is_ctrl_c(error: BaseException) -> bool:
    """Whether it is Ctrl-C, for the game's own thread, rather than raised by a worker's code."""
    on_main_thread = threading.current_thread() is threading.main_thread()
    return on_main_thread and isinstance(error, KeyboardInterrupt)
