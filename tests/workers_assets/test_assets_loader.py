"""A game asks for files, goes on with its frames, and has them by `queue.pump`."""

import gc
import io
import subprocess
import sys
import weakref
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import attrs
import psutil
import pygame
import pytest
from asset_files import PIXELS, font, png, wav
from eventually import eventually

from engine_tasks import Priority, RetryPolicy, TaskQueue, WorkerOptions
from engine_tasks.workers import assets
from engine_tasks.workers.assets import Asset, AssetProblem, Batch, Loader

PROC_MEM = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc/self/mem")


@pytest.fixture(scope="module")
def shared_queue() -> Any:
    """Two children for the tests that only load."""
    queue = TaskQueue()
    worker_id = assets.start(queue, 2)
    assert worker_id is not None, queue.last_error
    yield queue
    queue.kill()


@pytest.fixture
def loader(shared_queue: TaskQueue) -> Loader:
    return Loader(shared_queue, shared_queue.worker_ids["Assets"])


def _pumped(queue: TaskQueue, is_so: Callable[[], bool]) -> None:
    eventually(lambda: queue.pump() >= 0 and is_so())


def _written(folder: Path, **contents: bytes) -> list[Path]:
    paths = [folder / name.replace("_", ".") for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.write_bytes(content)
    return paths


# --- one file ---------------------------------------------------------------------------------


def test_an_image_is_ready_for_pygame(
    tmp_path: Path, loader: Loader, shared_queue: TaskQueue
) -> None:
    (path,) = _written(tmp_path, a_png=png())
    asset = loader.image(path)
    assert (asset.done, asset.ok, asset.value, asset.progress) == (False, False, None, 0.0)
    _pumped(shared_queue, lambda: asset.done)
    image = asset.value
    assert image is not None
    assert (image.size, image.row_bytes, asset.progress) == ((4, 3), 16, 1.0)
    surface = pygame.image.frombuffer(image.pixels, image.size, image.format)
    assert tuple(surface.get_at((1, 2))) == tuple(PIXELS[36:40])


def test_a_large_image_is_a_view_that_pygame_takes(
    tmp_path: Path, loader: Loader, shared_queue: TaskQueue
) -> None:
    pixels = bytes(range(256)) * (4 * 512 * 512 // 256)
    (path,) = _written(tmp_path, large_png=png((512, 512), "RGBA", pixels))

    def surface() -> pygame.Surface:
        asset = loader.image(path)
        _pumped(shared_queue, lambda: asset.done)
        assert asset.value is not None
        assert bytes(asset.value.pixels) == pixels
        return pygame.image.frombuffer(asset.value.pixels, (512, 512), "RGBA")

    drawn = surface()
    gc.collect()
    assert tuple(drawn.get_at((1, 511))) == (4, 5, 6, 7)  # it holds on to its pixels
    drawn.fill((9, 9, 9, 9))  # and to draw on it harms nobody
    assert tuple(drawn.get_at((1, 511))) == (9, 9, 9, 9)
    assert tuple(surface().get_at((1, 511))) == (4, 5, 6, 7)


def test_a_sound_is_ready_for_pygame(
    tmp_path: Path, shared_queue: TaskQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = _written(tmp_path, a_wav=wav(2205))
    loader = Loader(shared_queue, shared_queue.worker_ids["Assets"], rate_hz=22_050, channels=2)
    asset = loader.sound(path)
    _pumped(shared_queue, lambda: asset.done)
    sound = asset.value
    assert sound is not None
    assert (sound.frames, sound.duration_s) == (2205, 0.1)
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    pygame.mixer.init(frequency=22_050, size=-16, channels=2)
    try:
        played = pygame.mixer.Sound(buffer=sound.samples)
        assert played.get_length() == pytest.approx(0.1)
    finally:
        pygame.mixer.quit()


def test_fonts_documents_and_bytes_come_as_they_are(
    tmp_path: Path, loader: Loader, shared_queue: TaskQueue
) -> None:
    paths = _written(tmp_path, a_otf=font(), a_json=b"[1]", a_toml=b"x = 1", a_lua=b"return 1")
    found: list[Asset[Any]] = [
        loader.font(paths[0]),
        loader.json(paths[1]),
        loader.toml(paths[2]),
        loader.bytes(paths[3]),
        loader.load(str(paths[1])),
    ]
    _pumped(shared_queue, lambda: all(asset.done for asset in found))
    assert [asset.value for asset in found] == [font(), [1], {"x": 1}, b"return 1", [1]]
    assert io.BytesIO(found[0].value or b"").read(4) == b"OTTO"


def test_a_callback_has_the_asset_on_the_thread_that_pumps(
    tmp_path: Path, loader: Loader, shared_queue: TaskQueue
) -> None:
    (path,) = _written(tmp_path, a_json=b"null")
    seen: list[Asset[Any]] = []
    asset = loader.json(path, on_loaded=seen.append)
    _pumped(shared_queue, lambda: bool(seen))
    assert seen == [asset]
    assert (asset.ok, asset.value, asset.file_bytes, asset.attempts) == (True, None, 4, 1)


def test_an_error_names_the_file_and_what_is_wrong(
    tmp_path: Path, loader: Loader, shared_queue: TaskQueue
) -> None:
    (path,) = _written(tmp_path, broken_json=b"{]")
    asset = loader.json(path)
    _pumped(shared_queue, lambda: asset.done)
    assert asset.error is not None
    assert asset.error.problem is AssetProblem.BROKEN
    assert str(asset.error).startswith(f"{path}: is no valid JSON: line 1, column 2: ")


def test_what_a_payload_cannot_carry_is_an_error_that_names_the_file(
    tmp_path: Path, loader: Loader, shared_queue: TaskQueue
) -> None:
    (path,) = _written(tmp_path, huge_json=b"[18446744073709551616]")
    asset = loader.json(path)
    _pumped(shared_queue, lambda: asset.done)
    assert asset.error is not None
    assert asset.error.problem is AssetProblem.UNSUPPORTED
    assert str(path) in str(asset.error)


def test_paths_are_relative_to_the_games_folder_or_to_the_root(
    tmp_path: Path, shared_queue: TaskQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    _written(tmp_path, a_json=b"1")
    worker_id = shared_queue.worker_ids["Assets"]
    monkeypatch.chdir(tmp_path)
    here = Loader(shared_queue, worker_id)
    monkeypatch.chdir("/")
    rooted = Loader(shared_queue, worker_id, root=tmp_path)
    found = [here.json("a.json"), rooted.json("a.json"), rooted.json("../a.json")]
    _pumped(shared_queue, lambda: all(asset.done for asset in found))
    assert [asset.value for asset in found] == [1, 1, None]
    assert found[2].error is not None
    assert found[2].error.problem is AssetProblem.OUTSIDE
    assert str(found[2].error).startswith("../a.json: leads out of its root folder ")


def test_nothing_of_an_asset_is_kept_once_the_game_forgets_it(
    tmp_path: Path, loader: Loader, shared_queue: TaskQueue
) -> None:
    (path,) = _written(tmp_path, a_png=png())
    gone: list[bool] = []

    def forget(asset: Asset[Any]) -> None:
        weakref.finalize(asset, lambda: gone.append(True))

    ended: list[int] = []
    loader.load_all([path], on_loaded=forget, on_done=lambda _: ended.append(1))
    _pumped(shared_queue, lambda: bool(ended))
    eventually(lambda: gc.collect() >= 0 and bool(gone))


# --- many -------------------------------------------------------------------------------------


def test_a_batch_has_its_progress_its_errors_and_its_end(
    tmp_path: Path, loader: Loader, shared_queue: TaskQueue
) -> None:
    paths = _written(tmp_path, a_png=png(), b_json=b"{", c_wav=wav(), d_dat=b"1")
    paths += [tmp_path / "missing.png"]
    shares, ended, seen = [], list[Batch](), list[str]()
    batch = loader.load_all(
        paths, on_loaded=lambda asset: seen.append(asset.path), on_done=ended.append
    )
    assert (batch.done, batch.progress, batch.eta_s) == (False, 0.0, None)

    def look() -> bool:
        shares.append(batch.progress)
        return batch.done

    _pumped(shared_queue, look)
    assert ended == [batch]
    assert (batch.finished, batch.progress, batch.eta_s) == (5, 1.0, 0.0)
    assert shares == sorted(shares)
    assert sorted(seen) == sorted(map(str, paths))
    assert sorted(error.problem for error in batch.errors) == ["BROKEN", "MISSING"]
    assert [asset.ok for asset in batch.assets] == [True, False, True, True, False]
    assert batch.elapsed_s == batch.elapsed_s > 0


def test_a_batch_of_nothing_is_done_at_once(loader: Loader) -> None:
    ended: list[Batch] = []
    batch = loader.load_all([], on_done=ended.append)
    assert (batch.done, batch.progress, batch.eta_s, ended) == (True, 1.0, 0.0, [batch])


def test_a_batch_is_cancelled_as_a_whole(tmp_path: Path, queue: TaskQueue) -> None:
    (path,) = _written(tmp_path, a_png=png())
    worker_id = assets.start(queue, 1)
    assert worker_id is not None
    batch = Loader(queue, worker_id).load_all([path] * 400)
    _pumped(queue, lambda: batch.finished > 0)
    assert batch.cancel() > 0
    _pumped(queue, lambda: batch.done)
    cancelled = [error for error in batch.errors if error.problem is AssetProblem.CANCELLED]
    assert len(cancelled) == len(batch.errors) > 0
    assert str(cancelled[0]) == f"{path}: was taken back"
    assert not queue.pending_work(batch.run_id)
    after = Loader(queue, worker_id).image(path)  # the worker goes on
    _pumped(queue, lambda: after.done)
    assert after.ok


def test_what_is_urgent_comes_first(tmp_path: Path, queue: TaskQueue) -> None:
    (path,) = _written(tmp_path, a_json=b"1")
    options = WorkerOptions(isolation="inline")
    worker_id = assets.start(queue, 1, options=options)
    assert worker_id is not None
    seen: list[str] = []
    loader = Loader(queue, worker_id, root=tmp_path)

    def note(name: str) -> Callable[[Asset[Any]], object]:
        return lambda _: seen.append(name)

    loader.json(path, on_loaded=note("later"), priority=Priority.LOW)
    loader.json(path, on_loaded=note("normal"))
    raised = loader.json(path, on_loaded=note("raised"), priority=Priority.LOW)
    loader.json(path, on_loaded=note("urgent"), priority=Priority.CRITICAL)
    assert raised.set_priority(Priority.HIGH)
    dropped = loader.json(path, on_loaded=note("dropped"))
    assert dropped.cancel()
    assert not (queue.pump(budget_ms=1000.0) == 5 and dropped.cancel())
    assert seen == ["dropped", "urgent", "raised", "normal", "later"]


def test_the_progress_of_a_large_file_is_seen(tmp_path: Path, queue: TaskQueue) -> None:
    path = tmp_path / "large.dat"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    worker_id = assets.start(queue, 1)
    assert worker_id is not None
    asset = Loader(queue, worker_id).bytes(path)
    shares = [0.0]

    def look() -> bool:
        shares.append(asset.progress)
        return asset.done

    _pumped(queue, look)
    assert asset.value is not None
    assert len(asset.value) == 64 << 20
    assert shares == sorted(shares)
    assert any(0.0 < share < 1.0 for share in shares)


# --- when something goes wrong -----------------------------------------------------------------

QUICK = attrs.evolve(assets.OPTIONS, retry=RetryPolicy(max_attempts=3, first_backoff_s=0.01))


@PROC_MEM
def test_a_read_that_fails_is_tried_again_and_then_an_error(queue: TaskQueue) -> None:
    worker_id = assets.start(queue, 1, options=QUICK)
    assert worker_id is not None
    asset = Loader(queue, worker_id).bytes("/proc/self/mem")
    _pumped(queue, lambda: asset.done)
    assert asset.attempts == 3
    assert asset.error is not None
    assert asset.error.problem is AssetProblem.UNREADABLE
    assert str(asset.error).startswith("/proc/self/mem: could not be read, tried 3 times: OSError")


@PROC_MEM
def test_a_drive_that_comes_back_is_read(tmp_path: Path, queue: TaskQueue) -> None:
    drive = tmp_path / "drive"
    drive.symlink_to("/proc/self/mem")
    (good,) = _written(tmp_path, a_json=b"[42]")
    policy = RetryPolicy(max_attempts=100, first_backoff_s=0.01, max_backoff_s=0.01)
    worker_id = assets.start(queue, 1, options=attrs.evolve(assets.OPTIONS, retry=policy))
    assert worker_id is not None
    asset = Loader(queue, worker_id).json(drive)

    def is_retried() -> bool:
        metrics = queue.metrics(worker_id)
        return metrics is not None and metrics.retries > 0

    eventually(is_retried)
    (tmp_path / "next").symlink_to(good)
    (tmp_path / "next").replace(drive)
    _pumped(queue, lambda: asset.done)
    assert asset.value == [42]
    assert asset.attempts > 1


def test_a_process_that_ends_is_an_error_that_names_the_file(
    tmp_path: Path, queue: TaskQueue
) -> None:
    path = tmp_path / "large.dat"
    with path.open("wb") as file:
        file.truncate(200 << 20)
    others = psutil.Process().children(recursive=True)
    worker_id = assets.start(queue, 1)
    assert worker_id is not None
    loader = Loader(queue, worker_id)
    asset = loader.bytes(path)
    eventually(lambda: asset.progress > 0)
    for child in psutil.Process().children(recursive=True):
        if child not in others:
            child.kill()
    _pumped(queue, lambda: asset.done)
    assert asset.error is not None
    assert asset.error.problem is AssetProblem.CRASHED
    assert asset.attempts == 1  # it would most likely do so again
    assert str(asset.error).startswith(f"{path}: ended the process that loaded it: ")
    after = loader.bytes(__file__)
    _pumped(queue, lambda: after.done)
    assert after.ok


def test_what_is_broken_is_not_tried_again(
    tmp_path: Path, loader: Loader, shared_queue: TaskQueue
) -> None:
    (path,) = _written(tmp_path, a_png=png()[:50])
    asset = loader.image(path)
    _pumped(shared_queue, lambda: asset.done)
    assert (asset.ok, asset.attempts) == (False, 1)


def test_a_stopped_worker_is_an_error_of_each_asset(tmp_path: Path, queue: TaskQueue) -> None:
    worker_id = assets.start(queue, 1, options=WorkerOptions(isolation="inline"))
    assert worker_id is not None
    loader = Loader(queue, worker_id)
    waits = loader.json(tmp_path / "a.json")
    queue.stop_worker(worker_id)
    seen: list[Asset[Any]] = []
    refused = loader.json(tmp_path / "b.json", on_loaded=seen.append)
    assert seen == [refused]
    assert refused.error is not None
    assert refused.error.problem is AssetProblem.REFUSED
    seen_at_end: list[int] = []
    batch = loader.load_all(
        [tmp_path / "c.json", tmp_path / "d.json"],
        on_loaded=seen.append,
        on_done=lambda batch: seen_at_end.append(batch.finished),
    )
    assert (batch.done, len(batch.errors), seen_at_end) == (True, 2, [2])
    assert seen == [refused, *batch.assets]
    _pumped(queue, lambda: waits.done)
    assert waits.error is not None
    assert waits.error.problem is AssetProblem.REFUSED


def test_a_worker_that_cannot_start_is_none_and_leaves_its_name_free(queue: TaskQueue) -> None:
    queue.kill()
    assert assets.start(queue, 1) is None
    assert queue.last_error is not None
    assert "Assets" not in queue.worker_ids


@pytest.mark.parametrize(
    "wrong",
    [{"pixel_format": "CMYK"}, {"rate_hz": 0}, {"channels": -1}, {"rate_hz": 2.5}],
)
def test_a_mistake_of_the_game_raises(shared_queue: TaskQueue, wrong: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        Loader(shared_queue, 1, **wrong)


def test_a_path_that_is_none_raises(loader: Loader) -> None:
    with pytest.raises(TypeError, match="a path is a str"):
        loader.image(b"a.png")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="pixels"):
        assets.AssetLimits(pixels=0)


def test_others_find_the_worker_by_its_entry_point() -> None:
    found = [each for each in entry_points(group="engine_tasks.workers") if each.name == "assets"]
    if not found:
        pytest.skip("the package was installed before it had this entry point")
    assert found[0].load() is assets.start


def test_the_child_loads_neither_the_game_side_nor_a_decoder() -> None:
    statement = "import engine_tasks.workers.assets.loading, sys; print(*sys.modules)"
    command = [sys.executable, "-c", statement]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    loaded = {name.split(".")[0] for name in listed.stdout.split()}
    assert not loaded & {"attr", "attrs", "cattrs", "pykka", "PIL", "miniaudio", "json", "wave"}


def test_a_worker_of_another_kind_is_an_error_and_no_endless_wait(queue: TaskQueue) -> None:
    assert queue.start_native_worker(9, "Other", dict, options=WorkerOptions(isolation="thread"))
    asset = Loader(queue, 9).bytes("a.bin")
    _pumped(queue, lambda: asset.done)
    assert asset.error is not None
    assert "worker 9 is no assets worker" in str(asset.error)


def test_a_loader_refuses_what_it_cannot_work_with(loader: Loader, queue: TaskQueue) -> None:
    with pytest.raises(TypeError, match=r"did not start, see queue\.last_error"):
        Loader(queue, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="limits is an AssetLimits, not dict"):
        Loader(queue, 1, limits={})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="paths is a list of files, not one path"):
        loader.load_all("art")
