"""What `engine-tasks doctor` has a child process do: say where and how it runs."""

import os


def where_it_runs(payload: object) -> dict[str, object]:
    """The payload again, and the process, session and scheduling priority it came through."""
    posix = os.name == "posix"
    return {
        "echo": payload,
        "pid": os.getpid(),
        "session": os.getsid(0) if posix else None,
        "nice": os.getpriority(os.PRIO_PROCESS, 0) if posix else None,
    }
