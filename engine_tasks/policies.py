"""Policies: how urgent a task is, when it is tried again, when an instance is replaced."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from random import Random
from typing import Any, Final

import attrs

from engine_tasks.checks import check_above_zero, check_not_negative, check_number, check_whole
from engine_tasks.errors import ErrorKind


class Priority(IntEnum):
    """How urgent a task is; tasks of equal priority run in the order in which they were sent.

    A level is worth `WorkerOptions.aging_s` seconds of waiting, so that none waits for ever:
    a LOW task runs before a NORMAL one that was sent that much later.
    """

    IDLE = 0
    """Whenever nothing else is to be done: prefetching."""
    LOW = 1
    NORMAL = 2
    HIGH = 3
    CRITICAL = 4
    """The player waits for it."""


#: Kinds of errors that another attempt cannot mend, or that are no failure of an attempt.
_FINAL_KINDS: Final = frozenset({ErrorKind.CANCELLED, ErrorKind.EXPIRED, ErrorKind.STOPPED})


def _as_kinds(kinds: Any) -> Any:
    """Any collection of kinds; what is none is left to the validator."""
    if not isinstance(kinds, Iterable) or isinstance(kinds, str | bytes):
        return kinds
    collected = list(kinds)
    are_kinds = all(isinstance(kind, ErrorKind) for kind in collected)
    return frozenset(collected) if are_kinds else kinds


def _seconds(_instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    check_not_negative(attribute.name, value)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Backoff:
    """What both policies say about waiting."""

    first_backoff_s: float
    max_backoff_s: float

    backoff_factor: float = attrs.field(default=2.0)
    """How much longer each wait is than the one before it."""

    jitter: float = attrs.field(default=0.5)
    """The share of a wait, from 0 to 1, that is random."""

    @backoff_factor.validator
    def _check_factor(self, attribute: attrs.Attribute[Any], value: Any) -> None:
        check_number(attribute.name, value)
        if value < 1:
            raise ValueError(f"{attribute.name} must be at least 1, not {value!r}")

    @jitter.validator
    def _check_jitter(self, attribute: attrs.Attribute[Any], value: Any) -> None:
        check_not_negative(attribute.name, value)
        if value > 1:
            raise ValueError(f"{attribute.name} is a share from 0 to 1, not {value!r}")

    def __attrs_post_init__(self) -> None:
        if self.max_backoff_s < self.first_backoff_s:
            raise ValueError(
                f"max_backoff_s ({self.max_backoff_s:g}) is below "
                f"first_backoff_s ({self.first_backoff_s:g})"
            )

    def _wait_s(self, count: int, random: Random) -> float:
        """Seconds of the `count`-th wait, of which the share `jitter` is random.

        That keeps those that failed together from coming back together: "equal jitter" of
        https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ at 0.5,
        "full jitter" at 1.
        """
        return self._longest_s(count) * (1.0 - self.jitter * random.random())

    def _longest_s(self, count: int) -> float:
        """Seconds of the `count`-th wait where chance takes nothing off."""
        if self.first_backoff_s == 0:
            return 0.0
        try:
            growth = float(self.backoff_factor) ** (count - 1)
        except OverflowError:  # beyond any float, so beyond any maximum
            return self.max_backoff_s
        return min(self.max_backoff_s, self.first_backoff_s * growth)


@attrs.frozen(kw_only=True)
class RetryPolicy(_Backoff):
    """Whether and when a task that failed is tried again."""

    max_attempts: int = attrs.field(default=3)
    """Executions a task may have; 1 is at most once."""

    first_backoff_s: float = attrs.field(default=0.1, validator=_seconds)
    """Seconds between the first attempt and the second; `backoff_factor` times as long
    before each further one."""

    max_backoff_s: float = attrs.field(default=30.0, validator=_seconds)
    """Seconds between two attempts, at most."""

    kinds: frozenset[ErrorKind] = attrs.field(
        default=frozenset({ErrorKind.FAILED, ErrorKind.CRASHED, ErrorKind.LOST}),
        converter=_as_kinds,
    )
    """Errors after which a task is tried again. A task that took too long or too much memory
    would most likely do so again, so TIMEOUT and MEMORY are for who asks for them."""

    @max_attempts.validator
    def _check_attempts(self, attribute: attrs.Attribute[Any], value: Any) -> None:
        check_whole(attribute.name, value, least=1)

    @kinds.validator
    def _check_kinds(self, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, frozenset) or not all(isinstance(k, ErrorKind) for k in value):
            raise TypeError(f"{attribute.name} is a set of ErrorKind, not {value!r:.60}")
        if final := sorted(value & _FINAL_KINDS):
            raise ValueError(f"{attribute.name}: {', '.join(final)} is no failure of an attempt")

    def backoff_s(self, attempts: int, random: Random) -> float:
        """Seconds to wait after `attempts` executions, at least one."""
        return self._wait_s(attempts, random)


@attrs.frozen(kw_only=True)
class RestartPolicy(_Backoff):
    """How often an instance that died is replaced before its whole pool is given up."""

    max_restarts: int = attrs.field(default=10)
    """Times one instance may be replaced within `within_s`; the next time the pool fails. 0:
    the first death fails it."""

    within_s: float = attrs.field(default=60.0)
    """Seconds in which restarts are counted."""

    first_backoff_s: float = attrs.field(default=0.05, validator=_seconds)
    """Seconds before the second restart within `within_s`; the first one comes at once, and
    each further one waits `backoff_factor` times as long."""

    max_backoff_s: float = attrs.field(default=2.0, validator=_seconds)
    """Seconds before a restart, at most."""

    @max_restarts.validator
    def _check_restarts(self, attribute: attrs.Attribute[Any], value: Any) -> None:
        check_whole(attribute.name, value, least=0)

    @within_s.validator
    def _check_within(self, attribute: attrs.Attribute[Any], value: Any) -> None:
        check_above_zero(attribute.name, value)

    def backoff_s(self, restarts: int, random: Random) -> float:
        """Seconds to wait before a restart that follows on `restarts` others."""
        if restarts == 0:
            return 0.0
        return self._wait_s(restarts, random)
