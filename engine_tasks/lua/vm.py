"""One Lua virtual machine with one worker's script in it.

Only byte strings, numbers and booleans cross between Python and the machine: Python
never holds, indexes or prints a value of a script (see `lua/engine/boot.lua`).

Imported by a child process that must be ready in milliseconds: nothing heavy here.
"""

from __future__ import annotations

import os
import time

from engine_tasks.lua.bridge import Bridge, text
from engine_tasks.lua.sources import engine_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final

    from engine_tasks.lua.host import Host

#: Kinds of `LuaError`; the same words as `ErrorKind`, which is too heavy to import here.
FAILED: Final = "FAILED"
MEMORY: Final = "MEMORY"
TIMEOUT: Final = "TIMEOUT"
BAD_PAYLOAD: Final = "BAD_PAYLOAD"
BAD_RESULT: Final = "BAD_RESULT"

#: A result larger than this is refused: it would stall whoever decodes it in a frame.
DEFAULT_RESULT_BYTES: Final = 16 * 1024 * 1024
#: So would one of more values, keys among them, however few bytes it has.
DEFAULT_RESULT_VALUES: Final = 32_768
#: Levels of nested tables, both ways; deeper is nearly always a mistake.
DEFAULT_DEPTH: Final = 100
#: What `string.rep` may make where no memory limit is set.
UNLIMITED_STRING_BYTES: Final = 256 * 1024 * 1024


def available_vms() -> list[str]:
    """The machines that this installation of lupa has, of those that the engine runs on."""
    import lupa  # noqa: PLC0415 - the package without any machine

    files = os.listdir(os.path.dirname(lupa.__file__))  # noqa: PTH120, PTH208
    return [vm for vm in ("luajit21", "lua54") if any(name.startswith(vm + ".") for name in files)]


DEFAULT_VM: Final = available_vms()[0]


class LuaError(Exception):
    """What went wrong in a script, in text that is safe to show.

    `kind` is one of this module's constants, `message` begins with file and line where
    there are any, `traceback` is Lua's, or empty.
    """

    def __init__(self, kind: str, message: str, traceback: str = "") -> None:
        super().__init__(kind, message, traceback)
        self.kind = kind
        self.message = message
        self.traceback = traceback

    def __str__(self) -> str:
        return self.message


def _engine_source(name: bytes) -> bytes:
    return engine_source(name.decode("ascii"))


