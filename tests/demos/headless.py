"""Runs a scene as its user does, in a process of its own, without a screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]


def run(scene: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Its picture is `a.png` in the folder, its figures are `a.json`."""
    path = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "demos", scene, "--headless"]
    return subprocess.run(
        [*command, "--shot", "a.png", "--json", "a.json", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "SDL_VIDEODRIVER": "dummy"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def figures_of(scene: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """The figures of a run that went well."""
    finished = run(scene, folder, *arguments)
    assert (finished.returncode, finished.stderr) == (0, "")
    figures: dict[str, Any] = json.loads((folder / "a.json").read_text(encoding="utf-8"))
    return figures
