"""Runs a Lua script in a child process."""

from __future__ import annotations

import marshal

from engine_tasks.child.confinement import confine
from engine_tasks.child.frames import (
    CONFINED,
    ERROR,
    F64,
    LIMITS,
    LOAD_FAILED,
    NEED_SOURCE,
    READY,
    RESULT,
    SOURCE,
    TASK,
    pack_texts,
    split_text,
    write_frame,
)
from engine_tasks.child.game import Game
from engine_tasks.lua.vm import LuaError, LuaVm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from engine_tasks.child.inbox import Inbox


def serve(inbox: Inbox, out: int, hello: dict[str, Any]) -> None:
    """Load the script and answer tasks until the game says stop or is gone."""
    game = ScriptGame(inbox, out, hello)
    vm = LuaVm(game, **hello["vm"])
    confinement = confine(
        jit=hello["vm"]["jit"],
        address_space_bytes=hello["address_space_bytes"],
        keep_fds=(inbox.fd, out),
    )
    missing = "\n".join(f"{layer}: {reason}" for layer, reason in confinement.missing.items())
    write_frame(out, CONFINED, 0, pack_texts(",".join(confinement.held), missing))
    if missing and hello["needs_confinement"]:
        return  # the game knows from the frame above, and says why
    try:
        vm.load(hello["source"], hello["chunk_name"])
    except LuaError as error:
        write_frame(out, LOAD_FAILED, 0, _texts(error))
        return
    write_frame(out, READY, 0)
    _answer_all(vm, game)
    vm.stop()
    game.tell_dropped()


def _answer_all(vm: LuaVm, game: Game) -> None:
    while (frame := game.next_frame()) is not None:
        kind, task_id, body = frame
        if kind == TASK:
            (timeout_s,) = F64.unpack_from(body)
            game.begin(task_id)
            _answer(vm, game, body[F64.size :], timeout_s or None)
        elif kind == LIMITS:
            game.set_rates(marshal.loads(body))  # the game's own words
        else:
            return


def _answer(vm: LuaVm, game: Game, payload: bytes, timeout_s: float | None) -> None:
    try:
        result = vm.run(payload, timeout_s)
    except LuaError as error:
        game.answer(ERROR, _texts(error))
    else:
        game.answer(RESULT, result)


def _texts(error: LuaError) -> bytes:
    return pack_texts(error.kind, error.message, error.traceback)


class ScriptGame(Game):
    """The game, as a script's VM sees it: the VM's `Host`."""

    def module_source(self, name: str) -> tuple[str, bytes] | None:
        write_frame(self._out, NEED_SOURCE, 0, pack_texts(name))
        answer = self.wait_for(SOURCE)
        if answer is None:
            return None
        chunk_name, source = split_text(answer)
        return (chunk_name, source) if chunk_name else None
