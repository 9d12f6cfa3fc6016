"""One audio session over UDP: G.711 frames and telephone-events both ways (RFC 3550, RFC 4733)."""

import asyncio
import secrets
import socket
from collections.abc import Callable
from typing import Self, cast

from lab.media.clock import shared_ticker
from lab.media.errors import DigitsRefusedError, PortsExhaustedError
from lab.media.g711 import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ, Codec
from lab.media.rtp_packet import EVENT_OF_DIGIT, RtpPacket, TelephoneEvent, parse_rtp
from lab.media.rtp_receiver import RtpReceiver, RtpStats

__all__ = ["RtpSession", "RtpStats"]

BIND_ATTEMPTS = 64
MAX_DIGITS = 128
MIN_DIGIT_MS, MAX_DIGIT_MS = 40, 6000
DIGIT_GAP_MS = 60
PAUSE_MS = {"w": 500, "W": 1000}
"""Pauses between digits, written as FreeSWITCH's send_dtmf writes them."""
END_PACKETS = 3
"""The end of an event is sent three times (RFC 4733 section 2.5.1.4)."""
SILENCE_GAP_S = 0.1
"""After a longer pause without frames the timestamp jumps with the clock and the marker is set."""
MOVES_AFTER = 10
"""Packets from elsewhere (FreeSWITCH's `rtp_auto_adjust_threshold`)."""


