"""Waiting for one result: under asyncio, a step a frame, and on a thread."""

import asyncio
import selectors
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
import worker_functions
from eventually import PATIENCE_S, eventually
from gate import Gate
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_tasks import (
    ErrorKind,
    RetryPolicy,
    TaskQueue,
    TaskResult,
    UnknownTaskError,
    WorkerOptions,
)
from engine_tasks.awaiting import result_of
from engine_tasks.pools.state import PoolState
from engine_tasks.task import Task
from engine_tasks.waiting import ResultWaiters, Sought

THREAD = WorkerOptions(isolation="thread", stop_grace_s=0.2)
INLINE = WorkerOptions(isolation="inline")


def start(
    queue: TaskQueue, function: Callable[[Any], Any], worker_id: int = 1, **options: Any
) -> None:
    options = {"isolation": "thread", "stop_grace_s": 0.2, "start_timeout_s": 60.0} | options
    made = WorkerOptions(**options)
    assert queue.start_native_worker(worker_id, f"w{worker_id}", function, options=made)


def send(queue: TaskQueue, data: object = None, worker_id: int = 1, **options: Any) -> int:
    task_id = queue.send_task(worker_id, data, **options)
    assert task_id is not None, queue.last_error
    return task_id


def run(coroutine: Coroutine[Any, Any, Any], **options: Any) -> Any:
    """What a coroutine gives under asyncio, which is not to wait for ever."""

    async def main() -> Any:
        return await asyncio.wait_for(coroutine, PATIENCE_S)

    return asyncio.run(main(), **options)


def kind_of(result: TaskResult) -> ErrorKind | None:
    return None if result.error is None else result.error.kind


# --- asyncio -----------------------------------------------------------------------


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("isolation", ["thread", "process", "inline"])
def test_a_result_is_awaited_before_and_after_it_is_there(
    queue: TaskQueue, isolation: str, debug: bool
) -> None:
    start(queue, worker_functions.echo, isolation=isolation)

    async def play() -> list[Any]:
        before = await queue.result(send(queue, 1))
        task_id = send(queue, 2)
        if isolation != "inline":
            eventually(lambda: queue.tasks_ready(1) == 1)
        after = await queue.result(task_id)
        assert (after.task_id, after.worker_id) == (task_id, 1)
        return [before.payload, after.payload]

    assert run(play(), debug=debug) == [1, 2]
    assert queue.tasks_in_work(1) == 0


@pytest.mark.parametrize("isolation", ["thread", "process", "inline"])
def test_many_are_awaited_at_once_in_any_order(queue: TaskQueue, isolation: str) -> None:
    start(queue, worker_functions.echo, isolation=isolation)

    async def play() -> list[Any]:
        ids = [send(queue, n) for n in range(1000)]
        results = await asyncio.gather(*(queue.result(task_id) for task_id in reversed(ids)))
        return [result.payload for result in results]

    assert run(play()) == list(reversed(range(1000)))


def test_an_error_is_a_result(queue: TaskQueue) -> None:
    retry = RetryPolicy(max_attempts=3, first_backoff_s=0.001, max_backoff_s=0.001)
    start(queue, worker_functions.fail_when_bad, retry=retry)
    result = run(queue.result(send(queue, "bad")))
    assert (kind_of(result), result.attempts) == (ErrorKind.FAILED, 3)


def test_an_await_that_is_cancelled_leaves_the_result(queue: TaskQueue, gate: Gate) -> None:
    start(queue, gate)
    task_id = send(queue, "wait")

    async def play() -> TaskResult:
        awaiting = asyncio.ensure_future(queue.result(task_id))
        await asyncio.sleep(0)
        awaiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await awaiting
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(queue.result(task_id), 0.01)
        assert not queue._directory.waiters._arrivals
        gate.open()
        return await queue.result(task_id)

    assert run(play()).payload == "wait"


