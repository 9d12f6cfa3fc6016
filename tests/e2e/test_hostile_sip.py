"""Hostile SIP from a peer that is allowed to call: the exchange answers, keeps its head, and lives."""

from __future__ import annotations

import itertools

import pytest

from cli.demonstration.stage import Stage
from lab.robots import Answer
from tests.e2e.exchange import Exchange, eventually

_COUNT = itertools.count(1)

_NAMES = {
    "percent-encoded line feed": b'"Eve%0Avariable_fernamt_do: route"',
    "percent-encoded carriage return": b'"Eve%0D%0AP-Asserted-Identity: <sip:110@x>"',
    "line separator": '"Eve\u2028variable_fernamt_customer: kunde-praxis"'.encode(),
    "next line": '"Eve\u0085variable_fernamt_customer: kunde-praxis"'.encode(),
    "no UTF-8": b'"Eve \xff\xfe\xc3\x28"',
    "ten kilobytes": b'"' + b"E" * 10_000 + b'"',
    "dial string syntax": b"\"Eve',absolute_codec_string=GSM]error/USER_BUSY|[x='\"",
    "expansion": b'"${system(touch /tmp/fernamt-was-here)}"',
    "event socket": b'"Content-Length: 0%0A%0Aapi shutdown%0A%0A"',
    "undefined": b"_undef_",
}
_NUMBERS = {
    "expansion": b"%24%7Bhangup%7D",
    "line feed": b"0221%0A4710101",
    "null": b"0221%004710101",
    "separator": "0221\u20284710101".encode(),
    "no UTF-8": b"%ff%fe0221",
    "ten kilobytes": b"1" * 10_000,
    "pipe": b"0221%7Cerror",
    "none": b"",
}


def _invite(stage: Stage, *, name: bytes, number: bytes) -> bytes:
    robot, ports = stage.robot("carrier-a"), stage.settings.node.ports
    mark = b"hostile-%d" % next(_COUNT)
    here = b"127.0.0.1:%d" % robot.port
    session = (b"v=0", b"o=- 1 1 IN IP4 127.0.0.1", b"s=-", b"c=IN IP4 127.0.0.1", b"t=0 0")
    body = b"\r\n".join((*session, b"m=audio 40000 RTP/AVP 8", b""))
    target = b"%s@127.0.0.1:%d" % (number, ports.carrier) if number else b"127.0.0.1:%d" % ports.carrier
    lines = [
        b"INVITE sip:%s SIP/2.0" % target,
        b"Via: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport" % (here, mark),
        b"From: %s <sip:+4915228817386@%s>;tag=%s" % (name, here, mark),
        b"To: <sip:%s>" % target,
        b"Call-ID: %s@127.0.0.1" % mark,
        b"CSeq: 1 INVITE",
        b"Max-Forwards: 70",
        b"Contact: <sip:carrier@%s>" % here,
        b"Content-Type: application/sdp",
        b"Content-Length: %d" % len(body),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _send(stage: Stage, data: bytes) -> tuple[str, ...]:
    """What came back for this INVITE; earlier calls without ACK still get their answers repeated."""
    target = ("127.0.0.1", stage.settings.node.ports.carrier)
    replies = stage.robot("carrier-a").send_raw(data, target, replies_within_ms=400)
    mark = data.partition(b"Call-ID: ")[2].partition(b"\r\n")[0].decode()
    return tuple(reply for reply in replies if f"Call-ID: {mark}\r\n" in reply)


def _still_works(stage: Stage, number: str) -> None:
    stage.robot("bau-1").on_call(Answer(after_ms=20), number)
    call = stage.call("carrier-a", number, from_user="+4915228817386", talk_ms=100)
    assert call.wait("ended", 20).final_code == 200


@pytest.mark.parametrize("name", _NAMES.values(), ids=_NAMES.keys())
def test_a_hostile_display_name_changes_nothing(running: Exchange, stage: Stage, name: bytes) -> None:
    stage.robot("bau-1").on_call(Answer(after_ms=20, talk_ms=50), "+492214710104")
    replies = _send(stage, _invite(stage, name=name, number=b"+492214710104"))
    assert not any(" 401 " in reply or " 407 " in reply for reply in replies)
    _still_works(stage, "+492214710105")
    for leg in running.legs():
        assert leg["customer_id"] in (None, "kunde-bau", "kunde-kanzlei", "kunde-praxis", "kunde-versand")
        if leg["b_number"] == "+492214710104":
            assert (leg["customer_id"], leg["reason_id"]) == ("kunde-bau", "in.trunk")


@pytest.mark.parametrize("number", _NUMBERS.values(), ids=_NUMBERS.keys())
def test_a_hostile_number_is_refused(running: Exchange, stage: Stage, number: bytes) -> None:
    replies = _send(stage, _invite(stage, name=b'"Eve"', number=number))
    assert not any(reply.startswith("SIP/2.0 2") for reply in replies)
    _still_works(stage, "+492214710106")
    assert stage.all_received("carrier-b") == []


def test_records_of_hostile_calls_are_stored_and_none_is_quarantined(running: Exchange, stage: Stage) -> None:
    _still_works(stage, "+492214710107")
    eventually(
        lambda: any(leg["b_number"] == "+492214710107" for leg in running.legs()),
        15,
        "the last call's record",
    )
    assert running.json("cdr", "quarantine") == []
    assert all(process for process in running.processes().values())
