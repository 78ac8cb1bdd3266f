"""What does harm in the chaos test: to processes, to actors, to the pools themselves."""

import os
import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import attrs
import chaos_functions
import psutil
import pykka
from chaos_game import LUA, WORKERS

from engine_tasks import TaskQueue
from engine_tasks.executors.process import ProcessExecutor
from engine_tasks.pools.instance import Instance
from engine_tasks.pools.pool import Pool
from engine_tasks.pools.root import RootSupervisor
from engine_tasks.timer import TIMER

#: Harms in all: on a slow machine they would else slow down what they go on as long as.
MOST_HARMS: Final = 300
#: Supervisors of one pool that are stopped; over ten within a minute would fail the pool.
MOST_SUPERVISORS: Final = 8


class Havoc:
    """Harms whatever there is of a queue, again and again, on a thread of its own."""

    def __init__(self, queue: TaskQueue, chance: random.Random) -> None:
        #: How often each harm was done.
        self.done: Counter[str] = Counter()
        self._queue = queue
        self._chance = chance
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="havoc")
        self._supervisors: Counter[str] = Counter()
        self._faults: list[BaseException] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        assert not self._faults, self._faults

    def _go_on(self) -> None:
        harms: dict[Callable[[], bool], int] = {
            self._kill: 10,
            self._freeze: 6,
            self._send_garbage: 4,
            self._stop_instance: 6,
            self._stop_supervisor: 2,
            self._stop_root: 1,
            self._scale: 6,
            self._renew: 1,
            self._ping: 2,
            self._set_limits: 1,
        }
        try:
            for _ in range(MOST_HARMS):
                if self._over.wait(self._chance.uniform(0.0, 0.1)):
                    break
                harm = self._chance.choices(list(harms), list(harms.values()))[0]
                with suppress(psutil.NoSuchProcess):
                    self.done[harm.__name__.strip("_")] += harm()
        except BaseException as fault:
            self._faults.append(fault)

    # --- processes ---------------------------------------------------------

    def _child(self) -> psutil.Process | None:
        children = psutil.Process().children()
        return self._chance.choice(children) if children else None

    def _kill(self) -> bool:
        child = self._child()
        if child is not None:
            child.kill()
        return child is not None

    def _freeze(self) -> bool:
        child = self._child()
        if child is not None:
            child.suspend()
            self._over.wait(self._chance.uniform(0.0, 0.03))
            child.resume()
        return child is not None

    def _send_garbage(self) -> bool:
        """Into the pipe of a child that runs a script, which cannot do that by itself."""
        _, guard = self._chance.choice(self._pool(LUA)._all_guards())
        assert isinstance(guard.executor, ProcessExecutor)
        child = guard.executor._child
        return child is not None and _write_into(child.pid)

    # --- actors ------------------------------------------------------------

    def _stop_instance(self) -> bool:
        refs = pykka.ActorRegistry.get_by_class(Instance)
        if refs:
            self._chance.choice(refs).stop(block=False)
        return bool(refs)

    def _stop_supervisor(self) -> bool:
        pool = self._pool()
        self._supervisors[pool.name] += 1
        if self._supervisors[pool.name] > MOST_SUPERVISORS:
            return False
        pool._supervisor.stop(block=False)
        return True

    def _stop_root(self) -> bool:
        refs = pykka.ActorRegistry.get_by_class(RootSupervisor)
        for ref in refs:
            ref.stop(block=False)
        return bool(refs)

    # --- pools -------------------------------------------------------------

    def _pool(self, worker_id: int | None = None) -> Pool:
        pool = self._queue._workers[worker_id or self._chance.choice(WORKERS)]._pool
        assert isinstance(pool, Pool)
        return pool

    def _scale(self) -> bool:
        """One instance more, or one fewer, as its load might ask for."""
        pool, change = self._pool(), self._chance.choice((1, -1))

        def resize() -> None:
            present = pool.tasks.read(lambda state: state.slots.present)
            if pool._growth is not None and present + change >= pool._slots:
                pool._growth._resize(change)
                pool._growth.wake()

        TIMER.after(0.0, resize)
        return True

    def _renew(self) -> bool:
        return self._queue.restart_worker(self._chance.choice(WORKERS), wait=False)

    def _ping(self) -> bool:
        return self._queue.ping(self._chance.choice(WORKERS), 0.0) is not None

    def _set_limits(self) -> bool:
        limits = self._queue._workers[LUA].options.limits
        limits = attrs.evolve(limits, progress_per_s=self._chance.randint(50, 200))
        return self._queue.set_limits(LUA, limits)


def _write_into(pid: int) -> bool:
    """Put what is no frame into the pipe by which a child answers; where Linux lets us."""
    files = Path(f"/proc/{pid}/fd")
    try:
        printed = (files / "2").readlink()
        for file in files.iterdir():
            target = file.readlink()
            if target.name.startswith("pipe:") and target != printed and _is_for_writing(file):
                file.write_bytes(chaos_functions.GARBAGE)
                return True
    except OSError:  # it has ended
        pass
    return False


def _is_for_writing(file: Path) -> bool:
    lines = (file.parent.with_name("fdinfo") / file.name).read_text().splitlines()
    flags = next(int(line.split()[1], 8) for line in lines if line.startswith("flags:"))
    return flags & os.O_ACCMODE == os.O_WRONLY
