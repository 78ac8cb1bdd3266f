"""What all scenes share: keys, clicks, pictures, figures, and an end that always comes."""

import itertools
import json
import threading
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pygame
import pykka
import pytest
from eventually import eventually

from demos import __main__ as front
from demos._app import App, Scene, play
from demos._errors import SceneError
from engine_tasks import ErrorKind, TaskQueue, WorkerOptions
from engine_tasks.pools.instance import Instance


class RainScene(Scene):
    """Remembers all that it is told."""

    title = "Rain"
    keys = (("R", "rain"),)

    def __init__(self, app: App, options: Namespace) -> None:
        super().__init__(app, options)
        self.told: list[Any] = []
        self.steps_s: list[float] = []
        self.answers: list[int] = []
        self.drops = 0

    def start(self, queue: TaskQueue) -> None:
        self.worker_id = queue.worker_ids.register("Rain")
        options = WorkerOptions(isolation="inline")
        queue.start_native_worker(self.worker_id, "Rain", _half, options=options)
        LAST.append(self)

    def update(self, dt_s: float) -> None:
        self.steps_s.append(dt_s)
        self.drops += self.random.randrange(10)
        self.queue.send_task(
            self.worker_id, self.drops, on_result=lambda result: self.answers.append(result.payload)
        )

    def draw(self, screen: pygame.Surface) -> None:
        screen.fill((90, 40, 40))

    def key(self, name: str) -> bool:
        self.told.append(name)
        return name in ("r", "f1", "space")

    def click(self, position: tuple[int, int], button: int) -> None:
        self.told.append((position, button))

    def event(self, event: pygame.event.Event) -> None:
        self.told.append(event.type)

    def resize(self, free: pygame.Rect) -> None:
        self.told.append(tuple(free))

    def counters(self) -> dict[str, Any]:
        return {"drops": self.drops, "answered": len(self.answers)}


#: The scenes that were played, for a look at them afterwards.
LAST: list[RainScene] = []


def _half(number: int) -> int:
    return number // 2


#: Lets a thread that stands still go on; a child process has one of its own.
RELEASE = threading.Event()


def _stand_still(seconds: float) -> None:
    RELEASE.wait(seconds)


@pytest.fixture
def no_thread_is_left() -> Iterator[None]:
    """Other tests stop every actor there is, and wait for each."""
    yield
    RELEASE.set()
    eventually(lambda: not pykka.ActorRegistry.get_by_class(Instance))
    RELEASE.clear()


def _press(key: int, text: str = "") -> pygame.event.Event:
    return pygame.event.Event(pygame.KEYDOWN, key=key, unicode=text, mod=0)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _scripted(monkeypatch: pytest.MonkeyPatch, script: dict[int, list[pygame.event.Event]]) -> None:
    """Let these events come in these frames, counted from 0."""
    frames = itertools.count()
    monkeypatch.setattr(pygame.event, "get", lambda: script.get(next(frames), []))


def _play(*arguments: str, scene: type[Scene] = RainScene) -> dict[str, Any]:
    play(scene, ["--headless", "--json", "a.json", *arguments])
    report: dict[str, Any] = json.loads(Path("a.json").read_text(encoding="utf-8"))
    return report


def test_a_headless_run_leaves_picture_and_figures(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = _play("--frames", "12", "--seed", "4", "--shot", "a.png", "--shot-at", "3", "9")
    assert (report["scene"], report["frames"], report["seed"]) == ("test_app", 12, 4)
    assert report["size"] == [1280, 720]
    assert report["counters"]["drops"] > 0
    assert {"a.png", "a-3.png", "a-9.png"} <= {path.name for path in folder.iterdir()}
    assert pygame.image.load("a.png").get_at((300, 400))[:3] == (90, 40, 40)
    assert "test_app: 12 frames" in capsys.readouterr().out


def test_a_seed_decides_the_counters() -> None:
    first, again, other = (_play("--frames", "9", "--seed", seed) for seed in "334")
    assert first["counters"]["drops"] == again["counters"]["drops"]
    assert first["counters"]["drops"] != other["counters"]["drops"]


def test_headless_frames_are_all_of_the_same_length_to_the_world() -> None:
    _play("--frames", "5")
    assert set(LAST[-1].steps_s) == {1 / 60}


def test_a_deterministic_run_answers_the_same_tasks_each_time() -> None:
    first, again = (_play("--frames", "9", "--deterministic") for _ in range(2))
    assert first["counters"] == again["counters"]
    assert first["counters"]["answered"] > 0


class PatientScene(RainScene):
    """Sends one task that is to run after ten frames, and notes when it was answered."""

    def start(self, queue: TaskQueue) -> None:
        super().start(queue)
        self.answered_in: list[int] = []
        queue.send_task(
            self.worker_id,
            2,
            delay_s=9.5 / 60,
            on_result=lambda _: self.answered_in.append(self.app.log.count + 1),
        )


def test_time_is_that_of_the_frames_in_a_deterministic_run() -> None:
    _play("--frames", "20", "--deterministic", scene=PatientScene)
    scene = LAST[-1]
    assert isinstance(scene, PatientScene)
    assert scene.answered_in == [10]


def test_callbacks_run_before_each_update() -> None:
    _play("--frames", "6")
    scene = LAST[-1]
    assert len(scene.answers) == 5  # those of the last frame have no frame to run in


def test_keys_clicks_and_other_events_reach_the_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    click = pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=(7, 8), button=3)
    wheel = pygame.event.Event(pygame.MOUSEWHEEL, x=0, y=1)
    _scripted(
        monkeypatch,
        {
            1: [_press(pygame.K_r, "R"), _press(pygame.K_F1), _press(pygame.K_SPACE, " ")],
            2: [click, wheel],
        },
    )
    _play("--frames", "4")
    told = [each for each in LAST[-1].told if not (isinstance(each, tuple) and len(each) == 4)]
    assert told == ["r", "f1", "space", ((7, 8), 3), pygame.MOUSEWHEEL]


