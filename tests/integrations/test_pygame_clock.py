"""The frame clock keeps its beat, goes on after a hitch from where it is, and logs late frames."""

import pytest

from engine_tasks.pygame_tools import FrameClock, FrameLog, frames
from engine_tasks.pygame_tools.frames import FRAME_S, LATE_S


class FakeTime:
    """A clock that goes on by sleeping, and when a test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def perf_counter(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now_s += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(frames, "time", fake)
    return fake


def test_frames_come_at_sixty_a_second_whatever_part_of_them_the_game_takes(
    time: FakeTime,
) -> None:
    clock = FrameClock()
    for busy_s in (0.001, 0.012, 0.016, 0.004):
        time.now_s += busy_s
        assert clock.tick() == pytest.approx(FRAME_S)
    assert clock.log.late == 0


def test_a_frame_that_is_a_little_late_does_not_shift_the_beat(time: FakeTime) -> None:
    clock = FrameClock()
    time.now_s += FRAME_S + 0.003
    assert clock.tick() == pytest.approx(FRAME_S + 0.003)
    assert clock.tick() == pytest.approx(FRAME_S - 0.003)
    assert clock.log.late == 1


def test_after_a_hitch_the_beat_goes_on_instead_of_being_caught_up_with(time: FakeTime) -> None:
    clock = FrameClock()
    time.now_s += 0.5
    assert clock.tick() == pytest.approx(0.5)
    assert [clock.tick() for _ in range(3)] == [pytest.approx(FRAME_S)] * 3


def test_a_frame_is_late_a_millisecond_past_its_time(time: FakeTime) -> None:
    clock = FrameClock()
    for interval_s in (LATE_S - 0.0001, LATE_S + 0.0001):
        clock = FrameClock()
        time.now_s += interval_s
        clock.tick()
        assert clock.log.late == (interval_s > LATE_S)


def test_a_frame_without_a_label_counts_nowhere(time: FakeTime) -> None:
    log = FrameLog()
    clock = FrameClock(log)
    time.now_s += 0.2
    clock.tick(label="")
    clock.tick(label="play")
    assert (log.count, log.counted, log.late) == (2, 1, 0)
    assert log.summary("play").frames == 1
