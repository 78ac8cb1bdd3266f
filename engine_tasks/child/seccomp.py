"""The filter on system calls: a BPF program that the kernel asks before each of them.

What a running Lua machine in a Python with two pipes needs is allowed. What only an attack
does kills the process, so that the game sees it (`SIGSYS`) and the attack does not go on.
Everything else fails with an error number, as libraries and the interpreter try it
harmlessly: what Python expects to fail at times with "not permitted", the rest as if the
kernel had no such call, which makes a library look for another way.
"""

from __future__ import annotations

import errno
import os
import struct

from engine_tasks.child.kernel import Memory, Unsupported, system_call
from engine_tasks.child.system_calls import numbers_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

#: Allowed with any arguments; the first are the most frequent. No call here takes a path,
#: and none gives a new descriptor, so `read` and `write` reach only what was open before.
ALLOWED: Final = (
    *("read", "write", "poll", "ppoll"),  # frames, and looking whether one is here
    *("munmap", "mremap", "madvise", "brk"),  # memory
    *("clock_gettime", "gettimeofday", "time"),  # where the kernel's vDSO has no fast way
    *("rt_sigreturn", "rt_sigprocmask", "rt_sigaction", "sigaltstack"),  # Python's end; abort
    "restart_syscall",  # a wait that SIGSTOP and SIGCONT interrupted
    "getrandom",  # the seed of a fresh LuaJIT machine
    *("getpid", "gettid", "writev"),  # abort, and the message before it
    *("exit", "exit_group"),
)
#: Fail with EPERM: an import, a traceback's source line, the start of a thread.
REFUSED: Final = (
    *("open", "openat", "openat2", "creat", "getdents64"),
    *("stat", "lstat", "fstat", "newfstatat", "statx", "access", "faccessat", "faccessat2"),
    *("readlink", "readlinkat", "getcwd", "chdir", "fchdir"),
    *("link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "rmdir"),
    *("rename", "renameat", "renameat2", "mkdir", "mkdirat", "mknod", "mknodat"),
    *("chmod", "fchmod", "fchmodat", "chown", "lchown", "fchown", "fchownat"),
    *("truncate", "ftruncate", "utimensat"),
    *("socket", "socketpair"),
    *("clone", "fork", "vfork"),
    *("prctl", "prlimit64", "setrlimit"),
)
#: Kill the process: no library does these by itself.
KILLED: Final = (
    *("execve", "execveat"),
    *("kill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"),
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp"),
    *("pidfd_open", "pidfd_getfd"),
    *("unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "move_mount"),
    *("open_tree", "fsopen", "fsmount", "mount_setattr"),
    *("bpf", "perf_event_open", "userfaultfd", "seccomp", "personality"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("add_key", "request_key", "keyctl"),
    *("init_module", "finit_module", "delete_module", "kexec_load", "reboot"),
    *("open_by_handle_at", "name_to_handle_at"),
    *("setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "capset"),
)
#: Allowed with arguments that `_checks` looks at: making or changing a mapping, waiting for a
#: lock, and the signal that abort sends to itself.
CHECKED: Final = ("mmap", "mprotect", "futex", "tgkill", "tkill")

#: The names of the machines as BPF sees them (`AUDIT_ARCH_*`).
AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

ALLOW: Final = 0x7FFF0000
KILL: Final = 0x80000000
_ERRNO: Final = 0x00050000
NOT_PERMITTED: Final = _ERRNO | errno.EPERM
NO_SUCH_CALL: Final = _ERRNO | errno.ENOSYS

#: Numbers from here on are those of x32, which would reach the same calls past this filter.
_X32_BIT: Final = 0x40000000
_PROT_EXEC: Final = 4
#: FUTEX_WAIT, WAKE, WAIT_BITSET, WAKE_BITSET: locks, but none that lends its priority.
_FUTEX_COMMANDS: Final = (0, 1, 9, 10)
_FUTEX_FLAGS: Final = 128 | 256  # private; the real-time clock

# Where `struct seccomp_data` has what is looked at.
_NUMBER_AT: Final = 0
_ARCH_AT: Final = 4
_ARGUMENTS_AT: Final = 16

_SET_MODE_FILTER: Final = 1
_GET_ACTION_AVAIL: Final = 2
_FLAG_TSYNC: Final = 1

Program = list[tuple[int, int, int, int]]  # code, jump if true, jump if false, operand


def build(machine: str, *, jit: bool, pid: int) -> Program:
    """The filter for a machine of `AUDIT_ARCH`.

    Args:
        machine: as `os.uname` calls it.
        jit: whether executable memory may be made.
        pid: this process, which may send a signal to itself.
    """
    numbers = numbers_for(machine)
    program = [_load(_ARCH_AT), _jump_equal(AUDIT_ARCH[machine], 1, 0), _return(KILL)]
    program += [_load(_NUMBER_AT), _jump_at_least(_X32_BIT, 0, 1), _return(KILL)]
    program += _answer(_present(numbers, ALLOWED), ALLOW)
    for name, check in _checks(jit=jit, pid=pid).items():
        program += [_jump_equal(numbers[name], 0, len(check)), *check]
    program += _answer(_present(numbers, REFUSED), NOT_PERMITTED)
    program += _answer(_present(numbers, KILLED), KILL)
    return [*program, _return(NO_SUCH_CALL)]


def can_filter() -> str:
    """This machine's name, if its calls can be filtered. Raises `Unsupported`."""
    machine = os.uname().machine
    if machine not in AUDIT_ARCH or struct.calcsize("P") != 8:
        raise Unsupported(f"the system calls of a {machine} of this kind are not known")
    wanted = Memory(struct.pack("=I", KILL))
    try:
        system_call(numbers_for(machine)["seccomp"], _GET_ACTION_AVAIL, 0, wanted.address)
    except OSError as error:
        raise Unsupported(
            f"this kernel has no seccomp filter that can end a process: {error.strerror}"
        ) from error
    return machine


def install(*, jit: bool) -> None:
    """Filter the calls of all of this process's threads, for good. Needs no_new_privs.

    Raises:
        Unsupported: with the reason.
        OSError: the kernel refused.
    """
    machine = can_filter()
    program = build(machine, jit=jit, pid=os.getpid())
    values = [value for step in program for value in step]
    code = Memory(struct.pack("=" + "HBBI" * len(program), *values))
    header = Memory(struct.pack("@HP", len(program), code.address))
    refusing_thread = system_call(
        numbers_for(machine)["seccomp"], _SET_MODE_FILTER, _FLAG_TSYNC, header.address
    )
    if refusing_thread:
        raise Unsupported("another thread of this process has a filter of its own")


def _checks(*, jit: bool, pid: int) -> dict[str, Program]:
    """What decides over each of `CHECKED`; every way through ends in a return."""
    mapping = [_return(ALLOW)]
    if not jit:
        is_executable = [_load_argument(2), _and(_PROT_EXEC), _jump_equal(0, 0, 1)]
        mapping = [*is_executable, _return(ALLOW), _return(NOT_PERMITTED)]
    command = [_load_argument(1), _and(~_FUTEX_FLAGS & 0xFFFFFFFF)]
    futex = [*command, *_answer(_FUTEX_COMMANDS, ALLOW), _return(NO_SUCH_CALL)]
    to_itself = [_load_argument(0), _jump_equal(pid, 0, 1), _return(ALLOW), _return(KILL)]
    checks = (mapping, mapping, futex, to_itself, to_itself)
    return dict(zip(CHECKED, checks, strict=True))


def _present(numbers: dict[str, int], names: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(numbers[name] for name in names if name in numbers)


def _answer(values: tuple[int, ...], action: int) -> Program:
    """Return the action where one of the values is loaded, else go on behind."""
    last = len(values) - 1
    jumps = [_jump_equal(value, last - at, int(at == last)) for at, value in enumerate(values)]
    return [*jumps, _return(action)]


def _load(offset: int) -> tuple[int, int, int, int]:
    return (0x20, 0, 0, offset)


def _load_argument(index: int) -> tuple[int, int, int, int]:
    return _load(_ARGUMENTS_AT + 8 * index)  # the lower half, on a little-endian machine


def _and(mask: int) -> tuple[int, int, int, int]:
    return (0x54, 0, 0, mask)


def _jump_equal(value: int, if_true: int, if_false: int) -> tuple[int, int, int, int]:
    return (0x15, if_true, if_false, value)


def _jump_at_least(value: int, if_true: int, if_false: int) -> tuple[int, int, int, int]:
    return (0x35, if_true, if_false, value)


def _return(action: int) -> tuple[int, int, int, int]:
    return (0x06, 0, 0, action)
