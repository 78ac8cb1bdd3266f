"""What a game pays before its first answer: imports, the queue itself, a first worker."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from engine_tasks import TaskQueue
from engine_tasks.bench.aims import at_most
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.queues import ECHO, INSTANCES, Kind
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp, columns
from engine_tasks.bench.scenarios.peers import PROCESSES, THREADS
from engine_tasks.bench.timing import until_lasting

#: Milliseconds that an import may take.
MOST_IMPORT_MS: Final = 80

_PYTHON: Final = "queue.start_native_worker(1, 'first', echo)"
_LUA: Final = f"queue.start_worker(1, 'first', {str(ECHO.script)!r})"


def _fresh(*statements: str, after: str = "") -> SetUp:
    """Milliseconds of statements in a fresh interpreter, which tells them itself.

    So its own start does not count, nor what is done `after` them.
    """
    script = "\n".join(
        (
            "from time import perf_counter as now; begin = now()",
            *statements,
            "print((now() - begin) * 1000)",
            after,
        )
    )

    def once() -> float:
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )
        return float(done.stdout)

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        yield lambda: until_lasting(effort.sample_s, once)

    return set_up


def _made_and_stopped(make: Callable[[], Callable[[], object]]) -> SetUp:
    """Milliseconds until it is made, and until it is stopped again; `make` gives its stop."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        def sample() -> list[float]:
            took_ms: list[float] = []
            while sum(took_ms[1::2]) < effort.sample_s * 1e3:
                begin_s = perf_counter()
                stop = make()
                made_s = perf_counter()
                stop()
                took_ms += [(made_s - begin_s) * 1e3, (perf_counter() - begin_s) * 1e3]
            return took_ms

        yield sample

    return set_up


def _thread_pool() -> Callable[[], object]:
    executor = ThreadPoolExecutor(INSTANCES)
    executor.submit(int)  # it has no thread before
    return executor.shutdown


def _import_scenario(name: str, statement: str) -> Scenario:
    peers = (Peer("futures.process", _fresh("import concurrent.futures.process")),)
    return Scenario(
        name,
        f"`{statement}` in a fresh interpreter, beside `import concurrent.futures.process`",
        _fresh(statement),
        peers,
        (Metric("", "ms", "lower"),),
        (at_most(MOST_IMPORT_MS, "ms"),),
    )


def _first_answer(kind: Kind, start: str) -> Scenario:
    ours = (
        "from engine_tasks import TaskQueue",
        "from engine_tasks.bench.work import SMALL_TASK, echo",
        "queue = TaskQueue()",
        start,
        "assert queue.wait_result(queue.send_task(1, SMALL_TASK), 30.0).payload == SMALL_TASK",
    )
    theirs = (
        "from concurrent.futures import ProcessPoolExecutor",
        "from multiprocessing import get_context",
        "from engine_tasks.bench.work import SMALL_TASK, echo",
        "executor = ProcessPoolExecutor(1, mp_context=get_context('spawn'))",
        "assert executor.submit(echo, SMALL_TASK).result() == SMALL_TASK",
    )
    return Scenario(
        f"first-answer-{kind}",
        f"from a fresh interpreter's first import to the first answer of a {kind} worker",
        _fresh(*ours, after="queue.kill()"),
        (Peer(PROCESSES, _fresh(*theirs, after="executor.shutdown()")),),
        (Metric("", "ms", "lower"),),
        quick=kind == "process",
    )


SCENARIOS: Final = (
    # A name is imported when it is first used: the package alone is next to nothing.
    _import_scenario("import-time", "import engine_tasks"),
    _import_scenario("import-queue", "from engine_tasks import TaskQueue"),
    Scenario(
        "queue-start",
        "TaskQueue() until it is made, and until it is stopped again",
        _made_and_stopped(lambda: TaskQueue().stop),
        (Peer(THREADS, _made_and_stopped(_thread_pool)),),
        columns("ms", "made", "stopped"),
    ),
    _first_answer("process", _PYTHON),
    _first_answer("lua", _LUA),
)
