"""Options that nobody can mean are refused at once, by an error that names the argument."""

import math
import sys
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_tasks.errors import ErrorKind
from engine_tasks.options import MAX_INSTANCES, LuaLimits, WorkerOptions
from engine_tasks.policies import RestartPolicy, RetryPolicy

CLASSES: list[type[Any]] = [WorkerOptions, LuaLimits, RetryPolicy, RestartPolicy]

#: Digits of an int that no float holds, and of one that Python does not even write.
HUGE, UNWRITABLE = 10**400, 10 ** (sys.int_info.default_max_str_digits + 1)

WRONG_TYPES = ["3", b"3", [3], {}, object(), 3j, len, int]
NEITHER = [*WRONG_TYPES, None, True, math.nan, math.inf, -math.inf, -1, -0.5, -HUGE]
NUMBER = [*NEITHER, HUGE]
WHOLE = [*NEITHER, -UNWRITABLE, 1.0, 0.5]
CHOICE = [None, True, 0, "", "PROCESS", "thread ", b"thread", ["thread"], object()]
OBJECT = ["default", True, 0, {}, RetryPolicy, LuaLimits]
CALLABLE = ["print", True, 0, {}, object()]

WRONG: dict[type[Any], dict[str, list[object]]] = {
    WorkerOptions: {
        "isolation": CHOICE,
        "nice": [*WHOLE, 20, 10**9],
        "max_payload_bytes": [*WHOLE, 0],
        "timeout_s": [*NUMBER, 0, 0.0, UNWRITABLE],
        "start_timeout_s": [*NUMBER, 0],
        "stop_grace_s": [*NUMBER, 0],
        "limits": [*OBJECT, None, RetryPolicy()],
        "retry": [*OBJECT, RestartPolicy()],
        "restart": [*OBJECT, None, RetryPolicy()],
        "cancel_grace_s": [*NUMBER, 0],
        "max_dead_letters": WHOLE,
        "max_pending": [*WHOLE, 0],
        "overflow": CHOICE,
        "same_key": CHOICE,
        "aging_s": [*NUMBER, 0],
        "create": CALLABLE,
        "destroy": CALLABLE,
        "check_health": CALLABLE,
        "spare_resources": WHOLE,
        "max_instances": [*WHOLE, 0, MAX_INSTANCES + 1, 10**9],
        "burst_threshold": [*NUMBER, 0],
        "burst_size": [*WHOLE, 0],
        "burst_interval_s": [*NUMBER, 0],
        "idle_s": [*NUMBER, 0],
    },
    LuaLimits: {
        "memory_mb": [*WHOLE, 0],
        "timeout_s": [*NUMBER, 0],
        "soft_timeout_s": [*NUMBER, 0],
        "result_bytes": [*WHOLE, 0],
        "result_values": [*WHOLE, 0],
        "nesting_depth": [*WHOLE, 0],
        "log_lines_per_s": [*WHOLE, 0],
        "progress_per_s": [*WHOLE, 0],
        "jit": ["on", 0, 1, 1.0, [], object()],
        "vm": [True, 0, "", "lua", "luajit", "LUA54", b"lua54", ["lua54"]],
        "require_confinement": ["yes", None, 0, 1, []],
    },
    RetryPolicy: {
        "max_attempts": [*WHOLE, 0],
        "first_backoff_s": [*NUMBER, UNWRITABLE],
        "max_backoff_s": NUMBER,
        "backoff_factor": [*NUMBER, 0, 0.999],
        "jitter": [*NUMBER, 1.001, 2],
        "kinds": [
            *(None, True, 5, "FAILED", b"FAILED", ErrorKind.FAILED, ["FAILED"], [[]], "", b""),
            *([ErrorKind.CANCELLED], {ErrorKind.FAILED, ErrorKind.EXPIRED}, ErrorKind),
        ],
    },
    RestartPolicy: {
        "max_restarts": WHOLE,
        "within_s": [*NUMBER, 0],
        "first_backoff_s": NUMBER,
        "max_backoff_s": NUMBER,
        "backoff_factor": [*NUMBER, 0, 0.999],
        "jitter": [*NUMBER, 1.001, 2],
    },
}


def _each_wrong() -> Iterator[Any]:
    """Each argument with each value that it cannot have; None is often the default."""
    for kind, arguments in WRONG.items():
        for argument, values in arguments.items():
            may_be_none = getattr(attrs.fields_dict(kind)[argument], "default", 0) is None
            for value in values:
                if value is not None or not may_be_none:
                    name = f"{kind.__name__}-{argument}-{_written(value)}"
                    yield pytest.param(kind, argument, value, id=name)


