"""A worker's function: its hints are its contract, and nothing it raises gets out."""

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypedDict

import attrs
import pytest

from engine_tasks import ErrorKind, PayloadError, TaskError
from engine_tasks.native import Hints, NativeFunction, Unhealthy, name_of
from engine_tasks.payload import decode, encode

MAX_BYTES = 10_000


@attrs.frozen
class Point:
    x: int
    y: int


class Step(TypedDict):
    cost: float


def native(function: Callable[..., Any]) -> NativeFunction:
    return NativeFunction(function, Hints.of(function), MAX_BYTES)


def answer(function: Callable[..., Any], data: object = None) -> Any:
    outcome = native(function).run(encode(data))
    assert isinstance(outcome, bytes), outcome
    return decode(outcome)


def error(function: Callable[..., Any], data: object = None) -> TaskError:
    outcome = native(function).run(encode(data))
    assert isinstance(outcome, TaskError)
    return outcome


# --- the contract ------------------------------------------------------------------


def test_a_function_without_hints_takes_the_plain_value() -> None:
    assert answer(lambda data: [type(data).__name__, data], {"x": 1}) == ["dict", {"x": 1}]


def test_a_function_receives_what_its_hint_says() -> None:
    def mirror(point: Point) -> Point:
        assert isinstance(point, Point)
        return Point(point.y, point.x)

    assert answer(mirror, Point(1, 2)) == {"x": 2, "y": 1}


@pytest.mark.parametrize("hint", [Any, object])
def test_a_hint_for_anything_takes_anything(hint: Any) -> None:
    def echo(data):  # type: ignore[no-untyped-def]
        return data

    echo.__annotations__ = {"data": hint, "return": hint}
    assert answer(echo, [1, {"x": None}]) == [1, {"x": None}]


def test_a_payload_that_does_not_fit_names_the_field_and_calls_nothing() -> None:
    called = []

    def find(request: list[Point]) -> None:
        called.append(request)

    refused = error(find, [{"x": 1, "y": 2}, {"x": 1, "y": "2"}])
    assert refused.kind is ErrorKind.BAD_PAYLOAD
    assert refused.message == "payload: expected int, not str @ $[1].y"
    assert not called


def test_bytes_that_are_no_payload_are_a_bad_payload() -> None:
    outcome = native(lambda data: data).run(b"\xc1")
    assert isinstance(outcome, TaskError)
    assert outcome.kind is ErrorKind.BAD_PAYLOAD


def test_a_result_other_than_the_hint_says_is_a_bad_result() -> None:
    def count(data: Any) -> int:
        return "three"  # type: ignore[return-value]

    refused = error(count)
    assert refused.kind is ErrorKind.BAD_RESULT
    assert "count() returned str, where its hint says int" in refused.message


def test_an_int_is_fine_where_a_float_is_due() -> None:
    def cost(data: Any) -> float:
        return 3

    assert answer(cost) == 3


@pytest.mark.parametrize(
    ("hint", "value"),
    [(list[int], [1]), (int | None, None), (Step, {"cost": 1.0}), (Sequence, [1]), (None, None)],
)
def test_hints_for_results_of_every_kind_are_understood(hint: Any, value: object) -> None:
    def give(data: Any) -> Any:
        return value

    give.__annotations__["return"] = hint
    assert answer(give) == value


def test_a_result_that_cannot_be_carried_is_a_bad_result() -> None:
    refused = error(lambda data: {"found": [threading.Lock()]})
    assert refused.kind is ErrorKind.BAD_RESULT
    assert refused.message == "result.found[0]: cannot carry a lock"


def test_a_result_over_the_limit_is_a_bad_result() -> None:
    refused = error(lambda data: "x" * MAX_BYTES)
    assert refused.kind is ErrorKind.BAD_RESULT
    assert "the limit is 10,000 bytes" in refused.message


@pytest.mark.parametrize(
    "function",
    [
        lambda: None,
        lambda a, b: None,
        lambda a, *, b: None,
        lambda *, a: None,
        threading.Barrier(2).wait.__func__,  # type: ignore[attr-defined]
    ],
)
def test_a_function_that_cannot_take_one_payload_is_refused(function: Any) -> None:
    if function.__name__ == "wait":
        function = functools.partial(function, 1, 2)
    with pytest.raises(TypeError, match="must take one argument, the payload of a task"):
        Hints.of(function)


@pytest.mark.parametrize(
    "function",
    [
        lambda: None,
        lambda resource: None,
        lambda resource, data, more: None,
        lambda resource, *, data: None,
        lambda resource, data, *, more: None,
    ],
)
def test_a_function_that_cannot_take_a_resource_and_a_payload_is_refused(function: Any) -> None:
    form = r"must take two arguments, .*: function\(resource, payload\)"
    with pytest.raises(TypeError, match=form):
        Hints.of(function, takes_resource=True)


def test_a_function_of_two_is_told_what_it_is_without_a_resource() -> None:
    with pytest.raises(TypeError, match=r"only with WorkerOptions.create it is function\(resource"):
        Hints.of(lambda resource, data: None)


def test_beside_a_resource_the_second_hint_is_the_contract() -> None:
    def find(resource: list[str], point: Point, often: int = 1) -> int:
        return point.x

    def find_any(*points: Point) -> int:
        return points[1].x

    def find_rest(resource: list[str], *points: Point) -> int:
        return points[0].x

    for function in (find, find_any, find_rest):
        hints = Hints.of(function, takes_resource=True)
        assert hints == Hints(Point, int)
        assert NativeFunction(function, hints, MAX_BYTES).run(encode(Point(3, 4)), []) == encode(3)


