"""Loads the functions of a native worker, as `executors.shipping` describes them."""

from __future__ import annotations

import sys
from operator import attrgetter

from engine_tasks.native_function import Contract

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class LoadedCode:
    """The callables of a native worker; `WorkerOptions` says what each is for."""

    __slots__ = ("check_health", "create", "destroy", "function")

    def __init__(
        self,
        function: Callable[..., Any],
        create: Callable[[], Any] | None = None,
        destroy: Callable[[Any], object] | None = None,
        check_health: Callable[[Exception], bool] | None = None,
    ) -> None:
        self.function = function
        self.create = create
        self.destroy = destroy
        self.check_health = check_health


def load(hello: dict[str, Any]) -> tuple[LoadedCode, Contract]:
    """The functions, and what the hints of the first say. Raises what their modules do."""
    functions = {role: _imported(*name) for role, name in hello["names"].items()}
    contract = None
    names = hello.get("hint_names")
    if names is not None:
        contract = Contract(*(_imported(*name) for name in names))
    if "pickle" in hello:
        import pickle  # noqa: PLC0415 - 3 ms, only for what has no name to go by

        values, hints = pickle.loads(hello["pickle"])
        functions |= values
        contract = Contract(*hints) if hints else contract
    code = LoadedCode(**functions)
    return code, contract or _contract_of(code)


def _imported(module: str, qualname: str, *arguments: tuple[Any, ...]) -> Any:
    __import__(module)  # `importlib` would be one import more
    value = attrgetter(qualname)(sys.modules[module])
    return value[tuple(_imported(*argument) for argument in arguments)] if arguments else value


def _contract_of(code: LoadedCode) -> Contract:
    from engine_tasks.native import Hints  # noqa: PLC0415 - 30 ms, for attrs and inspect

    return Hints.of(code.function, takes_resource=code.create is not None)
