"""What dies is replaced, within limits, whoever dies: an instance, a supervisor, the root."""

import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import attrs
import psutil
import pykka
import pytest
import worker_functions
from eventually import PATIENCE_S, eventually, result_of
from gate import Gate

from engine_tasks import (
    ErrorKind,
    RestartPolicy,
    RetryPolicy,
    TaskQueue,
    TaskResult,
    WorkerOptions,
    this_task,
)
from engine_tasks.pools import root
from engine_tasks.pools.instance import Instance
from engine_tasks.pools.messages import RENEW, STOP
from engine_tasks.pools.pool import Pool
from engine_tasks.pools.root import ROOT, RootSupervisor
from engine_tasks.pools.slots import InstanceState, PoolPhase
from engine_tasks.pools.supervisor import StartSlot, Supervisor
from engine_tasks.timer import TIMER

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")

QUICK = WorkerOptions(nice=0, stop_grace_s=0.2, cancel_grace_s=0.01)
THREAD = attrs.evolve(QUICK, isolation="thread")
#: Seconds of a backoff that no test waits for.
LONG_S = 3600.0


def start(
    queue: TaskQueue,
    function: Callable[..., Any],
    instances_count: int = 1,
    *,
    worker_id: int = 1,
    options: WorkerOptions = QUICK,
    wait: bool = True,
) -> Pool:
    """A worker of this function; its pool."""
    assert queue.start_native_worker(
        worker_id, f"Worker{worker_id}", function, instances_count, options=options, wait=wait
    ), queue.last_error
    return pool_of(queue, worker_id)


def pool_of(queue: TaskQueue, worker_id: int = 1) -> Pool:
    pool = queue._workers[worker_id]._pool
    assert isinstance(pool, Pool)
    return pool


def instance_of(pool: Pool) -> pykka.ActorRef[Any]:
    """The actor of the first slot."""
    ref = pool.tasks.refs()[0][2]
    assert ref is not None
    return ref


def send(queue: TaskQueue, *payloads: object) -> list[int]:
    ids = [queue.send_task(1, data) for data in payloads]
    assert None not in ids, queue.last_error
    return [task_id for task_id in ids if task_id is not None]


def results_of(queue: TaskQueue, ids: list[int]) -> list[TaskResult]:
    results = [queue.wait_result(task_id, PATIENCE_S) for task_id in ids]
    assert None not in results
    return [result for result in results if result is not None]


def message_of(result: TaskResult, kind: ErrorKind = ErrorKind.CRASHED) -> str:
    assert result.error is not None
    assert result.error.kind is kind
    return result.error.message


def instances(queue: TaskQueue) -> tuple[str, ...]:
    state = queue.worker_state(1)
    assert state is not None
    return state.instances


def phase(queue: TaskQueue) -> PoolPhase:
    state = queue.worker_state(1)
    assert state is not None
    return state.phase


def pids() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def stop_actor(ref: pykka.ActorRef[Any]) -> None:
    """As a game might, by way of `pykka.ActorRegistry`."""
    assert ref in pykka.ActorRegistry.get_all()
    ref.stop(block=False)
    eventually(lambda: not ref.is_alive())


# --- a crash loop ---------------------------------------------------------------------------

TWICE = attrs.evolve(QUICK, restart=RestartPolicy(max_restarts=2, first_backoff_s=0.0))


def test_a_crash_loop_fails_the_pool_with_its_policy_and_its_cause(queue: TaskQueue) -> None:
    start(queue, worker_functions.leave, options=TWICE)
    ids = send(queue, 9, 9, 9, "waits", "waits too")
    results = results_of(queue, ids)
    reason = (
        "the worker 'Worker1' failed: its instance 0 was replaced 2 times within 60 s "
        "(WorkerOptions.restart) and died again: "
        "the child process of Worker1#0 exited with status 9"
    )
    assert [message_of(result) for result in results[3:]] == [reason] * 2
    assert queue.next_task_result(1) is None
    state = queue.worker_state(1)
    assert state is not None
    assert state.phase is PoolPhase.FAILED
    assert str(state.error) == reason
    assert queue.send_task(1, "x") is None
    assert reason in str(queue.last_error)
    eventually(lambda: not pids())
    eventually(lambda: instances(queue) == ("STOPPED",))


