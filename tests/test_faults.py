"""Whatever happens to a child process, each accepted task is answered once."""

import logging
import os
import random
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest
import worker_functions
from eventually import PATIENCE_S, eventually, result_of

from engine_tasks import ErrorKind, TaskQueue, TaskResult, WorkerOptions

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")

OPTIONS = WorkerOptions(nice=0, stop_grace_s=0.2)


def start(queue: TaskQueue, function: Any, instances_count: int = 1, worker_id: int = 1) -> None:
    name = f"Worker{worker_id}"
    assert queue.start_native_worker(worker_id, name, function, instances_count, options=OPTIONS), (
        queue.last_error
    )


def kind_of(result: TaskResult) -> ErrorKind:
    assert result.error is not None
    return result.error.kind


def message_of(result: TaskResult) -> str:
    assert result.error is not None
    return result.error.message


def wait_until_dead(pid: int) -> None:
    """Until it runs no more; its parent need not have noticed."""

    def is_dead() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    eventually(is_dead)


def children() -> list[psutil.Process]:
    return psutil.Process().children()


# --- a child that dies -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "deadly", "message"),
    [
        (worker_functions.leave, 3, "Worker1#0 exited with status 3"),
        (worker_functions.leave, 0, "Worker1#0 exited with status 0"),
        (worker_functions.raise_signal, signal.SIGKILL.value, "Worker1#0 was killed by SIGKILL"),
        (worker_functions.raise_signal, signal.SIGSEGV.value, "Worker1#0 was killed by SIGSEGV"),
        (worker_functions.close_every_pipe, "bad", "the child process of Worker1#0"),
    ],
)
def test_a_task_that_ends_its_process_is_answered_once_and_the_next_one_runs(
    queue: TaskQueue, function: Any, deadly: Any, message: str
) -> None:
    start(queue, function)
    crashed = result_of(queue, 1, deadly)
    assert kind_of(crashed) is ErrorKind.CRASHED
    assert message in message_of(crashed)
    assert crashed.attempts == 1
    assert result_of(queue, 1, "good").payload == "good"
    assert queue.tasks_in_work(1) == 0
    assert queue.next_task_result(1) is None


def test_a_crashed_instance_is_replaced(queue: TaskQueue, caplog: pytest.LogCaptureFixture) -> None:
    start(queue, worker_functions.leave, 2)
    for _ in range(4):
        assert kind_of(result_of(queue, 1, 9)) is ErrorKind.CRASHED
    eventually(lambda: queue.worker_state(1).instances == ("IDLE", "IDLE"))  # type: ignore[union-attr]
    assert "died: the child process of Worker1#" in caplog.text


def test_what_waits_behind_a_crash_is_answered_as_if_nothing_had_been(queue: TaskQueue) -> None:
    start(queue, worker_functions.leave)
    for n in range(100):
        queue.send_task(1, f"warm {n}")
    sent = {queue.send_task(1, 7 if n % 50 == 25 else f"task {n}"): n for n in range(200)}
    for task_id, n in sent.items():
        result = queue.wait_result(task_id or 0, PATIENCE_S)
        assert result is not None
        if n % 50 == 25:
            assert kind_of(result) is ErrorKind.CRASHED
        else:
            assert result.payload == f"task {n}"
            assert result.attempts == 1


def test_other_workers_do_not_notice_a_crash(queue: TaskQueue) -> None:
    start(queue, worker_functions.leave, worker_id=1)
    start(queue, worker_functions.pid, worker_id=2)
    before = result_of(queue, 2, None).payload
    assert kind_of(result_of(queue, 1, 1)) is ErrorKind.CRASHED
    assert result_of(queue, 2, None).payload == before


def test_a_busy_child_that_is_killed_answers_its_task_once(queue: TaskQueue) -> None:
    start(queue, worker_functions.spin_when_bad)
    result_of(queue, 1, "good")
    (child,) = children()
    task_id = queue.send_task(1, "bad")
    assert task_id is not None
    eventually(lambda: queue.tasks_in_progress(1) == 1)
    child.kill()
    result = queue.wait_result(task_id, PATIENCE_S)
    assert result is not None
    assert kind_of(result) is ErrorKind.CRASHED
    assert "was killed by SIGKILL" in message_of(result)
    assert result_of(queue, 1, "good").payload == "good"


def test_a_task_sent_to_a_child_that_died_idle_is_run_by_its_successor(queue: TaskQueue) -> None:
    start(queue, worker_functions.pid)
    first = result_of(queue, 1, None).payload
    os.kill(first, signal.SIGKILL)
    wait_until_dead(first)
    result = result_of(queue, 1, None)
    assert result.ok, result.error
    assert result.payload != first
    assert result.attempts == 1


