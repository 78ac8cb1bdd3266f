"""Each resource of an instance is made and destroyed once, where the worker's code runs."""

from __future__ import annotations

import logging
import math
import os
import posixpath
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
import psutil
import pytest
from eventually import PATIENCE_S, eventually, result_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worker_functions import ORDERS_THAT_FAIL, Diary, here, worker_code

from engine_tasks import ErrorKind, TaskError, TaskQueue, WorkerOptions
from engine_tasks.child import python_host
from engine_tasks.errors import TaskError as Error
from engine_tasks.executors.calling import calling_executors
from engine_tasks.executors.protocol import Executor, ExecutorDied, ExecutorStartError
from engine_tasks.executors.shipping import python_process_executors, ship
from engine_tasks.native import NativeCode
from engine_tasks.options import Isolation
from engine_tasks.payload import decode, encode
from engine_tasks.resource import CreateFailed, OwnedResource, ResourceGone
from engine_tasks.task import Task
from engine_tasks.worker_plan import WorkerPlan

ISOLATIONS: list[Isolation] = ["process", "thread", "inline"]


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "diary.txt")


def executor_of(code: NativeCode, isolation: Isolation, **options: Any) -> Executor:
    made = WorkerOptions(
        isolation=isolation,
        nice=0,
        create=code.create,
        destroy=code.destroy,
        check_health=code.check_health,
        **options,
    )
    make_executors = python_process_executors if isolation == "process" else calling_executors
    return make_executors("Worker", code.function, made)(0, lambda _task, _progress: None)


@pytest.fixture(params=ISOLATIONS)
def isolation(request: pytest.FixtureRequest) -> Isolation:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def start(diary: Diary, isolation: Isolation) -> Iterator[Callable[..., Executor]]:
    """`start(**wanted)` gives a started executor; after the test nothing of it is left."""
    started: list[Executor] = []

    def start_executor(**wanted: Any) -> Executor:
        executor = executor_of(worker_code(diary, **wanted), isolation)
        started.append(executor)
        executor.start()
        return executor

    yield start_executor
    for executor in started:
        executor.kill()
        executor.stop()


def run(executor: Executor, *orders: object) -> list[Any]:
    sent = [Task(number, encode(order), 0.0) for number, order in enumerate(orders, 1)]
    return [
        outcome if isinstance(outcome, TaskError) else decode(outcome)
        for outcome in executor.run(sent)
    ]


# --- making and destroying ---------------------------------------------------------------


def test_a_function_is_called_with_the_one_resource_of_its_instance(
    diary: Diary, start: Callable[..., Executor]
) -> None:
    executor = start()
    (made,) = diary.of("created")
    (name, *_), (again, *orders) = run(executor, "a", "b")
    assert name == again == made.split()[0]
    assert orders == ["a", "b"]
    assert not diary.of("destroyed")


def test_it_is_made_and_destroyed_where_the_code_runs(
    diary: Diary, isolation: Isolation, start: Callable[..., Executor]
) -> None:
    executor = start()
    run(executor, "a")
    executor.stop()
    executor.stop()
    assert len(diary.of("destroyed")) == 1
    assert diary.is_balanced
    (made,) = diary.of("created")
    assert made.endswith(here()) == (isolation != "process")


def test_every_instance_has_its_own(diary: Diary, isolation: Isolation) -> None:
    code = worker_code(diary)
    executors = [executor_of(code, isolation) for _ in range(3)]
    for executor in executors:
        executor.start()
    names = {run(executor, "a")[0][0] for executor in executors}
    for executor in executors:
        executor.stop()
    assert len(names) == 3
    assert diary.is_balanced


def test_nothing_is_made_before_the_start_and_nothing_destroyed_without_it(
    diary: Diary, isolation: Isolation
) -> None:
    executor = executor_of(worker_code(diary), isolation)
    executor.stop()
    assert not diary.path.exists()


