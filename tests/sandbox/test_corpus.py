"""A game runs strangers' scripts: each is answered as it should be, and nobody else notices."""

from __future__ import annotations

import gc

import pytest
from eventually import eventually
from hostile_game import (
    LOG_LINES_PER_S,
    MODES,
    GameReport,
    Mode,
    child_processes,
    log_lines,
    play,
    rss_mib,
)
from hostile_scripts import Script, all_scripts, groups

from engine_tasks import TaskQueue
from engine_tasks.lua.vm import available_vms

SCRIPTS = all_scripts()
#: What the process of the game may grow by, from the first script to the last.
GROWTH_MIB = 128


@pytest.fixture(scope="module")
def first_rss_mib() -> float:
    return rss_mib()


def test_the_corpus_covers_every_group() -> None:
    sizes = {group: sum(script.group == group for script in SCRIPTS) for group in groups()}
    assert len(SCRIPTS) >= 110
    assert min(sizes.values()) >= 10, sizes
    assert all(script.why for script in SCRIPTS)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("group", groups())
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_no_script_harms_the_game(
    mode: Mode, group: str, report: GameReport, first_rss_mib: float
) -> None:
    if mode.vm not in available_vms():
        pytest.skip(f"lupa has no {mode.vm} here")
    scripts: list[Script] = [script for script in SCRIPTS if script.group == group]
    with log_lines() as log:
        with TaskQueue() as queue:
            play(queue, scripts, mode, report)
        eventually(lambda: not child_processes())
    gc.collect()
    report.grown_mib = rss_mib() - first_rss_mib
    assert [str(row) for row in report.rows if row.problem] == []
    assert len(report.rows) == len(scripts)
    assert report.grown_mib < GROWTH_MIB
    assert log.forged == [], "a script wrote more than its own line"
    loudest = log.by_worker.most_common(1)
    most_lines = 2 * LOG_LINES_PER_S * report.frames  # far more than seconds
    assert all(count < most_lines for _name, count in loudest)
