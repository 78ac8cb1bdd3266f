"""Results come as pygame events: all of them, each once, and never more than there is room for."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import pygame
import pytest

from engine_tasks import TaskQueue, WorkerOptions
from engine_tasks.pygame_tools import RESULT, ResultEvents

#: Events that SDL holds.
SDL_ROOM = 65_535


def _half(number: int) -> int:
    return number // 2


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[TaskQueue]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.display.init()
    pygame.event.clear()
    with TaskQueue(deterministic=True) as queue:
        for name in ("Paths", "Tiles"):
            worker_id = queue.worker_ids.register(name)
            queue.start_native_worker(
                worker_id, name, _half, options=WorkerOptions(isolation="inline")
            )
        yield queue
    pygame.display.quit()


def _results() -> list[int]:
    return [event.result.payload for event in pygame.event.get(RESULT)]


def test_a_result_is_an_event_with_the_result_and_its_worker(queue: TaskQueue) -> None:
    paths = queue.worker_ids["Paths"]
    task_id = queue.send_task(paths, 84)
    assert ResultEvents(queue).post() == 1
    (event,) = pygame.event.get(RESULT)
    assert (event.worker_id, event.result.task_id, event.result.payload) == (paths, task_id, 42)


def test_events_are_a_type_that_no_other_gets() -> None:
    code = """
import pygame
first = pygame.event.custom_type()
from engine_tasks.pygame_tools import RESULT
pygame.init()
assert pygame.USEREVENT < first < RESULT < pygame.event.custom_type()
"""
    # A process of its own: pygame.quit(), in a test before, hands the numbers out anew.
    environment = {**os.environ, "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}
    subprocess.run([sys.executable, "-c", code], env=environment, timeout=60, check=True)


def test_only_the_workers_that_were_asked_for_are_posted(queue: TaskQueue) -> None:
    paths, tiles = queue.worker_ids["Paths"], queue.worker_ids["Tiles"]
    queue.send_task(paths, 2)
    queue.send_task(tiles, 4)
    queue.send_echo("not an event")
    assert ResultEvents(queue, [tiles]).post() == 1
    assert _results() == [2]
    events = ResultEvents(queue)
    assert events.post() == 1
    assert _results() == [1]
    assert events.post() == 0


def test_workers_take_turns(queue: TaskQueue) -> None:
    paths, tiles = queue.worker_ids["Paths"], queue.worker_ids["Tiles"]
    for number in (2, 4, 6):
        queue.send_task(paths, number)
        queue.send_task(tiles, 100 * number)
    ResultEvents(queue).post()
    assert _results() == [1, 100, 2, 200, 3, 300]


def test_a_callback_keeps_its_result_to_itself(queue: TaskQueue) -> None:
    called: list[int] = []
    queue.send_task(
        queue.worker_ids["Paths"], 6, on_result=lambda result: called.append(result.payload)
    )
    assert ResultEvents(queue).post() == 0
    queue.pump()
    assert called == [3]


def test_a_spent_budget_leaves_the_rest_to_the_next_frame(queue: TaskQueue) -> None:
    for number in range(0, 10, 2):
        queue.send_task(queue.worker_ids["Paths"], number)
    events = ResultEvents(queue)
    assert [events.post(budget_ms=0.0) for _ in range(6)] == [1, 1, 1, 1, 1, 0]
    assert _results() == [0, 1, 2, 3, 4]


def test_a_full_event_queue_loses_nothing_and_is_logged_once(
    queue: TaskQueue, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(SDL_ROOM):
        pygame.event.post(pygame.event.Event(pygame.USEREVENT))
    for number in (2, 4, 6):
        queue.send_task(queue.worker_ids["Paths"], number)
    events = ResultEvents(queue)
    with caplog.at_level(logging.WARNING):
        posted = [events.post() for _ in range(5)]
    room_left = sum(posted)
    assert room_left < 3
    assert caplog.text.count("takes no more results") == 1
    early = _results()
    pygame.event.clear()
    assert events.post() == 3 - room_left
    assert early + _results() == [1, 2, 3]


def test_blocked_events_wait_until_they_are_allowed(queue: TaskQueue) -> None:
    queue.send_task(queue.worker_ids["Paths"], 8)
    events = ResultEvents(queue)
    pygame.event.set_blocked(RESULT)
    try:
        assert [events.post(), events.post()] == [0, 0]
    finally:
        pygame.event.set_allowed(RESULT)
    assert events.post() == 1
    assert _results() == [4]


def test_posting_before_the_display_is_there_is_an_error_that_loses_nothing(
    queue: TaskQueue,
) -> None:
    queue.send_task(queue.worker_ids["Paths"], 8)
    events = ResultEvents(queue)
    pygame.display.quit()
    with pytest.raises(pygame.error, match="video system not initialized"):
        events.post()
    pygame.display.init()
    assert events.post() == 1
    assert _results() == [4]
