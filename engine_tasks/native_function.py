"""Runs the Python function of a native worker on encoded payloads.

Imported by a child process that must be ready in milliseconds: nothing heavy here.
"""

from __future__ import annotations

import sys
import threading

from engine_tasks.errors import ErrorKind, PayloadError, TaskError
from engine_tasks.parcel import Packer, Parcel, unpack
from engine_tasks.payload import decode, encode, explain_mismatch, mentions, structure_hook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from engine_tasks.fitting import StructureHook
    from engine_tasks.parcel import Message
    from engine_tasks.task import Outcome


class Unhealthy:
    """The function raised `error`, and `check_health` found its instance of no more use."""

    __slots__ = ("error",)

    def __init__(self, error: TaskError) -> None:
        self.error = error

    def __eq__(self, other: object) -> bool:
        return self.error == other.error if isinstance(other, Unhealthy) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.error)

    def __repr__(self) -> str:
        return f"Unhealthy({self.error!r})"


class Contract:
    """What a function takes and gives; `object` or `Any` where nothing is said."""

    __slots__ = ("argument", "result")

    def __init__(self, argument: Any = object, result: Any = object) -> None:
        self.argument = argument
        self.result = result

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Contract):
            return NotImplemented
        return (self.argument, self.result) == (other.argument, other.result)

    __hash__ = None  # type: ignore[assignment]  # a hint may have none


class NativeFunction:
    """Runs a function on encoded payloads. Any thread; nothing it raises comes out."""

    def __init__(
        self,
        function: Callable[..., Any],
        contract: Contract,
        max_bytes: int,
        is_healthy: Callable[[Exception], bool] | None = None,
        *,
        packs_apart: bool = False,
    ) -> None:
        """`is_healthy` raises nothing. Without it no exception is held against the instance.

        `packs_apart`: results may be parcels, which refer to what the function returned.
        """
        self._function = function
        self._max_bytes = max_bytes
        self._is_healthy = is_healthy
        self._argument = contract.argument
        self._pack: Callable[..., Message] = Packer(copies=False).pack if packs_apart else encode
        self._wants_views: bool | None = None  # which takes an import to find out
        self._structure: StructureHook | None = None
        if says_something(contract.argument):
            self._structure = structure_hook(contract.argument)
        self._result = contract.result if is_checkable(contract.result) else object

    def run(self, payload: bytes | memoryview | Parcel, *resource: Any) -> Outcome | Unhealthy:
        """Decode, call, encode: the result, or what went wrong.

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

    def _decode(self, payload: bytes | memoryview | Parcel) -> Any:
        if isinstance(payload, Parcel):
            value = unpack(payload, views=self._expects_views())
        else:
            value = decode(payload)
        if self._structure is None:
            return value
        try:
            return self._structure(value, self._argument)
        except Exception as error:  # cattrs', or of a hook of the game
            raise PayloadError(explain_mismatch(error), path="payload") from error

    def _expects_views(self) -> bool:
        if self._wants_views is None:
            says = self._structure is not None
            self._wants_views = says and mentions(self._argument, memoryview)
        return self._wants_views

    def _encode(self, result: Any) -> Message:
        fits = isinstance(result, self._result) or (self._result is float and type(result) is int)
        if not fits:
            raise PayloadError(
                f"{name_of(self._function)} returned {type(result).__name__}, "
                f"where its hint says {self._result.__name__}",
                path="result",
            )
        return self._pack(result, max_bytes=self._max_bytes, root="result")


def name_of(function: Callable[..., Any]) -> str:
    """`module.find()`, or the best that an object without a name allows."""
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    module = getattr(function, "__module__", None)
    return f"{module}.{name}()" if module else f"{name}()"


def says_something(hint: Any) -> bool:
    """Whether a hint leaves anything out."""
    typing = sys.modules.get("typing")  # `Any` exists only where it is imported
    return hint is not object and (typing is None or hint is not typing.Any)


def is_checkable(hint: Any) -> bool:
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
