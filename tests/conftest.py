"""Queues for the tests: none outlives its test, however that ends."""

import signal
from collections.abc import Iterator

import pytest
from gate import Gate

from engine_tasks import TaskQueue

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and so would every process that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def queue() -> Iterator[TaskQueue]:
    """A queue that is killed after the test."""
    queue = TaskQueue()
    yield queue
    queue.kill()


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A function that stands still when asked to, and goes on after the test."""
    gate = Gate()
    yield gate
    gate.open()
