"""The stutter scene: the same work everywhere, the same balls for a seed, one lane a mode."""

import itertools
import json
from pathlib import Path
from random import Random
from typing import Any

import pygame
import pytest

from demos import __main__ as front
from demos._balls import make_balls, move_balls
from demos._primes import count_primes
from demos.stutter import MODES
from engine_tasks import TaskQueue

NAMES = [mode.name for mode in MODES]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _report(*arguments: str) -> dict[str, Any]:
    assert front.main(["stutter", "--headless", "--json", "a.json", *arguments]) == 0
    report: dict[str, Any] = json.loads(Path("a.json").read_text(encoding="utf-8"))
    return report


def test_python_and_lua_count_the_same_primes(queue: TaskQueue) -> None:
    assert [count_primes(limit) for limit in (0, 2, 3, 10, 100, 1000)] == [0, 0, 1, 4, 25, 168]
    script = Path(front.__file__).with_name("_primes.lua")
    worker_id = queue.worker_ids.register("Primes")
    assert queue.start_worker(worker_id, "Primes", script), queue.last_error
    for limit in (0, 2, 3, 10, 100, 1000):
        result = queue.wait_result(queue.send_task(worker_id, limit) or 0, 30.0)
        assert result is not None
        assert result.payload == count_primes(limit)


def test_a_headless_run_goes_through_all_modes() -> None:
    report = _report("--frames", "40")
    modes = report["measured"]["modes"]
    assert list(modes) == NAMES
    assert modes["game"]["frames"] == 10
    assert modes["game"]["tasks"] > 0
    assert sum(mode["frames"] for mode in modes.values()) <= 40


def test_the_seed_and_the_frames_decide_where_the_balls_are() -> None:
    first, again = (
        _report("--frames", "8", "--seed", "5", "--mode", mode)["counters"]
        for mode in ("game", "lua")
    )
    other = _report("--frames", "8", "--seed", "6", "--mode", "lua")["counters"]
    assert first == again != other


def test_balls_stay_within_their_area_whatever_its_size() -> None:
    area = pygame.Rect(20, 30, 300, 200)
    balls = make_balls(40, area, Random(1))
    bounces = sum(move_balls(balls, area, 1 / 60) for _ in range(300))
    assert bounces > 40
    smaller = pygame.Rect(0, 0, 120, 90)
    move_balls(balls, smaller, 1 / 60)
    for ball in balls:
        around = pygame.Rect(0, 0, 2 * ball.radius, 2 * ball.radius)
        around.center = (round(ball.x), round(ball.y))
        assert smaller.inflate(2, 2).contains(around)


def _press(key: int, text: str) -> pygame.event.Event:
    return pygame.event.Event(pygame.KEYDOWN, key=key, unicode=text, mod=0)


def test_keys_change_the_mode_and_the_number_of_balls(monkeypatch: pytest.MonkeyPatch) -> None:
    script = {
        2: [_press(pygame.K_4, "4")],
        4: [_press(pygame.K_m, "m")],
        6: [_press(pygame.K_PLUS, "+"), _press(pygame.K_PLUS, "+"), _press(pygame.K_MINUS, "-")],
    }
    frames = itertools.count()
    monkeypatch.setattr(pygame.event, "get", lambda: script.get(next(frames), []))
    report = _report("--frames", "12", "--mode", "processes", "--balls", "50")
    assert report["counters"]["balls"] == 80
    modes = report["measured"]["modes"]
    assert modes["game"]["tasks"] > 0  # M goes from the last mode to the first
    assert modes["threads"]["tasks"] == 0


def test_the_picture_for_the_readme_is_made_by_one_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "PICTURE_FRAMES", 8)
    assert front.main(["--picture", "frames.png"]) == 0
    assert pygame.image.load("frames.png").get_size() == (1280, 720)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--mode", "gpu"], "stutter: argument --mode: invalid choice: 'gpu'"),
        (["--balls", "0"], "stutter: argument --balls: expected a number from 1 to 2000, got '0'"),
        (["--shot-at", "x"], "stutter: argument --shot-at: expected a number from 1 to "),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    assert front.main(["stutter", "--headless", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith(line)
    assert said.count("\n") == 1
