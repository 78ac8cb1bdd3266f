"""Gives a queue to the Lua of an engine: the globals `TaskQueue` and `WorkerId`.

The runtime is the engine's own, with whatever encoding and filters it has. Python never
holds or walks a value of its scripts: a value crosses as MessagePack bytes that are made and
read in the machine (`lua/engine/binding/`), everything else as a number or a string.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from engine_tasks.errors import EngineTasksError, ErrorKind, PayloadError, WorkerIdError
from engine_tasks.lua.sources import engine_source
from engine_tasks.options import WorkerOptions
from engine_tasks.parcel import joined
from engine_tasks.payload import Encoded
from engine_tasks.task import TaskResult
from engine_tasks.task_queue import TaskQueue

logger = logging.getLogger(__name__)

#: A Lua string as Python gets it: text where the runtime has an encoding.
LuaString = bytes | str

#: What `binding.lua` passes to each module of the engine's, on the line of its first comment.
_MODULE_HEAD: Final = b"local require, jit, rawlen, unpack = ...; "

_EVERY_BYTE: Final = bytes(range(256))


def bind(
    runtime: Any,
    queue: TaskQueue,
    *,
    script_folder: str | os.PathLike[str] | None = None,
    options: WorkerOptions | None = None,
) -> None:
    """Give the Lua of an engine the globals `TaskQueue` and `WorkerId`.

    `lua/types/task_queue.lua` documents both, `docs/engine_lua.md` shows them:

        runtime = lupa.luajit21.LuaRuntime()
        bind(runtime, queue, script_folder=folder)
        send = runtime.execute('''
            local id = assert(TaskQueue:startWorker("Doubler", "doubler.lua", 1))
            return function(value) return assert(TaskQueue:sendTask(id, value)) end
        ''')
        poll = runtime.eval('''function()
            local taskId, value = TaskQueue:nextTaskResult(WorkerId.Doubler)
            return value and value[3]
        end''')

    Call it before the engine takes standard functions away from its scripts, on the thread
    that may run the runtime. Nothing but `startWorker` waits. Binding a runtime again makes
    the same globals speak to another queue.

    Args:
        runtime: a `LuaRuntime` of any of lupa's modules: LuaJIT, Lua 5.1 to 5.5.
        queue: lives at least as long as the runtime, which keeps it alive.
        script_folder: where the paths given to `startWorker` start; the working folder if
            None.
        options: of the workers that Lua starts.

    Raises:
        TypeError: an argument of another type, or a runtime whose encoding does not agree
            with ASCII, such as UTF-16.

    A runtime with `max_memory` and the binding keep each other alive, because the limit has to
    be lifted before Python hands over bytes. To free such a runtime, run
    `TaskQueue, WorkerId = nil; collectgarbage()` in it.
    """
    if not _is_lua_runtime(runtime):
        raise TypeError(f"bind takes a LuaRuntime of lupa, not {type(runtime).__name__}")
    if not isinstance(queue, TaskQueue):
        raise TypeError(f"bind takes a TaskQueue, not {type(queue).__name__}")
    if options is not None and not isinstance(options, WorkerOptions):
        raise TypeError(f"options is a WorkerOptions, not {type(options).__name__}")
    memory = _Memory(runtime) if runtime.get_max_memory() is not None else None
    calls = _Calls(queue, Path(script_folder or ""), options, memory)
    loader = _Loader(runtime)
    try:
        sample, finish = loader.load("engine.binding")(
            runtime.table_from(calls.table()), loader.load_module
        )
        form, calls.to_bytes = _choose_form(sample)
        finish(form, memory and memory.restore)
    finally:
        loader.close()


def _choose_form(sample: Any) -> tuple[int, Callable[[Any], bytes]]:
    """The first of the forms of `forms.lua` that the runtime's encoding leaves whole."""
    for form, to_bytes in enumerate((_unescaped, _unescaped, bytes.fromhex), start=1):
        try:
            if to_bytes(sample(form)) == _EVERY_BYTE:
                return form, to_bytes
        except ValueError:  # UnicodeDecodeError is one
            continue
    raise TypeError("the runtime's encoding does not agree with ASCII")


def _is_lua_runtime(runtime: object) -> bool:
    return any(
        kind.__name__ == "LuaRuntime" and kind.__module__.partition(".")[0] == "lupa"
        for kind in type(runtime).__mro__
    )


class _Loader:
    """Compiles modules of the engine's by name; the machine's own `load` may be gone."""

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime

    def close(self) -> None:
        self._runtime = None  # the runtime holds `load_module`: break the circle

    def load_module(self, name: LuaString) -> Any:
        text = name if isinstance(name, str) else name.decode()
        if not text.isascii():
            raise UnicodeError("the name of a module came in an encoding unlike ASCII")
        return self.load(text, _MODULE_HEAD)

    def load(self, name: str, head: bytes = b"") -> Any:
        chunk_name = f"@{name.replace('.', '/')}.lua"
        return self._runtime.compile(head + engine_source(name), name=chunk_name)


def _unescaped(text: LuaString) -> bytes:
    """Bytes from Lua; `forms.lua` makes them characters up to U+00FF where it has to."""
    return text if isinstance(text, bytes) else text.encode("latin-1")


class _Memory:
    """Keeps Python from pushing bytes at a machine's memory limit, which ends or locks up
    the process: lifted before, and restored by the machine after."""

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime
        self._limit_bytes = 0

    def lift(self) -> None:
        limit_bytes = self._runtime.get_max_memory(total=True)
        if limit_bytes:
            self._limit_bytes = limit_bytes
            self._runtime.set_max_memory(0)

    def restore(self) -> None:
        if self._limit_bytes:
            self._runtime.set_max_memory(self._limit_bytes, total=True)
            self._limit_bytes = 0


