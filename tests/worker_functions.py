"""Functions that the tests run in workers. A child imports this module: it stays light."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from engine_tasks import this_task
from engine_tasks.native import NativeCode


def echo(data: Any) -> Any:
    """Gives back its payload."""
    return data


def pid(data: Any) -> int:
    """The process that it runs in."""
    return os.getpid()


def pid_or_spin(data: Any) -> int:
    """The process that it runs in; never ends for "spin"."""
    if data == "spin":
        spin(data)
    return os.getpid()


def fail_when_bad(data: Any) -> Any:
    """Raises for "bad"."""
    if data == "bad":
        raise ValueError("cannot do it")
    return data


def a_lock_when_bad(data: Any) -> Any:
    """Gives what cannot be carried for "bad"."""
    return threading.Lock() if data == "bad" else data


def spin(data: Any) -> None:
    """Never ends."""
    while True:
        pass


def spin_when_bad(data: Any) -> Any:
    """Never ends for "bad"."""
    return spin(data) if data == "bad" else data


def leave(data: Any) -> Any:
    """Ends its process with a status, for an int."""
    if isinstance(data, int):
        os._exit(data)
    return data


def raise_signal(data: Any) -> Any:
    """Kills its process by a signal, for an int."""
    if isinstance(data, int):
        os.kill(os.getpid(), data)
    return data


def close_every_pipe(data: Any) -> Any:
    """Closes all files of its process, for "bad"."""
    if data == "bad":
        os.closerange(0, 256)
    return data


def interrupt(data: Any) -> Any:
    """Raises `KeyboardInterrupt` or `SystemExit` where that is asked for."""
    if data == "interrupt":
        raise KeyboardInterrupt
    if data == "exit":
        sys.exit(3)
    return data


def write_everywhere(data: Any) -> Any:
    """Prints from Python and from below it, to both outputs; then gives back its payload."""
    print("from print", data)
    print("from stderr", data, file=sys.stderr)
    os.write(1, f"to descriptor one {data}\n".encode())
    os.write(2, f"to descriptor two {data}\n".encode())
    os.system("echo from a program")
    return data


def write_garbage(data: Any) -> Any:
    """Fills standard output with bytes that look like frames."""
    os.write(1, bytes(range(256)) * 300 + b"\n")
    return data


def read_input(data: Any) -> str:
    """What standard input has: nothing, or the frames would be gone."""
    return sys.stdin.read()


def size(data: bytes) -> int:
    """The length of its payload."""
    return len(data)


def text_of(length: int) -> str:
    """A text of that length."""
    return "x" * length


def ignore_signals(data: Any) -> Any:
    """Is deaf to all that can be ignored, then hangs."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    return spin(data)


def start_a_process(_payload: object) -> int:
    """Start a process that would outlive its child, and give its id."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid


def leave_when_told(data: Any) -> Any:
    """Ends its process for "leave"."""
    if data == "leave":
        os._exit(3)
    return data


def print_many(lines: int) -> int:
    """Prints empty lines."""
    for _ in range(lines):
        print()
    return lines


def wait_long(data: Any) -> Any:
    """Takes a minute for "long"."""
    if data == "long":
        threading.Event().wait(60)
    return data


def work_until_told(data: Any) -> bool:
    """Tells that it runs, and for "work" ends only when it is told; whether it was."""
    this_task.progress(0.25, "running")
    while data == "work" and not this_task.cancelled():
        pass
    return this_task.cancelled()


def advance(shares: list[float]) -> int | None:
    """Tells of each share with its number, then gives its own id."""
    for number, share in enumerate(shares):
        this_task.progress(share, f"step {number}")
    return this_task.task_id()


class Diary:
    """What happens to resources, written down by whatever process it happens in."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def down(self) -> Path:
        """Where this file is, nothing can be created."""
        return self.path.with_suffix(".down")

    def note(self, *words: object) -> None:
        """Add a line."""
        with self.path.open("a") as file:
            file.write(" ".join(map(str, words)) + "\n")

    def of(self, event: str) -> list[str]:
        """What was noted of such events: resource, process and thread of each."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [line.removeprefix(event + " ") for line in lines if line.startswith(event + " ")]

    @property
    def is_balanced(self) -> bool:
        """Whether each resource was destroyed once, in the place where it was made."""
        return sorted(self.of("created")) == sorted(self.of("destroyed"))


def here() -> str:
    """The process and the thread."""
    return f"{os.getpid()} {threading.get_ident()}"


ORDERS_THAT_FAIL = ["fail", "sick", "unsure", "exit"]


def worker_code(diary: Diary, *, destroy_fails: bool = False) -> NativeCode:
    """A worker that takes orders, and whose diary tells of its resource."""

    def create() -> list[str]:
        if diary.down.exists():
            raise OSError("no database")
        resource = [os.urandom(4).hex()]
        diary.note("created", resource[0], here())
        return resource

    def destroy(resource: list[str]) -> None:
        diary.note("destroyed", resource[0], here())
        if destroy_fails:
            raise SystemExit("it is stuck")

    def check_health(error: Exception) -> bool:
        diary.note("asked", type(error).__name__, here())
        if "unsure" in str(error):
            raise RuntimeError("who knows")
        return "sick" not in str(error)

    def function(resource: list[str], order: str) -> Any:
        errors = [ValueError("fail"), ValueError("sick"), ValueError("unsure"), SystemExit("sick")]
        if order in ORDERS_THAT_FAIL:
            raise errors[ORDERS_THAT_FAIL.index(order)]
        resource.append(order)
        return threading.Lock() if order == "bad result" else resource

    return NativeCode(function, create, destroy, check_health)
