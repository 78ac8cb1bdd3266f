"""Threads that are patient with a lock get it all the same, one at a time."""

import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from engine_tasks.convoys import Patient


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads that give way to each other wherever they can."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval_s)


@pytest.mark.usefixtures("restless")
def test_one_thread_is_in_at_a_time_and_each_in_the_end() -> None:
    lock, inside, most, rounds = threading.Lock(), 0, 0, 0

    def enter(mine: AbstractContextManager[object]) -> None:
        nonlocal inside, most, rounds
        for _ in range(1000):
            with mine:
                inside += 1
                most = max(most, inside)
                rounds += 1
                inside -= 1

    locks = [lock, Patient(lock), Patient(lock), lock]
    threads = [threading.Thread(target=enter, args=(mine,)) for mine in locks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, rounds) == (1, 4000)


def test_it_is_free_again_after_an_exception() -> None:
    lock = threading.Lock()
    with pytest.raises(KeyError), Patient(lock):
        raise KeyError
    assert not lock.locked()


def test_it_waits_for_one_that_holds_it_for_long() -> None:
    lock, got = threading.Lock(), threading.Event()

    def enter() -> None:
        with Patient(lock):
            got.set()

    with lock:
        thread = threading.Thread(target=enter)
        thread.start()
        assert not got.wait(0.05)
    assert got.wait(30)
    thread.join()
