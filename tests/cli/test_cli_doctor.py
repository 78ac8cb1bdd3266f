"""`engine-tasks doctor`: what it finds, what it advises, its status."""

from pathlib import Path

import pytest
from rich.console import Console

from engine_tasks.cli import checks
from engine_tasks.cli.app import run
from engine_tasks.cli.checks import Finding
from engine_tasks.cli.doctor import tell
from engine_tasks.cli.probe import where_it_runs

GOOD = Finding("lupa", ok=True, detail="2.8", advice="buy a new one")
OPTIONAL = Finding("pygame", ok=False, detail="none", advice="install it", essential=False)
BROKEN = Finding("pykka", ok=False, detail="No module", advice="pip install pykka")


def told(*findings: Finding) -> tuple[int, list[str]]:
    console = Console(width=40, color_system=None)
    with console.capture() as captured:
        status = tell(findings, console)
    return status, captured.get().splitlines()


def test_advice_is_given_only_where_it_is_needed() -> None:
    status, lines = told(GOOD, OPTIONAL)
    assert status == 0
    assert [line.split() for line in lines] == [
        ["ok", "lupa", "2.8"],
        ["missing", "pygame", "none"],
        ["->", "install", "it"],
    ]


def test_something_essential_missing_is_status_1() -> None:
    assert told(GOOD, BROKEN, OPTIONAL)[0] == 1


def test_this_machine_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    well = {line.split()[1] for line in lines if line.startswith("ok")}
    assert {"python", "pykka", "lupa", "cattrs", "ormsgpack", "attrs", "cloudpickle"} <= well
    assert {"child", "lua"} <= well


def test_both_pygames_at_once_say_how_to_mend_it() -> None:
    found = checks.pygame("2.6.1", "2.5.8")
    assert not found.ok
    assert "pip uninstall -y pygame pygame-ce" in found.advice


@pytest.mark.parametrize(("original", "community"), [("2.6.1", None), (None, "2.5.8")])
def test_one_pygame_is_well(original: str | None, community: str | None) -> None:
    assert checks.pygame(original, community).ok


def test_no_pygame_is_no_harm() -> None:
    found = checks.pygame(None, None)
    assert not found.ok
    assert not found.essential


def test_a_library_that_is_missing_is_named() -> None:
    found = checks.library("no-such-thing", "no_such_thing")
    assert not found.ok
    assert "no_such_thing" in found.detail
    assert found.advice == "pip install --upgrade no-such-thing"


def test_one_lua_is_enough_and_none_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "VMS", ("lua54", "no_such_vm"))
    there, missing = checks.lua_vms()
    assert there.ok
    assert not missing.ok
    assert not missing.essential
    monkeypatch.setattr(checks, "VMS", ("no_such_vm",))
    assert checks.lua_vms()[0].essential


def test_a_child_that_cannot_start_is_essential(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(checks, "running", refuse)
    (found,) = checks.child()
    assert not found.ok
    assert found.essential
    assert "no more processes" in found.detail
    assert not checks.lua_child().ok


def test_an_answer_from_this_very_process_is_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = where_it_runs(checks.ECHO_TEXT)
    monkeypatch.setattr(checks, "_asked", lambda *_: (answer, 1.0))
    child, priority, _ = checks.child()
    assert not child.ok
    assert child.essential
    assert not priority.ok


def test_autogroup_matters_only_across_sessions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = where_it_runs(None)
    elsewhere = {**here, "session": -1}
    switch = tmp_path / "sched_autogroup_enabled"
    monkeypatch.setattr(checks, "AUTOGROUP", switch)
    assert checks.autogroup(elsewhere).ok
    switch.write_text("0\n")
    assert checks.autogroup(elsewhere).ok
    switch.write_text("1\n")
    assert checks.autogroup(here).ok
    assert not checks.autogroup(elsewhere).ok