def test_a_create_that_raises_is_a_start_error_that_names_it(
    diary: Diary, start: Callable[..., Executor]
) -> None:
    diary.down.touch()
    with pytest.raises(ExecutorStartError) as caught:
        start()
    assert str(caught.value).startswith("create, worker_functions.worker_code.<locals>.create()")
    assert str(caught.value).endswith("raised OSError: no database")
    assert 'raise OSError("no database")' in caught.value.traceback
    assert not diary.of("destroyed")


@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt()], ids=repr)
def test_no_create_ends_more_than_its_start(isolation: Isolation, raised: BaseException) -> None:
    def create() -> None:
        raise raised

    executor = executor_of(NativeCode(lambda resource, data: data, create), isolation)
    is_ctrl_c = isinstance(raised, KeyboardInterrupt) and isolation != "process"
    with pytest.raises(KeyboardInterrupt if is_ctrl_c else ExecutorStartError):
        executor.start()
    executor.stop()


def test_a_destroy_has_the_grace_of_a_stop_also_after_several_tasks(
    queue: TaskQueue, tmp_path: Path
) -> None:
    left = tmp_path / "destroyed"

    def destroy_slowly(_resource: None) -> None:
        threading.Event().wait(0.5)  # past what a child has that ends by itself
        left.write_text("yes")

    options = WorkerOptions(
        nice=0, create=lambda: None, destroy=destroy_slowly, stop_grace_s=PATIENCE_S
    )
    assert queue.start_native_worker(1, "W", lambda _resource, data: data, options=options)
    for n in range(3):
        result_of(queue, 1, n)
    queue.stop(PATIENCE_S)
    assert left.read_text() == "yes"


def test_a_destroy_that_raises_is_logged_with_the_label_and_harms_nothing(
    diary: Diary, start: Callable[..., Executor], caplog: pytest.LogCaptureFixture
) -> None:
    executor = start(destroy_fails=True)
    executor.stop()
    assert diary.is_balanced
    eventually(lambda: caplog.records)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    text = record.getMessage()
    assert text.startswith("Worker#0: destroy, worker_functions.worker_code.<locals>.destroy()")
    assert "raised SystemExit: it is stuck" in text
    assert "engine_tasks" not in text.replace(__file__, "")


def test_without_a_destroy_a_resource_is_left_to_python(isolation: Isolation) -> None:
    executor = executor_of(NativeCode(lambda resource, data: [resource, data], str), isolation)
    executor.start()
    assert run(executor, 1) == [["", 1]]
    executor.stop()


def test_a_falsy_resource_is_a_resource(diary: Diary, isolation: Isolation) -> None:
    def destroy(resource: None) -> None:
        diary.note("destroyed", resource)

    code = NativeCode(lambda resource, data: [resource, data], lambda: None, destroy)
    executor = executor_of(code, isolation)
    executor.start()
    assert run(executor, 1) == [[None, 1]]
    executor.stop()
    assert diary.of("destroyed") == ["None"]


def test_a_resource_that_must_stay_on_its_thread_does(tmp_path: Path, isolation: Isolation) -> None:
    path = tmp_path / "game.db"

    def create() -> sqlite3.Connection:
        return sqlite3.connect(path)

    def select(connection: sqlite3.Connection, number: int) -> int:
        return int(connection.execute("select ? + 1", (number,)).fetchone()[0])

    with TaskQueue() as queue:
        options = WorkerOptions(
            isolation=isolation, nice=0, create=create, destroy=sqlite3.Connection.close
        )
        assert queue.start_native_worker(1, "Worker", select, options=options)
        assert result_of(queue, 1, 41).payload == 42


# --- health --------------------------------------------------------------------------------


def test_an_unhealthy_executor_destroys_and_dies_with_the_error_of_the_task(
    diary: Diary, start: Callable[..., Executor]
) -> None:
    executor = start()
    outcomes = executor.run([Task(n, encode(order), 0.0) for n, order in [(1, "a"), (2, "sick")]])
    next(outcomes)
    with pytest.raises(ExecutorDied) as caught:
        next(outcomes)
    assert diary.is_balanced, "destroyed before the executor is given up"
    assert caught.value.unhealthy
    assert caught.value.began
    assert caught.value.error.kind is ErrorKind.FAILED
    assert caught.value.error.message == "ValueError: sick"
    assert "in function" in caught.value.error.traceback
    executor.stop()
    assert len(diary.of("destroyed")) == 1


