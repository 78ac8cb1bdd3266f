"""How a worker's Python functions travel to a child process.

A function of an importable module goes by its name, and the child imports it with the
game's `sys.path`. A function of `__main__`, a lambda or a closure goes by value, so that
the game's `__main__` never runs again. Those that go by value go together: what two of them
share in the game they share in the child.
"""

from __future__ import annotations

import importlib.util
import io
import pickle
import sys
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path
from types import NoneType
from typing import Any, Final

import attrs
import cloudpickle

from engine_tasks.errors import describe_exception
from engine_tasks.executors.conversation import rates
from engine_tasks.executors.process import ProcessExecutor
from engine_tasks.executors.protocol import Executor, MakeExecutor, ReportProgress
from engine_tasks.native import Hints, NativeCode
from engine_tasks.native_function import is_checkable, name_of, says_something
from engine_tasks.options import LuaLimits, WorkerOptions

#: Where this package is, for a game that found it in some other way than `sys.path`.
_OUR_FOLDER: Final = Path(__file__).parents[2]


@attrs.frozen(eq=False, repr=False)
class PythonProgram:
    """A Python function, and what goes with it, as a child's program."""

    shipped: dict[str, Any]
    hint_names: list[tuple[Any, ...]] | None
    max_result_bytes: int
    limits: LuaLimits
    trusted: bool = True

    def hello(self, _slot: int) -> dict[str, Any]:
        return {
            "host": "python",
            "sys_path": import_path(),
            "max_bytes": self.max_result_bytes,
            "hint_names": self.hint_names,
            **rates(self.limits),
            **self.shipped,
        }

    def can_change(self, _old: LuaLimits, _new: LuaLimits) -> bool:
        return True  # only the rates are for Python

    def module_source(self, _name: str) -> tuple[str, bytes] | None:
        return None  # Python imports by itself

    def where(self, _message: str) -> tuple[str | None, int | None]:
        return None, None  # the traceback says it


def python_process_executors(
    name: str, function: Callable[..., Any], options: WorkerOptions
) -> MakeExecutor:
    """Makes the executors of a worker that runs `function` in child processes.

    Raises `TypeError` for a function, or a callable of the options, that cannot travel or
    cannot be called as it will be; the message says what to do.
    """
    code = NativeCode.of(function, options)
    shipped, names = ship(code), hint_names(code.hints())
    program = PythonProgram(shipped, names, options.max_payload_bytes, options.limits)

    def make(slot: int, report_progress: ReportProgress) -> Executor:
        return ProcessExecutor(program, slot, f"{name}#{slot}", options, report_progress)

    return make


def import_path() -> list[str]:
    """The game's `sys.path`, as a child that may have another folder needs it."""
    return [*(str(Path(entry).absolute()) for entry in sys.path), str(_OUR_FOLDER)]


def ship(code: NativeCode) -> dict[str, Any]:
    """What a child needs to have these functions: the names of some, the values of others."""
    names: dict[str, tuple[str, str]] = {}
    values: dict[str, Callable[..., Any]] = {}
    for role, function in attrs.asdict(code, recurse=False).items():
        if function is None:
            continue
        if _can_be_imported(function):
            names[role] = (function.__module__, function.__qualname__)
        else:
            values[role] = function
    shipped: dict[str, Any] = {"names": names}
    if values:
        # The hints travel beside the function: those that are written as text name things that
        # it does not use, so cloudpickle would leave them behind.
        hints = code.hints() if "function" in values else None
        shipped["pickle"] = _pickled(values, hints)
    return shipped


def hint_names(hints: Hints) -> list[tuple[Any, ...]] | None:
    """Where the hints can be imported from, which saves a child 30 ms of working them out.

    None where one of them is more than a class, or a list or dict of some.
    """
    result = hints.result if is_checkable(hints.result) else object
    homes = [_home_of(hint) for hint in (hints.argument, result)]
    return None if None in homes else [home for home in homes if home]


def _home_of(hint: Any) -> tuple[Any, ...] | None:
    """A class's module and name, with those of what it is said to hold."""
    if not says_something(hint):
        return "builtins", "object"
    if hint is NoneType:
        return "types", "NoneType"  # it calls itself one of `builtins`
    if isinstance(hint, type):
        return (hint.__module__, hint.__qualname__) if _can_be_imported(hint) else None
    origin, arguments = getattr(hint, "__origin__", None), getattr(hint, "__args__", ())
    homes = [_home_of(argument) for argument in arguments]
    if origin not in (list, dict) or not homes or None in homes:
        return None
    return ("builtins", origin.__name__, *homes)


def _pickled(values: dict[str, Callable[..., Any]], hints: Hints | None) -> bytes:
    travelling_hints = None if hints is None else (hints.argument, hints.result)
    try:
        return bytes(cloudpickle.dumps((values, travelling_hints)))
    except Exception as error:  # whatever the pickling of a captured value raises
        culprits = [role for role, function in values.items() if not _travels(function)]
        role = [*culprits, *values][0]
        raise TypeError(_why_not(role, values[role], error)) from error


def _can_be_imported(function: Callable[..., Any]) -> bool:
    module_name = getattr(function, "__module__", None)
    qualname = getattr(function, "__qualname__", None)
    if not module_name or not qualname or module_name == "__main__" or "<" in qualname:
        return False
    module = sys.modules.get(module_name)
    if module is None or importlib.util.find_spec(module_name) is None:
        return False
    try:
        return bool(attrgetter(qualname)(module) is function)
    except AttributeError:
        return False


def _why_not(role: str, function: Callable[..., Any], error: Exception) -> str:
    culprits = [
        f"{label}, {_a(value)}" for label, value in _captured(function) if not _travels(value)
    ]
    reason = f"it uses {' and '.join(culprits)}" if culprits else describe_exception(error)
    name = name_of(function) if role == "function" else f"{role}, {name_of(function)},"
    return (
        f"{name} cannot travel to a child process: {reason}. Make it inside the "
        f"function or by WorkerOptions(create=…), send it as part of the payload, or run the "
        f"worker with WorkerOptions(isolation='thread')"
    )


def _captured(function: Any) -> Iterator[tuple[str, Any]]:
    """What a function holds on to beside its code, each with a name for a person."""
    owner = getattr(function, "__self__", None)
    if owner is not None:
        yield "its object", owner
    code = getattr(function, "__code__", None)  # a method has that of its function
    if code is None:
        for name, value in getattr(function, "__dict__", {}).items():
            yield f"its attribute {name!r}", value
        return
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        yield f"the captured variable {name!r}", cell.cell_contents
    for name in code.co_names:
        if name in function.__globals__:
            yield f"the global {name!r}", function.__globals__[name]
    for value in function.__defaults__ or ():
        yield "a default argument", value


def _travels(value: object) -> bool:
    try:
        cloudpickle.Pickler(io.BytesIO(), pickle.HIGHEST_PROTOCOL).dump(value)
    except Exception:  # the answer to the question asked
        return False
    return True


def _a(value: object) -> str:
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return f"an object of {name}"
