"""The timer calls each thing once, on its own thread, in the order of their times."""

import threading
import weakref

import pytest
from eventually import PATIENCE_S, eventually

from engine_tasks.timer import Timer


def test_calls_happen_in_the_order_of_their_times() -> None:
    timer, called, done = Timer(), [], threading.Event()
    timer.after(0.06, done.set)
    timer.after(0.04, lambda: called.append("second"))
    timer.after(0.02, lambda: called.append("first"))
    assert done.wait(30)
    assert called == ["first", "second"]


def test_calls_of_the_same_time_happen_in_the_order_they_were_added() -> None:
    timer, called = Timer(), []
    for n in range(50):
        timer.after(0.0, lambda n=n: called.append(n))
    eventually(lambda: len(called) == 50)
    assert called == list(range(50))


def test_a_call_happens_once_and_is_marked() -> None:
    timer, called = Timer(), []
    timed = timer.after(0.0, lambda: called.append(1))
    later = threading.Event()
    timer.after(0.01, later.set)
    assert later.wait(30)
    assert called == [1]
    assert timed.fired


def test_what_was_called_is_let_go() -> None:
    class Game:
        def look(self) -> None:
            """Nothing is left to see."""

    timer, game = Timer(), Game()
    seen = weakref.ref(game)
    timer.after(0.0, game.look)
    del game
    eventually(lambda: seen() is None)


def test_a_cancelled_call_never_happens() -> None:
    timer, called, later = Timer(), [], threading.Event()
    timed = timer.after(0.02, lambda: called.append(1))
    timed.cancel()
    timer.after(0.03, later.set)
    assert later.wait(30)
    assert called == []
    assert not timed.fired


def test_a_sooner_call_does_not_wait_for_a_later_one() -> None:
    timer, soon = Timer(), threading.Event()
    far = timer.after(1e6, soon.set)
    timer.after(0.0, soon.set)
    assert soon.wait(30)
    assert not far.fired


def test_a_call_that_fails_is_logged_and_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    timer, done = Timer(), threading.Event()

    def fail() -> None:
        raise ValueError("on purpose")

    timer.after(0.0, fail)
    timer.after(0.0, done.set)
    assert done.wait(30)
    assert "a timed call failed" in caplog.text
    assert "on purpose" in caplog.text


def test_a_call_may_add_another() -> None:
    timer, done = Timer(), threading.Event()
    timer.after(0.0, lambda: timer.after(0.0, done.set))
    assert done.wait(30)


def test_a_timer_has_one_thread_from_the_first_call_on() -> None:
    def timers() -> list[threading.Thread]:
        return [t for t in threading.enumerate() if t.name == "engine_tasks timer"]

    before = timers()
    timer = Timer()
    assert timers() == before
    for _ in range(10):
        timer.after(1e6, print)
    (own,) = set(timers()) - set(before)
    assert own.daemon


def test_threads_may_add_calls_at_once() -> None:
    timer, called, start = Timer(), [], threading.Barrier(8)

    def add() -> None:
        start.wait()
        for _ in range(100):
            timer.after(0.001, lambda: called.append(1))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: len(called) == 800)


def test_a_call_in_a_thousand_years_keeps_nobody_from_theirs() -> None:
    timer = Timer()
    timer.after(1e11, lambda: None)
    called = threading.Event()
    timer.after(0.0, called.set)
    assert called.wait(PATIENCE_S)
    again = threading.Event()
    timer.after(0.0, again.set)
    assert again.wait(PATIENCE_S), "its thread lives on"
