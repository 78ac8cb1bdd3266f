"""How soon a child is there: at first, and again after it was killed."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from engine_tasks import ErrorKind
from engine_tasks.bench.aims import Aim, at_most, at_most_times
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.lone_child import LoneChild, busy_python_plan, lone_child, lua_plan
from engine_tasks.bench.queues import wait_until
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp
from engine_tasks.bench.timing import until_lasting
from engine_tasks.bench.work import SMALL_TASK
from engine_tasks.worker_plan import WorkerPlan

#: Milliseconds in which a child is to be ready.
MOST_START_MS: Final = 40
#: The least that a child in Python can be.
BARE: Final = (sys.executable, "-I", "-S", "-c", "print(1)")


def _ms_since(begin_s: float) -> float:
    return (perf_counter() - begin_s) * 1e3


def _start(make_plan: Callable[[], WorkerPlan]) -> SetUp:
    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        plan = make_plan()

        def once() -> float:
            executor = plan.make_executor(0, lambda *_: None)
            try:
                begin_s = perf_counter()
                executor.start()
                return _ms_since(begin_s)
            finally:
                executor.stop()

        yield lambda: until_lasting(effort.sample_s, once)

    return set_up


def _restart(make_plan: Callable[[], WorkerPlan]) -> SetUp:
    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with lone_child(make_plan()) as child:
            yield lambda: until_lasting(effort.sample_s, lambda: kill_ms(child))

    return set_up


def kill_ms(child: LoneChild) -> float:
    """Milliseconds from a busy child's SIGKILL to the result of the task that waited behind."""
    busy, waiting = child.send("forever"), child.send(SMALL_TASK)
    wait_until(lambda: child.worker.progress(busy) is not None, "the child is busy")
    begin_s = perf_counter()
    child.executors[-1].kill()
    child.answer(waiting)
    took_ms = _ms_since(begin_s)
    lost = child.worker.wait_result(busy, 0.0)
    if lost is None or lost.error is None or lost.error.kind is not ErrorKind.CRASHED:
        raise RuntimeError(f"the task of a killed child ended as {lost}")
    return took_ms


@contextmanager
def _bare(effort: Effort) -> Iterator[Sampler]:
    def once() -> float:
        begin_s = perf_counter()
        with subprocess.Popen(BARE, stdout=subprocess.PIPE) as process:
            assert process.stdout
            line = process.stdout.readline()
            took_ms = _ms_since(begin_s)
        if line.strip() != b"1":
            raise RuntimeError(f"not the line of a bare child: {line!r}")
        return took_ms

    yield lambda: until_lasting(effort.sample_s, once)


def _scenario(name: str, title: str, ours: SetUp, aim: Aim) -> Scenario:
    peers = (Peer("bare Python child", _bare),)
    return Scenario(name, title, ours, peers, (Metric("", "ms", "lower"),), (aim,))


SCENARIOS: Final = (
    _scenario(
        "start-lua",
        "from nothing to a confined Lua child",
        _start(lambda: lua_plan("echo")),
        at_most_times(2),
    ),
    _scenario(
        "start-process",
        "from nothing to a Python child that is ready for tasks",
        _start(busy_python_plan),
        at_most(MOST_START_MS, "ms"),
    ),
    _scenario(
        "restart-lua",
        "from the kill of a busy Lua child to its worker's next result",
        _restart(lambda: lua_plan("busy")),
        at_most(100, "ms"),
    ),
    _scenario(
        "restart-process",
        "from the kill of a busy Python child to its worker's next result",
        _restart(busy_python_plan),
        at_most(100, "ms"),
    ),
)
