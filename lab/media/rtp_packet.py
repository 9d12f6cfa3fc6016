"""RTP packets and telephone-event payloads as values (RFC 3550 section 5.1, RFC 4733 section 2.3)."""

import struct
from dataclasses import dataclass
from typing import Final

MAX_PACKET_BYTES = 1500
MAX_PAYLOAD_BYTES = 1400

_FIXED_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_EXTENSION = struct.Struct("!HH")

EVENT_OF_DIGIT: Final[dict[str, int]] = {digit: code for code, digit in enumerate("0123456789*#ABCD")}
DIGIT_OF_EVENT: Final[dict[int, str]] = {code: digit for digit, code in EVENT_OF_DIGIT.items()}


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet; `sequence` 16 bit, `timestamp` and `ssrc` 32 bit."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes

    def serialise(self) -> bytes:
        return (
            _FIXED_HEADER.pack(
                0x80,
                self.payload_type | (0x80 if self.marker else 0),
                self.sequence & 0xFFFF,
                self.timestamp & 0xFFFFFFFF,
                self.ssrc,
            )
            + self.payload
        )


def parse_rtp(datagram: bytes) -> RtpPacket | None:
    """The packet, or None when the datagram is truncated, oversized, empty of payload or not RTP version 2.

    Contributing sources, a header extension and padding are skipped.
    """
    if not _FIXED_HEADER.size < len(datagram) <= MAX_PACKET_BYTES:
        return None
    first, second, sequence, timestamp, ssrc = _FIXED_HEADER.unpack_from(datagram)
    if first >> 6 != 2:
        return None
    start = _FIXED_HEADER.size + 4 * (first & 0x0F)
    end = len(datagram)
    if first & 0x10:
        if start + _EXTENSION.size > end:
            return None
        start += _EXTENSION.size + 4 * _EXTENSION.unpack_from(datagram, start)[1]
    if first & 0x20:
        end -= datagram[-1]
    if not start < end or end - start > MAX_PAYLOAD_BYTES:
        return None
    return RtpPacket(second & 0x7F, bool(second & 0x80), sequence, timestamp, ssrc, datagram[start:end])


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """RFC 4733: event code, end bit, duration in timestamp units (1/8000 s)."""

    event: int
    end: bool
    duration: int
    volume: int = 10

    def serialise(self) -> bytes:
        return _EVENT.pack(self.event, (0x80 if self.end else 0) | self.volume, self.duration & 0xFFFF)


def parse_event(payload: bytes) -> TelephoneEvent | None:
    """The event, or None when the payload is too short."""
    if len(payload) < _EVENT.size:
        return None
    event, flags, duration = _EVENT.unpack_from(payload)
    return TelephoneEvent(event, bool(flags & 0x80), duration, flags & 0x3F)
