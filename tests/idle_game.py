"""A game that works, comes to rest, and prints who still wakes up. Run by `test_idle.py`."""

import json
import sys
import threading
import time
from pathlib import Path

import start_functions as functions

from engine_tasks import LuaLimits, RetryPolicy, TaskQueue, WorkerOptions
from engine_tasks.bench.scenarios.idle import wake_ups

#: Seconds that it is watched for at once.
WINDOW_S = 1.0
#: Looks until it has come to rest; what it did before takes a moment to be over.
WINDOWS = 8
#: Wake-ups of all threads and processes together in such a time.
MOST = 1

LUA = Path(__file__).parents[1] / "engine_tasks" / "bench" / "echo.lua"


def start(queue: TaskQueue) -> None:
    """Eight instances, with all that could want to look after something now and then."""
    watched = WorkerOptions(
        timeout_s=30.0,
        max_instances=4,
        burst_interval_s=0.01,
        idle_s=0.1,
        retry=RetryPolicy(),
    )
    in_threads = WorkerOptions(isolation="thread", timeout_s=30.0)
    limited = WorkerOptions(limits=LuaLimits(timeout_s=20.0))
    assert queue.start_native_worker(1, "Process", functions.total, 3, options=watched)
    assert queue.start_native_worker(2, "Thread", functions.total, 2, options=in_threads)
    assert queue.start_worker(3, "Lua", LUA, 2, options=limited), queue.last_error


def work(queue: TaskQueue) -> None:
    """Tasks of every kind: many, late ones, and some that fail or are taken back."""
    tasks = [queue.send_task(worker, [1, 2]) for worker in (1, 2, 3) for _ in range(200)]
    tasks.append(queue.send_task(1, [3], delay_s=0.05, key="late", run_id="level"))
    tasks.append(queue.send_task(2, "no numbers", deadline_s=queue.clock() + 60.0))
    taken_back = queue.send_task(1, [4], delay_s=60.0)
    assert taken_back is not None
    assert queue.cancel(taken_back)
    for task in [*tasks, taken_back]:
        assert task is not None
        assert queue.wait_result(task, 60.0) is not None
    queue.send_echo("hello")
    while queue.get_echo() is None:
        time.sleep(0.001)
    assert queue.metrics(1) is not None


def poll() -> None:
    """What no part of a queue at rest may do."""
    never = threading.Event()
    while not never.wait(0.05):
        pass


def main() -> None:
    with TaskQueue() as queue:
        start(queue)
        work(queue)
        if "--poll" in sys.argv:
            threading.Thread(target=poll, name="restless", daemon=True).start()
        for _ in range(1 if "--poll" in sys.argv else WINDOWS):
            woken = {thread: count for thread, count in wake_ups(WINDOW_S).items() if count}
            if sum(woken.values()) <= MOST:
                break
        names = {thread.native_id: thread.name for thread in threading.enumerate()}
        print(json.dumps([[pid, names.get(t, t), n] for (pid, t), n in woken.items()]))
        print(sum(woken.values()) <= MOST)


if __name__ == "__main__":
    main()
