"""What strangers send, counted off the wire: who, how much, and whether it says that it scans."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from dialplan.strangers.counting import Evidence
from firewall.errors import NotPermitted
from firewall.meter import Meter

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
