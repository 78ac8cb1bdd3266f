"""The waiting tasks of a pool, in the order in which they are to run: pure, no clock."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Hashable, Iterator
from typing import Final

import attrs

from engine_tasks.policies import Priority
from engine_tasks.pools.calendar import Calendar
from engine_tasks.pools.levels import Levels
from engine_tasks.task import Task

#: Purged carriers that are passed over where a game waits for it.
_PASSED_AT_ONCE: Final = 64


class ReadyQueue:
    """What waits in a pool: carriers, tasks that run once and answer all their askers.

    The ready carrier of the smallest `rank` runs next. Within a level of priority the order
    is that in which carriers came into it, so only the heads of the levels are compared.

    Nothing here takes longer the more tasks wait, but for those it gives out or passes over
    for good. Askers of purged runs, and those that `pop` found expired, are passed over: only
    `purged`, `expire` and `drop` find them, and until then they count as waiting.
    Not safe from several threads: `PoolTasks` holds the lock.

    What was sent last may wait in the `tail`, behind all else of its level: it enters and leaves
    in a fifth of the time (`engine-tasks bench echo-process`), and nothing leads to it but its
    turn. Only `pop`, `pop_tail` and the counts see it; for all else it is to `sort_in` first.
    """

    def __init__(self, aging_s: float, *, is_exact: bool = False) -> None:
        """With `is_exact` nothing that is due is late, not even by a `GRAIN_S`."""
        self._ready = Levels(aging_s)
        self._delayed = Levels(aging_s)
        self._wakes = Calendar(is_exact=is_exact)  # the delayed carriers
        self._deadlines = Calendar(is_exact=is_exact)  # askers
        self._keyed: dict[Hashable, Task] = {}
        self._riding: dict[int, Task] = {}  # carriers by the ids of their followers
        self._runs: dict[str, dict[int, Task]] = {}  # askers by id
        self._purged: deque[Iterator[Task]] = deque()
        self._purging = 0
        self._expired: deque[Task] = deque()  # found by `pop`
        self._count = 0  # without the tail
        #: Ready NORMAL tasks without a key, a run or a deadline, to be appended by any thread.
        self.tail: deque[Task] = deque()
        #: Tasks that have left the tail.
        self.passed = 0

    # --- coming --------------------------------------------------------------

    def add(self, task: Task, now_s: float) -> bool:
        """Let a task wait, with its followers if it has any; True if it may run now.

        Its key stands for it, unless another carrier of that key waits already.
        """
        is_ready = task.ready_s <= now_s
        if is_ready:
            self._ready.put(task)
        else:
            self._delay(task)
        if task.key is None and _stands_alone(task):
            self._count += 1  # nearly always
        else:
            self._register(task)
        return is_ready

    def sort_in(self, left: int = 0) -> None:
        """Let the tasks of the tail be found like others, but for the last ones, `left` there."""
        count = max(0, len(self.tail) - left)
        self.passed += count
        self._count += count
        for _ in range(count):
            self._ready.put(self.tail.popleft())

    def add_first(self, task: Task) -> None:
        """Let a task that an instance gave back wait before all others of its level."""
        self._ready.put(task, first=True)
        self._register(task)

    def join(self, carrier: Task, task: Task, now_s: float) -> bool:
        """Let a task follow a waiting carrier; True if the carrier became ready by it.

        The carrier becomes as urgent as the task, and as early.
        """
        if carrier.followers is None:
            carrier.followers = {}
        carrier.followers[task.id] = task
        self._riding[task.id] = carrier
        self._register_asker(task)
        self._count += 1
        self._move(carrier, max(carrier.priority, task.priority))
        return self._hasten(carrier, task.ready_s, now_s)

    def replace(self, carrier: Task, task: Task, now_s: float) -> list[Task]:
        """Run a task in a waiting carrier's place; the former askers, to be answered.

        The task `join`s what is now a carrier of its own work, with no attempt made yet.
        """
        former = []
        for asker in carrier.askers:
            if self._is_live(asker):
                # The answer of the carrier's own task tells of attempts that it forgets here.
                own = asker is carrier
                former.append(attrs.evolve(asker, followers=None) if own else asker)
            self._unregister(asker)
        self._count -= len(former)
        carrier.answered, carrier.followers = True, None
        carrier.payload, carrier.timeout_s = task.payload, task.timeout_s
        carrier.max_attempts, carrier.attempts, carrier.given_back = task.max_attempts, 0, 0
        carrier.started_s, carrier.errors = 0.0, ()
        self.join(carrier, task, now_s)
        return former

    # --- what runs next ------------------------------------------------------

    def rank(self, task: Task) -> float:
        """Its place among the heads of the levels: a level is worth `aging_s` of waiting.

        Of equal ranks the higher priority goes first.
        """
        return self._ready.rank(task)

    def pop(self, now_s: float) -> Task | None:
        """Take out the carrier that runs next, with those askers that still want it."""
        if self.tail and not self._ready.count(Priority.NORMAL):  # else it is behind what is there
            self.sort_in(left=len(self.tail) - 1)
        if self._purging:
            self._pass_over_purged()
        while (carrier := self._ready.pop()) is not None:
            if carrier.key is not None and self._keyed.get(carrier.key) is carrier:
                del self._keyed[carrier.key]
            if self._release(carrier, now_s):
                return carrier
        return None

    def pop_tail(self, most: int) -> list[Task]:
        """Take out up to `most` tasks of the tail, as far as nothing else is to run before."""
        tail = self.tail
        if not tail or self._ready.count(Priority.NORMAL):
            return []
        if not self._ready:
            tasks = [tail.popleft() for _ in range(min(most, len(tail)))]
        else:
            least_rank, tasks = self._ready.least_rank, []
            while len(tasks) < most and tail and self._ready.rank(tail[0]) < least_rank:
                tasks.append(tail.popleft())
        self.passed += len(tasks)
        return tasks

    def is_in_tail(self, task_id: int) -> bool:
        """Whether a task waits there; no other thread takes from the tail meanwhile."""
        return any(task.id == task_id for task in self.tail.copy())

    @property
    def has_deadlines(self) -> bool:
        """Whether anything that waits may expire."""
        return self._deadlines.count > 0

    def peek(self) -> Task | None:
        """What `pop` would give, if nothing has expired."""
        return self._head()

    def oldest(self) -> Task | None:
        """The carrier with the smallest id among the first of each level, ready and delayed.

        After a purge of very many it may be one that nobody wants any more.
        """
        self._pass_over_purged(_PASSED_AT_ONCE)
        heads = [*self._ready.heads(), *self._delayed.heads()]
        return min(heads, key=lambda carrier: carrier.id, default=None)

    def lowest(self) -> Task | None:
        """The last carrier of the lowest priority; a delayed one only if none is ready."""
        while (carrier := self._ready.last() or self._delayed.last()) is not None:
            if self._is_wanted(carrier):
                break
        return carrier

    # --- who asks ------------------------------------------------------------

    def keyed(self, key: Hashable) -> Task | None:
        """The waiting carrier of a key."""
        carrier = self._keyed.get(key)
        return carrier if carrier is not None and self._is_wanted(carrier) else None

    def find(self, task_id: int) -> Task | None:
        """The carrier of a waiting asker."""
        carrier = self._carrier(task_id)
        if carrier is None or not self._is_live(_asker(carrier, task_id)):
            return None
        return carrier

    def take_back(self, task_id: int) -> Task | None:
        """Let an asker leave, to be answered; its carrier stays while others want it."""
        carrier = self.find(task_id)
        if carrier is None:
            return None
        asker = _asker(carrier, task_id)
        self._take_off(carrier, asker)
        self._count -= 1
        return asker

    def set_priority(self, task_id: int, priority: Priority) -> bool:
        """Move the carrier of an asker to the end of a level, unless it is there already.

        False for an asker that does not wait.
        """
        carrier = self.find(task_id)
        if carrier is None:
            return False
        self._move(carrier, priority)
        return True

    # --- time ----------------------------------------------------------------

    @property
    def has_events(self) -> bool:
        """Whether `due`, `expire` or `purged` will have something to do; nearly never."""
        wakes, deadlines = self._wakes.count, self._deadlines.count
        return bool(wakes or deadlines or self._expired or self._purging)

    @property
    def next_event_s(self) -> float | None:
        """The instant from which on `due` or `expire` has something to do, if any has."""
        found_s = self._expired[0].deadline_s if self._expired else None
        next_s = self._wakes.next_s
        for instant_s in (self._deadlines.next_s, found_s):
            if next_s is None or (instant_s is not None and instant_s < next_s):
                next_s = instant_s
        return next_s

    def due(self, now_s: float, most: float = math.inf) -> int:
        """Make those delayed carriers ready whose instant has come, `most` at once; how many."""
        count = 0
        for carrier in self._wakes.due(now_s, most):
            self._delayed.discard(carrier)
            self._ready.put(carrier)
            count += self._is_wanted(carrier)
        return count

    def expire(self, now_s: float, most: float = math.inf) -> list[Task]:
        """Take back the askers whose deadline has come, in its order, to be answered.

        At most `most` of them, and those that `pop` has found.
        """
        expired = list(self._expired)
        self._expired.clear()
        for asker in self._deadlines.due(now_s, most):
            if (carrier := self.find(asker.id)) is not None:
                self._take_off(carrier, asker)
                expired.append(asker)
        self._count -= len(expired)
        return sorted(expired, key=lambda asker: (asker.deadline_s or 0.0, asker.id))

    # --- runs, and the end ---------------------------------------------------

    def purge(self, run_id: str) -> int:
        """Let no asker of a run be found from now on but by `purged`; how many there are."""
        run = self._runs.pop(run_id, None)
        if run is None:
            return 0
        self._purged.append(iter(run.values()))
        self._purging += len(run)
        return len(run)

    def purged(self, most: int) -> list[Task]:
        """Take back up to `most` askers of purged runs, to be answered."""
        taken: list[Task] = []
        while self._purged and len(taken) < most:
            asker = next(self._purged[0], None)
            if asker is None:
                self._purged.popleft()
                continue
            if (carrier := self._carrier(asker.id)) is not None:
                self._take_off(carrier, asker)
            taken.append(asker)
        self._purging -= len(taken)
        self._count -= len(taken)
        return taken

    def pending(self, run_id: str) -> list[Task]:
        """The askers of a run that wait, in the order in which they were sent."""
        return sorted(self._runs.get(run_id, {}).values(), key=lambda asker: asker.id)

    def drop(self, most: int) -> list[Task]:
        """Take back up to `most` askers, whatever they are, to be answered.

        Those passed over, then the ready ones by rank, then the delayed ones.
        """
        expired = min(most, len(self._expired))
        dropped = [self._expired.popleft() for _ in range(expired)]
        self._count -= expired
        dropped += self.purged(most - expired)
        while len(dropped) < most and (carrier := self._head() or self._delayed.head()):
            dropped += self._take_all_off(carrier, most - len(dropped))
        return dropped

    def drop_delayed_after(self, instant_s: float, most: int) -> list[Task]:
        """Take back up to `most` askers of carriers that `due` would not make ready by then."""
        dropped: list[Task] = []
        while len(dropped) < most and (carrier := self._wakes.pop_after(instant_s)) is not None:
            dropped += self._take_all_off(carrier, most - len(dropped))
            if self._delayed.get(carrier.id) is carrier:
                self._wakes.add(carrier.id, carrier.ready_s, carrier)
        return dropped

    # --- counts --------------------------------------------------------------

    def __len__(self) -> int:
        """Askers that wait, also those that are passed over."""
        return self._count + len(self.tail)

    @property
    def ready(self) -> int:
        """Carriers that may run; those that only purged askers want count until then."""
        return len(self._ready) + len(self.tail)

    @property
    def delayed(self) -> int:
        """Carriers that wait for their instant."""
        return len(self._delayed)

    @property
    def purging(self) -> int:
        """Askers that wait for `purged`."""
        return self._purging

    @property
    def passed_over(self) -> int:
        """Askers that `find` does not see, and that are not answered yet."""
        return self._purging + len(self._expired)

    def by_priority(self) -> dict[Priority, int]:
        """`ready`, of each level."""
        return {priority: self._ready.count(priority) for priority in Priority}

    # --- inside --------------------------------------------------------------

    def _register(self, carrier: Task) -> None:
        if carrier.key is not None:
            self._keyed[carrier.key] = self.keyed(carrier.key) or carrier
        for asker in carrier.askers:
            self._register_asker(asker)
            if asker is not carrier:
                self._riding[asker.id] = carrier
        self._count += carrier.wanted

    def _register_asker(self, asker: Task) -> None:
        if asker.deadline_s is not None:
            self._deadlines.add(asker.id, asker.deadline_s, asker)
        if asker.run_id is not None:
            self._runs.setdefault(asker.run_id, {})[asker.id] = asker

    def _unregister(self, asker: Task) -> None:
        self._riding.pop(asker.id, None)
        if asker.deadline_s is not None:
            self._deadlines.discard(asker.id, asker.deadline_s)
        if asker.run_id is not None and self._is_live(asker):
            run = self._runs[asker.run_id]
            del run[asker.id]
            if not run:
                del self._runs[asker.run_id]

    def _is_live(self, asker: Task) -> bool:
        """Whether its run was not purged: a purge takes the run's askers away as a whole."""
        return asker.run_id is None or asker.id in self._runs.get(asker.run_id, ())

    def _carrier(self, task_id: int) -> Task | None:
        """The carrier of an asker that waits or was purged."""
        carrier = (
            self._riding.get(task_id) or self._ready.get(task_id) or self._delayed.get(task_id)
        )
        if carrier is not None and carrier.id == task_id and carrier.answered:
            return None
        return carrier

    def _head(self) -> Task | None:
        """The ready carrier that runs next, if nothing has expired."""
        if self._purging:
            self._pass_over_purged()
        return self._ready.head()

    def _pass_over_purged(self, most: float = math.inf) -> None:
        """Let no carrier that only purged askers want stand first in its level.

        `most` of each level at once: past that one may still stand there.
        """
        for levels, priority in itertools.product((self._ready, self._delayed), Priority):
            passed = 0
            while passed < most and (head := levels.first(priority)) is not None:
                if self._is_wanted(head):
                    break
                passed += 1

    def _is_wanted(self, carrier: Task) -> bool:
        """Whether an asker who was not purged wants it; else it leaves the queue.

        The purged ones that this has to look at are taken off, so each costs time once.
        """
        if not carrier.answered and self._is_live(carrier):
            return True
        while carrier.followers:
            # From the end: a dict that lost what stood first is slow to find its first.
            last = next(reversed(carrier.followers.values()))
            if self._is_live(last):
                return True
            carrier.followers.popitem()
            self._unregister(last)
        self._unregister(carrier)
        self._remove(carrier)
        return False

    def _release(self, carrier: Task, now_s: float) -> bool:
        """Forget the askers of a carrier that left; False if none of them wants it to run."""
        if _stands_alone(carrier):
            self._count -= 1  # nearly always: twice as fast
            return True
        leaving: list[Task] = []
        askers = carrier.askers
        for asker in askers:
            is_live = self._is_live(asker)
            is_over = asker.deadline_s is not None and asker.deadline_s <= now_s
            self._unregister(asker)
            if is_over or not is_live:
                leaving.append(asker)
            if is_over and is_live:
                self._expired.append(asker)
        for asker in leaving:
            _detach(carrier, asker)
        self._count -= len(askers) - len(leaving)
        return len(askers) > len(leaving)

    def _take_off(self, carrier: Task, asker: Task) -> None:
        """Part an asker from its waiting carrier, which leaves if nobody else wants it."""
        self._unregister(asker)
        if not _detach(carrier, asker):
            self._remove(carrier)

    def _take_all_off(self, carrier: Task, most: int) -> list[Task]:
        """Up to `most` askers of a carrier, the last first; it leaves once it has none."""
        taken: list[Task] = []
        followers = carrier.followers or {}
        while len(taken) < most:
            asker = followers.popitem()[1] if followers else carrier
            if self._is_live(asker):
                taken.append(asker)
            self._unregister(asker)
            if not followers and (asker is carrier or carrier.answered):
                self._remove(carrier)
                break
        self._count -= len(taken)
        return taken

    def _remove(self, carrier: Task) -> None:
        if not self._ready.discard(carrier) and self._delayed.discard(carrier):
            self._wakes.discard(carrier.id, carrier.ready_s)
        if carrier.key is not None and self._keyed.get(carrier.key) is carrier:
            del self._keyed[carrier.key]

    def _delay(self, carrier: Task) -> None:
        self._delayed.put(carrier)
        self._wakes.add(carrier.id, carrier.ready_s, carrier)

    def _hasten(self, carrier: Task, ready_s: float, now_s: float) -> bool:
        """Let a carrier be ready from an earlier instant on; True if a delayed one is by it."""
        if ready_s >= carrier.ready_s:
            return False
        is_delayed = self._delayed.discard(carrier)
        if is_delayed:
            self._wakes.discard(carrier.id, carrier.ready_s)
        carrier.ready_s = ready_s
        if is_delayed and ready_s > now_s:
            self._delay(carrier)
        elif is_delayed:
            self._ready.put(carrier)
        return is_delayed and ready_s <= now_s

    def _move(self, carrier: Task, priority: Priority) -> None:
        if carrier.priority == priority:
            return
        levels = self._ready if self._ready.discard(carrier) else self._delayed
        levels.discard(carrier)
        carrier.priority = priority
        levels.put(carrier)


def _stands_alone(carrier: Task) -> bool:
    """Whether it is its own only asker, and nothing but its id leads to that."""
    return carrier.followers is None and carrier.run_id is None and carrier.deadline_s is None


def _asker(carrier: Task, task_id: int) -> Task:
    """The asker of this id among those of a carrier."""
    return carrier if carrier.id == task_id else (carrier.followers or {})[task_id]


def _detach(carrier: Task, asker: Task) -> bool:
    """Part an asker from its carrier; whether others want it still."""
    if asker is carrier:
        carrier.answered = bool(carrier.followers)
        return carrier.answered
    if carrier.followers is not None:
        del carrier.followers[asker.id]
    return carrier.wanted > 0
