"""64 MB from a child, and to one: how fast it travels, and what the game's thread pays."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from multiprocessing import get_context
from time import perf_counter
from typing import Any, Final

from attrs import frozen

from engine_tasks.bench import work
from engine_tasks.bench.aims import Aim, at_least_times, at_most
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.figures import column
from engine_tasks.bench.queues import ANSWER_TIMEOUT_S, ECHO, Work, checked, running, wait_until
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp
from engine_tasks.bench.scenarios.peers import PROCESSES

#: Bytes of what travels.
LARGE_BYTES: Final = 64_000_000
#: Bytes of the smallest page of memory there is.
PAGE_BYTES: Final = 4096
#: Milliseconds of the game's thread that a large result may take.
MOST_GAME_MS: Final = 0.2

GAME_THREAD: Final = "game thread"


@frozen
class Child:
    """One worker in a process of its own, with at most one task in flight."""

    send: Callable[[], object]
    wait: Callable[[], Any]
    """Waits for the answer."""
    is_ready: Callable[[], bool]
    take: Callable[[], Any]
    """Takes the answer that is ready, as a game does."""


MakeChild = Callable[[Callable[..., Any], object], AbstractContextManager[Child]]


@contextmanager
def ours(function: Callable[..., Any], payload: object) -> Iterator[Child]:
    """A worker of the queue that applies `function` to `payload`."""
    with running("process", Work(function, ECHO.script), 1) as one:
        sent: deque[int] = deque()

        def take() -> Any:
            sent.popleft()
            result = one.queue.next_task_result(one.worker_id)
            if result is None:
                raise RuntimeError("the result was ready, and is gone")
            return checked(result).payload

        yield Child(
            send=lambda: sent.append(one.send(payload)),
            wait=lambda: one.answer(sent.popleft()).payload,
            is_ready=lambda: one.queue.tasks_ready(one.worker_id) == 1,
            take=take,
        )


@contextmanager
def theirs(function: Callable[..., Any], payload: object) -> Iterator[Child]:
    """The same in `ProcessPoolExecutor`."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        sent: deque[Future[Any]] = deque()

        def wait() -> Any:
            return sent.popleft().result(ANSWER_TIMEOUT_S)

        yield Child(
            send=lambda: sent.append(executor.submit(function, payload)),
            wait=wait,
            is_ready=lambda: bool(sent) and sent[0].done(),
            take=wait,
        )


def _fetches(child: MakeChild, function: Callable[[int], object]) -> SetUp:
    """Megabytes a second of a large result, and milliseconds to take it once it is there."""

    @contextmanager
    def set_up(_: Effort) -> Iterator[Sampler]:
        with child(function, LARGE_BYTES) as made:

            def sample() -> list[float]:
                begin_s = perf_counter()
                made.send()
                touch(made.wait())
                rate = _rate(begin_s)
                made.send()
                wait_until(made.is_ready, "a large result")
                begin_s = perf_counter()
                taken = made.take()
                took_ms = (perf_counter() - begin_s) * 1e3
                touch(taken)
                return [rate, took_ms]

            yield sample

    return set_up


def _sends(child: MakeChild) -> SetUp:
    """Megabytes a second of a large payload, and milliseconds of the call that sends it."""

    @contextmanager
    def set_up(_: Effort) -> Iterator[Sampler]:
        with child(work.size_of, work.large_bytes(LARGE_BYTES)) as made:

            def sample() -> list[float]:
                begin_s = perf_counter()
                made.send()
                sent_ms = (perf_counter() - begin_s) * 1e3
                if made.wait() != LARGE_BYTES:
                    raise RuntimeError("not all of it has reached the child")
                return [_rate(begin_s), sent_ms]

            yield sample

    return set_up


def touch(came: Any) -> None:
    """Reads a byte of each page: memory that is only promised is not there yet."""
    view = memoryview(came).cast("B")
    if view.nbytes != LARGE_BYTES or set(bytes(view[::PAGE_BYTES])) != {work.FILLING}:
        raise RuntimeError(f"not the large value, but {view.nbytes} bytes")


def _rate(begin_s: float) -> float:
    return LARGE_BYTES / 1e6 / (perf_counter() - begin_s)


def _scenario(name: str, title: str, side: Callable[[MakeChild], SetUp], *aims: Aim) -> Scenario:
    return Scenario(
        name,
        title,
        side(ours),
        (Peer(PROCESSES, side(theirs)),),
        (
            Metric("", "MB/s", "higher", column(0, 2)),
            Metric(GAME_THREAD, "ms", "lower", column(1, 2)),
        ),
        aims,
        quick=name == "large-result",
    )


def _result_scenario(name: str, what: str, function: Callable[[int], object]) -> Scenario:
    return _scenario(
        name,
        f"{what} from a child, each page touched; next_task_result and .payload alone",
        lambda child: _fetches(child, function),
        at_least_times(5),
        at_most(MOST_GAME_MS, "ms", metric=GAME_THREAD),
    )


_NUMPY: Final = _result_scenario("large-result-numpy", "64 MB in a NumPy array", work.large_array)

SCENARIOS: Final = (
    _result_scenario("large-result", "64 MB of bytes", work.large_bytes),
    *((_NUMPY,) if find_spec("numpy") else ()),
    _scenario(
        "large-payload",
        "64 MB of bytes to a child, and its answer; send_task alone",
        _sends,
    ),
)
