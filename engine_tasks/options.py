"""How a worker runs: where, how important, within which limits."""

from __future__ import annotations

from typing import Any, Final, Literal

import attrs

Isolation = Literal["process", "thread", "inline"]
_ISOLATIONS: Final = ("process", "thread", "inline")

#: Instances a worker may have. A child process takes about 10 MB; a typing error should not
#: take the machine.
MAX_INSTANCES: Final = 256

MIB: Final = 1024 * 1024

#: The Lua machines that a worker may run on.
VMS: Final = ("luajit21", "lua54")


def _above_zero(_instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{attribute.name} is a number, not {type(value).__name__}")
    if not 0 < value < float("inf"):
        raise ValueError(f"{attribute.name} must be above 0 and finite, not {value!r}")


def _whole_above_zero(_instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{attribute.name} is an int, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{attribute.name} must be at least 1, not {value}")


def _optional(validator: Any) -> Any:
    return attrs.validators.optional(validator)


@attrs.frozen(kw_only=True)
class LuaLimits:
    """What a Lua script may use. The defaults suit a mod of a game."""

    memory_mb: int = attrs.field(default=256, validator=_whole_above_zero)
    """Megabytes of Lua memory an instance may hold; beyond it a task ends as MEMORY and the
    instance is replaced. A mod that needs more than a texture pack is a mistake."""

    timeout_s: float = attrs.field(default=10.0, validator=_above_zero)
    """Seconds a task may run; then its process is killed and replaced, and the task ends as
    TIMEOUT. Long enough for generating terrain, short enough that a player sees which mod
    hangs. `WorkerOptions.timeout_s` and `send_task(timeout_s=…)` come before it."""

    soft_timeout_s: float | None = attrs.field(default=None, validator=_optional(_above_zero))
    """Seconds after which the script gets an error (TIMEOUT) and keeps its state. Needs the
    JIT off, which it therefore turns off, and does not reach into Lua's C functions."""

    result_bytes: int = attrs.field(default=16 * MIB, validator=_whole_above_zero)
    """Bytes of one encoded result; beyond it a task ends as BAD_RESULT."""

    result_values: int = attrs.field(default=32_768, validator=_whole_above_zero)
    """Values that a result may hold, keys among them; beyond it a task ends as BAD_RESULT.
    Python makes each of them with its interpreter locked, 30 to 100 ns a value: the default
    costs a frame 3 ms at most. A string, bytes or a typed array is one value."""

    nesting_depth: int = attrs.field(default=100, validator=_whole_above_zero)
    """Tables within tables that a payload or a result may have."""

    log_lines_per_s: int = attrs.field(default=50, validator=_whole_above_zero)
    """Lines a second that `print` and `worker.log` bring to the log, of 4,096 characters at
    most; the rest is dropped and counted. A line a frame, almost."""

    progress_per_s: int = attrs.field(default=120, validator=_whole_above_zero)
    """Progress messages a second that reach the game: two a frame; the rest is dropped."""

    jit: bool | None = attrs.field(
        default=None, validator=_optional(attrs.validators.instance_of(bool))
    )
    """Whether LuaJIT compiles. None: where the child is confined by the operating system."""

    vm: str | None = attrs.field(default=None, validator=_optional(attrs.validators.in_(VMS)))
    """`luajit21` or `lua54`. None: LuaJIT where lupa has it."""

    require_confinement: bool = attrs.field(
        default=False, validator=attrs.validators.instance_of(bool)
    )
    """Refuse to start where a layer of the operating system's confinement is missing,
    instead of a warning."""


@attrs.frozen(kw_only=True)
class WorkerOptions:
    """How one worker runs."""

    isolation: Isolation = attrs.field(default="process")
    """`process`: a child process an instance; the only one that can be killed, and that
    costs the game no frame. `thread`: a thread of the game, for I/O and trusted code.
    `inline`: the thread that polls, in task-id order, for tests, replays and the web."""

    nice: int = attrs.field(default=19)
    """Scheduling priority of a child process, 0 (the game's own) to 19 (only what the game
    leaves over). On two cores four busy children at 0 made a quarter of the frames of a
    60 fps game late, at 19 none: `engine-tasks bench --only frames`."""

    max_payload_bytes: int = attrs.field(default=64 * MIB, validator=_whole_above_zero)
    """Bytes of one encoded payload; a larger one is refused by `send_task`."""

    timeout_s: float | None = attrs.field(default=None, validator=_optional(_above_zero))
    """Seconds a task may run; then it ends as TIMEOUT and its instance is replaced: a child
    process is killed, a thread is left to itself and what it still says is dropped. None: no
    limit, or that of `LuaLimits`. `send_task(timeout_s=…)` comes before it."""

    start_timeout_s: float = attrs.field(default=10.0, validator=_above_zero)
    """Seconds an instance may take to start and load its code."""

    stop_grace_s: float = attrs.field(default=2.0, validator=_above_zero)
    """Seconds a running task may take to end after `stop_worker`; then it is killed."""

    limits: LuaLimits = attrs.field(factory=LuaLimits)
    """Limits of a Lua script."""

    @isolation.validator
    def _check_isolation(self, _attribute: attrs.Attribute[Any], value: Any) -> None:
        if value not in _ISOLATIONS:
            raise ValueError(f"isolation is one of {', '.join(_ISOLATIONS)}, not {value!r}")

    @nice.validator
    def _check_nice(self, _attribute: attrs.Attribute[Any], value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"nice is an int, not {type(value).__name__}")
        if not 0 <= value <= 19:
            raise ValueError(f"nice is from 0 to 19, not {value}")

    @limits.validator
    def _check_limits(self, _attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, LuaLimits):
            raise TypeError(f"limits is a LuaLimits, not {type(value).__name__}")
