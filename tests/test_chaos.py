"""Whatever dies, hangs or lies, and whenever: every accepted task has exactly one answer."""

from __future__ import annotations

import os
import random
import sys
import threading
from collections import Counter
from collections.abc import Sized
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import chaos_functions
import psutil
import pytest
from chaos_game import LUA, PYTHON, RETRY, THREAD, WORKERS, Game
from chaos_havoc import Havoc
from eventually import eventually

from engine_tasks import ErrorKind, LuaLimits, RestartPolicy, TaskQueue, WorkerOptions
from engine_tasks.pools.slots import PoolPhase
from engine_tasks.timer import TIMER

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")

TASKS: Final = 20_000

OPTIONS: Final = WorkerOptions(
    nice=0,
    max_instances=4,
    burst_interval_s=0.02,
    idle_s=0.1,
    start_timeout_s=60.0,
    aging_s=0.1,
    cancel_grace_s=0.02,
    stop_grace_s=0.2,
    restart=RestartPolicy(max_restarts=100_000, first_backoff_s=0.002, max_backoff_s=0.02),
    limits=LuaLimits(memory_mb=16),
)


@pytest.fixture
def seed() -> int:
    """What decides all that is left to chance: told, and taken from the environment."""
    chosen = os.environ.get("ENGINE_TASKS_CHAOS_SEED") or random.SystemRandom().randrange(2**32)
    print(f"ENGINE_TASKS_CHAOS_SEED={chosen}")
    return int(chosen)


@pytest.mark.timeout(400)  # a quarter of a minute, where nobody else wants the machine
def test_amid_chaos_every_accepted_task_is_answered_exactly_once(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAOS_GAME_PID", str(os.getpid()))
    held = Held.now()
    with TaskQueue() as queue:
        start_workers(queue, tmp_path)
        game = Game(queue, random.Random(seed))
        with Havoc(queue, random.Random(seed + 1)) as havoc:
            game.play(TASKS)
        print("harm:", dict(havoc.done))
        check_answers(game)
        check_nothing_is_left(queue)
    held.check_no_more()
    check_executions(game, tmp_path)
    check_resources(tmp_path)


def start_workers(queue: TaskQueue, folder: Path) -> None:
    """One of each kind; those that can say what they execute into a log."""

    def logging(options: WorkerOptions) -> WorkerOptions:
        create = partial(chaos_functions.open_log, str(folder / f"{options.isolation}.log"))
        return attrs.evolve(options, create=create, destroy=chaos_functions.close_log)

    script = folder / "chaos.lua"
    script.write_text(chaos_functions.SCRIPT)
    execute = chaos_functions.execute
    process, retrying = logging(OPTIONS), attrs.evolve(OPTIONS, retry=RETRY)
    thread = logging(attrs.evolve(retrying, isolation="thread"))
    assert queue.start_native_worker(PYTHON, "Python", execute, 2, options=process)
    assert queue.start_native_worker(THREAD, "Thread", execute, 1, options=thread)
    assert queue.start_worker(LUA, "Lua", script, 2, options=retrying)


# --- what must hold ------------------------------------------------------------------------


def check_answers(game: Game) -> None:
    """Each task has one answer, which is right, or an error for something that was done."""
    kinds: Counter[ErrorKind | None] = Counter()
    for task_id, sent in game.sent.items():
        assert len(sent.results) == 1, (task_id, sent)
        (result,) = sent.results
        kind = None if result.error is None else result.error.kind
        kinds[kind] += 1
        assert kind in sent.allowed, (task_id, sent)
        if kind is None:
            assert result.payload == chaos_functions.answer(sent.data), (task_id, sent)
        assert result.attempts <= sent.most_attempts, (task_id, sent)
    print("answers:", {str(kind): count for kind, count in kinds.items()})
    cancelled = sum(sent.is_cancelled for sent in game.sent.values())
    assert kinds[ErrorKind.CANCELLED] == cancelled + game.purged


def check_executions(game: Game, folder: Path) -> None:
    """No task was begun more often than its answer says."""
    for worker_id, log in ((PYTHON, "process.log"), (THREAD, "thread.log")):
        begun = Counter((folder / log).read_text().split())
        for sent in game.sent.values():
            if sent.worker_id == worker_id and "key" not in sent.options:
                times = begun[str(sent.data["number"])]
                assert times <= sent.results[0].attempts, (times, sent)


def check_resources(folder: Path) -> None:
    """No resource was destroyed twice; where no process was killed, each was once."""
    processes = Counter((folder / "process.log").read_text().split())
    threads = Counter((folder / "thread.log").read_text().split())
    assert processes["destroyed"] <= processes["created"]
    assert threads["destroyed"] == threads["created"]


def check_nothing_is_left(queue: TaskQueue) -> None:
    """Every counter is at zero, and every table empty."""
    for worker_id in WORKERS:
        worker = queue._workers[worker_id]
        tasks = worker._pool.tasks
        assert worker.state().phase is PoolPhase.RUNNING, worker.state()
        assert worker.tasks_in_work() == 0
        assert worker.tasks_waiting() == worker.tasks_in_progress() == worker.tasks_ready() == 0
        tables = {**vars(tasks), **vars(tasks._state), **vars(tasks._state.ready)}
        tables |= {f"running {slot}": taken for slot, taken in tasks._state._running.items()}
        for kept in ("_refs", "_running", "_overflow", "_same_key"):
            tables.pop(kept)
        left = {name: table for name, table in tables.items() if isinstance(table, Sized) and table}
        assert not left, (worker.name, left)
    assert not queue._directory.waiters._arrivals


@attrs.frozen
class Held:
    """What the process has at a moment: threads by what they are for, files, calls to come."""

    threads: Counter[str]
    files: int
    timed: int

    @classmethod
    def now(cls) -> Held:
        names = Counter(thread.name.partition("-")[0] for thread in threading.enumerate())
        for kept in ("engine_tasks timer", "engine_tasks spawner", "RootSupervisor"):
            del names[kept]
        timed = sum(timed.call is not None for _, _, timed in list(TIMER._heap))
        return cls(names, psutil.Process().num_fds(), timed)

    def check_no_more(self) -> None:
        """Raises where the process has more for good than at that moment."""
        eventually(lambda: not psutil.Process().children())
        eventually(lambda: not Held.now().threads - self.threads)
        eventually(lambda: Held.now().files <= self.files)
        eventually(lambda: Held.now().timed <= self.timed)
