"""What arrives: order, loss, jitter and digits of one RTP stream (RFC 3550 appendix A, RFC 4733)."""

from collections.abc import Callable
from dataclasses import dataclass

from lab.media.g711 import SAMPLE_RATE_HZ
from lab.media.rtp_packet import DIGIT_OF_EVENT, RtpPacket, parse_event

_HALF = 0x8000
MAX_GAP = 3000
"""Packets (60 s): a greater jump of the sequence is taken as a restart of the sender, not as loss."""


@dataclass(frozen=True, slots=True)
class RtpStats:
    """Counters of one session since it was opened; jitter in milliseconds (RFC 3550 section 6.4.1)."""

    packets_sent: int = 0
    packets_received: int = 0
    packets_lost: int = 0
    packets_late: int = 0
    packets_truncated: int = 0
    packets_foreign: int = 0
    jitter_ms: float = 0.0


class RtpReceiver:
    """Sorts the packets of one stream; `accept` calls back for audio in order and once for each digit."""

    def __init__(self, on_audio: Callable[[bytes, int], None], on_digit: Callable[[str], None]) -> None:
        self._on_audio = on_audio
        self._on_digit = on_digit
        self._ssrc: int | None = None
        self._highest = 0
        self._last_event: tuple[int, int] | None = None
        self._transit: float | None = None
        self._jitter_units = 0.0
        self.received = 0
        self.lost = 0
        self.late = 0

    @property
    def jitter_ms(self) -> float:
        return self._jitter_units * 1000 / SAMPLE_RATE_HZ

    def accept(self, packet: RtpPacket, is_event: bool, arrived_s: float) -> None:
        """Take one valid packet; late ones and duplicates are counted and dropped."""
        if not self._in_order(packet):
            self.late += 1
            return
        self.received += 1
        if is_event:
            self._digit(packet)
            return
        self._measure_jitter(packet, arrived_s)
        self._on_audio(packet.payload, packet.payload_type)

    def _in_order(self, packet: RtpPacket) -> bool:
        if packet.ssrc != self._ssrc:
            self._ssrc, self._highest, self._transit = packet.ssrc, packet.sequence, None
            return True
        step = (packet.sequence - self._highest) & 0xFFFF
        if step == 0 or (step >= _HALF and 0x10000 - step <= MAX_GAP):
            return False
        if step <= MAX_GAP:
            self.lost += step - 1
        self._highest = packet.sequence
        return True

    def _digit(self, packet: RtpPacket) -> None:
        """An event is known by its timestamp, so its first packet counts and no other."""
        event = parse_event(packet.payload)
        if event is None or (packet.ssrc, packet.timestamp) == self._last_event:
            return
        self._last_event = (packet.ssrc, packet.timestamp)
        digit = DIGIT_OF_EVENT.get(event.event)
        if digit is not None:
            self._on_digit(digit)

    def _measure_jitter(self, packet: RtpPacket, arrived_s: float) -> None:
        transit = arrived_s * SAMPLE_RATE_HZ - packet.timestamp
        if self._transit is not None:
            deviation = abs(transit - self._transit)
            if (
                deviation < SAMPLE_RATE_HZ
            ):  # a new talkspurt or a wrapped clock says nothing about the network
                self._jitter_units += (deviation - self._jitter_units) / 16
        self._transit = transit
