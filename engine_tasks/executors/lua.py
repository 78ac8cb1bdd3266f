"""Runs a Lua script: in a child process, or in the calling thread for trusted ones."""

from __future__ import annotations

import functools
import importlib.util
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from engine_tasks.child.confinement import supported_layers
from engine_tasks.child.rate import RateLimit
from engine_tasks.errors import ErrorKind, TaskError, log_line, printable
from engine_tasks.executors.conversation import LOG_LEVELS, rates, readable
from engine_tasks.executors.process import ProcessExecutor
from engine_tasks.executors.protocol import (
    Executor,
    ExecutorDied,
    ExecutorStartError,
    MakeExecutor,
    ReportProgress,
)
from engine_tasks.executors.running import RunningTask
from engine_tasks.lua.script import LuaScript, ScriptError, where
from engine_tasks.lua.vm import LuaError, LuaVm
from engine_tasks.options import MIB, LuaLimits, WorkerOptions
from engine_tasks.task import Outcome, Task

logger = logging.getLogger("engine_tasks.worker")

#: Seconds that a script's `stop` may take in a thread.
_STOP_TIMEOUT_S: Final = 0.5
#: Bytes that a child may map beyond its script's memory: buffers of the interpreter, twice.
_ADDRESS_SPACE_SLACK_BYTES: Final = 512 * MIB


class LuaProgram:
    """A Lua script as a child's program."""

    trusted = False

    def __init__(self, worker_id: int, name: str, script: LuaScript, limits: LuaLimits) -> None:
        self._worker_id = worker_id
        self._name = name
        self._script = script
        self.limits = limits
        self.max_result_bytes = limits.result_bytes

    def hello(self, slot: int) -> dict[str, Any]:
        jit = _jit(self.limits)
        return {
            "host": "lua",
            "add_path": [_lupa_folder()],
            "source": _read(self._script),
            "chunk_name": self._script.chunk_name,
            "vm": self.vm_arguments(slot, jit=jit),
            "needs_confinement": self.limits.require_confinement
            or (
                jit and self.limits.jit is None  # on only because every layer was promised
            ),
            "address_space_bytes": 2 * self.limits.memory_mb * MIB + _ADDRESS_SPACE_SLACK_BYTES,
            **rates(self.limits),
        }

    def can_change(self, old: LuaLimits, new: LuaLimits) -> bool:
        """Whether they differ only in what is kept to outside of the Lua machine.

        Memory, for one, is a limit of the confined process as well, which nothing raises.
        """
        outside = {
            name: getattr(new, name)
            for name in ("timeout_s", "soft_timeout_s", "log_lines_per_s", "progress_per_s")
        }
        return attrs.evolve(old, **outside) == new and _jit(old) == _jit(new)

    def vm_arguments(self, slot: int, *, jit: bool) -> dict[str, Any]:
        """The keyword arguments of `LuaVm`."""
        return {
            "worker_id": int(self._worker_id),  # marshal takes no WorkerId
            "worker_name": str(self._name),
            "instance": slot,
            "vm": self.limits.vm,
            "jit": jit,
            "memory_bytes": self.limits.memory_mb * MIB,
            "result_bytes": self.limits.result_bytes,
            "result_values": self.limits.result_values,
            "depth": self.limits.nesting_depth,
        }

    def module_source(self, name: str) -> tuple[str, bytes] | None:
        try:
            return self._script.module_source(name)
        except ScriptError as error:
            logger.warning("%s: require(%r): %s", self._name, name, error)
            return None

    def where(self, message: str) -> tuple[str | None, int | None]:
        file, line = where(message)
        return (file or str(self._script.path)), line


