"""A child is ready in milliseconds, and so is a game: neither imports what it does not use."""

import platform
import subprocess
import sys
import uuid
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypedDict

import attrs
import pytest
import start_functions as functions
from eventually import result_of
from hypothesis import given
from hypothesis import strategies as st

from engine_tasks import ErrorKind, PayloadError, TaskQueue, TaskResult
from engine_tasks.fitting import CONTAINER_HOOKS, MismatchError, fits, is_plain
from engine_tasks.payload import converter, structure

#: What a game may do without: classes as payloads, child processes, Lua, `metrics`, `await`.
NOT_FOR_EVERY_GAME = {
    *("asyncio", "cattrs", "click", "cloudpickle", "importlib.metadata", "lupa", "multiprocessing"),
    *("numpy", "pickle", "rich", "statistics", "subprocess"),
}


@attrs.frozen
class Point:
    x: int
    y: int


def mirror(point: Point) -> Point:
    return Point(point.y, point.x)


def _run(function: Callable[..., Any], payload: object) -> TaskResult:
    """What a child answers that does nothing else."""
    with TaskQueue() as queue:
        assert queue.start_native_worker(1, "Worker", function), queue.last_error
        return result_of(queue, 1, payload)


@pytest.mark.parametrize(
    ("function", "payload"),
    [
        (functions.heavy, 3),
        (functions.heavy_for_an_int, 3),
        (functions.heavy_for_a_dict, {"x": 3}),
        (functions.heavy_for_rows, [{"x": 3}, {}]),
        (functions.heavy_for_anything, "three"),
    ],
)
def test_a_child_imports_nothing_heavy_for_plain_values(
    function: Callable[..., Any], payload: object
) -> None:
    result = _run(function, payload)
    assert (result.error, result.payload) == (None, [])


def test_nor_for_a_function_that_returns_nothing() -> None:
    result = _run(functions.nothing, "text")
    assert (result.error, result.payload) == (None, None)


def test_a_plain_hint_is_held_to_all_the_same() -> None:
    result = _run(functions.heavy_for_an_int, "three")
    assert result.error is not None
    assert result.error.kind is ErrorKind.BAD_PAYLOAD
    assert str(result.error) == "payload: expected int, not str"


@pytest.mark.parametrize("of_a_child", [True, False])
@pytest.mark.parametrize(
    ("wanted", "value", "complaint"),
    [
        (dict, [["x", 1]], "expected dict, not list"),
        (list, {"x": 1}, "expected list, not dict"),
        (list, "text", "expected list, not str"),
    ],
)
def test_a_container_is_not_guessed_at(
    wanted: type[Any], value: object, complaint: str, *, of_a_child: bool
) -> None:
    hook = CONTAINER_HOOKS[wanted] if of_a_child else converter.get_structure_hook(wanted)
    with pytest.raises(MismatchError, match=complaint):
        hook(value, wanted)
    right = {dict: {"x": [1]}, list: [1, "x"]}[wanted]
    assert hook(right, wanted) == right


HINTS = st.recursive(
    st.sampled_from([bool, int, str, object, list, dict]),
    lambda hints: hints.map(lambda hint: list[hint]) | hints.map(lambda hint: dict[str, hint]),
    max_leaves=3,
)
VALUES = st.recursive(
    st.booleans() | st.integers(0, 3) | st.just("text") | st.none() | st.just(1.5),
    lambda values: st.lists(values, max_size=2) | st.dictionaries(st.just("x"), values),
    max_leaves=4,
)


@given(HINTS, VALUES)
def test_what_fits_is_what_cattrs_would_have_made(hint: Any, value: Any) -> None:
    assert is_plain(hint)
    if fits(value, hint):
        assert converter.structure(value, hint) == value
        assert type(converter.structure(value, hint)) is type(value)
    else:
        with pytest.raises(Exception, match=r"."):
            converter.structure(value, hint)


@pytest.mark.parametrize(
    "hint",
    [float, bytes, list[float], dict[str, bytes], tuple[int, ...], int | None, Point, list[Point]],
)
def test_what_cattrs_makes_something_of_is_left_to_it(hint: Any) -> None:
    assert not is_plain(hint)


def test_a_class_that_is_a_dict_is_still_held_to_its_keys() -> None:
    class Step(TypedDict):
        cost: int

    assert structure({"cost": 1}, Step) == {"cost": 1}
    assert structure({"a": 1}, OrderedDict) == OrderedDict(a=1)
    with pytest.raises(PayloadError, match="expected int, not str"):
        structure({"cost": "much"}, Step)


def test_a_hint_that_is_more_than_a_class_is_held_to_all_the_same() -> None:
    assert _run(functions.total, [1, 2]).payload == 3
    error = _run(functions.total, [1, "2"]).error
    assert error is not None
    assert "expected int, not str" in str(error)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_an_error_is_told_where_nothing_can_be_imported_any_more() -> None:
    error = _run(functions.fail_without_files, None).error
    assert error is not None
    assert (error.kind, error.message) == (ErrorKind.FAILED, "ValueError: no file can be opened")
    assert "start_functions.py" in error.traceback
    assert "in fail_without_files\nValueError: no file can be opened\n" in error.traceback
    assert "native_function.py" not in error.traceback


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_so_is_a_result_that_cannot_be_carried() -> None:
    error = _run(functions.answer_without_files, None).error
    assert error is not None
    assert error.kind is ErrorKind.BAD_RESULT
    assert error.message.startswith("result: cannot be encoded: ")


def test_modules_that_come_later_are_there_when_they_are_used() -> None:
    result = _run(functions.described, None)
    assert result.error is None, result.error
    document, system, name, identity, place = result.payload
    assert document == "Place(x: int, y: int = 0)"
    assert (system, name) == (platform.system(), "inspect")
    assert (identity, place) == (str(uuid.UUID(int=1)), {"x": 3, "y": 0})


def test_a_class_is_made_of_what_it_travels_as() -> None:
    assert _run(mirror, Point(1, 2)).payload_as(Point) == Point(2, 1)


def _loaded_by(statement: str) -> set[str]:
    """What a fresh interpreter imports for a statement."""
    script = (
        f"import sys; before = set(sys.modules)\n{statement}\nprint(*(set(sys.modules) - before))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    return set(loaded.stdout.split())


def test_a_game_imports_nothing_that_not_every_game_needs() -> None:
    loaded = _loaded_by("from engine_tasks import TaskQueue\nTaskQueue().stop()")
    assert "engine_tasks.task_queue" in loaded
    assert not loaded & NOT_FOR_EVERY_GAME
