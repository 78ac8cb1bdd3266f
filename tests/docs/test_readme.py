"""Every snippet of the README runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
_SNIPPET = re.compile(r"^```(?:python|lua)\n(?:#|--) (?P<file>\S+)\n.*?^```", re.M | re.S)


def snippets() -> dict[str, str]:
    """The snippets by the file name in their first line."""
    return {
        found["file"]: found[0].split("\n", 1)[1].rsplit("```", 1)[0]
        for found in _SNIPPET.finditer(README.read_text())
    }


def run(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    for file, text in snippets().items():
        (folder / file).write_text(text)
    return subprocess.run(
        [sys.executable, name], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("name", [name for name in snippets() if name.endswith(".py")])
def test_each_python_snippet_runs(name: str, tmp_path: Path) -> None:
    finished = run(name, tmp_path)
    assert finished.returncode == 0, finished.stderr


def test_what_the_text_says_of_the_snippets_is_so(tmp_path: Path) -> None:
    said = run("paths.py", tmp_path).stdout + run("mods.py", tmp_path).stdout
    assert "the path: [[0, 0], [0, 1]" in said
    assert "payload: expected int, not str @ $.start[1]" in said
    assert "'doubled': [2, 4, 6]" in said
    assert "double.lua:3: attempt to get length of field 'numbers' (a nil value)" in said


def test_every_fenced_python_or_lua_block_is_run() -> None:
    fences = re.findall(r"^```(?:python|lua)$", README.read_text(), re.M)
    assert len(fences) == len(snippets()) >= 3
