"""Stopping ends, and leaves nothing: no process, thread, file or memory."""

import gc
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import worker_functions
from eventually import PATIENCE_S, eventually, result_of
from gate import Gate

from engine_tasks import ErrorKind, TaskQueue, Worker, WorkerOptions
from engine_tasks.pools.pool import Pool

QUICK = WorkerOptions(nice=0, stop_grace_s=0.1)


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def busy_queue() -> TaskQueue:
    """A queue with an idle, a busy and a hung child and a Lua script that hangs."""
    queue = TaskQueue()
    for worker_id, function in enumerate(
        [worker_functions.echo, worker_functions.spin, worker_functions.ignore_signals], 1
    ):
        assert queue.start_native_worker(worker_id, f"w{worker_id}", function, options=QUICK)
        assert queue.send_task(worker_id, None)
    eventually(lambda: queue.tasks_in_progress(2) and queue.tasks_in_progress(3))
    return queue


# --- no process is left ------------------------------------------------------------------


def test_after_a_kill_no_child_is_left() -> None:
    queue = busy_queue()
    assert len(children()) == 3
    queue.kill()
    assert children() == []


def test_after_a_stop_no_child_is_left() -> None:
    queue = busy_queue()
    queue.stop(timeout_s=0.2)
    assert children() == []


@pytest.mark.parametrize("end", [TaskQueue.kill, lambda queue: queue.stop(0.1)])
def test_an_end_answers_each_of_very_many_tasks_though_nobody_waits_for_all(
    end: Callable[[TaskQueue], None],
) -> None:
    gate, count = Gate(), 60_000
    queue = TaskQueue()
    options = WorkerOptions(isolation="thread", stop_grace_s=0.1)
    assert queue.start_native_worker(1, "wait", gate, options=options)
    sent = [queue.send_task(1, "wait" if n == 0 else n) for n in range(count)]
    gate.wait_entered()
    end(queue)
    gate.open()
    eventually(lambda: queue.tasks_waiting(1) == 0)
    results = iter(lambda: queue.next_task_result(1), None)
    answered = [(result.task_id, result.error and result.error.kind) for result in results]
    assert sorted(answered) == [(task_id, ErrorKind.STOPPED) for task_id in sent]


def test_after_the_stop_of_a_worker_its_children_end(queue: TaskQueue) -> None:
    assert queue.start_native_worker(1, "spin", worker_functions.spin, 2, options=QUICK)
    assert queue.start_native_worker(2, "pid", worker_functions.pid, options=QUICK)
    for _ in range(2):
        queue.send_task(1, None)
    queue.stop_worker(1)
    eventually(lambda: len(children()) == 1)
    assert result_of(queue, 2, None).payload == children()[0].pid


@pytest.mark.parametrize("how", ["thread", "process", "Lua thread"])
def test_a_hung_worker_does_not_hold_the_stop(how: str, tmp_path: Path) -> None:
    release = threading.Event()
    queue = TaskQueue()
    if how == "Lua thread":
        script = tmp_path / "hang.lua"
        script.write_text("function Run() while not worker.cancelled() do end return 1 end")
        options = WorkerOptions(isolation="thread", stop_grace_s=0.1)
        assert queue.start_worker(1, "hang", script, options=options)
    elif how == "thread":
        options = WorkerOptions(isolation="thread", stop_grace_s=0.1)
        assert queue.start_native_worker(
            1, "hang", lambda data: release.wait(PATIENCE_S), options=options
        )
    else:
        assert queue.start_native_worker(1, "hang", worker_functions.spin, options=QUICK)
    task_id = queue.send_task(1, None)
    eventually(lambda: queue.tasks_in_progress(1) == 1)
    stopping = threading.Thread(target=queue.stop, args=(0.1,), daemon=True)
    stopping.start()
    stopping.join(PATIENCE_S / 2)
    assert not stopping.is_alive()
    assert queue.wait_result(task_id or 0, 0) is not None
    release.set()


# --- nothing is left of a game that ends in its own way --------------------------------------

