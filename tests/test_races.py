"""Moments at which two things happen at once, each of which has gone wrong before."""

from __future__ import annotations

import gc
import os
import sys
import threading
import warnings
from collections import Counter

import deaf_child
import psutil
import pytest
import worker_functions
from eventually import PATIENCE_S, eventually, result_of

from engine_tasks import ErrorKind, TaskQueue, WorkerOptions
from engine_tasks.pools import supervisor
from engine_tasks.pools.slots import PoolPhase

INLINE = WorkerOptions(isolation="inline")
THREAD = WorkerOptions(isolation="thread")
QUICK = WorkerOptions(nice=0)


def test_a_kill_amid_answers_ends_the_pool_and_answers_all(queue: TaskQueue) -> None:
    for turn in range(1, 4):
        assert queue.start_native_worker(turn, f"W{turn}", worker_functions.echo, 2, options=QUICK)
        sent = {queue.send_task(turn, number) for number in range(2000)}
        worker = queue._workers[turn]
        eventually(lambda: len(worker.results) > 10)  # noqa: B023 - called at once
        worker.kill()
        assert worker.wait_stopped(PATIENCE_S)
        assert worker.state().phase is PoolPhase.STOPPED
        answered = Counter(result.task_id for result in worker.results)
        assert set(answered) == sent
        assert set(answered.values()) == {1}


def test_a_task_that_no_instance_can_begin_is_answered(queue: TaskQueue) -> None:
    """A child that says it is ready, and then reads nothing."""
    options = WorkerOptions(nice=0, timeout_s=PATIENCE_S)
    assert queue.start_native_worker(1, "Deaf", deaf_child.echo, options=options)
    answer = result_of(queue, 1, "x")
    assert answer.error is not None
    assert answer.error.kind is ErrorKind.CRASHED


def test_a_replacement_without_a_thread_left_is_tried_again(
    queue: TaskQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert queue.start_native_worker(1, "W", worker_functions.leave, options=QUICK)
    start, failures = supervisor.Instance.start, iter([RuntimeError("can't start new thread")])

    def start_or_fail(*arguments: object) -> object:
        for failure in failures:
            raise failure
        return start(*arguments)

    monkeypatch.setattr(supervisor.Instance, "start", start_or_fail)
    dead = result_of(queue, 1, 1)
    assert dead.error is not None
    assert dead.error.kind is ErrorKind.CRASHED
    assert result_of(queue, 1, "x").ok


def test_two_threads_that_poll_an_inline_worker_lose_nothing(queue: TaskQueue) -> None:
    assert queue.start_native_worker(1, "W", worker_functions.echo, options=INLINE)
    sent = {queue.send_task(1, number) for number in range(3000)}
    answered: list[int] = []
    interval_s = sys.getswitchinterval()

    def poll() -> None:
        while queue.tasks_in_work(1):
            result = queue.next_task_result(1)
            if result is not None:
                answered.append(result.task_id)

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=poll) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
    finally:
        sys.setswitchinterval(interval_s)
    assert sorted(answered) == sorted(sent)


def test_inline_workers_may_come_and_go_while_another_thread_pumps(queue: TaskQueue) -> None:
    done = threading.Event()

    def come_and_go() -> None:
        for _ in range(300):
            assert queue.start_native_worker(7, "C", worker_functions.echo, options=INLINE)
            assert queue.stop_worker(7)
        done.set()

    thread = threading.Thread(target=come_and_go)
    thread.start()
    while not done.is_set() and thread.is_alive():
        queue.pump(0.1)
        queue.next_task_result(7)
    thread.join(PATIENCE_S)
    assert done.is_set()


def test_a_queue_may_be_collected_by_a_thread_that_holds_a_lock_of_its_pool() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        queue = TaskQueue()
        assert queue.start_native_worker(1, "W", worker_functions.echo, options=THREAD)
        worker = queue._workers[1]
        with worker._pool.tasks._lock:
            del queue
            gc.collect()
        eventually(worker.is_finished)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where a process can fork")
def test_a_forked_copy_of_the_game_leaves_its_workers_alone(queue: TaskQueue) -> None:
    assert queue.start_native_worker(1, "W", worker_functions.pid, options=QUICK)
    child = result_of(queue, 1, None).payload
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks with threads about
        copy = os.fork()
    if copy == 0:
        try:
            queue.__del__()
        finally:
            os._exit(0)
    os.waitpid(copy, 0)
    assert psutil.pid_exists(child)
    assert result_of(queue, 1, None).payload == child


def test_what_a_stopped_child_had_not_begun_is_stopped_not_crashed(queue: TaskQueue) -> None:
    assert queue.start_native_worker(1, "W", worker_functions.leave_when_told, options=QUICK)
    for number in range(200):  # short ones, so that it takes several at once
        queue.send_task(1, number)
    told = queue.send_task(1, "leave")
    for number in range(200):
        queue.send_task(1, number)
    queue.stop_worker(1)
    results = queue._results[1]
    eventually(lambda: len(results) == 401)
    for result in results:
        if result.task_id != told:
            assert result.error is None or result.error.kind is ErrorKind.STOPPED


def test_a_child_in_a_loop_of_prints_harms_nothing(queue: TaskQueue) -> None:
    assert queue.start_native_worker(1, "W", worker_functions.print_many, options=QUICK)
    assert result_of(queue, 1, 20_000).payload == 20_000
