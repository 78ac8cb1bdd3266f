"""A mutex lets one thread at a time in, and all of them in the end."""

import sys
import threading
from collections.abc import Iterator

import pytest

from engine_tasks.mutex import Mutex


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads that give way to each other wherever they can."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval_s)


@pytest.mark.usefixtures("restless")
def test_it_lets_one_thread_in_at_a_time() -> None:
    mutex, inside, most = Mutex(), 0, 0
    rounds = 0

    def enter() -> None:
        nonlocal inside, most, rounds
        for _ in range(2000):
            with mutex:
                inside += 1
                most = max(most, inside)
                rounds += 1
                inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, rounds) == (1, 8000)


def test_it_is_free_again_after_an_exception() -> None:
    mutex = Mutex()
    with pytest.raises(KeyError), mutex:
        raise KeyError
    with mutex:
        pass


def test_a_thread_gets_it_from_one_that_holds_it_for_long() -> None:
    mutex, got = Mutex(), threading.Event()

    def enter() -> None:
        with mutex:
            got.set()

    with mutex:
        thread = threading.Thread(target=enter)
        thread.start()
        assert not got.wait(0.05)  # past the looks that are made without a pause
    assert got.wait(30)
    thread.join()
