"""Whatever Python can send comes back from a script that does not touch it."""

import math
from collections.abc import Iterator
from typing import Any

import msgpack
import pytest
from conftest import ECHO, RecordingHost
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_tasks.lua.vm import BAD_PAYLOAD, BAD_RESULT, LuaError, LuaVm, available_vms

_KEYS = st.one_of(
    st.text(max_size=40),
    st.binary(max_size=8),
    st.integers(min_value=-(2**63), max_value=2**64 - 1),
)
_EXTENSIONS = st.builds(
    msgpack.ExtType,
    st.integers(min_value=3, max_value=127),
    st.binary(max_size=20),
)
_TIMESTAMPS = st.builds(
    msgpack.Timestamp,
    st.integers(min_value=-(2**63), max_value=2**63 - 1),
    st.integers(min_value=0, max_value=999_999_999),
)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**63), max_value=2**64 - 1),
    st.integers(min_value=-200, max_value=70_000),
    st.floats(),
    st.text(max_size=300),
    st.binary(max_size=300),
    _EXTENSIONS,
    _TIMESTAMPS,
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=20), st.dictionaries(_KEYS, inner, max_size=20)
    ),
    max_leaves=60,
)


@pytest.fixture(scope="module", params=available_vms())
def echo(request: pytest.FixtureRequest) -> Iterator[LuaVm]:
    vm = LuaVm(RecordingHost(), worker_id=1, worker_name="Echo", instance=0, vm=request.param)
    vm.load(ECHO.encode(), "echo.lua")
    yield vm
    vm.close()


@pytest.fixture(scope="module")
def compiled_echo() -> Iterator[LuaVm]:
    """The faster machine with its compiler on, which runs other code than the interpreter."""
    vm = LuaVm(RecordingHost(), worker_id=1, worker_name="Echo", instance=0, jit=True)
    vm.load(ECHO.encode(), "echo.lua")
    yield vm
    vm.close()


def _is_same(sent: Any, received: Any) -> bool:
    """Equal, of one type, NaN equal to itself; a whole float may come back an integer."""
    if isinstance(sent, float) and isinstance(received, (int, float)):
        if math.isnan(sent):
            return math.isnan(received)
        return sent == received and math.copysign(1, sent) == math.copysign(1, received)
    if type(sent) is not type(received):
        return False
    if isinstance(sent, list):
        return len(sent) == len(received) and all(map(_is_same, sent, received))
    if isinstance(sent, dict):
        return sent.keys() == received.keys() and all(
            _is_same(value, received[key]) for key, value in sent.items()
        )
    return bool(sent == received)


def _through(vm: LuaVm, value: Any) -> Any:
    return msgpack.unpackb(vm.run(msgpack.packb(value)), strict_map_key=False, timestamp=0)


@given(value=_VALUES)
@settings(deadline=None)
def test_any_value_comes_back(echo: LuaVm, value: Any) -> None:
    assert _is_same(value, _through(echo, value))


@given(value=_VALUES)
@settings(deadline=None)
def test_any_value_comes_back_through_compiled_code(compiled_echo: LuaVm, value: Any) -> None:
    assert _is_same(value, _through(compiled_echo, value))


def test_compiled_code_carries_every_width_of_integer(compiled_echo: LuaVm) -> None:
    edges = [
        sign * 2**power + step for power in range(64) for sign in (1, -1) for step in (-1, 0, 1)
    ]
    integers = [edge for edge in edges if -(2**63) <= edge < 2**64]
    for _ in range(300):  # hot enough for every branch to be compiled
        assert _through(compiled_echo, integers) == integers
        assert _through(compiled_echo, {"key": integers[::-1]}) == {"key": integers[::-1]}


@given(data=st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_end_in_a_result_or_a_bad_payload(echo: LuaVm, data: bytes) -> None:
    try:
        answer = echo.run(data)
    except LuaError as caught:
        error = caught
    else:
        assert len(echo.run(answer)) == len(answer)
        return
    # what a result cannot carry is a decoded boolean or fraction as a key
    assert error.kind in (BAD_PAYLOAD, BAD_RESULT)


@pytest.mark.parametrize(
    "value",
    [
        [None],
        [None, None],
        [1, None, None],
        [None, 5],
        {},
        [{}, [], {}],
        {"a": None},
        {"a": None, "b": None},
        {1: "a", 2: "b"},
        {1: "a", 3: "b"},
        {1: None},
        {-1: "a"},
        {"1": "a"},
        {0: 0},
        {2**64 - 1: 1},
        {b"\xff": 1, b"text": 2},
        b"text",
        "text",
        "żółw",
        b"\xff\xfe",
    ],
)
def test_what_lua_cannot_tell_apart_is_remembered(echo: LuaVm, value: Any) -> None:
    assert _is_same(value, _through(echo, value))


def test_a_whole_float_stays_a_float_where_the_machine_tells_them_apart(echo: LuaVm) -> None:
    expected = b"\x03" if echo.vm == "luajit21" else b"\xcb\x40\x08" + bytes(6)
    assert echo.run(b"\xcb\x40\x08" + bytes(6)) == expected