class LuaCallingExecutor:
    """Holds a VM on the thread that calls `run`: no wall around it but Lua's own sandbox."""

    confinement = None
    max_batch = 1  # nothing is handed over: a batch would only let tasks wait
    can_be_killed = False

    def __init__(
        self,
        program: LuaProgram,
        script: LuaScript,
        slot: int,
        label: str,
        start_timeout_s: float,
        report: ReportProgress,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """With a `clock` the machine does the same thing in each run, see `LuaVm`."""
        self._program = program
        self._clock = clock
        self._script = script
        self._slot = slot
        self._label = label
        self._start_timeout_s = start_timeout_s
        self._vm: LuaVm | None = None
        self._limits = program.limits
        self._running = RunningTask(report, program.limits.progress_per_s)
        self._log_rate = RateLimit(program.limits.log_lines_per_s)

    def start(self) -> None:
        source = _read(self._script)
        vm = LuaVm(self, clock=self._clock, **self._program.vm_arguments(self._slot, jit=False))
        try:
            vm.load(source, self._script.chunk_name, self._start_timeout_s)
        except LuaError as error:
            vm.close()
            file, line = self._program.where(error.message)
            raise ExecutorStartError(
                printable(error.message),
                file=file,
                line=line,
                traceback=printable(error.traceback),
            ) from error
        self._vm = vm

    def run(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        for task in tasks:
            yield self._run_one(task)

    def _run_one(self, task: Task) -> Outcome:
        assert self._vm is not None, "start comes before run"
        self._running.begin(task)
        try:
            assert isinstance(task.payload, bytes), "only Python takes parcels"
            return readable(self._vm.run(task.payload, self._soft_timeout_s(task)))
        except LuaError as error:
            message, traceback = printable(error.message), printable(error.traceback)
            outcome = TaskError(ErrorKind(error.kind), message, traceback)
            if error.kind == ErrorKind.MEMORY:  # a VM at its cap is not to be used again
                raise ExecutorDied(outcome) from error
            return outcome
        finally:
            self._running.end()

    def _soft_timeout_s(self, task: Task) -> float | None:
        """What a task may take: only the machine itself can end it.

        A little less than the whole: past that the pool gives the thread up.
        """
        if self._limits.soft_timeout_s is not None or task.timeout_s is None:
            return self._limits.soft_timeout_s
        return 0.9 * task.timeout_s

    def outcomes_here(self) -> Sequence[Outcome]:
        return ()

    def set_limits(self, limits: LuaLimits) -> bool:
        if not self._program.can_change(self._limits, limits):
            return False
        self._limits = limits
        self._log_rate.per_s = limits.log_lines_per_s
        self._running.set_rate(limits.progress_per_s)
        return True

    def stop(self) -> None:
        vm, self._vm = self._vm, None
        if vm is not None:
            vm.stop(_STOP_TIMEOUT_S)
            vm.close()

    def alive(self) -> bool:
        return True

    def cancel(self, task: Task | None = None) -> None:
        self._running.cancel(task)

    def kill(self) -> bool:
        self._running.cancel(None)
        return False

    # --- the VM's host ---------------------------------------------------

    def log(self, level: str, message: str) -> None:
        if self._log_rate.allows(time.monotonic()):
            dropped = self._log_rate.take_dropped()
            if dropped:
                logger.warning("%s: %d lines were dropped", self._label, dropped)
            severity = LOG_LEVELS.get(level, logging.INFO)
            logger.log(severity, "%s: %s", self._label, log_line(message))

    def progress(self, share: float, note: str) -> None:
        self._running.progress(share, note)

    def cancelled(self) -> bool:
        return self._running.cancelled()

    def module_source(self, name: str) -> tuple[str, bytes] | None:
        return self._program.module_source(name)


def lua_executors(
    worker_id: int,
    name: str,
    script: LuaScript,
    options: WorkerOptions,
    clock: Callable[[], float] | None = None,
) -> MakeExecutor:
    """Makes the executors of a worker that runs a script.

    With a `clock` those without a child do the same thing in each run.
    """
    program = LuaProgram(worker_id, name, script, options.limits)

    def make(slot: int, report_progress: ReportProgress) -> Executor:
        label = f"{name}#{slot}"
        if options.isolation == "process":
            return ProcessExecutor(program, slot, label, options, report_progress)
        return LuaCallingExecutor(
            program, script, slot, label, options.start_timeout_s, report_progress, clock
        )

    return make


def _read(script: LuaScript) -> bytes:
    try:
        return script.source
    except ScriptError as error:
        raise ExecutorStartError(str(error), file=str(error.file)) from error


def _jit(limits: LuaLimits) -> bool:
    """Whether the machine of a child compiles."""
    if limits.soft_timeout_s is not None:
        return False  # no hook fires in compiled code
    if limits.jit is not None:
        return limits.jit
    return _is_confinable()


@functools.cache
def _is_confinable() -> bool:
    """Whether this system has every layer, without which the JIT stays off."""
    return not supported_layers().missing


def _lupa_folder() -> str:
    lupa = importlib.util.find_spec("lupa")
    assert lupa is not None
    assert lupa.origin is not None
    return str(Path(lupa.origin).parents[1])
