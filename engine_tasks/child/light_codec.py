"""Imports ormsgpack without two modules of the standard library that hardly anything uses.

It looks up `dataclasses`, which imports `inspect` for the text of some docstrings, and `uuid`,
which imports `platform` to hear whether this is Linux. Those two, with what they import, are
a third of a child's start: 45 ms with them, 30 without.
"""

from __future__ import annotations

import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Later(ModuleType):
    """Stands for a module that is imported once something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        __import__(self.__name__)
        return getattr(sys.modules[self.__name__], name)


class _Platform(_Later):
    @staticmethod
    def system() -> str:
        return "Linux"


def load_codec() -> None:
    """Import ormsgpack, before anything else and while one thread runs.

    Who imports the two modules afterwards has them as they are.
    """
    stand_ins: dict[str, ModuleType] = {"inspect": _Later("inspect")}
    if sys.platform == "linux":
        stand_ins["platform"] = _Platform("platform")
    if sys.modules.keys() & {"dataclasses", "ormsgpack", "uuid", *stand_ins}:
        return  # too late to save anything
    sys.modules.update(stand_ins)
    try:
        import ormsgpack  # noqa: F401, PLC0415
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]
