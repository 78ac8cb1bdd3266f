"""The worst single call of a game while very much is answered behind its back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from time import monotonic, perf_counter_ns, sleep
from typing import Final, Unpack

from engine_tasks.bench.aims import at_most
from engine_tasks.bench.backlog import Backlog, backlog
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.scenario import Peer, Sampler, Scenario, SetUp, columns
from engine_tasks.bench.work import SMALL_TASK
from engine_tasks.sending import SendOptions

#: Tasks that wait on the side that ours stands beside.
FEW: Final = 1000
#: Of all that wait, one in this many belongs to the run, and as many expire at one instant.
ONE_IN: Final = 10
#: Cancels of which the worst counts.
CANCELS: Final = 500
#: Microseconds that a call may take: as long as CPython lets a thread wait for the GIL.
MOST_US: Final = 5000
#: Seconds between the frames of the game that goes on meanwhile.
FRAME_S: Final = 0.002
#: Results that it takes in a frame, at most.
POLLS: Final = 2000
#: Seconds, for a task, in which those are sent that are to expire; and for all of them.
SEND_S: Final = (40e-6, 0.2)
#: Seconds in which everything is answered, or the scenario gives up and says so.
LONGEST_S: Final = 120.0

_RUN: Final = "level 7"


class Game:
    """Sends, polls, and notes how long the worst call took."""

    def __init__(self, waiting: Backlog) -> None:
        self._ours = waiting.ours
        self._task_ids = waiting.task_ids
        self.sent = len(waiting.task_ids)
        self.answered = 0

    def cancel_some(self) -> float:
        """Takes back some of what waits, anywhere."""
        some = Random(0).sample(self._task_ids, min(CANCELS, len(self._task_ids) // 2))
        worst_ns = max(_ns(partial(self._ours.queue.cancel, task_id)) for task_id in some)
        self.play(len(some), self._send)
        return worst_ns

    def purge(self, count: int) -> tuple[float, float]:
        """Purges a run of `count` tasks: how long that takes, and the worst call afterwards."""
        for _ in range(count):
            self._send(run_id=_RUN)
        purge_ns = _ns(lambda: self._ours.queue.purge_run(_RUN))
        return purge_ns, self.play(count, self._send)

    def let_expire(self, count: int) -> float:
        """Lets `count` tasks expire at one instant: the worst call from then on."""
        deadline_s = monotonic() + SEND_S[0] * count + SEND_S[1]
        for _ in range(count):
            self._send(deadline_s=deadline_s)
        return self.play(count, self._send)

    def stop(self) -> tuple[float, float]:
        """Stops the worker: how long that takes, and the worst call until all is answered."""
        queue, worker_id = self._ours.queue, self._ours.worker_id
        stop_ns = _ns(lambda: queue.stop_worker(worker_id))
        return stop_ns, self.play(self.sent - self.answered, lambda: queue.send_echo("go on"))

    def _send(self, **options: Unpack[SendOptions]) -> None:
        self._ours.send(SMALL_TASK, **options)
        self.sent += 1

    def play(self, count: int, send: Callable[[], object]) -> float:
        """Plays until `count` more tasks are answered; the worst call of all frames."""
        worst_ns, end_s, answered = 0.0, monotonic() + LONGEST_S, self.answered + count
        while self.answered < answered:
            worst_ns = max(worst_ns, _ns(send), self._poll())
            if monotonic() > end_s:
                raise TimeoutError(f"{answered - self.answered} tasks have no answer")
            sleep(FRAME_S)
        return worst_ns

    def _poll(self) -> float:
        worst_ns = 0.0
        for _ in range(POLLS):
            begin_ns = perf_counter_ns()
            result = self._ours.queue.next_task_result(self._ours.worker_id)
            worst_ns = max(worst_ns, perf_counter_ns() - begin_ns)
            if result is None:
                break
            self.answered += 1
        return worst_ns


def _ns(call: Callable[[], object]) -> float:
    begin_ns = perf_counter_ns()
    call()
    return perf_counter_ns() - begin_ns


def _worst(waiting_tasks: int | None = None) -> SetUp:
    """With the effort's number of waiting tasks, unless another is given."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        count = waiting_tasks or effort.waiting_tasks

        def sample() -> list[float]:
            with backlog(count) as waiting:
                game = Game(waiting)
                cancelled = game.cancel_some()
                purged = game.purge(count // ONE_IN)
                expired = game.let_expire(count // ONE_IN)
                worst_ns = [cancelled, *purged, expired, *game.stop()]
                return [each / 1e3 for each in worst_ns]

        yield sample

    return set_up


SCENARIOS: Final = (
    Scenario(
        "waiting-worst",
        "worst calls, 1,000,000 waiting (quick: 100,000), a tenth purged, a tenth expired",
        _worst(),
        (Peer(f"{FEW:,} waiting", _worst(FEW)),),
        columns(
            "µs",
            *("cancel", "purge_run", "after purge_run", "at a deadline"),
            *("stop_worker", "after stop_worker"),
        ),
        tuple(
            at_most(MOST_US, "µs", metric=call) for call in ("cancel", "purge_run", "stop_worker")
        ),
        long=True,
    ),
)
