"""The boids scene: a flock that the game keeps, rules that can be saved at any time."""

import json
import shutil
import sys
from array import array
from pathlib import Path
from typing import Any

import pygame
import pytest
from eventually import eventually
from headless import figures_of, run

from demos import _watch
from demos._flock import PARTS, STEP_S, Flock
from demos._rules import Rules, read_numbers
from demos._watch import FileWatch
from engine_tasks import TaskQueue
from engine_tasks.lua.sources import worker_script_path

CHECKOUT = Path(__file__).parents[2]


class Aviary:
    """A flock and its rules, in a folder of their own, without a window."""

    def __init__(self, queue: TaskQueue, folder: Path) -> None:
        self.path = Path(shutil.copy(worker_script_path("boids"), folder))
        self.queue = queue
        self.flock = flock = Flock(60, (640, 360), seed=2)
        self.rules = Rules(
            queue, self.path, lambda: flock.payload(0, 10), lambda moved: flock.fits(moved, 10)
        )
        assert self.rules.start()

    def save(self, old: str, new: str) -> None:
        text = self.path.read_text(encoding="utf-8")
        assert old in text
        self.path.write_text(text.replace(old, new), encoding="utf-8")
        self.rules.reload()

    def frame(self) -> None:
        self.queue.pump(1000)
        self.rules.poll()
        self.flock.update(self.queue, self.rules.worker_id, 1 / 60)

    def fly_on(self) -> None:
        """Let frames pass until one more step is shown."""
        steps = self.flock.steps
        eventually(lambda: self.frame() or self.flock.steps > steps)

    def wait_for_verdict(self) -> None:
        eventually(lambda: self.frame() or not self.rules.is_trying)


@pytest.mark.parametrize("deterministic", [True, False])
def test_a_saved_script_takes_over_and_the_flock_flies_on(
    tmp_path: Path, deterministic: bool
) -> None:
    with TaskQueue(deterministic=deterministic) as queue:
        aviary = Aviary(queue, tmp_path)
        aviary.fly_on()
        first, before = aviary.rules.worker_id, aviary.flock.after
        aviary.save("FASTEST = 55, 150", "FASTEST = 1, 2")
        aviary.wait_for_verdict()
        assert (aviary.rules.accepted, aviary.rules.refused) == (1, 0)
        assert aviary.rules.worker_id != first
        assert aviary.rules.changed == {"SLOWEST", "FASTEST"}
        for _ in range(3):  # a step of the old rules may still be under way
            aviary.fly_on()
        speeds = [
            x * x + y * y
            for x, y in zip(aviary.flock.after[2::4], aviary.flock.after[3::4], strict=True)
        ]
        assert max(speeds) < 4.01
        assert aviary.flock.lost_parts == 0
        assert len(aviary.flock.after) == len(before)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("function Run(step)", "function Run(step", "')' expected near 'local'"),
        ("local SIGHT = 26", "local SIGHT = 26 .. nil", "{line}: attempt to concatenate"),
        ("#flock, 4", "#flocks, 4", "{line}: attempt to get length of global 'flocks'"),
        ("  local moved, n = {}, 0", "  while true do end", "{line}: "),
        ('return worker.typed_array("f", moved)', "return moved", "Run returned something else"),
        ("function Run", "function Fly", "neither a global function Run"),
    ],
)
def test_a_broken_script_changes_nothing_and_its_line_is_told(
    tmp_path: Path, old: str, new: str, error: str
) -> None:
    with TaskQueue() as queue:
        aviary = Aviary(queue, tmp_path)
        aviary.fly_on()
        first = aviary.rules.worker_id
        aviary.save(old, new)
        aviary.wait_for_verdict()
        assert (aviary.rules.accepted, aviary.rules.refused) == (0, 1)
        text = aviary.path.read_text(encoding="utf-8")
        line = text[: text.index(new)].count("\n") + 1
        assert "boids.lua" in aviary.rules.error
        assert error.format(line=line) in aviary.rules.error
        assert aviary.rules.worker_id == first
        aviary.fly_on()
        assert aviary.flock.lost_parts == 0


def test_a_script_saved_over_during_its_trial_is_not_the_one_that_flies(tmp_path: Path) -> None:
    with TaskQueue() as queue:
        aviary = Aviary(queue, tmp_path)
        aviary.save("COHESION = 1.5", "COHESION = 2.5")
        aviary.save("COHESION = 2.5", "COHESION = 3.5")
        aviary.wait_for_verdict()
        assert (aviary.rules.accepted, aviary.rules.numbers["COHESION"]) == (1, "3.5")


