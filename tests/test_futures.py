"""`queue.executor`: what holds for Python's own thread pool holds for a worker as well."""

import asyncio
import gc
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from pathlib import Path
from typing import Any

import pytest
import worker_functions
from eventually import PATIENCE_S, eventually
from gate import Gate

from engine_tasks import (
    ErrorKind,
    LuaLimits,
    PayloadError,
    Priority,
    RestartPolicy,
    RetryPolicy,
    TaskError,
    TaskFailedError,
    TaskFuture,
    TaskQueue,
    TaskRefusedError,
    TaskResult,
    WorkerExecutor,
    WorkerId,
    WorkerOptions,
)
from engine_tasks.sending import SendOptions

THREAD = WorkerOptions(isolation="thread", stop_grace_s=0.2)
INLINE = WorkerOptions(isolation="inline")


class Subject:
    """An executor of one thread that calls one function, whoever made it."""

    def __init__(self, executor: Executor, *function: Callable[[Any], Any]) -> None:
        self.executor: Any = executor
        self._function = function

    def submit(self, payload: object) -> Future[Any]:
        future: Future[Any] = self.executor.submit(*self._function, payload)
        return future

    def map(self, payloads: list[Any], timeout: float | None = None) -> Iterator[Any]:
        results: Iterator[Any] = self.executor.map(*self._function, payloads, timeout=timeout)
        return results

    async def run_in(self, payload: object) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, *self._function, payload)


class Failing(Gate):
    """A gate that raises for "bad"."""

    def __call__(self, data: Any) -> Any:
        result = super().__call__(data)
        if data == "bad":
            raise ValueError("cannot do it")
        return result


@pytest.fixture
def gate() -> Iterator[Failing]:
    gate = Failing()
    yield gate
    gate.open()


@pytest.fixture(params=["stdlib", "thread"])
def subject(request: pytest.FixtureRequest, queue: TaskQueue, gate: Failing) -> Iterator[Subject]:
    """One thread of Python's, or one of a worker's."""
    if request.param == "stdlib":
        with ThreadPoolExecutor(1) as pool:
            yield Subject(pool, gate)
            gate.open()
    else:
        assert queue.start_native_worker(1, "gate", gate, options=THREAD)
        yield Subject(queue.executor(1))


@pytest.fixture(params=["stdlib", "thread", "inline"])
def easy(request: pytest.FixtureRequest, queue: TaskQueue, gate: Failing) -> Iterator[Subject]:
    """As `subject`, and also a worker without a thread, which cannot be blocked."""
    if request.param == "stdlib":
        with ThreadPoolExecutor(1) as pool:
            yield Subject(pool, gate)
    else:
        options = WorkerOptions(isolation=request.param)
        assert queue.start_native_worker(1, "gate", gate, options=options)
        yield Subject(queue.executor(1))


def block(subject: Subject, gate: Gate) -> Future[Any]:
    """Have the one thread stand still."""
    future = subject.submit("wait")
    gate.wait_entered()
    return future


# --- results -----------------------------------------------------------------------


def test_a_future_has_the_payload_and_no_exception(easy: Subject) -> None:
    future = easy.submit({"x": [1]})
    assert future.result(PATIENCE_S) == {"x": [1]}
    assert future.exception(0) is None
    assert future.result(0) is future.result(0)
    assert (future.done(), future.cancelled(), future.running()) == (True, False, False)


def test_an_error_is_raised_by_result_and_given_by_exception(easy: Subject) -> None:
    future = easy.submit("bad")
    assert "cannot do it" in str(future.exception(PATIENCE_S))
    with pytest.raises(Exception, match="cannot do it"):
        future.result()
    assert not future.cancelled()
    assert easy.submit(1).result(PATIENCE_S) == 1


def test_a_result_that_is_late_raises_and_comes_later(subject: Subject, gate: Gate) -> None:
    future = block(subject, gate)
    with pytest.raises(TimeoutError):
        future.result(0.01)
    with pytest.raises(TimeoutError):
        future.exception(0)
    gate.open()
    assert future.result(PATIENCE_S) == "wait"


# --- map -----------------------------------------------------------------------------


def test_map_gives_the_answers_in_order(easy: Subject) -> None:
    assert list(easy.map(list(range(50)))) == list(range(50))
    assert list(easy.map([])) == []


