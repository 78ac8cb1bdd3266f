"""Runs scripts of the corpus in threads of this process: `in_thread_child.py VM SCRIPT...`.

Prints a line of JSON when a script begins and one when it is over; a process that ends
between the two was ended by the script.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hostile_game import Mode, verdict_of
from hostile_scripts import Script, read_script

from engine_tasks import TaskQueue
from engine_tasks.pools.slots import PoolPhase

#: Seconds that a thread has to end after its tasks were answered, or were to be.
END_S: Final = 5.0


def main() -> None:
    """Run the scripts one after the other."""
    logging.disable()
    vm, *paths = sys.argv[1:]
    for path in paths:
        script = read_script(Path(path))
        print(json.dumps({"begins": script.name}), flush=True)
        verdicts, is_over = run(script, Mode("in a thread", vm, jit=False))
        line = {"script": script.name, "verdicts": verdicts, "is_over": is_over}
        print(json.dumps(line), flush=True)


def run(script: Script, mode: Mode) -> tuple[list[str], bool]:
    """The verdicts on a script's tasks, and whether its threads have ended."""
    options = mode.options(script, isolation="thread")
    with TaskQueue() as queue:
        queue.wait_result(queue.send_task(0, "") or 0, 10.0)  # the echo's thread is there
        before = _instances()
        worker_id = queue.worker_ids.register(script.name)
        if not queue.start_worker(
            worker_id, script.name, script.path, script.instances, options=options
        ):
            verdicts = ["refused"]
        else:
            verdicts = _ask(queue, worker_id, script, options.limits.timeout_s)
        queue.stop_worker(worker_id)
        is_over = _wait_until(lambda: _instances() <= before, END_S)
        queue.kill()
    return verdicts, is_over


def _ask(queue: TaskQueue, worker_id: int, script: Script, timeout_s: float) -> list[str]:
    sent = [queue.send_task(worker_id, payload) for payload in script.payloads]
    verdicts = []
    for task_id in sent:
        assert task_id is not None, queue.last_error
        result = queue.wait_result(task_id, timeout_s + END_S)
        verdicts.append("none" if result is None else verdict_of(result, PoolPhase.RUNNING))
    return verdicts


def _instances() -> set[threading.Thread]:
    """The threads that run workers' code."""
    return {thread for thread in threading.enumerate() if thread.name.startswith("Instance")}


def _wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    never = threading.Event()
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        never.wait(0.01)
    return True


if __name__ == "__main__":
    main()
