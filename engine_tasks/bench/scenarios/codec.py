"""A payload through a Lua machine and back, with nothing else around it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import ormsgpack

from engine_tasks.bench.aims import Aim, at_most_times
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.queues import ECHO
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp
from engine_tasks.bench.silent_host import SilentHost
from engine_tasks.bench.timing import Loop
from engine_tasks.lua.vm import LuaVm, available_vms

#: Rows and columns of the grid.
SIDE: Final = 100
#: Heights of a terrain, say: none is a whole number, which LuaJIT would write as one.
GRID: Final = [[row + column / SIDE + 0.005 for column in range(SIDE)] for row in range(SIDE)]


def _machine(vm: str) -> SetUp:
    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        packed = ormsgpack.packb(GRID)
        machine = LuaVm(SilentHost(), worker_id=1, worker_name="grid", instance=0, vm=vm, jit=True)
        try:
            machine.load(ECHO.script.read_bytes(), ECHO.script.name)
            if machine.run(packed) != packed:
                raise RuntimeError("not the grid that was sent")
            names = {"run": machine.run, "packed": packed}
            yield Loop("run(packed)", names, effort.sample_s).sample
        finally:
            machine.close()

    return set_up


@contextmanager
def _python(effort: Effort) -> Iterator[Sampler]:
    names = {
        "packb": ormsgpack.packb, "unpackb": ormsgpack.unpackb, "packed": ormsgpack.packb(GRID),
    }  # fmt: skip
    yield Loop("packb(unpackb(packed))", names, effort.sample_s).sample


def _scenario(vm: str, *aims: Aim) -> Scenario:
    return Scenario(
        f"codec-grid-{vm}",
        f"{SIDE} x {SIDE} floats decoded and encoded again by {vm}",
        _machine(vm),
        (Peer("ormsgpack", _python),),
        (Metric("", "ns", "lower"),),
        aims,
        quick=bool(aims),
    )


_AIMS: Final = {"luajit21": (at_most_times(2),)}

SCENARIOS: Final = tuple(_scenario(vm, *_AIMS.get(vm, ())) for vm in available_vms())