def test_map_gives_what_came_before_an_error(easy: Subject, gate: Gate) -> None:
    answers = easy.map([1, 2, "bad", 3])
    assert [next(answers), next(answers)] == [1, 2]
    with pytest.raises(Exception, match="cannot do it"):
        next(answers)
    with pytest.raises(StopIteration):
        next(answers)


def test_map_gives_up_when_its_time_is_over(subject: Subject, gate: Gate) -> None:
    answers = subject.map([1, "wait", 2, 3], timeout=0.2)
    gate.wait_entered()
    assert next(answers) == 1
    with pytest.raises(TimeoutError):
        next(answers)
    gate.open()
    assert subject.submit("after").result(PATIENCE_S) == "after"
    assert gate.ran == [1, "wait", "after"]


def test_map_that_is_left_early_takes_back_what_waits(subject: Subject, gate: Gate) -> None:
    answers = subject.map([1, "wait", 2, 3])
    assert next(answers) == 1
    gate.wait_entered()
    del answers
    gate.open()
    assert subject.submit("after").result(PATIENCE_S) == "after"
    assert gate.ran == [1, "wait", "after"]


def test_map_runs_also_what_nobody_looks_at(subject: Subject, gate: Gate) -> None:
    subject.map([1, 2, 3])
    assert subject.submit("after").result(PATIENCE_S) == "after"
    assert gate.ran == [1, 2, 3, "after"]


# --- cancelling ------------------------------------------------------------------------


def test_what_waits_can_be_cancelled_and_never_runs(subject: Subject, gate: Gate) -> None:
    block(subject, gate)
    future = subject.submit("never")
    called: list[Future[Any]] = []
    future.add_done_callback(called.append)
    assert (future.done(), future.running(), future.cancelled()) == (False, False, False)
    assert future.cancel()
    assert future.cancel()
    assert (future.done(), future.running(), future.cancelled()) == (True, False, True)
    assert called == [future]
    for ask in (future.result, future.exception):
        with pytest.raises(CancelledError):
            ask()
    gate.open()
    assert subject.submit("after").result(PATIENCE_S) == "after"
    assert gate.ran == ["wait", "after"]


def test_what_runs_or_is_done_cannot_be_cancelled(subject: Subject, gate: Gate) -> None:
    future = block(subject, gate)
    assert future.running()
    assert not future.cancel()
    assert not future.cancelled()
    gate.open()
    assert future.result(PATIENCE_S) == "wait"
    assert not future.cancel()
    assert not future.running()


