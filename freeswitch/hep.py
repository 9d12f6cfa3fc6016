"""HEP version 3, in which FreeSWITCH's `sofia global capture` sends copies of its SIP messages, as values.

Source: the HEP version 3 specification of sipcapture.org, section 3 (chunks: vendor, type, length, value).
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from freeswitch.errors import ProtocolError

#: Largest UDP datagram.
MAX_BYTES: Final = 65_535
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD: Final = struct.Struct("!4sH")
_CHUNK: Final = struct.Struct("!HHH")
#: Chunk types of vendor 0.
_SOURCE_4, _TARGET_4, _SOURCE_6, _TARGET_6 = 3, 4, 5, 6
_SOURCE_PORT, _TARGET_PORT, _SECONDS, _MICROSECONDS, _KIND, _PAYLOAD = 7, 8, 9, 10, 11, 15
_SIP: Final = 1
#: Headers that are kept, long and short names (RFC 3261 section 7.3.3). No bodies: they hold keys and
#: addresses of media, and where a caller of 112 is. No credentials.
_KEPT: Final = {
    "call-id": "Call-ID", "i": "Call-ID", "cseq": "CSeq", "from": "From", "f": "From", "to": "To", "t": "To",
    "contact": "Contact", "m": "Contact", "reason": "Reason", "warning": "Warning",
    "user-agent": "User-Agent", "server": "Server", "p-asserted-identity": "P-Asserted-Identity",
    "privacy": "Privacy", "p-preferred-identity": "P-Preferred-Identity", "diversion": "Diversion",
    "refer-to": "Refer-To", "r": "Refer-To", "retry-after": "Retry-After", "max-forwards": "Max-Forwards",
    "content-type": "Content-Type", "c": "Content-Type",
}  # fmt: skip
_MOST_VALUE: Final = 300


@dataclass(frozen=True, slots=True)
class SipSeen:
    """A SIP message on its way from `source` to `target` (address:port): its first line, and of its headers
    those that tell what it is about."""

    at: datetime
    source: str
    target: str
    first_line: str
    headers: tuple[tuple[str, str], ...]

    @property
    def call_id(self) -> str:
        """The dialogue's Call-ID."""
        return next((value for name, value in self.headers if name == "Call-ID"), "")


def sip_seen(datagram: bytes) -> SipSeen | None:
    """The message of a datagram; None for one about something else than SIP. Raises ProtocolError."""
    chunks = _chunks(datagram)
    if _whole(chunks, _KIND) != _SIP:
        return None
    at = _EPOCH + timedelta(seconds=_whole(chunks, _SECONDS), microseconds=_whole(chunks, _MICROSECONDS))
    source = _place(chunks, _SOURCE_4, _SOURCE_6, _SOURCE_PORT)
    target = _place(chunks, _TARGET_4, _TARGET_6, _TARGET_PORT)
    head = chunks.get(_PAYLOAD, b"").partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    first, *lines = head.split("\r\n")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        kept = _KEPT.get(name.strip().lower())
        if colon and kept is not None:
            headers.append((kept, _clean(value.strip())))
    return SipSeen(at, source, target, _clean(first), tuple(headers))


def _chunks(datagram: bytes) -> Mapping[int, bytes]:
    if len(datagram) < _HEAD.size:
        raise ProtocolError(f"a HEP datagram of {len(datagram)} bytes")
    mark, length = _HEAD.unpack_from(datagram)
    if mark != b"HEP3" or length != len(datagram):
        raise ProtocolError(f"no HEP version 3: begins with {mark!r}, says {length} of {len(datagram)} bytes")
    found: dict[int, bytes] = {}
    place = _HEAD.size
    while place < len(datagram):
        if place + _CHUNK.size > len(datagram):
            raise ProtocolError("a HEP chunk is cut")
        vendor, kind, size = _CHUNK.unpack_from(datagram, place)
        if size < _CHUNK.size or place + size > len(datagram):
            raise ProtocolError(f"HEP chunk {kind} says {size} bytes")
        if vendor == 0:
            found[kind] = datagram[place + _CHUNK.size : place + size]
        place += size
    return found


def _whole(chunks: Mapping[int, bytes], kind: int) -> int:
    return int.from_bytes(chunks.get(kind, b"")[:4])


def _place(chunks: Mapping[int, bytes], four: int, six: int, port: int) -> str:
    try:
        address = ipaddress.ip_address(chunks.get(four) or chunks.get(six) or b"")
    except ValueError as error:
        raise ProtocolError("HEP without an IP address") from error
    host = f"[{address}]" if address.version == 6 else str(address)
    return f"{host}:{_whole(chunks, port)}"


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:_MOST_VALUE])
