"""Idle is free: with nothing to do no thread and no child wakes up."""

import subprocess
import sys
from pathlib import Path

import pytest

GAME = Path(__file__).with_name("idle_game.py")

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells how often a thread went to sleep"
)


def _rests(*arguments: str) -> tuple[bool, str]:
    """Whether a game with nothing to do sleeps, and who does not."""
    ended = subprocess.run(
        [sys.executable, str(GAME), *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    woken, rests = ended.stdout.splitlines()
    return rests == "True", woken


def test_nothing_wakes_up_where_nothing_is_to_be_done() -> None:
    rests, woken = _rests()
    assert rests, f"process, thread and wake-ups a second: {woken}"


def test_a_thread_that_polls_is_noticed() -> None:
    rests, woken = _rests("--poll")
    assert not rests
    assert "restless" in woken
