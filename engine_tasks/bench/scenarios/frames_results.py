"""A game at 60 frames a second that takes 10,000 small results a second by callbacks.

Its children never rest: behind the small tasks wait long ones of a lower priority.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import sleep
from typing import Final

from engine_tasks import Priority, TaskResult
from engine_tasks.bench.aims import at_least, at_most_more
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.figures import Reduce, column, p99
from engine_tasks.bench.queues import CHORE, Kind, Running, checked, running, wait_until
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp
from engine_tasks.bench.scenarios.frames import (
    FRAME_S,
    TASK_S,
    TASKS_AN_INSTANCE,
    Feed,
    Game,
    late_share,
    steps_lasting,
)

INSTANCES: Final = 4
#: Small results a second that the game asks for; and what counts as that.
RESULTS_A_SECOND: Final = 10_000
ENOUGH_A_SECOND: Final = 9000
#: Milliseconds of a frame for callbacks.
BUDGET_MS: Final = 2.0
#: Frames before those that count: until then results of the first tasks are on their way.
FRAMES_BEFORE: Final = 15
#: Small tasks in flight, in frames' worth: a machine that is too slow gets no more.
MOST_FRAMES: Final = 6

_A_FRAME: Final = round(RESULTS_A_SECOND * FRAME_S)


class Crowd:
    """What the game sends each frame, and how many answers its callbacks have had."""

    def __init__(self, ours: Running, long_steps: int) -> None:
        self._ours = ours
        self._long_steps = long_steps
        self._in_flight = {"small": 0, "long": 0}
        self.answered = 0

    def feed(self) -> None:
        """What belongs to a frame: hands out results, sends tasks in their place."""
        self._ours.queue.pump(BUDGET_MS)
        for _ in range(INSTANCES * TASKS_AN_INSTANCE - self._in_flight["long"]):
            self._send("long", self._long_steps, Priority.LOW)
        room = MOST_FRAMES * _A_FRAME - self._in_flight["small"]
        for _ in range(min(_A_FRAME, room)):
            self._send("small", 0, Priority.NORMAL)

    def finish(self) -> None:
        """Waits for all that is in flight."""

        def is_over() -> bool:
            self._ours.queue.pump(BUDGET_MS)
            return not any(self._in_flight.values())

        wait_until(is_over, "the last callbacks")

    def _send(self, name: str, steps: int, priority: Priority) -> None:
        self._in_flight[name] += 1
        queue, task = self._ours.queue, {"name": name, "steps": steps}
        task_id = queue.send_task(
            self._ours.worker_id, task, priority=priority, on_result=self._on_result
        )
        if task_id is None:
            raise RuntimeError(f"send_task refused: {queue.last_error}")

    def _on_result(self, result: TaskResult) -> None:
        name = checked(result).payload["name"]
        self._in_flight[name] -= 1
        self.answered += name == "small"


def _busy(kind: Kind) -> SetUp:
    """Rows of the milliseconds of a frame and the small results that were handed out in it."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with running(kind, CHORE, INSTANCES) as ours:
            game = Game(effort)
            steps = steps_lasting(lambda n: _alone(ours, n), TASK_S)
            yield lambda: _play(game, Crowd(ours, steps))

    return set_up


def _alone(ours: Running, steps: int) -> object:
    return ours.answer(ours.send({"name": "long", "steps": steps}))


def _play(game: Game, crowd: Crowd) -> list[float]:
    handed_out: list[int] = []

    def feed() -> None:
        before = crowd.answered
        crowd.feed()
        handed_out.append(crowd.answered - before)

    for _ in range(FRAMES_BEFORE):
        crowd.feed()
        sleep(FRAME_S)
    rows = _rows(game, feed, handed_out)
    crowd.finish()
    return rows


def _rows(game: Game, feed: Feed, handed_out: Sequence[int]) -> list[float]:
    intervals_ms = game.play(feed)
    return [each for row in zip(intervals_ms, handed_out, strict=True) for each in row]


@contextmanager
def _idle(effort: Effort) -> Iterator[Sampler]:
    game = Game(effort)

    def sample() -> list[float]:
        handed_out: list[int] = []
        return _rows(game, lambda: handed_out.append(0), handed_out)

    yield sample


def results_a_second(rows: Sequence[float]) -> float:
    """Small results handed out a second, of rows of a frame's milliseconds and its results."""
    return sum(rows[1::2]) / sum(rows[::2]) * 1e3


def _of_frames(reduce: Reduce) -> Reduce:
    return column(0, 2, reduce)


def _scenario(kind: Kind) -> Scenario:
    return Scenario(
        f"frames-results-{kind}",
        f"60 fps, {INSTANCES} {kind} workers saturated, pump({BUDGET_MS:g}) hands out "
        f"{RESULTS_A_SECOND:,} small results a second",
        _busy(kind),
        (Peer("idle", _idle),),
        (
            Metric("late", "%", "lower", _of_frames(late_share)),
            Metric("p99", "ms", "lower", _of_frames(p99)),
            Metric("results", "tasks/s", "higher", results_a_second),
        ),
        (
            at_most_more(0.5, "%", metric="late"),
            at_least(ENOUGH_A_SECOND, "tasks/s", metric="results"),
        ),
        quick=kind == "process",
    )


SCENARIOS: Final = (_scenario("process"), _scenario("lua"))
