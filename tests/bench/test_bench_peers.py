"""The peers and floors: each gives the echo it is asked for, and is gone afterwards."""

import multiprocessing
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from engine_tasks.bench.scenarios.floors import bare_pipe, two_locks
from engine_tasks.bench.scenarios.peers import ECHO_PEERS, EchoPeer
from engine_tasks.bench.work import SMALL_TASK


@pytest.fixture(scope="module", autouse=True)
def no_tracker_is_left() -> Iterator[None]:
    """End the processes that the peers start beside their workers, and keep: other tests look
    for children that were left behind."""
    yield
    trackers = ["multiprocessing.resource_tracker", "loky.backend.resource_tracker"]
    for tracker in filter(None, map(sys.modules.get, trackers)):
        tracker._resource_tracker._stop()


FLOORS = (EchoPeer("two locks", two_locks), EchoPeer("a pipe", bare_pipe))


@pytest.mark.parametrize("peer", [*ECHO_PEERS, *FLOORS], ids=lambda peer: peer.name)
def test_a_peer_echoes_and_leaves_no_thread_and_no_process(peer: EchoPeer) -> None:
    if peer.needs and find_spec(peer.needs) is None:
        pytest.skip(f"{peer.name} is not installed")
    before = set(threading.enumerate())
    with peer.pool() as send:
        assert [send()() for _ in range(3)] == [SMALL_TASK] * 3
    assert not multiprocessing.active_children()
    left = set(threading.enumerate()) - before
    for thread in left:  # pykka's and loky's are told to end, and not waited for
        thread.join(timeout=20)
    assert not [thread for thread in left if thread.is_alive()]


def test_a_bare_pipe_that_gives_back_something_else_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine_tasks.bench.scenarios.floors._ECHO", "import os; os.write(1, b'x')")
    with bare_pipe() as send, pytest.raises(RuntimeError, match="something else"):
        send()()
