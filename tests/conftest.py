"""Queues for the tests: none outlives its test, however that ends."""

from collections.abc import Iterator

import pytest

from engine_tasks import TaskQueue


@pytest.fixture
def queue() -> Iterator[TaskQueue]:
    """A queue that is killed after the test."""
    queue = TaskQueue()
    yield queue
    queue.kill()
