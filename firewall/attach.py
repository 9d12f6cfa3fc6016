"""A filter on another program's sockets: found by their port, borrowed for a moment, given back at once.

pidfd_getfd(2) makes a second handle of the very same socket, and a filter belongs to the socket. It needs
CAP_SYS_PTRACE (or the same user, where /proc/sys/kernel/yama/ptrace_scope is 0) and Linux 5.6. The handle is
closed at once: a port must become free when its program ends.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from firewall.bpf import barrier
from firewall.errors import FilterTooLarge, NobodyListens, NotPermitted
from firewall.proc_net import inodes_of

_PROC: Final = Path("/proc")
_SO_ATTACH_FILTER: Final = 26
_SO_DETACH_FILTER: Final = 27
#: asm-generic/unistd.h: the same number on every architecture that Linux got since 2019.
_PIDFD_GETFD: Final = 438
_INSTRUCTION_BYTES: Final = 8


class SocketBarrier:
    """controller.guard.Barrier by filters on the switch's own sockets: no rule of the machine is touched."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = frozenset(ports)
        self._known: dict[int, tuple[int, int]] = {}

    def put(self, banned: Sequence[str], slowed: Sequence[str]) -> int:
        """Let nothing of `banned` in, and one in ten packets of `slowed`; on how many sockets that is.

        Raises NobodyListens and NotPermitted. TCP connections that are there already keep what they have,
        but for those of banned sources.
        """
        wanted = inodes_of(self._ports, banned)
        if not wanted:
            raise NobodyListens(f"no program listens on {', '.join(map(str, sorted(self._ports)))}")
        program = barrier(banned, slowed) if banned or slowed else b""
        if not wanted <= self._known.keys():
            self._known = dict(_owners(wanted))
        done = 0
        for inode in wanted & self._known.keys():
            with suppress(ProcessLookupError, FileNotFoundError):
                done += _attach(*self._known[inode], inode, program)
        if not done:
            self._known.clear()
            raise NotPermitted(
                "the sockets of the switch cannot be reached: run as root or with CAP_SYS_PTRACE"
            )
        return done

    def lift_all(self) -> None:
        """Let everybody in again."""
        with suppress(NobodyListens):
            self.put((), ())


def set_filter(descriptor: int, program: bytes) -> None:
    """Put a program on a socket, or take it away when it is empty. Raises OSError.

    By its number: a socket object of gevent's would make it non-blocking, for its owner too.
    """
    if not program:
        _setsockopt(descriptor, _SO_DETACH_FILTER, ctypes.c_int(0))
        return
    buffer = ctypes.create_string_buffer(program, len(program))
    size = len(program) // _INSTRUCTION_BYTES
    _setsockopt(descriptor, _SO_ATTACH_FILTER, _Program(size, ctypes.addressof(buffer)))


class _Program(ctypes.Structure):
    """struct sock_fprog"""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _setsockopt(descriptor: int, option: int, value: ctypes.c_int | _Program) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    size = ctypes.sizeof(value)
    if libc.setsockopt(descriptor, socket.SOL_SOCKET, option, ctypes.byref(value), size) == 0:
        return
    number = ctypes.get_errno()
    if option == _SO_DETACH_FILTER and number == errno.ENOENT:
        return  # there was none
    if number == errno.ENOMEM:
        raise FilterTooLarge(
            "the kernel has no room for so many addresses: sysctl -w net.core.optmem_max=131072"
        )
    raise OSError(number, os.strerror(number))


def _owners(inodes: frozenset[int]) -> Iterator[tuple[int, tuple[int, int]]]:
    """Which process has these sockets, under which number: (inode, (process, file descriptor))."""
    names = {f"socket:[{inode}]": inode for inode in inodes}
    for folder in _PROC.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            files = list((folder / "fd").iterdir())
        except OSError:
            continue  # ended meanwhile, or not ours to look at
        for file in files:
            with suppress(OSError):
                inode = names.get(str(file.readlink()))
                if inode is not None:
                    yield inode, (int(folder.name), int(file.name))


def _attach(process: int, descriptor: int, inode: int, program: bytes) -> int:
    """1 when it is done, 0 when the socket is another one by now."""
    handle = os.pidfd_open(process)
    try:
        borrowed = _borrow(handle, descriptor)
    finally:
        os.close(handle)
    try:
        if os.fstat(borrowed).st_ino != inode:
            return 0
        set_filter(borrowed, program)
    finally:
        os.close(borrowed)
    return 1


def _borrow(process_handle: int, descriptor: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    found: int = libc.syscall(_PIDFD_GETFD, process_handle, descriptor, 0)
    if found >= 0:
        return found
    number = ctypes.get_errno()
    if number in (errno.EPERM, errno.EACCES):
        raise NotPermitted(f"pidfd_getfd: {os.strerror(number)}; run as root or with CAP_SYS_PTRACE")
    raise ProcessLookupError(number, os.strerror(number))
