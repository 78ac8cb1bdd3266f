"""Reads JSON and TOML to plain values. Runs where the worker does."""

from __future__ import annotations

from engine_tasks.workers.assets.kinds import AssetProblem, FileProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from engine_tasks.workers.assets.kinds import Request


def decode_json(content: bytearray, request: Request) -> object:
    """The value in JSON. Raises `FileProblem` with the line and the column of a mistake."""
    import json  # noqa: PLC0415 - for a child that loads such files

    try:
        value = json.loads(bytes(content))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _broken("JSON", f"{place}: {error.msg}") from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise _broken("JSON", _in_words(error)) from error
    return within(value, request["values"])


def decode_toml(content: bytearray, request: Request) -> object:
    """The table in TOML. Raises `FileProblem` with the line and the column of a mistake.

    Dates and times without the other are text, as TOML writes them: a payload has no such type.
    """
    import tomllib  # noqa: PLC0415 - for a child that loads such files

    try:
        value = tomllib.loads(content.decode("utf-8").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise _broken("TOML", _in_words(error)) from error
    return within(_carried(value), request["values"])


def _carried(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _carried(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_carried(part) for part in value]
    if type(value).__name__ in ("date", "time"):
        return value.isoformat()
    return value


def within(value: object, most_values: int) -> object:
    """The value, if it has no more parts than that. Raises `FileProblem`.

    The game's process makes each of them, with its interpreter locked.
    """
    count, level = 0, [value]
    while level:
        count += len(level)
        below: list[object] = []
        for part in level:
            if isinstance(part, dict):
                below += part.values()
            elif isinstance(part, list):
                below += part
        level = below
    if count > most_values:
        reason = f"holds {count:,} values; the limit is {most_values:,}"
        raise FileProblem(AssetProblem.TOO_LARGE, reason)
    return value


def _in_words(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is no UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error)


def _broken(format_name: str, why: str) -> FileProblem:
    return FileProblem(AssetProblem.BROKEN, f"is no valid {format_name}: {why}")
