"""What a child process can and cannot do once it is confined: in real ones."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from confined_child import BARE_START, DIES_WITH_PARENT, command, run_child, run_confined

from engine_tasks.child import kernel, landlock, seccomp
from engine_tasks.child.confinement import LAYERS, Layer, supported_layers
from engine_tasks.child.frames import HEADER
from engine_tasks.child.system_calls import numbers_for
from engine_tasks.lua.vm import available_vms

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines")

MISSING = supported_layers().missing
MIB = 1 << 20


def needs(layer: str) -> pytest.MarkDecorator:
    """Skip where this system lacks the layer: what is reported then is tested elsewhere."""
    return pytest.mark.skipif(layer in MISSING, reason=f"{layer}: {MISSING.get(layer)}")


needs_filter = needs(Layer.SECCOMP)
each_vm = pytest.mark.parametrize("vm", available_vms())
needs_luajit = pytest.mark.skipif("luajit21" not in available_vms(), reason="no LuaJIT here")


def landlock_abi() -> int:
    return 0 if Layer.LANDLOCK in MISSING else landlock.abi()


# --- what is reported ----------------------------------------------------------


def test_it_holds_what_the_system_can_do_and_gives_a_reason_for_the_rest() -> None:
    told = run_confined("tell([confinement.held, confinement.missing])").told
    assert told == [list(supported_layers().held), MISSING]


def test_with_the_jit_executable_memory_is_neither_held_nor_missing() -> None:
    held, missing = run_confined("tell([confinement.held, confinement.missing])", jit=True).told
    assert Layer.NO_EXECUTABLE_MAPPINGS not in [*held, *missing]


def test_death_with_the_parent_is_missing_where_it_was_not_asked_for() -> None:
    told = run_confined("tell(confinement.missing)", before="").told
    assert Layer.DEATH_WITH_PARENT in told


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errno.ENOSYS, "no Landlock, which came with Linux 5.13"),
        (errno.EOPNOTSUPP, "boot parameter"),
        (errno.EPERM, "container"),
    ],
)
def test_a_kernel_without_landlock_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, error: int, reason: str
) -> None:
    def refuse(*_: int) -> int:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(landlock, "system_call", refuse)
    supported = supported_layers()
    assert Layer.LANDLOCK not in supported.held
    assert reason in supported.missing[Layer.LANDLOCK]


def test_an_unknown_machine_lacks_what_needs_its_numbers() -> None:
    told = run_confined(
        "tell(confinement.missing)",
        before=f"""
class Uname: machine = "riscv64"
os.uname = Uname
{DIES_WITH_PARENT}
""",
    ).told
    missing = {Layer.RLIMITS, Layer.SECCOMP, Layer.NO_EXECUTABLE_MAPPINGS}
    assert set(told) == missing | (set(MISSING) & {Layer.LANDLOCK})
    assert all("riscv64" in told[layer] for layer in missing)


def test_another_system_lacks_every_layer() -> None:
    told = run_confined(
        "tell([confinement.held, confinement.missing])", before="sys.platform = 'darwin'"
    ).told
    assert told == [[], dict.fromkeys(LAYERS, "only Linux has it, and this is darwin")]


def test_a_failure_of_its_own_is_a_layer_less_and_no_exception() -> None:
    told = run_confined(
        "tell(confinement.missing)",
        before=f"def fail(**_): raise KeyError('name')\nseccomp.install = fail\n{DIES_WITH_PARENT}",
    ).told
    assert "KeyError" in told[Layer.SECCOMP]


def test_asking_what_the_system_can_do_changes_nothing() -> None:
    first, second = supported_layers(), supported_layers()
    assert (first.held, first.missing) == (second.held, second.missing)
    assert Path(os.devnull).read_bytes() == b""


def test_what_the_kernel_refuses_is_an_error() -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        kernel.prctl(0x7FFF)
    with pytest.raises(OSError, match="not implemented"):
        kernel.system_call(4095)


def test_a_starting_child_imports_nothing_heavy_for_it() -> None:
    told = run_child(
        """
