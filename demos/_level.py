"""The level that the loader scene loads: what files it has, and who paints them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from demos._errors import SceneError
from engine_tasks import TaskQueue, TaskResult

try:
    from demos._level_files import write_files
except ImportError as missing:
    raise SceneError(f"{missing}: pip install 'engine-tasks[demos]'") from missing

#: Every so many files one is a sound.
_SOUND_EVERY: Final = 5

#: Textures that are the same in other colours.
_ALIKE: Final = 4

#: Corrupt files, one after another.
_CORRUPT: Final = ("broken.png", "bomb.png", "broken.wav", "broken.json", "broken.ttf")

OnPainted = Callable[[str], object]


class Level:
    """A temporary folder that workers fill with textures and sounds."""

    def __init__(self, queue: TaskQueue, count: int, seed: int) -> None:
        """Start the workers, without waiting for them."""
        self.count: Final = count
        #: Of the files that are painted, by name.
        self.numbers: dict[str, int] = {}
        self._queue = queue
        self._seed = seed
        self._folder = TemporaryDirectory(prefix="engine_tasks-level-", ignore_cleanup_errors=True)
        self._corrupt = cycle(_CORRUPT)
        self._corrupted = 0
        self._painter = queue.worker_ids.register("Painter")
        if not queue.start_native_worker(self._painter, "Painter", write_files, 2, wait=False):
            raise SceneError(str(queue.last_error))

    @property
    def folder(self) -> str:
        """Where its files are."""
        return self._folder.name

    @property
    def is_painted(self) -> bool:
        """Whether all of its files are there."""
        return len(self.numbers) == self.count

    def hue(self, number: int) -> float:
        """The colour of a file, from 0 to 1."""
        return number / self.count

    def paint(self, on_painted: Callable[[], object]) -> None:
        """Have all files written; then `pump` calls `on_painted`."""

        def done(painted: dict[str, int]) -> None:
            self.numbers |= painted
            if self.is_painted:
                on_painted()

        sounds = range(_SOUND_EVERY - 1, self.count, _SOUND_EVERY)
        textures = [number for number in range(self.count) if number not in sounds]
        groups = -(-len(textures) // _ALIKE)
        for first in range(groups):  # those that are alike lie far apart
            files = {f"texture-{number:03}.png": number for number in textures[first::groups]}
            self._send("texture", files, partial(done, files))
        for number in sounds:
            files = {f"sound-{number:03}.wav": number}
            self._send("sound", files, partial(done, files))

    def corrupt(self, on_written: OnPainted) -> None:
        """Have another file written that is damaged; then `pump` calls `on_written`."""
        self._corrupted += 1
        path = Path(next(self._corrupt))
        name = f"{path.stem}-{self._corrupted}{path.suffix}"
        self._send("broken", {name: self._corrupted}, partial(on_written, name))

    def remove(self) -> None:
        """Delete its files, once nobody writes any more."""
        self._folder.cleanup()

    def _send(self, kind: str, files: dict[str, int], on_written: Callable[[], object]) -> None:
        def written(result: TaskResult) -> None:
            if result.ok:
                on_written()

        task: dict[str, Any] = {"kind": kind, "names": list(files), "folder": self.folder}
        task["seed"] = self._seed * 10_000 + min(files.values())
        task["hues"] = [self.hue(number) for number in files.values()]
        self._queue.send_task(self._painter, task, on_result=written)
