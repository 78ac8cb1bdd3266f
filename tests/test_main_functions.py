"""A game in one file just works: its functions run in children, its `__main__` runs once."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eventually import PATIENCE_S, result_of

from engine_tasks import TaskQueue, WorkerOptions

GAME = """
import enum
import math
import os
import sys
from functools import partial

import attrs

from engine_tasks import TaskQueue

with open("runs.txt", "a") as runs:
    runs.write(f"{os.getpid()}\\n")

SPEED = 10


class Terrain(enum.Enum):
    GRASS = "grass"


@attrs.frozen
class Request:
    x: int
    terrain: Terrain


class Finder:
    def __init__(self, offset):
        self.offset = offset

    def find(self, request: Request) -> float:
        return request.x + self.offset

    def __call__(self, request: Request) -> float:
        return request.x - self.offset


def plain(request: Request) -> float:
    return inner(request.x) * SPEED + math.floor(0.5) + len(request.terrain.value)


def inner(x):
    return x + 1


def make(offset):
    def closure(request: Request) -> float:
        return request.x + offset

    return closure


def recursive(data: dict) -> int:
    return 1 if data["x"] == 0 else data["x"] * recursive({"x": data["x"] - 1})


def where(data):
    return [os.getpid(), __name__]


functions = {
    "plain": plain,
    "lambda": lambda data: data["x"] * SPEED,
    "closure": make(100),
    "method": Finder(1000).find,
    "object": Finder(1),
    "partial": partial(lambda offset, data: data["x"] + offset, 7),
    "recursive": recursive,
    "where": where,
    "of a module": os.path.basename,
}

with TaskQueue() as queue:
    for worker_id, (name, function) in enumerate(functions.items(), 1):
        assert queue.start_native_worker(worker_id, name, function), queue.last_error
    payloads = {"of a module": "maps/arena.map"}
    for worker_id, name in enumerate(functions, 1):
        data = payloads.get(name, Request(5, Terrain.GRASS))
        task_id = queue.send_task(worker_id, data)
        result = queue.wait_result(task_id, 60)
        answer = result.error or result.payload
        if name == "where":
            answer = "elsewhere" if answer[0] != os.getpid() else "here"
        print(f"{name}: {answer}")
"""


def play(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Run a game that is one file."""
    game = folder / "game.py"
    game.write_text(source)
    return subprocess.run(
        [sys.executable, str(game)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_functions_of_a_single_file_game_run_in_children(tmp_path: Path) -> None:
    played = play(tmp_path, GAME)
    assert played.stderr == ""
    assert played.stdout.splitlines() == [
        "plain: 65",
        "lambda: 50",
        "closure: 105",
        "method: 1005",
        "object: 4",
        "partial: 12",
        "recursive: 120",
        "where: elsewhere",
        "of a module: arena.map",
    ]
    assert len((tmp_path / "runs.txt").read_text().splitlines()) == 1


def test_a_module_beside_the_game_is_found_by_the_children(tmp_path: Path) -> None:
    (tmp_path / "finder.py").write_text("def find(data):\n    return data + 1\n")
    played = play(
        tmp_path,
        "from engine_tasks import TaskQueue\n"
        "import finder\n"
        "with TaskQueue() as queue:\n"
        "    assert queue.start_native_worker(1, 'find', finder.find)\n"
        "    assert queue.start_native_worker(2, 'wrapped', lambda data: finder.find(data) * 2)\n"
        "    for worker_id in (1, 2):\n"
        "        task_id = queue.send_task(worker_id, 20)\n"
        "        print(queue.wait_result(task_id, 60).payload)\n",
    )
    assert played.stderr == ""
    assert played.stdout.split() == ["21", "42"]


TEXT = """
from engine_tasks import TaskQueue
def double(data): return data * 2
with TaskQueue() as queue:
    assert queue.start_native_worker(1, "double", double)
    print(queue.wait_result(queue.send_task(1, 21), 60).payload)
"""


def test_a_game_given_as_text_runs_its_functions_as_well(tmp_path: Path) -> None:
    played = subprocess.run(
        [sys.executable, "-c", TEXT],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (played.stdout, played.stderr) == ("42\n", "")


def test_a_thing_of_main_that_cannot_travel_is_refused_by_name(tmp_path: Path) -> None:
    played = play(
        tmp_path,
        "import threading\n"
        "from engine_tasks import TaskQueue\n"
        "lock = threading.Lock()\n"
        "def guarded(data):\n"
        "    with lock:\n"
        "        return data\n"
        "with TaskQueue() as queue:\n"
        "    try:\n"
        "        queue.start_native_worker(1, 'guarded', guarded)\n"
        "    except TypeError as error:\n"
        "        print(error)\n"
        "    print(queue.send_echo('fine'))\n",
    )
    assert played.stderr == ""
    reason, fine = played.stdout.splitlines()
    assert "guarded() cannot travel to a child process" in reason
    assert "the global 'lock', an object of _thread.lock" in reason
    assert fine == "True"


# --- functions of this module ------------------------------------------------------------


@pytest.mark.parametrize("isolation", ["process", "thread", "inline"])
def test_a_closure_runs_everywhere_with_what_it_captured(queue: TaskQueue, isolation: Any) -> None:
    offset = 5
    options = WorkerOptions(isolation=isolation)
    assert queue.start_native_worker(1, "add", lambda data: data + offset, options=options)
    assert result_of(queue, 1, 1).payload == 6


def _capturing_a_lock() -> Callable[[Any], Any]:
    lock = threading.Lock()
    return lambda data: lock.locked()


def _with_a_default_of_a_lock() -> Callable[[Any], Any]:
    def guarded(data: Any, lock: Any = threading.Lock()) -> Any:  # noqa: B008
        return lock.locked()

    return guarded


class Session:
    """An object that holds a connection, say."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def find(self, data: Any) -> Any:
        return data

    def __call__(self, data: Any) -> Any:
        return data


@pytest.mark.parametrize(
    ("function", "culprit"),
    [
        (_capturing_a_lock(), "the captured variable 'lock', an object of _thread.lock"),
        (_with_a_default_of_a_lock(), "a default argument, an object of _thread.lock"),
        (Session(), "its attribute 'lock', an object of _thread.lock"),
        (Session().find, "its object, an object of test_main_functions.Session"),
    ],
    ids=["captured", "default", "attribute", "method"],
)
def test_what_cannot_travel_is_refused_by_name_with_what_to_do(
    queue: TaskQueue, function: Any, culprit: str
) -> None:
    with pytest.raises(TypeError) as caught:
        queue.start_native_worker(1, "Worker", function)
    message = str(caught.value)
    assert culprit in message
    assert "cannot travel to a child process" in message
    assert "send it as part of the payload" in message
    assert "WorkerOptions(isolation='thread')" in message
    assert queue.worker_state(1) is None
    options = WorkerOptions(isolation="thread")
    assert queue.start_native_worker(1, "Worker", function, options=options)
    task_id = queue.send_task(1, 0)
    assert task_id is not None
    result = queue.wait_result(task_id, PATIENCE_S)
    assert result is not None
    assert result.ok
