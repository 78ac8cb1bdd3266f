"""Runs a Python function in a child process."""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from engine_tasks.child.frames import (
    CANCEL,
    ERROR,
    F64,
    LOAD_FAILED,
    READY,
    RESULT,
    TASK,
    pack_texts,
    write_frame,
)
from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.native import Hints, NativeFunction
from engine_tasks.task import Outcome

if TYPE_CHECKING:
    from engine_tasks.child.inbox import Inbox


def serve(inbox: Inbox, out: int, hello: dict[str, Any]) -> None:
    """Load the function and answer tasks until the game says stop or is gone."""
    try:
        native = NativeFunction(*_load(hello), hello["max_bytes"])
    except BaseException as error:  # also a module that calls sys.exit when imported
        failure = TaskError.from_exception(error)
        write_frame(out, LOAD_FAILED, 0, _texts(failure))
        return
    write_frame(out, READY, 0)
    while (frame := inbox.read()) is not None:
        kind, task_id, body = frame
        if kind == TASK:
            _answer(native, out, task_id, memoryview(body)[F64.size :])
        elif kind != CANCEL:  # a function cannot ask whether it is cancelled
            return


def _answer(native: NativeFunction, out: int, task_id: int, payload: memoryview) -> None:
    outcome: Outcome
    try:
        outcome = native.run(payload)
    except KeyboardInterrupt as error:  # no Ctrl-C reaches a child: its own code raised it
        outcome = TaskError.from_exception(error)
    if isinstance(outcome, TaskError):
        write_frame(out, ERROR, task_id, _texts(outcome))
    else:
        write_frame(out, RESULT, task_id, outcome)


def _load(hello: dict[str, Any]) -> tuple[Callable[[Any], Any], Hints]:
    if "pickle" in hello:
        function, argument, result = pickle.loads(hello["pickle"])
        return function, Hints(argument, result)
    function = attrgetter(hello["qualname"])(importlib.import_module(hello["module"]))
    return function, Hints.of(function)


def _texts(error: TaskError) -> bytes:
    kind: ErrorKind = error.kind
    return pack_texts(kind.value, error.message, error.traceback)
