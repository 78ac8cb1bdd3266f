"""What the walls around a child cost the script that runs inside."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import lupa
import ormsgpack

from engine_tasks.bench import unconfined
from engine_tasks.bench.aims import at_most_times
from engine_tasks.bench.lone_child import OPTIONS, lone_child, lua_plan, script
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario
from engine_tasks.options import MIB

#: What is sieved: 50 ms or so, in a table that a core's own cache holds.
TASK: Final = {"limit": 50_000, "rounds": 200}
#: How many numbers below the limit are prime.
PRIMES: Final = 5133
#: Sieves of each process that count, after one that does not.
LOOKS: Final = 5


def _sample(sieve: Callable[[], Any]) -> list[float]:
    """Milliseconds of processor time of the least disturbed sieve of a process.

    The script itself tells them, so that neither others' turns nor the way to it count.
    """
    answers = [sieve() for _ in range(1 + LOOKS)]
    for answer in answers:
        if answer["primes"] != PRIMES:
            raise RuntimeError(f"not the primes below the limit: {answer}")
    return [min(answer["cpu_s"] for answer in answers[1:]) * 1e3]


@contextmanager
def _processes(start: Callable[[], AbstractContextManager[Callable[[], Any]]]) -> Iterator[Sampler]:
    """A process of its own for each sample: one may be lucky with its memory for all its life."""

    def sample() -> list[float]:
        with start() as sieve:
            return _sample(sieve)

    yield sample


@contextmanager
def _confined() -> Iterator[Callable[[], Any]]:
    with lone_child(lua_plan("sieve")) as child:
        yield lambda: child.answer(child.send(TASK))


@contextmanager
def _unconfined() -> Iterator[Callable[[], Any]]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-I", "-S", unconfined.__file__),
            *(str(Path(lupa.__file__).parents[1]), str(script("sieve"))),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="ascii",
    )
    with process:  # closes its input, which ends it
        assert process.stdin
        assert process.stdout
        to_machine, from_machine = process.stdin, process.stdout

        def tell(line: str) -> None:
            to_machine.write(f"{line}\n")
            to_machine.flush()

        def sieve() -> Any:
            tell(ormsgpack.packb(TASK).hex())
            line = from_machine.readline()
            if not line:
                raise RuntimeError(f"the unconfined process ended with status {process.wait()}")
            return ormsgpack.unpackb(bytes.fromhex(line))

        limits = OPTIONS.limits
        tell(
            repr(
                {
                    "worker_id": 0,
                    "worker_name": "bench-sieve",
                    "instance": 0,
                    "jit": True,
                    "memory_bytes": limits.memory_mb * MIB,
                }
            )
        )
        yield sieve


SCENARIOS: Final = (
    Scenario(
        "confinement-cost",
        "processor time of a compiled sieve in a confined Lua child",
        lambda _: _processes(_confined),
        (Peer("unconfined process", lambda _: _processes(_unconfined)),),
        (Metric("", "ms", "lower"),),
        (at_most_times(1.05),),
    ),
)
