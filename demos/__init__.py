"""Scenes that show what the library does to a game's frames: `python -m demos` lists them."""

import os

# Before anything imports pygame: a scene's own lines are all it prints.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
