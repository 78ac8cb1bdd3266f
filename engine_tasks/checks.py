"""Checks of arguments: each error names the argument and what it may be."""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

#: Characters of a number that a message shows; no float has more.
_MAX_DIGITS: Final = 24


def check_number(argument: str, value: object) -> float:
    """The number. Raises `TypeError` for what is none, `ValueError` for NaN and infinity."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{argument} is a number, not {type(value).__name__}")
    try:
        is_finite = math.isfinite(value)
    except OverflowError:  # an int beyond any float
        raise ValueError(f"{argument} is out of range: {_shown(value)}") from None
    if not is_finite:
        raise ValueError(f"{argument} must be finite, not {value!r}")
    return value


def check_not_negative(argument: str, value: object) -> None:
    """Raises for anything but a finite number of at least 0."""
    number = check_number(argument, value)
    if number < 0:
        raise ValueError(f"{argument} must be at least 0, not {_shown(number)}")


def check_above_zero(argument: str, value: object) -> None:
    """Raises for anything but a finite number above 0."""
    number = check_number(argument, value)
    if number <= 0:
        raise ValueError(f"{argument} must be above 0, not {_shown(number)}")


def check_whole(argument: str, value: object, *, least: int) -> None:
    """Raises for anything but an int of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{argument} is an int, not {type(value).__name__}")
    if value < least:
        raise ValueError(f"{argument} must be at least {least}, not {_shown(value)}")


def check_callable(argument: str, value: object) -> None:
    """Raises `TypeError` for what cannot be called."""
    if not callable(value):
        raise TypeError(f"{argument} is callable, not {type(value).__name__}")


def _shown(number: float) -> str:
    """The number for a message, cut where it is long."""
    try:
        text = repr(number)
    except ValueError:  # Python writes no int of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= _MAX_DIGITS else f"{text[:_MAX_DIGITS]}…"