confine(jit=True, address_space_bytes=None, keep_fds=())
heavy = {"attrs", "ctypes", "dataclasses", "enum", "logging", "pathlib", "re", "typing"}
print(len(heavy & set(sys.modules)))
""",
        start=BARE_START,
    ).told
    assert told == 0


# --- what is refused -------------------------------------------------------------

#: What is tried in one confined child, and how it fails.
REFUSED: dict[str, tuple[str, str]] = {
    "open a file to read": ("os.open('/etc/hostname', os.O_RDONLY)", "EPERM"),
    "open a file to write": ("os.open('/tmp/new', os.O_WRONLY | os.O_CREAT)", "EPERM"),
    "open a folder's file by a relative path": ("os.open('file', os.O_RDONLY)", "EPERM"),
    "open its own memory": ("os.open('/proc/self/mem', os.O_RDWR)", "EPERM"),
    "list a folder": ("os.listdir('/')", "EPERM"),
    "stat": ("os.stat('/')", "EPERM"),
    "lstat": ("os.lstat('/')", "EPERM"),
    "fstat": ("os.fstat(0)", "EPERM"),
    "read a link": ("os.readlink('/proc/self/exe')", "EPERM"),
    "chdir": ("os.chdir('/')", "EPERM"),
    "getcwd": ("os.getcwd()", "EPERM"),
    "link": ("os.link('/a', '/b')", "EPERM"),
    "symlink": ("os.symlink('/a', '/b')", "EPERM"),
    "unlink": ("os.unlink('/a')", "EPERM"),
    "rename": ("os.rename('/a', '/b')", "EPERM"),
    "make a folder": ("os.mkdir('/a')", "EPERM"),
    "remove a folder": ("os.rmdir('/a')", "EPERM"),
    "change a mode": ("os.chmod('/a', 0o777)", "EPERM"),
    "truncate": ("os.truncate('/a', 0)", "EPERM"),
    "a TCP socket": ("_socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)", "EPERM"),
    "a UDP socket": ("_socket.socket(_socket.AF_INET6, _socket.SOCK_DGRAM)", "EPERM"),
    "a Unix socket": ("_socket.socket(_socket.AF_UNIX)", "EPERM"),
    "a netlink socket": ("_socket.socket(_socket.AF_NETLINK, _socket.SOCK_RAW)", "EPERM"),
    "any family of sockets": ("[call('socket', family, 1, 0) for family in range(64)]", "EPERM"),
    "a socket pair": ("_socket.socketpair()", "EPERM"),
    "a pipe": ("os.pipe()", "ENOSYS"),
    "a copy of a descriptor": ("os.dup(0)", "ENOSYS"),
    "memory as a file": ("os.memfd_create('a')", "ENOSYS"),
    "fork": ("os.fork()", "EPERM"),
    "clone": ("call('clone', 17)", "EPERM"),
    "clone3": ("kernel.system_call(435, 0, 0)", "ENOSYS"),
    "a thread": ("threading.Thread(target=tell).start()", "can't start new thread"),
    "raise a limit again": ("rlimits.set_limit(7, 100)", "EPERM"),
    "get new privileges back": ("kernel.prctl(38, 0)", "EPERM"),
    "outlive the parent": ("kernel.prctl(1, 0)", "EPERM"),
    "be looked into again": ("kernel.prctl(4, 1)", "EPERM"),
    "shared memory": ("kernel.system_call(30 if 'poll' in numbers else 196, 0)", "ENOSYS"),
    "ioctl of a terminal": ("os.ttyname(0)", "ENOSYS"),
    "executable memory": ("mmap.mmap(-1, 4096, prot=7)", "EPERM"),
    "memory made executable": ("call('mprotect', page, 4096, 5)", "EPERM"),
}


@pytest.fixture(scope="module")
def refusals() -> Any:
    attempts = {name: attempt for name, (attempt, _) in REFUSED.items()}
    return run_confined(
        f"""
