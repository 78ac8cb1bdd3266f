"""The boids scene's card: the numbers of the script that flies, and what became of a save."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pygame

from demos._flock import Flock
from demos._rules import Rules
from engine_tasks.pygame_tools.drawing import (
    ACCENT,
    ALARM,
    MUTED,
    TEXT,
    WARNING,
    Colour,
    draw_card,
    draw_text,
    wrapped,
)
from engine_tasks.pygame_tools.hud import MARGIN_PX, WIDTH_PX

_PAD_PX: Final = 14
_ROW_PX: Final = 20
_LINES: Final = 4


def draw_rules(screen: pygame.Surface, rules: Rules, flock: Flock, bottom: int) -> None:
    """Draw the card at the right, down to `bottom`."""
    rows = (len(rules.numbers) + 1) // 2
    height = 58 + _ROW_PX * rows + 28 + 17 * _LINES
    area = pygame.Rect(screen.get_width() - WIDTH_PX - MARGIN_PX, bottom - height, WIDTH_PX, height)
    draw_card(screen, area)
    left, top = area.left + _PAD_PX, area.top + 12
    draw_text(screen, "THE RULES", (left, top), 11, MUTED, bold=True)
    draw_text(screen, _shown(rules.path), (area.right - _PAD_PX, top), 11, MUTED, align=1.0)
    for i, (name, number) in enumerate(rules.numbers.items()):
        x = left + i // rows * (WIDTH_PX // 2 - 4)
        y = area.top + 36 + i % rows * _ROW_PX
        is_new = name in rules.changed
        words = name.replace("_", " ").lower()
        draw_text(screen, words, (x, y), 13, WARNING if is_new else MUTED)
        right = x + WIDTH_PX // 2 - 34
        draw_text(screen, number, (right, y), 13, WARNING if is_new else TEXT, bold=True, align=1.0)
    y = area.top + 46 + rows * _ROW_PX
    screen.fill((44, 51, 64), (left, y, WIDTH_PX - 2 * _PAD_PX, 1))
    colour, heading, text = _verdict(rules, flock)
    pygame.draw.circle(screen, colour, (left + 5, y + 19), 5)
    draw_text(screen, heading, (left + 18, y + 10), 14, colour, bold=True)
    for i, line in enumerate(_few_lines(text, WIDTH_PX - 2 * _PAD_PX)):
        draw_text(screen, line, (left, y + 32 + 17 * i), 13, TEXT)


def _verdict(rules: Rules, flock: Flock) -> tuple[Colour, str, str]:
    """What to say of the script on disk: a colour, a heading, the details."""
    if rules.is_trying:
        return WARNING, "Saved: on trial", "The old rules fly until the new ones have passed."
    if rules.error:
        return ALARM, "Refused: the old rules fly on", rules.error
    if flock.error:
        return ALARM, "Some boids only glide", flock.error
    if rules.accepted:
        text = f"They took over {rules.took_ms:.0f} ms after the save."
        return ACCENT, "The saved rules fly", text
    return ACCENT, "Ready", "Change a number in the script and save it."


def _shown(path: Path) -> str:
    """The path, or its end where it is long."""
    text = str(path)
    return text if len(text) <= 40 else f"…{text[-39:]}"


def _few_lines(text: str, width_px: int) -> list[str]:
    """Break a text into lines that fit, as many as there is room for."""
    lines = wrapped(text, 13, width_px)
    return lines if len(lines) <= _LINES else [*lines[: _LINES - 1], f"{lines[_LINES - 1]} …"]
