"""The recipes of docs/integrations.md run as they stand, or at least fit their engine's types."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from test_snippets import run, snippets

PAGE = "docs/integrations.md"
#: What each recipe needs, and what it says when it is run; None for those that open a window.
RECIPES = {
    "pygame_game.py": ("pygame", "a path: [0, 1, 2, 3, 4]\n"),
    "asyncio_server.py": ("asyncio", "rooms: 8\n"),
    "panda_game.py": ("direct", "heights: 256\n"),
    "arcade_game.py": ("arcade", None),
    "pyglet_game.py": ("pyglet", None),
}


def test_every_recipe_is_held_to_something() -> None:
    assert set(snippets(PAGE)) == set(RECIPES)


@pytest.mark.parametrize("name", [name for name, (_, said) in RECIPES.items() if said])
def test_a_recipe_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs, said = RECIPES[name]
    pytest.importorskip(needs)
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    assert said is not None
    assert said in run(PAGE, name, tmp_path)


@pytest.mark.parametrize("name", [name for name, (_, said) in RECIPES.items() if not said])
def test_a_recipe_fits_the_types_of_its_engine(name: str, tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    if find_spec(RECIPES[name][0]) is None:  # not imported: it would look for a screen
        pytest.skip(f"{RECIPES[name][0]} is not installed")
    (tmp_path / name).write_text(snippets(PAGE)[name])
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