def test_the_tasks_behind_an_unhealthy_one_do_not_begin(
    diary: Diary, start: Callable[..., Executor]
) -> None:
    executor = start()
    with pytest.raises(ExecutorDied) as caught:
        run(executor, "sick", "fail", "sick")
    assert caught.value.unhealthy
    assert len(diary.of("asked")) == 1
    with pytest.raises(ExecutorDied) as caught:
        run(executor, "a")
    assert not caught.value.began


def test_only_exceptions_of_the_function_are_asked_about_and_where_they_are(
    diary: Diary, start: Callable[..., Executor]
) -> None:
    executor = start()
    outcomes = run(executor, "fail", "exit", "bad result", 7, "a")
    kinds = [outcome.kind for outcome in outcomes[:4]]
    assert kinds == [
        *(ErrorKind.FAILED, ErrorKind.FAILED),
        *(ErrorKind.BAD_RESULT, ErrorKind.BAD_PAYLOAD),
    ]
    assert outcomes[4][-1] == "a"
    (made,) = diary.of("created")
    assert diary.of("asked") == [f"ValueError {made.split(' ', 1)[1]}"]


def test_a_check_that_raises_counts_as_healthy_and_is_logged(
    start: Callable[..., Executor], caplog: pytest.LogCaptureFixture
) -> None:
    executor = start()
    failed, good = run(executor, "unsure", "a")
    assert failed.message == "ValueError: unsure"
    assert good[-1] == "a"
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage().startswith("Worker#0: check_health, worker_functions.")
    assert "raised RuntimeError: who knows" in record.getMessage()


def test_health_is_checked_without_a_resource_as_well(isolation: Isolation) -> None:
    code = NativeCode(lambda number: 1 / number, check_health=lambda _error: False)
    executor = executor_of(code, isolation)
    executor.start()
    with pytest.raises(ExecutorDied) as caught:
        run(executor, 1, 0)
    assert caught.value.unhealthy
    executor.stop()


# --- ends that nobody planned ----------------------------------------------------------------