def test_a_script_that_is_gone_is_refused(tmp_path: Path) -> None:
    with TaskQueue() as queue:
        aviary = Aviary(queue, tmp_path)
        aviary.fly_on()
        aviary.path.unlink()
        aviary.rules.reload()
        aviary.wait_for_verdict()
        assert "there is no script" in aviary.rules.error
        aviary.fly_on()


def test_the_numbers_at_the_head_of_the_script_are_read() -> None:
    numbers = read_numbers(worker_script_path("boids"))
    assert (numbers["SIGHT"], numbers["SLOWEST"], numbers["FASTEST"]) == ("26", "55", "150")
    assert read_numbers(Path("nowhere.lua")) == {}


def test_boids_that_nobody_moved_glide() -> None:
    def half(step: dict[str, Any]) -> Any:
        if step["first"] >= 20:
            raise ValueError("these stay")
        return array("f", bytes(4 * 5 * step["count"]))

    with TaskQueue(deterministic=True) as queue:
        queue.start_native_worker(1, "Half", half)
        flock = Flock(40, (640, 360), seed=1)
        start = flock.after[:]
        while flock.steps < 1:
            queue.pump(1000)
            flock.update(queue, 1, 1 / 60)
        assert set(flock.after[:80]) == {0.0}
        x, vx = start[80], start[82]
        assert flock.after[80] == pytest.approx(x + vx * STEP_S)
        assert (flock.lost_parts, flock.error) == (PARTS // 2, "ValueError: these stay")
        flock.update(queue, 99, 1.0)
        queue.pump(1000)
        flock.update(queue, 99, 1.0)
        flock.update(queue, 99, 1.0)
        assert flock.lost_parts > PARTS // 2
        assert "99" in flock.error


@pytest.mark.parametrize("notified", [True, False])
def test_a_save_is_noticed_once_also_when_the_file_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notified: bool
) -> None:
    if notified:
        pytest.importorskip("watchfiles")
        monkeypatch.setattr(_watch, "_LOOK_EVERY_S", 1e9)
    else:
        monkeypatch.setitem(sys.modules, "watchfiles", None)
    path = tmp_path / "rules.lua"
    path.write_text("one")
    watch = FileWatch(path)
    try:
        assert not watch.saved()

        def save_until_noticed() -> bool:  # the watch may need a moment to begin
            (tmp_path / "new").write_text("another")
            (tmp_path / "new").replace(path)
            (tmp_path / "other.lua").write_text("not watched")
            return watch.saved()

        eventually(save_until_noticed)
        path.unlink()
        assert not watch.saved()
    finally:
        watch.close()


def test_a_seed_decides_how_the_flock_flies(tmp_path: Path) -> None:
    options = ("--deterministic", "--boids", "40", "--size", "480x320", "--frames", "30")
    first, again = (
        figures_of("boids", tmp_path, *options, "--seed", "3")["counters"] for _ in range(2)
    )
    other = figures_of("boids", tmp_path, *options, "--seed", "4")["counters"]
    assert first == again != other
    assert first["boids"] == 40
    assert list(first["digests"]) == ["10"]


def test_a_headless_run_saves_the_script_three_times_and_the_flock_is_seen(tmp_path: Path) -> None:
    script = worker_script_path("boids")
    text = script.read_bytes()
    report = figures_of("boids", tmp_path, "--deterministic", "--boids", "150", "--frames", "120")
    measured = report["measured"]
    assert (measured["accepted"], measured["refused"], measured["lost_parts"]) == (2, 1, 0)
    assert script.read_bytes() == text
    assert not Path(measured["script"]).exists()
    picture = pygame.image.load(tmp_path / "a.png")
    assert picture.get_size() == (1280, 720)
    sky = picture.subsurface(pygame.Rect(14, 100, 880, 550))
    ground = pygame.mask.from_threshold(sky, (12, 16, 25), (4, 4, 4, 255))
    assert 0.5 < ground.count() / (880 * 550) < 0.999


def test_it_ends_while_rules_hang(tmp_path: Path) -> None:
    (tmp_path / "hang.lua").write_text("function Run() while true do end end\n")
    finished = run("boids", tmp_path, "--script", "hang.lua", "--frames", "40")
    assert finished.returncode == 0, finished.stderr  # which tells of the killed ones
    report = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (report["frames"], report["measured"]["steps"]) == (40, 0)


def test_a_script_that_is_missing_is_one_line(tmp_path: Path) -> None:
    finished = run("boids", tmp_path, "--script", "none.lua")
    assert finished.returncode == 2
    assert finished.stderr == "boids: none.lua: there is no such script\n"
