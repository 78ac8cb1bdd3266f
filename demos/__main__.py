"""`python -m demos` lists the scenes; `python -m demos NAME` runs one, `all` one after another."""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from demos._errors import SceneError


def main(arguments: list[str]) -> int:
    """Run what the command line asks for; return the exit status."""
    scenes = scene_names()
    name = next((word for word in arguments if word in scenes or word == "all"), None)
    if name is None:
        return _list_scenes(arguments)
    if not _has_pygame():
        return _fail("the scenes need pygame: pip install 'engine-tasks[demos]'")
    rest = list(arguments)
    rest.remove(name)
    for scene in scenes if name == "all" else (name,):
        try:
            import_module(f"demos.{scene}").main(rest)
        except SceneError as error:
            return _fail(f"{scene}: {error}")
        except KeyboardInterrupt:
            return 130
    return 0


def scene_names() -> list[str]:
    """The scenes: modules of this folder without a leading underscore."""
    files = Path(__file__).parent.glob("*.py")
    return sorted(path.stem for path in files if not path.stem.startswith("_"))


def first_line(name: str) -> str:
    """What a scene's docstring says it shows, read without running it."""
    source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def _has_pygame() -> bool:
    try:
        return find_spec("pygame") is not None
    except ValueError:  # somebody has put None in its place
        return False


def _list_scenes(arguments: list[str]) -> int:
    if arguments and arguments[0] not in ("-h", "--help"):
        return _fail(f"no scene {arguments[0]!r}; there are: {', '.join(scene_names())}")
    print("python -m demos NAME [options], or `all`; NAME --help says what a scene takes\n")
    for name in scene_names():
        print(f"  {name:10}{first_line(name)}")
    return 0


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