def test_a_future_that_two_cancel_while_it_starts_is_one_thing_only(
    subject: Subject, gate: Gate
) -> None:
    futures = [subject.submit(n) for n in range(300)]
    verdicts: list[tuple[int, bool]] = []

    def cancel_all() -> None:
        verdicts.extend((n, future.cancel()) for n, future in enumerate(futures))

    threads = [threading.Thread(target=cancel_all) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not wait(futures, PATIENCE_S).not_done
    ran = set(gate.ran)
    for n, verdict in verdicts:
        assert futures[n].cancelled() is (n not in ran)
        assert verdict is (n not in ran)


# --- as_completed, wait ----------------------------------------------------------------


def test_as_completed_gives_each_once(easy: Subject) -> None:
    futures = [easy.submit(payload) for payload in (1, "bad", 2)]
    seen = list(as_completed([*futures, futures[0]], PATIENCE_S))
    assert Counter(seen) == Counter(futures)
    assert all(future.done() for future in seen)
    assert list(as_completed(futures, 0)) != []


def test_as_completed_gives_cancelled_ones(subject: Subject, gate: Gate) -> None:
    blocked, waiting = block(subject, gate), subject.submit(1)
    waiting.cancel()
    gate.open()
    assert {*as_completed([blocked, waiting], PATIENCE_S)} == {blocked, waiting}


def test_as_completed_raises_when_its_time_is_over(subject: Subject, gate: Gate) -> None:
    futures = [subject.submit(1), subject.submit("wait")]
    with pytest.raises(TimeoutError, match=r"1 \(of 2\) futures unfinished"):
        list(as_completed(futures, 0.2))


def test_wait_ends_with_the_first(subject: Subject, gate: Gate) -> None:
    first, second = subject.submit(1), subject.submit("wait")
    done, not_done = wait([first, second], PATIENCE_S, FIRST_COMPLETED)
    assert (done, not_done) == ({first}, {second})


def test_wait_ends_with_the_first_error(subject: Subject, gate: Gate) -> None:
    futures = [subject.submit(payload) for payload in (1, "bad", "wait")]
    done, not_done = wait(futures, PATIENCE_S, FIRST_EXCEPTION)
    assert (done, not_done) == (set(futures[:2]), {futures[2]})


def test_wait_ends_with_all(easy: Subject) -> None:
    futures = {easy.submit(payload) for payload in (1, "bad", 2, 3)}
    assert wait(futures, PATIENCE_S, ALL_COMPLETED) == (futures, set())
    assert wait(futures, 0) == (futures, set())


def test_wait_ends_with_its_time(subject: Subject, gate: Gate) -> None:
    future = block(subject, gate)
    assert wait([future], 0.01) == (set(), {future})


# --- callbacks ---------------------------------------------------------------------------


def test_callbacks_are_called_once_in_order_also_late_ones(easy: Subject, gate: Gate) -> None:
    future = easy.submit(1)
    called: list[tuple[int, Future[Any]]] = []
    for n in range(3):
        future.add_done_callback(lambda f, n=n: called.append((n, f)))
    future.result(PATIENCE_S)
    eventually(lambda: len(called) == 3)
    future.add_done_callback(lambda f: called.append((3, f)))
    assert called == [(n, future) for n in range(4)]


def test_a_callback_that_raises_harms_nothing(
    easy: Subject, caplog: pytest.LogCaptureFixture
) -> None:
    future, called = easy.submit(1), threading.Event()

    def fail(future: Future[Any]) -> None:
        raise ValueError("the callback's own fault")

    future.add_done_callback(fail)
    future.add_done_callback(lambda _: called.set())
    assert future.result(PATIENCE_S) == 1
    assert called.wait(PATIENCE_S)
    assert easy.submit(2).result(PATIENCE_S) == 2
    if future.done() and "the callback's own fault" not in caplog.text:
        pytest.skip("it was added after the end, and raised here")


def test_a_callback_may_submit_the_next(easy: Subject) -> None:
    seen: list[Any] = []

    def follow(future: Future[Any]) -> None:
        seen.append(future.result())
        if len(seen) < 5:
            easy.submit(len(seen)).add_done_callback(follow)

    easy.submit(0).add_done_callback(follow)
    eventually(lambda: easy.submit("poll").result(PATIENCE_S) and len(seen) == 5)
    assert seen == [0, 1, 2, 3, 4]


# --- the end -------------------------------------------------------------------------------


def test_after_a_shutdown_nothing_is_taken_and_all_that_was_is_done(easy: Subject) -> None:
    futures = [easy.submit(n) for n in range(20)]
    easy.executor.shutdown()
    assert [future.done() for future in futures] == [True] * 20
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        easy.submit(1)
    easy.executor.shutdown()


def test_a_shutdown_need_not_wait(subject: Subject, gate: Gate) -> None:
    running, waiting = block(subject, gate), subject.submit(1)
    subject.executor.shutdown(wait=False)
    assert not running.done()
    gate.open()
    assert (running.result(PATIENCE_S), waiting.result(PATIENCE_S)) == ("wait", 1)


def test_a_shutdown_can_cancel_what_waits(subject: Subject, gate: Gate) -> None:
    running, waiting = block(subject, gate), [subject.submit(n) for n in range(9)]
    subject.executor.shutdown(wait=False, cancel_futures=True)
    assert all(future.cancelled() for future in waiting)
    gate.open()
    assert running.result(PATIENCE_S) == "wait"
    assert gate.ran == ["wait"]


def test_a_block_ends_when_all_is_done(easy: Subject) -> None:
    with easy.executor:
        futures = [easy.submit(n) for n in range(20)]
    assert all(future.done() for future in futures)


# --- asyncio -------------------------------------------------------------------------------


def test_asyncio_waits_for_a_future(easy: Subject) -> None:
    async def play() -> list[Any]:
        wrapped = [asyncio.wrap_future(easy.submit(n)) for n in range(20)]
        return await asyncio.wait_for(asyncio.gather(*wrapped), PATIENCE_S)

    assert asyncio.run(play()) == list(range(20))


def test_asyncio_runs_payloads_in_the_executor(easy: Subject) -> None:
    async def play() -> list[Any]:
        answers = await asyncio.gather(
            *(easy.run_in(n) for n in (1, "bad")), return_exceptions=True
        )
        return [answers[0], "cannot do it" in str(answers[1])]

    assert asyncio.run(asyncio.wait_for(play(), PATIENCE_S)) == [1, True]


def test_asyncio_cancels_what_waits(subject: Subject, gate: Gate) -> None:
    block(subject, gate)
    future = subject.submit("never")

    async def play() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(future), 0.01)

    asyncio.run(play())
    assert future.cancelled()
    assert gate.ran == ["wait"]


