"""The snippets of docs/engine_lua.md run as they stand."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from eventually import eventually

from engine_tasks.lua.vm import available_vms

TEXT = (Path(__file__).parents[2] / "docs" / "engine_lua.md").read_text(encoding="utf-8")
LUA = {
    name: block
    for block, name in re.findall(r"^```lua\n(-- (\S+)\n.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
}
PYTHON = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture(params=available_vms())
def game(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the Python of the document leaves behind, on each machine."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "double.lua").write_text(LUA["double.lua"])
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(f"lupa.{request.param}")
    monkeypatch.setitem(sys.modules, "lupa.luajit21", module)
    names: dict[str, Any] = {}
    exec(PYTHON[0], names)
    yield names
    names["queue"].kill()


def test_the_example_runs(game: Any) -> None:
    runtime = game["runtime"]
    runtime.execute(LUA["game.lua"], name="@game.lua")
    update = runtime.globals().update
    eventually(lambda: update() == "2 4 6")


@pytest.mark.parametrize("name", sorted(set(LUA) - {"double.lua", "game.lua"}))
def test_what_a_snippet_asserts_is_so(game: Any, name: str) -> None:
    game["runtime"].execute(LUA[name], name=f"@{name}")


def test_every_fenced_block_is_run() -> None:
    assert len(re.findall(r"^```\w+$", TEXT, re.MULTILINE)) == len(LUA) + len(PYTHON)
    assert len(PYTHON) == 1
    assert len(LUA) >= 4


def test_every_call_is_in_the_table() -> None:
    types = (Path(__file__).parents[2] / "lua" / "types" / "task_queue.lua").read_text()
    defined = re.findall(r"^function (\w+[.:]\w+\([^)]*\)) end$", types, re.MULTILINE)
    rows = re.findall(r"^\| `(\w+[.:]\w+\([^)]*\))` \|", TEXT, re.MULTILINE)
    assert sorted(rows) == sorted(defined)
