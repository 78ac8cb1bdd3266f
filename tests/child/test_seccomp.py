"""The program of the filter, run here on made-up calls, for both machines."""

import errno
import struct

import pytest

from engine_tasks.child import seccomp
from engine_tasks.child.seccomp import ALLOW, KILL, NO_SUCH_CALL, NOT_PERMITTED
from engine_tasks.child.system_calls import numbers_for

MACHINES = sorted(seccomp.AUDIT_ARCH)
PID = 4321
ARM_32_BIT = 0x40000028
X86_32_BIT = 0x40000003

PROT_READ_WRITE = 3
PROT_READ_EXEC = 5


def decide(machine: str, number: int, *arguments: int, jit: bool = False, arch: int = 0) -> int:
    """What the filter answers: the kernel's machine for BPF, as far as the filter uses it."""
    arguments += (0,) * (6 - len(arguments))
    arch = arch or seccomp.AUDIT_ARCH[machine]
    looked_at = struct.pack("<iIQ6Q", number, arch, 0, *arguments)
    program = seccomp.build(machine, jit=jit, pid=PID)
    at = loaded = 0
    while True:
        code, if_true, if_false, operand = program[at]
        at += 1
        if code == 0x20:
            (loaded,) = struct.unpack_from("<I", looked_at, operand)
        elif code == 0x54:
            loaded &= operand
        elif code == 0x15:
            at += if_true if loaded == operand else if_false
        elif code == 0x35:
            at += if_true if loaded >= operand else if_false
        else:
            assert code == 0x06, f"an instruction of code {code:#x}"
            return operand


def call(machine: str, name: str, *arguments: int, jit: bool = False) -> int:
    return decide(machine, numbers_for(machine)[name], *arguments, jit=jit)


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize(
    ("names", "answer"),
    [
        (seccomp.ALLOWED, ALLOW),
        (seccomp.REFUSED, NOT_PERMITTED),
        (seccomp.KILLED, KILL),
    ],
    ids=["allowed", "refused", "killed"],
)
def test_each_named_call_gets_the_answer_of_its_list(
    machine: str, names: tuple[str, ...], answer: int
) -> None:
    numbers = numbers_for(machine)
    there = [name for name in names if name in numbers]
    assert there
    assert {name: call(machine, name) for name in there} == dict.fromkeys(there, answer)


def test_every_call_without_an_opinion_looks_as_if_the_kernel_had_none(machine: str) -> None:
    known = set(numbers_for(machine).values())
    answers = {decide(machine, number) for number in range(1024) if number not in known}
    assert answers == {NO_SUCH_CALL}


def test_a_call_in_two_lists_would_be_a_contradiction() -> None:
    lists = (*seccomp.ALLOWED, *seccomp.CHECKED, *seccomp.REFUSED, *seccomp.KILLED)
    assert len(lists) == len(set(lists))


def test_another_architecture_is_killed_whatever_it_calls(machine: str) -> None:
    other = seccomp.AUDIT_ARCH[next(name for name in MACHINES if name != machine)]
    for arch in (other, ARM_32_BIT, X86_32_BIT):
        assert {decide(machine, number, arch=arch) for number in range(512)} == {KILL}


def test_numbers_of_x32_are_killed(machine: str) -> None:
    x32 = 0x40000000
    assert {decide(machine, x32 | number) for number in range(600)} == {KILL}
    assert decide(machine, -1) == KILL


@pytest.mark.parametrize("name", ["mmap", "mprotect"])
class TestMemory:
    def test_memory_for_values_is_allowed(self, machine: str, name: str) -> None:
        assert call(machine, name, 0, 4096, PROT_READ_WRITE) == ALLOW

    def test_executable_memory_is_refused_without_the_jit(self, machine: str, name: str) -> None:
        assert call(machine, name, 0, 4096, PROT_READ_EXEC) == NOT_PERMITTED
        upper_half_too = (1 << 32) | PROT_READ_EXEC
        assert call(machine, name, 0, 4096, upper_half_too) == NOT_PERMITTED

    def test_executable_memory_is_allowed_for_the_jit(self, machine: str, name: str) -> None:
        assert call(machine, name, 0, 4096, PROT_READ_EXEC, jit=True) == ALLOW


def test_locks_can_wait_and_wake_but_not_lend_priorities(machine: str) -> None:
    private, real_time = 128, 256
    wait, wake, requeue, lock_pi, wait_bitset, wake_bitset, requeue_pi = 0, 1, 3, 6, 9, 10, 12
    for command in (wait, wake, wait_bitset, wake_bitset):
        for flags in (0, private, real_time, private | real_time):
            assert call(machine, "futex", 0, command | flags) == ALLOW
    for command in (requeue, lock_pi, requeue_pi):
        assert call(machine, "futex", 0, command | private) == NO_SUCH_CALL


@pytest.mark.parametrize("name", ["tgkill", "tkill"])
def test_it_can_signal_itself_and_nobody_else(machine: str, name: str) -> None:
    abort = 6
    assert call(machine, name, PID, PID, abort) == ALLOW
    for other in (0, 1, PID + 1, 2**32 - 1):
        assert call(machine, name, other, other, abort) == KILL


def test_the_program_is_one_that_the_kernel_takes(machine: str) -> None:
    program = seccomp.build(machine, jit=False, pid=PID)
    assert len(program) <= 4096
    for code, if_true, if_false, operand in program:
        struct.pack("=HBBI", code, if_true, if_false, operand)  # each in its width


#: A sample by hand of the kernel's headers, against a slip of the table's columns.
@pytest.mark.parametrize(
    ("name", "x86_64", "aarch64"),
    [
        ("read", 0, 63),
        ("write", 1, 64),
        ("mmap", 9, 222),
        ("mprotect", 10, 226),
        ("futex", 202, 98),
        ("ppoll", 271, 73),
        ("exit_group", 231, 94),
        ("tgkill", 234, 131),
        ("openat", 257, 56),
        ("clone", 56, 220),
        ("execve", 59, 221),
        ("socket", 41, 198),
        ("seccomp", 317, 277),
        ("ptrace", 101, 117),
        ("io_uring_setup", 425, 425),
    ],
)
def test_numbers_are_those_of_the_kernels_headers(name: str, x86_64: int, aarch64: int) -> None:
    assert numbers_for("x86_64")[name] == x86_64
    assert numbers_for("aarch64")[name] == aarch64


def test_no_two_calls_of_a_machine_share_a_number(machine: str) -> None:
    numbers = numbers_for(machine)
    assert len(set(numbers.values())) == len(numbers)


def test_answers_carry_the_errors_that_python_and_libraries_expect() -> None:
    assert NOT_PERMITTED & 0xFFFF == errno.EPERM
    assert NO_SUCH_CALL & 0xFFFF == errno.ENOSYS
