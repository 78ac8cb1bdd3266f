"""A game at 60 frames a second while its workers have more to do than they can."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import perf_counter, sleep
from typing import Final

from engine_tasks.bench import work
from engine_tasks.bench.aims import Aim, at_most_more
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.figures import p99
from engine_tasks.bench.queues import SPIN, Kind, Running, checked, running
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp
from engine_tasks.bench.scenarios.floors import BUSY, busy_processes

FRAME_S: Final = 1 / 60
#: Seconds of Python work in a frame, when nothing disturbs it.
FRAME_WORK_S: Final = 0.004
#: Seconds a task keeps a core busy, when nothing disturbs it.
TASK_S: Final = 0.010
#: Tasks in flight an instance: more than a frame's worth, so that none ever idles.
TASKS_AN_INSTANCE: Final = 4
#: A frame is late when it begins this many milliseconds past its turn.
LATE_MS: Final = 1.0
#: A segment that drops frames ends after this many times its due length.
LONGEST: Final = 1.5

#: What the game does with its workers each frame.
Feed = Callable[[], None]


def _nothing() -> None:
    pass


def steps_lasting(run: Callable[[int], object], wanted_s: float) -> int:
    """The argument with which `run` takes `wanted_s` seconds undisturbed."""
    steps, took_s = 1000, 0.0
    while (took_s := _best_s(run, steps)) < wanted_s / 2:
        steps *= 2
    return max(int(steps * wanted_s / took_s), 1)


def _best_s(run: Callable[[int], object], steps: int) -> float:
    looks = []
    for _ in range(3):
        begin_s = perf_counter()
        run(steps)
        looks.append(perf_counter() - begin_s)
    return min(looks)


class Game:
    """The loop: fixed work each frame, a sleep until the next is due."""

    def __init__(self, effort: Effort) -> None:
        self._frames = effort.segment_frames
        self._steps = steps_lasting(work.spin, FRAME_WORK_S)

    def play(self, feed: Feed) -> list[float]:
        """Milliseconds between the beginnings of the frames of one segment.

        A frame that is behind begins at once and the next counts from there, as
        pygame's clock does.
        """
        intervals_ms: list[float] = []
        begin_s = due_s = last_s = perf_counter()
        while len(intervals_ms) < self._frames:
            work.spin(self._steps)
            feed()
            due_s = max(due_s + FRAME_S, perf_counter())
            sleep(max(due_s - perf_counter(), 0.0))
            now_s = perf_counter()
            intervals_ms.append((now_s - last_s) * 1e3)
            last_s = now_s
            if now_s - begin_s > LONGEST * self._frames * FRAME_S:
                break
        return intervals_ms


@contextmanager
def _idle(effort: Effort) -> Iterator[Sampler]:
    game = Game(effort)
    yield lambda: game.play(_nothing)


def _saturated(kind: Kind, instances: int) -> SetUp:
    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with running(kind, SPIN, instances) as ours:
            game = Game(effort)
            steps = steps_lasting(lambda n: ours.answer(ours.send(n)), TASK_S)
            yield lambda: _play_with_queue(game, ours, instances, steps)

    return set_up


def _play_with_queue(game: Game, ours: Running, instances: int, steps: int) -> list[float]:
    """A segment in which every answer is taken and replaced by another task."""
    outstanding = {ours.send(steps) for _ in range(instances * TASKS_AN_INSTANCE)}

    def feed() -> None:
        while (result := ours.queue.next_task_result(ours.worker_id)) is not None:
            outstanding.remove(checked(result).task_id)
            outstanding.add(ours.send(steps))

    intervals_ms = game.play(feed)
    for task_id in outstanding:
        ours.answer(task_id)
    return intervals_ms


def _beside_busy_processes(count: int) -> SetUp:
    """What the machine itself makes late while its cores are busy."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with busy_processes(count) as busy:
            game = Game(effort)

            def sample() -> list[float]:
                with busy():
                    return game.play(_nothing)

            yield sample

    return set_up


def _thread_pool(workers: int) -> SetUp:
    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        with ThreadPoolExecutor(workers) as executor:
            game = Game(effort)
            steps = steps_lasting(work.spin, TASK_S)
            yield lambda: _play_with_pool(game, executor, workers, steps)

    return set_up


def _play_with_pool(
    game: Game, executor: ThreadPoolExecutor, workers: int, steps: int
) -> list[float]:
    outstanding: list[Future[int]] = [
        executor.submit(work.spin, steps) for _ in range(workers * TASKS_AN_INSTANCE)
    ]

    def feed() -> None:
        for index, future in enumerate(outstanding):
            if future.done():
                future.result()
                outstanding[index] = executor.submit(work.spin, steps)

    intervals_ms = game.play(feed)
    for future in outstanding:
        future.result()
    return intervals_ms


def late_share(intervals_ms: Sequence[float]) -> float:
    """Percent of the frames that began over `LATE_MS` past their turn."""
    late = sum(interval > FRAME_S * 1e3 + LATE_MS for interval in intervals_ms)
    return 100 * late / len(intervals_ms)


_NO_LATER: Final = at_most_more(1, "%", peer="idle", metric="late")


def _scenario(kind: Kind, instances: int, *aims: Aim) -> Scenario:
    return Scenario(
        f"frames-{kind}-{instances}",
        f"60 fps, {FRAME_WORK_S * 1e3:g} ms of work a frame, {instances} {kind} workers saturated",
        _saturated(kind, instances),
        (
            Peer("idle", _idle),
            Peer(BUSY, _beside_busy_processes(instances), needs="fcntl"),  # signals of Unix
            Peer("ThreadPoolExecutor", _thread_pool(instances)),
        ),
        (
            Metric("p50", "ms", "lower"),
            Metric("p99", "ms", "lower", p99),
            Metric("late", "%", "lower", late_share),
        ),
        aims,
        quick=instances > 2 and kind != "thread",
    )


SCENARIOS: Final = (
    _scenario("thread", 2),
    _scenario("thread", 4),
    _scenario("process", 2),
    _scenario("process", 4, _NO_LATER),
    _scenario("lua", 2),
    _scenario("lua", 4, _NO_LATER),
)
