"""The list of mods: a light, a key, and what happened, with file and line."""

from __future__ import annotations

from math import sin
from time import perf_counter
from typing import Final

import pygame

from demos._discs import draw_disc
from demos._mods import Light, Mod
from engine_tasks.pygame_tools.drawing import (
    ACCENT,
    ALARM,
    FAINT,
    MUTED,
    TEXT,
    WARNING,
    Colour,
    draw_card,
    draw_key,
    draw_text,
    text_width,
)

LIGHTS: Final[dict[Light, Colour]] = {
    Light.OFF: FAINT,
    Light.RUNNING: WARNING,
    Light.ANSWERED: ACCENT,
    Light.TIMED_OUT: (240, 142, 86),
    Light.KILLED: ALARM,
    Light.REFUSED: (126, 142, 240),
    Light.CRASHED: (226, 112, 190),
}

_PAD_PX: Final = 14
_ROOMY_PX: Final = 54  # height of a row from which on it has three lines
_LINE_PX: Final = 19  # from a name to what happened
_TEXT_PX: Final = 72  # from the left edge to the names


def draw_mods(screen: pygame.Surface, area: pygame.Rect, mods: list[Mod], innocent: str) -> None:
    """Draw a row for the innocent mod, which says `innocent`, and one for each other."""
    draw_card(screen, area)
    row = pygame.Rect(area.left, area.top, area.width, area.height // (len(mods) + 1))
    _draw_innocent(screen, row, innocent)
    for i, mod in enumerate(mods, 1):
        row = row.move(0, row.height)
        screen.fill((36, 42, 55), (row.left + _PAD_PX, row.top, row.width - 2 * _PAD_PX, 1))
        _draw_light(screen, row, mod.light)
        draw_key(
            screen, f"F{i}", (row.left + 36, row.centery - 10), active=mod.light is Light.RUNNING
        )
        _draw_mod(screen, row, mod)


def draw_lights(screen: pygame.Surface, area: pygame.Rect, mods: list[Mod]) -> None:
    """Draw the lights alone, above one another: for a small window."""
    row = pygame.Rect(area.left, area.top, 42, area.height // len(mods))
    for mod in mods:
        _draw_light(screen, row, mod.light)
        row = row.move(0, row.height)


def _draw_innocent(screen: pygame.Surface, row: pygame.Rect, text: str) -> None:
    is_answering = bool(text)
    _draw_light(screen, row, Light.ANSWERED if is_answering else Light.RUNNING)
    left, right = row.left + _TEXT_PX, row.right - _PAD_PX
    top = row.centery - (19 if row.height >= _ROOMY_PX else 17)
    draw_text(screen, "Lantern", (left, top), 14, bold=True)
    word, colour = ("answers", ACCENT) if is_answering else ("silent", WARNING)
    draw_text(screen, word, (right, top), 14, colour, bold=True, align=1.0)
    line = f"innocent: lights the petals; {text or 'no answer yet'}"
    draw_text(screen, line, (left, top + _LINE_PX), 12, MUTED)


def _draw_mod(screen: pygame.Surface, row: pygame.Rect, mod: Mod) -> None:
    left, right = row.left + _TEXT_PX, row.right - _PAD_PX
    happened = what_happened(mod)
    aside = _aside(mod) if row.height >= _ROOMY_PX else ""
    top = row.centery - (26 if aside else 19 if row.height >= _ROOMY_PX else 17)
    draw_text(screen, mod.spec.title, (left, top), 14, bold=True)
    word = mod.light.value
    if mod.light is Light.RUNNING:
        word = f"{word}  {perf_counter() - mod.sent_s:.1f} s"
    elif mod.kind is not None:
        word = f"{word}  {mod.took_s:.2f} s"
    is_on = mod.light is not Light.OFF
    draw_text(screen, word, (right, top), 14, LIGHTS[mod.light], bold=is_on, align=1.0)
    line = _fitting(happened or mod.spec.does, right - left)
    draw_text(screen, line, (left, top + _LINE_PX), 12, TEXT if happened else MUTED)
    draw_text(screen, _fitting(aside, right - left), (left, top + _LINE_PX + 16), 12, MUTED)


def _aside(mod: Mod) -> str:
    """What else there is to say of a mod."""
    parts = ["1 restart" if mod.restarts == 1 else f"{mod.restarts} restarts"] * bool(mod.restarts)
    if mod.spec.steals and mod.notes:
        parts.append(f"also refused: {', '.join(mod.notes)}")
    else:
        parts += mod.notes
    return "; ".join(parts)


def what_happened(mod: Mod) -> str:
    """What and where: kind, file and line, message; nothing while it is not known."""
    if mod.kind is None:
        return mod.message
    place = "" if f"{mod.spec.name}.lua" in mod.message else f"{mod.spec.name}.lua: "
    return f"{mod.kind}  {place}{mod.message.partition(' (LuaLimits')[0]}"


def _draw_light(screen: pygame.Surface, row: pygame.Rect, light: Light) -> None:
    centre, colour = (row.left + 21, row.centery), LIGHTS[light]
    if light is Light.RUNNING:  # it breathes
        red, green, blue = colour
        draw_disc(
            screen, centre, 9.5 + 2 * sin(9 * perf_counter()), (red // 3, green // 3, blue // 3)
        )
    draw_disc(screen, centre, 6.5, colour, 2.0 if light is Light.OFF else 0.0)


def _fitting(text: str, width_px: int) -> str:
    """The text, or as much of it as fits."""
    if text_width(text, 12) <= width_px:
        return text
    while text and text_width(f"{text}…", 12) > width_px:
        text = text[:-4]
    return f"{text}…"
