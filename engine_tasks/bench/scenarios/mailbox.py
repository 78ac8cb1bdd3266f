"""An actor's mailbox: what waking an instance costs the game thread."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, Final

import pykka

from engine_tasks.bench.aims import at_most_times
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp
from engine_tasks.bench.timing import Stopwatch

#: Tells in a row; the actor then works them off before the next are timed.
TELLS: Final = 500


class _Plain(pykka.ThreadingActor):
    """An actor as pykka makes it: its mailbox is a `queue.Queue`."""

    def on_receive(self, message: Any) -> Any:
        return message


class _Simple(_Plain):
    """The same with the mailbox of our instances."""

    @staticmethod
    def _create_actor_inbox() -> SimpleQueue[Any]:
        return SimpleQueue()


def _tells_to(start: Callable[[], pykka.ActorRef[Any]]) -> SetUp:
    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        actor = start()

        def sample() -> list[float]:
            watch, told = Stopwatch(effort.sample_s), 0
            while watch.runs():
                with watch:
                    for _ in range(TELLS):
                        actor.tell(None)
                told += TELLS
                actor.ask(None)
            return [watch.timed_s / told * 1e9]

        try:
            yield sample
        finally:
            actor.stop()

    return set_up


SCENARIOS: Final = (
    Scenario(
        "mailbox",
        f"tell of an actor with a SimpleQueue for a mailbox, {TELLS} in a row",
        _tells_to(_Simple.start),
        (Peer("queue.Queue", _tells_to(_Plain.start)),),
        (Metric("", "ns", "lower"),),
        (at_most_times(1),),
    ),
)
