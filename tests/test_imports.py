"""Imports point one way, and a game pays at import for nothing that it does not use."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import engine_tasks

PACKAGE = Path(engine_tasks.__file__).parent

#: From the ground up: a module imports from layers below its own, and within its own. The
#: longest name that fits counts, so `lua.binding` is not in the layer of `lua`.
LAYERS = [
    {"errors", "checks", "fitting", "convoys"},
    {"policies", "clock", "extensions", "worker_id", "timer", "background", "lifecycle"},
    {"conversion"},
    {"wire"},
    {"blame"},
    {"options", "payload"},
    {"parcel"},
    {"task"},
    {"native_function"},
    {"native", "observe", "this_task", "waiting", "sending"},
    {"awaiting", "delivery", "futures", "inline_futures"},
    {"resource"},
    {"child", "lua"},
    {"executors"},
    {"pools"},
    {"workers"},
    {"worker_plan"},
    {"worker"},
    {"directory", "pump"},
    {"task_queue"},
    {"lua.binding", "workers.assets", "workers.pathfinding"},
    {"bench", "testing", "pygame_tools"},
    {"cli"},
]
#: Packages that only hand on a name of theirs, when it is first used.
FRONTS = {"lua", "workers.assets"}
#: What a game that uses the queue may have to load.
CORE_DEPENDENCIES = {
    *("attrs", "cattrs", "cloudpickle", "lupa", "numpy", "ormsgpack", "pykka"),
}
#: What only the command line may load.
CLI_DEPENDENCIES = {"click", "matplotlib", "rich"}
#: What parts that a game asks for by name may load besides.
MORE_DEPENDENCIES = {
    "cli": CLI_DEPENDENCIES,
    "pygame_tools": {"pygame"},
    "workers": {"PIL", "miniaudio", "pytiled_parser"},
}


def _module_of(path: Path) -> str:
    """`pools.state` for `pools/state.py`; a package is named as itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {_module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
MODULES = sorted(name for name in SOURCES if name)


def _imported(module: str) -> set[str]:
    """The full names that a module imports, wherever in it that stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(SOURCES[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports by a relative name"
            assert node.module
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                is_module = full.removeprefix("engine_tasks.") in SOURCES
                found.add(full if is_module else node.module)
    return found


def _of_ours(module: str) -> set[str]:
    return {
        name.removeprefix("engine_tasks").removeprefix(".")
        for name in _imported(module)
        if name.split(".")[0] == "engine_tasks"
    }


def _layer(module: str) -> int:
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[:length])
        for height, layer in enumerate(LAYERS):
            if prefix in layer:
                return height
    raise AssertionError(f"engine_tasks.{module} has no place in LAYERS: give it one")


@pytest.mark.parametrize("module", [m for m in MODULES if m not in FRONTS])
def test_a_module_imports_from_below_only(module: str) -> None:
    above = {name for name in _of_ours(module) if name and _layer(name) > _layer(module)}
    assert not above, f"engine_tasks.{module} imports from above: {sorted(above)}"


@pytest.mark.parametrize("module", [m for m in MODULES if m.split(".")[0] not in ("bench", "cli")])
def test_a_module_imports_what_it_needs_not_the_whole_package(module: str) -> None:
    assert "" not in _of_ours(module), f"engine_tasks.{module} imports engine_tasks itself"


def test_no_imports_go_round_in_a_circle() -> None:
    graph = {module: _of_ours(module) - {module, ""} for module in MODULES}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))
    assert set(order) >= set(MODULES)


def test_every_layer_has_a_module() -> None:
    names = {prefix for layer in LAYERS for prefix in layer}
    present = {".".join(m.split(".")[:n]) for m in MODULES for n in range(1, 4)}
    assert names <= present, f"LAYERS names what is not there: {sorted(names - present)}"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_loads_only_what_is_declared(module: str) -> None:
    foreign = {
        name.split(".")[0]
        for name in _imported(module)
        if name.split(".")[0] not in sys.stdlib_module_names | {"engine_tasks", "__future__"}
    }
    allowed = CORE_DEPENDENCIES | MORE_DEPENDENCIES.get(module.split(".", maxsplit=1)[0], set())
    assert foreign <= allowed


def _loaded_by(statement: str) -> set[str]:
    """The top-level modules in a fresh interpreter after a statement."""
    loaded = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    return {name.split(".")[0] for name in loaded.stdout.split()}


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not _loaded_by("import engine_tasks") & {
        *CORE_DEPENDENCIES,
        *CLI_DEPENDENCIES,
        *("attr", "pygame", "asyncio"),
    }


def test_the_queue_loads_nothing_for_the_screen_or_the_command_line() -> None:
    loaded = _loaded_by("from engine_tasks import TaskQueue\nTaskQueue().kill()")
    assert "pykka" in loaded
    assert not loaded & {"pygame", "click", "rich", "numpy", "asyncio"}


def test_the_child_of_a_script_loads_no_python_dependency_but_lua() -> None:
    loaded = _loaded_by("import engine_tasks.child.lua_host")
    assert not loaded & {"attr", "attrs", "cattrs", "ormsgpack", "pykka", "cloudpickle", "logging"}


def test_no_thread_starts_at_import() -> None:
    counted = subprocess.run(
        [
            sys.executable,
            "-c",
            "from engine_tasks import *\nimport threading; print(threading.active_count())",
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert counted.stdout == "1\n"


def test_every_public_name_is_there() -> None:
    assert engine_tasks.__all__ == sorted(engine_tasks.__all__)
    for name in engine_tasks.__all__:
        assert getattr(engine_tasks, name).__name__ == name
        assert name in dir(engine_tasks)
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        engine_tasks.Nothing  # noqa: B018
