"""What every executor promises, held to each place where code runs."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
import pytest
import worker_functions
from eventually import PATIENCE_S, eventually, result_of

from engine_tasks import ErrorKind, TaskError, TaskQueue, WorkerOptions
from engine_tasks.executors.calling import calling_executors
from engine_tasks.executors.conversation import Conversation
from engine_tasks.executors.lua import lua_executors
from engine_tasks.executors.protocol import Executor, ExecutorDied, ExecutorStartError
from engine_tasks.executors.shipping import python_process_executors
from engine_tasks.lua.script import LuaScript
from engine_tasks.options import Isolation, LuaLimits
from engine_tasks.parcel import unpack
from engine_tasks.payload import encode
from engine_tasks.task import Outcome, Progress, ReadResult, Task

#: The same program in both languages, by name.
PROGRAMS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "echo": (worker_functions.echo, "function Run(data) return data end"),
    "fail": (
        worker_functions.fail_when_bad,
        "function Run(data)\n  if data == 'bad' then error('cannot do it') end\n  return data\nend",
    ),
    "bad result": (
        worker_functions.a_lock_when_bad,
        "function Run(data) if data == 'bad' then return print end return data end",
    ),
    "spin": (
        worker_functions.spin_when_bad,
        "function Run(data) while data == 'bad' do end return data end",
    ),
    "obey": (
        worker_functions.work_until_told,
        """
        function Run(data)
          worker.progress(0.25, "running")
          while data == "work" and not worker.cancelled() do end
          return worker.cancelled()
        end""",
    ),
    "advance": (
        worker_functions.advance,
        """
        function Run(shares)
          for i, share in ipairs(shares) do worker.progress(share, "step " .. i - 1) end
        end""",
    ),
}


@attrs.frozen
class Place:
    """Where code runs, in which language."""

    language: str
    isolation: Isolation
    folder: Path
    limits: LuaLimits = attrs.field(factory=lambda: LuaLimits(memory_mb=32))

    @property
    def can_be_killed(self) -> bool:
        return self.isolation == "process"

    @property
    def options(self) -> WorkerOptions:
        return WorkerOptions(isolation=self.isolation, nice=0, stop_grace_s=0.2, limits=self.limits)

    def executor(
        self, program: str, report: Callable[[Task, Progress], None] | None = None
    ) -> Executor:
        function, source = PROGRAMS[program]
        if self.language == "Lua":
            make = lua_executors(1, "Worker", LuaScript(self.script(source)), self.options)
        elif self.isolation == "process":
            make = python_process_executors("Worker", function, self.options)
        else:
            make = calling_executors("Worker", function, self.options)
        return make(0, report or (lambda _task, _progress: None))

    def start_in(self, queue: TaskQueue, program: str, instances_count: int = 1) -> bool:
        function, source = PROGRAMS[program]
        if self.language == "Lua":
            path = self.script(source)
            return queue.start_worker(1, "Worker", path, instances_count, options=self.options)
        return queue.start_native_worker(
            1, "Worker", function, instances_count, options=self.options
        )

    def script(self, source: str) -> Path:
        path = self.folder / "script.lua"
        path.write_text(source)
        return path


PLACES = [
    pytest.param((language, isolation), id=f"{language} {isolation}")
    for language in ("Python", "Lua")
    for isolation in ("inline", "thread", "process")
]


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(*request.param, tmp_path)


@pytest.fixture
def start(place: Place) -> Iterator[Callable[[str], Executor]]:
    """`start(program)` gives a started executor, which is stopped after the test."""
    started: list[Executor] = []

    def start_executor(program: str) -> Executor:
        executor = place.executor(program)
        executor.start()
        started.append(executor)
        return executor

    yield start_executor
    for executor in started:
        executor.kill()
        executor.stop()


def tasks(*payloads: object) -> list[Task]:
    return [Task(n, encode(data), 0.0) for n, data in enumerate(payloads, 1)]


def run(executor: Executor, *payloads: object) -> list[Any]:
    return [_plain(outcome) for outcome in executor.run(tasks(*payloads))]


def _plain(outcome: Outcome) -> Any:
    if isinstance(outcome, ReadResult):
        assert unpack(outcome.encoded) == outcome.payload
        return outcome.payload
    return outcome if isinstance(outcome, TaskError) else unpack(outcome)


# --- the protocol --------------------------------------------------------------------


def test_outcomes_come_in_the_order_of_their_tasks(start: Callable[[str], Executor]) -> None:
    executor = start("echo")
    assert run(executor, *range(200)) == list(range(200))
    assert run(executor, "again") == ["again"]


def test_payloads_arrive_as_they_were_sent(start: Callable[[str], Executor]) -> None:
    value = {"text": "é", "bytes": b"\0\xff", "list": [1, 2.5, None, True, {"x": 2**53 + 1}]}
    assert run(start("echo"), value) == [value]


def test_tasks_larger_than_any_pipe_arrive_whole(start: Callable[[str], Executor]) -> None:
    large = [b"x" * 3_000_000, "small", b"y" * 200_000, b"z" * 60_000, b"z" * 60_000]
    assert run(start("echo"), *large) == large


def test_an_error_of_the_code_is_an_outcome_and_the_next_task_runs(
    start: Callable[[str], Executor],
) -> None:
    first, error, last = run(start("fail"), "good", "bad", "good")
    assert (first, last) == ("good", "good")
    assert error.kind is ErrorKind.FAILED
    assert "cannot do it" in error.message
    assert error.traceback


def test_a_lua_error_names_script_and_line(place: Place, start: Callable[[str], Executor]) -> None:
    (error,) = run(start("fail"), "bad")
    where = "script.lua:2: cannot do it" if place.language == "Lua" else "worker_functions.py"
    assert where in error.message + error.traceback


def test_a_result_that_cannot_be_carried_is_an_outcome_and_the_next_task_runs(
    start: Callable[[str], Executor],
) -> None:
    error, good = run(start("bad result"), "bad", "good")
    assert error.kind is ErrorKind.BAD_RESULT
    assert good == "good"


def test_a_payload_that_is_none_is_an_outcome_and_the_next_task_runs(
    start: Callable[[str], Executor],
) -> None:
    executor = start("echo")
    broken = Task(1, b"\xc1", 0.0)
    (error,) = executor.run([broken])
    assert isinstance(error, TaskError)
    assert error.kind is ErrorKind.BAD_PAYLOAD
    assert run(executor, "good") == ["good"]


def test_every_executor_takes_at_least_one_task(start: Callable[[str], Executor]) -> None:
    executor = start("echo")
    most = executor.max_batch
    assert most >= 1
    assert run(executor, *range(most)) == list(range(most))


def test_cancel_at_any_time_is_harmless(place: Place) -> None:
    executor = place.executor("echo")
    executor.cancel()
    executor.start()
    executor.cancel()
    outcomes = executor.run(tasks("a", "b"))
    assert _plain(next(outcomes)) == "a"
    executor.cancel()
    assert [_plain(outcome) for outcome in outcomes] == ["b"]
    executor.cancel()
    executor.stop()
    executor.cancel()


def test_stop_without_a_start_is_harmless(place: Place) -> None:
    place.executor("echo").stop()


def test_a_second_stop_is_harmless(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    executor = place.executor("echo")
    executor.start()
    executor.stop()
    executor.stop()
    assert not caplog.records


def test_kill_says_whether_it_can_end_what_runs(place: Place) -> None:
    executor = place.executor("echo")
    executor.start()
    assert executor.can_be_killed is place.can_be_killed
    assert executor.kill() is place.can_be_killed
    executor.stop()
    assert executor.kill() is place.can_be_killed


def test_what_is_killed_before_its_start_does_not_start(place: Place) -> None:
    executor = place.executor("echo")
    if executor.kill():
        with pytest.raises(ExecutorStartError):
            executor.start()
    else:
        executor.start()
        assert run(executor, 1) == [1]
    executor.stop()


def test_a_killed_executor_dies_in_its_run(place: Place, start: Callable[[str], Executor]) -> None:
    executor = start("spin")
    if not place.can_be_killed:
        assert not executor.kill()
        assert run(executor, "good") == ["good"]
        return
    outcomes = executor.run(tasks("good", "bad", "never"))
    assert _plain(next(outcomes)) == "good"
    killer = threading.Timer(0.05, executor.kill)
    killer.start()
    with pytest.raises(ExecutorDied) as caught:
        next(outcomes)
    killer.join()
    assert caught.value.began
    assert caught.value.error.kind is ErrorKind.CRASHED
    assert "Worker#0" in caught.value.error.message


def test_a_script_that_does_not_load_is_a_start_error(place: Place) -> None:
    if place.language == "Python":
        return  # a function is loaded where it is: `test_main_functions.py` has the rest
    executor = lua_executors(
        1, "Worker", LuaScript(place.script("local x = 1\nfunction Run( return end")), place.options
    )(0, lambda _task, _progress: None)
    with pytest.raises(ExecutorStartError) as caught:
        executor.start()
    assert caught.value.file is not None
    assert caught.value.file.endswith("script.lua")
    assert caught.value.line == 2
    executor.stop()


# --- what a running task learns and says -------------------------------------------------


class Conduct:
    """Runs tasks on a thread of their own, so that a test can act meanwhile."""

    def __init__(self, place: Place, program: str, *payloads: object) -> None:
        self.tasks = tasks(*payloads)
        self.reported: list[tuple[int, Progress]] = []
        self.executor = place.executor(program, self._hear)
        self.executor.start()
        self._outcomes: list[Outcome] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _hear(self, task: Task, progress: Progress) -> None:
        self.reported.append((task.id, progress))

    def _run(self) -> None:
        with suppress(ExecutorDied):  # a child that was killed at the end of the test
            self._outcomes += self.executor.run(self.tasks)

    def begin(self) -> None:
        """Return once the first task runs."""
        self._thread.start()
        eventually(lambda: self.reported)

    def outcomes(self) -> list[Any]:
        """Wait for all of them."""
        if self._thread.ident is None:
            self._thread.start()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        return [_plain(outcome) for outcome in self._outcomes]

    def end(self) -> None:
        """Let nothing go on."""
        self.executor.kill()
        if self._thread.ident is not None:
            self._thread.join(PATIENCE_S)
        self.executor.stop()


ConductOf = Callable[..., Conduct]


@pytest.fixture
def conduct_of(place: Place) -> Iterator[ConductOf]:
    """`conduct_of(program, *payloads, **limits)`; all that was begun ends with the test."""
    begun: list[Conduct] = []

    def make(program: str, *payloads: object, **limits: Any) -> Conduct:
        limited = attrs.evolve(place, limits=attrs.evolve(place.limits, **limits))
        begun.append(Conduct(limited, program, *payloads))
        return begun[-1]

    yield make
    for conduct in begun:
        conduct.end()


def test_a_running_task_learns_that_it_is_to_end(conduct_of: ConductOf) -> None:
    conduct = conduct_of("obey", "work")
    conduct.begin()
    conduct.executor.cancel(conduct.tasks[0])
    assert conduct.outcomes() == [True]


def test_whatever_runs_is_told_when_no_task_is_named(conduct_of: ConductOf) -> None:
    conduct = conduct_of("obey", "work", "ask")
    conduct.begin()
    conduct.executor.cancel()
    assert conduct.outcomes() == [True, False]


def test_a_task_cancelled_while_another_runs_knows_it_from_its_beginning(
    conduct_of: ConductOf,
) -> None:
    conduct = conduct_of("obey", "work", "ask", "work", "ask")
    conduct.begin()
    for number in (2, 1, 0):
        conduct.executor.cancel(conduct.tasks[number])
    assert conduct.outcomes() == [True, True, True, False]


def test_a_task_cancelled_before_any_runs_knows_it_from_its_beginning(
    conduct_of: ConductOf,
) -> None:
    conduct = conduct_of("obey", "ask", "work")
    conduct.executor.cancel(conduct.tasks[1])
    assert conduct.outcomes() == [False, True]


def test_a_cancel_that_comes_too_late_is_not_for_the_next_task(conduct_of: ConductOf) -> None:
    conduct = conduct_of("obey", *["ask"] * 3)
    outcomes = conduct.executor.run(conduct.tasks)
    assert _plain(next(outcomes)) is False
    conduct.executor.cancel(conduct.tasks[0])
    assert [_plain(outcome) for outcome in outcomes] == [False, False]
    conduct.executor.cancel()
    assert [_plain(outcome) for outcome in conduct.executor.run(conduct.tasks[1:])] == [False] * 2


def test_what_cannot_be_killed_is_told_at_least(place: Place, conduct_of: ConductOf) -> None:
    conduct = conduct_of("obey", "work")
    conduct.begin()
    if place.can_be_killed:
        return
    assert not conduct.executor.kill()
    assert conduct.outcomes() == [True]


def test_progress_reaches_the_game_in_its_order_and_bounds(
    place: Place, conduct_of: ConductOf
) -> None:
    conduct = conduct_of("advance", [-3, 0.5, 1.0, 17.5])
    assert conduct.outcomes() == [1 if place.language == "Python" else None]
    assert conduct.reported == [
        (1, Progress(0.0, "step 0")),
        (1, Progress(0.5, "step 1")),
        (1, Progress(1.0, "step 2")),
        (1, Progress(1.0, "step 3")),
    ]


def test_progress_beyond_the_rate_is_dropped_and_harms_nothing(conduct_of: ConductOf) -> None:
    conduct = conduct_of("advance", [0.5] * 2000, progress_per_s=5)
    (given,) = conduct.outcomes()
    assert not isinstance(given, TaskError)
    assert 5 <= len(conduct.reported) < 500


# --- other limits, and the end of a child ----------------------------------------------


def test_other_rates_hold_from_the_next_task_on(place: Place, conduct_of: ConductOf) -> None:
    conduct = conduct_of("advance", [0.5] * 60, progress_per_s=1)
    assert conduct.executor.set_limits(attrs.evolve(place.limits, progress_per_s=1000))
    conduct.outcomes()
    assert len(conduct.reported) == 60


def test_a_lower_rate_holds_as_well_and_ends_no_child(place: Place, conduct_of: ConductOf) -> None:
    conduct = conduct_of("advance", [0.5] * 100)
    assert len(list(conduct.executor.run(conduct.tasks))) == 1
    assert len(conduct.reported) == 100
    assert conduct.executor.set_limits(attrs.evolve(place.limits, progress_per_s=2))
    assert len(conduct.outcomes()) == 1
    assert len(conduct.reported) < 120


def test_a_soft_timeout_can_change_where_a_hook_watches(
    place: Place, conduct_of: ConductOf
) -> None:
    conduct = conduct_of("spin", "bad", jit=False)
    limits = attrs.evolve(place.limits, jit=False, soft_timeout_s=0.05)
    assert conduct.executor.set_limits(limits)
    if place.language == "Lua":
        (error,) = conduct.outcomes()
        assert error.kind is ErrorKind.TIMEOUT


@pytest.mark.parametrize(
    "other",
    [
        {"memory_mb": 64},
        {"result_bytes": 1000},
        {"result_values": 10},
        {"nesting_depth": 10},
        {"vm": "lua54"},
        {"require_confinement": True},
        {"jit": True},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_the_machine_was_made_with_needs_a_new_executor(
    place: Place, conduct_of: ConductOf, other: dict[str, Any]
) -> None:
    conduct = conduct_of("echo", "still there", jit=False)
    limits = attrs.evolve(place.limits, **{"jit": False, **other})
    assert conduct.executor.set_limits(limits) is (place.language == "Python")
    assert conduct.outcomes() == ["still there"]


def test_a_soft_timeout_that_would_turn_the_jit_off_needs_a_new_executor(
    place: Place, conduct_of: ConductOf
) -> None:
    conduct = conduct_of("echo", 1, jit=True)
    limits = attrs.evolve(place.limits, jit=True, soft_timeout_s=1.0)
    assert conduct.executor.set_limits(limits) is (place.language == "Python")
    assert conduct.outcomes() == [1]


def test_an_executor_that_was_started_is_alive(start: Callable[[str], Executor]) -> None:
    executor = start("echo")
    assert executor.alive()
    assert run(executor, 1) == [1]
    assert executor.alive()


@pytest.mark.parametrize("language", ["Python", "Lua"])
def test_a_child_that_ended_while_nothing_ran_is_not_alive(tmp_path: Path, language: str) -> None:
    executor = Place(language, "process", tmp_path).executor("echo")
    assert not executor.alive()
    executor.start()
    assert executor.alive()
    os.kill(executor._child.pid, getattr(signal, "SIGKILL", signal.SIGTERM))  # type: ignore[attr-defined]
    eventually(lambda: not executor.alive())
    assert not executor.set_limits(LuaLimits(memory_mb=32, progress_per_s=7))
    with pytest.raises(ExecutorDied):
        run(executor, 1)
    executor.stop()
    assert not executor.alive()


def test_a_child_that_is_starting_is_not_alive_and_cannot_be_confused_by_a_cancel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = Place("Python", "process", tmp_path).executor("obey")
    (task,) = tasks("ask")
    alive: list[bool] = []

    def converse(*arguments: Any) -> Conversation:
        executor.cancel(task)  # before the first frame to the child
        alive.append(executor.alive())
        return Conversation(*arguments)

    monkeypatch.setattr("engine_tasks.executors.process.Conversation", converse)
    executor.start()
    assert alive == [False]
    assert executor.alive()
    assert run(executor, "ask") == [False]
    executor.stop()


def test_a_child_that_was_killed_or_stopped_is_not_alive(tmp_path: Path) -> None:
    for end in (Executor.kill, Executor.stop):
        executor = Place("Python", "process", tmp_path).executor("echo")
        executor.start()
        getattr(executor, end.__name__)()
        assert not executor.alive()
        executor.stop()


# --- the same through a queue -----------------------------------------------------------


def test_a_worker_answers_every_task_once(place: Place, queue: TaskQueue) -> None:
    assert place.start_in(queue, "fail", 2)
    sent = {queue.send_task(1, n if n % 3 else "bad"): n for n in range(60)}
    results = [queue.wait_result(task_id or 0, PATIENCE_S) for task_id in sent]
    answers = {result.task_id: result for result in results if result}
    assert answers.keys() == sent.keys()
    for task_id, n in sent.items():
        assert answers[task_id].ok == bool(n % 3)
        assert answers[task_id].payload == (n if n % 3 else None)
        assert answers[task_id].attempts == 1
    assert queue.tasks_in_work(1) == 0
    assert queue.next_task_result(1) is None


def test_times_of_a_task_follow_each_other(place: Place, queue: TaskQueue) -> None:
    assert place.start_in(queue, "echo")
    result = result_of(queue, 1, "x")
    assert 0 < result.queued_s <= result.started_s <= result.finished_s
    assert result.worker_id == 1


def test_a_worker_is_stopped_with_tasks_waiting(place: Place, queue: TaskQueue) -> None:
    assert place.start_in(queue, "echo")
    ids = [queue.send_task(1, n) for n in range(300)]
    assert queue.stop_worker(1)
    results = {queue.wait_result(task_id or 0, PATIENCE_S) for task_id in ids}
    assert {result.task_id for result in results if result} == set(ids)
    assert {result.error.kind for result in results if result and result.error} <= {
        ErrorKind.STOPPED
    }


def test_a_worker_that_was_stopped_can_be_started_again(place: Place, queue: TaskQueue) -> None:
    for n in range(3):
        assert place.start_in(queue, "echo")
        assert result_of(queue, 1, n).payload == n
        assert queue.stop_worker(1)


def test_prints_of_a_script_reach_the_log_with_the_workers_name(
    place: Place, queue: TaskQueue, caplog: pytest.LogCaptureFixture
) -> None:
    if place.language == "Python" and not place.can_be_killed:
        return  # its output is the game's own
    caplog.set_level(logging.INFO, "engine_tasks.worker")
    PROGRAMS["print"] = (
        worker_functions.write_everywhere,
        "function Run(data) print('from print', data) return data end",
    )
    assert place.start_in(queue, "print")
    assert result_of(queue, 1, "hello").payload == "hello"
    eventually(lambda: "Worker#0: from print" in caplog.text)


def test_a_script_reports_progress_until_its_task_is_answered(
    place: Place, queue: TaskQueue
) -> None:
    if place.language == "Python" or place.isolation == "inline":
        return  # a function has no way to say it; inline nobody could look meanwhile
    path = place.script(
        "function Run(data) worker.progress(0.5, 'half')\n"
        "  while not worker.cancelled() do end return 'seen' end"
    )
    assert queue.start_worker(1, "Worker", path, options=place.options)
    task_id = queue.send_task(1, None)
    assert task_id is not None
    eventually(lambda: queue.progress(task_id))
    assert queue.progress(task_id) == Progress(0.5, "half")
    assert queue.stop_worker(1)
    result = queue.wait_result(task_id, PATIENCE_S)
    assert result is not None
    assert queue.progress(task_id) is None


def test_a_script_at_its_memory_limit_ends_alone_and_the_next_task_runs(
    place: Place, queue: TaskQueue
) -> None:
    if place.language == "Python":
        return  # a trusted function has no limit
    path = place.script(
        "function Run(data)\n  local kept = {}\n"
        "  while data == 'bad' do kept[#kept + 1] = ('x'):rep(100000) .. #kept end\n"
        "  return data\nend"
    )
    assert queue.start_worker(1, "Worker", path, options=place.options)
    assert result_of(queue, 1, "good").payload == "good"
    exhausted = result_of(queue, 1, "bad")
    assert exhausted.error is not None
    assert exhausted.error.kind is ErrorKind.MEMORY
    assert result_of(queue, 1, "good").payload == "good"


@pytest.mark.skipif(sys.platform == "win32", reason="nice is a number of Unix")
def test_a_child_runs_at_the_priority_that_is_asked_for(queue: TaskQueue) -> None:
    import os

    import psutil

    own = os.nice(0)
    for nice in (0, 5, 19):
        options = WorkerOptions(nice=nice)
        assert queue.start_native_worker(1, "Worker", worker_functions.pid, options=options)
        child = psutil.Process(result_of(queue, 1, None).payload)
        assert child.nice() == min(19, own + nice)
        assert queue.stop_worker(1)