page = call("mmap", 0, 4096, 3, 0x22, -1, 0)
tell({{name: outcome(eval, attempt) for name, attempt in {attempts!r}.items()}})
"""
    ).told


@needs_filter
@pytest.mark.parametrize("attempt", REFUSED)
def test_it_is_refused(attempt: str, refusals: Any) -> None:
    assert refusals[attempt] == REFUSED[attempt][1]


#: Uretprobe and uprobe of x86_64: new kernels ask no filter, and end whoever calls them
#: from elsewhere than their own trampoline (SIGILL).
PAST_EVERY_FILTER = (335, 336)


@needs_filter
def test_every_call_that_is_not_allowed_by_name_fails() -> None:
    told = run_confined(
        f"""
named = {{numbers[name] for name in (*seccomp.ALLOWED, *seccomp.CHECKED, *seccomp.KILLED)
         if name in numbers}}
tell(sorted({{outcome(kernel.system_call, number) for number in range(600)
             if number not in (*named, *{PAST_EVERY_FILTER})}}))
"""
    ).told
    assert told == ["ENOSYS", "EPERM"]


def killed_calls() -> list[str]:
    if Layer.SECCOMP in MISSING:
        return []
    return [name for name in seccomp.KILLED if name in numbers_for(os.uname().machine)]


@needs_filter
@pytest.mark.parametrize("name", killed_calls())
def test_an_attack_ends_the_process_at_once(name: str) -> None:
    assert run_confined(f"call({name!r}, 0, 0, 0, 0)").status == -signal.SIGSYS


@needs_filter
@pytest.mark.parametrize(
    "attack",
    [
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getpid() - 1, 0)",
        "os.kill(1, 9)",
        "call('tgkill', 1, 1, 9)",
        "kernel.system_call(0x40000000 | numbers['read'], 0, 0, 0)",
    ],
    ids=["execve", "kill another", "kill the first", "signal a thread of another", "x32"],
)
def test_an_attack_in_python_ends_the_process_at_once(attack: str) -> None:
    assert run_confined(attack).status == -signal.SIGSYS


@needs_filter
def test_threads_that_ran_before_are_filtered_too() -> None:
    told = run_confined(
        """
go.release()
thread.join()
tell([confinement.missing.get("landlock", "it reaches threads"), said])
""",
        before="""
go, said = threading.Semaphore(0), []
def wait():
    go.acquire()
    said.append(outcome(os.stat, "/"))
thread = threading.Thread(target=wait)
thread.start()
"""
        + DIES_WITH_PARENT,
    ).told
    assert told[1] == ["EPERM"]
    assert "thread" in told[0]


# --- each layer holds alone --------------------------------------------------------


@needs(Layer.LANDLOCK)
def test_landlock_alone_refuses_files() -> None:
    told = run_child(
        """
kernel.prctl(38, 1)
landlock.deny_everything(has_threads=False)
tell([outcome(os.open, "/etc/passwd", os.O_RDONLY), outcome(os.listdir, "/"),
      outcome(os.unlink, "/tmp/nothing"), outcome(os.execv, "/bin/true", ["true"])])
"""
    ).told
    assert told == ["EACCES", "EACCES", "ENOENT", "EACCES"]


@pytest.mark.skipif(landlock_abi() < 6, reason="this kernel's Landlock knows no signals yet")
def test_landlock_alone_refuses_tcp_and_signals_to_others() -> None:
    told = run_child(
        """
kernel.prctl(38, 1)
landlock.deny_everything(has_threads=False)
tcp = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
tell([outcome(tcp.connect, ("127.0.0.1", 9)), outcome(tcp.bind, ("127.0.0.1", 0)),
      outcome(os.kill, os.getppid(), 0), outcome(os.kill, os.getpid(), 0)])
