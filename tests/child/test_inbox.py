"""How a child without a kernel that ends it notices that its game is gone."""

import subprocess
import sys

import pytest

from engine_tasks.child.frames import HEADER, STOP

CHILD = """
import sys
from engine_tasks.child.frames import FrameReader
from engine_tasks.child.inbox import ThreadInbox
inbox = ThreadInbox(0, FrameReader(0, 1000))
print(inbox.read())
"""


def told_after(code: str) -> str:
    """What a child says that hears one frame and then the end of the pipe."""
    child = subprocess.run(
        [sys.executable, "-c", CHILD + code],
        input=HEADER.pack(0, STOP, 9),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert child.stderr == b""
    assert child.returncode == 0
    first, _, rest = child.stdout.decode().partition("\n")
    assert first == str((STOP, 9, b""))
    return rest.strip()


def test_a_child_that_waits_hears_it_and_ends_by_itself() -> None:
    assert told_after("print(inbox.read(), inbox.read(), inbox.poll())") == "None None None"


@pytest.mark.parametrize("waiting", ["inbox.poll()", "pass"])
def test_a_child_that_works_on_is_ended(waiting: str) -> None:
    assert told_after(f"print('busy', flush=True)\nwhile True: {waiting}") == "busy"
