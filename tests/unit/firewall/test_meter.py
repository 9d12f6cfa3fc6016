"""What strangers send, counted off the wire: who, how much, and whether it says that it scans."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from dialplan.strangers.counting import Evidence
from firewall.errors import NotPermitted
from firewall.meter import Meter, evidence_of

STRANGER, OTHER = "127.0.0.66", "127.0.0.67"
OPTIONS = b"OPTIONS sip:100@127.0.0.1 SIP/2.0\r\nUser-Agent: %s\r\n\r\n"


@pytest.fixture
def door() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        yield opened


@pytest.fixture
def counted(door: socket.socket) -> Iterator[Meter]:
    try:
        meter = Meter([door.getsockname()[1]])
    except NotPermitted as error:
        pytest.skip(str(error))
    yield meter
    meter.close()


def send(source: str, to: socket.socket, *texts: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((source, 0))
        for text in texts:
            sender.sendto(text, to.getsockname())


def seen(meter: Meter, enough: int) -> Counter[tuple[str, Evidence]]:
    """Everything until so many packets were counted."""
    found: Counter[tuple[str, Evidence]] = Counter()
    deadline = time.monotonic() + 10
    while found.total() < enough and time.monotonic() < deadline:
        found.update(meter.look())
    return found


def test_requests_are_counted_by_source_once_each(counted: Meter, door: socket.socket) -> None:
    send(STRANGER, door, *[OPTIONS % b"phone"] * 30)
    send(OTHER, door, OPTIONS % b"phone")
    assert seen(counted, 31) == {(STRANGER, Evidence.REQUEST): 30, (OTHER, Evidence.REQUEST): 1}


@pytest.mark.parametrize("agent", [b"friendly-scanner", b"SIPVicious 0.3", b"sipcli/v1.8"])
def test_a_scanner_is_known_by_its_name(counted: Meter, door: socket.socket, agent: bytes) -> None:
    send(STRANGER, door, OPTIONS % agent)
    assert seen(counted, 1) == {(STRANGER, Evidence.SCANNER): 1}


def test_answers_and_other_ports_are_not_counted(counted: Meter, door: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind(("127.0.0.1", 0))
        send(STRANGER, elsewhere, OPTIONS % b"phone")
    send(STRANGER, door, b"SIP/2.0 200 OK\r\n\r\n")
    send(OTHER, door, b"\r\n\r\n", b"", b"\xff" * 1_400)
    assert seen(counted, 3) == {(OTHER, Evidence.REQUEST): 3}


def test_whoever_is_skipped_costs_nothing(counted: Meter, door: socket.socket) -> None:
    counted.skip([STRANGER])
    send(STRANGER, door, *[OPTIONS % b"phone"] * 100)
    send(OTHER, door, OPTIONS % b"phone")
    assert seen(counted, 1) == {(OTHER, Evidence.REQUEST): 1}


#: Three times "no operation" and the end of the list (RFC 791 3.1).
V4_OPTIONS = b"\x01\x01\x01\x00"


def test_packets_with_ipv4_options_are_counted(counted: Meter, door: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((STRANGER, 0))
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, V4_OPTIONS)
        sender.sendto(OPTIONS % b"friendly-scanner", door.getsockname())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((STRANGER, 0))
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, V4_OPTIONS)
            sender.sendto(OPTIONS % b"phone", elsewhere.getsockname())
    send(OTHER, door, OPTIONS % b"phone")
    assert seen(counted, 2) == {(STRANGER, Evidence.SCANNER): 1, (OTHER, Evidence.REQUEST): 1}


def test_packets_with_ipv6_extension_headers_are_counted() -> None:
    padding = bytes([0, 0, 1, 4, 0, 0, 0, 0])
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as door:
        try:
            door.bind(("::1", 0))
            meter = Meter([door.getsockname()[1]])
        except (OSError, NotPermitted) as error:
            pytest.skip(str(error))
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, padding)
            sender.sendto(OPTIONS % b"friendly-scanner", door.getsockname())
        assert seen(meter, 1) == {("::/64", Evidence.SCANNER): 1}
        meter.close()


SOURCE = bytes.fromhex("20010db8000000000000000000000001")
DATAGRAM = bytes.fromhex("13c413c400080000") + OPTIONS % b"phone"


def v6(first: int, *extensions: bytes, payload: bytes = DATAGRAM) -> memoryview:
    """An IPv6 packet (RFC 8200) whose first header behind its own is of this kind."""
    body = b"".join(extensions) + payload
    return memoryview(b"\x60\x00\x00\x00" + len(body).to_bytes(2) + bytes([first, 64]) + SOURCE * 2 + body)


def header(following: int, length: int = 0) -> bytes:
    return bytes([following, length]) + bytes(6 + 8 * length)


@pytest.mark.parametrize(
    ("packet", "shows"),
    [
        (v6(17), Evidence.REQUEST),
        (v6(0, header(17)), Evidence.REQUEST),
        (v6(0, header(43), header(60, 2), header(17)), Evidence.REQUEST),
        (v6(44, header(17)), Evidence.REQUEST),
        (v6(60, *[header(60)] * 20), Evidence.REQUEST),
        (v6(60, payload=b"\x11"), Evidence.REQUEST),
        (v6(0, header(17), payload=bytes.fromhex("13c413c500080000")), None),
        (v6(0, header(58)), None),
        (v6(44, bytes([17, 0, 0, 8, 0, 0, 0, 1])), None),
        (v6(0, header(17), payload=DATAGRAM[:8] + b"SIP/2.0 200 OK"), None),
        (v6(17)[:30], None),
    ],
    ids=[
        "none", "hop by hop", "three", "first fragment", "too many", "cut", "another port", "ICMPv6",
        "later fragment", "an answer", "no header",
    ],
)  # fmt: skip
def test_an_ipv6_packet_counts_by_what_is_behind_its_extension_headers(
    packet: memoryview, shows: Evidence | None
) -> None:
    """0x13c4 is port 5060."""
    assert evidence_of(packet, {5060}) == (None if shows is None else (SOURCE, shows))