# --- many ----------------------------------------------------------------------------------


def test_of_ten_thousand_futures_from_eight_threads_none_is_lost(subject: Subject) -> None:
    futures: list[list[Future[Any]]] = [[] for _ in range(8)]

    def submit(thread: int) -> None:
        futures[thread].extend(subject.submit([thread, n]) for n in range(1250))

    threads = [threading.Thread(target=submit, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    wait([future for some in futures for future in some], PATIENCE_S)
    for thread, some in enumerate(futures):
        assert [future.result(0) for future in some] == [[thread, n] for n in range(1250)]


def test_nothing_is_kept_of_futures_that_nobody_holds(subject: Subject) -> None:
    gone: list[weakref.ref[Future[Any]]] = []
    for n in range(100):
        future = subject.submit(n)
        gone.append(weakref.ref(future))
        future.result(PATIENCE_S)
    del future
    subject.submit("last").result(PATIENCE_S)

    def is_gone() -> bool:
        gc.collect()
        return not any(ref() for ref in gone)

    eventually(is_gone)


def test_map_keeps_nothing_of_what_it_gave(easy: Subject) -> None:
    refs: list[weakref.ref[Future[Any]]] = []
    submit = easy.executor.submit

    def spy(*arguments: Any, **options: Any) -> Any:
        future = submit(*arguments, **options)
        refs.append(weakref.ref(future))
        return future

    easy.executor.submit = spy
    answers = easy.map([1, 2, 3])
    assert [next(answers), next(answers), next(answers)] == [1, 2, 3]

    def is_gone() -> bool:
        gc.collect()
        return [ref() is None for ref in refs] == [True] * 3

    eventually(is_gone)


# --- what only a worker's futures have -------------------------------------------------------


def executor_of(queue: TaskQueue, function: Callable[..., Any], **options: Any) -> WorkerExecutor:
    options = {"isolation": "thread", "stop_grace_s": 0.2, "start_timeout_s": 60.0} | options
    assert queue.start_native_worker(1, "worker 1", function, options=WorkerOptions(**options))
    return queue.executor(1)


def failure(future: Future[Any]) -> TaskError:
    error = future.exception(PATIENCE_S)
    assert isinstance(error, TaskFailedError)
    assert isinstance(future, TaskFuture)
    assert error.task_id == future.task_id
    assert f"task {future.task_id}: {error.error.kind}" in str(error)
    return error.error


def test_a_future_tells_of_its_task(queue: TaskQueue) -> None:
    retry = RetryPolicy(max_attempts=3, first_backoff_s=0.0, max_backoff_s=0.0)
    executor = executor_of(queue, worker_functions.fail_when_bad, retry=retry)
    future = executor.submit("bad")
    assert failure(future).kind is ErrorKind.FAILED
    assert future.task_result is not None
    assert (future.task_result.task_id, future.task_result.attempts) == (future.task_id, 3)
    assert future.task_result.worker_id == 1


def test_a_future_is_seen_by_nobody_else(queue: TaskQueue) -> None:
    executor = executor_of(queue, worker_functions.echo)
    future = executor.submit(1)
    assert future.result(PATIENCE_S) == 1
    assert queue.next_task_result(1) is None
    assert queue.wait_result(future.task_id, PATIENCE_S) is None
    assert queue.tasks_in_work(1) == 0


@pytest.mark.parametrize(
    ("function", "payload", "options", "kind"),
    [
        (worker_functions.fail_when_bad, "bad", {}, ErrorKind.FAILED),
        (worker_functions.spin_when_bad, "bad", {"timeout_s": 0.2}, ErrorKind.TIMEOUT),
        (worker_functions.leave, 3, {}, ErrorKind.CRASHED),
        (worker_functions.text_of, "none", {}, ErrorKind.BAD_PAYLOAD),
        (worker_functions.a_lock_when_bad, "bad", {}, ErrorKind.BAD_RESULT),
    ],
)
def test_each_kind_of_error_of_a_process_is_raised(
    queue: TaskQueue, function: Any, payload: Any, options: Any, kind: ErrorKind
) -> None:
    executor = executor_of(queue, function, isolation="process", **options)
    assert failure(executor.submit(payload)).kind is kind


def test_a_lua_task_out_of_memory_is_an_error(queue: TaskQueue, tmp_path: Path) -> None:
    script = tmp_path / "hungry.lua"
    script.write_text("function Run(n) local t = {} for i = 1, 1e9 do t[i] = {} end end")
    options = WorkerOptions(isolation="thread", limits=LuaLimits(memory_mb=8))
    assert queue.start_worker(1, "Hungry", script, options=options)
    assert failure(queue.executor(1).submit(1)).kind is ErrorKind.MEMORY


def test_a_task_that_still_waits_at_its_deadline_raises(queue: TaskQueue, gate: Gate) -> None:
    executor = executor_of(queue, gate)
    blocked = executor.submit("wait")
    future = executor.submit(1, deadline_s=time.monotonic() + 0.01)
    assert failure(future).kind is ErrorKind.EXPIRED
    gate.open()
    assert blocked.result(PATIENCE_S) == "wait"


def test_a_task_that_the_queue_cancels_while_it_runs_is_cancelled(
    queue: TaskQueue, gate: Gate
) -> None:
    executor = executor_of(queue, gate)
    running, waiting = executor.submit("until cancelled"), executor.submit("never")
    gate.wait_entered()
    assert queue.cancel(waiting.task_id)
    assert queue.cancel(running.task_id)
    for future in (running, waiting):
        assert future.cancelled()
        assert future.task_result is not None
        with pytest.raises(CancelledError):
            future.result(0)
    assert executor.submit("after").result(PATIENCE_S) == "after"
    assert gate.ran == ["until cancelled", "after"]


def test_who_waits_hears_of_a_cancellation_at_once(queue: TaskQueue, gate: Gate) -> None:
    executor = executor_of(queue, gate)
    blocked, waiting = executor.submit("wait"), executor.submit("never")
    gate.wait_entered()
    waiting.cancel()
    completed = as_completed([blocked, waiting], PATIENCE_S)
    assert next(completed) is waiting
    assert wait([blocked, waiting], PATIENCE_S, FIRST_COMPLETED).done == {waiting}


def test_a_purged_run_is_cancelled(queue: TaskQueue, gate: Gate) -> None:
    executor = executor_of(queue, gate)
    executor.submit("wait")
    futures = [executor.submit(n, run_id="level 1") for n in range(100)]
    assert queue.purge_run("level 1") == 100
    wait(futures, PATIENCE_S)
    assert all(future.cancelled() for future in futures)


@pytest.mark.parametrize("end", ["stop", "kill", "stop_worker"])
@pytest.mark.parametrize("isolation", ["thread", "process", "inline"])
def test_each_future_is_done_when_its_worker_ends(
    isolation: Any, end: str, queue: TaskQueue
) -> None:
    executor = executor_of(queue, worker_functions.wait_long, isolation=isolation)
    payloads = ["x" if isolation == "inline" else "long", *range(20)]
    futures = [executor.submit(payload, delay_s=3600.0 * (payload == 19)) for payload in payloads]
    if isolation != "inline":
        eventually(futures[0].running)
    {
        "stop": lambda: queue.stop(0.1),
        "kill": queue.kill,
        "stop_worker": lambda: queue.stop_worker(1),
    }[end]()
    assert not wait(futures, PATIENCE_S).not_done
    assert failure(futures[-1]).kind is ErrorKind.STOPPED
    for future in futures:
        assert future.exception() is None or failure(future).kind is ErrorKind.STOPPED
    executor.shutdown()


def test_each_future_is_done_once_amid_deaths_and_cancellations(queue: TaskQueue) -> None:
    restart = RestartPolicy(max_restarts=100, first_backoff_s=0.001, max_backoff_s=0.001)
    executor = executor_of(queue, worker_functions.leave, isolation="process", restart=restart)
    called: Counter[Future[Any]] = Counter()
    futures = []
    for n in range(400):
        futures.append(executor.submit(3 if n % 50 == 20 else str(n)))
        futures[-1].add_done_callback(lambda future: called.update([future]))
        if n % 3 == 0:
            futures[n // 2].cancel()
        if n % 70 == 0:
            queue.cancel(futures[n // 2].task_id)
    assert not wait(futures, 2 * PATIENCE_S).not_done
    eventually(lambda: len(called) == 400)
    assert set(called.values()) == {1}
    for n, future in enumerate(futures):
        if future.cancelled():
            continue
        if n % 50 == 20:
            assert failure(future).kind is ErrorKind.CRASHED
        else:
            assert future.result() == str(n)


def test_an_executor_is_of_one_worker_and_ends_with_it(queue: TaskQueue) -> None:
    executor = executor_of(queue, worker_functions.echo)
    assert queue.stop_worker(1)
    with pytest.raises(TaskRefusedError, match="the worker 'worker 1' was stopped") as refused:
        executor.submit(1)
    assert refused.value.worker_id == 1
    assert queue.start_native_worker(1, "another", worker_functions.pid, options=THREAD)
    with pytest.raises(TaskRefusedError, match="'worker 1' was stopped"):
        executor.submit(1)
    executor.shutdown()


def test_a_worker_that_is_not_there_has_no_executor(queue: TaskQueue) -> None:
    with pytest.raises(TaskRefusedError, match="no worker runs with id 7"):
        queue.executor(7)
    assert queue.executor(WorkerId.Echo).submit("hello").result(PATIENCE_S) == "hello"


def test_what_cannot_be_sent_raises_and_leaves_nothing(queue: TaskQueue, gate: Gate) -> None:
    executor = executor_of(queue, gate, max_pending=1)
    with pytest.raises(PayloadError):
        executor.submit(threading.Lock())
    with pytest.raises(TypeError, match="timeout_s"):
        executor.submit(1, timeout_s="2")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        executor.submit(len, [1])  # type: ignore[call-arg]
    executor.submit("wait")
    gate.wait_entered()
    waiting = executor.submit(1)
    with pytest.raises(TaskRefusedError, match="1 tasks wait already"):
        executor.submit(2)
    gate.open()
    executor.shutdown()
    assert waiting.result(0) == 1


def test_map_takes_back_all_when_one_is_refused(queue: TaskQueue, gate: Gate) -> None:
    executor = executor_of(queue, gate)
    executor.submit("wait")
    gate.wait_entered()
    with pytest.raises(PayloadError):
        executor.map([1, 2, threading.Lock(), 3])
    assert queue.tasks_waiting(1) == 0
    with pytest.raises(TypeError, match="timeout is a number"):
        executor.map([1], timeout="2")  # type: ignore[arg-type]


def test_a_task_is_sent_as_it_was_asked_for(queue: TaskQueue, gate: Gate) -> None:
    executor = executor_of(queue, gate)
    executor.submit("wait")
    gate.wait_entered()
    executor.submit("low", priority=Priority.LOW)
    executor.submit("high", priority=Priority.HIGH)
    (shared,) = (executor.map(["shared"], key=5, run_id="r"),)
    twice = [executor.submit("shared", key=5), executor.submit("shared", key=5)]
    assert [pending.key for pending in queue.pending_work("r")] == [5]
    gate.open()
    assert [future.result(PATIENCE_S) for future in twice] == ["shared"] * 2
    assert list(shared) == ["shared"]
    executor.shutdown()
    assert gate.ran == ["wait", "high", "shared", "low"]


@pytest.mark.parametrize(
    ("options", "key"),
    [({"same_key": "newest"}, 5), ({"max_pending": 1, "overflow": "drop_oldest"}, None)],
)
def test_a_future_that_gives_way_to_another_is_cancelled_at_once(
    queue: TaskQueue, gate: Gate, options: Any, key: int | None
) -> None:
    executor = executor_of(queue, gate, **options)
    executor.submit("wait")
    gate.wait_entered()
    older = executor.submit(1, key=key)
    newer = executor.submit(2, key=key)
    assert older.cancelled()
    assert not newer.done()
    gate.open()
    assert newer.result(PATIENCE_S) == 2


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_a_callback_that_raises_more_than_an_error_leaves_the_worker_alive(
    queue: TaskQueue, gate: Gate, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    executor = executor_of(queue, gate)
    future = executor.submit("wait")

    def fail(_: Future[Any]) -> None:
        raise error

    future.add_done_callback(fail)
    gate.open()
    assert future.result(PATIENCE_S) == "wait"
    assert executor.submit(1).result(PATIENCE_S) == 1
    assert queue.send_echo("hello")
    eventually(queue.get_echo)
    eventually(lambda: f"the future of task {future.task_id} failed" in caplog.text)


# --- without a worker: what happens while a task is sent ---------------------------------------


class Unused:
    """A worker that is asked for nothing."""

    def cancel_waiting(self, task_id: int) -> bool:
        return False

    def is_taken(self, task_id: int) -> bool:
        return False


Settle = Callable[[TaskResult], None]


def executor_with(send: Callable[[TaskFuture, Settle], None]) -> WorkerExecutor:
    def send_all(future: TaskFuture, data: object, settle: Settle, options: SendOptions) -> None:
        send(future, settle)

    return WorkerExecutor(lambda: TaskFuture(5, Unused()), send_all)


def test_a_result_that_comes_before_submit_returns_is_not_lost() -> None:
    def answer(future: TaskFuture, settle: Settle) -> None:
        settle(TaskResult(worker_id=1, task_id=future.task_id, encoded=b"\x07"))

    executor = executor_with(answer)
    future = executor.submit(1)
    assert (future.task_id, future.result(0)) == (5, 7)
    executor.shutdown()


def test_a_cancellation_that_comes_before_submit_returns_is_not_lost() -> None:
    def answer(future: TaskFuture, settle: Settle) -> None:
        error = TaskError(ErrorKind.CANCELLED, "taken back")
        settle(TaskResult(worker_id=1, task_id=future.task_id, error=error))

    assert executor_with(answer).submit(1).cancelled()


def test_a_result_that_cannot_be_read_is_an_error() -> None:
    def answer(future: TaskFuture, settle: Settle) -> None:
        settle(TaskResult(worker_id=1, task_id=future.task_id, encoded=b"\xc1"))

    future = executor_with(answer).submit(1)
    assert isinstance(future.exception(0), PayloadError)


def test_a_shutdown_waits_for_what_is_being_sent_but_not_for_what_is_refused() -> None:
    shutting: list[threading.Thread] = []

    def refuse(future: TaskFuture, settle: Settle) -> None:
        thread = threading.Thread(target=executor.shutdown)
        thread.start()
        shutting.append(thread)
        eventually(lambda: executor._is_shut_down)
        assert thread.is_alive()
        raise TaskRefusedError("no")

    executor = executor_with(refuse)
    with pytest.raises(TaskRefusedError):
        executor.submit(1)
    shutting[0].join(PATIENCE_S)
    assert not shutting[0].is_alive()


def test_a_shutdown_cancels_also_what_is_being_sent(queue: TaskQueue, gate: Gate) -> None:
    executor = executor_of(queue, gate)
    executor.submit("wait")
    gate.wait_entered()
    send = executor._send

    def shut_down_first(*arguments: Any) -> None:
        executor.shutdown(wait=False, cancel_futures=True)
        send(*arguments)

    executor._send = shut_down_first
    assert executor.submit(1).cancelled()


# --- a worker without a thread ---------------------------------------------------------------


@pytest.fixture(params=["inline", "deterministic"])
def here(request: pytest.FixtureRequest) -> Iterator[TaskQueue]:
    """A queue whose workers run on this thread."""
    queue = TaskQueue(deterministic=request.param == "deterministic")
    yield queue
    queue.kill()


def start_inline(
    queue: TaskQueue, worker_id: int, function: Callable[[Any], Any]
) -> WorkerExecutor:
    assert queue.start_native_worker(worker_id, f"w{worker_id}", function, options=INLINE)
    return queue.executor(worker_id)


def test_who_waits_runs_what_was_sent_before_and_no_more(here: TaskQueue) -> None:
    ran: list[Any] = []
    executors = [start_inline(here, n, ran.append) for n in (1, 2)]
    futures = [executors[n % 2].submit(n) for n in range(6)]
    assert ran == []
    futures[2].result()
    assert ran == [0, 1, 2]
    assert futures[3].exception() is None
    assert ran == [0, 1, 2, 3]
    assert here.pump(1000.0) == 0
    assert ran == [0, 1, 2, 3, 4, 5]
    assert all(future.is_over() for future in futures)  # type: ignore[attr-defined]


def test_asking_whether_it_is_done_is_a_poll(here: TaskQueue) -> None:
    ran: list[Any] = []
    executor = start_inline(here, 1, ran.append)
    futures = [executor.submit(n) for n in range(3)]
    assert not futures[2].done()
    assert ran == [0]
    assert not futures[2].done()
    assert futures[2].done()
    assert ran == [0, 1, 2]


def test_what_waits_on_this_thread_can_be_cancelled(here: TaskQueue) -> None:
    ran: list[Any] = []
    executor = start_inline(here, 1, ran.append)
    first, second = executor.submit(1), executor.submit(2)
    assert first.cancel()
    assert first.cancelled()
    assert not first.running()
    second.result()
    assert ran == [2]


def test_a_task_is_seen_to_run_on_this_thread(here: TaskQueue) -> None:
    seen: list[bool] = []

    def look(_: object) -> None:
        seen.append(future.running())
        seen.append(future.cancel())

    future = start_inline(here, 1, look).submit(1)
    future.result()
    assert seen == [True, False]


def test_a_deterministic_future_that_is_not_to_run_yet_does_not_block() -> None:
    with TaskQueue(deterministic=True) as queue:
        future = start_inline(queue, 1, worker_functions.echo).submit(1, delay_s=60.0)
        for ask in (future.result, future.exception, lambda: wait([future])):
            with pytest.raises(TimeoutError, match="stands still"):
                ask()
        with pytest.raises(TimeoutError, match="stands still"):
            list(as_completed([future]))
        with pytest.raises(TimeoutError):
            future.result(0)
        assert wait([future], 0.01) == (set(), {future})
        queue.clock.advance(60.0)  # type: ignore[attr-defined]
        assert wait([future]) == ({future}, set())
        assert future.result() == 1


def test_a_delayed_task_on_this_thread_is_waited_for(queue: TaskQueue) -> None:
    executor = start_inline(queue, 1, worker_functions.echo)
    assert executor.submit(1, delay_s=0.02).result(PATIENCE_S) == 1
    assert wait([executor.submit(2, delay_s=0.02)]).not_done == set()
    future = executor.submit(3, delay_s=3600.0)
    with pytest.raises(TimeoutError):
        future.result(0.01)
    assert wait([future], 0.01).not_done == {future}


def test_futures_of_threads_and_of_none_are_waited_for_together(
    queue: TaskQueue, gate: Gate
) -> None:
    other = TaskQueue(deterministic=True)
    first, second = (start_inline(each, 2, worker_functions.echo) for each in (queue, other))
    inline, others = ([each.submit(n) for n in range(3)] for each in (first, second))
    threaded = [executor_of(queue, gate).submit("wait")]
    with ThreadPoolExecutor(1) as pool:
        pooled = [pool.submit(gate, "wait")]
        completed = as_completed([*threaded, *inline, *others, *pooled], PATIENCE_S)
        seen = {next(completed) for _ in range(6)}
        assert seen == {*inline, *others}
        gate.open()
        assert {*completed} == {*threaded, *pooled}
    other.kill()


def test_a_task_on_this_thread_ends_with_the_time_of_who_waits(queue: TaskQueue) -> None:
    ran: list[Any] = []

    def run(data: Any) -> None:
        ran.append(data)
        deadline_s = time.monotonic() + 0.02
        while time.monotonic() < deadline_s:
            pass

    executor = start_inline(queue, 1, run)
    futures = [executor.submit(n) for n in range(5)]
    with pytest.raises(TimeoutError):
        futures[-1].result(0.01)
    assert ran == [0]
    with pytest.raises(TimeoutError):
        futures[-1].result(0)
    assert ran == [0, 1]


def test_another_thread_may_run_what_is_waited_for(queue: TaskQueue, gate: Gate) -> None:
    executor = start_inline(queue, 1, gate)
    future = executor.submit("wait")
    runner = threading.Thread(target=queue.pump)
    runner.start()
    gate.wait_entered()
    with pytest.raises(TimeoutError):
        future.result(0.01)
    gate.open()
    assert future.result(PATIENCE_S) == "wait"
    runner.join(PATIENCE_S)


def test_asyncio_does_not_stand_still_while_it_runs_tasks(here: TaskQueue) -> None:
    executor = start_inline(here, 1, worker_functions.echo)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def play() -> list[Any]:
        counting = asyncio.ensure_future(count())
        futures = [asyncio.wrap_future(executor.submit(n)) for n in range(100)]
        answers = await asyncio.gather(*futures)
        counting.cancel()
        return answers

    assert asyncio.run(asyncio.wait_for(play(), PATIENCE_S)) == list(range(100))
    assert turns >= 50


def test_asyncio_sleeps_until_a_delayed_task_is_ready() -> None:
    with TaskQueue(deterministic=True) as queue:
        executor = start_inline(queue, 1, worker_functions.echo)

        async def play() -> Any:
            future = asyncio.wrap_future(executor.submit(1, delay_s=1.0))
            await asyncio.sleep(0.01)
            assert not future.done()
            queue.clock.advance(1.0)  # type: ignore[attr-defined]
            return await future

        assert asyncio.run(asyncio.wait_for(play(), PATIENCE_S)) == 1