GAME = """
import os, signal, sys, threading
import engine_tasks
from engine_tasks import TaskQueue, WorkerOptions

def spin(data):
    while True: pass

def pid(data):
    return os.getpid()

def start(queue):
    pids = []
    for worker_id in (1, 2):
        assert queue.start_native_worker(worker_id, f"pid {worker_id}", pid), queue.last_error
        pids.append(queue.wait_result(queue.send_task(worker_id, None), 60).payload)
    assert queue.start_native_worker(3, "spin", spin)
    assert queue.start_worker(4, "lua", "hang.lua")
    queue.send_task(3, None)
    queue.send_task(4, None)
    assert queue.send_echo("x")
    return pids

def tell(queue):
    print(*start(queue), flush=True)

"""

ENDINGS = {
    "returns": "queue = TaskQueue()\ntell(queue)\n",
    "returns from a function": "def main():\n    queue = TaskQueue()\n    tell(queue)\nmain()\n",
    "exits": "queue = TaskQueue()\ntell(queue)\nsys.exit(0)\n",
    "exits within the block": "with TaskQueue() as queue:\n    tell(queue)\n    sys.exit(0)\n",
    "stops": "with TaskQueue() as queue:\n    tell(queue)\n    queue.stop(0.1)\n",
    "kills": "queue = TaskQueue()\ntell(queue)\nqueue.kill()\n",
}


