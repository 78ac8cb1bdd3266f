"""`python -m demos` lists the scenes; `python -m demos NAME` runs one, `all` one after another."""

from __future__ import annotations

import ast
import subprocess
import sys
from argparse import ArgumentParser
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from demos._errors import SceneError

#: Frames of the README's picture: as many as its lanes have columns for.
PICTURE_FRAMES: Final = 880

_USAGE: Final = """\
python -m demos NAME [options]            run a scene; NAME --help says what it takes
python -m demos all [options]             run one after another
python -m demos --headless all            a picture and a JSON a scene, in the folder of --out
python -m demos --picture FILE.png        make the README's picture
"""


def main(arguments: list[str]) -> int:
    """Run what the command line asks for; return the exit status."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--picture", nargs="?", const="docs/frames.png")
    parser.add_argument("--out", type=Path, default=Path("scenes"))
    own, rest = parser.parse_known_args(arguments)
    if own.picture:
        frames = ("--frames", str(PICTURE_FRAMES))
        return _run("stutter", ["--headless", *frames, "--shot", own.picture, *rest])
    if "all" in rest:
        rest.remove("all")
        return _run_all(rest, own.out)
    name = next((word for word in rest if word in scene_names()), None)
    if name is None:
        return _list_scenes(rest)
    rest.remove(name)
    return _run(name, rest)


def scene_names() -> list[str]:
    """The scenes: modules of this folder without a leading underscore."""
    files = Path(__file__).parent.glob("*.py")
    return sorted(path.stem for path in files if not path.stem.startswith("_"))


def first_line(name: str) -> str:
    """What a scene's docstring says it shows, read without running it."""
    source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def _run(name: str, arguments: list[str]) -> int:
    if not _has_pygame():
        return _fail("the scenes need pygame: pip install 'engine-tasks[demos]'")
    try:
        import_module(f"demos.{name}").main(arguments)
    except SceneError as error:
        return _fail(f"{name}: {error}")
    except KeyboardInterrupt:
        return 130
    return 0


def _run_all(arguments: list[str], folder: Path) -> int:
    """Run each scene in a process of its own; return the first status that is not 0."""
    headless = "--headless" in arguments
    if headless:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return _fail(f"{folder}: {error.strerror}")
    worst = 0
    for name in scene_names():
        files = ("--shot", f"{folder / name}.png", "--json", f"{folder / name}.json")
        more = files if headless else ()
        command = [sys.executable, "-m", "demos", name, *arguments, *more]
        try:
            status = subprocess.run(command, check=False).returncode
        except KeyboardInterrupt:
            return 130
        worst = worst or status
    return worst


def _has_pygame() -> bool:
    try:
        return find_spec("pygame") is not None
    except ValueError:  # somebody has put None in its place
        return False


def _list_scenes(arguments: list[str]) -> int:
    if arguments and not {"-h", "--help"} & set(arguments):
        words = [word for word in arguments if not word.startswith("-")]
        asked = f"no scene {words[0]!r}" if words else "no scene was named"
        return _fail(f"{asked}; there are: {', '.join(scene_names())}")
    print(_USAGE)
    for name in scene_names():
        print(f"  {name:10}{first_line(name)}")
    return 0


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
