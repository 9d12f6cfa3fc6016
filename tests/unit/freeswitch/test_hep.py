"""SIP messages in HEP, as FreeSWITCH copies them; and datagrams that anybody could send."""

from __future__ import annotations

import socket
import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freeswitch.errors import ProtocolError
from freeswitch.hep import sip_seen

INVITE = (
    b"INVITE sip:112@10.0.0.1 SIP/2.0\r\nCall-ID: abc@host\r\nf: <sip:+493023125001@host>;tag=1\r\n"
    b"CSeq: 7 INVITE\r\nAuthorization: Digest response=secret\r\nContent-Type: application/sdp\r\n\r\n"
    b"v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:key\r\n"
)


def chunk(kind: int, value: bytes, vendor: int = 0) -> bytes:
    return struct.pack("!HHH", vendor, kind, 6 + len(value)) + value


def datagram(payload: bytes, *, kind: int = 1, source: str = "127.0.0.1") -> bytes:
    chunks = b"".join(
        (
            chunk(1, b"\x02"),
            chunk(2, b"\x11"),
            chunk(3, socket.inet_aton(source)),
            chunk(4, socket.inet_aton("127.0.0.2")),
            chunk(7, struct.pack("!H", 5080)),
            chunk(8, struct.pack("!H", 5060)),
            chunk(9, struct.pack("!I", 1_795_346_972)),
            chunk(10, struct.pack("!I", 851_671)),
            chunk(11, bytes([kind])),
            chunk(12, b"\0\0\0\1"),
            chunk(33, b"of another vendor", vendor=7),
            chunk(15, payload),
        )
    )
    return b"HEP3" + struct.pack("!H", 6 + len(chunks)) + chunks


def test_a_message_is_read_with_its_way_and_what_it_is_about() -> None:
    found = sip_seen(datagram(INVITE))
    assert found is not None
    assert (found.source, found.target) == ("127.0.0.1:5080", "127.0.0.2:5060")
    assert found.at == datetime(2026, 11, 22, 11, 29, 32, 851_671, tzinfo=UTC)
    assert found.first_line == "INVITE sip:112@10.0.0.1 SIP/2.0"
    assert found.call_id == "abc@host"
    assert dict(found.headers)["From"] == "<sip:+493023125001@host>;tag=1"


def test_neither_bodies_nor_credentials_are_kept() -> None:
    """docs/trace.md: keys of media and answers to challenges are nobody's business."""
    kept = str(sip_seen(datagram(INVITE)))
    assert "secret" not in kept
    assert "crypto" not in kept


def test_what_is_no_sip_is_left_out() -> None:
    assert sip_seen(datagram(b"rtcp", kind=5)) is None


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"HEP2\0\6", id="version-2"),
        pytest.param(datagram(INVITE)[:-1], id="truncated"),
        pytest.param(b"HEP3\0\x0c" + struct.pack("!HHH", 0, 15, 99), id="chunk-too-long"),
        pytest.param(b"HEP3\0\x0c" + struct.pack("!HHH", 0, 15, 2), id="chunk-too-short"),
        pytest.param(b"HEP3\0\x0d" + chunk(11, b"\1"), id="no-address"),
    ],
)
def test_a_broken_datagram_is_refused(bad: bytes) -> None:
    with pytest.raises(ProtocolError):
        sip_seen(bad)


@given(st.binary(max_size=200))
def test_no_datagram_breaks_the_reader(content: bytes) -> None:
    for each in (content, b"HEP3" + struct.pack("!H", 6 + len(content)) + content):
        try:
            sip_seen(each)
        except ProtocolError:
            continue
