"""Runs a Python function in a child process.

Must be ready in milliseconds: nothing heavy here.
"""

from __future__ import annotations

import marshal
from contextlib import suppress

from engine_tasks import this_task
from engine_tasks.child.frames import (
    ERROR,
    F64,
    LIMITS,
    LOAD_FAILED,
    READY,
    RESULT,
    TASK,
    TASK_APART,
    TASK_SHARED,
    UNHEALTHY,
    pack_texts,
    write_frame,
)
from engine_tasks.child.game import COPIED_BYTES, Game
from engine_tasks.child.loading import load
from engine_tasks.child.sharing import GameShare
from engine_tasks.errors import ErrorKind, TaskError
from engine_tasks.native_function import Unhealthy
from engine_tasks.parcel import LARGE_BYTES, Parcel
from engine_tasks.resource import CreateFailed, NativeInstance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from engine_tasks.child.inbox import Inbox
    from engine_tasks.parcel import Message
    from engine_tasks.resource import Complain


_LARGE_TASKS: Final = frozenset({TASK_APART, TASK_SHARED})


def serve(inbox: Inbox, out: int, hello: dict[str, Any]) -> None:
    """Load the function and answer tasks until the game says stop or is gone.

    However that ends, the resource is destroyed then.
    """
    game = Game(inbox, out, hello)
    share = game.share = GameShare(hello.get("segment_fd"), out)
    this_task.enter(game)
    try:
        instance = NativeInstance(
            *load(hello), hello["max_bytes"], _complain_to(game), packs_apart=True
        )
        instance.start()
    except CreateFailed as failed:
        write_frame(out, LOAD_FAILED, 0, _texts(failed.error))
        return
    except BaseException as error:  # also a module that calls sys.exit when imported
        write_frame(out, LOAD_FAILED, 0, _texts(TaskError.from_exception(error)))
        return
    try:
        write_frame(out, READY, 0)
        _answer_all(instance, game, share)
    finally:
        instance.end()


def _complain_to(game: Game) -> Complain:
    def complain(text: str) -> None:
        with suppress(OSError):  # the game is gone: nobody reads its log
            game.log("error", text)

    return complain


def _answer_all(instance: NativeInstance, game: Game, share: GameShare) -> None:
    while (frame := game.next_frame()) is not None:
        kind, task_id, body = frame
        if kind == TASK or kind in _LARGE_TASKS:
            game.begin(task_id)
            payload = (body if len(body) <= COPIED_BYTES else memoryview(body))[F64.size :]
            try:
                outcome = instance.run(payload if kind == TASK else share.payload(kind, payload))
            except KeyboardInterrupt as error:  # no Ctrl-C reaches a child: its own code raised it
                outcome = TaskError.from_exception(error)
            if type(outcome) is bytes and not share.is_used and len(outcome) < LARGE_BYTES:
                game.answer(RESULT, outcome)  # nearly always
            elif isinstance(outcome, bytes | Parcel):
                _give(game, share, outcome)
            elif isinstance(outcome, Unhealthy):
                game.answer(UNHEALTHY, _texts(outcome.error))
                return
            elif isinstance(outcome, TaskError):
                game.answer(ERROR, _texts(outcome))
            del outcome  # a large one does not wait here for the next
        elif kind == LIMITS:
            game.set_rates(marshal.loads(body))  # the game's own words
        else:
            return


def _give(game: Game, share: GameShare, result: Message) -> None:
    if len(result) >= LARGE_BYTES:
        game.hear()  # of memory that may be used again
    share.tell_freed()
    kind, parts = share.result(result)
    game.answer(kind, *parts)


def _texts(error: TaskError) -> bytes:
    kind: ErrorKind = error.kind
    return pack_texts(kind.value, error.message, error.traceback)
