"""Two sessions talking over loopback."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from lab.media.clock import shared_ticker
from lab.media.errors import DigitsRefusedError, PortsExhaustedError
from lab.media.g711 import Codec
from lab.media.rtp import MOVES_AFTER, RtpSession
from lab.media.rtp_packet import RtpPacket

Scenario = Callable[[RtpSession, RtpSession], Awaitable[None]]
WITHIN_S = 5


async def until(happened: Callable[[], bool]) -> None:
    """Wait for the wire, tick by tick."""
    async with asyncio.timeout(WITHIN_S):
        while not happened():
            await shared_ticker().wait_ticks(1)


def between_two(scenario: Scenario) -> None:
    async def run() -> None:
        one, two = await RtpSession.open(), await RtpSession.open()
        one.set_remote("127.0.0.1", two.port, 8, 101)
        two.set_remote("127.0.0.1", one.port, 8, 101)
        try:
            await scenario(one, two)
        finally:
            one.close()
            two.close()

    asyncio.run(run())


def test_frames_arrive_as_they_were_sent() -> None:
    async def scenario(one: RtpSession, two: RtpSession) -> None:
        heard: list[tuple[bytes, int]] = []
        two.on_frame = lambda payload, payload_type: heard.append((payload, payload_type))
        for value in range(5):
            one.send_frame(bytes([value]) * 160)
        await until(lambda: len(heard) == 5)
        assert heard == [(bytes([value]) * 160, 8) for value in range(5)]
        assert (one.stats.packets_sent, two.stats.packets_received, two.stats.packets_lost) == (5, 5, 0)

    between_two(scenario)


def test_ports_are_even_and_a_closed_session_frees_its_port() -> None:
    async def run() -> None:
        sessions = [await RtpSession.open() for _ in range(10)]
        ports = [session.port for session in sessions]
        assert all(port % 2 == 0 for port in ports)
        assert len(set(ports)) == 10
        for session in sessions:
            session.close()
            session.close()
        await asyncio.sleep(0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind(("127.0.0.1", ports[0]))

    asyncio.run(run())


def test_an_address_that_is_not_ours_is_refused_with_a_clear_error() -> None:
    with pytest.raises(PortsExhaustedError, match=r"192\.0\.2\.1"):
        asyncio.run(RtpSession.open("192.0.2.1"))


@pytest.mark.parametrize("with_audio", [True, False], ids=["over-audio", "without-audio"])
def test_digits_go_through_once_each_in_order(with_audio: bool) -> None:
    async def scenario(one: RtpSession, two: RtpSession) -> None:
        digits: list[str] = []
        two.on_dtmf = digits.append

        def talk() -> None:
            one.send_frame(Codec.PCMA.silence)

        if with_audio:
            shared_ticker().add(talk)
        await one.send_dtmf("0119*#d", 60)
        await until(lambda: len(digits) >= 7)
        shared_ticker().remove(talk)
        assert "".join(digits) == "0119*#D"
        assert two.stats.packets_late == 0

    between_two(scenario)


@pytest.mark.parametrize(
    ("digits", "duration_ms", "place"),
    [("12x", 100, "character 3"), ("", 100, "0 digits"), ("1" * 129, 100, "129 digits"), ("1", 10, "10 ms")],
)
def test_digits_that_cannot_be_sent_are_refused(digits: str, duration_ms: int, place: str) -> None:
    async def scenario(one: RtpSession, _two: RtpSession) -> None:
        with pytest.raises(DigitsRefusedError, match=place):
            await one.send_dtmf(digits, duration_ms)

    between_two(scenario)


def test_digits_to_a_peer_without_telephone_events_are_refused() -> None:
    async def scenario(one: RtpSession, two: RtpSession) -> None:
        one.set_remote("127.0.0.1", two.port, 8, None)
        with pytest.raises(DigitsRefusedError, match="no telephone-event"):
            await one.send_dtmf("1")

    between_two(scenario)


def test_foreign_and_truncated_packets_are_counted_and_heard_by_nobody() -> None:
    async def scenario(one: RtpSession, two: RtpSession) -> None:
        heard: list[bytes] = []
        two.on_frame = lambda payload, _payload_type: heard.append(payload)
        good = RtpPacket(8, False, 1, 1, 1, b"x" * 160).serialise()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.1", 0))
            for datagram in (good, b"INVITE", good[:5]):
                stranger.sendto(datagram, ("127.0.0.1", two.port))
        one.payload_type = 96
        one.send_frame(b"y" * 160)
        await until(lambda: two.stats.packets_foreign + two.stats.packets_truncated == 4)
        assert (two.stats.packets_foreign, two.stats.packets_truncated, heard) == (2, 2, [])

    between_two(scenario)


@pytest.mark.parametrize("packets", [MOVES_AFTER - 1, MOVES_AFTER])
def test_a_symmetric_session_follows_ten_packets_from_behind_a_nat(packets: int) -> None:
    async def run() -> None:
        one, two = await RtpSession.open(), await RtpSession.open(symmetric=True)
        one.set_remote("127.0.0.1", two.port)
        inside = ("127.0.0.1", 9)  # what a phone behind NAT would have written into its SDP
        two.set_remote(*inside)
        for _ in range(packets):
            one.send_frame(Codec.PCMA.silence)
        await until(lambda: two.stats.packets_foreign + two.stats.packets_received == packets)
        assert two.remote == (("127.0.0.1", one.port) if packets == MOVES_AFTER else inside)
        two.set_remote(*inside)  # a new offer that says the same
        assert two.remote == (("127.0.0.1", one.port) if packets == MOVES_AFTER else inside)
        two.set_remote("127.0.0.1", 11)
        assert two.remote == ("127.0.0.1", 11)
        one.close()
        two.close()

    asyncio.run(run())


def test_a_symmetric_session_that_heard_its_peer_follows_nobody() -> None:
    async def run() -> None:
        one, two = await RtpSession.open(), await RtpSession.open(symmetric=True)
        stranger = await RtpSession.open()
        for each in (one, stranger):
            each.set_remote("127.0.0.1", two.port)
        two.set_remote("127.0.0.1", one.port)
        one.send_frame(Codec.PCMA.silence)
        await until(lambda: two.stats.packets_received == 1)
        for _ in range(2 * MOVES_AFTER):
            stranger.send_frame(Codec.PCMA.silence)
        await until(lambda: two.stats.packets_foreign == 2 * MOVES_AFTER)
        assert (two.remote, two.stats.packets_received) == (("127.0.0.1", one.port), 1)
        for each in (one, two, stranger):
            each.close()

    asyncio.run(run())


def test_nothing_is_sent_before_the_remote_is_known_or_after_hold() -> None:
    async def scenario(one: RtpSession, _two: RtpSession) -> None:
        one.set_remote("127.0.0.1", 0)
        one.send_frame(Codec.PCMA.silence)
        assert one.stats.packets_sent == 0

    between_two(scenario)
