"""200 PNGs loaded while a game keeps 60 frames a second; and 64 MB of pixels handed to it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Final

from engine_tasks import TaskQueue
from engine_tasks.bench import work
from engine_tasks.bench.aims import at_most, at_most_more, at_most_times
from engine_tasks.bench.effort import Effort
from engine_tasks.bench.figures import column
from engine_tasks.bench.queues import INSTANCES, wait_until
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp
from engine_tasks.bench.scenarios.frames import (
    FRAME_S,
    FRAME_WORK_S,
    LATE_MS,
    Feed,
    steps_lasting,
)
from engine_tasks.bench.scenarios.large import GAME_THREAD, MOST_GAME_MS
from engine_tasks.bench.scenarios.peers import THREADS
from engine_tasks.workers import assets

FILES: Final = 200
SIDE: Final = 512
#: Pictures that differ; the files are copies of them.
PICTURES: Final = 8
#: Pixels on a side of an image of 64 MB.
LARGE_SIDE: Final = 4000
#: Milliseconds of a frame for what has come.
BUDGET_MS: Final = 2.0
#: Bytes of a pixel.
RGBA: Final = 4


class Level:
    """A folder of PNGs that is to be loaded, and how many of them are there yet."""

    def __init__(self, folder: Path) -> None:
        self.paths = _write_pictures(folder)
        self.loaded = 0

    def take(self, pixels: Any) -> None:
        """The pixels of one file: a game would upload them, and let go of them."""
        if memoryview(pixels).nbytes != SIDE * SIDE * RGBA:
            raise RuntimeError("not a whole picture")
        self.loaded += 1


def _write_pictures(folder: Path) -> list[Path]:
    """Smooth colours with some noise: they take as long to decode as what artists paint."""
    image = import_module("PIL.Image")
    paths = [folder / f"{number:03}.png" for number in range(FILES)]
    for number, path in enumerate(paths):
        if number >= PICTURES:
            shutil.copyfile(paths[number % PICTURES], path)
            continue
        noise = image.effect_noise((SIDE, SIDE), 4 + number)
        smooth = image.radial_gradient("L").resize((SIDE, SIDE)).rotate(40 * number)
        channels = (smooth, noise, image.linear_gradient("L").resize((SIDE, SIDE)), smooth)
        image.merge("RGBA", channels).save(path, "PNG")
    return paths


class Play:
    """A game's frames from when it asks for a level until all of it is there."""

    def __init__(self) -> None:
        self._steps = steps_lasting(work.spin, FRAME_WORK_S)

    def until(self, is_over: Callable[[], bool], feed: Feed) -> list[float]:
        """Seconds that it took, and percent of the frames that began too late."""
        frames = late = 0
        begin_s = due_s = last_s = perf_counter()
        while not is_over():
            work.spin(self._steps)
            feed()
            due_s = max(due_s + FRAME_S, perf_counter())
            sleep(max(due_s - perf_counter(), 0.0))
            now_s = perf_counter()
            frames += 1
            late += now_s - last_s > FRAME_S + LATE_MS / 1e3
            last_s = now_s
        return [last_s - begin_s, 100 * late / frames]


@contextmanager
def _ours(_: Effort) -> Iterator[Sampler]:
    with tempfile.TemporaryDirectory() as folder, TaskQueue() as queue:
        level, play = Level(Path(folder)), Play()
        loader = _loader(queue)

        def sample() -> list[float]:
            def on_loaded(asset: assets.Asset[Any]) -> None:
                if asset.error is not None:
                    raise RuntimeError(str(asset.error))
                level.take(asset.value and asset.value.pixels)

            level.loaded = 0
            batch = loader.load_all(level.paths, on_loaded=on_loaded)
            seen = play.until(lambda: batch.done, lambda: _pump(queue))
            return _checked(level, seen)

        yield sample


def _pump(queue: TaskQueue) -> None:
    queue.pump(BUDGET_MS)


def _loader(queue: TaskQueue) -> assets.Loader:
    worker_id = assets.start(queue, INSTANCES)
    if worker_id is None:
        raise RuntimeError(f"the worker did not start: {queue.last_error}")
    return assets.Loader(queue, worker_id)


