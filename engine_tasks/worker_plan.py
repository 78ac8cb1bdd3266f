"""What a worker is made of: decided and checked before anything starts."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import Any, Self

import attrs

from engine_tasks.errors import WorkerStartError
from engine_tasks.executors.calling import calling_executors
from engine_tasks.executors.protocol import MakeExecutor
from engine_tasks.options import MAX_INSTANCES, LuaLimits, WorkerOptions


@attrs.frozen(kw_only=True, eq=False, repr=False)
class WorkerPlan:
    """A worker that could be started. `timeout_s` is what a task of it may take."""

    worker_id: int
    name: str
    instances_count: int
    options: WorkerOptions
    make_executor: MakeExecutor
    timeout_s: float | None
    is_lua: bool
    _remake: Callable[[WorkerOptions], WorkerPlan]

    def with_limits(self, limits: LuaLimits) -> WorkerPlan:
        """The same worker within other limits. Raises `WorkerStartError` for a native one."""
        if not self.is_lua:
            raise WorkerStartError(
                f"the worker {self.name!r} runs Python: limits are for Lua workers",
                worker_id=self.worker_id,
                name=self.name,
            )
        return self._remake(attrs.evolve(self.options, limits=limits))

    def anew(self) -> WorkerPlan:
        """The same worker; a script is read again, which may have been mended since."""
        return self._remake(self.options) if self.is_lua else self

    @classmethod
    def native(
        cls,
        worker_id: int,
        name: str,
        function: Callable[..., Any],
        instances_count: int,
        options: WorkerOptions | None,
    ) -> Self:
        """A worker that runs a Python function, on what the options `create` if they do.

        Raises `TypeError` for a wrong type and for a function that cannot be run where the
        options say, `WorkerStartError` for a number of instances that nobody can want.
        """
        options = _checked(name, instances_count, options)
        if not callable(function):
            raise TypeError(f"a native worker's function is callable, not {function!r:.60}")
        if options.isolation == "process":
            # 15 ms, most of it subprocess and cloudpickle.
            from engine_tasks.executors.shipping import python_process_executors  # noqa: PLC0415

            make_executor = python_process_executors(name, function, options)
        else:
            make_executor = calling_executors(name, function, options)
        return cls(
            worker_id=worker_id,
            name=name,
            instances_count=instances_count,
            options=options,
            make_executor=make_executor,
            timeout_s=options.timeout_s,
            is_lua=False,
            remake=lambda new: cls.native(worker_id, name, function, instances_count, new),
        )

    @classmethod
    def lua(
        cls,
        worker_id: int,
        name: str,
        script_path: str | PathLike[str],
        instances_count: int,
        options: WorkerOptions | None,
        clock: Callable[[], float] | None = None,
    ) -> Self:
        """A worker that runs a Lua script, which is not looked at yet. Raises like `native`,
        and `ValueError` for options that are for Python functions.

        With a `clock` an `inline` one does the same thing in each run.
        """
        # 15 ms, a third of it pathlib, that a game without Lua does not wait for.
        from pathlib import Path  # noqa: PLC0415

        from engine_tasks.executors.lua import lua_executors  # noqa: PLC0415
        from engine_tasks.lua.script import LuaScript  # noqa: PLC0415

        options = _checked(name, instances_count, options)
        for option in ("create", "destroy", "check_health"):
            if getattr(options, option) is not None:
                raise ValueError(
                    f"WorkerOptions({option}=…) is for native workers; a script returns a table "
                    f"with init and stop for that"
                )
        if not isinstance(script_path, str | PathLike):
            raise TypeError(
                f"script_path is a path, not {script_path!r:.60}: a Python function is for "
                f"start_native_worker"
            )
        script = LuaScript(Path(script_path))
        return cls(
            worker_id=worker_id,
            name=name,
            instances_count=instances_count,
            options=options,
            make_executor=lua_executors(worker_id, name, script, options, clock),
            timeout_s=options.timeout_s or options.limits.timeout_s,
            is_lua=True,
            remake=lambda new: cls.lua(worker_id, name, script_path, instances_count, new, clock),
        )


def _checked(name: str, count: int, options: WorkerOptions | None) -> WorkerOptions:
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(f"instances_count is an int, not {type(count).__name__}")
    if not 1 <= count <= MAX_INSTANCES:
        raise WorkerStartError(
            f"instances_count is from 1 to {MAX_INSTANCES}, not {count}: each instance is a "
            f"process or a thread, and more of them than cores make nothing faster",
            name=name,
        )
    if options is None:
        return WorkerOptions()
    if not isinstance(options, WorkerOptions):
        raise TypeError(f"options is a WorkerOptions, not {type(options).__name__}")
    if options.max_instances is not None and options.max_instances < count:
        raise ValueError(
            f"max_instances ({options.max_instances}) is below instances_count ({count})"
        )
    return options