def test_a_failed_worker_is_revived_with_its_id_and_its_dead_letters(queue: TaskQueue) -> None:
    start(queue, worker_functions.leave, options=TWICE)
    ids = send(queue, 9, 9, 9)
    results_of(queue, ids)
    eventually(lambda: phase(queue) is PoolPhase.FAILED)
    assert queue.restart_worker(1), queue.last_error
    assert phase(queue) is PoolPhase.RUNNING
    assert result_of(queue, 1, "x").payload == "x"
    letters = queue.dead_letters(1)
    assert letters is not None
    assert [letter.task_id for letter in letters] == ids
    for _ in range(2):  # what the former pool had granted counts no more
        assert not result_of(queue, 1, 9).ok
    assert result_of(queue, 1, "x").ok


def test_a_worker_that_cannot_be_revived_says_why_and_may_be_asked_again(
    queue: TaskQueue, tmp_path: Path
) -> None:
    flag = tmp_path / "broken"

    def create() -> None:
        if flag.exists():
            raise RuntimeError("no map today")

    def leave(_resource: None, data: Any) -> Any:
        return worker_functions.leave(data)

    policy = RestartPolicy(max_restarts=1, first_backoff_s=0.0)
    start(queue, leave, options=attrs.evolve(QUICK, restart=policy, create=create))
    flag.touch()
    assert not result_of(queue, 1, 9).ok
    eventually(lambda: phase(queue) is PoolPhase.FAILED)
    assert not queue.restart_worker(1)
    assert "no map today" in str(queue.last_error)
    assert phase(queue) is PoolPhase.FAILED
    flag.unlink()
    assert queue.restart_worker(1), queue.last_error
    assert result_of(queue, 1, "x").ok


def test_another_pool_does_not_notice_a_crash_loop(queue: TaskQueue) -> None:
    other = start(queue, worker_functions.pid, worker_id=2)
    pid, supervisor_before = result_of(queue, 2, None).payload, other._supervisor
    start(queue, worker_functions.leave, options=TWICE)
    results_of(queue, send(queue, 9, 9, 9))
    eventually(lambda: phase(queue) is PoolPhase.FAILED)
    assert result_of(queue, 2, None).payload == pid
    assert other._supervisor is supervisor_before


def test_a_replacement_waits_for_its_backoff(queue: TaskQueue) -> None:
    policy = RestartPolicy(first_backoff_s=LONG_S, max_backoff_s=LONG_S, jitter=0.0)
    start(queue, worker_functions.leave, options=attrs.evolve(QUICK, restart=policy))
    for _ in range(2):  # the first replacement comes at once
        assert not result_of(queue, 1, 9).ok
    (waits,) = send(queue, "waits")
    eventually(lambda: instances(queue) == ("RESTARTING",))
    eventually(lambda: [t for _, _, t in TIMER._heap if t.call and t.due_s > LONG_S / 2])
    assert queue.tasks_waiting(1) == 1
    pool_of(queue).tell_supervisor(StartSlot(0))  # as the timer will
    assert results_of(queue, [waits])[0].payload == "waits"


def test_tasks_that_had_to_be_killed_never_fail_a_pool(queue: TaskQueue) -> None:
    options = attrs.evolve(QUICK, restart=RestartPolicy(max_restarts=0))
    start(queue, worker_functions.spin_when_bad, options=options)

    def cancel_what_hangs() -> None:
        before = pids()
        (task_id,) = send(queue, "bad")
        eventually(lambda: queue.tasks_in_progress(1))
        assert queue.cancel(task_id)
        eventually(lambda: pids() and not pids() & before)

    for _ in range(5):
        cancel_what_hangs()
    assert phase(queue) is PoolPhase.RUNNING
    assert result_of(queue, 1, "good").payload == "good"
    send(queue, "bad")
    eventually(lambda: queue.tasks_in_progress(1))
    psutil.Process(pids().pop()).kill()
    eventually(lambda: phase(queue) is PoolPhase.FAILED)