class LuaVm:
    """One Lua virtual machine that holds one worker's script.

    Not thread-safe: one thread at a time. The interpreter's lock is free while Lua runs.
    """

    def __init__(
        self,
        host: Host,
        *,
        worker_id: int,
        worker_name: str,
        instance: int,
        vm: str | None = None,
        jit: bool = False,
        memory_bytes: int | None = None,
        result_bytes: int = DEFAULT_RESULT_BYTES,
        result_values: int = DEFAULT_RESULT_VALUES,
        depth: int = DEFAULT_DEPTH,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Starts a machine without a script.

        Args:
            host: what the script's `worker` table talks to.
            worker_id: for `worker.id`, with `instance` also the seed of `math.random`.
            worker_name: for `worker.name`.
            instance: for `worker.instance`.
            vm: `"luajit21"` or `"lua54"`; the faster one there is by default.
            jit: compile; a soft deadline cannot be kept then.
            memory_bytes: what the script may hold, garbage included; None for no limit.
            result_bytes: the largest encoded result.
            result_values: the most values, keys among them, that a result may hold.
            depth: the deepest nesting of payloads and results.
            clock: the script's time, in seconds, for a machine that does the same thing in each
                run: `pairs` has an order, and soft deadlines are counted in instructions.
        """
        self.vm: Final = vm or DEFAULT_VM
        self._memory_bytes: Final = memory_bytes
        self._has_hook = not jit or self.vm != "luajit21"
        self._failed: LuaError | None = None
        module = __import__(f"lupa.{self.vm}", fromlist=["LuaRuntime"])
        self._lupa_errors: tuple[type[Exception], type[Exception]] = (
            module.LuaMemoryError,
            module.LuaError,
        )
        self._runtime: Any = module.LuaRuntime(
            encoding=None,
            register_eval=False,
            register_builtins=False,
            max_memory=None if memory_bytes is None else 0,
        )
        if self.vm == "luajit21" and not jit:
            self._runtime.execute(b"jit.off()")
        self._bridge = bridge = Bridge(
            host, self._runtime, memory_bytes is not None, clock or time.monotonic
        )
        (
            self._feed,
            self._load,
            self._run,
            self._run_fed,
            self._stop,
            watch_memory,
        ) = self._runtime.execute(
            engine_source("engine.boot"),
            _engine_source,
            bridge.log,
            bridge.progress,
            bridge.cancelled,
            time.monotonic if clock is None else bridge.now,
            bridge.find_module,
            bridge.found_part,
            bridge.lower_memory,
            worker_id,
            worker_name.encode(),
            instance,
            depth,
            result_bytes,
            result_values,
            memory_bytes or UNLIMITED_STRING_BYTES,
            clock is not None,
        )
        self._used_bytes: Any = self._runtime.get_memory_used
        # Below half of its memory a machine has room for a payload, and for the table of all
        # strings, which may double at any string that is pushed. None: there is no limit.
        self._roomy_bytes: Final = memory_bytes and memory_bytes // 2
        if memory_bytes is not None:
            base_bytes = self._used_bytes(True)
            if self.vm == "luajit21" and not jit:
                watch_memory(base_bytes + memory_bytes)
                memory_bytes *= 2  # for single large allocations, see guards/memory.lua
            bridge.cap_bytes = base_bytes + memory_bytes

    def load(self, source: bytes, chunk_name: str, timeout_s: float | None = None) -> None:
        """Runs the script's chunk and its `init`.

        Args:
            source: Lua source text.
            chunk_name: the file's name as messages show it, such as `script.lua`.
            timeout_s: soft deadline for each of the two, as for `run`.

        Raises:
            LuaError: it is no source text, does not parse, fails, or has no `Run`.
        """
        error = self._call(self._load, timeout_s, source, chunk_name.encode())
        if error is not None:
            raise self._error(*error)

    def run(self, payload: bytes, timeout_s: float | None = None) -> bytes:
        """Runs one task.

        Args:
            payload: one MessagePack value.
            timeout_s: soft deadline: an error in the script, which lives on. Not kept where
                the JIT compiles, nor inside a C function of Lua.

        Returns:
            One MessagePack value.

        Raises:
            LuaError: with its kind; after MEMORY the machine is of no more use.
        """
        if self._failed is not None:
            raise self._failed
        if type(payload) is not bytes:  # a view would cross as a Python object
            payload = bytes(payload)
        soft_s = timeout_s if timeout_s is not None and self._has_hook else 0.0
        try:
            if self._roomy_bytes and self._used_bytes(True) + 4 * len(payload) > self._roomy_bytes:
                self._feed_lifted(payload)
                answer = self._run_fed(soft_s)
            else:  # one call, not two: 0.4 µs of 2.6, `engine-tasks bench --only echo-lua`
                answer = self._run(soft_s, payload)
        except self._lupa_errors as error:
            raise self._translated(error) from error
        if self._bridge.failure is not None:
            raise self._bridge.take_failure()
        if type(answer) is bytes:
            return answer
        raise self._error(*answer[1:])

    def stop(self, timeout_s: float | None = None) -> None:
        """Runs the script's `stop`, if it has one; an error goes to the log."""
        try:
            message = self._call(self._stop, timeout_s)
        except LuaError as error:
            message = error.message.encode()
        if message is not None:
            self._bridge.log(b"error", b"stop failed: " + message)

    def close(self) -> None:
        """Frees the machine. Idempotent; every other call fails afterwards."""
        self._failed = LuaError(FAILED, "this Lua machine is closed")
        self._bridge.close()
        self._feed = self._load = self._run = self._run_fed = self._stop = None
        self._runtime = self._used_bytes = None

    def _call(self, function: Any, timeout_s: float | None, *data: bytes) -> Any:
        """Calls a function of the machine on bytes that are fed to it first."""
        if self._failed is not None:
            raise self._failed
        try:
            if data:
                self._feed_lifted(*data)
            answer = function(timeout_s if timeout_s is not None and self._has_hook else 0.0)
        except self._lupa_errors as error:
            raise self._translated(error) from error
        if self._bridge.failure is not None:
            raise self._bridge.take_failure()
        return answer

    def _feed_lifted(self, *data: bytes) -> None:
        self._bridge.lift_memory()
        self._feed(*data)
        self._bridge.lower_memory()

    def _translated(self, error: Exception) -> LuaError:
        if isinstance(error, self._lupa_errors[0]):
            return self._error(b"MEMORY", b"the script ran out of its memory", b"")
        return LuaError(FAILED, str(error))  # raised where the engine had no stack to report it

    def _error(self, kind: bytes, message: bytes, traceback: bytes) -> LuaError:
        error = LuaError(kind.decode("ascii"), text(message), text(traceback))
        if error.kind == MEMORY and self._memory_bytes is not None:
            error.message += f", {self._memory_bytes // 1_048_576} MB (LuaLimits.memory_mb)"
        if error.kind == MEMORY:
            self._failed = error
        return error
