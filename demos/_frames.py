"""The names of the frame log that scenes use; it is part of the package."""

from engine_tasks.pygame_tools.frames import (
    FRAME_S,
    LATE_S,
    Frame,
    FrameClock,
    FrameLog,
    FrameSummary,
    percentile,
)

__all__ = [
    "FRAME_S",
    "LATE_S",
    "Frame",
    "FrameClock",
    "FrameLog",
    "FrameSummary",
    "percentile",
]