def test_an_unhealthy_instance_counts_as_a_restart(queue: TaskQueue) -> None:
    def create() -> int:
        return os.getpid()

    def fail(_pid: int, _data: object) -> None:
        raise RuntimeError("the connection is gone")

    def is_healthy(_error: Exception) -> bool:
        return False

    options = attrs.evolve(
        QUICK,
        create=create,
        check_health=is_healthy,
        restart=RestartPolicy(max_restarts=1, first_backoff_s=0.0),
    )
    start(queue, fail, options=options)
    assert "replaced 1 times" in message_of(result_of(queue, 1, None))
    state = queue.worker_state(1)
    assert state is not None
    assert state.phase is PoolPhase.FAILED
    assert "the connection is gone" in str(state.error)


# --- a restart that is asked for -----------------------------------------------------------


def test_a_restart_of_a_running_worker_replaces_its_instances_and_loses_nothing(
    queue: TaskQueue,
) -> None:
    start(queue, worker_functions.pid, 2)
    before = pids()
    ids = send(queue, *range(300))
    assert queue.restart_worker(1)
    ids += send(queue, *range(300))
    results = results_of(queue, ids)
    assert all(result.ok and result.attempts == 1 for result in results)
    eventually(lambda: not pids() & before)
    eventually(lambda: instances(queue) == ("IDLE", "IDLE"))
    assert len(pids()) == 2


def test_a_restart_waits_for_the_task_that_runs_and_not_for_those_that_wait(
    queue: TaskQueue, gate: Gate
) -> None:
    numbers = itertools.count()
    options = attrs.evolve(THREAD, create=lambda: next(numbers))
    pool = start(queue, lambda number, data: (number, gate(data)), options=options)
    ids = send(queue, "wait", "next")
    gate.wait_entered()
    assert queue.restart_worker(1)
    eventually(lambda: not instance_of(pool).actor_inbox.empty())
    assert queue.tasks_in_progress(1) == 1
    gate.open()
    assert [result.payload for result in results_of(queue, ids)] == [[0, "wait"], [1, "next"]]


def test_ping_is_answered_while_tasks_wait(queue: TaskQueue, gate: Gate) -> None:
    heard = threading.Event()

    def run(data: object) -> object:
        return gate(data) if data == "wait" else heard.wait(PATIENCE_S)

    pool = start(queue, run, options=THREAD)
    ids = send(queue, "wait", "next")
    gate.wait_entered()
    pool.ping(heard.set)
    eventually(lambda: not instance_of(pool).actor_inbox.empty())
    gate.open()
    assert [result.payload for result in results_of(queue, ids)] == ["wait", True]


def test_a_late_answer_to_a_ping_is_none_to_the_next(queue: TaskQueue, gate: Gate) -> None:
    start(queue, gate, 2, options=THREAD)
    ids = send(queue, "wait", "wait")
    for _ in range(2):
        gate.wait_entered()
    assert queue.ping(1, 0.0) == 0
    heard: list[int] = []
    pool_of(queue).ping(lambda: heard.append(1))
    gate.open()
    results_of(queue, ids)
    eventually(lambda: len(heard) == 2)
    assert queue.ping(1, PATIENCE_S) == 2
    assert len(heard) == 2


def test_a_stopped_instance_leaves_what_waits_to_the_next(queue: TaskQueue, gate: Gate) -> None:
    numbers = itertools.count()
    options = attrs.evolve(THREAD, create=lambda: next(numbers))
    start(queue, lambda number, data: (number, gate(data)), options=options)
    ids = send(queue, "wait", "next")
    gate.wait_entered()
    for ref in pykka.ActorRegistry.get_by_class(Instance):
        ref.stop(block=False)
    gate.open()
    assert [result.payload for result in results_of(queue, ids)] == [[0, "wait"], [1, "next"]]


# --- an instance is stopped or found dead ---------------------------------------------------