@contextmanager
def game(folder: Path, ending: str) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """A game in a process group of its own, as a terminal starts one; and its children."""
    (folder / "hang.lua").write_text("function Run() while true do end end")
    path = folder / "game.py"
    path.write_text(GAME + ending)
    playing = subprocess.Popen(
        [sys.executable, str(path)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    try:
        assert playing.stdout
        pids = [int(pid) for pid in playing.stdout.readline().split()]
        assert len(pids) == 2, playing.communicate()[1]
        kin = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
        if playing.poll() is None:
            kin += psutil.Process(playing.pid).children(recursive=True)
        yield playing, kin
    finally:
        if playing.poll() is None:
            playing.kill()
        playing.communicate()


def none_is_left(kin: list[psutil.Process]) -> None:
    eventually(lambda: not any(process.is_running() for process in kin))


@pytest.mark.skipif(sys.platform == "win32", reason="process groups of Unix")
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_game_that_ends_leaves_nothing_and_says_nothing(tmp_path: Path, ending: str) -> None:
    with game(tmp_path, ENDINGS[ending]) as (playing, kin):
        _, complaints = playing.communicate(timeout=PATIENCE_S)
        assert complaints == ""
        assert playing.returncode == 0
        none_is_left(kin)


FOREVER = "queue = TaskQueue()\ntell(queue)\nthreading.Event().wait()\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_after_a_violent_end_of_the_game_no_child_is_left(tmp_path: Path, number: int) -> None:
    with game(tmp_path, FOREVER) as (playing, kin):
        assert len({process.pid for process in kin}) == 4
        playing.send_signal(number)
        playing.wait(PATIENCE_S)
        none_is_left(kin)


LOOPS = {
    "frames": "while True:\n        queue.pump()\n        queue.next_task_result(1)\n",
    "a wait": "queue.wait_result(queue.send_task(3, None), 600)\n",
    "an echo": "while True:\n        queue.send_echo('x')\n        queue.get_echo()\n",
}


@pytest.mark.skipif(sys.platform == "win32", reason="process groups of Unix")
@pytest.mark.parametrize("loop", LOOPS)
def test_ctrl_c_ends_the_game_and_its_children_without_a_word(tmp_path: Path, loop: str) -> None:
    play = (
        # As at a terminal: a job in the background of a shell starts with it ignored.
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n"
        "  with TaskQueue() as queue:\n"
        "    tell(queue)\n"
        f"    {LOOPS[loop]}"
        "except KeyboardInterrupt:\n"
        "  print('bye')\n"
    )
    with game(tmp_path, play) as (playing, kin):
        os.killpg(playing.pid, signal.SIGINT)
        said, complaints = playing.communicate(timeout=PATIENCE_S)
        assert complaints == ""
        assert said == "bye\n"
        assert playing.returncode == 0
        none_is_left(kin)


@pytest.mark.skipif(sys.platform == "win32", reason="process groups of Unix")
def test_a_child_has_a_group_of_its_own_in_the_games_session(queue: TaskQueue) -> None:
    """A terminal's Ctrl-C does not reach it, and its `nice` counts beside the game."""
    assert queue.start_native_worker(1, "pid", worker_functions.pid)
    pid = result_of(queue, 1, None).payload
    assert os.getpgid(pid) == pid
    assert os.getsid(pid) == os.getsid(0)


# --- nothing piles up ------------------------------------------------------------------------


def _ours(kind: type) -> int:
    gc.collect()
    return sum(isinstance(thing, kind) for thing in gc.get_objects())


def _threads() -> Counter[str]:
    """Threads by what they are for, but for the two that a process keeps."""
    kept = {"engine_tasks timer", "engine_tasks spawner"}
    names = [thread.name for thread in threading.enumerate() if thread.name not in kept]
    return Counter(name.partition("-")[0] for name in names)


def _files() -> int:
    return psutil.Process().num_fds() if hasattr(psutil.Process, "num_fds") else 0


#: Bytes that a thousand turns may add to the process: 20 KiB a turn would be a leak.
MOST_GROWTH_BYTES = 20 * 1024 * 1024


def assert_nothing_piles_up(turn: Callable[[], None], turns: int) -> None:
    """Whatever a turn takes it gives back, a moment later at the latest."""
    for _ in range(3):
        turn()  # what is made once is made now
    threads, files = _threads(), _files()
    pools, workers = _ours(Pool), _ours(Worker)
    held = psutil.Process().memory_info().rss
    for _ in range(turns):
        turn()
    eventually(lambda: not children())
    eventually(lambda: not _threads() - threads)
    eventually(lambda: _files() <= files)
    eventually(lambda: _ours(Pool) <= pools + 3)
    eventually(lambda: _ours(Worker) <= workers + 3)
    gc.collect()
    assert psutil.Process().memory_info().rss - held < MOST_GROWTH_BYTES


@pytest.mark.parametrize("isolation", ["thread", "inline"])
def test_a_thousand_starts_and_stops_of_a_worker_leave_nothing(
    queue: TaskQueue, isolation: Any
) -> None:
    options = WorkerOptions(isolation=isolation, stop_grace_s=0.05)
    assert result_of(queue, 0, "x").ok  # the echo worker's thread is there from now on

    def turn() -> None:
        assert queue.start_native_worker(1, "w", worker_functions.echo, options=options)
        task_id = queue.send_task(1, "x")
        assert queue.wait_result(task_id or 0, PATIENCE_S)
        assert queue.stop_worker(1)

    assert_nothing_piles_up(turn, 1000)


def test_hundreds_of_queues_leave_nothing() -> None:
    def turn() -> None:
        with TaskQueue() as queue:
            assert queue.send_echo("x")

    assert_nothing_piles_up(turn, 300)


def test_dozens_of_starts_and_stops_of_children_leave_nothing(
    queue: TaskQueue, tmp_path: Path
) -> None:
    script = tmp_path / "echo.lua"
    script.write_text("function Run(data) return data end")

    def turn() -> None:
        assert queue.start_worker(1, "w", script, 2, options=QUICK)
        assert result_of(queue, 1, "x").ok
        assert queue.stop_worker(1)

    assert_nothing_piles_up(turn, 20)


def test_starts_that_fail_leave_nothing(
    queue: TaskQueue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "engine_tasks")  # a kept record keeps all it came through
    script = tmp_path / "broken.lua"
    script.write_text("this is no Lua")

    def turn() -> None:
        assert not queue.start_worker(1, "w", script, options=QUICK)

    assert_nothing_piles_up(turn, 20)


def test_crashes_leave_nothing(queue: TaskQueue) -> None:
    assert queue.start_native_worker(1, "w", worker_functions.leave, options=QUICK)

    def turn() -> None:
        assert not result_of(queue, 1, 1).ok

    for _ in range(2):
        turn()
    assert result_of(queue, 1, "x").ok
    threads, files = _threads(), _files()
    for _ in range(8):
        turn()
    assert result_of(queue, 1, "x").ok
    assert len(children()) == 1
    eventually(lambda: not _threads() - threads)
    eventually(lambda: _files() <= files)


def test_what_a_workers_code_started_ends_with_its_child(queue: TaskQueue) -> None:
    assert queue.start_native_worker(1, "Starter", worker_functions.start_a_process, options=QUICK)
    started = result_of(queue, 1, None)
    assert started.ok, started.error
    assert psutil.pid_exists(started.payload)
    queue.stop()
    eventually(lambda: not _runs(started.payload))


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
