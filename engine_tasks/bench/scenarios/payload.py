"""Payloads to MessagePack and back: ours beside the libraries that could do it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import cattrs
import ormsgpack
from attrs import frozen

from engine_tasks.bench.effort import Effort
from engine_tasks.bench.scenario import Metric, Peer, Sampler, Scenario, SetUp
from engine_tasks.bench.timing import Loop
from engine_tasks.bench.work import SMALL_TASK
from engine_tasks.payload import decode, encode


@frozen
class PathRequest:
    """The small task as a game with classes sends it."""

    unit: int
    start: tuple[int, int]
    goal: tuple[int, int]
    speed: float
    name: str


REQUEST: Final = PathRequest(7, (3, 4), (120, 88), 1.5, "unit-7")

_unstructure: Final = cattrs.Converter().unstructure


def _loop(make: Callable[[], Callable[[Any], object]], value: object) -> SetUp:
    """Times what `make` gives, of `value`; it is made once and late: it may import."""

    @contextmanager
    def set_up(effort: Effort) -> Iterator[Sampler]:
        names = {"call": make(), "value": value}
        yield Loop("call(value)", names, effort.sample_s).sample

    return set_up


def _msgpack(name: str) -> Callable[[], Callable[[Any], object]]:
    return lambda: _function(import_module("msgpack"), name)


def _msgspec(name: str) -> Callable[[], Callable[[Any], object]]:
    return lambda: _function(import_module("msgspec.msgpack"), name)


def _function(module: Any, name: str) -> Callable[[Any], object]:
    found: Callable[[Any], object] = getattr(module, name)
    return found


def _after_cattrs(
    make: Callable[[], Callable[[Any], object]],
) -> Callable[[], Callable[[Any], object]]:
    """The same of what cattrs makes of the value."""

    def made() -> Callable[[Any], object]:
        pack = make()
        return lambda value: pack(_unstructure(value))

    return made


_PACKED: Final = ormsgpack.packb(SMALL_TASK)
_NANOSECONDS: Final = (Metric("", "ns", "lower"),)

SCENARIOS: Final = (
    Scenario(
        "payload-encode",
        "encode of a small dict",
        _loop(lambda: encode, SMALL_TASK),
        (
            Peer("ormsgpack", _loop(lambda: ormsgpack.packb, SMALL_TASK)),
            Peer("msgpack", _loop(_msgpack("packb"), SMALL_TASK), needs="msgpack"),
            Peer("msgspec", _loop(_msgspec("encode"), SMALL_TASK), needs="msgspec"),
        ),
        _NANOSECONDS,
    ),
    Scenario(
        "payload-decode",
        "decode of a small dict",
        _loop(lambda: decode, _PACKED),
        (
            Peer("ormsgpack", _loop(lambda: ormsgpack.unpackb, _PACKED)),
            Peer("msgpack", _loop(_msgpack("unpackb"), _PACKED), needs="msgpack"),
            Peer("msgspec", _loop(_msgspec("decode"), _PACKED), needs="msgspec"),
        ),
        _NANOSECONDS,
        quick=False,
    ),
    Scenario(
        "payload-class",
        "encode of a small attrs class",
        _loop(lambda: encode, REQUEST),
        (
            Peer("cattrs, ormsgpack", _loop(_after_cattrs(lambda: ormsgpack.packb), REQUEST)),
            Peer("cattrs, msgpack", _loop(_after_cattrs(_msgpack("packb")), REQUEST), "msgpack"),
            Peer("cattrs, msgspec", _loop(_after_cattrs(_msgspec("encode")), REQUEST), "msgspec"),
        ),
        _NANOSECONDS,
        quick=False,
    ),
)