def test_random_kills_lose_no_task_and_answer_none_twice(queue: TaskQueue) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    start(queue, worker_functions.echo, 3)
    over = threading.Event()
    kills = []

    def kill_now_and_then() -> None:
        while not over.wait(chance.uniform(0.0, 0.06)):
            victims = children()
            if victims:
                victim = chance.choice(victims)
                victim.kill()
                kills.append(victim.pid)

    killer = threading.Thread(target=kill_now_and_then)
    killer.start()
    sent: dict[int, Any] = {}
    taken: list[TaskResult] = []

    def take() -> None:
        while (result := queue.next_task_result(1)) is not None:
            taken.append(result)

    try:
        while len(kills) < 8:
            data = [len(sent), "x" * chance.choice([0, 10, 1000, 70_000])]
            task_id = queue.send_task(1, data)
            if task_id is None:  # too many starts in a row were killed, so it was given up
                assert queue.worker_state(1).phase == "FAILED", seed  # type: ignore[union-attr]
                break
            sent[task_id] = data
            take()
            if len(sent) - len(taken) > 200:
                eventually(lambda: queue.tasks_ready(1))
    finally:
        over.set()
        killer.join()
    eventually(lambda: take() or len(taken) >= len(sent))
    take()
    assert Counter(result.task_id for result in taken) == Counter(sent.keys()), seed
    for result in taken:
        assert result.payload == (sent[result.task_id] if result.ok else None), seed
        assert result.ok or kind_of(result) is ErrorKind.CRASHED, seed


def test_a_child_that_is_frozen_does_not_hold_the_game(queue: TaskQueue) -> None:
    start(queue, worker_functions.echo)
    result_of(queue, 1, None)
    (child,) = children()
    child.suspend()
    ids = [queue.send_task(1, b"x" * size) for size in (65_512, 300_000, 10)]
    eventually(lambda: queue.tasks_in_progress(1))

    def play() -> None:
        queue.next_task_result(1)
        queue.pump()
        queue.stop_worker(1)

    game = threading.Thread(target=play, daemon=True)
    game.start()
    game.join(PATIENCE_S)
    assert not game.is_alive()
    results = [queue.wait_result(task_id or 0, PATIENCE_S) for task_id in ids]
    assert [result and kind_of(result) for result in results] == [ErrorKind.STOPPED] * 3
    wait_until_dead(child.pid)


# --- a child that does not come up ---------------------------------------------------------


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of the game, whose file may change before a child imports it."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = tmp_path / "game_module.py"
    path.write_text("def find(data):\n    return data\n")
    import game_module

    yield game_module
    del sys.modules["game_module"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise RuntimeError('no map today')", "RuntimeError: no map today"),
        ("import sys; sys.exit('not here')", "SystemExit: not here"),
        ("import os; os._exit(4)", "its child process exited with status 4"),
        ("def other(data): pass", "has no attribute 'find'"),
        ("def find(:", "SyntaxError"),
        ("while True: pass", "was still loading after 1 s (WorkerOptions.start_timeout_s)"),
    ],
)
def test_a_module_that_does_not_load_in_a_child_makes_the_start_false(
    queue: TaskQueue, module: Any, source: str, reason: str
) -> None:
    Path(module.__file__).write_text(source)
    options = WorkerOptions(nice=0, start_timeout_s=1.0)
    assert not queue.start_native_worker(1, "Worker", module.find, 2, options=options)
    assert reason in str(queue.last_error)
    assert queue.worker_state(1) is None
    eventually(lambda: not children())


def test_a_worker_whose_code_has_gone_is_given_up_and_answers_its_tasks(
    queue: TaskQueue, module: Any
) -> None:
    start(queue, module.find, 2)
    result_of(queue, 1, None)
    Path(module.__file__).write_text("raise RuntimeError('gone')")
    for child in children():
        child.kill()
        wait_until_dead(child.pid)
    task_id = queue.send_task(1, None)
    assert task_id is not None
    result = queue.wait_result(task_id, PATIENCE_S)
    assert result is not None
    if result.ok:  # the second child is found to be dead by the next task only
        result = result_of(queue, 1, None)
    assert kind_of(result) is ErrorKind.CRASHED
    assert "RuntimeError: gone" in message_of(result)
    eventually(lambda: queue.worker_state(1).phase == "FAILED")  # type: ignore[union-attr]
    assert queue.send_task(1, None) is None
    assert "gone" in str(queue.last_error)


# --- what a child says -----------------------------------------------------------------


def test_prints_of_every_level_go_to_the_log_and_break_nothing(
    queue: TaskQueue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "engine_tasks.worker")
    start(queue, worker_functions.write_everywhere)
    for n in range(20):
        assert result_of(queue, 1, n).payload == n
    for line in (
        "from print 19",
        "from stderr 19",
        "to descriptor one 19",
        "to descriptor two 19",
        "from a program",
    ):
        eventually(lambda line=line: f"Worker1#0: {line}" in caplog.messages)


def test_bytes_that_look_like_frames_go_to_the_log(
    queue: TaskQueue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "engine_tasks.worker")
    start(queue, worker_functions.write_garbage)
    for n in range(5):
        assert result_of(queue, 1, n).payload == n
    eventually(lambda: any("Worker1#0: " in message for message in caplog.messages))


