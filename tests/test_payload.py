"""Payloads: what can be carried arrives as it was sent; what cannot is named, with its place."""

import array
import collections
import dataclasses
import enum
import math
import socket
import threading
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import attrs
import numpy as np
import ormsgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_tasks import EngineTasksError, PayloadError, TaskError, TaskResult
from engine_tasks.errors import ErrorKind
from engine_tasks.extensions import DATETIME, TIMESTAMP, TYPED_ARRAY
from engine_tasks.payload import decode, encode, structure


class Terrain(enum.Enum):
    GRASS = "grass"
    WATER = 2


class Layer(enum.IntEnum):
    GROUND = 1


@attrs.frozen
class PathRequest:
    start: tuple[int, int]
    goals: list[int]
    name: str = "unit"
    weight: float = 1.0


@dataclasses.dataclass(frozen=True)
class Unit:
    terrain: Terrain
    path: PathRequest | None = None
    tags: frozenset[str] = frozenset()


@attrs.define
class Node:
    """For values that nest and cycle."""

    value: Any
    children: list[Any] = attrs.field(factory=list)


@attrs.frozen
class Tree:
    """For hints that name themselves."""

    value: int
    children: "list[Tree]" = attrs.field(factory=list)


def carried(value: object) -> Any:
    return decode(encode(value))


def refusal(value: object) -> PayloadError:
    with pytest.raises(PayloadError) as caught:
        encode(value)
    return caught.value


# --- what arrives as it was sent ------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | TEXTS | st.binary()
)
OFFSETS = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(
    lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
)
INSTANTS = st.datetimes(timezones=st.none() | st.just(UTC) | OFFSETS)
VALUES = st.recursive(
    SCALARS | INSTANTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS | st.integers(0, 2**63), inner),
    max_leaves=25,
)


