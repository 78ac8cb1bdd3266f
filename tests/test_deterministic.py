"""A deterministic queue: the same calls bring the same results, however fast and whenever."""

import hashlib
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest
import worker_functions
from eventually import result_of
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_tasks import (
    ErrorKind,
    LuaLimits,
    Priority,
    RestartPolicy,
    RetryPolicy,
    TaskQueue,
    TaskResult,
    WorkerId,
    WorkerOptions,
    this_task,
)
from engine_tasks.lua.sources import worker_script_path
from engine_tasks.lua.vm import available_vms
from engine_tasks.testing import ManualClock
from engine_tasks.timer import TIMER


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(100.0)


@pytest.fixture
def queue(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[TaskQueue]:
    """A deterministic queue, for which nobody may set a timer or start a thread."""

    def refuse(*_: object) -> None:
        raise AssertionError("a deterministic queue has its own clock")

    monkeypatch.setattr(TIMER, "after", refuse)
    threads = set(threading.enumerate())
    queue = TaskQueue(deterministic=True, clock=clock)
    yield queue
    queue.kill()
    assert set(threading.enumerate()) <= threads


def start(
    queue: TaskQueue, function: Callable[..., Any], worker_id: int = 1, **options: Any
) -> None:
    made = WorkerOptions(**options)
    assert queue.start_native_worker(worker_id, f"w{worker_id}", function, 3, options=made)


def send(queue: TaskQueue, data: object = None, worker_id: int = 1, **options: Any) -> int:
    task_id = queue.send_task(worker_id, data, **options)
    assert task_id is not None, queue.last_error
    return task_id


def polled(queue: TaskQueue, worker_id: int = 1) -> list[TaskResult]:
    """What polls bring until one brings nothing."""
    return list(iter(lambda: queue.next_task_result(worker_id), None))


def payloads(queue: TaskQueue, worker_id: int = 1) -> list[Any]:
    return [result.payload for result in polled(queue, worker_id)]


#: Seconds between two instants that floats tell apart exactly.
INSTANT_S = 1 / 1024

# --- where and when ---------------------------------------------------------------------


@pytest.mark.parametrize("isolation", ["process", "thread", "inline"])
def test_every_worker_runs_on_the_thread_that_polls(
    queue: TaskQueue, tmp_path: Path, isolation: Any
) -> None:
    script = tmp_path / "twice.lua"
    script.write_text("function Run(n) return 2 * n end")
    options = WorkerOptions(isolation=isolation, max_instances=8)
    assert queue.start_worker(2, "Twice", script, 2, options=options)
    start(queue, worker_functions.pid, isolation=isolation)
    state = queue.worker_state(1)
    assert state is not None
    assert (state.isolation, len(state.instances)) == ("inline", 1)
    assert result_of(queue, 1, None).payload == os.getpid()
    assert result_of(queue, 2, 21).payload == 42
    assert options.isolation == isolation


def test_echo_answers_a_poll(queue: TaskQueue) -> None:
    assert queue.get_echo() is None
    assert queue.send_echo("hello")
    assert queue.get_echo() == "hello"
    assert queue.get_echo() is None
    assert queue.ping(WorkerId.Echo) == 1


def test_without_a_clock_it_has_one_at_zero() -> None:
    with TaskQueue(deterministic=True) as queue:
        assert isinstance(queue.clock, ManualClock)
        queue.clock.advance(2.5)
        start(queue, worker_functions.echo)
        assert result_of(queue, 1, None).queued_s == 2.5
        assert queue.deterministic
    with TaskQueue() as queue:
        assert not queue.deterministic
        assert queue.clock is time.monotonic


def test_a_clock_is_for_a_deterministic_queue_and_is_called() -> None:
    with pytest.raises(ValueError, match="clock is for a queue with deterministic=True"):
        TaskQueue(clock=ManualClock())
    with pytest.raises(TypeError, match="clock is callable, not float"):
        TaskQueue(deterministic=True, clock=1.5)  # type: ignore[arg-type]

    class Falsy(ManualClock):
        def __bool__(self) -> bool:
            return False

    with TaskQueue(deterministic=True, clock=Falsy(7.0)) as queue:
        assert queue.clock() == 7.0


def test_the_times_of_a_result_are_the_clocks(queue: TaskQueue, clock: ManualClock) -> None:
    def work(data: Any) -> Any:
        clock.advance(0.25)
        return data

    start(queue, work)
    send(queue)
    clock.advance(1.0)
    (result,) = polled(queue)
    assert (result.queued_s, result.started_s, result.finished_s) == (100.0, 101.0, 101.25)
    metrics = queue.metrics(1)
    assert metrics is not None
    assert (metrics.wait_s.max_s, metrics.run_s.max_s) == (1.0, 0.25)


def test_what_is_delayed_is_ready_at_its_instant(queue: TaskQueue, clock: ManualClock) -> None:
    start(queue, worker_functions.echo)
    for n, delay_s in enumerate([0.1, 0.003, 0.0, 7.0]):
        send(queue, n, delay_s=delay_s)
    assert payloads(queue) == [2]
    assert payloads(queue) == []
    clock.advance(0.002)
    assert payloads(queue) == []
    clock.advance(0.098)
    assert payloads(queue) == [1, 0]
    clock.advance(6.8)
    assert payloads(queue) == []
    clock.advance(0.2)
    assert payloads(queue) == [3]


def test_a_deadline_is_kept_to_the_instant(queue: TaskQueue, clock: ManualClock) -> None:
    start(queue, worker_functions.echo)
    deadline_s = 100.0 + 3 * INSTANT_S
    in_time, late = (send(queue, deadline_s=deadline_s) for _ in range(2))
    clock.advance(2 * INSTANT_S)
    assert queue.next_task_result(1).task_id == in_time  # type: ignore[union-attr]
    clock.advance(INSTANT_S)
    (result,) = polled(queue)
    assert result.error is not None
    assert (result.task_id, result.error.kind) == (late, ErrorKind.EXPIRED)
    assert result.finished_s == deadline_s


def test_a_pump_hands_out_what_expired(queue: TaskQueue, clock: ManualClock) -> None:
    start(queue, worker_functions.echo)
    heard: list[TaskResult] = []
    send(queue, deadline_s=101.0, on_result=heard.append)
    clock.advance(1.0)
    assert queue.pump() == 1
    assert heard[0].error is not None
    assert queue.tasks_in_work(1) == 0


def test_a_task_that_waits_longer_overtakes_by_the_clock(
    queue: TaskQueue, clock: ManualClock
) -> None:
    start(queue, worker_functions.echo, aging_s=10.0)
    send(queue, "low", priority=Priority.LOW)
    clock.advance(9.0)
    send(queue, "too early")
    clock.advance(2.0)
    send(queue, "too late")
    assert payloads(queue) == ["too early", "low", "too late"]


def test_attempts_back_off_by_the_clock_and_by_the_same_chance(clock: ManualClock) -> None:
    def instants() -> list[float]:
        clock, ran = ManualClock(), []

        def fail(_: object) -> None:
            ran.append(clock())
            raise ValueError

        with TaskQueue(deterministic=True, clock=clock) as queue:
            start(queue, fail, retry=RetryPolicy(max_attempts=6, jitter=1.0, max_backoff_s=2.0))
            send(queue)
            while not queue.tasks_ready(1):
                queue.pump()
                clock.advance(1 / 64)
        return ran

    first = instants()
    assert len(set(first)) == 6
    assert first == instants()


def test_an_instance_is_replaced_by_the_clock(queue: TaskQueue, clock: ManualClock) -> None:
    made: list[float] = []

    def run(resource: object, data: Any) -> Any:
        if data == "bad":
            raise ValueError
        return data

    start(
        queue,
        run,
        create=lambda: made.append(clock()),
        check_health=lambda error: False,
        restart=RestartPolicy(max_restarts=3, first_backoff_s=1.0, jitter=0.0),
        retry=RetryPolicy(max_attempts=3, first_backoff_s=0.0, max_backoff_s=0.0),
    )
    task_id = send(queue, "bad")
    for _ in range(30):
        queue.pump()
        clock.advance(0.125)
    assert made == [100.0, 100.125, 101.125]
    result = queue.wait_result(task_id, 0)
    assert result is not None
    assert result.attempts == 3


def test_nothing_that_is_polled_in_vain_is_harmed(queue: TaskQueue, clock: ManualClock) -> None:
    start(queue, worker_functions.echo)
    task_id = send(queue, 5, delay_s=1.0)
    for _ in range(5):
        assert queue.next_task_result(1) is None
        assert queue.pump() == 0
        assert queue.wait_result(task_id, 0) is None
    clock.advance(1.0)
    assert payloads(queue) == [5]


# --- budgets and ends --------------------------------------------------------------------


def take_long(data: Any) -> Any:
    """Longer than a pump's budget, by the world's time."""
    end_s = time.monotonic() + 0.003
    while time.monotonic() < end_s:
        pass
    return data


def test_a_pump_hands_out_what_there_is_however_long_it_takes(queue: TaskQueue) -> None:
    start(queue, take_long)
    seen: list[Any] = []
    for n in range(5):
        send(queue, n, on_result=lambda result: seen.append(result.payload))
    assert queue.pump(budget_ms=1.0) == 5
    assert seen == [0, 1, 2, 3, 4]


def test_a_budget_is_used_up_by_the_clock(queue: TaskQueue, clock: ManualClock) -> None:
    start(queue, lambda data: clock.advance(INSTANT_S))
    for _ in range(5):
        send(queue, on_result=lambda result: None)
    handed_out = [queue.pump(budget_ms=2000.0 * INSTANT_S) for _ in range(6)]
    assert sum(handed_out) == 5
    assert max(handed_out) == 2


def test_a_pump_without_a_budget_hands_out_one(queue: TaskQueue) -> None:
    start(queue, worker_functions.echo)
    for _ in range(2):
        send(queue, on_result=lambda result: None)
    handed_out = [queue.pump(budget_ms=0.0) for _ in range(6)]
    assert sum(handed_out) == 2
    assert max(handed_out) == 1


def test_a_chain_of_callbacks_goes_on_with_the_next_pump(queue: TaskQueue) -> None:
    start(queue, worker_functions.echo)
    seen: list[int] = []

    def follow(result: TaskResult) -> None:
        seen.append(result.payload)
        send(queue, result.payload + 1, on_result=follow)

    send(queue, 0, on_result=follow)
    for frame in range(1, 6):
        queue.pump(budget_ms=1000.0)
        assert seen == list(range(frame))


def test_a_stop_runs_what_is_ready_and_does_not_wait_for_the_rest(clock: ManualClock) -> None:
    with TaskQueue(deterministic=True, clock=clock) as queue:
        start(queue, take_long)
        ids = [send(queue, n, delay_s=float(n // 3)) for n in range(6)]
        queue.stop(timeout_s=0.5)
        results = {result.task_id: result for result in polled(queue)}
    assert [results[task_id].payload for task_id in ids[:3]] == [0, 1, 2]
    kinds = [results[task_id].error.kind for task_id in ids[3:]]  # type: ignore[union-attr]
    assert kinds == [ErrorKind.STOPPED] * 3


def test_a_stop_takes_as_long_as_the_clock_allows(clock: ManualClock) -> None:
    with TaskQueue(deterministic=True, clock=clock) as queue:
        start(queue, lambda data: clock.advance(1.0))
        for n in range(6):
            send(queue, n)
        queue.stop(timeout_s=2.5)
        assert [result.ok for result in polled(queue)] == [True] * 3 + [False] * 3


def test_a_worker_is_drained_when_it_has_run_all(queue: TaskQueue, clock: ManualClock) -> None:
    ended: list[object] = []
    start(queue, lambda _, data: data, create=lambda: 5, destroy=ended.append)
    send(queue, 1)
    send(queue, 2, delay_s=1.0)
    assert queue.drain(1)
    assert queue.send_task(1, 3) is None
    assert payloads(queue) == [1]
    assert queue.worker_state(1) is not None
    clock.advance(1.0)
    assert payloads(queue) == [2]
    assert queue.worker_state(1) is None
    assert ended == [5]
    start(queue, worker_functions.echo)
    assert queue.drain(1)
    assert queue.worker_state(1) is None


def test_a_drain_ends_with_its_time_by_the_clock(queue: TaskQueue, clock: ManualClock) -> None:
    start(queue, worker_functions.echo)
    ids = [send(queue, n, delay_s=1.0) for n in range(2)]
    ids.append(send(queue, "too late", delay_s=3.0))
    assert queue.drain(1, timeout_s=2.0)
    clock.advance(1.0)
    assert queue.next_task_result(1).error is not None  # type: ignore[union-attr]
    assert queue.next_task_result(1).payload == 0  # type: ignore[union-attr]
    clock.advance(1.0)
    queue.pump()
    assert queue.worker_state(1) is None
    (left,) = polled(queue)
    assert left.error is not None
    assert (left.task_id, left.error.kind) == (ids[1], ErrorKind.STOPPED)


def test_run_task_has_no_timer(queue: TaskQueue, tmp_path: Path) -> None:
    def run(data: Any) -> Any:
        take_long(data)
        return this_task.cancelled()

    start(queue, run, timeout_s=0.001)
    result = queue.run_task(1, None)
    assert result is not None
    assert result.payload is False
    script = tmp_path / "spin.lua"
    script.write_text("function Run() while true do end end")
    options = WorkerOptions(limits=LuaLimits(timeout_s=0.01))
    assert queue.start_worker(2, "Spin", script, options=options)
    result = queue.run_task(2, None)
    assert result is not None
    assert result.error is not None
    assert result.error.kind is ErrorKind.TIMEOUT


def test_nothing_ends_a_python_function(queue: TaskQueue) -> None:
    start(queue, take_long, timeout_s=0.001)
    assert result_of(queue, 1, 5).payload == 5


# --- Lua ------------------------------------------------------------------------------------


#: Answers with all that may differ from run to run.
SCRIPT = """
local ran = 0

local function walk(map)
  local seen = {}
  for key, value in pairs(map) do
    seen[#seen + 1] = tostring(key) .. "=" .. (type(value) == "table" and "" or tostring(value))
  end
  for key in next, map do seen[#seen + 1] = tostring(key) end
  return table.concat(seen, " ")
end

function Run(data)
  ran = ran + 1
  if data == "fail" then error("as asked") end
  if data == "spin" then while true do ran = ran + 1 end end
  if data == "flaky" and math.random() < 0.5 then error("by chance") end
  local made = { zeta = 1, alpha = 2, [7] = 3, [2.0] = 4, omega = { b = 1, a = 2, c = 3 } }
  for n = 1, 20 do made["key" .. n * 7919 % 1000] = n end
  return {
    ran = ran, chance = math.random(1000), now = worker.now(), time = os.time(),
    clock = os.clock(), date = os.date("!%c"), walk = walk(made), made = made,
    payload = type(data) == "table" and walk(data) or data,
  }
end
"""


def start_lua(queue: TaskQueue, folder: Path, worker_id: int, vm: str, **options: Any) -> None:
    script = folder / "script.lua"
    script.write_text(SCRIPT)
    made = WorkerOptions(limits=LuaLimits(vm=vm, timeout_s=0.01), **options)
    assert queue.start_worker(worker_id, f"lua {worker_id}", script, options=made), queue.last_error


@pytest.mark.parametrize("vm", available_vms())
def test_a_script_answers_the_same_each_time(tmp_path: Path, vm: str) -> None:
    def play() -> list[Any]:
        clock = ManualClock(5.5)
        with TaskQueue(deterministic=True, clock=clock) as queue:
            start_lua(queue, tmp_path, 1, vm)
            answers = []
            for n in range(5):
                result = result_of(queue, 1, {"b": n, "a": 2, 3: 4})
                answers.append([result.encoded, str(result.error)])
                clock.advance(0.75)
            answers.append(str(result_of(queue, 1, "spin").error))
            answers.append(result_of(queue, 1, None).payload)
        return answers

    first = play()
    assert first == play()
    assert "the task's time is over" in first[-2]
    assert (first[-1]["now"], first[-1]["time"]) == (9.25, 9)
    keys = list(first[-1]["made"])
    assert keys == [2, 7, *sorted(keys[2:])]


@pytest.mark.parametrize("vm", available_vms())
def test_a_fresh_machine_has_the_same_chances(tmp_path: Path, vm: str) -> None:
    with TaskQueue(deterministic=True) as queue:
        start_lua(queue, tmp_path, 1, vm)
        first = [result_of(queue, 1, None).payload["chance"] for _ in range(3)]
        assert queue.restart_worker(1)
        assert [result_of(queue, 1, None).payload["chance"] for _ in range(3)] == first
        assert queue.set_limits(1, LuaLimits(vm=vm, memory_mb=32))
        assert [result_of(queue, 1, None).payload["chance"] for _ in range(3)] == first


# --- any program ---------------------------------------------------------------------------


class Leaping:
    """A clock of the world by which ages pass between two looks at it, or none."""

    def __init__(self, leap_s: float) -> None:
        self.leap_s = leap_s
        self.now_s = 1e6

    def __call__(self) -> float:
        self.now_s += self.leap_s
        return self.now_s


def native(data: Any) -> Any:
    """Fails for "fail", every third time for "flaky"."""
    if data == "fail" or (data == "flaky" and next(native_runs) % 3):
        raise ValueError(f"{data} at {this_task.task_id()}")
    return {"ran": next(native_runs), "data": data}


native_runs = itertools.count()


def with_resource(resource: list[int], data: Any) -> Any:
    """Breaks its resource for "fail"."""
    resource.append(len(resource))
    if data == "fail":
        raise ValueError("broken")
    return list(resource)


class Game:
    """Plays a program and writes down all that a game can see of it."""

    def __init__(self, folder: Path, vm: str) -> None:
        global native_runs  # noqa: PLW0603 - as in a game that starts anew
        native_runs = itertools.count()
        self.clock = ManualClock()
        self.queue = TaskQueue(deterministic=True, clock=self.clock)
        self.trace: list[Any] = []
        self.ids: list[int] = []
        self.futures: list[Any] = []
        retry = RetryPolicy(max_attempts=3, first_backoff_s=0.1, jitter=1.0)
        restart = RestartPolicy(max_restarts=2, first_backoff_s=0.5, within_s=5.0)
        start(self.queue, native, 1, retry=retry, aging_s=0.3, same_key="newest", max_pending=12)
        start(
            self.queue,
            with_resource,
            2,
            create=list,
            check_health=lambda _: False,
            restart=restart,
            overflow="drop_lowest",
            max_pending=6,
        )
        start_lua(self.queue, folder, 3, vm, retry=retry, aging_s=0.3)

    def see(self, result: TaskResult | None, how: str) -> None:
        if result is None:
            self.trace.append((how, None))
            return
        error = None if result.error is None else (result.error.kind, result.error.message)
        times = (result.queued_s, result.started_s, result.finished_s)
        self.trace.append((how, result.task_id, result.encoded, error, result.attempts, times))

    def play(self, command: str, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        getattr(self, command)(pick, worker_id, options)
        self.trace.append((command, str(self.queue.last_error)))

    def send(self, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        if "deadline_s" in options:
            options = options | {"deadline_s": self.clock() + options["deadline_s"]}
        task_id = self.queue.send_task(worker_id, DATA[pick % len(DATA)], **options)
        self.trace.append(task_id)
        self.ids.extend([] if task_id is None else [task_id])

    def send_for_callback(self, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        self.send(pick, worker_id, options | {"on_result": lambda r: self.see(r, "callback")})

    def submit(self, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        try:
            future = self.queue.executor(worker_id).submit(DATA[pick % len(DATA)])
        except Exception as error:
            self.trace.append(str(error))
        else:
            self.futures.append(future)
            future.add_done_callback(lambda f: self.see(f.task_result, "future"))

    def ask_future(self, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        if self.futures:
            future = self.futures[pick % len(self.futures)]
            try:
                self.trace.append(future.done() if pick % 2 else future.result(0.0))
            except (Exception, CancelledError) as error:
                self.trace.append((type(error).__name__, str(error)))

    def cancel(self, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        if self.ids:
            self.trace.append(self.queue.cancel(self.ids[pick % len(self.ids)]))

    def hasten(self, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        if self.ids:
            priority = Priority(pick % len(Priority))
            self.trace.append(self.queue.set_priority(self.ids[pick % len(self.ids)], priority))

    def purge(self, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        self.trace.append([attrs.astuple(task) for task in self.queue.pending_work("r")])
        self.trace.append(self.queue.purge_run("r"))

    def advance(self, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        self.clock.advance(0.07 * pick)

    def poll(self, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        self.see(self.queue.next_task_result(worker_id), "poll")

    def pump(self, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        self.trace.append(self.queue.pump(pick % 3, max_results=pick % 5 or None))

    def wait(self, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        if self.ids:
            self.see(self.queue.wait_result(self.ids[pick % len(self.ids)], pick / 100), "wait")

    def run_task(self, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        self.see(self.queue.run_task(worker_id, DATA[pick % len(DATA)]), "at once")

    def revive(self, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        letters = self.queue.dead_letters(worker_id) or []
        no_callback = attrs.filters.exclude("on_result")  # a new one in each game
        self.trace.append([attrs.astuple(letter, filter=no_callback) for letter in letters])
        if letters and pick % 2:
            self.ids.append(self.queue.retry_dead(letters[-1].task_id) or 0)
        elif pick % 3 == 0:
            self.trace.append(self.queue.restart_worker(worker_id))

    def drain(self, pick: int, worker_id: int, options: dict[str, Any]) -> None:
        if pick == 0:
            self.trace.append(self.queue.drain(worker_id, timeout_s=0.5))

    def finish(self) -> list[Any]:
        self.trace.append(str(self.queue.stats()))
        self.trace.append([str(self.queue.metrics(worker_id)) for worker_id in (1, 2, 3)])
        self.trace.append([str(self.queue.worker_state(worker_id)) for worker_id in (1, 2, 3)])
        self.queue.stop(timeout_s=0.25)
        for worker_id in (1, 2, 3):
            for result in polled(self.queue, worker_id):
                self.see(result, "end")
        self.queue.pump(1000.0)
        return self.trace


DATA: list[Any] = [None, 5, "fail", "flaky", {"b": 1, "a": [2], 3: "c"}, "flaky", "fail", 7]
COMMANDS = [
    *["send"] * 6, *["send_for_callback"] * 2, *["submit"] * 2, *["poll"] * 3, *["pump"] * 2,
    *["advance"] * 3, "ask_future", "cancel", "hasten", "purge", "wait", "run_task", "revive",
    "drain",
]  # fmt: skip
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "priority": st.sampled_from(Priority),
        "delay_s": st.sampled_from([0.0, 0.05, 0.3]),
        "deadline_s": st.sampled_from([-1.0, 0.1, 0.5]),
        "key": st.sampled_from(["x", 5]),
        "run_id": st.just("r"),
        "max_attempts": st.integers(1, 3),
    },
)
PROGRAMS = st.lists(
    st.tuples(st.sampled_from(COMMANDS), st.integers(0, 9), st.integers(1, 3), OPTIONS),
    max_size=40,
)


@pytest.mark.parametrize("vm", available_vms())
def test_a_program_has_the_same_trace_however_the_worlds_time_goes(
    tmp_path: Path, vm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def play(program: list[Any], leap_s: float) -> list[Any]:
        with monkeypatch.context() as world:
            for name in ("monotonic", "perf_counter", "time"):
                world.setattr(time, name, Leaping(leap_s))
            world.setattr(TIMER, "after", None)
            game = Game(tmp_path, vm)
            with game.queue:
                for command in program:
                    game.play(*command)
                return game.finish()

    @settings(deadline=None, max_examples=60)
    @given(PROGRAMS)
    def check(program: list[Any]) -> None:
        assert play(program, leap_s=0.0) == play(program, leap_s=1000.0)

    check()


# --- a game that is played again ---------------------------------------------------------------


GRID = {
    "width": 12,
    "height": 9,
    "cells": "............"
    ".@@@@.@@@@@."
    ".@....@...@."
    ".@.@@@@.@.@."
    ".@......@.@."
    ".@@@@@@@@.@."
    "..........@."
    ".@@@@@@@@@@."
    "............",
}


def play_units(seed: int, frames: int = 120) -> list[Any]:
    """Units that walk to random places of a grid, at 60 frames a second: what each frame saw."""
    clock, random, log = ManualClock(), Random(seed), list[Any]()
    free = [
        [x, y]
        for y, x in itertools.product(range(GRID["height"]), range(GRID["width"]))  # type: ignore[call-overload]
        if GRID["cells"][y * GRID["width"] + x] == "."  # type: ignore[index,operator]
    ]
    with TaskQueue(deterministic=True, clock=clock) as queue:
        assert queue.start_worker(1, "Paths", worker_script_path("pathfinding"), 2)
        assert queue.wait_result(send(queue, {"op": "load_map", "map_id": 1, **GRID}), 0)
        paths: dict[int, list[int]] = {}
        places = {unit: random.choice(free) for unit in range(6)}

        def found(unit: int) -> Callable[[TaskResult], None]:
            def walk(result: TaskResult) -> None:
                log.append((result.task_id, unit, result.payload, result.finished_s))
                paths[unit] = result.payload["path"][2:]

            return walk

        def ask(unit: int) -> None:
            paths[unit] = []
            request = {
                "op": "path",
                "map_id": 1,
                "start": places[unit],
                "goal": random.choice(free),
            }
            urgency = Priority(random.randrange(len(Priority)))
            delay_s = random.choice([0.0, 0.0, 0.1])
            send(queue, request, priority=urgency, delay_s=delay_s, on_result=found(unit))

        for frame in range(frames):
            for unit in places:
                if unit not in paths:
                    ask(unit)
                elif paths[unit] and frame % 3 == 0:
                    places[unit], paths[unit] = paths[unit][:2], paths[unit][2:]
                elif not paths[unit] and random.random() < 0.1:
                    ask(unit)
            clock.advance(1 / 60)
            queue.pump(max_results=2)
            log.append([frame, sorted(places.items())])
    return log


def digest_of(log: list[Any]) -> str:
    return hashlib.sha256(json.dumps(log).encode()).hexdigest()


def test_a_recorded_game_is_the_same_in_other_processes() -> None:
    recorded = play_units(seed=5)
    assert sum(isinstance(entry, tuple) for entry in recorded) > 20
    assert digest_of(recorded) != digest_of(play_units(seed=6))
    script = "import test_deterministic as t; print(t.digest_of(t.play_units(5)))"
    for hash_seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
            cwd=Path(__file__).parent,
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
        )
        assert ran.stdout.strip() == digest_of(recorded), ran.stderr
