"""What strangers send to the SIP ports, counted off the wire before the switch has done anything for it.

A packet socket sees copies (packet(7), needs CAP_NET_RAW). It is emptied in rounds, a bounded number each;
what overflows it is not counted, which a flood does not profit from: it is over the brim long before.
"""

from __future__ import annotations

import ipaddress
import socket
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Final

from dialplan.strangers.address import source_of
from dialplan.strangers.counting import Evidence
from firewall.attach import set_filter
from firewall.bpf import V6_EXTENSIONS, meter
from firewall.errors import NotPermitted

_ETH_P_ALL: Final = 0x0003
#: Read in one round; with ten rounds a second a tenth of a core at most.
MOST_PACKETS: Final = 2_000
_BUFFER_BYTES: Final = 4 * 1024 * 1024
_SNAPSHOT_BYTES: Final = 1_500
_TCP, _UDP = 6, 17
_V4_HEAD, _V6_HEAD, _UDP_HEAD = 20, 40, 8
#: IPv6 extension headers that are looked behind; nobody needs more, and who sends more is counted for it.
_MOST_EXTENSIONS: Final = 8
_FRAGMENT: Final = 44
_RESPONSE: Final = b"SIP/2.0 "
#: Programs that say in User-Agent what they are (SIPVicious' default, and others seen on every public port).
SCANNERS: Final = (
    b"friendly-scanner",
    b"friendly-request",
    b"sipvicious",
    b"sip-scan",
    b"sipcli",
    b"sundayddr",
    b"pplsip",
    b"vaxsipuseragent",
)
_AGENT: Final = b"\nUser-Agent:"
_AGENT_BYTES: Final = 48


class Meter:
    """controller.guard.Sight. `look` counts what came since the last time, and never waits."""

    def __init__(self, ports: Sequence[int]) -> None:
        """Raises NotPermitted."""
        self._ports = frozenset(ports)
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
        except PermissionError as error:
            raise NotPermitted("packets cannot be counted: run as root or with CAP_NET_RAW") from error
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        self._socket.setblocking(False)
        self._view = memoryview(bytearray(_SNAPSHOT_BYTES))
        # Nothing passes the first filter, so that what came before it can be thrown away.
        set_filter(self._socket.fileno(), meter((), ()))
        self._forget_what_came()
        set_filter(self._socket.fileno(), meter(sorted(self._ports), ()))

    def _forget_what_came(self) -> None:
        with suppress(BlockingIOError):
            while True:
                self._socket.recv_into(self._view)

    def skip(self, sources: Sequence[str]) -> None:
        """Do not count these any more: their packets cost nothing here either."""
        set_filter(self._socket.fileno(), meter(sorted(self._ports), sources))

    def look(self) -> Mapping[tuple[str, Evidence], int]:
        """Packets by source and kind of evidence."""
        found: Counter[tuple[bytes, Evidence]] = Counter()
        for _ in range(MOST_PACKETS):
            try:
                size = self._socket.recv_into(self._view)
            except BlockingIOError:
                break
            key = evidence_of(self._view[:size], self._ports)
            if key is not None:
                found[key] += 1
        return _by_source(found)

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


def _by_source(found: Mapping[tuple[bytes, Evidence], int]) -> Mapping[tuple[str, Evidence], int]:
    sums: Counter[tuple[str, Evidence]] = Counter()
    for (packed, what), count in found.items():
        source = _text(packed)
        if source:
            sums[source, what] += count
    return sums


@lru_cache(maxsize=8_192)
def _text(packed: bytes) -> str:
    try:
        return source_of(str(ipaddress.ip_address(packed)))
    except ValueError:
        return ""


def evidence_of(packet: memoryview, ports: Container[int]) -> tuple[bytes, Evidence] | None:
    """Who sent it (4 or 16 bytes) and what it shows, of an IP packet that the filter let through.

    None for answers to our own requests, for bare acknowledgements, and for IPv6 packets with extension
    headers to other ports than these, where the filter cannot look.
    """
    if len(packet) < _V4_HEAD:
        return None
    if packet[0] >> 4 == 6:
        if len(packet) < _V6_HEAD:
            return None
        source, (transport, at) = bytes(packet[8:24]), _behind_extensions(packet)
        whole = _V6_HEAD + int.from_bytes(packet[4:6])
        if transport in V6_EXTENSIONS:
            return source, Evidence.REQUEST
        if at != _V6_HEAD and int.from_bytes(packet[at + 2 : at + 4]) not in ports:
            return None
    else:
        source, transport, at = bytes(packet[12:16]), packet[9], (packet[0] & 15) * 4
        whole = int.from_bytes(packet[2:4])
    if transport == _TCP:
        return (source, Evidence.REQUEST) if _says_something(packet, at, whole) else None
    payload = bytes(packet[at + _UDP_HEAD :])
    if transport != _UDP or payload.startswith(_RESPONSE):
        return None
    return source, Evidence.SCANNER if _is_scanner(payload) else Evidence.REQUEST


def _behind_extensions(packet: memoryview) -> tuple[int, int]:
    """What an IPv6 packet carries and where that begins. An extension again where there are too many of them
    or they are cut, -1 in fragments behind the first one, which have no ports."""
    kind, at = packet[6], _V6_HEAD
    for _ in range(_MOST_EXTENSIONS):
        if kind not in V6_EXTENSIONS or len(packet) < at + 8:
            break
        if kind == _FRAGMENT and int.from_bytes(packet[at + 2 : at + 4]) >> 3:
            return -1, at
        length = 8 if kind == _FRAGMENT else (packet[at + 1] + 1) * 8
        kind, at = packet[at], at + length
    return kind, at


def _says_something(packet: memoryview, at: int, whole: int) -> bool:
    """Whether a TCP segment opens a connection or carries bytes."""
    if len(packet) < at + 14:
        return False
    opens = packet[at + 13] & 0x12 == 0x02
    return opens or whole > at + (packet[at + 12] >> 4) * 4


def _is_scanner(payload: bytes) -> bool:
    at = payload.find(_AGENT)
    if at < 0:
        return False
    agent = payload[at + len(_AGENT) : at + len(_AGENT) + _AGENT_BYTES].lower()
    return any(name in agent for name in SCANNERS)
