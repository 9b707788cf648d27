"""Takes rights away from the process that parses: no network, no files written, no programs started, bounded memory.

On Linux by a system call filter (seccomp) and resource limits, which the parsers' C code cannot get round; on every
system by Python's audit hook as well.
"""

from __future__ import annotations

import platform
import struct
import sys
from collections.abc import Callable
from typing import Any

#: System calls by machine: the audit number, and those a parser is refused altogether.
_REFUSED = {
    "x86_64": (
        0xC000003E,
        {"socket": 41, "connect": 42, "bind": 49, "execve": 59, "execveat": 322, "ptrace": 101, "kill": 62, "creat": 85,
         "unlink": 87, "unlinkat": 263, "rename": 82, "renameat": 264, "renameat2": 316, "mkdir": 83, "mkdirat": 258,
         "rmdir": 84, "link": 86, "linkat": 265, "symlink": 88, "symlinkat": 266, "truncate": 76, "chmod": 90,
         "fchmodat": 268, "chown": 92, "lchown": 94, "fchownat": 260, "mknod": 133, "mknodat": 259, "openat2": 437},
    ),
    "aarch64": (
        0xC00000B7,
        {"socket": 198, "connect": 203, "bind": 200, "execve": 221, "execveat": 281, "ptrace": 117, "kill": 129,
         "unlinkat": 35, "renameat": 38, "renameat2": 276, "mkdirat": 34, "linkat": 37, "symlinkat": 36, "truncate": 45,
         "fchmodat": 53, "fchownat": 54, "mknodat": 33, "openat2": 437},
    ),
}  # fmt: skip
#: Calls that open files, and where their flags stand among the arguments: refused when they would write or create.
_OPENING = {"x86_64": {2: 1, 257: 2}, "aarch64": {56: 2}}
_WRITING = 0o1 | 0o2 | 0o100 | 0o1000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC
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
    return _filter(_unless_unix)


def confine(memory_mb: int) -> bool:
    """Take from this process what a parser never needs; say whether the system's own guard could be set up.

    Memory is bounded to ``memory_mb`` megabytes of address space where the system knows such a bound.
    """
    end_with_parent()
    _limit(memory_mb)
    guarded = _filter(_refuse_all)
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


_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _GIVE = 0x20, 0x15, 0x35, 0x45, 0x06  # instructions of the filter


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """Make one instruction; ``yes`` and ``no`` say how many to jump over."""
    return struct.pack("=HBBI", code, yes, no, value)


def _argument(n: int) -> bytes:
    return _step(_LOAD, 16 + 8 * n)


def _unless_unix(machine: str) -> list[bytes]:
    """Refuse sockets but those of the machine itself."""
    number = _REFUSED[machine][1]["socket"]
    return [
        _step(_EQUAL, number, no=4),
        _argument(0),
        _step(_EQUAL, _AF_UNIX, yes=1),
        _step(_GIVE, _DENY),
        _step(_GIVE, _ALLOW),
    ]


def _refuse_all(machine: str) -> list[bytes]:
    """Refuse all that a parser never needs."""
    program = []
    for number in _REFUSED[machine][1].values():
        program += [_step(_EQUAL, number, no=1), _step(_GIVE, _DENY)]
    for number, argument in _OPENING[machine].items():
        program += [
            _step(_EQUAL, number, no=4),
            _argument(argument),
            _step(_ANY_BIT, _WRITING, no=1),
            _step(_GIVE, _DENY),
            _step(_GIVE, _ALLOW),
        ]
    return program


def _filter(rules: Callable[[str], list[bytes]]) -> bool:
    """Install a system call filter that answers "permission denied"; False where this system has none we know."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _REFUSED or sys.maxsize < 2**32:
        return False
    import ctypes

    program = [_step(_LOAD, 4), _step(_EQUAL, _REFUSED[machine][0], yes=1), _step(_GIVE, _ALLOW), _step(_LOAD, 0)]
    if machine == "x86_64":  # the x32 numbers of the same calls
        program += [_step(_AT_LEAST, 0x40000000, no=1), _step(_GIVE, _DENY)]
    program += [*rules(machine), _step(_GIVE, _ALLOW)]
    code = b"".join(program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("=H6xQ", len(program), ctypes.addressof(buffer))
    if _prctl(_PR_SET_NO_NEW_PRIVS, 1) != 0:
        return False
    return _prctl(_PR_SET_SECCOMP, 2, ctypes.create_string_buffer(header, len(header))) == 0
