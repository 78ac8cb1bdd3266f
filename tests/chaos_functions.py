"""What runs in the workers of the chaos test. A child imports this module: it stays light."""

import fcntl
import os
import stat
import time
from typing import Any

from engine_tasks import this_task

#: Nothing that a game sends or hears is as long as this says: it is no frame.
GARBAGE = b"\xff" * 40


def open_log(path: str) -> int:
    """The resource of an instance: a file to which it says what it executes."""
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(log, b"created\n")
    return log


def close_log(log: int) -> None:
    """Give the resource back."""
    os.write(log, b"destroyed\n")
    os.close(log)


def execute(log: int, task: dict[str, Any]) -> list[Any]:
    """Says that it began, does what the task asks for, and answers it."""
    os.write(log, f"{task['number']}\n".encode())
    _do(task)
    return answer(task)


def answer(task: dict[str, Any]) -> list[Any]:
    """The one right answer."""
    return [task["number"], task["number"] * 7919 % 1_000_003, task["text"]]


def _do(task: dict[str, Any]) -> None:
    match task["do"]:
        case "work":
            _work(task["ms"])
        case "hang":
            _hang()
        case "fail":
            raise ValueError("it was told to")
        case "leave":
            os._exit(3)
        case "garbage":
            _write_garbage()


def _work(ms: float) -> None:
    """Be busy for a time, and tell of it."""
    until_s = time.perf_counter() + ms / 1000
    while time.perf_counter() < until_s:
        this_task.progress(0.5, "busy")


def _hang() -> None:
    """Stay until killed; a thread, which cannot be, until it is told."""
    in_thread = os.getpid() == _game_pid()
    while not (in_thread and this_task.cancelled()):
        this_task.progress(0.1, "hangs")
        time.sleep(0.001)


def _game_pid() -> int:
    return int(os.environ["CHAOS_GAME_PID"])


def write_garbage_when_bad(data: Any) -> Any:
    """Says what is no frame to the game, for "bad"."""
    if data == "bad":
        _write_garbage()
    return data


def _write_garbage() -> None:
    for fd in range(3, 64):
        try:
            is_pipe = stat.S_ISFIFO(os.fstat(fd).st_mode)
            is_for_writing = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
        except OSError:  # there is none
            continue
        if is_pipe and is_for_writing:
            os.write(fd, GARBAGE)


SCRIPT = """
local function work(ms)
  local until_s = worker.now() + ms / 1000
  while worker.now() < until_s do worker.progress(0.5, "busy") end
end

function Run(task)
  local what = task["do"]
  if what == "work" then work(task.ms) end
  if what == "hang" then while true do worker.progress(0.1, "hangs") end end
  if what == "fail" then error("it was told to") end
  if what == "hoard" then
    local hoard = {}
    while true do hoard[#hoard + 1] = ("x"):rep(10000) .. #hoard end
  end
  return { task.number, task.number * 7919 % 1000003, task.text }
end
"""
