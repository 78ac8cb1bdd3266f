"""The engine's own worker: it answers each task with its payload."""

from __future__ import annotations

from typing import Any


def echo(payload: Any) -> Any:
    """The payload, after its way through the queue."""
    return payload