class RtpSession(asyncio.DatagramProtocol):
    """A bound even UDP port; frames go out when `send_frame` is called, nothing is sent by itself.

    Until `set_remote` nothing is sent and what arrives is counted as foreign. With `symmetric=True` the
    remote address moves once, as in FreeSWITCH: to where the tenth valid packet after `set_remote` came from,
    unless one from the remote address was among them. The same address told again changes nothing.
    `on_frame(payload, payload_type)` gets audio in the order of the sequence numbers (usually 160 bytes,
    other packet times come through as they are), `on_dtmf(digit)` each digit exactly once.
    """

    def __init__(self, local_ip: str, port: int, symmetric: bool) -> None:
        self.local_ip = local_ip
        self.port = port
        self.on_frame: Callable[[bytes, int], None] | None = None
        self.on_dtmf: Callable[[str], None] | None = None
        self.payload_type = Codec.PCMA.payload_type
        self.dtmf_payload_type: int | None = None
        self._remote: tuple[str, int] | None = None
        self._symmetric = symmetric
        self._stated: tuple[str, int] | None = None
        self._learned = False
        self._elsewhere = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._receiver = RtpReceiver(self._audio_arrived, self._digit_arrived)
        self._truncated = 0
        self._foreign = 0
        self._sent = 0
        self._ssrc = secrets.randbits(32)
        self._sequence = secrets.randbits(15)
        self._timestamp = secrets.randbits(31)
        self._last_sent_s: float | None = None
        self._event_running = False
        self._digits_lock = asyncio.Lock()

    @classmethod
    async def open(cls, local_ip: str = "127.0.0.1", symmetric: bool = False) -> Self:
        """Bind an even free UDP port on `local_ip`.

        Raises PortsExhaustedError after 64 attempts.
        """
        bound = _bind_even_port(local_ip)
        session = cls(local_ip, bound.getsockname()[1], symmetric)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: session, sock=bound)
        return session

    @property
    def remote(self) -> tuple[str, int] | None:
        return self._remote

    @property
    def stats(self) -> RtpStats:
        """The counters as they are now."""
        return RtpStats(
            packets_sent=self._sent,
            packets_received=self._receiver.received,
            packets_lost=self._receiver.lost,
            packets_late=self._receiver.late,
            packets_truncated=self._truncated,
            packets_foreign=self._foreign,
            jitter_ms=round(self._receiver.jitter_ms, 3),
        )

    def set_remote(
        self, host: str, port: int, payload_type: int = 8, dtmf_payload_type: int | None = 101
    ) -> None:
        """Where to send and what: `payload_type` 0 or 8; `dtmf_payload_type` None when the peer takes none.

        Port 0 (media on hold or refused, RFC 3264) stops the sending.
        """
        stated = (host, port) if port else None
        if not (self._learned and stated == self._stated):
            self._remote, self._learned, self._elsewhere = stated, False, 0
        self._stated = stated
        self.payload_type = payload_type
        self.dtmf_payload_type = dtmf_payload_type

    def send_frame(self, payload: bytes) -> None:
        """Send one frame of G.711 in the negotiated law (160 bytes for 20 ms).

        While a digit is being sent the frame is swallowed: the event stands in for the audio.
        """
        if self._remote is None or self._transport is None or self._event_running:
            return
        now_s = asyncio.get_running_loop().time()
        gap_s = now_s - self._last_sent_s if self._last_sent_s is not None else None
        if gap_s is not None and gap_s > SILENCE_GAP_S:
            self._timestamp += (int(gap_s * SAMPLE_RATE_HZ) // FRAME_SAMPLES - 1) * FRAME_SAMPLES
        marker = gap_s is None or gap_s > SILENCE_GAP_S
        self._last_sent_s = now_s
        self._send(self.payload_type, marker, self._timestamp, payload)
        self._timestamp += len(payload)

    async def send_dtmf(self, digits: str, duration_ms: int = 160) -> None:
        """Send digits `0-9 * # A-D` as telephone-events, `w`/`W` pausing 0.5/1 s; returns after the last one.

        Calls queue up behind each other. Raises DigitsRefusedError for other characters, more than 128
        digits, a duration outside 40..6000 ms, or a peer that takes no telephone-events.
        """
        events = _checked(digits, duration_ms)
        if self.dtmf_payload_type is None:
            raise DigitsRefusedError(
                f"digits {digits!r}: the peer's SDP offers no telephone-event; offer it or send no digits"
            )
        async with self._digits_lock:
            for digit in events:
                if digit in PAUSE_MS:
                    await shared_ticker().wait_ticks(PAUSE_MS[digit] // FRAME_MS)
                else:
                    await self._send_event(EVENT_OF_DIGIT[digit], duration_ms)

    def close(self) -> None:
        """Free the port; calls nothing back afterwards. Closing twice is harmless."""
        self.on_frame = self.on_dtmf = None
        self._remote = None
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    async def _send_event(self, event: int, duration_ms: int) -> None:
        ticker = shared_ticker()
        total = duration_ms // FRAME_MS * FRAME_SAMPLES
        start = self._timestamp
        self._event_running = True
        try:
            for duration in range(FRAME_SAMPLES, total + 1, FRAME_SAMPLES):
                self._send_event_packet(
                    start, TelephoneEvent(event, False, duration), duration == FRAME_SAMPLES
                )
                await ticker.wait_ticks(1)
            for _ in range(END_PACKETS):
                self._send_event_packet(start, TelephoneEvent(event, True, total), False)
        finally:
            self._event_running = False
            self._timestamp = start + total
            self._last_sent_s = asyncio.get_running_loop().time()
        await ticker.wait_ticks(DIGIT_GAP_MS // FRAME_MS)
        if self._timestamp == start + total:  # nobody sends audio: the next event needs its own timestamp
            self._timestamp += DIGIT_GAP_MS // FRAME_MS * FRAME_SAMPLES

    def _send_event_packet(self, timestamp: int, event: TelephoneEvent, marker: bool) -> None:
        if self.dtmf_payload_type is not None:
            self._send(self.dtmf_payload_type, marker, timestamp, event.serialise())

    def _send(self, payload_type: int, marker: bool, timestamp: int, payload: bytes) -> None:
        if self._remote is None or self._transport is None:
            return
        packet = RtpPacket(payload_type, marker, self._sequence, timestamp, self._ssrc, payload)
        self._transport.sendto(packet.serialise(), self._remote)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._sent += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not checked by isinstance: Python 3.11's own UDP transport is no asyncio.DatagramTransport.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def error_received(self, exc: Exception) -> None:
        """The peer's port is closed (ICMP): normal at the end of a call, nothing to do on loopback."""

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        packet = parse_rtp(data)
        if packet is None:
            self._truncated += 1
            return
        is_event = packet.payload_type == self.dtmf_payload_type
        if not (is_event or packet.payload_type in (0, 8)) or not self._is_peer((addr[0], addr[1])):
            self._foreign += 1
            return
        self._receiver.accept(packet, is_event, asyncio.get_running_loop().time())

    def _is_peer(self, source: tuple[str, int]) -> bool:
        if self._remote is None:
            return False
        if self._symmetric and not self._learned:
            self._settle(source)
        return source == self._remote

    def _settle(self, source: tuple[str, int]) -> None:
        if source == self._remote:
            self._learned = True
            return
        self._elsewhere += 1
        if self._elsewhere >= MOVES_AFTER:
            self._remote, self._learned = source, True

    def _audio_arrived(self, payload: bytes, payload_type: int) -> None:
        if self.on_frame is not None:
            self.on_frame(payload, payload_type)

    def _digit_arrived(self, digit: str) -> None:
        if self.on_dtmf is not None:
            self.on_dtmf(digit)


def _checked(digits: str, duration_ms: int) -> str:
    if not 0 < len(digits) <= MAX_DIGITS:
        raise DigitsRefusedError(f"{len(digits)} digits; send 1..{MAX_DIGITS} at a time")
    if not MIN_DIGIT_MS <= duration_ms <= MAX_DIGIT_MS:
        raise DigitsRefusedError(f"duration {duration_ms} ms; use {MIN_DIGIT_MS}..{MAX_DIGIT_MS} ms")
    events = "".join(digit if digit in PAUSE_MS else digit.upper() for digit in digits)
    for place, digit in enumerate(events, start=1):
        if digit not in PAUSE_MS and digit not in EVENT_OF_DIGIT:
            raise DigitsRefusedError(f"character {place} of the digits is {digit!r}; use 0-9 * # A-D w W")
    return events


def _bind_even_port(local_ip: str) -> socket.socket:
    """A non-blocking socket on an even port: the odd neighbour stays free for RTCP (RFC 3550 section 11)."""
    for _ in range(BIND_ATTEMPTS):
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            bound.bind((local_ip, 0))
        except OSError as problem:
            bound.close()
            raise PortsExhaustedError(
                f"RTP on {local_ip}: {problem}; check the address and `ulimit -n`"
            ) from None
        if bound.getsockname()[1] % 2 == 0:
            bound.setblocking(False)
            return bound
        bound.close()
    raise PortsExhaustedError(
        f"RTP on {local_ip}: no even UDP port in {BIND_ATTEMPTS} attempts; end other programs"
    )
