"""Writes pictures and figures; what cannot be written is a SceneError with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pygame

from demos._errors import SceneError


def write_picture(screen: pygame.Surface, path: Path) -> None:
    """Save the window as a PNG."""
    try:
        pygame.image.save(screen, path)
    except (pygame.error, OSError) as error:
        raise SceneError(f"{path}: cannot save the picture: {error}") from error


def write_json(report: dict[str, Any], path: Path) -> None:
    """Save figures as indented JSON."""
    try:
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise SceneError(f"{path}: cannot save the figures: {error.strerror}") from error


def free_picture_name(name: str) -> Path:
    """Return the first of `name-1.png`, `name-2.png`, ... that is not in this folder yet."""
    taken = {path.name for path in Path.cwd().glob(f"{name}-*.png")}
    free = (f"{name}-{i}.png" for i in range(1, len(taken) + 2))
    return Path(next(each for each in free if each not in taken))
