"""A game that stands still for a while, at a breakpoint say, blames no child for it."""

import ctypes
import struct
import sys
from pathlib import Path

import pytest
from eventually import eventually, result_of
from hostile_child import TASK_ID, hear

from engine_tasks import TaskQueue, WorkerOptions
from engine_tasks.child.frames import FrameError
from engine_tasks.task import ReadResult

PROGRESS = struct.pack("<IBQdI", 12, 21, TASK_ID, 0.5, 0)
RESULT = struct.pack("<IBQ", 1, 18, TASK_ID) + b"\xc0"


def test_what_a_pipe_holds_is_borne_at_once() -> None:
    outcome, reported, _ = hear(PROGRESS * 2600 + RESULT)
    assert isinstance(outcome, ReadResult)
    assert outcome.payload is None
    assert len(reported) == 2600


def test_more_than_that_is_a_flood() -> None:
    outcome, _, _ = hear(PROGRESS * 20_000 + RESULT)
    assert isinstance(outcome, FrameError)
    assert "progress messages within a second" in str(outcome)


@pytest.mark.skipif(sys.platform == "win32", reason="usleep of Unix")
def test_a_child_goes_on_telling_while_the_game_stands_still(
    queue: TaskQueue, tmp_path: Path
) -> None:
    script = tmp_path / "tell.lua"
    script.write_text(
        "function Run(seconds)\n"
        "  local until_s = worker.now() + seconds\n"
        "  while worker.now() < until_s do worker.progress(0.5) print('busy') end\n"
        "  return seconds\n"
        "end"
    )
    assert queue.start_worker(1, "Teller", script, options=WorkerOptions(nice=0))
    task_id = queue.send_task(1, 4.0)
    assert task_id is not None
    eventually(lambda: queue.progress(task_id))
    ctypes.PyDLL(None).usleep(3_000_000)  # which keeps the interpreter to itself
    result = queue.wait_result(task_id, 30.0)
    assert result is not None
    assert result.ok, result.error
    assert result_of(queue, 1, 0.0).ok
