"""Packets and the receiver's judgement of them (RFC 3550, RFC 4733)."""

import struct
from collections.abc import Iterable

import pytest

from lab.media.rtp_packet import RtpPacket, TelephoneEvent, parse_event, parse_rtp
from lab.media.rtp_receiver import RtpReceiver


def packet(sequence: int, timestamp: int = 0, ssrc: int = 7, payload: bytes = b"\xd5" * 160) -> RtpPacket:
    return RtpPacket(8, False, sequence, timestamp, ssrc, payload)


class Listener:
    """A receiver and what it reported."""

    def __init__(self) -> None:
        self.frames = 0
        self.digits = ""
        self.receiver = RtpReceiver(self._audio, self._digit)

    def _audio(self, _payload: bytes, _payload_type: int) -> None:
        self.frames += 1

    def _digit(self, digit: str) -> None:
        self.digits += digit

    def hear(self, sequences: Iterable[int], ssrc: int = 7) -> None:
        for place, sequence in enumerate(sequences):
            self.receiver.accept(packet(sequence & 0xFFFF, place * 160, ssrc), False, place * 0.02)


def test_a_packet_survives_the_wire() -> None:
    sent = RtpPacket(101, True, 65535, 0xFFFFFFFF, 0xDEADBEEF, b"abcd")
    assert parse_rtp(sent.serialise()) == sent


def test_contributing_sources_extension_and_padding_are_skipped() -> None:
    head = struct.pack("!BBHII", 0x80 | 0x20 | 0x10 | 2, 8, 1, 2, 3)
    datagram = head + b"CSRCCSRC" + struct.pack("!HH", 0xBEDE, 1) + b"EXTN" + b"audio" + b"\0\0\x03"
    parsed = parse_rtp(datagram)
    assert parsed is not None
    assert parsed.payload == b"audio"


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x80\x08\x00\x01",
        packet(1).serialise()[:12],
        b"\x40" + packet(1).serialise()[1:],
        b"\x8f" + packet(1, payload=b"short").serialise()[1:],
        b"\x90" + packet(1, payload=b"\xbe\xde\xff\xff").serialise()[1:],
        b"\xa0" + packet(1, payload=b"abc\xff").serialise()[1:],
        packet(1, payload=b"x" * 2000).serialise(),
    ],
    ids=["empty", "truncated", "no-payload", "version-1", "csrc", "extension", "padding", "oversized"],
)
def test_what_is_no_packet_is_refused(datagram: bytes) -> None:
    assert parse_rtp(datagram) is None


def test_late_packets_and_duplicates_are_dropped_and_counted() -> None:
    listener = Listener()
    listener.hear([1, 2, 4, 3, 4, 5])
    assert (listener.frames, listener.receiver.late) == (4, 2)


def test_lost_packets_are_counted_over_the_wrap_of_the_sequence() -> None:
    listener = Listener()
    listener.hear([65533, 65534, 2, 3])
    assert (listener.receiver.lost, listener.receiver.late) == (3, 0)


def test_a_sender_that_starts_anew_is_not_taken_for_loss() -> None:
    listener = Listener()
    listener.hear([10, 11])
    listener.hear([40000, 40001], ssrc=7)
    listener.hear([5, 6], ssrc=8)
    assert (listener.frames, listener.receiver.lost, listener.receiver.late) == (6, 0, 0)


def test_jitter_is_nought_for_a_steady_sender_and_grows_with_an_unsteady_one() -> None:
    steady, unsteady = Listener(), Listener()
    for place in range(50):
        steady.receiver.accept(packet(place, place * 160), False, place * 0.02)
        unsteady.receiver.accept(packet(place, place * 160), False, place * 0.02 + (place % 2) * 0.008)
    assert steady.receiver.jitter_ms == pytest.approx(0, abs=0.001)
    assert unsteady.receiver.jitter_ms == pytest.approx(8, abs=1)


def event_packets(event: int, timestamp: int, first_sequence: int) -> list[RtpPacket]:
    steps = [(False, 160), (False, 320), (False, 480), (True, 480), (True, 480), (True, 480)]
    return [
        packet(first_sequence + place, timestamp, payload=TelephoneEvent(event, end, duration).serialise())
        for place, (end, duration) in enumerate(steps)
    ]


@pytest.mark.parametrize("survivor", range(6))
def test_one_surviving_packet_of_a_digit_is_enough(survivor: int) -> None:
    listener = Listener()
    listener.receiver.accept(event_packets(5, 1000, 1)[survivor], True, 0)
    assert listener.digits == "5"


def test_the_same_digit_twice_is_two_digits_and_six_packets_are_one() -> None:
    listener = Listener()
    for one in [*event_packets(11, 1000, 1), *event_packets(11, 2500, 7)]:
        listener.receiver.accept(one, True, 0)
    assert listener.digits == "##"


def test_events_that_are_no_digits_are_ignored() -> None:
    listener = Listener()
    listener.receiver.accept(event_packets(16, 1000, 1)[0], True, 0)
    listener.receiver.accept(packet(2, 5000, payload=b"\x05"), True, 0)
    assert listener.digits == ""
    assert parse_event(b"\x01\x02") is None
