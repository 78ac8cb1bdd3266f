"""A game that shows each frame it misses: a dot a frame on an orbit, and a beat twice a second.

Where all frames are on time, dots are evenly apart. A late one leaves a gap, and a beat that a
dropped frame fell on is missed.
"""

from __future__ import annotations

from array import array
from collections import deque
from math import cos, exp, pi, sin, tau
from typing import Final

import pygame
from attrs import define, field

from demos._discs import draw_disc
from engine_tasks.pygame_tools.drawing import (
    ACCENT,
    ALARM,
    FAINT,
    MUTED,
    TEXT,
    WARNING,
    Colour,
    draw_text,
)
from engine_tasks.pygame_tools.frames import FRAME_S, LATE_S

GROUND: Final[Colour] = (16, 20, 30)
_CORE: Final[Colour] = (94, 201, 182)
_PETAL: Final[Colour] = (126, 142, 240)

BEAT_S: Final = 0.5

#: Seconds of one orbit: two beats.
_ORBIT_S: Final = 2 * BEAT_S

PETALS: Final = 48

#: Seconds without an answer after which the petals go grey.
_STALE_S: Final = 0.5


@define
class Pulse:
    """The beat, the orbit and the petals; seconds are those of the clock on the wall."""

    time_s: float = 0.0
    beats: int = 0
    missed: int = 0
    petals: array[float] | None = None  # as the innocent mod answered last
    answered_s: float = -1.0
    _since_beat_s: float = 0.0
    _dots: deque[tuple[float, float]] = field(factory=lambda: deque(maxlen=56))

    def advance(self, interval_s: float) -> None:
        """Let a frame pass that took `interval_s`."""
        self.time_s += interval_s
        self._dots.append((self.time_s, interval_s))
        self._since_beat_s += interval_s
        if self._since_beat_s >= BEAT_S:
            beats = int(self._since_beat_s / BEAT_S)
            self._since_beat_s -= beats * BEAT_S
            self.beats += 1
            # The beat was due within this frame; it is heard if no other frame fell out.
            self.missed += beats - 1 + (interval_s >= 1.5 * FRAME_S)

    def light(self, petals: array[float]) -> None:
        """Take the petals that the mod answered."""
        self.petals, self.answered_s = petals, self.time_s

    def draw(self, screen: pygame.Surface, area: pygame.Rect) -> None:
        """Draw the game into an area of the screen."""
        radius = min(area.width, area.height - 80) / 2 - 8
        centre = (area.centerx, area.centery - 40)
        self._draw_petals(screen, centre, radius)
        self._draw_core(screen, centre, radius)
        self._draw_orbit(screen, centre, radius)
        top = centre[1] + int(radius) + 24
        colour = ACCENT if self.missed == 0 else ALARM
        draw_text(screen, f"{self.beats}", (centre[0] - 14, top), 25, TEXT, bold=True, align=1.0)
        draw_text(screen, "beats", (centre[0] - 14, top + 31), 12, MUTED, align=1.0)
        draw_text(screen, f"{self.missed}", (centre[0] + 14, top), 25, colour, bold=True)
        draw_text(screen, "missed", (centre[0] + 14, top + 31), 12, MUTED)

    def _draw_petals(self, screen: pygame.Surface, centre: tuple[int, int], radius: float) -> None:
        if self.petals is None:
            return
        is_fresh = self.time_s - self.answered_s < _STALE_S
        colour = _PETAL if is_fresh else FAINT
        for i, length in enumerate(self.petals):
            turn = tau * i / len(self.petals) - pi / 2
            share = min(1.0, max(0.0, length))
            inner, outer = 0.5 * radius, (0.54 + 0.3 * share) * radius
            x, y = cos(turn), sin(turn)
            pygame.draw.line(
                screen,
                _mixed(GROUND, colour, 0.35 + 0.65 * share),
                (centre[0] + inner * x, centre[1] + inner * y),
                (centre[0] + outer * x, centre[1] + outer * y),
                4,
            )

    def _draw_core(self, screen: pygame.Surface, centre: tuple[int, int], radius: float) -> None:
        """Draw the heart of it, large and bright on each beat."""
        glow = exp(-5.0 * self._since_beat_s / BEAT_S)
        size = radius * (0.3 + 0.14 * glow)
        for share, strength in ((1.0, 0.18), (0.86, 0.34), (0.7, 1.0)):
            colour = _mixed(GROUND, _CORE, strength * (0.35 + 0.65 * round(16 * glow) / 16))
            draw_disc(screen, centre, round(size * share), colour)

    def _draw_orbit(self, screen: pygame.Surface, centre: tuple[int, int], radius: float) -> None:
        """Draw a dot a frame, older ones fainter, and a gap where frames are missing."""
        draw_disc(screen, centre, radius, (34, 40, 54), 1.5)
        count = len(self._dots)
        for i, (time_s, interval_s) in enumerate(self._dots):
            colour, size = _MARKS[(interval_s > LATE_S) + (interval_s > 1.5 * FRAME_S)]
            share = round(16 * (i + 1) / count) / 16
            turn = tau * time_s / _ORBIT_S - pi / 2
            at = (centre[0] + radius * cos(turn), centre[1] + radius * sin(turn))
            grown = size + 4 * (i == count - 1)
            draw_disc(screen, at, grown, _mixed(GROUND, colour, share))


#: How a frame on time, a late one, and one after a gap are drawn: colour and radius in pixels.
_MARKS: Final = ((TEXT, 3), (WARNING, 4), (ALARM, 5))


def _mixed(colour: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(colour, other, strict=True))
    return red, green, blue
