"""`engine-tasks demo NAME`: runs a scene of the checkout."""

import os
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import click

import engine_tasks

#: Seconds a scene gets to close after Ctrl-C; past that it is killed.
CLOSING_S: Final = 5.0


@click.command(
    short_help="Run a scene of the checkout.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("name", required=False)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def command(name: str | None, args: tuple[str, ...]) -> int:
    """Run the scene NAME with ARGS, or `all`; without a NAME, list those there are.

    `engine-tasks demo NAME --help` says what a scene takes.
    """
    folder = demos_folder()
    if folder is None:
        raise click.ClickException(
            "the demos are not in the installed package: run this in a checkout of the "
            "project (the folder that has `demos/`)"
        )
    if name is None:
        return _play(folder.parent, [])
    if name not in (*(names := demo_names(folder)), "all"):
        raise click.UsageError(
            f"no demo {name!r}; there are: {', '.join(names) or 'none'}",
            click.get_current_context(),
        )
    if find_spec("pygame") is None:
        raise click.ClickException("the demos need their extra: pip install 'engine-tasks[demos]'")
    return _play(folder.parent, [name, *args])


def demos_folder() -> Path | None:
    """The `demos` folder beside the package, or else of the current folder."""
    beside = Path(engine_tasks.__file__).resolve().parents[1]
    for checkout in (beside, Path.cwd()):
        if (checkout / "demos" / "__main__.py").is_file():
            return checkout / "demos"
    return None


def demo_names(folder: Path) -> list[str]:
    """The scenes of a demos folder: its modules without a leading underscore."""
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def _play(checkout: Path, arguments: list[str]) -> int:
    # Found by PYTHONPATH, not by a change of folder: a scene's `--shot out.png` belongs
    # where the user is.
    path = os.pathsep.join(filter(None, [str(checkout), os.environ.get("PYTHONPATH")]))
    scene = subprocess.Popen(
        [sys.executable, "-P", "-m", "demos", *arguments], env={**os.environ, "PYTHONPATH": path}
    )
    try:
        status = scene.wait()
    except KeyboardInterrupt:  # the terminal gave it to the scene too
        with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            scene.wait(CLOSING_S)
        scene.kill()
        raise
    return 128 - status if status < 0 else status