def test_a_loop_that_is_closed_early_leaves_the_result(queue: TaskQueue, gate: Gate) -> None:
    start(queue, gate)
    task_id = send(queue, "wait")
    loop = asyncio.new_event_loop()
    awaiting = loop.create_task(queue.result(task_id))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    gate.open()
    eventually(lambda: queue.tasks_ready(1) == 1)
    result = queue.next_task_result(1)
    assert result is not None
    assert result.payload == "wait"
    assert run(queue.result(send(queue, "after"))).payload == "after"
    metrics = queue.metrics(1)
    assert metrics is not None
    assert metrics.restarts == 0
    awaiting._log_destroy_pending = False  # type: ignore[attr-defined]
    awaiting.get_coro().close()  # type: ignore[union-attr]


@pytest.mark.parametrize("is_alone", [True, False])
def test_a_loop_sleeps_until_the_result_is_there(
    queue: TaskQueue, gate: Gate, is_alone: bool
) -> None:
    looks = 0

    class CountingSelector(selectors.DefaultSelector):
        def select(self, timeout: float | None = None) -> Any:
            nonlocal looks
            looks += 1
            return super().select(timeout)

    start(queue, gate)
    if not is_alone:
        start(queue, worker_functions.echo, 2, isolation="inline")
        send(queue, None, 2, delay_s=3600.0)
    loop = asyncio.SelectorEventLoop(CountingSelector())
    loop.call_later(0.1, gate.open)
    assert loop.run_until_complete(queue.result(send(queue, "wait"))).payload == "wait"
    loop.close()
    assert looks < 10


@pytest.mark.parametrize("isolation", ["thread", "inline"])
def test_who_awaits_a_task_that_nobody_has_is_told(queue: TaskQueue, isolation: str) -> None:
    start(queue, worker_functions.echo, isolation=isolation)
    taken = send(queue, 1)
    run(queue.result(taken))
    for_callback = send(queue, 2, on_result=lambda result: None)
    future = queue.executor(1).submit(3)
    assert future.result(PATIENCE_S) == 3
    for task_id in (taken, for_callback, future.task_id, future.task_id + 1, 0):
        with pytest.raises(UnknownTaskError, match=f"task {task_id} has no result") as unknown:
            run(queue.result(task_id))
        assert unknown.value.task_id == task_id
    assert isinstance(unknown.value, LookupError)


@pytest.mark.parametrize("task_id", [None, "1", 1.0, True])
def test_a_task_id_is_an_int(queue: TaskQueue, task_id: Any) -> None:
    with pytest.raises(TypeError, match="task_id is an int"):
        run(queue.result(task_id))
    with pytest.raises(TypeError, match="task_id is an int"):
        queue.wait_result(task_id, 1.0)


def test_who_awaits_what_another_takes_is_told(queue: TaskQueue, gate: Gate) -> None:
    start(queue, gate)

    async def play() -> None:
        awaiting = asyncio.ensure_future(queue.result(send(queue, "wait")))
        await asyncio.sleep(0)
        gate.open()
        eventually(lambda: queue.tasks_ready(1) == 1)
        assert queue.next_task_result(1) is not None
        await awaiting

    with pytest.raises(UnknownTaskError, match="was taken"):
        run(play())


def test_who_awaits_what_goes_to_a_callback_is_told(queue: TaskQueue, gate: Gate) -> None:
    start(queue, gate)

    async def play() -> None:
        task_id = send(queue, "wait", on_result=lambda result: None)
        awaiting = asyncio.ensure_future(queue.result(task_id))
        await asyncio.sleep(0)
        gate.open()
        await awaiting

    with pytest.raises(UnknownTaskError, match="went to its on_result"):
        run(play())


def test_of_two_that_await_a_task_one_has_it_and_one_is_told(queue: TaskQueue, gate: Gate) -> None:
    start(queue, gate)

    async def play() -> list[Any]:
        task_id = send(queue, "wait")
        both = [asyncio.ensure_future(queue.result(task_id)) for _ in range(2)]
        await asyncio.sleep(0)
        gate.open()
        return await asyncio.gather(*both, return_exceptions=True)

    answers = run(play())
    assert sorted(type(answer).__name__ for answer in answers) == ["TaskResult", "UnknownTaskError"]


