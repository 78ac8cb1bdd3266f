"""Functions that the tests run in workers. A child imports this module: it stays light."""

import os
import signal
import subprocess
import sys
import threading
from typing import Any


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
