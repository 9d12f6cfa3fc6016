"""SIP messages, digest and addresses without a network."""

from __future__ import annotations

import contextlib
import hashlib

import pytest
from aiosipua.message import SipRequest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import SipUnreadableError
from lab.switch.causes import Cause
from lab.switch.config.settings import User
from lab.switch.sip.building import dialog_of_request, is_ip, reason_header, response_to, without_tag
from lab.switch.sip.digest import Claim, Nonces, Verdict
from lab.switch.sip.name_addr import parse_address
from lab.switch.sip.reading import read_message, tag_of
from lab.switch.sip.transactions import mark_received, reply_address
from lab.switch.sip.wire import Address

INVITE = (
    b"INVITE sip:1@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5099;rport;branch=z9hG4bK1\r\n"
    b'From: "A, B" <sip:a@x>;tag=f\r\nTo: <sip:b@y>\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n'
    b"Contact: <sip:a@127.0.0.1:5099;transport=tcp>\r\nRecord-Route: <sip:127.0.0.9;lr>\r\n\r\n"
)
SOURCE = Address("127.0.0.1", 6000)


def invite() -> SipRequest:
    message = read_message(INVITE)
    assert isinstance(message, SipRequest)
    return message


def test_responses_go_back_where_the_request_came_from() -> None:
    request = invite()
    mark_received(request, SOURCE)
    response = response_to(request, 180)
    assert reply_address(response, SOURCE) == Address("127.0.0.1", 6000)
    assert tag_of(response, "to")
    assert response.headers.get("record-route") == ["<sip:127.0.0.9;lr>"]


def test_a_dialog_keeps_target_routes_and_tags() -> None:
    dialog = dialog_of_request(invite(), SOURCE)
    bye = dialog.request("BYE")
    assert bye.uri == "sip:a@127.0.0.1:5099;transport=tcp"
    assert bye.headers.get_first("to") == '"A, B" <sip:a@x>;tag=f'
    assert bye.headers.get_first("cseq") == "1 BYE"
    assert dialog.next_hop() == Address("127.0.0.9", 5060, "udp")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("<sip:a@b>;tag=1", "<sip:a@b>"),
        ('"x" <sip:a@b;p=1>;tag=1;q=2', '"x" <sip:a@b;p=1>;q=2'),
        ("sip:a@b;tag=1", "sip:a@b"),
    ],
)
def test_tags_are_taken_off(header: str, expected: str) -> None:
    assert without_tag(header) == expected


@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_an_error_of_ours(data: bytes) -> None:
    for content in (data, INVITE[: len(data)] + data, INVITE.replace(b"7 INVITE", data)):
        with contextlib.suppress(SipUnreadableError):
            message = read_message(content)
            assert message.headers.get("via")


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_digest_is_checked_with_the_hash_and_each_count_once() -> None:
    a1_hash = md5("tisch1:r:geheim")
    user = User("tisch1", "r", {"a1-hash": a1_hash}, {})
    nonces = Nonces(60)
    nonce = nonces.new()

    def claim(count: str, secret: str = a1_hash, nonce: str = nonce) -> Claim:
        answer = md5(f"{secret}:{nonce}:{count}:abc:auth:{md5('REGISTER:sip:r')}")
        fields = {
            "nonce": nonce,
            "uri": "sip:r",
            "qop": "auth",
            "nc": count,
            "cnonce": "abc",
            "response": answer,
        }
        return Claim("tisch1", fields)

    assert nonces.check(claim("00000001"), "REGISTER", user, "r") is Verdict.GOOD
    assert nonces.check(claim("00000001"), "REGISTER", user, "r") is Verdict.STALE
    assert nonces.check(claim("00000002", "falsch"), "REGISTER", user, "r") is Verdict.WRONG
    assert nonces.check(claim("00000002"), "INVITE", user, "r") is Verdict.WRONG
    assert nonces.check(claim("00000002"), "REGISTER", None, "r") is Verdict.WRONG
    assert nonces.check(claim("00000003", nonce="erfunden"), "REGISTER", user, "r") is Verdict.STALE
    assert Nonces(-1).check(claim("00000001"), "REGISTER", user, "r") is Verdict.STALE


def test_reasons_and_addresses() -> None:
    assert reason_header(Cause.USER_BUSY) == 'Q.850;cause=17;text="USER_BUSY"'
    assert reason_header(Cause.ORIGINATOR_CANCEL) == 'SIP;cause=487;text="ORIGINATOR_CANCEL"'
    assert is_ip("127.0.0.1")
    assert not is_ip("127.0.0.256")
    assert not is_ip("rechner.example")


@pytest.mark.parametrize(
    ("header", "name", "user"),
    [
        ('"Eve: <sip:110@x>" <sip:+4915228817386@127.0.0.1>;tag=1', "Eve: <sip:110@x>", "+4915228817386"),
        (r'"a \"quoted\" <name>"<sip:1@x>', 'a "quoted" <name>', "1"),
        ('"" <sip:1@x>', None, "1"),
        ("Eve <sip:1@x>", "Eve", "1"),
        ("sip:1@x;tag=2", None, "1"),
    ],
)
def test_a_display_name_is_read_before_the_address(header: str, name: str | None, user: str) -> None:
    address = parse_address(header)
    assert (address.display_name, address.uri.user) == (name, user)


@pytest.mark.parametrize(
    ("text", "user", "host"),
    [
        ("<tel:+4915228817386>;tag=1", "+4915228817386", ""),
        ("tel:+4915228817386;phone-context=x", "+4915228817386", ""),
        ('"x" <sip:+4915228817386;npdi=yes@h:5080;user=phone>;tag=2', "+4915228817386;npdi=yes", "h"),
        ("<sips:+492214710123:secret@x>", "+492214710123", "x"),
        ('"a,b<c" <sip:1@x>', "1", "x"),
        ("<sip:h>", None, "h"),
    ],
)
def test_addresses_are_read_as_freeswitch_reads_them(text: str, user: str | None, host: str) -> None:
    """Seen on FreeSWITCH 1.11: parameters of the user part stay with it, a password does not."""
    uri = parse_address(text).uri
    assert (uri.user, uri.host) == (user, host)
