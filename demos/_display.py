"""Opens pygame's display, or finds out that nobody would see it and goes headless."""

from __future__ import annotations

import os
import sys
from typing import Final

import pygame

#: Video drivers that show nothing.
_BLIND_DRIVERS: Final = ("dummy", "offscreen", "evdev")


def open_display(name: str, headless: bool) -> bool:
    """Start pygame's display; return whether the run is headless, and say so on stderr."""
    if not headless:
        reason = _why_no_display()
        if reason is None:
            return False
        print(f"{name}: no display here ({reason}), so this runs headless", file=sys.stderr)
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    pygame.display.init()
    return True


def _why_no_display() -> str | None:
    """Start pygame's display as the system has it; return why nobody would see it, or None."""
    names = ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not any(map(os.environ.get, names)):
        return "neither DISPLAY nor WAYLAND_DISPLAY is set"  # SDL's own tries are noisy
    try:
        pygame.display.init()
    except pygame.error as error:
        return str(error)
    driver = pygame.display.get_driver()
    if driver not in _BLIND_DRIVERS:
        return None
    pygame.display.quit()
    return f"the video driver is {driver}"
