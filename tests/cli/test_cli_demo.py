"""`engine-tasks demo`: finds the checkout, hands on arguments and statuses."""

from pathlib import Path

import pytest

from engine_tasks.cli import demo
from engine_tasks.cli.app import run

SCENE = """\
import sys
from pathlib import Path
print(sys.argv[1:], Path.cwd().name)
sys.exit(int(sys.argv[-1]) if sys.argv[-1].isdigit() else 0)
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "checkout" / "demos"
    folder.mkdir(parents=True)
    (folder / "__main__.py").write_text(SCENE, encoding="utf-8")
    for name in ("__init__", "_app", "crowd", "rain"):
        (folder / f"{name}.py").touch()
    monkeypatch.setattr(demo, "demos_folder", lambda: folder)
    monkeypatch.setattr(demo, "find_spec", lambda name: name)
    return folder


def test_a_scene_gets_its_arguments_options_too_and_stays_in_the_users_folder(
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run(["demo", "crowd", "--headless", "--help", "--frames", "7"]) == 7
    expected = "['crowd', '--headless', '--help', '--frames', '7'] elsewhere"
    assert capfd.readouterr().out.strip() == expected


def test_an_unknown_scene_names_those_that_are_there(
    checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo", "dance"]) == 2
    assert "no demo 'dance'; there are: crowd, rain" in capfd.readouterr().err


def test_without_a_name_the_scenes_list_themselves_and_all_is_a_name(
    checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo"]) == 0
    assert capfd.readouterr().out.startswith("[] ")
    assert run(["demo", "all", "--headless"]) == 0
    assert capfd.readouterr().out.startswith("['all', '--headless'] ")


def test_outside_a_checkout_it_says_where_the_demos_are(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "demos_folder", lambda: None)
    assert run(["demo", "crowd"]) == 1
    assert "the demos are not in the installed package" in capfd.readouterr().err


def test_without_pygame_it_says_what_to_install(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    assert run(["demo", "crowd"]) == 1
    assert "pip install 'engine-tasks[demos]'" in capfd.readouterr().err


def test_the_demos_of_the_current_folder_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "engine_tasks" / "__init__.py"
    monkeypatch.setattr(demo.engine_tasks, "__file__", str(package))
    monkeypatch.chdir(tmp_path)
    assert demo.demos_folder() is None
    (tmp_path / "demos").mkdir()
    (tmp_path / "demos" / "__main__.py").touch()
    assert demo.demos_folder() == tmp_path / "demos"