def test_what_is_taken_back_while_it_is_awaited_says_so(queue: TaskQueue, gate: Gate) -> None:
    start(queue, gate)

    async def play() -> list[Any]:
        ids = [send(queue, "until cancelled"), send(queue), send(queue, run_id="r")]
        ids.append(send(queue, deadline_s=time.monotonic() + 0.01))
        awaited = asyncio.gather(*(queue.result(task_id) for task_id in ids))
        await asyncio.sleep(0)
        gate.wait_entered()
        assert queue.cancel(ids[0])
        assert queue.cancel(ids[1])
        assert queue.purge_run("r") == 1
        return [kind_of(result) for result in await awaited]

    assert run(play())[:3] == [ErrorKind.CANCELLED] * 3


@pytest.mark.parametrize("end", ["stop", "kill", "stop_worker"])
def test_what_is_stopped_while_it_is_awaited_says_so(
    queue: TaskQueue, gate: Gate, end: str
) -> None:
    start(queue, gate)
    running, waiting, later = send(queue, "wait"), send(queue), send(queue)
    gate.wait_entered()
    ends: dict[str, Callable[[], object]] = {
        "stop": lambda: queue.stop(0.05),
        "kill": queue.kill,
        "stop_worker": lambda: queue.stop_worker(1),
    }

    async def play() -> list[Any]:
        awaited = asyncio.gather(queue.result(running), queue.result(waiting))
        await asyncio.sleep(0)
        ends[end]()
        return [kind_of(result) for result in [*await awaited, await queue.result(later)]]

    assert run(play()) == [ErrorKind.STOPPED] * 3


def test_a_worker_that_ends_still_answers_who_awaits(queue: TaskQueue, gate: Gate) -> None:
    start(queue, gate, stop_grace_s=PATIENCE_S)
    running = send(queue, "wait")
    gate.wait_entered()
    assert queue.stop_worker(1)

    async def play() -> TaskResult:
        awaiting = asyncio.ensure_future(queue.result(running))
        await asyncio.sleep(0)
        gate.open()
        return await awaiting

    assert run(play()).payload == "wait"