def _checked(level: Level, seen: list[float]) -> list[float]:
    if level.loaded != FILES:
        raise RuntimeError(f"{level.loaded} of {FILES} files were loaded")
    return seen


@contextmanager
def _threads(_: Effort) -> Iterator[Sampler]:
    """What games do today: the same library, on threads."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(INSTANCES) as executor:
        level, play = Level(Path(folder)), Play()

        def sample() -> list[float]:
            level.loaded = 0
            loading = {executor.submit(_decoded, path) for path in level.paths}
            seen = play.until(lambda: not loading, lambda: _take_done(level, loading))
            return _checked(level, seen)

        yield sample


def _decoded(path: Path) -> bytes:
    with import_module("PIL.Image").open(path) as image:
        pixels: bytes = image.convert("RGBA").tobytes()
    return pixels


def _take_done(level: Level, loading: set[Future[bytes]]) -> None:
    for future in [each for each in loading if each.done()]:
        loading.remove(future)
        level.take(future.result())


@contextmanager
def _idle(_: Effort) -> Iterator[Sampler]:
    """Two seconds of frames in which nothing is loaded."""
    play = Play()

    def sample() -> list[float]:
        end_s = perf_counter() + 2.0
        return play.until(lambda: perf_counter() >= end_s, lambda: None)

    yield sample


# --- one result of 64 MB ------------------------------------------------------------------


@contextmanager
def _one_large(_: Effort) -> Iterator[Sampler]:
    """Milliseconds of the `pump` that hands over an image of 64 MB."""
    with tempfile.TemporaryDirectory() as folder, TaskQueue() as queue:
        path, loader = Path(folder, "large.png"), _loader(queue)
        import_module("PIL.Image").new("RGBA", (LARGE_SIDE, LARGE_SIDE)).save(path)
        worker_id = queue.worker_ids["Assets"]

        def sample() -> list[float]:
            asset = loader.image(path)
            wait_until(lambda: queue.tasks_ready(worker_id) == 1, "an image")
            begin_s = perf_counter()
            queue.pump()
            took_ms = (perf_counter() - begin_s) * 1e3
            if asset.value is None or memoryview(asset.value.pixels).nbytes != LARGE_SIDE**2 * RGBA:
                raise RuntimeError(f"not the image: {asset.error}")
            return [took_ms]

        yield sample


@contextmanager
def _one_large_thread(_: Effort) -> Iterator[Sampler]:
    """The same of a thread, which has nothing to hand over: its pixels are the game's own."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as executor:
        path = Path(folder, "large.png")
        import_module("PIL.Image").new("RGBA", (LARGE_SIDE, LARGE_SIDE)).save(path)

        def sample() -> list[float]:
            future = executor.submit(_decoded, path)
            wait_until(future.done, "an image")
            begin_s = perf_counter()
            future.result()
            return [(perf_counter() - begin_s) * 1e3]

        yield sample


def _late(observations: Sequence[float]) -> float:
    return column(1, 2)(observations)


def _scenarios(ours: SetUp) -> tuple[Scenario, ...]:
    return (
        Scenario(
            "assets",
            f"{FILES} PNGs of {SIDE} x {SIDE} loaded by {INSTANCES} workers at 60 fps, "
            f"{FRAME_WORK_S * 1e3:g} ms of work a frame",
            ours,
            (Peer(THREADS, _threads), Peer("idle", _idle)),
            (Metric("late", "%", "lower", _late), Metric("total", "s", "lower", column(0, 2))),
            (
                at_most_more(1, "%", peer="idle", metric="late"),
                at_most_times(1.5, peer=THREADS, metric="total"),
            ),
            quick=False,
            long=True,
        ),
        Scenario(
            "assets-large",
            "an image of 64 MB, decoded: pump alone",
            _one_large,
            (Peer(THREADS, _one_large_thread),),
            (Metric(GAME_THREAD, "ms", "lower"),),
            (at_most(MOST_GAME_MS, "ms", metric=GAME_THREAD),),
            quick=False,
        ),
    )


SCENARIOS: Final = _scenarios(_ours) if find_spec("PIL") else ()
