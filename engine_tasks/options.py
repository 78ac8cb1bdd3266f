"""How a worker runs: where, how important, within which limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import attrs

from engine_tasks.checks import check_above_zero, check_callable, check_whole
from engine_tasks.policies import RestartPolicy, RetryPolicy

Isolation = Literal["process", "thread", "inline"]
Overflow = Literal["reject", "drop_oldest", "drop_lowest"]
SameKey = Literal["share", "newest"]

#: Instances a worker may have. A child process takes 5 MB and more; a typing error should not
#: take the machine.
MAX_INSTANCES: Final = 256

MIB: Final = 1024 * 1024

#: The Lua machines that a worker may run on.
VMS: Final = ("luajit21", "lua54")


def _above_zero(_instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    check_above_zero(attribute.name, value)


def _whole_above_zero(_instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    check_whole(attribute.name, value, least=1)


def _whole(_instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    check_whole(attribute.name, value, least=0)


def _callable(_instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    check_callable(attribute.name, value)


def _of_class(kind: type) -> Any:
    def check(_instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, kind):
            raise TypeError(f"{attribute.name} is a {kind.__name__}, not {type(value).__name__}")

    return check


def _one_of(*choices: str) -> Any:
    def check(_instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value not in choices:
            raise ValueError(f"{attribute.name} is one of {', '.join(choices)}, not {value!r}")

    return check


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

    jit: bool | None = attrs.field(default=None, validator=_optional(_of_class(bool)))
    """Whether LuaJIT compiles. None: where the child is confined by the operating system."""

    vm: str | None = attrs.field(default=None, validator=_optional(_one_of(*VMS)))
    """`luajit21` or `lua54`. None: LuaJIT where lupa has it."""

    require_confinement: bool = attrs.field(default=False, validator=_of_class(bool))
    """Refuse to start where a layer of the operating system's confinement is missing,
    instead of a warning."""


@attrs.frozen(kw_only=True)
class WorkerOptions:
    """How one worker runs."""

    isolation: Isolation = attrs.field(
        default="process", validator=_one_of("process", "thread", "inline")
    )
    """`process`: a child process an instance; the only one that can be killed, and that
    costs the game no frame. `thread`: a thread of the game, for I/O and trusted code.
    `inline`: the thread that polls, in task-id order, for tests, replays and the web."""

    nice: int = attrs.field(default=19)
    """Scheduling priority of a child process, 0 (the game's own) to 19 (only what the game
    leaves over). On two cores four busy children at 0 made a quarter of the frames of a
    60 fps game late, at 19 one or two of a hundred: `engine-tasks bench frames`. At any but 0
    a child also asks Linux (6.12 and newer) for slices of 8 ms that a game which wakes may
    break into; another child waits until they are over."""

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

    limits: LuaLimits = attrs.field(factory=LuaLimits, validator=_of_class(LuaLimits))
    """Limits of a Lua script."""

    # --- when something goes wrong

    retry: RetryPolicy | None = attrs.field(
        default=None, validator=_optional(_of_class(RetryPolicy))
    )
    """When a task that failed is tried again. None: never, so that nothing happens twice;
    only a task that `check_health` judged unhealthy has `RetryPolicy()` all the same.
    `send_task(max_attempts=…)` comes before it."""

    restart: RestartPolicy = attrs.field(factory=RestartPolicy, validator=_of_class(RestartPolicy))
    """How often an instance that died is replaced before the worker is given up."""

    cancel_grace_s: float = attrs.field(default=1.0, validator=_above_zero)
    """Seconds that the code of a cancelled task may take to end; then its process is killed,
    or its thread left to itself, and replaced."""

    max_dead_letters: int = attrs.field(default=100, validator=_whole)
    """Tasks out of attempts that are kept for `dead_letters`; the oldest go first."""

    # --- what waits

    max_pending: int | None = attrs.field(default=None, validator=_optional(_whole_above_zero))
    """Tasks that may wait. None: as many as there is memory for."""

    overflow: Overflow = attrs.field(
        default="reject", validator=_one_of("reject", "drop_oldest", "drop_lowest")
    )
    """What happens past `max_pending`. `reject`: the new task is refused. `drop_oldest`: the
    one that was sent first gives way, answered as CANCELLED. `drop_lowest`: the last one of
    the lowest priority does; where the new one is no more urgent, it is refused."""

    same_key: SameKey = attrs.field(default="share", validator=_one_of("share", "newest"))
    """What happens to tasks that wait with the same `key`. `share`: the first one runs, for
    all of them. `newest`: the newest runs in its place, and the others are CANCELLED."""

    aging_s: float = attrs.field(default=10.0, validator=_above_zero)
    """Seconds of waiting that are worth one level of `Priority`."""

    # --- resources of a native worker

    create: Callable[[], Any] | None = attrs.field(default=None, validator=_optional(_callable))
    """Makes the resource of an instance, where the worker's code runs; the function then takes
    it as its first argument: `function(resource, payload)`."""

    destroy: Callable[[Any], object] | None = attrs.field(
        default=None, validator=_optional(_callable)
    )
    """Takes a resource back: once for each `create`, but for a process that is killed."""

    check_health: Callable[[Exception], bool] | None = attrs.field(
        default=None, validator=_optional(_callable)
    )
    """Whether instance and resource are still good after an exception of the function. If
    not, both are replaced and the task is tried again."""

    spare_resources: int = attrs.field(default=1, validator=_whole)
    """Executors, each with its resource, that are kept for `run_task` once it made them."""

    # --- scaling

    max_instances: int | None = attrs.field(default=None, validator=_optional(_whole_above_zero))
    """Instances the worker may have while much waits. None: no more than `instances_count`."""

    burst_threshold: float = attrs.field(default=2.0, validator=_above_zero)
    """Tasks waiting for each instance from which on there should be more instances."""

    burst_size: int = attrs.field(default=2, validator=_whole_above_zero)
    """Instances added at once."""

    burst_interval_s: float = attrs.field(default=0.1, validator=_above_zero)
    """Seconds between two looks at what waits, while anything does."""

    idle_s: float = attrs.field(default=5.0, validator=_above_zero)
    """Seconds for which an added instance was not needed, before it is stopped."""

    @nice.validator
    def _check_nice(self, attribute: attrs.Attribute[Any], value: Any) -> None:
        check_whole(attribute.name, value, least=0)
        if value > 19:
            raise ValueError(f"nice is from 0 to 19, not {value}")

    @max_instances.validator
    def _check_max_instances(self, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and value > MAX_INSTANCES:
            raise ValueError(f"{attribute.name} is at most {MAX_INSTANCES}, not {value}")

    def __attrs_post_init__(self) -> None:
        if self.create is None and self.destroy is not None:
            raise ValueError("destroy is for what create makes: give create too")