class Waiting:
    """A function, or a `create`, that goes on until the test lets it."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.go_on = threading.Event()

    def wait(self, *_arguments: object) -> str:
        self.began.set()
        assert self.go_on.wait(PATIENCE_S)
        return "done"


def test_a_thread_that_was_left_to_itself_destroys_when_its_function_returns(
    diary: Diary,
) -> None:
    waiting = Waiting()
    executor = executor_of(attrs.evolve(worker_code(diary), function=waiting.wait), "thread")
    outcomes: list[Any] = []

    def live() -> None:
        executor.start()
        outcomes.extend(run(executor, "x"))

    thread = threading.Thread(target=live)
    thread.start()
    assert waiting.began.wait(PATIENCE_S)
    executor.stop()
    executor.stop()
    assert not diary.of("destroyed")
    waiting.go_on.set()
    thread.join(PATIENCE_S)
    executor.stop()
    assert outcomes == ["done"]
    assert len(diary.of("destroyed")) == 1
    assert diary.is_balanced


def test_what_is_stopped_while_it_creates_destroys_and_does_not_start(diary: Diary) -> None:
    waiting = Waiting()
    code = worker_code(diary)

    def create() -> Any:
        waiting.wait()
        assert code.create is not None
        return code.create()

    executor = executor_of(attrs.evolve(code, create=create), "thread")
    errors: list[Exception] = []

    def live() -> None:
        try:
            executor.start()
        except ExecutorStartError as error:
            errors.append(error)

    thread = threading.Thread(target=live)
    thread.start()
    assert waiting.began.wait(PATIENCE_S)
    executor.stop()
    waiting.go_on.set()
    thread.join(PATIENCE_S)
    assert "stopped before it had started" in str(errors[0])
    assert len(diary.of("destroyed")) == 1
    assert diary.is_balanced


def test_a_child_destroys_when_its_game_is_gone(diary: Diary) -> None:
    executor: Any = executor_of(worker_code(diary), "process")
    executor.start()
    executor._child._stdin.close()
    eventually(lambda: diary.of("destroyed"))
    assert diary.is_balanced
    eventually(lambda: not executor.alive())
    executor.stop()


def test_a_child_whose_game_is_gone_before_it_is_ready_destroys(diary: Diary) -> None:
    _, nobody_reads = _pipe_without_a_reader()
    code = worker_code(diary)
    hello = {"max_bytes": 1000, "log_lines_per_s": 9, "progress_per_s": 9, **ship(code)}
    errors: list[OSError] = []

    def serve() -> None:
        try:
            python_host.serve(None, nobody_reads, hello)  # type: ignore[arg-type]
        except OSError as error:
            errors.append(error)

    thread = threading.Thread(target=serve)  # it has a `this_task` of its own
    thread.start()
    thread.join(PATIENCE_S)
    os.close(nobody_reads)
    assert errors
    assert len(diary.of("created")) == 1
    assert diary.is_balanced


def _pipe_without_a_reader() -> tuple[int, int]:
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    return read_fd, write_fd


def test_a_child_that_cannot_log_still_ends_its_resource(diary: Diary) -> None:
    executor: Any = executor_of(worker_code(diary, destroy_fails=True), "process")
    executor.start()
    executor._child._stdout.close()
    executor._child._stdin.close()
    eventually(lambda: diary.of("destroyed"))
    eventually(lambda: not executor.alive())
    executor.kill()
    executor._child.close()
    assert executor._child.last_output == ""


def test_a_destroy_that_hangs_is_killed_with_its_child(diary: Diary) -> None:
    def hang(_resource: object) -> None:
        diary.note("hangs", here())
        threading.Event().wait()

    executor = executor_of(attrs.evolve(worker_code(diary), destroy=hang), "process")
    executor.start()
    executor.stop()
    (place,) = diary.of("hangs")
    assert not psutil.pid_exists(int(place.split()[0]))


def test_an_unhealthy_child_has_the_time_to_destroy(diary: Diary) -> None:
    code = worker_code(diary)

    def destroy(resource: list[str]) -> None:
        threading.Event().wait(0.1)
        assert code.destroy is not None
        code.destroy(resource)

    executor = executor_of(attrs.evolve(code, destroy=destroy), "process")
    executor.start()
    with pytest.raises(ExecutorDied):
        run(executor, "sick")
    assert diary.of("destroyed")
    assert diary.is_balanced
    executor.stop()


def test_a_resource_asks_its_child_in_vain_for_a_task(isolation: Isolation, diary: Diary) -> None:
    from engine_tasks import this_task

    def note(*_resource: object) -> None:
        this_task.progress(0.5, "of no task")
        diary.note("task", this_task.task_id(), this_task.cancelled())

    executor = executor_of(NativeCode(lambda r, d: d, note, note), isolation)
    executor.start()
    assert run(executor, 1) == [1]
    executor.cancel()
    executor.stop()
    assert diary.of("task") == ["None False", "None False"]


# --- any of it, in any order ---------------------------------------------------------------

ORDERS = ["a", *ORDERS_THAT_FAIL, "bad result", 7]
ENDS = ["stop", "stop twice", "game gone", "cancel, stop"]


def live_through(
    folder: Path, isolation: Isolation, orders: list[Any], end: str, *, destroy_fails: bool
) -> None:
    """Run the orders on one instance after the other, as a pool would, and compare."""
    diary = Diary(folder / f"{os.urandom(4).hex()}.txt")
    code = worker_code(diary, destroy_fails=destroy_fails)
    lives, executor = 1, executor_of(code, isolation)
    executor.start()
    for order in orders:
        try:
            run(executor, order)
        except ExecutorDied:
            executor.stop()
            assert diary.is_balanced
            fail_to_start(executor_of(code, isolation), diary)
            lives, executor = lives + 1, executor_of(code, isolation)
            executor.start()
    if end == "game gone" and isolation == "process":
        executor._child._stdin.close()  # type: ignore[attr-defined]
        eventually(lambda: len(diary.of("destroyed")) == lives)
    if end.startswith("cancel"):
        executor.cancel()
    for _ in range(1 + (end == "stop twice")):
        executor.stop()
    assert len(diary.of("created")) == len(diary.of("destroyed")) == lives
    assert diary.is_balanced


def fail_to_start(executor: Executor, diary: Diary) -> None:
    diary.down.touch()
    with pytest.raises(ExecutorStartError):
        executor.start()
    executor.stop()
    diary.down.unlink()


def lives(count: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        given_lives = given(
            orders=st.lists(st.sampled_from(ORDERS), max_size=5),
            end=st.sampled_from(ENDS),
            destroy_fails=st.booleans(),
        )
        fixtures = HealthCheck.function_scoped_fixture
        return settings(deadline=None, max_examples=count, suppress_health_check=[fixtures])(
            given_lives(test)
        )

    return decorate


@lives(40)
def test_as_many_are_destroyed_as_made_on_a_thread(
    tmp_path: Path, orders: list[Any], end: str, destroy_fails: bool
) -> None:
    live_through(tmp_path, "thread", orders, end, destroy_fails=destroy_fails)


@lives(6)
def test_as_many_are_destroyed_as_made_in_children(
    tmp_path: Path, orders: list[Any], end: str, destroy_fails: bool
) -> None:
    live_through(tmp_path, "process", orders, end, destroy_fails=destroy_fails)


@settings(deadline=None)
@given(st.permutations(["create", "destroy", "destroy", "use", "use"]))
def test_a_resource_is_destroyed_once_in_any_order_of_calls(calls: list[str]) -> None:
    events: list[str] = []
    owned = OwnedResource(
        lambda: events.append("made"), lambda _: events.append("destroyed"), events.append
    )
    for call in calls:
        try:
            if call == "use":
                with owned:
                    events.append("used")
            else:
                getattr(owned, call)()
        except (CreateFailed, ResourceGone):
            pass
    is_made = calls.index("create") < calls.index("destroy")
    used = calls[calls.index("create") : calls.index("destroy")].count("use") if is_made else 0
    assert events == (["made", *["used"] * used, "destroyed"] if is_made else [])


@pytest.mark.parametrize("_time", range(20))
def test_of_many_threads_that_end_a_resource_one_destroys_it(_time: int) -> None:
    destroyed: list[object] = []
    owned = OwnedResource(object, destroyed.append, print)
    owned.create()
    meeting = threading.Barrier(4)
    used_too_late: list[bool] = []

    def end() -> None:
        meeting.wait(PATIENCE_S)
        owned.destroy()

    def use() -> None:
        meeting.wait(PATIENCE_S)
        with suppress(ResourceGone), owned:
            used_too_late.append(bool(destroyed))

    threads = [threading.Thread(target=what) for what in (end, end, end, use)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(destroyed) == 1
    assert True not in used_too_late


# --- through a queue -------------------------------------------------------------------------


def test_a_worker_of_a_queue_leaves_nothing_behind(
    diary: Diary, isolation: Isolation, queue: TaskQueue
) -> None:
    code = worker_code(diary)
    options = WorkerOptions(isolation=isolation, nice=0, create=code.create, destroy=code.destroy)
    assert queue.start_native_worker(1, "Worker", code.function, 2, options=options)
    for n in range(10):
        assert result_of(queue, 1, f"order {n}").payload[-1] == f"order {n}"
    assert queue.stop_worker(1)
    queue.stop(PATIENCE_S)
    assert len(diary.of("created")) == (1 if isolation == "inline" else 2)
    assert diary.is_balanced


# --- how it travels ---------------------------------------------------------------------------


def test_what_goes_by_value_shares_what_it_captured(isolation: Isolation) -> None:
    log: list[str] = []

    def create() -> int:
        log.append("create")
        return len(log)

    def check_health(error: Exception) -> bool:
        log.append("check")
        return True

    def function(resource: int, order: str) -> list[str]:
        if order == "fail":
            raise ValueError(order)
        return [str(resource), *log]

    executor = executor_of(NativeCode(function, create, check_health=check_health), isolation)
    executor.start()
    assert run(executor, "fail", "tell")[1] == ["1", "create", "check"]
    executor.stop()


class Pool:
    """Connections, of which one object keeps count."""

    def __init__(self) -> None:
        self.open_count = 0

    def open(self) -> Pool:
        self.open_count += 1
        return self

    def close(self, resource: Pool) -> None:
        resource.open_count -= 1


def test_methods_of_one_object_are_methods_of_one_object_there(isolation: Isolation) -> None:
    pool = Pool()

    def function(resource: Pool, data: Any) -> list[Any]:
        return [resource is pool, pool.open_count]

    executor = executor_of(NativeCode(function, pool.open, pool.close), isolation)
    executor.start()
    assert run(executor, None) == [[True, 1]]
    executor.stop()


def test_what_can_be_imported_goes_by_its_name() -> None:
    shipped = ship(NativeCode(math.hypot, posixpath.join, print, isinstance))
    assert shipped == {
        "names": {
            "function": ("math", "hypot"),
            "create": ("posixpath", "join"),
            "destroy": ("builtins", "print"),
            "check_health": ("builtins", "isinstance"),
        }
    }


def test_names_and_values_travel_beside_each_other() -> None:
    executor = executor_of(NativeCode(math.hypot, lambda: 3), "process")
    executor.start()
    assert run(executor, 4) == [5.0]
    executor.stop()


@pytest.mark.parametrize("role", ["create", "destroy", "check_health"])
def test_what_cannot_travel_is_named(role: str) -> None:
    lock = threading.Lock()

    def stuck(*_arguments: object) -> Any:
        return lock

    code = attrs.evolve(NativeCode(lambda r, d: d, dict), **{role: stuck})
    with pytest.raises(TypeError) as caught:
        executor_of(code, "process")
    message = str(caught.value)
    assert message.startswith(f"{role}, test_resources.")
    assert "stuck(), cannot travel to a child process" in message
    assert "the captured variable 'lock', an object of _thread.lock" in message
    executor_of(code, "thread")


# --- misuse -----------------------------------------------------------------------------------


def test_the_payloads_hint_is_the_contract_beside_a_resource(isolation: Isolation) -> None:
    def double(resource: dict[str, int], number: int) -> int:
        return 2 * number

    executor = executor_of(NativeCode(double, dict), isolation)
    executor.start()
    refused, good = run(executor, "two", 2)
    assert refused.kind is ErrorKind.BAD_PAYLOAD
    assert "expected int, not str" in refused.message
    assert good == 4
    executor.stop()


@pytest.mark.parametrize("isolation", ["process", "thread"])
@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        (NativeCode(lambda d: d, dict), r"two arguments, .*: function\(resource, payload\)"),
        (NativeCode(lambda a, b, c: a, dict), r"two arguments, .*: function\(resource, payload\)"),
        (NativeCode(lambda r, d: d), r"one argument, .*: function\(payload\); only with Worker"),
        (NativeCode(lambda r, d: d, lambda x: x), r"WorkerOptions calls create\(\), which "),
        (NativeCode(lambda r, d: d, dict, lambda: 0), r"WorkerOptions calls destroy\(resource\), "),
        (
            NativeCode(lambda d: d, check_health=lambda: True),
            r"WorkerOptions calls check_health\(error\), which .*lambda>\(\) does not allow: too",
        ),
    ],
)
def test_what_cannot_be_called_so_is_refused_with_the_form_that_is_expected(
    isolation: Isolation, code: NativeCode, complaint: str
) -> None:
    with pytest.raises(TypeError, match=complaint):
        executor_of(code, isolation)


@pytest.mark.parametrize(
    "option", [{"create": dict}, {"check_health": bool}, {"create": dict, "destroy": print}]
)
def test_a_script_has_no_resource_of_pythons(option: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is for native workers; a script returns a table"):
        WorkerPlan.lua(1, "Worker", "script.lua", 1, WorkerOptions(**option))


def test_a_death_is_no_matter_of_health_unless_it_says_so() -> None:
    assert not ExecutorDied(Error(ErrorKind.CRASHED, "x")).unhealthy
