"""What may wait is called in the background, one after the other, once there is a thread."""

import threading

import pytest

from engine_tasks.background import Background

PATIENCE_S = 30.0


@pytest.fixture
def background() -> Background:
    return Background()


def test_calls_are_made_in_their_order_whatever_they_raise(background: Background) -> None:
    made: list[int] = []
    done = threading.Event()
    background.call(lambda: made.append(1))
    background.call(lambda: 1 / 0)
    background.call(lambda: made.append(2))
    background.call(done.set)
    assert done.wait(PATIENCE_S)
    assert made == [1, 2]


def test_calls_wait_while_no_thread_can_be_had(
    background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    done = threading.Semaphore(0)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        background.call(done.release)
    assert not done.acquire(blocking=False)
    background.call(done.release)
    assert done.acquire(timeout=PATIENCE_S)
    assert done.acquire(timeout=PATIENCE_S)
