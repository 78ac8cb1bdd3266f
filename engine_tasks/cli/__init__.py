"""The command line: `engine-tasks COMMAND`; one file a command."""

import sys

_MISSING_EXTRA = "engine-tasks needs its cli extra: pip install 'engine-tasks[cli]'"


def main() -> None:
    """Runs the command line and exits with its status; 130 after Ctrl-C."""
    try:
        sys.exit(_status())
    except KeyboardInterrupt:
        sys.exit(130)


def _status() -> int:
    try:
        # Here, not above: without the extra there is a sentence to say, no traceback.
        from engine_tasks.cli.app import run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name not in {"click", "rich"}:
            raise
        print(_MISSING_EXTRA, file=sys.stderr)
        return 2
    return run(sys.argv[1:])
