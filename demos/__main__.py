"""`python -m demos` lists the scenes; `python -m demos NAME` runs one, `all` one after another."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from demos._errors import SceneError

#: The scenes, each a module of this package with a `main`, and what they show.
SCENES: Final = {
    "crowd": "hundreds of agents ask for paths all the time; you choose where those are found",
}


def main(arguments: list[str]) -> int:
    """Run what the command line asks for; return the exit status."""
    name = next((word for word in arguments if word in SCENES or word == "all"), None)
    if name is None:
        return _list_scenes(arguments)
    if not _has_pygame():
        return _fail("the scenes need pygame: pip install 'engine-tasks[demos]'")
    rest = list(arguments)
    rest.remove(name)
    for scene in SCENES if name == "all" else (name,):
        try:
            import_module(f"demos.{scene}").main(rest)
        except SceneError as error:
            return _fail(f"{scene}: {error}")
        except KeyboardInterrupt:
            return 130
    return 0


def _has_pygame() -> bool:
    try:
        return find_spec("pygame") is not None
    except ValueError:  # somebody has put None in its place
        return False


def _list_scenes(arguments: list[str]) -> int:
    if arguments and arguments[0] not in ("-h", "--help"):
        return _fail(f"no scene {arguments[0]!r}; there are: {', '.join(SCENES)}")
    print("python -m demos NAME [options], or `all`; NAME --help says what a scene takes\n")
    for name, line in SCENES.items():
        print(f"  {name:10}{line}")
    return 0


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