def _written(value: object) -> str:
    try:
        return f"{value!r:.20}"
    except ValueError:
        return "unwritable"


@pytest.mark.parametrize("kind", CLASSES)
def test_every_argument_is_looked_at(kind: type[Any]) -> None:
    assert set(WRONG[kind]) == {field.name for field in attrs.fields(kind)}


@pytest.mark.parametrize(("kind", "argument", "value"), list(_each_wrong()))
def test_a_wrong_value_is_refused_by_name(kind: type[Any], argument: str, value: object) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        kind(**{argument: value})
    message = str(caught.value.args[0])
    assert argument in message
    assert len(message) < 200


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("value", ["3", [3], {}, None, True])
def test_what_is_no_number_is_a_wrong_type(kind: type[Any], value: object) -> None:
    for argument, wrong in WRONG[kind].items():
        is_number = math.inf in wrong
        if is_number and attrs.fields_dict(kind)[argument].default is not None:
            with pytest.raises(TypeError, match=f"{argument} is an? (number|int), not "):
                kind(**{argument: value})


@pytest.mark.parametrize("kind", CLASSES)
def test_an_argument_that_does_not_exist_is_refused(kind: type[Any]) -> None:
    with pytest.raises(TypeError, match="timeout_ms"):
        kind(timeout_ms=5)


@pytest.mark.parametrize("kind", CLASSES)
def test_arguments_are_given_by_name(kind: type[Any]) -> None:
    with pytest.raises(TypeError, match="positional"):
        kind(3)


@pytest.mark.parametrize("kind", CLASSES)
def test_options_do_not_change(kind: type[Any]) -> None:
    options = kind()
    for field in attrs.fields(kind):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(options, field.name, getattr(options, field.name))


@pytest.mark.parametrize("kind", [RetryPolicy, RestartPolicy])
def test_a_longest_wait_below_the_first_is_a_contradiction(kind: type[Any]) -> None:
    with pytest.raises(
        ValueError, match=r"max_backoff_s \(0\.5\) is below first_backoff_s \(0\.75\)"
    ):
        kind(first_backoff_s=0.75, max_backoff_s=0.5)
    assert kind(first_backoff_s=0.5, max_backoff_s=0.5).max_backoff_s == 0.5


def test_destroying_what_nothing_created_is_a_contradiction() -> None:
    with pytest.raises(ValueError, match="destroy is for what create makes: give create too"):
        WorkerOptions(destroy=print)
    assert WorkerOptions(create=dict, destroy=print).destroy is print


def test_bounds_themselves_are_allowed() -> None:
    options = WorkerOptions(nice=0, max_instances=MAX_INSTANCES, max_pending=1, max_dead_letters=0)
    assert (options.nice, options.max_instances) == (0, MAX_INSTANCES)
    assert WorkerOptions(nice=19, spare_resources=0).nice == 19
    assert RetryPolicy(max_attempts=1, backoff_factor=1, jitter=0).jitter == 0
    assert RestartPolicy(max_restarts=0, jitter=1, first_backoff_s=0).max_restarts == 0


def test_a_whole_number_of_seconds_may_be_an_int() -> None:
    assert WorkerOptions(timeout_s=5, idle_s=1).timeout_s == 5
    assert LuaLimits(soft_timeout_s=1).soft_timeout_s == 1


def test_no_retry_at_all_may_be_for_no_kind_of_error() -> None:
    assert RetryPolicy(kinds=frozenset()).kinds == frozenset()


NOISE: st.SearchStrategy[object] = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
    *(st.lists(st.integers()), st.integers(-HUGE, HUGE), st.sampled_from(list(ErrorKind))),
)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_whatever_is_given_is_kept_or_refused_by_name(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(CLASSES))
    argument = data.draw(st.sampled_from([field.name for field in attrs.fields(kind)]))
    value = data.draw(NOISE)
    refusal = ""
    try:
        kept = getattr(kind(**{argument: value}), argument)
    except (TypeError, ValueError) as error:
        refusal = str(error.args[0])
    if refusal:
        assert argument in refusal
    else:
        assert kept == (frozenset() if value == [] else value)
        assert not isinstance(kept, float) or math.isfinite(kept)
