"""A native worker's code: its Python function, and the contract its type hints make."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any, Self

import attrs

from engine_tasks.native_function import Contract, NativeFunction, Unhealthy, name_of
from engine_tasks.options import WorkerOptions

__all__ = ["Hints", "NativeCode", "NativeFunction", "Unhealthy", "name_of"]


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


class Hints(Contract):
    """What a function takes and gives, as its type hints say."""

    __slots__ = ()

    @classmethod
    def of(cls, function: Callable[..., Any], *, takes_resource: bool = False) -> Self:
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
        return cls(hints.get(payload, object), hints.get("return", object))


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
