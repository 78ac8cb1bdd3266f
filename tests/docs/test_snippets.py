"""Every snippet of the README and of the guides runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = {"README.md": 3, "docs/tasks.md": 9, "docs/assets.md": 2, "docs/pathfinding.md": 2}
_SNIPPET = re.compile(r"^```(?:python|lua)\n(?:#|--) (?P<file>\S+)\n.*?^```", re.M | re.S)


def snippets(page: str) -> dict[str, str]:
    """The snippets of a page by the file name in their first line."""
    return {
        found["file"]: found[0].split("\n", 1)[1].rsplit("```", 1)[0]
        for found in _SNIPPET.finditer((ROOT / page).read_text())
    }


def run(page: str, name: str, folder: Path) -> str:
    """What a snippet prints, with the others of its page beside it."""
    for file, text in snippets(page).items():
        (folder / file).write_text(text)
    finished = subprocess.run(
        [sys.executable, name], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.mark.parametrize(
    ("page", "name"),
    [(page, name) for page in PAGES for name in snippets(page) if name.endswith(".py")],
)
def test_each_python_snippet_runs(page: str, name: str, tmp_path: Path) -> None:
    assert run(page, name, tmp_path)


def test_what_the_readme_says_of_its_snippets_is_so(tmp_path: Path) -> None:
    said = run("README.md", "paths.py", tmp_path) + run("README.md", "mods.py", tmp_path)
    assert "the path: [[0, 0], [0, 1]" in said
    assert "payload: expected int, not str @ $.start[1]" in said
    assert "'doubled': [2, 4, 6]" in said
    assert "double.lua:3: attempt to get length of field 'numbers' (a nil value)" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("order.py", "what the player looks at\n"),
        ("order.py", "EXPIRED: it still waited at its deadline\n"),
        ("fields.py", "units wait for it\n39 fields, CANCELLED\n"),
        ("tiles.py", "memoryview 16777216 0\nbytes\n16777216\n"),
        ("flaky.py", "3 attempts: OSError: the server did not answer for news\nnews ["),
        ("revive.py", "within 60 s (WorkerOptions.restart) and died again"),
        ("revive.py", "fine again"),
        ("database.py", "[[42]]\n[[2]]\n"),
        ("burst.py", "True\n"),
        ("knowing.py", "200 tasks,"),
        ("standard.py", "[1, 2, 3]\n"),
        ("standard.py", "task 5: FAILED: ValueError: 9 is odd"),
        ("standard.py", "awaited: 42"),
        ("replay.py", "[(1, 0, "),
    ],
)
def test_what_the_page_on_tasks_says_is_so(name: str, said: str, tmp_path: Path) -> None:
    assert said in run("docs/tasks.md", name, tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("level.py", "True Image(64 x 64 RGBA)\n"),
        ("level.py", "23 files, [Sound(0.1 s, 1 channels, 22050 Hz), {'waves': [3, 5, 8]}]\n"),
        ("level.py", "not loaded: level/broken.png: is a truncated or broken image: "),
        ("modded.py", "{'name': 'Winter'}\n../../saves.json: leads out of its root folder "),
    ],
)
def test_what_the_page_on_assets_says_is_so(name: str, said: str, tmp_path: Path) -> None:
    assert said in run("docs/assets.md", name, tmp_path)


def test_what_the_page_on_paths_says_is_so(tmp_path: Path) -> None:
    said = run("docs/pathfinding.md", "walk.py", tmp_path)
    assert said.startswith("BLOCKED - map 'level 1', version 2: goal (5, 1) is blocked: ")
    assert "7.0 [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (5, 1), (5, 2)]" in said
    assert "13.0 [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0)]" in said
    said = run("docs/pathfinding.md", "crowd.py", tmp_path)
    assert said == "True one field for 600\n{(30, 30)}\n"


@pytest.mark.parametrize(("page", "least"), PAGES.items())
def test_every_fenced_python_or_lua_block_is_run(page: str, least: int) -> None:
    fences = re.findall(r"^```(?:python|lua)$", (ROOT / page).read_text(), re.M)
    assert len(fences) == len(snippets(page)) >= least
