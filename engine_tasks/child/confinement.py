"""Takes from a child process all that a stranger's script could hurt somebody with.

Layers, each of which holds alone: what one misses another refuses. They are put on in an
order: after the last of them nothing can be imported or opened. What a system cannot do is
told with its reason, and the child is still a process of its own.

A child must be ready in milliseconds, so this imports no more than it needs.
"""

from __future__ import annotations

import os
import sys
import time

from engine_tasks.child import landlock, rlimits, seccomp
from engine_tasks.child.kernel import Memory, Unsupported, prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final


class Layer:
    """The names of the layers."""

    NO_NEW_PRIVS: Final = "no_new_privs"
    """No program that it starts could have more rights than it has."""
    DEATH_WITH_PARENT: Final = "death_with_parent"
    """The kernel kills it when its game ends."""
    LANDLOCK: Final = "landlock"
    """The kernel's Landlock refuses files, TCP, and signals to others."""
    RLIMITS: Final = "rlimits"
    """No new descriptor, file content, process or core dump; a cap on its memory."""
    SECCOMP: Final = "seccomp"
    """The kernel allows it only the system calls that a running script needs."""
    NO_EXECUTABLE_MAPPINGS: Final = "no_executable_mappings"
    """It cannot make machine code; only where the JIT is off, which would have to."""


#: The layers in the order in which they are put on.
LAYERS: Final = (
    Layer.NO_NEW_PRIVS,
    Layer.DEATH_WITH_PARENT,
    Layer.LANDLOCK,
    Layer.RLIMITS,
    Layer.SECCOMP,
    Layer.NO_EXECUTABLE_MAPPINGS,
)


class Confinement:
    """What holds (`held`, names of layers), and what does not (`missing`, with the reason)."""

    __slots__ = ("held", "missing")

    def __init__(self, held: tuple[str, ...], missing: dict[str, str]) -> None:
        self.held = held
        self.missing = missing

    def __repr__(self) -> str:
        return f"Confinement(held={self.held!r}, missing={self.missing!r})"


_PR_GET_PDEATHSIG: Final = 2
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_GET_NO_NEW_PRIVS: Final = 39

_SIGKILL: Final = 9


def confine(
    *, jit: bool, address_space_bytes: int | None, keep_fds: tuple[int, ...]
) -> Confinement:
    """Confine this process for good. Never raises.

    Called when everything is imported and the Lua machine exists, before the stranger's
    script is looked at; the inbox has asked for death with the parent by then.

    Args:
        jit: leave executable memory possible, which LuaJIT's compiler needs. The layer
            `no_executable_mappings` is then neither held nor missing.
        address_space_bytes: what the process may map beyond what it has now; None for no
            limit.
        keep_fds: descriptors that stay open beside 0, 1 and 2; all others are closed.
    """
    if sys.platform != "linux":
        return _nothing_holds()
    # What /proc tells is asked first: Landlock closes it.
    has_threads = _count_threads() > 1
    mapped_bytes = rlimits.mapped_bytes()
    _keep_local_time()
    _close_all_but((0, 1, 2, *keep_fds))
    confinement = _try_each(
        {
            Layer.NO_NEW_PRIVS: lambda: prctl(_PR_SET_NO_NEW_PRIVS, 1),
            Layer.DEATH_WITH_PARENT: _check_death_with_parent,
            Layer.LANDLOCK: lambda: landlock.deny_everything(has_threads=has_threads),
            Layer.RLIMITS: lambda: rlimits.lower(address_space_bytes, mapped_bytes),
            Layer.SECCOMP: lambda: seccomp.install(jit=jit),
        }
    )
    return confinement if jit else _with_mappings(confinement)


def supported_layers() -> Confinement:
    """What this system can do, as `held`, without doing it. Cheap; any thread, any process."""
    if sys.platform != "linux":
        return _nothing_holds()
    return _with_mappings(
        _try_each(
            {
                Layer.NO_NEW_PRIVS: lambda: prctl(_PR_GET_NO_NEW_PRIVS),
                Layer.DEATH_WITH_PARENT: _death_signal,
                Layer.LANDLOCK: landlock.abi,
                Layer.RLIMITS: rlimits.check_machine,
                Layer.SECCOMP: seccomp.can_filter,
            }
        )
    )


def _try_each(steps: dict[str, Callable[[], object]]) -> Confinement:
    held: list[str] = []
    missing: dict[str, str] = {}
    for layer, step in steps.items():
        try:
            step()
        except Unsupported as error:
            missing[layer] = str(error)
        except OSError as error:
            missing[layer] = f"the kernel refuses: {error.strerror}"
        except Exception as error:  # a layer less, told with its reason, is no child less
            missing[layer] = f"{type(error).__name__}: {error}"
        else:
            held.append(layer)
    return Confinement(tuple(held), missing)


def _with_mappings(confinement: Confinement) -> Confinement:
    """The same, and `no_executable_mappings`, which the filter of system calls brings."""
    layer, held, missing = Layer.NO_EXECUTABLE_MAPPINGS, confinement.held, confinement.missing
    if Layer.SECCOMP in held:
        return Confinement((*held, layer), missing)
    return Confinement(held, {**missing, layer: missing[Layer.SECCOMP]})


def _nothing_holds() -> Confinement:
    reason = f"only Linux has it, and this is {sys.platform}"
    return Confinement((), dict.fromkeys(LAYERS, reason))


def _death_signal() -> int:
    signal = Memory(bytes(4))
    prctl(_PR_GET_PDEATHSIG, signal.address)
    return int.from_bytes(signal.content, sys.byteorder)


def _check_death_with_parent() -> None:
    if _death_signal() != _SIGKILL:
        raise Unsupported("it was not asked for when this process began")


def _keep_local_time() -> None:
    """Read the time zone while it can be read: Lua's `os.time` looks for it each time.

    With TZ set, the C library keeps what it has read.
    """
    if "TZ" not in os.environ:
        os.environ["TZ"] = ":/etc/localtime"
        time.tzset()


def _count_threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - pathlib takes 10 ms
    except OSError:
        return 1


def _close_all_but(keep_fds: tuple[int, ...]) -> None:
    try:
        fds = [int(name) for name in os.listdir("/proc/self/fd")]  # noqa: PTH208
    except OSError:
        fds = list(range(1024))  # what a process may open where nobody raised it
    for fd in fds:
        if fd not in keep_fds:
            os.closerange(fd, fd + 1)  # without complaint about the one that listed them
