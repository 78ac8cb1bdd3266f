"""The queue as a game uses it: calls return, results come once, refusals say why."""

import logging
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import worker_functions
from eventually import PATIENCE_S, eventually, result_of

from engine_tasks import (
    ErrorKind,
    Priority,
    TaskQueue,
    TaskResult,
    WorkerId,
    WorkerOptions,
    WorkerStartError,
)

THREAD = WorkerOptions(isolation="thread", stop_grace_s=0.2)
INLINE = WorkerOptions(isolation="inline")


class Gate:
    """A worker's function that waits until the test lets it go on."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Semaphore(0)

    def __call__(self, data: Any) -> Any:
        self.entered.release()
        self.open.wait(PATIENCE_S)
        return data


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


def start(queue: TaskQueue, worker_id: int, function: Callable[[Any], Any], n: int = 1) -> None:
    assert queue.start_native_worker(worker_id, f"worker {worker_id}", function, n, options=THREAD)


def send(queue: TaskQueue, worker_id: int, data: object = None, **options: Any) -> int:
    task_id = queue.send_task(worker_id, data, **options)
    assert task_id is not None, queue.last_error
    return task_id


def wait(queue: TaskQueue, task_id: int) -> TaskResult:
    result = queue.wait_result(task_id, PATIENCE_S)
    assert result is not None
    return result


# --- echo ------------------------------------------------------------------------


def test_echo_runs_from_the_start(queue: TaskQueue) -> None:
    assert queue.get_echo() is None
    assert queue.send_echo("hello")
    heard: list[str] = []
    eventually(lambda: heard.extend(filter(None, [queue.get_echo()])) or heard)
    assert heard == ["hello"]
    assert queue.get_echo() is None


def test_echo_answers_tasks_as_every_worker_does(queue: TaskQueue) -> None:
    assert result_of(queue, WorkerId.Echo, {"x": [1]}).payload == {"x": [1]}


def test_echo_takes_text_only(queue: TaskQueue) -> None:
    with pytest.raises(TypeError, match="send_echo takes a str, not int"):
        queue.send_echo(5)  # type: ignore[arg-type]


# --- workers -----------------------------------------------------------------------


def test_the_seeds_call_starts_a_lua_worker(queue: TaskQueue, tmp_path: Path) -> None:
    script = tmp_path / "script.lua"
    script.write_text("function Run(data) return data * 2 end")
    assert queue.start_worker(1, "LuaScriptWorker", str(script), 2)
    assert queue.worker_ids["LuaScriptWorker"] == 1
    assert result_of(queue, 1, 21).payload == 42


def test_a_registered_id_is_started_under_its_name(queue: TaskQueue) -> None:
    worker_id = queue.worker_ids.register("Path")
    assert queue.start_native_worker(worker_id, "Path", worker_functions.echo, options=THREAD)
    assert result_of(queue, worker_id, 1).payload == 1


def test_a_started_worker_is_running_with_all_its_instances(queue: TaskQueue) -> None:
    start(queue, 1, worker_functions.echo, 3)
    state = queue.worker_state(1)
    assert state is not None
    assert (state.worker_id, state.name, state.phase) == (1, "worker 1", "RUNNING")
    assert state.isolation == "thread"
    assert state.error is None
    eventually(lambda: queue.worker_state(1).instances == ("IDLE",) * 3)  # type: ignore[union-attr]


def test_a_busy_instance_is_seen(queue: TaskQueue, gate: Gate) -> None:
    start(queue, 1, gate, 2)
    send(queue, 1)
    gate.entered.acquire(timeout=PATIENCE_S)
    state = queue.worker_state(1)
    assert state is not None
    assert sorted(state.instances) == ["BUSY", "IDLE"]


def test_an_unknown_worker_has_no_state(queue: TaskQueue) -> None:
    assert queue.worker_state(9) is None


def test_a_worker_that_does_not_wait_says_later_how_it_went(
    queue: TaskQueue, tmp_path: Path
) -> None:
    script = tmp_path / "broken.lua"
    script.write_text("\n\nthis is no Lua")
    assert queue.start_worker(1, "Broken", script, options=THREAD, wait=False)
    eventually(lambda: queue.worker_state(1).phase == "FAILED")  # type: ignore[union-attr]
    state = queue.worker_state(1)
    assert state is not None
    assert state.error is not None
    assert (state.error.name, state.error.line) == ("Broken", 3)
    assert queue.send_task(1, None) is None
    assert "Broken" in str(queue.last_error)
    assert queue.stop_worker(1)


def test_tasks_sent_to_a_worker_that_then_fails_are_answered(
    queue: TaskQueue, tmp_path: Path
) -> None:
    script = tmp_path / "broken.lua"
    script.write_text("this is no Lua")
    assert queue.start_worker(1, "Broken", script, wait=False)
    task_id = queue.send_task(1, None)
    if task_id is not None:  # the worker may have failed already
        error = wait(queue, task_id).error
        assert error is not None
        assert error.kind is ErrorKind.CRASHED
        assert "broken.lua:1" in error.message


@pytest.mark.parametrize("isolation", ["process", "thread", "inline"])
def test_id_and_name_are_free_after_a_stop_and_after_a_failed_start(
    queue: TaskQueue, tmp_path: Path, isolation: Any
) -> None:
    options = WorkerOptions(isolation=isolation)
    for _ in range(2):
        assert not queue.start_worker(1, "Path", tmp_path / "missing.lua", options=options)
        assert isinstance(queue.last_error, WorkerStartError)
        assert queue.start_native_worker(1, "Path", worker_functions.echo, options=options)
        assert queue.stop_worker(1)
        assert "Path" not in queue.worker_ids
        assert queue.worker_state(1) is None


def test_a_name_that_the_game_registered_stays_after_a_failed_start(
    queue: TaskQueue, tmp_path: Path
) -> None:
    worker_id = queue.worker_ids.register("Path")
    assert not queue.start_worker(worker_id, "Path", tmp_path / "missing.lua")
    assert queue.worker_ids["Path"] == worker_id
    assert queue.start_native_worker(worker_id, "Path", worker_functions.echo, options=THREAD)


def test_stop_worker_knows_only_what_runs(queue: TaskQueue) -> None:
    assert not queue.stop_worker(5)
    assert "no worker runs with id 5" in str(queue.last_error)
    assert not queue.stop_worker(WorkerId.Echo)
    assert "'Echo' is the engine's own worker" in str(queue.last_error)
    assert queue.send_echo("still here")


def test_stop_all_workers_leaves_echo(queue: TaskQueue) -> None:
    for worker_id in (1, 2, 3):
        start(queue, worker_id, worker_functions.echo)
    queue.stop_all_workers()
    assert [queue.worker_state(n) for n in (1, 2, 3)] == [None] * 3
    assert list(queue.worker_ids) == ["Echo"]
    assert result_of(queue, WorkerId.Echo, 1).payload == 1


def test_results_of_a_stopped_worker_stay_until_they_are_taken(queue: TaskQueue) -> None:
    start(queue, 1, worker_functions.echo)
    for n in range(3):
        send(queue, 1, n)
    eventually(lambda: queue.tasks_ready(1) == 3)
    assert queue.stop_worker(1)
    results = [queue.next_task_result(1) for _ in range(4)]
    assert [result and result.payload for result in results] == [0, 1, 2, None]


def test_a_stop_answers_what_waits_and_then_what_hangs(queue: TaskQueue, gate: Gate) -> None:
    start(queue, 1, gate)
    ids = [send(queue, 1, n) for n in range(4)]
    gate.entered.acquire(timeout=PATIENCE_S)
    assert queue.stop_worker(1)
    kinds = [wait(queue, task_id).error.kind for task_id in ids]  # type: ignore[union-attr]
    assert kinds == [ErrorKind.STOPPED] * 4


def test_a_task_that_ends_within_the_grace_keeps_its_result(queue: TaskQueue, gate: Gate) -> None:
    patient = WorkerOptions(isolation="thread", stop_grace_s=PATIENCE_S)
    assert queue.start_native_worker(1, "Path", gate, options=patient)
    running, waiting = send(queue, 1, "running"), send(queue, 1, "waiting")
    gate.entered.acquire(timeout=PATIENCE_S)
    assert queue.stop_worker(1)
    gate.open.set()
    assert wait(queue, running).payload == "running"
    assert wait(queue, waiting).error is not None


# --- tasks ---------------------------------------------------------------------------


def test_task_ids_differ_between_all_workers(queue: TaskQueue) -> None:
    start(queue, 1, worker_functions.echo)
    ids = [send(queue, n % 2) for n in range(20)]
    assert len(set(ids)) == 20


def test_results_come_in_the_order_in_which_tasks_finished(queue: TaskQueue) -> None:
    start(queue, 1, worker_functions.echo)
    for n in range(50):
        send(queue, 1, n)
    eventually(lambda: queue.tasks_ready(1) == 50)
    results = [queue.next_task_result(1) for _ in range(50)]
    assert [result and result.payload for result in results] == list(range(50))


def test_a_poll_gives_nothing_while_the_worker_hangs(queue: TaskQueue, gate: Gate) -> None:
    start(queue, 1, gate)
    send(queue, 1)
    assert [queue.next_task_result(1) for _ in range(1000)] == [None] * 1000
    assert queue.next_task_result(9) is None


def test_results_of_one_worker_are_not_seen_by_another(queue: TaskQueue) -> None:
    start(queue, 1, worker_functions.echo)
    start(queue, 2, worker_functions.echo)
    send(queue, 1)
    eventually(lambda: queue.tasks_ready(1) == 1)
    assert queue.next_task_result(2) is None
    assert queue.next_task_result(1) is not None


def test_a_payload_is_copied_when_it_is_sent(queue: TaskQueue, gate: Gate) -> None:
    start(queue, 1, gate)
    blocker = send(queue, 1)
    data = {"units": [1, 2], "raw": bytearray(b"ab")}
    task_id = send(queue, 1, data)
    data["units"].append(3)  # type: ignore[attr-defined]
    data["raw"][0] = 0  # type: ignore[index]
    gate.open.set()
    wait(queue, blocker)
    assert wait(queue, task_id).payload == {"units": [1, 2], "raw": b"ab"}


@pytest.mark.parametrize("isolation", ["thread", "inline"])
def test_a_worker_in_the_games_process_has_a_copy_of_the_payload(
    queue: TaskQueue, isolation: Any
) -> None:
    def change(data: list[int]) -> list[int]:
        data.append(0)
        return data

    options = WorkerOptions(isolation=isolation)
    assert queue.start_native_worker(1, "change", change, options=options)
    data = [1]
    assert result_of(queue, 1, data).payload == [1, 0]
    assert data == [1]


def test_counters_follow_a_task_through_its_life(queue: TaskQueue, gate: Gate) -> None:
    def counters() -> list[int | None]:
        return [
            queue.tasks_in_work(1),
            queue.tasks_waiting(1),
            queue.tasks_in_progress(1),
            queue.tasks_ready(1),
        ]

    assert counters() == [None] * 4
    start(queue, 1, gate)
    assert counters() == [0, 0, 0, 0]
    for n in range(3):
        send(queue, 1, n)
    eventually(lambda: counters() == [3, 2, 1, 0])
    gate.open.set()
    eventually(lambda: counters() == [3, 0, 0, 3])
    queue.next_task_result(1)
    assert counters() == [2, 0, 0, 2]
    while queue.next_task_result(1):
        pass
    assert counters() == [0, 0, 0, 0]


def test_wait_result_takes_one_result_and_leaves_the_others(queue: TaskQueue) -> None:
    start(queue, 1, worker_functions.echo)
    ids = [send(queue, 1, n) for n in range(3)]
    assert wait(queue, ids[1]).payload == 1
    assert queue.wait_result(ids[1], 0) is None
    assert [wait(queue, ids[n]).payload for n in (2, 0)] == [2, 0]


def test_wait_result_ends_without_a_result(queue: TaskQueue, gate: Gate) -> None:
    start(queue, 1, gate)
    task_id = send(queue, 1, "late")
    assert queue.wait_result(task_id, 0.01) is None
    assert queue.wait_result(987_654, 0) is None
    gate.open.set()
    assert wait(queue, task_id).payload == "late"


def test_threads_wait_for_tasks_of_their_own(queue: TaskQueue, gate: Gate) -> None:
    start(queue, 1, gate, 4)
    answers: dict[int, Any] = {}
    ids = [send(queue, 1, n) for n in range(8)]
    threads = [
        threading.Thread(target=lambda t=t: answers.update({t: wait(queue, t).payload}))
        for t in ids
    ]
    for thread in threads:
        thread.start()
    gate.open.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert answers == {task_id: n for n, task_id in enumerate(ids)}


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_eight_threads_send_and_poll_and_each_task_is_answered_once(
    queue: TaskQueue, isolation: Any
) -> None:
    options = WorkerOptions(isolation=isolation)
    assert queue.start_native_worker(1, "echo", worker_functions.echo, 3, options=options)
    sent: dict[int, Any] = {}
    taken: list[TaskResult] = []
    begin, all_sent = threading.Barrier(8), threading.Event()

    def play(thread: int) -> None:
        begin.wait()
        for n in range(100):
            sent[send(queue, 1, [thread, n])] = [thread, n]
            result = queue.next_task_result(1)
            if result is not None:
                taken.append(result)

    threads = [threading.Thread(target=play, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    all_sent.set()
    while len(taken) < 800:
        eventually(lambda: queue.tasks_ready(1))
        result = queue.next_task_result(1)
        if result is not None:
            taken.append(result)
    assert len(sent) == 800
    assert {result.task_id: result.payload for result in taken} == sent
    assert queue.tasks_in_work(1) == 0


# --- callbacks ---------------------------------------------------------------------------


def test_a_callback_is_called_in_pump_on_its_thread_only(queue: TaskQueue) -> None:
    start(queue, 1, worker_functions.echo)
    calls: list[tuple[Any, int]] = []

    def called(result: TaskResult) -> None:
        calls.append((result.payload, threading.get_ident()))

    send(queue, 1, "x", on_result=called)
    eventually(lambda: queue.tasks_ready(1) == 1)
    assert queue.next_task_result(1) is None
    assert calls == []
    assert queue.pump() == 1
    assert calls == [("x", threading.get_ident())]
    assert queue.tasks_in_work(1) == 0
    assert queue.pump() == 0


def _ready_callbacks(queue: TaskQueue, count: int) -> list[Any]:
    start(queue, 1, worker_functions.echo)
    called: list[Any] = []
    for n in range(count):
        send(queue, 1, n, on_result=lambda result: called.append(result.payload))
    eventually(lambda: queue.tasks_ready(1) == count)
    return called


def test_callbacks_are_called_oldest_first(queue: TaskQueue) -> None:
    called = _ready_callbacks(queue, 20)
    assert queue.pump(budget_ms=10_000) == 20
    assert called == list(range(20))


def _are_ready(queue: TaskQueue, count: int) -> bool:
    return sum(queue.tasks_ready(worker_id) or 0 for worker_id in (1, 2)) == count


def test_callbacks_of_urgent_tasks_come_first_also_those_that_were_ready_last(
    queue: TaskQueue,
) -> None:
    start(queue, 1, worker_functions.echo)
    start(queue, 2, worker_functions.echo)
    called: list[Any] = []

    def take(result: TaskResult) -> None:
        called.append(result.payload)

    sent = [(1, Priority.LOW), (2, Priority.NORMAL), (1, Priority.HIGH), (2, Priority.HIGH)]
    for n, (worker_id, priority) in enumerate([*sent, *sent]):
        send(queue, worker_id, n, priority=priority, on_result=take)
        eventually(partial(_are_ready, queue, n + 1))
    assert queue.pump(budget_ms=10_000) == 8
    assert called == [2, 3, 6, 7, 1, 5, 0, 4]


def test_a_pump_without_a_budget_still_hands_out_one(queue: TaskQueue) -> None:
    called = _ready_callbacks(queue, 3)
    assert [queue.pump(budget_ms=0) for _ in range(4)] == [1, 1, 1, 0]
    assert called == [0, 1, 2]


def test_a_pump_hands_out_no_more_than_it_is_asked_for(queue: TaskQueue) -> None:
    called = _ready_callbacks(queue, 5)
    assert [queue.pump(10_000, max_results=n) for n in (0, 2, 9)] == [0, 2, 3]
    assert called == [0, 1, 2, 3, 4]


def test_a_callback_that_raises_harms_no_other(
    queue: TaskQueue, caplog: pytest.LogCaptureFixture
) -> None:
    start(queue, 1, worker_functions.echo)
    called = []

    def fail(result: TaskResult) -> None:
        raise ValueError("the callback's own fault")

    task_id = send(queue, 1, on_result=fail)
    send(queue, 1, "after", on_result=lambda result: called.append(result.payload))
    eventually(lambda: queue.tasks_ready(1) == 2)
    assert queue.pump(10_000) == 2
    assert called == ["after"]
    assert f"the on_result callback of task {task_id} failed" in caplog.text
    assert "the callback's own fault" in caplog.text


def test_a_callback_may_send_the_next_task(queue: TaskQueue) -> None:
    start(queue, 1, worker_functions.echo)
    seen: list[int] = []

    def count(result: TaskResult) -> None:
        seen.append(result.payload)
        if result.payload < 5:
            send(queue, 1, result.payload + 1, on_result=count)

    send(queue, 1, 1, on_result=count)
    eventually(lambda: queue.pump() >= 0 and len(seen) == 5)
    assert seen == [1, 2, 3, 4, 5]


def test_a_callback_hears_of_a_task_that_was_stopped(queue: TaskQueue, gate: Gate) -> None:
    start(queue, 1, gate)
    heard: list[ErrorKind] = []
    for _ in range(2):
        send(queue, 1, on_result=lambda result: heard.append(result.error.kind))
    assert queue.stop_worker(1)
    eventually(lambda: queue.pump() >= 0 and len(heard) == 2)
    assert heard == [ErrorKind.STOPPED] * 2


def test_results_of_inline_workers_come_in_the_order_of_their_tasks(queue: TaskQueue) -> None:
    order: list[Any] = []
    for worker_id in (1, 2, 3):
        assert queue.start_native_worker(worker_id, f"w{worker_id}", order.append, options=INLINE)
    for n in range(9):
        send(queue, 3 - n % 3, n, on_result=lambda result: None)
    assert order == []
    assert queue.tasks_waiting(1) == 3
    while queue.pump(10_000):
        pass
    assert order == list(range(9))


def test_an_inline_worker_runs_a_task_a_poll(queue: TaskQueue) -> None:
    ran: list[Any] = []
    assert queue.start_native_worker(1, "inline", ran.append, options=INLINE)
    for n in range(3):
        send(queue, 1, n)
    assert queue.next_task_result(1) is not None
    assert ran == [0]
    assert queue.tasks_in_work(1) == 2


# --- the end -------------------------------------------------------------------------------


def test_a_stop_finishes_what_was_accepted(gate: Gate) -> None:
    with TaskQueue() as queue:
        start(queue, 1, worker_functions.echo)
        ids = [send(queue, 1, n) for n in range(200)]
    assert [wait(queue, task_id).payload for task_id in ids] == list(range(200))


def test_a_block_that_ends_by_an_exception_is_killed(gate: Gate) -> None:
    queue = TaskQueue()

    def play() -> int:
        with queue:
            start(queue, 1, gate)
            task_id.append(send(queue, 1))
            raise KeyError("the game's own")

    task_id: list[int] = []
    with pytest.raises(KeyError):
        play()
    error = wait(queue, task_id[0]).error
    assert error is not None
    assert error.kind is ErrorKind.STOPPED


def test_a_stopped_queue_refuses_and_says_so(queue: TaskQueue) -> None:
    start(queue, 1, worker_functions.echo)
    queue.stop()
    assert queue.send_task(1, None) is None
    assert queue.last_error is not None
    assert not queue.send_echo("hello")
    assert not queue.start_native_worker(2, "Late", worker_functions.echo, options=THREAD)
    assert "the queue is stopped" in str(queue.last_error)
    assert "Late" not in queue.worker_ids
    queue.stop()
    queue.kill()


def test_a_kill_answers_everything_as_stopped(queue: TaskQueue, gate: Gate) -> None:
    start(queue, 1, gate, 2)
    ids = [send(queue, 1, n) for n in range(10)]
    queue.kill()
    kinds = [wait(queue, task_id).error.kind for task_id in ids]  # type: ignore[union-attr]
    assert kinds == [ErrorKind.STOPPED] * 10


def test_queues_are_strangers_to_each_other() -> None:
    with TaskQueue() as first, TaskQueue() as second:
        start(first, 1, worker_functions.echo)
        assert second.worker_state(1) is None
        assert second.worker_ids.register("worker 1") == 1
        start(second, 1, worker_functions.fail_when_bad)
        assert result_of(first, 1, "bad").ok
        assert not result_of(second, 1, "bad").ok
        first.stop()
        assert result_of(second, 1, "good").ok


def test_refusals_are_logged_and_the_last_is_kept(
    queue: TaskQueue, caplog: pytest.LogCaptureFixture
) -> None:
    assert queue.last_error is None
    with caplog.at_level(logging.WARNING, "engine_tasks"):
        assert queue.send_task(7, None) is None
    assert "no worker runs with id 7" in caplog.text
    assert "no worker runs with id 7" in str(queue.last_error)
    assert getattr(queue.last_error, "worker_id", None) == 7


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda queue: queue.send_task("1", None), TypeError),
        (lambda queue: queue.send_task(70_000, None), ValueError),
        (lambda queue: queue.send_task(-1, None), ValueError),
        (lambda queue: queue.worker_state(70_000), ValueError),
        (lambda queue: queue.stop_worker("1"), TypeError),
        (lambda queue: queue.next_task_result(70_000), ValueError),
        (lambda queue: queue.start_native_worker(1, "x", 5), TypeError),
        (lambda queue: queue.start_native_worker(1, "x", lambda: 1), TypeError),
        (lambda queue: queue.start_native_worker("1", "x", print), TypeError),
        (lambda queue: queue.start_native_worker(1, None, print), TypeError),
        (lambda queue: queue.start_native_worker(1, "x", print, "2"), TypeError),
        (lambda queue: queue.start_native_worker(1, "x", print, True), TypeError),
        (lambda queue: queue.start_native_worker(1, "x", print, options={}), TypeError),
        (lambda queue: queue.start_worker(1, "x", None), TypeError),
        (lambda queue: queue.pump(-1), ValueError),
        (lambda queue: queue.pump(float("nan")), ValueError),
        (lambda queue: queue.pump("2"), TypeError),
        (lambda queue: queue.wait_result(1, -1), ValueError),
        (lambda queue: queue.wait_result(1, float("inf")), ValueError),
        (lambda queue: queue.stop(None), TypeError),
        (lambda queue: WorkerOptions(isolation="fibre"), ValueError),
        (lambda queue: WorkerOptions(nice=20), ValueError),
        (lambda queue: WorkerOptions(stop_grace_s=0), ValueError),
        (lambda queue: WorkerOptions(max_payload_bytes=1.5), TypeError),
        (lambda queue: WorkerOptions(limits={}), TypeError),
    ],
)
def test_misuse_raises_and_harms_nothing(
    queue: TaskQueue, call: Callable[[TaskQueue], object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        call(queue)
    assert "x" not in queue.worker_ids
    assert result_of(queue, WorkerId.Echo, "fine").payload == "fine"