def test_the_windows_own_keys_work_in_every_scene(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _scripted(
        monkeypatch,
        {
            1: [_press(pygame.K_h)],
            3: [_press(pygame.K_F12)],
            4: [_press(pygame.K_p)],
            8: [_press(pygame.K_p)],
            9: [_press(pygame.K_ESCAPE)],
        },
    )
    report = _play()
    assert report["frames"] == 10
    scene = LAST[-1]
    assert len(scene.steps_s) == 10 - 4  # four frames were paused
    with_hud, without = [each for each in scene.told if isinstance(each, tuple)]
    assert without == (0, 0, 1280, 720)
    assert pygame.Rect(without).contains(pygame.Rect(with_hud))
    bare, whole = pygame.image.load("test_app-1.png"), pygame.image.load("test_app.png")
    assert bare.get_at((30, 60))[:3] == (90, 40, 40)
    assert whole.get_at((30, 60))[:3] == (90, 40, 40)  # the HUD is still hidden at the end


def test_a_key_that_does_nothing_is_said_on_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    middle = pygame.Rect(440, 24, 400, 44)
    _scripted(monkeypatch, {1: [_press(pygame.K_z, "z")]})
    _play("--frames", "4", "--shot", "said.png")
    said = pygame.image.load("said.png").subsurface(middle)
    assert pygame.mask.from_threshold(said, (90, 40, 40), (2, 2, 2)).count() < 0.8 * 400 * 44


def test_modifiers_alone_are_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(App, "notify", lambda _, text: said.append(text))
    _scripted(
        monkeypatch,
        {1: [_press(pygame.K_LSHIFT), _press(pygame.K_LCTRL), _press(pygame.K_NUMLOCK)]},
    )
    _play("--frames", "3")
    assert said == []


@pytest.mark.parametrize("size", ["480x320", "800x600", "1920x1080"])
def test_a_scene_is_told_what_the_hud_leaves_of_any_window(size: str) -> None:
    _play("--frames", "2", "--size", size)
    free = pygame.Rect(LAST[-1].told[0])
    width, height = map(int, size.split("x"))
    assert pygame.Rect(0, 0, width, height).contains(free)


class HungScene(RainScene):
    """A worker of each kind that never comes back."""

    def start(self, queue: TaskQueue) -> None:
        super().start(queue)
        self.hung = [self._start_hung(queue, kind) for kind in ("thread", "process")]

    def _start_hung(self, queue: TaskQueue, isolation: Any) -> int:
        worker_id = queue.worker_ids.register(isolation)
        options = WorkerOptions(isolation=isolation)
        queue.start_native_worker(worker_id, isolation, _stand_still, options=options)
        queue.send_task(worker_id, 3600.0)
        return worker_id


@pytest.mark.usefixtures("no_thread_is_left")
def test_the_end_comes_though_workers_hang() -> None:
    _play("--frames", "20", scene=HungScene)
    scene = LAST[-1]
    assert isinstance(scene, HungScene)
    for worker_id in scene.hung:
        result = scene.queue.next_task_result(worker_id)
        assert result is not None
        assert result.error is not None
        assert result.error.kind is ErrorKind.STOPPED


class BrokenScene(RainScene):
    """Raises in the middle."""

    def update(self, dt_s: float) -> None:
        raise SceneError("the rain is broken")


def test_a_scene_that_cannot_go_on_leaves_no_worker() -> None:
    with pytest.raises(SceneError, match="the rain is broken"):
        _play("--frames", "3", scene=BrokenScene)
    assert LAST[-1].queue.send_task(LAST[-1].worker_id, 2) is None  # it was stopped


def test_an_unknown_scene_lists_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["dance"], ["--headless", "dance"]):
        assert front.main(arguments) == 2
        refusal = capsys.readouterr().err
        assert refusal.startswith("no scene 'dance'; there are: ")
        assert "stutter" in refusal
    assert front.main(["--headless"]) == 2
    assert capsys.readouterr().err.startswith("no scene was named; there are: ")


def test_every_scene_is_listed_with_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert front.main([]) == 0
    listed = capsys.readouterr().out
    for name in front.scene_names():
        assert front.first_line(name), f"{name} has no docstring"
        assert f"  {name:10}{front.first_line(name)}\n" in listed


def test_all_scenes_headless_leave_a_picture_and_figures_each(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "scene_names", lambda: ["stutter"])
    monkeypatch.setenv("PYTHONPATH", str(Path(front.__file__).parents[1]))
    assert front.main(["--headless", "all", "--frames", "3", "--out", "made/here"]) == 0
    assert {path.name for path in (folder / "made/here").iterdir()} == {
        "stutter.png",
        "stutter.json",
    }


def test_one_scene_that_fails_does_not_keep_the_others_from_running(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(front, "scene_names", lambda: ["dance", "stutter"])
    monkeypatch.setenv("PYTHONPATH", str(Path(front.__file__).parents[1]))
    assert front.main(["all", "--headless", "--frames", "3"]) == 2
    assert "no scene 'dance'" in capfd.readouterr().err
    assert (folder / "scenes" / "stutter.png").is_file()


def test_a_folder_that_cannot_be_made_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "taken").touch()
    assert front.main(["--headless", "all", "--out", "taken/x"]) == 2
    assert capsys.readouterr().err == "taken/x: Not a directory\n"
