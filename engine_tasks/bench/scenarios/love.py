"""LÖVE's threads, which echo tables through its channels."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from engine_tasks.bench.effort import Effort
from engine_tasks.bench.queues import INSTANCES
from engine_tasks.bench.scenario import Peer, Sampler

PROGRAM: Final = "love"
#: A game without a window; `main.lua` says how to talk to it.
GAME: Final = Path(__file__).parents[1] / "love"
#: Tasks in a look at how long they take.
FIRST_COUNT: Final = 2000


def love_peer(window: int) -> Peer:
    """LÖVE with `window` tasks in flight; it has threads and no processes to confine."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with _love(window) as love:
            count = max(int(FIRST_COUNT * effort.sample_s / _echo_s(love, FIRST_COUNT)), 1)
            yield lambda: [count / _echo_s(love, count)]

    return Peer("LÖVE channels", set_up, program=PROGRAM)


@contextmanager
def _love(window: int) -> Iterator["subprocess.Popen[str]"]:
    with TemporaryDirectory() as home:
        process = subprocess.Popen(
            [PROGRAM, str(GAME), str(INSTANCES), str(window)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="ascii",
            env={**os.environ, "HOME": home, "XDG_DATA_HOME": home},
        )
        with process:  # closes its input, which ends it
            yield process


def _echo_s(love: "subprocess.Popen[str]", count: int) -> float:
    """Seconds in which `count` tasks were echoed."""
    assert love.stdin
    assert love.stdout
    print(count, file=love.stdin, flush=True)
    return float(love.stdout.readline())
