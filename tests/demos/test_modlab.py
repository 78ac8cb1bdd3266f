"""The mod lab: each hostile script ends as the list says, and the game goes on."""

from array import array
from collections.abc import Sequence
from pathlib import Path

import pygame
import pytest
from eventually import eventually
from headless import figures_of, run

from demos._mod_panel import what_happened
from demos._mods import FOLDER, HOSTILE, Light, Mod, ModList, Spec, judge
from demos._pulse import BEAT_S, Pulse
from engine_tasks import ErrorKind, TaskError, TaskQueue, TaskResult

CHECKOUT = Path(__file__).parents[2]

#: How each mod ends: its light, the kind of its error, and what is said.
ENDS = {
    "loop": (Light.TIMED_OUT, "TIMEOUT", "loop.lua:{line}: "),
    "pattern": (Light.KILLED, "TIMEOUT", "pattern.lua: the task took longer than 2 s"),
    "hog": (Light.KILLED, "MEMORY", "hog.lua: the script ran out of its memory, 32 MB"),
    "thief": (Light.REFUSED, "FAILED", "thief.lua:{line}: attempt to index global 'io'"),
    "crash": (Light.CRASHED, "FAILED", "crash.lua:{line}: attempt to index field 'name'"),
    "flood": (Light.REFUSED, "BAD_RESULT", "flood.lua: result: holds more than 32768 values"),
    "garbage": (Light.REFUSED, "BAD_RESULT", "garbage.lua: result.units[3].target: cannot carry"),
    "fork": (Light.REFUSED, "FAILED", "fork.lua:{line}: attempt to call field 'execute'"),
}

#: Words of the line that an error names.
BLAMED = {
    "loop": "while true",
    "thief": "io.open",
    "crash": "unit.name.first",
    "fork": "os.execute",
}


def _is_expected(name: str, light: str, said: str) -> bool:
    """Whether a mod ended as it should, and the line that is named is the one to blame."""
    wanted, kind, text = ENDS[name]
    lines = (FOLDER / f"{name}.lua").read_text(encoding="utf-8").splitlines()
    blamed = next((i for i, line in enumerate(lines, 1) if BLAMED.get(name, "?") in line), 0)
    said_all = said.startswith(f"{kind}  ") and text.format(line=blamed) in said
    return light == wanted.value and said_all


def test_each_hostile_mod_ends_as_it_should_and_its_worker_lives_on() -> None:
    with TaskQueue() as queue:
        mods = ModList(queue)

        def has_ended(which: Sequence[Mod]) -> bool:
            queue.pump(1000)
            return all(mod.light is not Light.RUNNING for mod in which)

        for number in range(len(HOSTILE)):
            mods.start(number)
        eventually(lambda: has_ended(mods.mods), 60)
        for mod in mods.mods:
            said = what_happened(mod)
            assert _is_expected(mod.spec.name, mod.light.value, said), said
        killed = [mod for mod in mods.mods if mod.light is Light.KILLED]

        def are_restarted() -> bool:
            mods.look()
            return all(mod.restarts == 1 for mod in killed)

        eventually(are_restarted)
        assert all(mod.restarts == 0 for mod in mods.mods if mod not in killed)
        mods.start(4)
        eventually(lambda: has_ended(mods.mods[4:5]))
        assert mods.mods[4].light is Light.CRASHED


def test_every_script_is_listed() -> None:
    assert {path.stem for path in FOLDER.glob("*.lua")} == {*ENDS, "lantern"}
    assert [spec.name for spec in HOSTILE] == list(ENDS)


@pytest.mark.parametrize(
    ("kind", "spec", "light"),
    [
        (None, Spec("a", "A", ""), Light.ANSWERED),
        (ErrorKind.TIMEOUT, Spec("a", "A", ""), Light.KILLED),
        (ErrorKind.TIMEOUT, Spec("a", "A", "", soft=True), Light.TIMED_OUT),
        (ErrorKind.FAILED, Spec("a", "A", "", steals=True), Light.REFUSED),
        (ErrorKind.FAILED, Spec("a", "A", ""), Light.CRASHED),
        (ErrorKind.CRASHED, Spec("a", "A", "", steals=True), Light.CRASHED),
    ],
)
def test_a_light_says_how_a_task_ended(kind: ErrorKind | None, spec: Spec, light: Light) -> None:
    error = None if kind is None else TaskError(kind, "why")
    assert judge(spec, TaskResult(1, 1, error)) is light


def test_a_beat_is_missed_by_a_dropped_frame_and_not_by_a_late_one() -> None:
    pulse = Pulse()
    for _ in range(30 * 4):
        pulse.advance(1 / 60 + 1e-6)
    assert (pulse.beats, pulse.missed) == (4, 0)
    for _ in range(29):
        pulse.advance(1 / 60)
    pulse.advance(1 / 60 + 0.002)
    assert (pulse.beats, pulse.missed) == (5, 0)
    pulse.advance(BEAT_S)
    assert (pulse.beats, pulse.missed) == (6, 1)
    pulse.advance(3 * BEAT_S)
    assert (pulse.beats, pulse.missed) == (7, 4)


def test_petals_are_grey_without_an_answer() -> None:
    def petals_of(pulse: Pulse) -> int:
        screen = pygame.display.set_mode((300, 380))
        screen.fill((0, 0, 0))
        pulse.draw(screen, screen.get_rect())
        lit = pygame.mask.from_threshold(screen, (126, 142, 240), (30, 30, 40, 255))
        return lit.count()

    pulse = Pulse()
    pulse.light(array("f", [1.0] * 12))
    assert petals_of(pulse) > 500
    for _ in range(40):
        pulse.advance(1 / 60)
    assert petals_of(pulse) == 0


def test_all_mods_run_beside_the_game_and_the_innocent_one_answers(tmp_path: Path) -> None:
    report = figures_of("modlab", tmp_path, "--frames", "400")
    ended, measured = report["counters"], report["measured"]
    assert {"loop", "crash", "garbage"} <= ended.keys()
    # On a starved machine the time of a mod may be over before it has done its worst.
    assert all(
        _is_expected(name, *end) or end[1].startswith("TIMEOUT") for name, end in ended.items()
    ), ended
    assert measured["answers"] > 0
    assert measured["beats"] > 0
    assert measured["log_lines"] < 1000
    picture = pygame.image.load(tmp_path / "a.png")
    panel = picture.subsurface(pygame.Rect(372, 98, 500, 560))
    for colour in ((126, 142, 240), (240, 142, 86), (226, 112, 190)):
        lights = pygame.mask.from_threshold(panel, colour, (4, 4, 4, 255))
        assert lights.count() > 80


def test_it_ends_while_mods_hang_and_fits_a_small_window(tmp_path: Path) -> None:
    report = figures_of("modlab", tmp_path, "--frames", "60", "--size", "480x320")
    assert "pattern" not in report["counters"]  # it has still to be killed
    assert pygame.image.load(tmp_path / "a.png").get_size() == (480, 320)


def test_a_deterministic_run_is_refused_in_one_line(tmp_path: Path) -> None:
    finished = run("modlab", tmp_path, "--deterministic")
    assert finished.returncode == 2
    assert finished.stderr.startswith("modlab: hostile mods need processes")
    assert finished.stderr.count("\n") == 1


@pytest.fixture(autouse=True)
def _no_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