"""
    ).told
    assert told == ["EACCES", "EACCES", "EPERM", "done"]


@needs(Layer.DEATH_WITH_PARENT)
def test_a_confined_child_dies_with_its_parent() -> None:
    alive, child_alive = os.pipe()
    confined = f"{DIES_WITH_PARENT}\nconfine(jit=True, address_space_bytes=None, keep_fds=("
    confined += f"{child_alive},))\nos.write({child_alive}, b'confined')\nos.read(0, 1)"
    parent_code = f"""
import subprocess
subprocess.Popen({command(confined)!r}, pass_fds=({child_alive},)).wait()
"""
    parent = subprocess.Popen(command(parent_code), stdin=subprocess.PIPE, pass_fds=(child_alive,))
    os.close(child_alive)
    with parent, open(alive, "rb", buffering=0) as pipe:  # noqa: PTH123 - a descriptor
        assert pipe.read(8) == b"confined"
        parent.kill()
        assert pipe.read() == b"", "the end of the pipe: nobody holds it any more"


@needs(Layer.RLIMITS)
def test_limits_alone_refuse_descriptors_and_file_content() -> None:
    told = run_child(
        """
file = os.open("/dev/shm", os.O_TMPFILE | os.O_RDWR)
rlimits.lower(None, None)
tell([outcome(os.write, file, b"content"), outcome(os.open, "/etc/passwd", os.O_RDONLY)])
"""
    ).told
    assert told == ["EFBIG", "EMFILE"]


def test_descriptors_that_it_was_not_to_keep_are_closed() -> None:
    kept, closed = os.pipe()
    try:
        told = run_confined(
            f"tell([outcome(os.read, {kept}, 1), outcome(os.write, {closed}, b'x')])",
            keep_fds=(kept,),
            before=f"{DIES_WITH_PARENT}\nos.set_blocking({kept}, False)",
            pass_fds=(kept, closed),
        ).told
    finally:
        os.close(kept)
        os.close(closed)
    assert told == ["EAGAIN", "EBADF"]


# --- what still works --------------------------------------------------------------

SUM = "local s = 0 for i = 1, 1e6 do s = s + i % 7 end return s"
SUM_RESULT = sum(i % 7 for i in range(1, 1_000_001))


def machine(vm: str, *lua: str) -> str:
    """Code that makes a Lua machine."""
    chunks = "\n".join(f"lua.execute(b{chunk!r})" for chunk in lua)
    return f"import lupa.{vm}\nlua = lupa.{vm}.LuaRuntime(encoding=None)\n{chunks}\n"


@each_vm
def test_lua_runs_where_nothing_can_become_machine_code(vm: str) -> None:
    off = ["jit.off()"] if vm == "luajit21" else []
    before = machine(vm, *off) + DIES_WITH_PARENT
    assert run_confined(f"tell(lua.execute(b{SUM!r}))", before=before).told == SUM_RESULT


@each_vm
def test_lua_collects_and_grows_and_raises(vm: str) -> None:
    script = """
        local function fill()
          local t = {}
          for i = 1, 2e5 do t[i] = { i, tostring(i) } end
          return #t
        end
        local count = fill() + fill()
        collectgarbage()
        local ok, message = pcall(error, "mine", 0)
        return tostring(count) .. message
    """
    code = f"tell(lua.execute(b{script!r}).decode())"
    before = machine(vm) + DIES_WITH_PARENT
    assert run_confined(code, before=before, jit=True).told == "400000mine"


@needs_luajit
def test_luajit_compiles_under_confinement() -> None:
    script = f"""
        local result = (function() {SUM} end)()
        return tostring(jit.status()) .. ":" .. tostring(trace(1) ~= nil) .. ":" .. result
    """
    before = machine("luajit21", "trace = require('jit.util').traceinfo") + DIES_WITH_PARENT
    told = run_confined(f"tell(lua.execute(b{script!r}).decode())", before=before, jit=True).told
    assert told == f"true:true:{SUM_RESULT}"


@each_vm
def test_a_fresh_machine_can_be_had_for_a_reload(vm: str) -> None:
    told = run_confined(
        machine(vm) + "tell(lua.execute(b'return 6 * 7'))",
        before=f"import lupa.{vm}\n{DIES_WITH_PARENT}",
        jit=True,
    ).told
    assert told == 42


@each_vm
def test_lua_goes_on_telling_the_local_time(vm: str) -> None:
    script = "return os.time({ year = 2024, month = 7, day = 1 }) .. os.date('%H', 1e9)"
    ask = f"lua.execute(b{script!r}).decode()"
    before = f"{machine(vm)}told = [{ask}]\n{DIES_WITH_PARENT}"
    first, second = run_confined(f"tell([*told, {ask}])", before=before, jit=True).told
    assert first == second


def test_frames_come_and_go() -> None:
    frame = HEADER.pack(5, 2, 77) + b"hello"
    child = run_confined(
        """
