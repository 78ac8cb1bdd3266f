"""For games made with pygame or pygame-ce: a HUD, a clock that counts late frames, events.

The queue itself needs no pygame; importing this does.
"""

try:
    import pygame as _pygame
except ImportError as error:
    raise ImportError(
        "engine_tasks.pygame_tools needs pygame or pygame-ce: "
        "pip install pygame-ce, or pip install 'engine-tasks[demos]'",
        name="pygame",
    ) from error

from engine_tasks.pygame_tools.events import RESULT, ResultEvents
from engine_tasks.pygame_tools.frames import FrameClock, FrameLog
from engine_tasks.pygame_tools.hud import Hud

__all__ = ["RESULT", "FrameClock", "FrameLog", "Hud", "ResultEvents"]

del _pygame