class Finder:
    """An object that is called, with a hint."""

    def __call__(self, point: Point) -> int:
        return point.x

    def find(self, point: Point) -> int:
        return point.y


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (Finder(), 1),
        (Finder().find, 2),
        (functools.partial(lambda a, b=0: [a["x"], b], b=5), [1, 5]),
        (lambda a, b=3: b, 3),
        (lambda *args: len(args), 1),
        (len, 2),
        (dict, {"x": 1, "y": 2}),
    ],
)
def test_everything_that_takes_one_argument_will_do(function: Any, expected: object) -> None:
    assert answer(function, Point(1, 2)) == expected


def test_a_hint_that_names_nothing_is_refused_by_name() -> None:
    def find(request: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
        return None

    with pytest.raises(TypeError, match=r"a type hint of .*find\(\) is unknown: .*'Nowhere'"):
        Hints.of(find)


def test_a_function_is_named_for_people() -> None:
    assert name_of(name_of) == "engine_tasks.native_function.name_of()"
    assert name_of(Finder()).endswith("Finder()")


# --- what it raises ----------------------------------------------------------------


class Unspeakable(Exception):
    """Its message cannot be had."""

    def __init__(self, reason: BaseException) -> None:
        self.reason = reason

    def __str__(self) -> str:
        raise self.reason

    __repr__ = __str__


def raising(raised: BaseException) -> Callable[[Any], Any]:
    def fail(data: Any) -> Any:
        raise raised

    return fail


def test_an_exception_is_a_failed_task_with_message_and_traceback() -> None:
    def divide(data: int) -> float:
        return 1 / data

    failed = error(divide, 0)
    assert failed.kind is ErrorKind.FAILED
    assert failed.message == "ZeroDivisionError: division by zero"
    assert str(failed) == failed.message
    assert "return 1 / data" in failed.traceback
    assert "engine_tasks" not in failed.traceback.replace(__file__, "")


class Custom(BaseException):
    pass


@pytest.mark.parametrize(
    "raised",
    [SystemExit(3), GeneratorExit(), Custom("x"), MemoryError(), RecursionError("deep")],
    ids=repr,
)
def test_every_exception_stops_here(raised: BaseException) -> None:
    failed = error(raising(raised))
    assert failed.kind is ErrorKind.FAILED
    assert failed.message.startswith(type(raised).__name__)


def test_ctrl_c_on_the_games_own_thread_goes_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        native(raising(KeyboardInterrupt())).run(encode(None))


def test_a_keyboard_interrupt_on_a_workers_thread_is_a_failed_task() -> None:
    outcomes: list[object] = []
    run = native(raising(KeyboardInterrupt())).run
    thread = threading.Thread(target=lambda: outcomes.append(run(encode(None))))
    thread.start()
    thread.join()
    assert isinstance(outcomes[0], TaskError)
    assert outcomes[0].kind is ErrorKind.FAILED


@pytest.mark.parametrize("reason", [ValueError("no"), SystemExit(1), Custom("x")], ids=repr)
def test_an_exception_without_a_message_is_still_told(reason: BaseException) -> None:
    failed = error(raising(Unspeakable(reason)))
    assert failed.kind is ErrorKind.FAILED
    assert failed.message == (
        f"Unspeakable: <its message cannot be shown: {type(reason).__name__}>"
    )


def test_a_message_as_long_as_a_novel_is_cut() -> None:
    failed = error(raising(ValueError("x" * 100_000)))
    assert len(failed.message) < 20_000
    assert failed.message.endswith("[cut: 100012 characters]")
    assert len(failed.traceback) < 20_000


def test_endless_recursion_is_a_failed_task() -> None:
    def recurse(data: Any) -> Any:
        return recurse(data)

    assert error(recurse).message.startswith("RecursionError")


def test_a_decoder_of_the_game_that_fails_is_a_bad_payload() -> None:
    @attrs.frozen
    class Positive:
        value: int = attrs.field(validator=attrs.validators.gt(0))

    def take(data: Positive) -> None:
        return None

    refused = error(take, {"value": -1})
    assert refused.kind is ErrorKind.BAD_PAYLOAD
    assert "must be > 0" in refused.message


def test_one_function_serves_many_threads() -> None:
    shared = native(lambda data: data * 2)
    outcomes: dict[int, Any] = {}
    threads = [
        threading.Thread(target=lambda n=n: outcomes.update({n: shared.run(encode(n))}))
        for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: decode(outcome) for n, outcome in outcomes.items()} == {n: 2 * n for n in range(16)}


@pytest.mark.parametrize("verdict", [True, False])
def test_only_an_exception_is_a_matter_of_health(verdict: bool) -> None:
    asked: list[Exception] = []

    def is_healthy(error: Exception) -> bool:
        asked.append(error)
        return verdict

    def outcome_of(function: Callable[[Any], Any], payload: bytes) -> Any:
        return NativeFunction(function, Hints.of(function), MAX_BYTES, is_healthy).run(payload)

    assert outcome_of(lambda data: data, encode(1)) == encode(1)
    assert outcome_of(lambda data: data, b"\xc1").kind is ErrorKind.BAD_PAYLOAD
    assert outcome_of(lambda data: is_healthy, encode(1)).kind is ErrorKind.BAD_RESULT
    assert outcome_of(raising(SystemExit(3)), encode(1)).kind is ErrorKind.FAILED
    assert not asked
    error = ValueError("x")
    failed = outcome_of(raising(error), encode(1))
    assert asked == [error]
    assert isinstance(failed, TaskError if verdict else Unhealthy)


def test_the_limit_of_a_payload_error_is_a_value_error() -> None:
    assert issubclass(PayloadError, ValueError)
