"""What a child hears from the game while it runs a task, and what it says."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_tasks.child.frames import (
    CANCEL,
    LIMITS,
    LOG,
    PROGRESS,
    SOURCE,
    STOP,
    TASK,
    FrameReader,
    unpack_f64,
    unpack_texts,
)
from engine_tasks.child.game import MAX_LOG_CHARACTERS, Game

Frame = tuple[int, int, bytes]
RATES = {"log_lines_per_s": 1000, "progress_per_s": 1000}


class Inbox:
    """Frames that are here already; behind them the game is gone."""

    fd = -1

    def __init__(self, *frames: Frame) -> None:
        self.frames = deque(frames)

    def read(self) -> Frame | None:
        return self.frames.popleft() if self.frames else None

    poll = read

    def read_here(self) -> list[Frame]:
        return []  # what came with the last frame is read in its turn

    def has_more(self) -> bool:
        return len(self.frames) > 0


class Heard:
    """The pipe to the game, and what is in it."""

    def __init__(self) -> None:
        self.read_fd, self.write_fd = os.pipe()
        os.set_blocking(self.read_fd, False)

    def frames(self) -> list[Frame]:
        reader = FrameReader(self.read_fd, 100_000)
        found = []
        try:
            while (frame := reader.read()) is not None:
                found.append(frame)
        except BlockingIOError:
            return found
        return found


@pytest.fixture
def heard() -> Iterator[Heard]:
    pipe = Heard()
    yield pipe
    os.close(pipe.read_fd)
    os.close(pipe.write_fd)


def game_with(*frames: Frame, out: int = -1) -> Game:
    return Game(Inbox(*frames), out, RATES)


def cancel(task_id: int) -> Frame:
    return CANCEL, task_id, b""


def test_no_task_is_cancelled_while_none_runs() -> None:
    game = game_with(cancel(1))
    assert not game.cancelled()
    game.begin(1)
    assert game.cancelled()
    game.end()
    assert not game.cancelled()


def test_what_comes_while_a_task_asks_is_kept_in_its_order() -> None:
    frames = [(TASK, 2, b"two"), cancel(2), (TASK, 3, b"three"), (LIMITS, 0, b""), (STOP, 0, b"")]
    game = game_with(*frames)
    game.begin(1)
    assert not game.cancelled()
    game.end()
    kept = [frame for frame in frames if frame[0] != CANCEL]
    assert [game.next_frame() for _ in kept] == kept
    assert game.next_frame() is None
    game.begin(2)
    assert game.cancelled()
    game.begin(3)
    assert not game.cancelled()


def test_a_cancel_before_its_task_in_the_pipe_is_remembered() -> None:
    game = game_with(cancel(7), (TASK, 7, b""))
    assert game.next_frame() == (TASK, 7, b"")
    game.begin(7)
    assert game.cancelled()


def test_a_cancel_while_a_module_is_waited_for_is_remembered() -> None:
    game = game_with(cancel(1), (TASK, 2, b""), cancel(2), (SOURCE, 0, b"source"))
    game.begin(1)
    assert game.wait_for(SOURCE) == b"source"
    assert game.cancelled()
    game.end()
    assert game.next_frame() == (TASK, 2, b"")
    game.begin(2)
    assert game.cancelled()


def test_nothing_is_waited_for_once_the_game_is_gone() -> None:
    assert game_with().wait_for(SOURCE) is None
    assert game_with().next_frame() is None


def test_cancels_that_came_too_late_take_no_memory_for_ever() -> None:
    game = game_with(*(cancel(number) for number in range(10_000)), (TASK, 10_001, b""))
    assert game.next_frame() == (TASK, 10_001, b"")
    assert len(game._cancelled_ids) < 1000


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([CANCEL, TASK]), st.integers(1, 6)), max_size=20))
def test_a_task_is_cancelled_when_its_cancel_came_before_it_ended(
    arrivals: list[tuple[int, int]],
) -> None:
    game = game_with(*((kind, task_id, b"") for kind, task_id in arrivals))
    game.begin(1)
    assert game.cancelled() == ((CANCEL, 1) in arrivals)
    game.end()
    for task_id in range(2, 7):
        while game.next_frame() is not None:
            pass  # all has come by now
        game.begin(task_id)
        assert game.cancelled() == ((CANCEL, task_id) in arrivals)
        game.end()


def test_progress_is_moved_into_its_bounds_and_its_note_cut(heard: Heard) -> None:
    game = game_with(out=heard.write_fd)
    game.progress(0.5, "before any task")
    game.begin(5)
    for share in (-1.0, 0.25, 9.0):
        game.progress(share, "n" * 10_000)
    game.end()
    game.progress(0.5, "after it")
    frames = heard.frames()
    assert [(kind, task_id) for kind, task_id, _ in frames] == [(PROGRESS, 5)] * 3
    told = [unpack_f64(body) for _, _, body in frames]
    assert [share for share, _ in told] == [0.0, 0.25, 1.0]
    assert {len(unpack_texts(rest, 1)[0]) for _, rest in told} == {MAX_LOG_CHARACTERS}


def test_other_rates_hold_from_now_on(heard: Heard) -> None:
    game = game_with(out=heard.write_fd)
    game.set_rates({"log_lines_per_s": 3, "progress_per_s": 4})
    game.begin(1)
    for _ in range(50):
        game.progress(0.5, "")
        game.log("info", "line")
    kinds = [kind for kind, _, _ in heard.frames()]
    assert 4 <= kinds.count(PROGRESS) <= 40
    assert 3 <= kinds.count(LOG) <= 40
