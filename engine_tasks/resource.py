"""The resource of an instance: what `create` makes where the worker's code runs.

It is destroyed once for each time it was made: at a stop, when it was judged unhealthy, when
the game is gone. Only a process that is killed, or that ends itself by `os._exit`, leaves its
resource as it is: a lock file, say, should name its owner.

Imported by a child process that must be ready in milliseconds: nothing heavy here.
"""

from __future__ import annotations

import threading

from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.native_function import NativeFunction, Unhealthy, is_ctrl_c, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, Final, Protocol

    from engine_tasks.native_function import Contract
    from engine_tasks.parcel import Parcel
    from engine_tasks.task import Outcome

    #: Takes a line for the log.
    Complain = Callable[[str], None]

    class Code(Protocol):
        """The callables of a native worker; `WorkerOptions` says what each is for."""

        @property
        def function(self) -> Callable[..., Any]: ...
        @property
        def create(self) -> Callable[[], Any] | None: ...
        @property
        def destroy(self) -> Callable[[Any], object] | None: ...
        @property
        def check_health(self) -> Callable[[Exception], bool] | None: ...


_STOPPED: Final = TaskError(ErrorKind.STOPPED, "it was stopped before it had started")


class CreateFailed(Exception):
    """An instance has no resource; `error` says why."""

    def __init__(self, error: TaskError) -> None:
        super().__init__(error.message)
        self.error = error


class ResourceGone(Exception):
    """The resource is destroyed, or was never made."""


class OwnedResource:
    """Makes a resource once and destroys it once, whoever asks for its end, and when.

    `create` and `with` are for the thread that runs the tasks, `destroy` for any. A resource
    that is in use when its end comes is destroyed after that, by who used it.
    """

    def __init__(
        self,
        create: Callable[[], Any],
        destroy: Callable[[Any], object] | None,
        complain: Complain,
    ) -> None:
        self._create = create
        self._destroy = destroy
        self._complain = complain
        self._lock = threading.Lock()
        self._held: tuple[Any, ...] = ()  # nothing, or the one
        self._in_use = False
        self._unwanted = False

    def create(self) -> None:
        """Make it. Raises `CreateFailed`."""
        with self._lock:
            if self._unwanted:
                raise CreateFailed(_STOPPED)
            self._in_use = True
        try:
            self._held = (self._create(),)
        except BaseException as error:  # SystemExit here would stop every actor
            if is_ctrl_c(error):
                raise
            raise CreateFailed(_fault("create", self._create, error)) from error
        finally:
            self._end_use()
        if not self._held:
            raise CreateFailed(_STOPPED)

    def __enter__(self) -> Any:
        """The resource, which stays until the end of the block. Raises `ResourceGone`."""
        with self._lock:
            if self._unwanted or not self._held:
                raise ResourceGone
            self._in_use = True
            return self._held[0]

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._end_use()

    def destroy(self) -> None:
        """Destroy it, now or at the end of its use. Idempotent; what it raises is logged."""
        with self._lock:
            self._unwanted = True
            if self._in_use:
                return
        self._destroy_held()

    def _end_use(self) -> None:
        with self._lock:
            self._in_use = False
            unwanted = self._unwanted
        if unwanted:
            self._destroy_held()

    def _destroy_held(self) -> None:
        with self._lock:
            held, self._held = self._held, ()
        if not held or self._destroy is None:
            return
        try:
            self._destroy(*held)
        except BaseException as error:
            if is_ctrl_c(error):
                raise
            self._complain(_told(_fault("destroy", self._destroy, error)))


class NativeInstance:
    """The code of one instance of a native worker, with its resource if it has one."""

    def __init__(
        self,
        code: Code,
        contract: Contract,
        max_bytes: int,
        complain: Complain,
        *,
        packs_apart: bool = False,
    ) -> None:
        """`complain` hears of what goes wrong beside the tasks; `packs_apart` is as in
        `NativeFunction`."""
        check = code.check_health
        is_healthy = None if check is None else _guarded(check, complain)
        self._function = NativeFunction(
            code.function, contract, max_bytes, is_healthy, packs_apart=packs_apart
        )
        #: What the function makes of a payload. Raises `ResourceGone`.
        self.run: Callable[[bytes | memoryview | Parcel], Outcome | Unhealthy] = self._function.run
        self._resource: OwnedResource | None = None
        if code.create is not None:
            self._resource = OwnedResource(code.create, code.destroy, complain)
            self.run = self._run_with_resource

    def start(self) -> None:
        """Make the resource. Raises `CreateFailed`."""
        if self._resource is not None:
            self._resource.create()

    def _run_with_resource(self, payload: bytes | memoryview | Parcel) -> Outcome | Unhealthy:
        assert self._resource is not None, "else `run` is the function's own"
        with self._resource as resource:
            return self._function.run(payload, resource)

    def end(self) -> None:
        """Destroy the resource; where a task runs, when that has ended. Any thread."""
        if self._resource is not None:
            self._resource.destroy()


def _guarded(
    check_health: Callable[[Exception], bool], complain: Complain
) -> Callable[[Exception], bool]:
    """The same check, but what it fails to judge is healthy."""

    def is_healthy(error: Exception) -> bool:
        try:
            return bool(check_health(error))
        except BaseException as fault:
            if is_ctrl_c(fault):
                raise
            complain(_told(_fault("check_health", check_health, fault)))
            return True

    return is_healthy


def _fault(role: str, function: Callable[..., Any], error: BaseException) -> TaskError:
    fault = TaskError.from_exception(error)
    return TaskError(
        fault.kind, f"{role}, {name_of(function)}, raised {fault.message}", fault.traceback
    )


def _told(fault: TaskError) -> str:
    return f"{fault.message}\n{fault.traceback}".rstrip()
