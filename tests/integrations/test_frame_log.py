"""Frames are summed up by what they count as."""

import pytest

from engine_tasks.pygame_tools.frames import FRAME_S, FrameLog, percentile


def test_a_percentile_is_a_value_of_the_list() -> None:
    values = [float(i) for i in range(1, 101)]
    assert [percentile(values, share) for share in (0, 0.5, 0.99, 1)] == [1, 50, 99, 100]
    assert percentile([7.0], 0.99) == 7


def test_labels_are_summed_up_apart() -> None:
    log = FrameLog(shown=3)
    for interval_s in (FRAME_S, FRAME_S, 0.050):
        log.add(interval_s, "threads")
    log.add(FRAME_S, "lua")
    threads, lua = log.summary("threads"), log.summary("lua")
    assert (threads.frames, threads.late, lua.frames, lua.late) == (3, 1, 1, 0)
    assert threads.p50_ms == pytest.approx(1000 / 60)
    assert threads.longest_ms == pytest.approx(50)
    assert [frame.label for frame in log.recent] == ["threads", "threads", "lua"]
    assert log.count == 4


def test_a_label_without_frames_sums_up_to_nothing() -> None:
    summary = FrameLog(shown=3).summary("lua")
    assert (summary.frames, summary.late, summary.p99_ms) == (0, 0, 0)
