"""Sockets by their local port, as /proc/net tells them (proc(5))."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from dialplan.strangers.address import source_of

_PROC_NET: Final = Path("/proc/net")
_LISTENING: Final = "0A"
_FIELDS: Final = 10
#: The last column of UDP's.
_DROPS: Final = 12


def inodes_of(ports: frozenset[int], banned: Sequence[str] = ()) -> frozenset[int]:
    """Inodes of sockets that take packets for these ports: UDP, listening TCP, TCP of `banned` sources."""
    found: set[int] = set()
    for name in ("udp", "udp6", "tcp", "tcp6"):
        with suppress(FileNotFoundError):  # no IPv6 on this machine
            lines = (_PROC_NET / name).read_text(encoding="ascii").splitlines()
            found |= set(_inodes(lines[1:], ports, frozenset(banned), tcp=name.startswith("tcp")))
    return frozenset(found)


def dropped_at(ports: frozenset[int]) -> int:
    """Datagrams that the sockets of these UDP ports dropped since they are open: by a filter, or because
    their program was too slow. Raises OSError."""
    return sum(dropped_in((_PROC_NET / name).read_text(encoding="ascii"), ports) for name in _udp())


def dropped_in(text: str, ports: frozenset[int]) -> int:
    """The same in what one of these files says."""
    rows = (line.split() for line in text.splitlines()[1:])
    return sum(
        int(row[_DROPS]) for row in rows if len(row) > _DROPS and int(row[1].rpartition(":")[2], 16) in ports
    )


def _udp() -> Sequence[str]:
    return [name for name in ("udp", "udp6") if (_PROC_NET / name).exists()]


def _inodes(
    lines: Iterable[str], ports: frozenset[int], banned: frozenset[str], *, tcp: bool
) -> Iterator[int]:
    for line in lines:
        fields = line.split()
        if len(fields) < _FIELDS or int(fields[1].rpartition(":")[2], 16) not in ports:
            continue
        if not tcp or fields[3] == _LISTENING or _source(fields[2]) in banned:
            yield int(fields[9])


def _source(field: str) -> str:
    """The source of "0100007F:13C4": words of the machine's byte order in hexadecimal."""
    words = bytes.fromhex(field.partition(":")[0])
    count = len(words) // 4
    packed = struct.pack(f"={count}I", *struct.unpack(f">{count}I", words))
    try:
        return source_of(str(ipaddress.ip_address(packed)))
    except ValueError:
        return ""
