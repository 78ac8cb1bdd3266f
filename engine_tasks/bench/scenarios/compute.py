"""The same computation in a Lua worker and in a Python one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from engine_tasks.bench.aims import at_least_times
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.lone_child import script
from engine_tasks.bench.nbody import nbody
from engine_tasks.bench.queues import Kind, Work, running
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp

NBODY: Final = Work(nbody, script("nbody"))
#: Steps of the first look at how fast it is.
FIRST_STEPS: Final = 1000
#: A sample lasts at least the effort's length by this; the next try has so many more steps.
_GROWTH: Final = 4


def _worker(kind: Kind) -> SetUp:
    """Steps a second of processor time, which the worker's code itself tells."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with running(kind, NBODY, 1) as ours:

            def cpu_s(steps: int) -> float:
                took_s: float = ours.answer(ours.send(steps)).payload["cpu_s"]
                return took_s

            steps = FIRST_STEPS
            while cpu_s(steps) < effort.sample_s / _GROWTH:
                steps *= _GROWTH
            yield lambda: [steps / cpu_s(steps)]

    return set_up


SCENARIOS: Final = (
    Scenario(
        "lua-compute",
        "steps of five bodies that draw each other, in a confined Lua child",
        _worker("lua"),
        (Peer("Python child", _worker("process")),),
        (Metric("", "steps/s", "higher"),),
        (at_least_times(10),),
    ),
)
