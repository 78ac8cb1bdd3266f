"""The supervisor of a pool: one actor that starts, replaces and stops its instances."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

import attrs
import pykka

from engine_tasks.errors import ErrorKind, TaskError, describe_exception
from engine_tasks.executors.protocol import Executor, ExecutorStartError
from engine_tasks.pools.instance import (
    START,
    STOP,
    Died,
    Instance,
    Report,
    Started,
    StartFailed,
    Stopped,
)
from engine_tasks.pools.tasks import PoolTasks, tell_if_alive
from engine_tasks.timer import TIMER

logger = logging.getLogger(__name__)

#: Starts that may fail one after the other before a slot is given up.
MAX_START_ATTEMPTS: Final = 3
#: Seconds before the second start; twice as long before each further one.
FIRST_BACKOFF_S: Final = 0.1


@attrs.frozen
class StartSlot:
    """Have an instance in this slot."""

    slot: int


@attrs.frozen
class StopAll:
    """Let every instance end after the task it runs."""


@attrs.frozen
class Forget:
    """The instance of a slot cannot be ended: it is left to itself, and not waited for."""

    slot: int


class PoolEvents:
    """What a supervisor tells its pool; called on the supervisor's thread."""

    def __init__(
        self,
        started: Callable[[], None],
        failed: Callable[[ExecutorStartError], None],
        stopped: Callable[[], None],
        orphaned: Callable[[], None],
    ) -> None:
        self.started = started
        self.failed = failed
        self.stopped = stopped
        self.orphaned = orphaned


class Supervisor(pykka.ThreadingActor):
    """Replaces each instance that dies (one for one) and never runs a worker's code itself."""

    use_daemon_thread = True

    def __init__(
        self,
        name: str,
        slots: int,
        tasks: PoolTasks,
        make_executor: Callable[[int], Executor],
        events: PoolEvents,
    ) -> None:
        super().__init__()
        self._name = name
        self._tasks = tasks
        self._make_executor = make_executor
        self._events = events
        self._refs: dict[int, pykka.ActorRef[Any]] = {}
        self._not_started = set(range(slots))  # slots that never came up
        self._given_up: set[int] = set()
        self._over = False
        self._failures = [0] * slots  # starts that failed, since the last that did not

    def on_receive(self, message: Any) -> None:
        match message:
            case StartSlot(slot):
                self._start(slot)
            case StopAll():
                self._stop_all()
            case Started(slot):
                self._started(slot)
            case StartFailed(slot, error):
                self._start_failed(slot, error)
            case Died(slot, error):
                level = logging.DEBUG if self._tasks.closed else logging.ERROR  # killed by a stop
                logger.log(level, "%s#%d died: %s", self._name, slot, error.message)
                self._refs.pop(slot, None)
                self._replace(slot)
            case Stopped(slot) | Forget(slot):
                self._refs.pop(slot, None)
                self._tasks.stopped(slot)
                self._end_when_alone()

    def _start(self, slot: int) -> None:
        if self._tasks.closed:
            self._end_when_alone()
            return
        try:
            ref = Instance.start(slot, self._tasks, self._make_executor(slot), self._hear)
        except Exception as error:  # no thread is left, say
            self._tasks.restart(slot)
            reason = f"it could not be started: {describe_exception(error)}"
            self._start_failed(slot, ExecutorStartError(reason))
            return
        self._refs[slot] = ref
        self._tasks.attach(slot, ref)
        ref.tell(START)

    def _hear(self, report: Report | StartSlot) -> None:
        """Any thread: a report of an instance, or the end of a backoff."""
        tell_if_alive(self.actor_ref, report)

    def _started(self, slot: int) -> None:
        logger.debug("%s#%d started", self._name, slot)
        self._failures[slot] = 0
        self._not_started.discard(slot)
        if not self._not_started:
            self._events.started()

    def _start_failed(self, slot: int, error: ExecutorStartError) -> None:
        self._refs.pop(slot, None)
        self._failures[slot] += 1
        if self._tasks.closed:
            self._tasks.stopped(slot)
            self._end_when_alone()
        elif slot in self._not_started:
            self._events.failed(error)  # it never ran: trying again would say the same
        elif self._failures[slot] < MAX_START_ATTEMPTS:
            logger.warning("%s#%d did not start again: %s", self._name, slot, error)
            self._tasks.lose(slot, TaskError(ErrorKind.CRASHED, str(error)))
            backoff_s = FIRST_BACKOFF_S * 2 ** (self._failures[slot] - 1)
            TIMER.after(backoff_s, lambda: self._hear(StartSlot(slot)))
        else:
            logger.error("%s#%d is given up: %s", self._name, slot, error)
            self._tasks.fail(slot)
            self._given_up.add(slot)
            if len(self._given_up) == len(self._failures):
                self._events.failed(error)

    def _replace(self, slot: int) -> None:
        if self._tasks.closed:
            self._tasks.stopped(slot)
            self._end_when_alone()
        else:
            self._start(slot)

    def _stop_all(self) -> None:
        for ref in self._refs.values():
            tell_if_alive(ref, STOP)
        self._tasks.drain()
        self._end_when_alone()

    def _end_when_alone(self) -> None:
        if self._tasks.closed and not self._refs:
            self._over = True
            self._events.stopped()
            self.stop()

    def on_failure(
        self,
        _exception_type: type[BaseException] | None,
        _exception_value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """A fault of this library, which pykka has logged: nothing may wait for it."""
        self._events.orphaned()

    def on_stop(self) -> None:
        """Stopped from outside, by a `pykka.ActorRegistry.stop_all()` of the game, say."""
        if not self._over:
            self._events.orphaned()
