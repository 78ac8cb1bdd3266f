"""Machines for the tests of this folder: each test runs on every machine there is."""

from collections.abc import Callable, Iterator
from typing import Any

import ormsgpack
import pytest

from engine_tasks.lua.vm import LuaError, LuaVm, available_vms

#: Gives back its payload, untouched.
ECHO = "function Run(value) return value end"

_OPTIONS = ormsgpack.OPT_NON_STR_KEYS


class RecordingHost:
    """A host that remembers what it was told; `modules` are what `require` finds."""

    def __init__(self) -> None:
        self.logs: list[tuple[str, str]] = []
        self.progress_notes: list[tuple[float, str]] = []
        self.modules: dict[str, tuple[str, bytes]] = {}
        self.is_cancelled = False

    def log(self, level: str, message: str) -> None:
        self.logs.append((level, message))

    def progress(self, share: float, note: str) -> None:
        self.progress_notes.append((share, note))

    def cancelled(self) -> bool:
        return self.is_cancelled

    def module_source(self, name: str) -> tuple[str, bytes] | None:
        return self.modules.get(name)


class Machine:
    """A loaded script, spoken to in Python values."""

    def __init__(self, vm: LuaVm, host: RecordingHost) -> None:
        self.vm = vm
        self.host = host

    def run(self, value: Any = None, timeout_s: float | None = None) -> Any:
        answer = self.vm.run(ormsgpack.packb(value, option=_OPTIONS), timeout_s)
        return ormsgpack.unpackb(answer, option=_OPTIONS)

    def failure(self, value: Any = None, timeout_s: float | None = None) -> LuaError:
        with pytest.raises(LuaError) as caught:
            self.run(value, timeout_s)
        return caught.value


StartMachine = Callable[..., Machine]


@pytest.fixture(params=available_vms())
def vm_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


@pytest.fixture
def start(vm_name: str, host: RecordingHost) -> Iterator[StartMachine]:
    """`start(script, **options of LuaVm)` gives a machine that runs the script."""
    machines: list[LuaVm] = []

    def start_machine(script: str = ECHO, **options: Any) -> Machine:
        names = {"worker_id": 7, "worker_name": "Scout", "instance": 2}
        vm = LuaVm(host, vm=vm_name, **(names | options))
        machines.append(vm)
        vm.load(script.encode(), "script.lua")
        return Machine(vm, host)

    yield start_machine
    for vm in machines:
        vm.close()


@pytest.fixture
def evaluate(start: StartMachine) -> Callable[[str], Any]:
    """The value of a Lua expression in a script's environment."""
    return lambda expression: start(f"function Run() return {expression} end").run()
