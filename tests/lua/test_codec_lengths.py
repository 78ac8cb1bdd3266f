"""Values of every length that changes how MessagePack writes them, on every machine and mode."""

from collections.abc import Callable, Iterator
from typing import Any

import ormsgpack
import pytest
from conftest import RecordingHost

from engine_tasks.lua.vm import BAD_RESULT, LuaError, LuaVm, available_vms

#: Up to where each form of a head goes, and one beyond; 9 and 17 are where the compiled
#: writer looks at text in another way.
LENGTHS = [0, 1, 3, 4, 5, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 255, 256, 65_535, 65_536]

MODES = [(vm, jit) for vm in available_vms() for jit in (False, True) if vm != "lua54" or not jit]

Start = Callable[..., LuaVm]


@pytest.fixture(params=MODES, ids=lambda mode: f"{mode[0]}-{'jit' if mode[1] else 'interpreter'}")
def start(request: pytest.FixtureRequest) -> Iterator[Start]:
    machines: list[LuaVm] = []

    def start_machine(script: str = "function Run(v) return v end", **options: Any) -> LuaVm:
        vm, jit = request.param
        options = {"result_values": 1 << 30} | options
        machine = LuaVm(
            RecordingHost(), worker_id=1, worker_name="Echo", instance=0, vm=vm, jit=jit, **options
        )
        machines.append(machine)
        machine.load(script.encode(), "script.lua")
        return machine

    yield start_machine
    for machine in machines:
        machine.close()


def _assert_same(machine: LuaVm, value: Any) -> None:
    payload = ormsgpack.packb(value)
    answer = machine.run(payload)
    assert ormsgpack.unpackb(answer) == value
    assert len(answer) == len(payload)  # the shortest form of each head


@pytest.mark.parametrize("length", LENGTHS)
def test_a_map_of_any_length_comes_back(start: Start, length: int) -> None:
    machine = start()
    value = {f"field {number}": number % 200 for number in range(length)}
    for _ in range(1 if length > 1_000 else 60):  # with the JIT on, hot enough to be compiled
        _assert_same(machine, value)
    _assert_same(machine, [{"inner": value}])


@pytest.mark.parametrize("length", LENGTHS)
def test_a_list_of_any_length_comes_back(start: Start, length: int) -> None:
    machine = start()
    for value in ([7] * length, [0.5] * length, ["text"] * length, [[[]]] * length):
        for _ in range(1 if length > 1_000 else 60):
            _assert_same(machine, value)


@pytest.mark.parametrize("length", LENGTHS)
def test_text_and_bytes_of_any_length_are_told_apart(start: Start, length: int) -> None:
    machine = start()
    pure = start("function Run(v) return v.data end")
    for _ in range(1 if length > 1_000 else 60):
        _assert_same(machine, "a" * length)
        _assert_same(machine, {"a" * length: "b" * length})
        for place in {0, length // 2, length - 1} if length else ():
            spoilt = b"a" * place + b"\x80" + b"a" * (length - place - 1)
            assert ormsgpack.unpackb(pure.run(ormsgpack.packb(spoilt))) == spoilt
            _assert_same(machine, "a" * place + "é" + "a" * (length - place - 1))


def test_text_after_other_text_does_not_see_its_bytes(start: Start) -> None:
    machine = start()
    for _ in range(100):
        _assert_same(machine, ["é" * 20] * 50)
        _assert_same(machine, ["a" * length for length in range(40)])


def test_maps_within_long_maps_come_back(start: Start) -> None:
    machine = start()
    value: Any = 1
    for depth in range(1, 40):
        value = {f"{depth} {number}": number for number in range(20)} | {"inner": value}
    for _ in range(30):
        _assert_same(machine, value)
        _assert_same(machine, {f"unit {number}": {"at": [number, 0.5]} for number in range(1_500)})


def test_a_result_of_exactly_its_limit_is_carried(start: Start) -> None:
    machine = start("function Run(n) return ('x'):rep(n) end", result_bytes=100_000)
    assert len(machine.run(ormsgpack.packb(100_000 - 5))) == 100_000
    with pytest.raises(LuaError, match="larger than the limit of 100000 bytes") as caught:
        machine.run(ormsgpack.packb(100_000 - 4))
    assert caught.value.kind == BAD_RESULT


def test_a_map_that_meets_the_limit_leaves_nothing_behind(start: Start) -> None:
    machine = start("function Run(v) return { a = { b = v } } end", result_bytes=200)
    for _ in range(100):
        with pytest.raises(LuaError, match="larger than the limit"):
            machine.run(ormsgpack.packb({f"field {number}": number for number in range(30)}))
        assert ormsgpack.unpackb(machine.run(b"\x07")) == {"a": {"b": 7}}
