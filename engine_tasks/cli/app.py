"""The group of commands and what is common to them: statuses, `--version`, Ctrl-C."""

from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Final

import click
import rich  # noqa: F401 - the whole extra is asked for at once, not by the first table

#: Command: the module that has it as `command`. Loaded when used, so that `--version`
#: is quick and one command's missing library is no trouble of the others.
COMMANDS: Final = {
    "bench": "engine_tasks.cli.bench",
    "demo": "engine_tasks.cli.demo",
    "doctor": "engine_tasks.cli.doctor",
}
#: What a shell reports for a program that Ctrl-C ended.
INTERRUPTED: Final = 130


class _Commands(click.Group):
    """The commands, each loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("engine-tasks"), prog_name="engine-tasks")
def engine_tasks() -> None:
    """A task queue for games: measure it, try it, check this machine."""


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and gives its exit status."""
    try:
        status = engine_tasks.main(list(arguments), prog_name="engine-tasks", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    return status if isinstance(status, int) else 0
