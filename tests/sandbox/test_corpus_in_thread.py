"""What Lua in a thread of the game stops and what it does not: each script says, and it is so.

No script may end the process, or keep it from ending.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hostile_game import GameReport, Row
from hostile_scripts import Script, all_scripts, groups, in_thread_document

from engine_tasks.lua.vm import available_vms

REPOSITORY = Path(__file__).parents[2]
CHILD = Path(__file__).parent / "in_thread_child.py"
SCRIPTS = all_scripts()
#: Scripts of one process; those that are not stopped have one each.
TOGETHER = 12
#: Processes at the same time.
AT_ONCE = 4
#: Seconds after which a process is killed, whatever it runs.
PATIENCE_S = 100.0


def test_the_document_is_up_to_date() -> None:
    document = REPOSITORY / "docs" / "lua_in_thread.md"
    assert document.read_text(encoding="utf-8") == in_thread_document()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("group", groups())
@pytest.mark.parametrize("vm", available_vms())
def test_a_thread_stops_what_it_says(vm: str, group: str, report: GameReport) -> None:
    scripts = [script for script in SCRIPTS if script.group == group]
    stopped = [script for script in scripts if script.in_thread(vm) == "stopped"]
    others = [script for script in scripts if script.in_thread(vm) != "stopped"]
    batches = [[script] for script in others]
    batches += [stopped[start : start + TOGETHER] for start in range(0, len(stopped), TOGETHER)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for rows in pool.map(lambda batch: list(run_batch(vm, batch)), batches):
            report.rows += rows
    assert [str(row) for row in report.rows if row.problem] == []
    assert len(report.rows) == len(scripts)


def run_batch(vm: str, scripts: Sequence[Script]) -> Iterator[Row]:
    """What became of each script, run one after the other in a process of their own."""
    command = [sys.executable, str(CHILD), vm, *(str(script.path) for script in scripts)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as process:
        try:
            output, errors = process.communicate(timeout=PATIENCE_S)
            end = f"exited with {process.returncode}: {errors[-500:]}" if process.returncode else ""
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            end = "did not end"
    lines = [json.loads(line) for line in output.splitlines()]
    found = {line["script"]: line for line in lines if "script" in line}
    for place, script in enumerate(scripts):
        line = found.get(script.name)
        # the process's end is the doing of the first script without a result, else of the last
        is_last = place == len(scripts) - 1 or scripts[place + 1].name not in found
        yield row_of(script, vm, line, end if line is None or is_last else "")


def row_of(script: Script, vm: str, line: dict[str, Any] | None, end: str) -> Row:
    """The line of the table for a script."""
    said = script.in_thread(vm).partition(":")[0]
    verdicts = [] if line is None else line["verdicts"]
    became = "stopped" if line is not None and line["is_over"] else "not stopped"
    expected = script.expected(vm)
    problem = ""
    if end:
        problem = f"the process {end}"
    elif said not in ("may go on", became):
        problem = f"the script says that it is {said}"
    elif said == "stopped" and not set(verdicts) <= expected:
        problem = f"expected {' or '.join(sorted(expected))}"
    verdict = f"{became}: {' '.join(dict.fromkeys(verdicts))}"
    return Row(script.name, f"{vm}, in thread", verdict, problem)
