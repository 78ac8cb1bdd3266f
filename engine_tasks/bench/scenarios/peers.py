"""What people use today, each with workers that echo what they get."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from itertools import cycle
from multiprocessing import get_context
from typing import Any, Final

import pykka
from attrs import frozen

from engine_tasks.bench.queues import INSTANCES
from engine_tasks.bench.work import SMALL_TASK, echo

#: Sends one echo task and gives what waits for its answer.
Send = Callable[[], Callable[[], object]]

THREADS: Final = "ThreadPoolExecutor"
PROCESSES: Final = "ProcessPoolExecutor"
POOL: Final = "multiprocessing.Pool"
LOKY: Final = "loky"
ACTORS: Final = "pykka ask"


@contextmanager
def thread_pool() -> Iterator[Send]:
    """`ThreadPoolExecutor`: answers with the object it was given, not a copy."""
    with ThreadPoolExecutor(INSTANCES) as executor:
        yield lambda: executor.submit(echo, SMALL_TASK).result


@contextmanager
def process_pool() -> Iterator[Send]:
    """`ProcessPoolExecutor`, spawned: a fork would copy the pipes of the other sides."""
    with ProcessPoolExecutor(INSTANCES, mp_context=get_context("spawn")) as executor:
        yield lambda: executor.submit(echo, SMALL_TASK).result


@contextmanager
def multiprocessing_pool() -> Iterator[Send]:
    """`multiprocessing.Pool`, spawned as well."""
    with get_context("spawn").Pool(INSTANCES) as pool:
        yield lambda: pool.apply_async(echo, (SMALL_TASK,)).get


@contextmanager
def loky_pool() -> Iterator[Send]:
    """loky's executor, which makes processes anew with its own sort of spawn."""
    executor: Executor = import_module("loky").ProcessPoolExecutor(INSTANCES)
    with executor:
        yield lambda: executor.submit(echo, SMALL_TASK).result


class _Echo(pykka.ThreadingActor):
    def on_receive(self, message: Any) -> Any:
        return message


@contextmanager
def actors() -> Iterator[Send]:
    """Bare pykka: `ask` of the actors in turn."""
    refs = [_Echo.start() for _ in range(INSTANCES)]
    turn = cycle(refs)
    try:
        yield lambda: next(turn).ask(SMALL_TASK, block=False).get
    finally:
        for ref in refs:
            ref.stop()


@frozen
class EchoPeer:
    """One of them, and the module it needs."""

    name: str
    pool: Callable[[], AbstractContextManager[Send]]
    needs: str = ""


ECHO_PEERS: Final = (
    EchoPeer(THREADS, thread_pool),
    EchoPeer(PROCESSES, process_pool),
    EchoPeer(POOL, multiprocessing_pool),
    EchoPeer(LOKY, loky_pool, "loky"),
    EchoPeer(ACTORS, actors),
)
