"""What the walls around a child cost the script that runs inside."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import lupa
import ormsgpack

from engine_tasks.bench import unconfined
from engine_tasks.bench.aims import at_most_times
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.lua_children import OPTIONS, lua_child, script
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario
from engine_tasks.options import MIB

#: Numbers to sieve: 50 ms or so, and tens of megabytes that come and go.
LIMIT: Final = 3_000_000
#: How many of them are prime.
PRIMES: Final = 216_816


def _sample(sieve: Callable[[], Any], effort: Effort) -> list[float]:
    """Milliseconds of processor time of each sieve: others' work does not count.

    The script itself tells them, so that the way to it does not count either.
    """
    took_ms: list[float] = []
    end_s = perf_counter() + effort.sample_s
    while not took_ms or perf_counter() < end_s:
        answer = sieve()
        if answer["primes"] != PRIMES:
            raise RuntimeError(f"not the primes below {LIMIT}: {answer}")
        took_ms.append(answer["cpu_s"] * 1e3)
    return took_ms


@contextmanager
def _confined(effort: Effort) -> Iterator[Sampler]:
    with lua_child("sieve") as child:
        yield lambda: _sample(lambda: child.answer(child.send(LIMIT)), effort)


@contextmanager
def _unconfined(effort: Effort) -> Iterator[Sampler]:
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
            tell(ormsgpack.packb(LIMIT).hex())
            return ormsgpack.unpackb(bytes.fromhex(from_machine.readline()))

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
        yield lambda: _sample(sieve, effort)


SCENARIOS: Final = (
    Scenario(
        "confinement-cost",
        f"processor time of a sieve of {LIMIT:,} in a confined Lua child, compiled",
        _confined,
        (Peer("unconfined process", _unconfined),),
        (Metric("", "ms", "lower"),),
        (at_most_times(1.05),),
    ),
)