class _Calls:
    """What the globals call. Lua gets numbers, booleans, None and bytes.

    A call that can be refused answers with the reason as bytes, in place of its number or
    of None; misuse, an error in Lua, is False, and `misuse` says what is wrong.
    """

    def __init__(
        self,
        queue: TaskQueue,
        folder: Path,
        options: WorkerOptions | None,
        memory: _Memory | None,
    ) -> None:
        self._queue = queue
        self._folder = folder
        self._options = options
        self._memory = memory
        self._misuse = ""
        self._result = b""
        #: The bytes of a string from Lua; how depends on the runtime's encoding.
        self.to_bytes: Callable[[Any], bytes] = _unescaped

    def table(self) -> dict[bytes, Callable[..., Any]]:
        """Every call by the name that it has in Lua."""
        calls = (
            self.misuse, self.start_worker, self.stop_worker, self.stop_all_workers,
            self.register, self.find_id, self.send_task, self.refuse, self.next_result,
            self.result_text, self.tasks_in_work, self.tasks_waiting, self.tasks_in_progress,
            self.tasks_ready, self.send_echo, self.get_echo,
        )  # fmt: skip
        return {call.__name__.encode(): call for call in calls}

    # --- workers -----------------------------------------------------------

    def start_worker(
        self, name: LuaString, path: LuaString, instances: float, wait: bool
    ) -> int | bytes | bool:
        queue, ids = self._queue, self._queue.worker_ids
        try:
            text = self._text(name)
            is_new = text not in ids
            worker_id = ids.register(text) if is_new else ids[text]
        except WorkerIdError as error:
            return self._refused(error)
        except ValueError as error:
            return self._misused(error)
        script = self._folder / os.fsdecode(self.to_bytes(path))
        started = False
        try:
            started = queue.start_worker(
                worker_id, text, script, int(instances), options=self._options, wait=wait
            )
        finally:
            if is_new and not started:
                ids.release(worker_id)
        return int(worker_id) if started else self._reason()

    def stop_worker(self, worker_id: float) -> bytes | None:
        return None if self._queue.stop_worker(int(worker_id)) else self._reason()

    def stop_all_workers(self) -> None:
        self._queue.stop_all_workers()

    def register(self, name: LuaString) -> int | bool:
        try:
            return int(self._queue.worker_ids.register(self._text(name)))
        except ValueError as error:
            return self._misused(error)

    def find_id(self, name: LuaString) -> int | None:
        try:
            return int(self._queue.worker_ids[self._text(name)])
        except ValueError:
            return None

    # --- tasks -------------------------------------------------------------

    def send_task(self, worker_id: float, payload: LuaString) -> int | bytes:
        task_id = self._queue.send_task(int(worker_id), Encoded(self.to_bytes(payload)))
        return self._reason() if task_id is None else task_id

    def refuse(self, message: LuaString) -> None:
        """A payload that cannot be carried, which the machine found out."""
        self._refused(PayloadError(self._readable(message)))

    def next_result(self, worker_id: float) -> int | None:
        """The id of the task that has a result, negative where it is an error.

        `result_text` then has its payload, or its error's kind and message.
        """
        result = self._queue.next_task_result(int(worker_id))
        if result is None:
            return None
        self._result = _content(result)
        return result.task_id if result.ok else -result.task_id

    def result_text(self) -> bytes:
        result, self._result = self._result, b""
        return self._given(result)

    # --- counters and echo ---------------------------------------------------

    def tasks_in_work(self, worker_id: float) -> int | None:
        return self._queue.tasks_in_work(int(worker_id))

    def tasks_waiting(self, worker_id: float) -> int | None:
        return self._queue.tasks_waiting(int(worker_id))

    def tasks_in_progress(self, worker_id: float) -> int | None:
        return self._queue.tasks_in_progress(int(worker_id))

    def tasks_ready(self, worker_id: float) -> int | None:
        return self._queue.tasks_ready(int(worker_id))

    def send_echo(self, text: LuaString) -> bytes | None:
        try:
            sent = self._queue.send_echo(self._text(text))
        except ValueError as error:
            return self._refused(PayloadError(str(error)))
        return None if sent else self._reason()

    def get_echo(self) -> bytes | None:
        text = self._queue.get_echo()
        return None if text is None else self._given(text.encode())

    # --- inside ------------------------------------------------------------

    def misuse(self) -> bytes:
        return self._given(self._misuse.encode(errors="replace"))

    def _misused(self, error: Exception) -> bool:
        self._misuse = str(error)
        return False

    def _refused(self, error: EngineTasksError) -> bytes:
        logger.warning("refused: %s", error)
        self._queue.last_error = error
        return self._reason()

    def _reason(self) -> bytes:
        return self._given(str(self._queue.last_error).encode(errors="replace"))

    def _given(self, content: bytes) -> bytes:
        """Bytes that the machine may be handed: the last step of a call."""
        if self._memory is not None:
            self._memory.lift()
        return content

    def _text(self, text: LuaString) -> str:
        """Raises `ValueError` for what is not UTF-8."""
        try:
            return self.to_bytes(text).decode()
        except UnicodeDecodeError:
            raise ValueError(f"{self._readable(text)!r} is not UTF-8 text") from None

    def _readable(self, text: LuaString) -> str:
        return self.to_bytes(text).decode(errors="replace")


def _content(result: TaskResult) -> bytes:
    if result.encoded is not None:
        return joined(result.encoded)
    error = result.error
    kind, message = (error.kind, error.message) if error else (ErrorKind.FAILED, "no answer")
    return f"{kind} {message}".encode(errors="replace")
