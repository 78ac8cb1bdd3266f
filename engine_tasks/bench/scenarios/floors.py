"""What no task queue on this machine can go below: a hand-over, or a load, with nothing
around it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import ormsgpack

from engine_tasks.bench.scenarios.peers import Send
from engine_tasks.bench.work import SMALL_TASK

LOCKS: Final = "two bare locks"
PIPE: Final = "a bare pipe"
BUSY: Final = "busy processes"

#: Bytes of a read: more than the small task takes.
_READ_BYTES: Final = 65_536
#: A child that knows nothing but to give back what comes.
_ECHO: Final = (
    "import os\n"
    f"while came := os.read(0, {_READ_BYTES}):\n"
    "    os.write(1, came)\n"
)  # fmt: skip
#: A child that knows nothing but to keep a core busy.
_SPIN: Final = "while True: pass"


@contextmanager
def two_locks() -> Iterator[Send]:
    """Two threads, each of which sleeps until the other lets go of a lock."""
    there, back = threading.Lock(), threading.Lock()
    there.acquire()
    back.acquire()
    is_over = False

    def answer() -> None:
        while True:
            there.acquire()
            if is_over:
                return
            back.release()

    def wait() -> object:
        back.acquire()
        return SMALL_TASK

    def send() -> Callable[[], object]:
        there.release()
        return wait

    thread = threading.Thread(target=answer, name="bench-locks", daemon=True)
    thread.start()
    try:
        yield send
    finally:
        is_over = True
        there.release()
        thread.join()


@contextmanager
def bare_pipe() -> Iterator[Send]:
    """A child that gives back the bytes of the task, one at a time, through two pipes."""
    packed = ormsgpack.packb(SMALL_TASK)
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _ECHO],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
    with process:  # closes its input, which ends it
        assert process.stdin
        assert process.stdout
        to_child, from_child = process.stdin.fileno(), process.stdout.fileno()

        def wait() -> object:
            if os.read(from_child, _READ_BYTES) != packed:
                raise RuntimeError("the bare child gave back something else")
            return SMALL_TASK

        def send() -> Callable[[], object]:
            os.write(to_child, packed)
            return wait

        yield send


@contextmanager
def busy_processes(count: int) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Processes at the lowest priority that nobody talks to; each is busy within what is given,
    and stands still otherwise."""
    processes = [subprocess.Popen([sys.executable, "-I", "-S", "-c", _SPIN]) for _ in range(count)]

    def tell_all(signal_number: int) -> None:
        for process in processes:
            process.send_signal(signal_number)

    @contextmanager
    def busy() -> Iterator[None]:
        tell_all(signal.SIGCONT)
        try:
            yield
        finally:
            tell_all(signal.SIGSTOP)

    try:
        for process in processes:
            os.setpriority(os.PRIO_PROCESS, process.pid, 19)
        tell_all(signal.SIGSTOP)
        yield busy
    finally:
        for process in processes:
            process.kill()
            process.wait()