@pytest.mark.parametrize("options", [QUICK, THREAD], ids=["process", "thread"])
def test_an_instance_that_is_stopped_from_outside_is_replaced(
    queue: TaskQueue, options: WorkerOptions
) -> None:
    pool = start(queue, worker_functions.echo, 2, options=options)
    for _ in range(3):
        ids = send(queue, *range(50))
        stop_actor(pykka.ActorRegistry.get_by_class(Instance)[-1])
        assert [result.payload for result in results_of(queue, ids)] == list(range(50))
    eventually(lambda: instances(queue) == ("IDLE", "IDLE"))
    assert not pool.error


def test_an_instance_that_is_stopped_before_it_has_its_slot_is_replaced(
    queue: TaskQueue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begin, victims = Instance.start, [1]

    def start_and_stop(*arguments: Any) -> pykka.ActorRef[Any]:
        ref = begin(*arguments)
        if victims:
            victims.pop()
            ref.stop()
        return ref

    monkeypatch.setattr(Instance, "start", start_and_stop)
    start(queue, worker_functions.echo)
    assert result_of(queue, 1, "x").payload == "x"
    assert not victims
    assert "Unhandled exception" not in caplog.text


def test_an_instance_that_fails_by_itself_is_replaced_and_answers_its_task(
    queue: TaskQueue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start(queue, worker_functions.pid)
    before, run = result_of(queue, 1, None).payload, Instance._run

    def fail(instance: Instance, tasks: Any) -> bool:
        monkeypatch.setattr(Instance, "_run", run)
        raise RuntimeError("a fault of the library")

    monkeypatch.setattr(Instance, "_run", fail)
    crashed = result_of(queue, 1, None)
    assert "the instance failed: RuntimeError: a fault of the library" in message_of(crashed)
    assert result_of(queue, 1, None).payload != before
    eventually(lambda: len(pids()) == 1)
    assert "ActorDeadError" not in caplog.text


def test_ping_counts_the_instances_and_has_a_dead_one_replaced_without_a_task(
    queue: TaskQueue,
) -> None:
    start(queue, worker_functions.pid, 2)
    assert queue.ping(1, PATIENCE_S) == 2
    before = pids()
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: psutil.Process(victim).status() == psutil.STATUS_ZOMBIE)
    eventually(lambda: queue.ping(1, 0.1) == 2)
    assert len(pids()) == 2
    assert len(pids() & before) == 1
    assert queue.ping(9) is None


# --- a supervisor ends ---------------------------------------------------------------------


class Poison:
    """A message that makes a supervisor fail."""


class Fault(Exception):
    """A fault of the library."""


@pytest.fixture
def poisonous(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have supervisors fail at `Poison`."""
    receive = Supervisor.on_receive

    def on_receive(self: Supervisor, message: object) -> None:
        if isinstance(message, Poison):
            raise Fault
        receive(self, message)

    monkeypatch.setattr(Supervisor, "on_receive", on_receive)


def end_supervisor(pool: Pool, how: str = "stopped") -> None:
    """End the supervisor of a pool, and wait for the next one."""
    before = pool._supervisor
    if how == "failed":
        before.tell(Poison())
    else:
        stop_actor(before)
    eventually(lambda: pool._supervisor is not before or pool.wait_stopped(0.0))


@contextmanager
def unheard(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody hears what the pool's supervisor is told meanwhile: it is stopped before."""
    receive, held, release = Supervisor.on_receive, threading.Event(), threading.Event()

    def on_receive(self: Supervisor, message: object) -> None:
        if message is release:
            held.set()
            release.wait(PATIENCE_S)
        else:
            receive(self, message)

    monkeypatch.setattr(Supervisor, "on_receive", on_receive)
    before = pool._supervisor
    before.tell(release)
    assert held.wait(PATIENCE_S)
    before.stop(block=False)
    yield
    release.set()
    eventually(lambda: pool._supervisor is not before)


@pytest.mark.usefixtures("poisonous")
@pytest.mark.parametrize("how", ["stopped", "failed"])
def test_a_supervisor_that_ends_is_replaced_and_its_pool_goes_on(
    queue: TaskQueue, how: str
) -> None:
    pool = start(queue, worker_functions.leave, 2)
    before = pids()
    ids = send(queue, *(f"task {n}" for n in range(200)))
    end_supervisor(pool, how)
    assert [result.payload for result in results_of(queue, ids)][-1] == "task 199"
    assert pids() == before
    assert not result_of(queue, 1, 3).ok
    assert result_of(queue, 1, "x").payload == "x"
    eventually(lambda: instances(queue) == ("IDLE", "IDLE"))
    assert len(pids() & before) == 1
    assert phase(queue) is PoolPhase.RUNNING


def test_a_supervisor_may_end_while_a_slot_waits_for_its_backoff(queue: TaskQueue) -> None:
    policy = RestartPolicy(first_backoff_s=LONG_S, max_backoff_s=LONG_S)
    pool = start(queue, worker_functions.leave, options=attrs.evolve(QUICK, restart=policy))
    for _ in range(2):
        assert not result_of(queue, 1, 9).ok
    (waits,) = send(queue, "waits")
    eventually(lambda: instances(queue) == ("RESTARTING",))
    end_supervisor(pool)
    assert results_of(queue, [waits])[0].payload == "waits"
    pool.tell_supervisor(StartSlot(0))  # that of the timer, too late
    assert result_of(queue, 1, "x").payload == "x"
    assert len(pids()) == 1


@pytest.mark.usefixtures("poisonous")
@pytest.mark.parametrize("how", ["stopped", "failed"])
def test_a_supervisor_may_end_while_its_instances_start(
    queue: TaskQueue, gate: Gate, how: str
) -> None:
    options = attrs.evolve(THREAD, create=lambda: gate("wait"))
    pool = start(queue, lambda _resource, data: data, 2, options=options, wait=False)
    for _ in range(2):
        gate.wait_entered()
    (waits,) = send(queue, "waits")
    end_supervisor(pool, how)
    gate.open()
    assert pool.wait_started(PATIENCE_S) is PoolPhase.RUNNING
    assert results_of(queue, [waits])[0].payload == "waits"
    assert gate.ran == ["wait"] * 2


def test_a_start_that_nobody_heard_of_is_seen(
    queue: TaskQueue, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = attrs.evolve(THREAD, create=lambda: gate("wait"))
    pool = start(queue, lambda _resource, data: data, options=options, wait=False)
    gate.wait_entered()
    with unheard(pool, monkeypatch):
        gate.open()
        eventually(lambda: instances(queue) == ("IDLE",))
        assert pool.phase is PoolPhase.STARTING
    assert pool.wait_started(PATIENCE_S) is PoolPhase.RUNNING


def test_a_failed_start_that_nobody_heard_of_is_tried_again(
    queue: TaskQueue, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create() -> None:
        gate("wait")
        raise RuntimeError("no map today")

    options = attrs.evolve(THREAD, create=create)
    assert result_of(queue, 0, "the echo's instance is there").ok
    others = set(pykka.ActorRegistry.get_by_class(Instance))
    pool = start(queue, lambda _resource, data: data, options=options, wait=False)
    gate.wait_entered()
    with unheard(pool, monkeypatch):
        gate.open()
        eventually(lambda: set(pykka.ActorRegistry.get_by_class(Instance)) <= others)
    assert pool.wait_started(PATIENCE_S) is PoolPhase.FAILED
    assert "no map today" in str(pool.error)


def test_a_restart_that_fails_while_supervisors_change_is_tried_again(
    queue: TaskQueue, gate: Gate
) -> None:
    numbers = itertools.count()

    def create() -> int:
        number = next(numbers)
        if number == 1:
            gate("wait")
            raise RuntimeError("not now")
        return number

    policy = RestartPolicy(first_backoff_s=0.001)
    options = attrs.evolve(THREAD, create=create, restart=policy)
    pool = start(queue, lambda number, _data: number, options=options)
    assert queue.restart_worker(1)
    gate.wait_entered()
    end_supervisor(pool)
    gate.open()
    assert result_of(queue, 1, None).payload == 2
    assert phase(queue) is PoolPhase.RUNNING


@pytest.mark.parametrize("options", [QUICK, THREAD], ids=["process", "thread"])
def test_a_death_that_nobody_heard_of_is_seen(
    queue: TaskQueue, monkeypatch: pytest.MonkeyPatch, options: WorkerOptions
) -> None:
    pool = start(queue, worker_functions.echo, options=options)
    with unheard(pool, monkeypatch):
        stop_actor(instance_of(pool))
        eventually(lambda: instances(queue) == ("RESTARTING",))
    assert result_of(queue, 1, "x").payload == "x"


def test_a_death_that_comes_just_after_its_supervisors_is_heard(
    queue: TaskQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The actor is dead already, and takes its time to say so."""
    pool = start(queue, worker_functions.echo, options=THREAD)
    end, may_end = Instance.on_stop, threading.Event()

    def on_stop(instance: Instance) -> None:
        may_end.wait(PATIENCE_S)
        end(instance)

    monkeypatch.setattr(Instance, "on_stop", on_stop)
    stop_actor(instance_of(pool))
    end_supervisor(pool)
    eventually(pool._supervisor.actor_inbox.empty)
    may_end.set()
    assert result_of(queue, 1, "x").payload == "x"


def test_a_stop_that_nobody_heard_of_ends_all_the_same(
    queue: TaskQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = start(queue, worker_functions.echo, 2)
    with unheard(pool, monkeypatch):
        queue.stop_worker(1)
        instance_of(pool).tell(STOP)  # one has ended already
        eventually(lambda: len(pids()) == 1)
    assert pool.wait_stopped(PATIENCE_S)
    eventually(lambda: not pids())


def test_a_supervisor_may_end_during_a_stop_that_has_to_kill(queue: TaskQueue, gate: Gate) -> None:
    pool = start(queue, gate, options=attrs.evolve(THREAD, stop_grace_s=LONG_S))
    (hung,) = send(queue, "wait")
    gate.wait_entered()
    queue.stop_worker(1)
    end_supervisor(pool)
    assert not pool.wait_stopped(0.0)
    pool.kill()
    assert pool.wait_stopped(PATIENCE_S)
    assert "was stopped" in message_of(results_of(queue, [hung])[0], ErrorKind.STOPPED)


def test_what_was_given_up_is_not_waited_for_by_the_next_supervisor(
    queue: TaskQueue, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = start(queue, gate, options=attrs.evolve(THREAD, stop_grace_s=LONG_S))
    send(queue, "wait")
    gate.wait_entered()
    with unheard(pool, monkeypatch):
        pool.kill()
    assert pool.wait_stopped(PATIENCE_S / 2)


def test_supervisors_that_end_again_and_again_fail_the_pool_and_leave_nothing(
    queue: TaskQueue, caplog: pytest.LogCaptureFixture
) -> None:
    pool = start(queue, worker_functions.spin_when_bad, 2)
    actors = set(pykka.ActorRegistry.get_by_class(Instance))
    ids = send(queue, "bad")
    eventually(lambda: queue.tasks_in_progress(1) == 1)
    while not pool.wait_stopped(0.0):
        end_supervisor(pool)
    message_of(results_of(queue, ids)[0], ErrorKind.STOPPED)
    state = queue.worker_state(1)
    assert state is not None
    assert state.phase is PoolPhase.FAILED
    assert "its supervisor was stopped again and again" in str(state.error)
    assert queue.send_task(1, "x") is None
    eventually(lambda: not pids())
    eventually(lambda: len(actors & set(pykka.ActorRegistry.get_by_class(Instance))) == 1)
    assert queue.restart_worker(1), queue.last_error
    assert result_of(queue, 1, "x").payload == "x"


# --- the root ends too -----------------------------------------------------------------------


def test_a_root_that_is_stopped_is_replaced_by_the_next_that_is_needed(queue: TaskQueue) -> None:
    pool = start(queue, worker_functions.leave)
    for _ in range(3):
        end_supervisor(pool)
        for ref in pykka.ActorRegistry.get_by_class(RootSupervisor):
            stop_actor(ref)
    assert not result_of(queue, 1, 3).ok
    assert result_of(queue, 1, "x").payload == "x"


def test_what_a_root_was_told_behind_its_stop_is_done_by_the_next(queue: TaskQueue) -> None:
    pool = start(queue, worker_functions.echo)
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        release.wait(PATIENCE_S)

    ROOT.replace_supervisor(hold)
    assert held.wait(PATIENCE_S)
    for ref in pykka.ActorRegistry.get_by_class(RootSupervisor):
        ref.stop(block=False)
    before = pool._supervisor
    stop_actor(before)
    release.set()
    eventually(lambda: pool._supervisor is not before)


@pytest.mark.parametrize("actor_class", [Supervisor, RootSupervisor])
def test_a_replacement_that_finds_no_thread_is_tried_again(
    queue: TaskQueue, monkeypatch: pytest.MonkeyPatch, actor_class: type[pykka.ThreadingActor]
) -> None:
    monkeypatch.setattr(root, "ANOTHER_TRY_S", 0.01)
    pool = start(queue, worker_functions.leave)
    for ref in pykka.ActorRegistry.get_by_class(RootSupervisor):
        stop_actor(ref)
    begin, failures = actor_class.start, [RuntimeError("can't start new thread")]

    def start_or_fail(*arguments: Any) -> pykka.ActorRef[Any]:
        if failures:
            raise failures.pop()
        return begin(*arguments)

    monkeypatch.setattr(actor_class, "start", start_or_fail)
    end_supervisor(pool)
    assert not failures
    assert not result_of(queue, 1, 3).ok
    assert result_of(queue, 1, "x").payload == "x"


def test_a_game_may_stop_every_actor_there_is(queue: TaskQueue) -> None:
    start(queue, worker_functions.echo, 2)
    start(queue, worker_functions.echo, 2, worker_id=2, options=THREAD)
    for _ in range(5):
        ids = [queue.send_task(1 + n % 2, n) for n in range(100)]
        pykka.ActorRegistry.stop_all(block=False)
        assert {r.payload for r in results_of(queue, [i or 0 for i in ids])} == set(range(100))
    queue.stop(PATIENCE_S)
    assert not pids()


def test_a_spare_executor_whose_thread_was_stopped_is_replaced_with_its_resource(
    queue: TaskQueue, gate: Gate
) -> None:
    numbers = itertools.count()
    destroyed: list[int] = []
    options = attrs.evolve(THREAD, create=lambda: next(numbers), destroy=destroyed.append)
    start(queue, lambda number, data: (number, gate(data)), options=options)
    first = queue.run_task(1, "x")
    assert first is not None
    assert first.payload == [1, "x"]
    pykka.ActorRegistry.stop_all()
    second = queue.run_task(1, "x")
    assert second is not None
    assert second.ok, second.error
    assert second.payload[0] > 1
    assert 1 in destroyed


def test_a_late_answer_to_one_attempt_is_none_to_the_next(queue: TaskQueue) -> None:
    """A thread that was given up ends while its task runs in the same slot again."""
    begun: SimpleQueue[threading.Event] = SimpleQueue()

    def run(_data: object) -> int:
        may_end = threading.Event()
        begun.put(may_end)
        number = next(numbers)
        may_end.wait(PATIENCE_S)
        return number

    numbers = itertools.count(1)
    again = RetryPolicy(max_attempts=2, first_backoff_s=0.0, kinds=frozenset({ErrorKind.TIMEOUT}))
    pool = start(queue, run, options=attrs.evolve(THREAD, retry=again, timeout_s=LONG_S))
    given_up, guard = instance_of(pool), pool._guards[0]
    (task_id,) = send(queue, None)
    first = begun.get(timeout=PATIENCE_S)
    assert guard._current is not None
    guard._expire(guard._current)  # as the timer will
    second = begun.get(timeout=PATIENCE_S)
    first.set()
    eventually(lambda: not given_up.is_alive())
    assert queue.tasks_in_progress(1) == 1
    second.set()
    assert results_of(queue, [task_id])[0].payload == 2
    (task_id,) = send(queue, None)
    begun.get(timeout=PATIENCE_S).set()
    assert results_of(queue, [task_id])[0].payload == 3


def test_a_thread_that_ends_since_it_is_told_to_ends_too_late(
    queue: TaskQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def work(_data: object) -> str:
        while not this_task.cancelled():
            pass
        ended.set()
        return "half of it"

    pool = start(queue, work, options=THREAD)
    give_up = pool.tasks.give_up

    def give_up_slowly(*arguments: Any) -> bool:
        if ended.wait(0.1):
            eventually(lambda: not queue.tasks_in_progress(1))
        return give_up(*arguments)

    monkeypatch.setattr(pool.tasks, "give_up", give_up_slowly)
    task_id = queue.send_task(1, None, timeout_s=0.01)
    assert task_id is not None
    message_of(results_of(queue, [task_id])[0], ErrorKind.TIMEOUT)
    assert ended.wait(PATIENCE_S)


# --- several at once -------------------------------------------------------------------------


@pytest.mark.parametrize("message", [RENEW, "stop"], ids=["renewed", "stopped"])
def test_an_instance_that_was_to_end_anyhow_is_not_replaced(queue: TaskQueue, message: str) -> None:
    options = attrs.evolve(THREAD, max_instances=2)
    pool = start(queue, worker_functions.echo, options=options)
    (slot,) = pool.tasks.add_slots(1)
    pool.tell_supervisor(StartSlot(slot))
    eventually(lambda: instances(queue) == ("IDLE", "IDLE"))
    (ref,) = pool.tasks.retire_slots(1)
    if message == "stop":
        ref.stop(block=False)
    else:
        ref.tell(message)
    eventually(lambda: instances(queue) == ("IDLE",))
    assert result_of(queue, 1, "x").payload == "x"
    assert not pool.tasks.add_slots(0)
    (slot,) = pool.tasks.add_slots(1)
    pool.tell_supervisor(StartSlot(slot))
    eventually(lambda: instances(queue) == ("IDLE", "IDLE"))


def test_a_slot_that_was_let_go_is_not_started_by_a_timer(queue: TaskQueue) -> None:
    pool = start(queue, worker_functions.echo, options=attrs.evolve(THREAD, max_instances=2))
    pool.tell_supervisor(StartSlot(1))
    assert result_of(queue, 1, "x").payload == "x"
    assert queue.ping(1, PATIENCE_S) == 1
    assert pool.tasks.refs()[0][1] is InstanceState.IDLE
    assert len(pool.tasks.refs()) == 1


def test_what_a_killed_task_said_of_itself_is_forgotten(queue: TaskQueue) -> None:
    def tell_for_ever(data: Any) -> Any:
        while data == "bad":
            this_task.progress(0.5)
        return data

    pool = start(queue, tell_for_ever, options=attrs.evolve(QUICK, cancel_grace_s=LONG_S))
    (task_id,) = send(queue, "bad")
    eventually(lambda: queue.progress(task_id))
    assert queue.cancel(task_id)
    eventually(lambda: pool.tasks._progress)  # it goes on to say it
    os.kill(pids().pop(), signal.SIGKILL)
    assert result_of(queue, 1, "x").payload == "x"
    assert not pool.tasks._progress


def test_a_worker_that_failed_is_revived_with_its_script_as_it_is_then(
    queue: TaskQueue, tmp_path: Path
) -> None:
    script = tmp_path / "mend.lua"
    script.write_text("function Run( return 1 end")
    assert queue.start_worker(1, "Mend", script, wait=False)
    eventually(lambda: (state := queue.worker_state(1)) and state.phase is PoolPhase.FAILED)
    script.write_text("function Run() return 'mended' end")
    assert queue.restart_worker(1), queue.last_error
    assert result_of(queue, 1, None).payload == "mended"
