"""Runs code in real child processes, confined as the game's are."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import lupa

import engine_tasks

_PATHS = [str(Path(str(module.__file__)).parents[1]) for module in (engine_tasks, lupa)]

#: What the game's child has done before it is confined, as far as the tests need it.
_START = f"""
import sys
sys.path += {_PATHS!r}
import ctypes, errno, json, mmap, os, select, threading, time, _socket
from engine_tasks.child import kernel, landlock, rlimits, seccomp
from engine_tasks.child.confinement import confine
from engine_tasks.child.frames import FrameReader, write_frame
from engine_tasks.child.inbox import dies_with_parent, open_inbox
from engine_tasks.child.system_calls import numbers_for

numbers = numbers_for(os.uname().machine)

def tell(value):
    print(json.dumps(value))

def call(name, *arguments):
    return kernel.system_call(numbers[name], *arguments)

def outcome(attempt, *arguments):
    "The name of the error, or done."
    try:
        attempt(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    except (RuntimeError, MemoryError) as error:
        return str(error) or type(error).__name__
    return "done"

"""

#: The least that a child needs to be confined.
BARE_START = f"""
import sys
sys.path += {_PATHS!r}
from engine_tasks.child.confinement import confine
"""
DIES_WITH_PARENT = "dies_with_parent(os.getppid())"


class EndedChild:
    """How a process ended, and what it said before."""

    def __init__(self, ended: subprocess.CompletedProcess[bytes]) -> None:
        self.status = ended.returncode
        self.output = ended.stdout
        self.errors = ended.stderr.decode(errors="replace")

    @property
    def told(self) -> Any:
        """What it told, if it ended well."""
        assert self.status == 0, self.errors
        return json.loads(self.output)


def run_confined(
    then: str,
    *,
    before: str = DIES_WITH_PARENT,
    jit: bool = False,
    address_space_bytes: int | None = None,
    keep_fds: tuple[int, ...] = (),
    **popen: Any,
) -> EndedChild:
    """Run code in a child that was confined before, and wait for its end."""
    arguments = f"jit={jit}, address_space_bytes={address_space_bytes}, keep_fds={keep_fds}"
    return run_child(f"{before}\nconfinement = confine({arguments})\n{then}", **popen)


def command(code: str, *, start: str = _START) -> list[str]:
    """The command line of such a child."""
    return [sys.executable, "-I", "-S", "-c", start + code]


def run_child(code: str, *, start: str = _START, **popen: Any) -> EndedChild:
    """Run code in a child that nobody confined, and wait for its end."""
    popen = {"input": b"", **popen}
    return EndedChild(
        subprocess.run(
            command(code, start=start),
            capture_output=True,
            check=False,
            timeout=60,
            **popen,
        )
    )