def _same(left: Any, right: Any) -> bool:
    """Equal, of the same types, with NaN equal to NaN and -0.0 different from 0.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return repr(left) == repr(right)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_same(left[k], right[k]) for k in left)
    if isinstance(left, datetime):
        return bool(left == right and left.utcoffset() == right.utcoffset())
    return bool(left == right)


@given(VALUES)
def test_plain_values_arrive_as_they_were_sent(value: Any) -> None:
    assert _same(carried(value), value)


@given(VALUES)
def test_what_was_carried_once_is_carried_the_same_again(value: Any) -> None:
    once = carried(value)
    assert _same(carried(once), once)


@given(st.tuples(SCALARS, st.tuples(SCALARS)))
def test_tuples_arrive_as_lists(value: tuple[Any, tuple[Any]]) -> None:
    assert _same(carried(value), [value[0], [value[1][0]]])


@pytest.mark.parametrize("number", [-(2**63), -1, 0, 2**53 + 1, 2**63, 2**64 - 1])
def test_every_64_bit_int_is_carried_exactly(number: int) -> None:
    assert _same(carried(number), number)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, -0.0, 5e-324, 1.0])
def test_every_float_is_carried_exactly(number: float) -> None:
    assert _same(carried(number), number)


@pytest.mark.parametrize("key", [1, -5, 2.5, None, True, b"k", (1, 2), ((1,), "x")])
def test_keys_may_be_of_every_plain_type(key: Any) -> None:
    assert carried({key: "value"}) == {key: "value"}


@pytest.mark.parametrize(
    ("value", "arrives_as"),
    [
        (Terrain.GRASS, "grass"),
        (Layer.GROUND, 1),
        ({Terrain.WATER: 1}, {2: 1}),
        ((1, (2,)), [1, [2]]),
        ({1, 2}, [1, 2]),
        (collections.deque([1, 2]), [1, 2]),
        (collections.OrderedDict(a=1), {"a": 1}),
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"ab"), b"ab"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Path("maps/arena"), "maps/arena"),
        (Unit(Terrain.WATER), {"terrain": 2, "path": None, "tags": []}),
        (
            Unit(Terrain.GRASS, PathRequest((1, 2), [3]), frozenset({"a"})),
            {
                "terrain": "grass",
                "path": {"start": [1, 2], "goals": [3], "name": "unit", "weight": 1.0},
                "tags": ["a"],
            },
        ),
        ([Node(Node(Layer.GROUND))], [{"value": {"value": 1, "children": []}, "children": []}]),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.array(7), 7),
    ],
)
def test_richer_values_arrive_as_what_cattrs_makes_of_them(value: Any, arrives_as: Any) -> None:
    assert _same(carried(value), arrives_as)


@given(
    typecode=st.sampled_from("bBhHiIqQfd"),
    numbers=st.lists(st.integers(0, 100), max_size=20),
)
def test_arrays_keep_type_and_elements(typecode: str, numbers: list[int]) -> None:
    sent = array.array(typecode, numbers)
    back = carried({"heights": sent})["heights"]
    assert back == sent
    assert back.typecode == typecode


@pytest.mark.parametrize(("typecode", "arrives_as"), [("l", "iq"), ("L", "IQ")])
def test_a_c_long_arrives_as_what_it_is_on_every_platform(typecode: str, arrives_as: str) -> None:
    back = carried(array.array(typecode, [1, 2]))
    assert back.tolist() == [1, 2]
    assert back.typecode in arrives_as


@given(
    dtype=st.sampled_from(["i1", "u1", "<i2", ">i4", "<u8", ">f4", "<f8", "i8"]),
    shape=st.lists(st.integers(0, 4), min_size=1, max_size=4),
)
def test_numpy_arrays_keep_type_shape_and_elements(dtype: str, shape: list[int]) -> None:
    sent = np.arange(math.prod(shape)).reshape(shape).astype(dtype)
    back = carried([sent])[0]
    assert back.dtype == sent.dtype.newbyteorder("=")
    assert back.shape == sent.shape
    np.testing.assert_array_equal(back, sent)


def test_a_view_with_strides_arrives_as_its_elements() -> None:
    sent = np.arange(24).reshape(4, 6)[::2, ::-3].T
    np.testing.assert_array_equal(carried(sent), sent)


def test_an_instant_of_the_specification_is_read() -> None:
    assert decode(b"\xd6\xff" + (1_000_000_000).to_bytes(4, "big")) == datetime(
        2001, 9, 9, 1, 46, 40, tzinfo=UTC
    )


def test_an_extension_of_the_games_own_passes_untouched() -> None:
    sent = ormsgpack.Ext(42, b"abc")
    assert encode(carried(sent)) == encode(sent)


def test_a_shared_part_is_carried_each_time_it_occurs() -> None:
    part = [1]
    assert carried([part, part, {"again": part}]) == [[1], [1], {"again": [1]}]


# --- what cannot be carried -----------------------------------------------------


def test_a_socket_is_refused_by_name_and_place() -> None:
    with socket.socket() as open_socket:
        error = refusal({"units": [1, {"target": open_socket}]})
    assert str(error) == "payload.units[1].target: cannot carry a socket"
    assert error.path == "payload.units[1].target"
    assert isinstance(error, EngineTasksError)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (print, "a builtin_function_or_method named 'print'"),
        (refusal, "a function named 'refusal'"),
        (lambda: None, "a function named '<lambda>'"),
        (object(), "an object"),
        (PathRequest, "a type named 'PathRequest'"),
        (threading.Lock(), "a lock"),
        (math, "a module named 'math'"),
        (1j, "a complex"),
        (range(3), "a range"),
        (iter([]), "a list_iterator"),
        (ValueError("x"), "a ValueError"),
        (np.array([1j]), "a NumPy array of complex128"),
        (np.array(["a"]), "a NumPy array of <U1"),
        (np.array([None]), "a NumPy array of object"),
        (array.array("u", "ab"), "an array of typecode 'u'"),
    ],
    ids=str,
)
def test_what_cannot_be_carried_is_refused_by_name(value: object, name: str) -> None:
    assert f"payload: cannot carry {name}" in str(refusal(value))


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**30])
def test_an_int_beyond_64_bits_is_refused(number: int) -> None:
    error = refusal({"score": number})
    assert str(error).startswith("payload.score: the int ")
    assert "does not fit 64 bits (from -2^63 to 2^64-1)" in str(error)


def test_an_int_that_would_fill_the_screen_is_described() -> None:
    assert "an int of 33220 bits" in str(refusal(10**10_000))


def test_text_that_is_no_utf_8_is_refused() -> None:
    assert str(refusal(["ok", "a\ud800"])) == (
        "payload[1]: cannot carry text with a lone surrogate, which is not UTF-8"
    )


def test_a_key_that_is_no_utf_8_is_refused_by_its_place() -> None:
    error = refusal({"map": {"fine": 1, "\ud800": 2}})
    assert error.path == r"payload.map (the key '\ud800')"
    assert "lone surrogate" in str(error)


def test_a_key_that_cannot_be_carried_is_refused_by_its_place() -> None:
    assert str(refusal({"map": {print: 1}})).startswith(
        "payload.map (the key <built-in function print>): cannot carry a builtin_function"
    )


def test_values_that_contain_themselves_are_refused() -> None:
    a_list: list[Any] = []
    a_list.append(a_list)
    a_dict: dict[str, Any] = {}
    a_dict["next"] = [a_dict]
    node = Node(1)
    node.children.append({"parent": node})
    assert str(refusal(a_list)) == "payload[0]: cannot carry a list that contains itself"
    assert str(refusal(a_dict)) == "payload.next[0]: cannot carry a dict that contains itself"
    assert str(refusal(node)) == (
        "payload.children[0].parent: cannot carry a Node that contains itself"
    )


def _nested(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


def test_nesting_is_carried_up_to_the_limit_that_is_named_beyond_it() -> None:
    assert carried(_nested(255)) == _nested(255)
    for levels in (256, 1000, 100_000):
        assert str(refusal(_nested(levels))).endswith("is nested deeper than 255 levels")


@pytest.mark.parametrize("levels", [256, 5000])
def test_deep_objects_are_refused_as_well(levels: int) -> None:
    node = Node(0)
    for _ in range(levels):
        node = Node(node)
    assert "is nested deeper than" in str(refusal(node))


def test_a_value_over_the_limit_names_both_sizes() -> None:
    with pytest.raises(PayloadError, match="takes 1,005 bytes; the limit is 1,000 bytes"):
        encode("x" * 1002, max_bytes=1000)
    assert len(encode("x" * 997, max_bytes=1000)) == 1000


def test_an_attribute_that_raises_is_refused_with_its_reason() -> None:
    class Broken(enum.Enum):
        A = 1

        @property
        def value(self) -> int:
            raise RuntimeError("no value today")

    assert "no value today" in str(refusal([Broken.A]))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_value_or_a_payload_error(noise: bytes) -> None:
    try:
        decode(noise)
    except PayloadError as error:
        assert "is not MessagePack" in str(error)  # noqa: PT017 - either is right


@given(
    code=st.sampled_from([TIMESTAMP & 0xFF, TYPED_ARRAY, DATETIME, 7]),
    content=st.binary(max_size=40),
)
def test_arbitrary_extensions_are_a_value_or_a_payload_error(code: int, content: bytes) -> None:
    encoded = b"\x91\xc7" + bytes([len(content), code]) + content
    try:
        (value,) = decode(encoded)
    except PayloadError as error:
        assert "is not MessagePack" in str(error)  # noqa: PT017 - either is right
    else:
        assert isinstance(value, datetime | array.array | np.ndarray | ormsgpack.Ext)


def test_an_array_that_lies_about_its_shape_is_refused() -> None:
    header = b"d" + b"\x02" + (2**31).to_bytes(4, "little") * 2
    with pytest.raises(PayloadError):
        decode(ormsgpack.packb(ormsgpack.Ext(TYPED_ARRAY, header + bytes(16))))


# --- type hints as contracts ------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"start": [1, "x"], "goals": [1]}, "expected int, not str @ $.start[1]"),
        ({"start": [1, 2.0], "goals": [1]}, "expected int, not float @ $.start[1]"),
        ({"start": [1, True], "goals": [1]}, "expected int, not bool @ $.start[1]"),
        ({"start": [1, 2], "goals": "ab"}, "expected list, not str @ $.goals"),
        ({"start": [1, 2], "goals": [0, None]}, "expected int, not NoneType @ $.goals[1]"),
        ({"start": [1, 2], "goals": [], "name": 3}, "expected str, not int @ $.name"),
        ({"start": [1, 2], "goals": [], "weight": "1"}, "expected float, not str @ $.weight"),
        ({"goals": []}, "required field missing @ $.start"),
        ([1, 2], "expected PathRequest, not list"),
        (None, "expected PathRequest, not NoneType"),
        ("start", "expected PathRequest, not str"),
    ],
)
def test_a_value_that_does_not_fit_names_the_field(value: object, reason: str) -> None:
    with pytest.raises(PayloadError) as caught:
        structure(value, PathRequest)
    assert str(caught.value) == f"payload: {reason}"


def test_every_field_that_does_not_fit_is_named() -> None:
    with pytest.raises(PayloadError) as caught:
        structure({"start": ["a", 2], "goals": [1, "b"]}, PathRequest)
    assert "@ $.start[0]; expected int, not str @ $.goals[1]" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "wanted", "structured"),
    [
        (1, float, 1.0),
        (True, bool, True),
        ([1, 2], tuple[int, int], (1, 2)),
        ([1, 2], set[int], {1, 2}),
        ({"a": 1}, dict[str, int], {"a": 1}),
        ("grass", Terrain, Terrain.GRASS),
        (None, int | None, None),
        (1, int | str, 1),
        ("x", int | str, "x"),
        (b"x", bytes | None, b"x"),
        ("easy", Literal["easy", "hard"], "easy"),
        ({"any": [1]}, Any, {"any": [1]}),
        ([1, "x"], list[object], [1, "x"]),
        (
            {"terrain": 2, "path": {"start": [1, 2], "goals": [3]}, "tags": ["a"]},
            Unit,
            Unit(Terrain.WATER, PathRequest((1, 2), [3]), frozenset({"a"})),
        ),
    ],
)
def test_plain_values_become_what_the_hint_says(value: Any, wanted: Any, structured: Any) -> None:
    assert _same(structure(value, wanted), structured) or structure(value, wanted) == structured


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("5", int),
        (5, str),
        (5, bool),
        (True, int),
        (True, float),
        (b"x", str),
        ("x", bytes),
        ("x", int | None),
        (1.5, int | str),
        ("2020-01-01", datetime),
        ([1], array.array),
        ([1], np.ndarray),
        ("abc", list[str]),
        ("sand", Terrain),
        ("impossible", Literal["easy", "hard"]),
        (5, dict[str, int]),
    ],
)
def test_nothing_is_guessed(value: Any, wanted: Any) -> None:
    with pytest.raises(PayloadError, match=r"^payload: "):
        structure(value, wanted)


@given(
    st.builds(
        Unit,
        st.sampled_from(Terrain),
        st.none()
        | st.builds(
            PathRequest,
            st.tuples(st.integers(0, 9), st.integers(0, 9)),
            st.lists(st.integers(0, 9)),
            TEXTS,
            st.floats(allow_nan=False),
        ),
        st.frozensets(TEXTS, max_size=4),
    )
)
def test_classes_come_back_as_they_were(unit: Unit) -> None:
    assert structure(carried(unit), Unit) == unit


def test_a_class_may_hold_itself() -> None:
    tree = Tree(1, [Tree(2), Tree(3, [Tree(4)])])
    assert structure(carried(tree), Tree) == tree
    with pytest.raises(PayloadError, match=r"expected Tree, not int @ \$\.children\[0\]"):
        structure({"value": 1, "children": [2]}, Tree)


# --- results ----------------------------------------------------------------------


def test_a_result_is_read_as_the_class_that_is_asked_for() -> None:
    result = TaskResult(1, 1, encoded=encode(PathRequest((1, 2), [3])))
    assert result.ok
    assert result.payload == {"start": [1, 2], "goals": [3], "name": "unit", "weight": 1.0}
    assert result.payload is result.payload
    assert result.payload_as(PathRequest) == PathRequest((1, 2), [3])


def test_a_result_that_does_not_fit_names_the_field() -> None:
    result = TaskResult(1, 1, encoded=encode({"start": [1, None], "goals": []}))
    with pytest.raises(PayloadError, match=r"result: expected int, not NoneType @ \$\.start\[1\]"):
        result.payload_as(PathRequest)


def test_a_failed_result_has_no_payload_and_says_why() -> None:
    result = TaskResult(1, 1, error=TaskError(ErrorKind.FAILED, "no way there"))
    assert not result.ok
    assert result.payload is None
    with pytest.raises(PayloadError, match="no payload: no way there"):
        result.payload_as(PathRequest)