kind, task_id, body = inbox.read()
while (more := inbox.poll()) is not None:
    body += more[2]
write_frame(1, kind, task_id, body)
""",
        before="inbox = open_inbox(0, 1000, os.getppid())",
        input=frame + frame,
    )
    assert child.status == 0, child.errors
    assert child.output == HEADER.pack(10, 2, 77) + b"hellohello"


def test_a_long_frame_passes() -> None:
    body = bytes(3 * MIB)
    child = run_confined(
        "write_frame(1, *inbox.read())",
        before=f"inbox = open_inbox(0, {4 * MIB}, os.getppid())",
        input=HEADER.pack(len(body), 18, 1) + body,
    )
    assert child.status == 0, child.errors
    assert child.output == HEADER.pack(len(body), 18, 1) + body


def test_the_end_of_the_pipe_ends_it() -> None:
    child = run_confined(
        "assert inbox.read() is None", before="inbox = open_inbox(0, 1000, os.getppid())"
    )
    assert child.status == 0, child.errors


def test_python_ends_as_always() -> None:
    child = run_confined(
        """
import atexit
atexit.register(print, "last words")
print("first words")
""",
        before=f"import atexit\n{DIES_WITH_PARENT}",
    )
    assert child.status == 0, child.errors
    assert child.output == b"first words\nlast words\n"


def test_an_exception_that_nobody_catches_is_told_with_its_traceback() -> None:
    child = run_confined("raise ValueError('mine')")
    assert child.status == 1
    assert child.errors.endswith("ValueError: mine\n")


def test_an_import_fails_as_an_import_or_a_refusal_does() -> None:
    told = run_confined(
        """
try:
    import colorsys
except (ImportError, PermissionError) as error:
    tell("refused")
"""
    ).told
    assert told == "refused"


@pytest.mark.parametrize(
    ("fault", "number"),
    [
        ("ctypes.string_at(0)", signal.SIGSEGV),
        ("os.abort()", signal.SIGABRT),
    ],
)
def test_a_fault_kills_it(fault: str, number: int) -> None:
    assert run_confined(fault).status == -number


# --- memory --------------------------------------------------------------------------


@needs(Layer.RLIMITS)
@each_vm
def test_memory_beyond_the_cap_is_an_error_of_lua(vm: str) -> None:
    script = "local t = {} for i = 1, 1e9 do t[i] = { i } end"
    told = run_confined(
        f"""
try:
    lua.execute(b{script!r})
except lupa.{vm}.LuaMemoryError:
    tell("out of memory")
""",
        before=machine(vm) + DIES_WITH_PARENT,
        address_space_bytes=64 * MIB,
        jit=True,
    ).told
    assert told == "out of memory"


@needs(Layer.RLIMITS)
def test_memory_beyond_the_cap_is_an_error_of_python() -> None:
    told = run_confined(
        "tell([outcome(bytearray, size) for size in (16 * 2**20, 256 * 2**20)])",
        address_space_bytes=64 * MIB,
    ).told
    assert told == ["done", "MemoryError"]
