"""The command line as a user types it: versions, mistakes, a missing extra."""

import subprocess
import sys
from importlib.metadata import version

import pytest


def typed(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "engine_tasks.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_version() -> None:
    done = typed("--version")
    assert done.returncode == 0
    assert done.stdout == f"engine-tasks, version {version('engine-tasks')}\n"


def test_help_lists_every_command() -> None:
    done = typed("--help")
    assert done.returncode == 0
    for command in ("bench", "demo", "doctor"):
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["dance"], "No such command 'dance'"),
        (["--dance"], "No such option '--dance'"),
        (["bench", "--dance"], "No such option '--dance'"),
        (["bench", "--repeats", "0"], "1<=x<=1000"),
        (["bench", "--repeats", "many"], "'many' is not a valid integer"),
        (["bench", "--only"], "requires an argument"),
        (["bench", "--only", "dance"], "no scenario matches"),
        (["bench", "dance"], "no scenario matches"),
        (["bench", "--json", "no/such/folder/out.json"], "cannot be written"),
        (["bench", "--json", "."], "is a directory"),
        (["doctor", "dance"], "unexpected extra argument"),
        (["demo", "dance"], "no demo 'dance'; there are: boids, crowd, loader"),
    ],
)
def test_a_mistake_is_named_with_status_2_and_no_traceback(arguments: list[str], says: str) -> None:
    done = typed(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("module", ["click", "rich"])
def test_without_the_extra_one_line_says_what_to_install(module: str) -> None:
    code = f"import sys; sys.modules[{module!r}] = None; import engine_tasks.cli as c; c.main()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr == "engine-tasks needs its cli extra: pip install 'engine-tasks[cli]'\n"
    assert done.stdout == ""
