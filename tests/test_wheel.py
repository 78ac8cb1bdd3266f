"""The wheel is whole: it works where there is no checkout."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

GAME = """
from pathlib import Path
import engine_tasks
from engine_tasks import TaskQueue
from engine_tasks.lua.sources import worker_script_path

assert "site-packages" in engine_tasks.__file__, engine_tasks.__file__
Path("triple.lua").write_text("function Run(x) return x * 3 end")
with TaskQueue() as queue:
    assert queue.start_worker(1, "Triple", "triple.lua", 1), queue.last_error
    assert queue.start_worker(2, "Paths", worker_script_path("pathfinding"), 1), queue.last_error
    print("answer:", queue.wait_result(queue.send_task(1, 14), 10).payload)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (built,) = folder.glob("engine_tasks-*.whl")
    return built


def pip(python: str | Path, *arguments: str) -> None:
    finished = subprocess.run(
        [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_it_carries_the_lua_sources_and_the_type_marker(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    in_checkout = {
        f"engine_tasks/lua/sources/{path.relative_to(ROOT / 'lua').as_posix()}"
        for path in (ROOT / "lua").rglob("*.lua")
    }
    assert in_checkout <= names
    assert "engine_tasks/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "demos/"))]


def test_a_lua_worker_runs_from_an_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pip(python, "install", str(wheel))
    finished = subprocess.run(
        [python, "-c", GAME], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.strip() == "answer: 42"
