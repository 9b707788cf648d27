"""Takes rights away from the process that parses: no network, no files written, no programs started, bounded memory.

On Linux by a system call filter (seccomp) and resource limits, which the parsers' C code cannot get round; on every
system by Python's audit hook as well.
"""

from __future__ import annotations

import platform
import sys
from typing import Any

#: System calls by machine: (socket, connect, bind, execve, execveat, kill, ptrace)
_CALLS = {
    "x86_64": (0xC000003E, {"socket": 41, "connect": 42, "bind": 49, "execve": 59, "execveat": 322, "ptrace": 101}),
    "aarch64": (
        0xC00000B7,
        {"socket": 198, "connect": 203, "bind": 200, "execve": 221, "execveat": 281, "ptrace": 117},
    ),
}
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_AF_UNIX = 1
_DENY = 0x00050000 | 13  # SECCOMP_RET_ERRNO with EACCES
_ALLOW = 0x7FFF0000


def end_with_parent() -> None:
    """Have the system end this process when its parent ends (Linux)."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, 9)


def deny_network() -> bool:
    """Forbid sockets but those within the machine, for this process and all it starts; say whether it could be done."""
    return _filter(unless_unix=("socket",), always=())


def confine(memory_mb: int) -> bool:
    """Take from this process what a parser never needs; say whether the system's own guard could be set up.

    Memory is bounded to ``memory_mb`` megabytes of address space where the system knows such a bound.
    """
    end_with_parent()
    _limit(memory_mb)
    guarded = _filter(unless_unix=(), always=("socket", "connect", "bind", "execve", "execveat", "ptrace"))
    sys.addaudithook(_refuse)
    return guarded


def _limit(memory_mb: int) -> None:
    try:
        import resource
    except ImportError:
        return  # Windows has no such limits; the time bound and the replaced process remain
    size = memory_mb * 1_000_000
    for limit, value in ((resource.RLIMIT_AS, size), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):
            continue  # a stricter limit stands already, or (macOS) the system has none of this kind


_EVENTS = frozenset({
    "socket.connect", "socket.bind", "socket.sendto", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn",
    "os.spawn", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
    "os.fork", "os.forkpty", "shutil.rmtree", "pickle.find_class", "marshal.loads.untrusted", "urllib.Request",
})  # fmt: skip


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _EVENTS:
        raise PermissionError(f"a document's reader may not do this: {event}")
    if event == "open" and isinstance(arguments[1], str) and any(c in arguments[1] for c in "wax+"):
        raise PermissionError("a document's reader may not write files")


def _prctl(option: int, *values: Any) -> int:
    import ctypes

    return int(ctypes.CDLL(None, use_errno=True).prctl(option, *values, *([0] * (4 - len(values)))))


def _filter(*, unless_unix: tuple[str, ...], always: tuple[str, ...]) -> bool:
    """Install a system call filter that answers the named calls with "permission denied"."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _CALLS or sys.maxsize < 2**32:
        return False
    import ctypes
    import struct

    audit_arch, numbers = _CALLS[machine]

    def step(code: int, yes: int, no: int, value: int) -> bytes:
        return struct.pack("=HBBI", code, yes, no, value)

    load, equal, give = 0x20, 0x15, 0x06
    program = [step(load, 0, 0, 4), step(equal, 1, 0, audit_arch), step(give, 0, 0, _ALLOW), step(load, 0, 0, 0)]
    if machine == "x86_64":  # the x32 numbers of the same calls
        program += [step(0x35, 0, 1, 0x40000000), step(give, 0, 0, _DENY)]
    for name in always:
        program += [step(equal, 0, 1, numbers[name]), step(give, 0, 0, _DENY)]
    for name in unless_unix:
        program += [
            step(equal, 0, 4, numbers[name]),
            step(load, 0, 0, 16),
            step(equal, 1, 0, _AF_UNIX),
            step(give, 0, 0, _DENY),
            step(give, 0, 0, _ALLOW),
        ]
    program.append(step(give, 0, 0, _ALLOW))
    code = b"".join(program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("=H6xQ", len(program), ctypes.addressof(buffer))
    if _prctl(_PR_SET_NO_NEW_PRIVS, 1) != 0:
        return False
    return _prctl(_PR_SET_SECCOMP, 2, ctypes.create_string_buffer(header, len(header))) == 0
