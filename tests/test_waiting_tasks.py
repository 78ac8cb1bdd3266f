"""What a game can do with tasks that wait: order, delay, share, take back, bound."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
import worker_functions
from eventually import PATIENCE_S, eventually, result_of
from gate import Gate

from engine_tasks import ErrorKind, Priority, TaskQueue, TaskRefusedError, TaskResult, WorkerOptions

W = 1


def _blocked(queue: TaskQueue, gate: Gate, **options: Any) -> None:
    """A worker with one instance, which stands still: what is sent now waits."""
    given = WorkerOptions(isolation="thread", **options)
    assert queue.start_native_worker(W, "W", gate, options=given), queue.last_error
    assert queue.send_task(W, "wait") is not None
    gate.wait_entered()


def _send(queue: TaskQueue, data: Any, **asked: Any) -> int:
    task_id = queue.send_task(W, data, **asked)
    assert task_id is not None, queue.last_error
    return task_id


def _result(queue: TaskQueue, task_id: int) -> TaskResult:
    result = queue.wait_result(task_id, PATIENCE_S)
    assert result is not None
    return result


def _kind(queue: TaskQueue, task_id: int) -> ErrorKind | None:
    error = _result(queue, task_id).error
    return None if error is None else error.kind


# --- order --------------------------------------------------------------------------------


def test_the_more_urgent_runs_first_and_equals_in_the_order_they_were_sent(
    queue: TaskQueue, gate: Gate
) -> None:
    _blocked(queue, gate)
    for round_number in (1, 2):
        for priority in Priority:
            last = _send(queue, [round_number, priority.name], priority=priority)
    assert queue.stats(W).waiting == dict.fromkeys(Priority, 2)
    gate.open()
    _result(queue, last)
    eventually(lambda: len(gate.ran) == 11)
    expected = [[n, p.name] for p in sorted(Priority, reverse=True) for n in (1, 2)]
    assert gate.ran[1:] == expected


def test_a_waiting_task_can_be_made_more_urgent(queue: TaskQueue, gate: Gate) -> None:
    _blocked(queue, gate)
    _send(queue, "first")
    late = _send(queue, "late")
    assert queue.set_priority(late, Priority.HIGH)
    gate.open()
    eventually(lambda: len(gate.ran) == 3)
    assert gate.ran == ["wait", "late", "first"]
    assert not queue.set_priority(late, Priority.LOW), "it has run"
    assert not queue.set_priority(999, Priority.LOW)


def test_a_low_task_is_not_starved(queue: TaskQueue, gate: Gate) -> None:
    """A level is worth `aging_s`: what was sent that much later waits behind it."""
    _blocked(queue, gate, aging_s=1e-9)
    _send(queue, "low", priority=Priority.IDLE)
    _send(queue, "urgent", priority=Priority.CRITICAL)
    gate.open()
    eventually(lambda: len(gate.ran) == 3)
    assert gate.ran == ["wait", "low", "urgent"]


# --- time --------------------------------------------------------------------------------


def test_a_delayed_task_runs_when_it_is_due(queue: TaskQueue, gate: Gate) -> None:
    given = WorkerOptions(isolation="thread")
    assert queue.start_native_worker(W, "W", gate, options=given)
    late = _send(queue, "late", delay_s=0.05)
    assert queue.tasks_waiting(W) == 1
    assert queue.stats(W).delayed == 1
    assert result_of(queue, W, "now").ok
    result = _result(queue, late)
    assert result.started_s >= result.queued_s + 0.05
    assert gate.ran == ["now", "late"]


def test_a_task_that_still_waits_at_its_deadline_never_runs(queue: TaskQueue, gate: Gate) -> None:
    _blocked(queue, gate)
    soon = _send(queue, "too late", deadline_s=time.monotonic() + 0.05)
    past = _send(queue, "long ago", deadline_s=0.0)
    assert _kind(queue, past) is ErrorKind.EXPIRED
    assert _kind(queue, soon) is ErrorKind.EXPIRED
    gate.open()
    assert result_of(queue, W, "next").ok
    assert gate.ran == ["wait", "next"]


def test_a_deadline_does_not_end_what_runs(queue: TaskQueue, gate: Gate) -> None:
    given = WorkerOptions(isolation="thread")
    assert queue.start_native_worker(W, "W", gate, options=given)
    task_id = _send(queue, "wait", deadline_s=time.monotonic() + 0.02)
    gate.wait_entered()
    assert queue.wait_result(task_id, 0.1) is None
    gate.open()
    assert _result(queue, task_id).ok


# --- keys --------------------------------------------------------------------------------


def test_tasks_of_one_key_run_once_and_each_has_its_result(queue: TaskQueue, gate: Gate) -> None:
    _blocked(queue, gate)
    asked = [_send(queue, "goal", key=("goal", 7)) for _ in range(3)]
    other = _send(queue, "other", key=("goal", 8))
    assert [queue.wanted(task_id) for task_id in (*asked, other)] == [3, 3, 3, 1]
    assert queue.cancel(asked[0])
    assert queue.wanted(asked[1]) == 2
    assert queue.tasks_waiting(W) == 3
    gate.open()
    assert [_result(queue, task_id).payload for task_id in asked] == [None, "goal", "goal"]
    assert _result(queue, other).payload == "other"
    assert gate.ran == ["wait", "goal", "other"]
    assert queue.wanted(asked[1]) == 0


def test_askers_of_one_key_do_not_share_the_value_of_a_script(
    queue: TaskQueue, tmp_path: Path
) -> None:
    script = tmp_path / "give.lua"
    script.write_text("function Run() return { path = { 1, 2 } } end")
    assert queue.start_worker(1, "Give", script)
    sent = [queue.send_task(1, None, key="k", delay_s=0.1) for _ in range(3)]
    results = [queue.wait_result(task_id, PATIENCE_S) for task_id in sent if task_id]
    payloads = [result.payload for result in results if result]
    payloads[0]["path"].append(3)
    payloads[1].clear()
    assert payloads == [{"path": [1, 2, 3]}, {}, {"path": [1, 2]}]


def test_the_newest_of_a_key_may_replace_the_older(queue: TaskQueue, gate: Gate) -> None:
    _blocked(queue, gate, same_key="newest")
    old = _send(queue, "old", key="view")
    new = _send(queue, "new", key="view")
    error = _result(queue, old).error
    assert error is not None
    assert error.kind is ErrorKind.CANCELLED
    assert str(error) == f"task {new} took its place"
    gate.open()
    assert _result(queue, new).payload == "new"
    assert gate.ran == ["wait", "new"]


def test_an_urgent_asker_hastens_the_shared_execution(queue: TaskQueue, gate: Gate) -> None:
    _blocked(queue, gate)
    _send(queue, "first")
    _send(queue, "shared", key="k", priority=Priority.LOW)
    _send(queue, "shared", key="k", priority=Priority.HIGH)
    gate.open()
    eventually(lambda: len(gate.ran) == 3)
    assert gate.ran == ["wait", "shared", "first"]


# --- runs --------------------------------------------------------------------------------


def test_a_run_is_purged_and_what_else_waits_goes_on(queue: TaskQueue, gate: Gate) -> None:
    _blocked(queue, gate)
    level = [_send(queue, number, run_id="level 3") for number in range(200)]
    other = _send(queue, "other", run_id="level 4")
    pending = queue.pending_work("level 3")
    assert [task.task_id for task in pending] == level
    assert (pending[0].worker_id, pending[0].run_id, pending[0].wanted) == (W, "level 3", 1)
    assert queue.purge_run("level 3") == 200
    assert queue.pending_work("level 3") == []
    assert queue.purge_run("level 3") == 0
    assert {_kind(queue, task_id) for task_id in level} == {ErrorKind.CANCELLED}
    gate.open()
    assert _result(queue, other).ok
    assert gate.ran == ["wait", "other"]


def test_a_run_reaches_over_workers(queue: TaskQueue, gate: Gate) -> None:
    _blocked(queue, gate)
    assert queue.start_native_worker(2, "W2", gate, options=WorkerOptions(isolation="thread"))
    assert queue.send_task(2, "wait") is not None
    gate.wait_entered()
    first, second = _send(queue, "a", run_id="r"), queue.send_task(2, "b", run_id="r")
    assert [task.task_id for task in queue.pending_work("r")] == [first, second]
    assert queue.purge_run("r") == 2


def test_what_runs_is_not_purged(queue: TaskQueue, gate: Gate) -> None:
    given = WorkerOptions(isolation="thread")
    assert queue.start_native_worker(W, "W", gate, options=given)
    task_id = _send(queue, "wait", run_id="r")
    gate.wait_entered()
    assert queue.pending_work("r") == []
    assert queue.purge_run("r") == 0
    gate.open()
    assert _result(queue, task_id).ok


# --- room --------------------------------------------------------------------------------


def test_a_full_queue_refuses_with_the_reason(queue: TaskQueue, gate: Gate) -> None:
    _blocked(queue, gate, max_pending=2)
    _send(queue, 1)
    _send(queue, 2)
    assert queue.send_task(W, 3) is None
    assert isinstance(queue.last_error, TaskRefusedError)
    assert "2 tasks wait already (max_pending)" in str(queue.last_error)


def test_a_full_queue_may_drop_the_oldest(queue: TaskQueue, gate: Gate) -> None:
    _blocked(queue, gate, max_pending=2, overflow="drop_oldest")
    sent = [_send(queue, number) for number in range(4)]
    assert [_kind(queue, task_id) for task_id in sent[:2]] == [ErrorKind.CANCELLED] * 2
    gate.open()
    assert [_result(queue, task_id).payload for task_id in sent[2:]] == [2, 3]


def test_a_full_queue_may_drop_the_lowest(queue: TaskQueue, gate: Gate) -> None:
    _blocked(queue, gate, max_pending=2, overflow="drop_lowest")
    low = _send(queue, "low", priority=Priority.LOW)
    _send(queue, "normal")
    _send(queue, "high", priority=Priority.HIGH)
    assert _kind(queue, low) is ErrorKind.CANCELLED
    assert queue.send_task(W, "low again", priority=Priority.LOW) is None


# --- cancelling --------------------------------------------------------------------------------


def test_a_waiting_task_is_cancelled_at_once(queue: TaskQueue, gate: Gate) -> None:
    _blocked(queue, gate)
    task_id = _send(queue, "never")
    assert queue.cancel(task_id)
    assert queue.tasks_ready(W) == 1
    assert _kind(queue, task_id) is ErrorKind.CANCELLED
    assert not queue.cancel(task_id), "it was cancelled already"
    gate.open()
    assert result_of(queue, W, "next").ok
    assert gate.ran == ["wait", "next"]


def test_a_task_that_has_its_result_cannot_be_cancelled(queue: TaskQueue, gate: Gate) -> None:
    given = WorkerOptions(isolation="thread")
    assert queue.start_native_worker(W, "W", gate, options=given)
    task_id = _send(queue, "quick")
    eventually(lambda: queue.tasks_ready(W) == 1)
    assert not queue.cancel(task_id)
    assert _result(queue, task_id).ok
    assert not queue.cancel(12345)


def test_a_running_task_that_asks_ends_by_itself(queue: TaskQueue, gate: Gate) -> None:
    given = WorkerOptions(isolation="thread", cancel_grace_s=PATIENCE_S)
    assert queue.start_native_worker(W, "W", gate, options=given)
    task_id = _send(queue, "until cancelled")
    gate.wait_entered()
    assert queue.cancel(task_id)
    assert _kind(queue, task_id) is ErrorKind.CANCELLED
    assert result_of(queue, W, "next").ok
    assert gate.cancelled == ["until cancelled"]
    assert queue.metrics(W).restarts == 0
    assert queue.next_task_result(W) is None, "what it returned was dropped"


def test_a_thread_that_does_not_ask_is_replaced_after_the_grace(
    queue: TaskQueue, gate: Gate
) -> None:
    given = WorkerOptions(isolation="thread", cancel_grace_s=0.02)
    assert queue.start_native_worker(W, "W", gate, options=given)
    task_id = _send(queue, "wait")
    gate.wait_entered()
    assert queue.cancel(task_id)
    assert _kind(queue, task_id) is ErrorKind.CANCELLED
    assert result_of(queue, W, "next").ok
    gate.open()
    assert queue.next_task_result(W) is None, "what the old thread returned was dropped"


def test_a_process_that_does_not_ask_is_killed_after_the_grace(queue: TaskQueue) -> None:
    given = WorkerOptions(nice=0, cancel_grace_s=0.02)
    assert queue.start_native_worker(W, "W", worker_functions.pid_or_spin, options=given)
    first = result_of(queue, W, None).payload
    task_id = _send(queue, "spin")
    eventually(lambda: queue.tasks_in_progress(W) == 1)
    assert queue.cancel(task_id)
    assert _kind(queue, task_id) is ErrorKind.CANCELLED
    second = result_of(queue, W, None)
    assert second.payload != first
    state = queue.worker_state(W)
    assert state is not None
    assert state.error is None
    assert queue.dead_letters(W) == []


def test_a_task_behind_others_in_a_child_is_cancelled_alone(queue: TaskQueue) -> None:
    """Short tasks travel to a child several at once: one of them can still be taken back."""
    given = WorkerOptions(nice=0, cancel_grace_s=PATIENCE_S)
    assert queue.start_native_worker(W, "W", worker_functions.echo, options=given)
    sent = [_send(queue, number) for number in range(2000)]
    cancelled = {task_id for task_id in sent[::3] if queue.cancel(task_id)}
    for number, task_id in enumerate(sent):
        result = _result(queue, task_id)
        assert (result.payload == number) == (task_id not in cancelled)
    assert queue.tasks_in_work(W) == 0


def test_callbacks_see_what_was_cancelled(queue: TaskQueue, gate: Gate) -> None:
    _blocked(queue, gate)
    seen: list[TaskResult] = []
    task_id = _send(queue, "never", on_result=seen.append)
    assert queue.cancel(task_id)
    assert seen == [], "only pump calls back"
    assert queue.pump() == 1
    assert [result.task_id for result in seen] == [task_id]


# --- dead letters --------------------------------------------------------------------------------


def test_a_dead_letter_can_be_sent_again(queue: TaskQueue) -> None:
    given = WorkerOptions(isolation="thread")
    assert queue.start_native_worker(W, "W", worker_functions.fail_when_bad, options=given)
    task_id = _send(queue, "bad", run_id="r", priority=Priority.HIGH)
    assert _kind(queue, task_id) is ErrorKind.FAILED
    letters = queue.dead_letters(W)
    assert letters is not None
    (letter,) = letters
    assert (letter.task_id, letter.payload, letter.attempts) == (task_id, "bad", 1)
    assert (letter.run_id, letter.priority) == ("r", Priority.HIGH)
    assert "cannot do it" in str(letter.errors[0])
    again = queue.retry_dead(task_id)
    assert again is not None
    assert again != task_id
    assert _kind(queue, again) is ErrorKind.FAILED
    assert [letter.task_id for letter in queue.dead_letters(W) or []] == [again]


def test_only_a_dead_letter_can_be_retried(queue: TaskQueue, gate: Gate) -> None:
    assert queue.start_native_worker(W, "W", gate, options=WorkerOptions(isolation="thread"))
    fine = _send(queue, "fine")
    assert _result(queue, fine).ok
    assert queue.retry_dead(fine) is None
    assert f"no dead letter with id {fine}" in str(queue.last_error)


def test_dead_letters_are_bounded(queue: TaskQueue) -> None:
    given = WorkerOptions(isolation="thread", max_dead_letters=3)
    assert queue.start_native_worker(W, "W", worker_functions.fail_when_bad, options=given)
    sent = [_send(queue, "bad") for _ in range(10)]
    for task_id in sent:
        _result(queue, task_id)
    assert [letter.task_id for letter in queue.dead_letters(W) or []] == sent[-3:]
    assert queue.metrics(W).failures[ErrorKind.FAILED] == 10


# --- ending --------------------------------------------------------------------------------


def test_a_drained_worker_finishes_what_it_has_and_ends(queue: TaskQueue, gate: Gate) -> None:
    _blocked(queue, gate)
    waiting = _send(queue, "waiting")
    assert queue.drain(W)
    assert queue.send_task(W, "more") is None
    assert "is stopping" in str(queue.last_error)
    state = queue.worker_state(W)
    assert state is not None
    assert state.phase == "DRAINING"
    gate.open()
    assert _result(queue, waiting).ok
    eventually(lambda: queue.worker_state(W) is None)
    assert queue.start_native_worker(W, "W", gate, options=WorkerOptions(isolation="thread"))
    assert result_of(queue, W, "as good as new").ok


def test_a_drain_may_be_bounded(queue: TaskQueue, gate: Gate) -> None:
    _blocked(queue, gate, stop_grace_s=0.02)
    waiting = _send(queue, "waiting")
    assert queue.drain(W, timeout_s=0.02)
    assert _kind(queue, waiting) is ErrorKind.STOPPED
    eventually(lambda: queue.worker_state(W) is None)


def test_a_drain_that_ends_late_leaves_the_next_worker_of_the_id_alone(
    queue: TaskQueue, gate: Gate
) -> None:
    _blocked(queue, gate, stop_grace_s=PATIENCE_S)
    assert queue.drain(W)
    assert queue.stop_worker(W)
    assert queue.start_native_worker(W, "W", gate, options=WorkerOptions(isolation="thread"))
    gate.open()
    assert result_of(queue, W, "fine").ok
    assert queue.worker_state(W) is not None


def test_what_is_delayed_beyond_a_stop_does_not_hold_it_up(gate: Gate) -> None:
    queue = TaskQueue()
    assert queue.start_native_worker(W, "W", gate, options=WorkerOptions(isolation="thread"))
    far = [queue.send_task(W, number, delay_s=3600.0) for number in range(100)]
    soon = queue.send_task(W, "soon", delay_s=0.02)
    queue.stop(timeout_s=PATIENCE_S)
    results = {}
    while (result := queue.next_task_result(W)) is not None:
        results[result.task_id] = result
    assert results[soon].ok
    assert {results[each].error.kind for each in far} == {ErrorKind.STOPPED}


def test_the_engines_own_worker_is_not_drained(queue: TaskQueue) -> None:
    assert not queue.drain(0)
    assert not queue.drain(77)
    assert queue.send_echo("fine")


# --- at once --------------------------------------------------------------------------------


@pytest.mark.parametrize("isolation", ["process", "thread", "inline"])
def test_a_task_runs_at_once_past_the_queue(queue: TaskQueue, isolation: Any) -> None:
    given = WorkerOptions(isolation=isolation, nice=0)
    assert queue.start_native_worker(W, "W", worker_functions.fail_when_bad, options=given)
    for _ in range(3):
        result = queue.run_task(W, "now")
        assert result is not None
        assert (result.payload, result.attempts, result.worker_id) == ("now", 1, W)
    bad = queue.run_task(W, "bad")
    assert bad is not None
    assert bad.error is not None
    assert bad.error.kind is ErrorKind.FAILED
    assert queue.stats(W).spare_resources == 1
    assert queue.tasks_in_work(W) == 0
    assert queue.run_task(77, "now") is None


def test_a_task_at_once_that_hangs_is_ended(queue: TaskQueue) -> None:
    given = WorkerOptions(nice=0, timeout_s=0.1)
    assert queue.start_native_worker(W, "W", worker_functions.pid_or_spin, options=given)
    result = queue.run_task(W, "spin")
    assert result is not None
    assert result.error is not None
    assert result.error.kind is ErrorKind.TIMEOUT
    assert queue.stats(W).spare_resources == 0
    again = queue.run_task(W, None)
    assert again is not None
    assert again.ok


def test_a_thread_at_once_that_hangs_is_left_to_itself(queue: TaskQueue, gate: Gate) -> None:
    given = WorkerOptions(isolation="thread", timeout_s=0.05)
    assert queue.start_native_worker(W, "W", gate, options=given)
    result = queue.run_task(W, "wait")
    assert result is not None
    assert result.error is not None
    assert result.error.kind is ErrorKind.TIMEOUT
    gate.open()
    again = queue.run_task(W, "fine")
    assert again is not None
    assert again.ok


def test_the_resource_of_a_task_at_once_lives_on_one_thread(queue: TaskQueue) -> None:
    seen: list[tuple[str, int]] = []

    def note(what: str) -> None:
        seen.append((what, threading.get_ident()))

    def run(_resource: object, data: object) -> object:
        note("run")
        return data

    given = WorkerOptions(
        isolation="thread", create=lambda: note("create"), destroy=lambda _: note("destroy")
    )
    assert queue.start_native_worker(W, "W", run, options=given)
    eventually(lambda: len(seen) == 1)
    seen.clear()
    assert queue.run_task(W, "here") is not None
    other = threading.Thread(target=queue.run_task, args=(W, "there"))
    other.start()
    other.join(PATIENCE_S)
    queue.stop()
    eventually(lambda: [what for what, _ in seen].count("destroy") == 2)
    spare = seen[0][1]
    assert [what for what, thread in seen if thread == spare] == ["create", "run", "run", "destroy"]


def test_what_runs_of_a_run_can_be_cancelled_with_it(queue: TaskQueue, gate: Gate) -> None:
    given = WorkerOptions(isolation="thread")
    assert queue.start_native_worker(W, "W", gate, options=given)
    running = _send(queue, "until cancelled", run_id="r")
    gate.wait_entered()
    waiting = _send(queue, "waiting", run_id="r")
    assert queue.purge_run("r", running=True) == 2
    assert _kind(queue, running) is ErrorKind.CANCELLED
    assert _kind(queue, waiting) is ErrorKind.CANCELLED
    assert result_of(queue, W, "next").ok


def test_a_retried_dead_letter_asks_for_what_the_task_asked_for(queue: TaskQueue) -> None:
    given = WorkerOptions(isolation="thread")
    assert queue.start_native_worker(W, "W", worker_functions.fail_when_bad, options=given)
    seen: list[TaskResult] = []
    asked = {"timeout_s": 5.0, "max_attempts": 2, "key": "k", "on_result": seen.append}
    first = _send(queue, "bad", **asked)
    eventually(lambda: queue.pump() and seen)
    assert seen[0].attempts == 2
    again = queue.retry_dead(first)
    eventually(lambda: queue.pump() and len(seen) == 2)
    assert (seen[1].task_id, seen[1].attempts) == (again, 2)


def test_a_result_shows_what_it_holds(queue: TaskQueue) -> None:
    assert "payload='hello'" in repr(result_of(queue, 0, "hello"))
    assert "payload=<100,005 bytes>" in repr(result_of(queue, 0, "x" * 100_000))
