"""What crosses to a machine and back at each task: in one call where there is room for it."""

import subprocess
import sys

import ormsgpack
import pytest
from conftest import StartMachine

#: A script that keeps all that it is sent, until it has no memory left.
_HOARDER = """
import sys
import ormsgpack
from engine_tasks.lua.vm import MEMORY, LuaError, LuaVm

script = b'''
local all = {}
for piece = 1, %d do all[piece] = ("%%07d"):format(piece):rep(1400) end
function Run(v) all[#all + 1] = v return #all end'''
vm_name, jit, size, kept = sys.argv[1], sys.argv[2] == "jit", int(sys.argv[3]), int(sys.argv[4])
vm = LuaVm(None, worker_id=1, worker_name="Hoarder", instance=0, vm=vm_name, jit=jit,
           memory_bytes=1_000_000)
vm.load(script % kept, "script.lua")
for number in range(1_000_000):
    payload = ormsgpack.packb(f"{number:>{size}}")
    try:
        vm.run(payload)
    except LuaError as error:
        print(error.kind)
        break
"""


@pytest.mark.parametrize("jit", ["jit", "interpreter"])
@pytest.mark.parametrize(("size", "kept"), [(1_000, 80), (70_000, 0)])
def test_payloads_that_fill_the_memory_end_the_task_and_not_the_process(
    vm_name: str, jit: str, size: int, kept: int
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _HOARDER, vm_name, jit, str(size), str(kept)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.stdout == "MEMORY\n", ended.stderr


def test_a_view_of_bytes_is_a_payload(start: StartMachine) -> None:
    view = memoryview(b"\xff" + ormsgpack.packb({"speed": 1.5}))[1:]
    assert ormsgpack.unpackb(start().vm.run(view)) == {"speed": 1.5}  # type: ignore[arg-type]


def test_a_machine_short_of_memory_runs_as_any_other(start: StartMachine) -> None:
    script = """kept = {} for piece = 1, 60 do kept[piece] = ("%07d"):format(piece):rep(1400) end
                function Run(v) return { v, #kept } end"""
    machine = start(script, memory_bytes=1_000_000)
    for number in range(100):
        assert machine.run({"number": number}) == [{"number": number}, 60]


@pytest.mark.parametrize("jit", [False, True])
def test_a_machine_keeps_neither_payload_nor_result(start: StartMachine, jit: bool) -> None:
    machine = start(
        """local seen = setmetatable({}, { __mode = "k" })
           function Run(value)
             if value == "count" then
               for _ = 1, 200000 do garbage = {} end
               local count = 0
               for _ in pairs(seen) do count = count + 1 end
               return count
             end
             local result = { { inner = {} } }
             seen[value], seen[value.list], seen[result], seen[result[1].inner] = 1, 2, 3, 4
             if value.fails then result[2] = print end
             return result
           end""",
        jit=jit,
    )
    for _ in range(100):
        machine.run({"list": [[1]]})
    machine.failure({"list": [], "fails": True})
    assert machine.run("count") == 0