def test_loops_of_two_threads_await_tasks_of_their_own(queue: TaskQueue) -> None:
    start(queue, worker_functions.echo)
    answers: dict[int, list[Any]] = {}

    async def play(thread: int) -> list[Any]:
        ids = [send(queue, [thread, n]) for n in range(200)]
        results = await asyncio.gather(*map(queue.result, ids))
        return [result.payload for result in results]

    threads = [
        threading.Thread(target=lambda n=n: answers.update({n: run(play(n))})) for n in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert answers == {t: [[t, n] for n in range(200)] for t in range(2)}


def take_5_ms(data: Any) -> Any:
    """Longer than a step may be."""
    end_s = time.monotonic() + 0.005
    while time.monotonic() < end_s:
        pass
    return data


def test_tasks_on_the_loops_thread_leave_others_their_turns(queue: TaskQueue) -> None:
    start(queue, take_5_ms, isolation="inline")
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def play() -> TaskResult:
        counting = asyncio.ensure_future(count())
        ids = [send(queue, n) for n in range(10)]
        result = await queue.result(ids[-1])
        counting.cancel()
        return result

    assert run(play()).payload == 9
    assert turns >= 9


def test_a_delayed_task_on_the_loops_thread_is_awaited() -> None:
    with TaskQueue(deterministic=True) as queue:
        start(queue, worker_functions.echo)

        async def play() -> TaskResult:
            awaiting = asyncio.ensure_future(queue.result(send(queue, 1, delay_s=5.0)))
            for _ in range(5):
                await asyncio.sleep(0.005)
                assert not awaiting.done()
                queue.clock.advance(1.0)  # type: ignore[attr-defined]
            return await awaiting

        result = run(play())
    assert (result.payload, result.started_s) == (1, 5.0)


class JustNow:
    """A worker that has announced a result when it is asked for it."""

    is_inline = False

    def __init__(self) -> None:
        self.results: deque[TaskResult] = deque()

    def knows(self, task_id: int) -> bool | None:
        self.results.append(TaskResult(worker_id=1, task_id=task_id))
        return True


def test_a_result_that_comes_while_it_is_looked_for_is_found() -> None:
    worker = JustNow()
    sought = Sought(1, lambda: [worker.results], lambda: [worker], lambda: False)
    assert run(result_of(sought, ResultWaiters())).task_id == 1


def test_whether_a_purged_task_is_known_cannot_be_told_at_once() -> None:
    state = PoolState(1)
    for task_id in (1, 2):
        state.submit(Task(task_id, b"", 0.0, run_id="r"))
    assert (state.knows(2), state.knows(3)) == (True, False)
    assert state.purge("r") == 2
    assert (state.knows(2), state.knows(3)) == (None, None)
    while state.drop_purged(1):
        pass
    assert (state.knows(2), state.knows(3)) == (False, False)
    state.submit(Task(4, b"", 0.0, deadline_s=1.0))
    assert state.take(0, now_s=0.5)[0].id == 4
    assert (state.knows(4), state.knows(5)) == (True, False)


class Undecided:
    """A worker that answers many purged tasks, and only then can tell which are left."""

    is_inline = False

    def __init__(self) -> None:
        self.asked = 0

    def knows(self, task_id: int) -> bool | None:
        self.asked += 1
        return None if self.asked < 5 else False


def test_whether_a_task_is_known_is_asked_until_it_can_be_told() -> None:
    worker = Undecided()
    sought = Sought(1, list, lambda: [worker], lambda: False)
    with pytest.raises(UnknownTaskError):
        run(result_of(sought, ResultWaiters()))
    assert worker.asked == 5
    worker.asked = 0
    assert ResultWaiters().wait(sought, 1e6) is None
    assert worker.asked == 5


def test_a_purge_of_very_many_lets_nobody_wait_for_ever(queue: TaskQueue, gate: Gate) -> None:
    start(queue, gate)
    send(queue, "wait")
    ids = [send(queue, run_id="r") for _ in range(2000)]

    async def play() -> list[Any]:
        awaited = asyncio.gather(*(queue.result(task_id) for task_id in ids[-3:]))
        await asyncio.sleep(0)
        assert queue.purge_run("r") == 2000
        with pytest.raises(UnknownTaskError):
            await queue.result(10**9)
        return [kind_of(result) for result in await awaited]

    assert run(play()) == [ErrorKind.CANCELLED] * 3


# --- a step a frame ---------------------------------------------------------------------


def play_frames(coroutine: Coroutine[Any, Any, Any], most: int = 10**7) -> tuple[Any, int]:
    """What a coroutine gives, and in which frame: without asyncio, a step a frame."""
    for frame in range(most):
        try:
            assert coroutine.send(None) is None
        except StopIteration as end:
            return end.value, frame
    raise AssertionError(f"nothing within {most} frames")


@pytest.mark.parametrize("isolation", ["thread", "process", "inline"])
def test_a_loop_without_asyncio_awaits_a_result(queue: TaskQueue, isolation: str) -> None:
    start(queue, worker_functions.echo, isolation=isolation)

    async def play() -> list[Any]:
        return [(await queue.result(send(queue, n))).payload for n in range(20)]

    assert play_frames(play())[0] == list(range(20))


def test_a_frame_is_given_back_at_once_while_the_worker_runs(queue: TaskQueue, gate: Gate) -> None:
    start(queue, gate)
    coroutine = queue.result(send(queue, "wait"))
    for _ in range(1000):
        coroutine.send(None)
    gate.open()
    assert play_frames(coroutine)[0].payload == "wait"


def test_a_frame_runs_no_more_than_a_few_milliseconds(queue: TaskQueue) -> None:
    start(queue, take_5_ms, isolation="inline")
    ids = [send(queue, n) for n in range(10)]
    result, frame = play_frames(queue.result(ids[-1]))
    assert (result.payload, frame) == (9, 9)


def test_a_deterministic_frame_runs_all_that_comes_before() -> None:
    with TaskQueue(deterministic=True) as queue:
        start(queue, take_5_ms)
        ids = [send(queue, n) for n in range(10)]
        result, frame = play_frames(queue.result(ids[4]))
        assert (result.payload, frame) == (4, 0)
        assert queue.tasks_waiting(1) == 5


def test_a_coroutine_that_is_dropped_leaves_the_result(queue: TaskQueue, gate: Gate) -> None:
    start(queue, gate)
    coroutine = queue.result(send(queue, "wait"))
    coroutine.send(None)
    coroutine.close()
    gate.open()
    eventually(lambda: queue.next_task_result(1))


def test_a_loop_without_asyncio_is_told_of_what_nobody_has(queue: TaskQueue) -> None:
    with pytest.raises(UnknownTaskError):
        queue.result(5).send(None)


def test_awaiting_without_asyncio_does_not_load_it() -> None:
    script = """
import sys
from engine_tasks import TaskQueue, WorkerOptions

with TaskQueue() as queue:
    options = WorkerOptions(isolation="thread")
    queue.start_native_worker(1, "echo", lambda data: data, options=options)
    coroutine = queue.result(queue.send_task(1, 5))
    while True:
        try:
            coroutine.send(None)
        except StopIteration as end:
            print(end.value.payload, "asyncio" in sys.modules)
            break
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=100, check=False
    )
    assert ran.stdout == "5 False\n", ran.stderr


# --- threads ------------------------------------------------------------------------------


#: Beyond the patience of a test: who waits that long has failed.
FOR_EVER_S = 1e6


@pytest.mark.parametrize("isolation", ["thread", "inline"])
def test_a_thread_does_not_wait_for_what_nobody_has(queue: TaskQueue, isolation: str) -> None:
    start(queue, worker_functions.echo, isolation=isolation)
    task_id = send(queue, 1)
    result = queue.wait_result(task_id, FOR_EVER_S)
    assert result is not None
    assert result.payload == 1
    assert queue.wait_result(task_id, FOR_EVER_S) is None
    assert queue.wait_result(987_654, FOR_EVER_S) is None
    called: list[TaskResult] = []
    for_callback = send(queue, 2, on_result=called.append)
    assert queue.wait_result(for_callback, FOR_EVER_S) is None
    eventually(lambda: queue.pump() or called)
    assert called[0].task_id == for_callback


def test_of_threads_that_wait_for_a_task_one_has_it(queue: TaskQueue, gate: Gate) -> None:
    start(queue, gate)
    task_id = send(queue, "wait")
    results: list[TaskResult | None] = []
    threads = [
        threading.Thread(target=lambda: results.append(queue.wait_result(task_id, FOR_EVER_S)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    gate.wait_entered()
    eventually(lambda: len(queue._directory.waiters._arrivals.get(task_id, ())) == 4)
    gate.open()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(results) == 4
    assert [result.payload for result in results if result] == ["wait"]


def test_a_thread_waits_as_long_as_a_task_is_tried_again(queue: TaskQueue) -> None:
    retry = RetryPolicy(max_attempts=3, first_backoff_s=0.1, max_backoff_s=0.1)
    start(queue, worker_functions.fail_when_bad, retry=retry)
    result = queue.wait_result(send(queue, "bad"), FOR_EVER_S)
    assert result is not None
    assert result.attempts == 3


def test_a_delayed_task_on_this_thread_is_waited_for(queue: TaskQueue) -> None:
    start(queue, worker_functions.echo, isolation="inline")
    result = queue.wait_result(send(queue, 1, delay_s=0.05), FOR_EVER_S)
    assert result is not None
    assert queue.wait_result(send(queue, 2, delay_s=3600.0), 0.01) is None


def test_a_deterministic_queue_does_not_wait_for_its_clock() -> None:
    with TaskQueue(deterministic=True) as queue:
        start(queue, worker_functions.echo)
        task_id = send(queue, 1, delay_s=60.0)
        assert queue.wait_result(task_id, FOR_EVER_S) is None
        queue.clock.advance(60.0)  # type: ignore[attr-defined]
        result = queue.wait_result(task_id, 0)
        assert result is not None
        assert result.started_s == 60.0


# --- who is told ----------------------------------------------------------------------------


def test_each_that_expects_a_task_is_told_once() -> None:
    waiters, told = ResultWaiters(), list[str]()
    waiters.announce(1)

    def first() -> None:
        told.append("first")

    def second() -> None:
        told.append("second")

    waiters.expect(1, first)
    waiters.expect(1, second)
    waiters.expect(2, first)
    waiters.announce(3)
    assert told == []
    waiters.announce(1)
    waiters.announce(1)
    assert told == ["first", "second"]
    waiters.forget(1, first)
    waiters.forget(2, second)
    waiters.forget(2, first)
    waiters.announce(2)
    assert told == ["first", "second"]
    assert not waiters._arrivals


# --- any order of everything ------------------------------------------------------------------


class Player:
    """Sends, awaits and takes at random, a step at a time; notes who has which result."""

    def __init__(self) -> None:
        self.queue = TaskQueue(deterministic=True)
        start(self.queue, worker_functions.echo)
        self.sent: list[int] = []
        self.awaiting: list[tuple[int, Coroutine[Any, Any, TaskResult]]] = []
        self.had: list[int] = []

    def play(self, command: str, pick: int) -> None:
        queue = self.queue
        if command == "send":
            self.sent.append(send(queue, pick, delay_s=float(pick % 3)))
        elif command == "await" and self.sent:
            task_id = self.sent[pick % len(self.sent)]
            self.awaiting.append((task_id, queue.result(task_id)))
        elif command == "drop" and self.awaiting:
            self.awaiting.pop(pick % len(self.awaiting))[1].close()
        elif command == "poll":
            self._had(queue.next_task_result(1))
        elif command == "wait" and self.sent:
            self._had(queue.wait_result(self.sent[pick % len(self.sent)], 0))
        elif command == "cancel" and self.sent:
            queue.cancel(self.sent[pick % len(self.sent)])
        elif command == "clock":
            queue.clock.advance(1.0)  # type: ignore[attr-defined]
        self.step()

    def step(self) -> None:
        """A frame: each coroutine has its turn."""
        for task_id, coroutine in list(self.awaiting):
            try:
                coroutine.send(None)
                continue
            except StopIteration as end:
                self._had(end.value)
            except UnknownTaskError:
                pass
            assert task_id in self.had
            self.awaiting.remove((task_id, coroutine))

    def _had(self, result: TaskResult | None) -> None:
        if result is not None:
            self.had.append(result.task_id)

    def finish(self) -> None:
        self.queue.clock.advance(10.0)  # type: ignore[attr-defined]
        self.step()
        assert not self.awaiting
        while self.queue.tasks_in_work(1):
            self._had(self.queue.next_task_result(1))
        assert sorted(self.had) == self.sent


COMMANDS = ["send", "send", "await", "drop", "poll", "wait", "cancel", "clock"]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(COMMANDS), st.integers(0, 20)), max_size=40))
def test_each_result_goes_to_one_whoever_asks(commands: list[tuple[str, int]]) -> None:
    player = Player()
    with player.queue:
        for command, pick in commands:
            player.play(command, pick)
        player.finish()


@pytest.fixture
def crowded() -> Iterator[None]:
    """Threads take turns as often as they can."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval_s)


@pytest.mark.usefixtures("crowded")
def test_no_announcement_is_lost_between_threads(queue: TaskQueue) -> None:
    start(queue, worker_functions.echo)

    def play() -> None:
        for n in range(300):
            result = queue.wait_result(send(queue, n), FOR_EVER_S)
            assert result is not None
            answered.append(result.payload == n)

    answered: list[bool] = []
    threads = [threading.Thread(target=play) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert answered == [True] * 1200