def test_a_worker_that_reads_its_input_finds_nothing(queue: TaskQueue) -> None:
    start(queue, worker_functions.read_input)
    assert result_of(queue, 1, None).payload == ""
    assert result_of(queue, 1, None).payload == ""


def test_the_last_words_of_a_child_explain_its_death(queue: TaskQueue) -> None:
    def complain(data: Any) -> None:
        print("the map is on fire", file=sys.stderr)
        os._exit(1)

    start(queue, complain)
    error = result_of(queue, 1, None).error
    assert error is not None
    assert "the map is on fire" in error.traceback


@pytest.mark.parametrize(("raised", "name"), [("exit", "SystemExit"), ("interrupt", "Keyboard")])
def test_an_exit_that_is_raised_is_a_failed_task_of_a_child_that_lives_on(
    queue: TaskQueue, raised: str, name: str
) -> None:
    start(queue, worker_functions.interrupt)
    result_of(queue, 1, None)
    (before,) = children()
    failed = result_of(queue, 1, raised)
    assert kind_of(failed) is ErrorKind.FAILED
    assert name in message_of(failed)
    assert result_of(queue, 1, "good").payload == "good"
    assert children() == [before]


def test_a_payload_of_20_mb_goes_there_and_back(queue: TaskQueue) -> None:
    start(queue, worker_functions.echo)
    large = os.urandom(20_000_000)
    assert result_of(queue, 1, large).payload == large


def test_a_result_may_be_larger_than_its_payload_and_the_reverse(queue: TaskQueue) -> None:
    start(queue, worker_functions.text_of, worker_id=1)
    start(queue, worker_functions.size, worker_id=2)
    assert len(result_of(queue, 1, 20_000_000).payload) == 20_000_000
    assert result_of(queue, 2, b"x" * 20_000_000).payload == 20_000_000


def test_large_and_small_tasks_in_one_crowd_do_not_lock_each_other(queue: TaskQueue) -> None:
    start(queue, worker_functions.echo)
    for n in range(200):
        queue.send_task(1, n)
    sizes = [0, 70_000, 10, 65_400, 65_536, 1, 1_000_000] * 6
    sent = {queue.send_task(1, "x" * size): size for size in sizes}
    for task_id, size in sent.items():
        result = queue.wait_result(task_id or 0, PATIENCE_S)
        assert result is not None
        assert len(result.payload) == size


def test_a_result_over_the_limit_is_a_bad_result(queue: TaskQueue) -> None:
    options = WorkerOptions(nice=0, max_payload_bytes=1000)
    assert queue.start_native_worker(1, "Worker", worker_functions.text_of, options=options)
    refused = result_of(queue, 1, 2000)
    assert kind_of(refused) is ErrorKind.BAD_RESULT
    assert "the limit is 1,000 bytes" in message_of(refused)
    assert result_of(queue, 1, 500).ok


# --- a stop meanwhile ----------------------------------------------------------------------


@pytest.mark.parametrize("end", ["stop_worker", "stop", "kill"])
def test_a_stop_with_work_pending_answers_all_of_it_as_stopped(queue: TaskQueue, end: str) -> None:
    start(queue, worker_functions.spin, 2)
    ids = [queue.send_task(1, n) for n in range(20)]
    eventually(lambda: queue.tasks_in_progress(1) == 2)
    if end == "stop_worker":
        assert queue.stop_worker(1)
    elif end == "stop":
        queue.stop(timeout_s=0.1)
    else:
        queue.kill()
    results = [queue.wait_result(task_id or 0, PATIENCE_S) for task_id in ids]
    assert [result and kind_of(result) for result in results] == [ErrorKind.STOPPED] * 20
    assert queue.next_task_result(1) is None


def test_a_worker_stopped_while_it_starts_leaves_nothing(queue: TaskQueue, module: Any) -> None:
    Path(module.__file__).write_text("while True: pass")
    assert queue.start_native_worker(1, "Worker", module.find, 2, options=OPTIONS, wait=False)
    task_id = queue.send_task(1, None)
    assert task_id is not None
    eventually(lambda: len(children()) == 2)
    assert queue.stop_worker(1)
    result = queue.wait_result(task_id, PATIENCE_S)
    assert result is not None
    assert kind_of(result) is ErrorKind.STOPPED
    eventually(lambda: not children())


def test_stops_at_any_moment_answer_each_task_once(queue: TaskQueue) -> None:
    for round_ in range(4):
        start(queue, worker_functions.echo, 2)
        sent = {queue.send_task(1, n) for n in range(60 * round_)}
        assert queue.stop_worker(1)
        taken: list[TaskResult] = []

        def take(taken: list[TaskResult] = taken) -> int:
            while (result := queue.next_task_result(1)) is not None:
                taken.append(result)
            return len(taken)

        eventually(lambda sent=sent, take=take: take() >= len(sent))
        take()
        assert Counter(result.task_id for result in taken) == Counter(sent)
        assert all(result.ok or kind_of(result) is ErrorKind.STOPPED for result in taken)
