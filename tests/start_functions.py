"""Functions whose child tells what it has imported; this module imports next to nothing."""

import sys

#: What takes a child longer to import than all else of ours.
HEAVY = {
    *("attr", "attrs", "cattrs", "cloudpickle", "inspect", "logging", "pathlib", "pickle"),
    *("platform", "subprocess", "traceback", "typing"),
}


def heavy(_payload):  # type: ignore[no-untyped-def]
    """Which of them are in the process that runs this. It has no hints."""
    return sorted(HEAVY & set(sys.modules))


def heavy_for_an_int(number: int) -> list:  # type: ignore[type-arg]
    """The same, of a plain type."""
    return [*heavy(number)]


def heavy_for_a_dict(payload: dict) -> list:  # type: ignore[type-arg]
    """The same, for a container of anything."""
    return [*heavy(payload)]


def heavy_for_rows(rows: list[dict[str, int]]) -> list[str]:
    """The same, for containers of something."""
    return [*heavy(rows)]


def heavy_for_anything(payload: object) -> object:
    """The same, with hints that say nothing."""
    return heavy(payload)


def nothing(text: str) -> None:
    """A hint that cannot be imported by the name that it has."""
    assert not heavy(text)


def total(numbers: "list[int]") -> int:
    """A hint that is more than a class, so that cattrs is needed."""
    return sum(numbers)


def fail_without_files(_payload):  # type: ignore[no-untyped-def]
    """Raises where nothing can be imported any more."""
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    raise ValueError("no file can be opened")


def answer_without_files(_payload):  # type: ignore[no-untyped-def]
    """Gives what nothing can be made of, where nothing can be imported any more."""
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    return object()


def described(_payload):  # type: ignore[no-untyped-def]
    """What a child makes of a class of fields whose docstring needs `inspect`."""
    import dataclasses
    import inspect
    import platform
    import uuid

    @dataclasses.dataclass
    class Place:
        x: int
        y: int = 0

    assert type(inspect) is type(platform) is type(sys), "they are stand-ins still"
    assert inspect.signature(Place).parameters["x"].annotation is int
    return [Place.__doc__, platform.system(), inspect.__name__, str(uuid.UUID(int=1)), Place(3)]
