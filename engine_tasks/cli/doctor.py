"""`engine-tasks doctor`: whether this machine has what the queue needs."""

import logging
from collections.abc import Iterable
from typing import Any

import click
from rich.console import Console

from engine_tasks.cli.checks import Finding, examine


@click.command(short_help="See whether this machine is well.")
def command() -> int:
    """Look at Python, libraries, Lua, pygame and child processes; say what to mend.

    The exit status is 1 when something essential is missing.
    """
    # The findings say what went wrong; the log would say it again between them.
    logging.getLogger("engine_tasks").addHandler(logging.NullHandler())
    return tell(examine(), Console())


def tell(findings: Iterable[Finding], console: Console) -> int:
    """Prints each finding as it comes; the status to exit with."""
    plain: dict[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}
    broken = False
    for finding in findings:
        mark, style = ("ok", "green") if finding.ok else ("missing", _alarm(finding))
        console.print(f"{mark:8}", style=style, end="")
        console.print(f"{finding.name:14} {finding.detail}", **plain)
        if not finding.ok:
            console.print(f"{'':8}{'':14} -> {finding.advice}", **plain)
        broken = broken or (finding.essential and not finding.ok)
    return int(broken)


def _alarm(finding: Finding) -> str:
    return "bold red" if finding.essential else "yellow"
