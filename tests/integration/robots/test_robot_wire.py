"""What robots do with SIP that another stack sends: late offers, retransmissions, hostile bytes."""

import socket
from collections.abc import Iterator

import pytest

from lab.media.sdp import build_offer, parse_audio
from lab.robots import Answer, CommandRefusedError, Reject, Ring, RobotPhone, Robots

from .conftest import NewPhone

TIMEOUT_S = 5


class Peer:
    """A bare UDP socket that speaks SIP by hand."""

    def __init__(self, phone: RobotPhone) -> None:
        self._phone = phone
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(TIMEOUT_S)
        self.port = self._socket.getsockname()[1]

    def send(self, method: str, *lines: str, body: str = "", to_tag: str = "", cseq: int = 1) -> None:
        tag = f";tag={to_tag}" if to_tag else ""
        head = [
            f"{method} sip:0221@127.0.0.1 SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK-{method if to_tag else 'first'}-{cseq}",
            "From: <sip:peer@127.0.0.1>;tag=peer",
            f"To: <sip:0221@127.0.0.1>{tag}",
            f"Call-ID: call-{self.port}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:peer@127.0.0.1:{self.port}>",
            *lines,
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        message = "\r\n".join(head) + "\r\n\r\n" + body
        self._socket.sendto(message.encode(), ("127.0.0.1", self._phone.port))

    def receive(self) -> str:
        return self._socket.recv(65536).decode()

    def receive_final(self, code: int) -> str:
        """The next message that is no 1xx; it must have this code."""
        for _ in range(20):
            message = self.receive()
            if not message.startswith("SIP/2.0 1"):
                assert message.startswith(f"SIP/2.0 {code}"), message
                return message
        raise AssertionError("only provisional responses")

    def close(self) -> None:
        self._socket.close()


def header(message: str, name: str) -> str:
    return next(line for line in message.split("\r\n") if line.lower().startswith(name.lower() + ":"))


def tag_of_to(message: str) -> str:
    return header(message, "To").partition("tag=")[2]


@pytest.fixture
def phone(new_phone: NewPhone) -> RobotPhone:
    return new_phone()


@pytest.fixture
def peer(phone: RobotPhone) -> Iterator[Peer]:
    one = Peer(phone)
    yield one
    one.close()


def test_options_are_answered_200(peer: Peer) -> None:
    peer.send("OPTIONS")
    assert "INVITE" in header(peer.receive_final(200), "Allow")


def test_an_unknown_method_and_an_unknown_dialog_are_refused(peer: Peer) -> None:
    peer.send("PUBLISH", cseq=1)
    peer.receive_final(405)
    peer.send("BYE", to_tag="nobody", cseq=2)
    peer.receive_final(481)


def test_a_retransmitted_invite_is_one_call_and_repeats_the_last_response(
    robots: Robots, phone: RobotPhone, peer: Peer
) -> None:
    phone.on_call(Reject(486, after_ms=100))
    for _ in range(3):
        peer.send("INVITE", body=build_offer("127.0.0.1", 4000))
    first = peer.receive_final(486)
    peer.send("INVITE", body=build_offer("127.0.0.1", 4000))
    assert peer.receive_final(486) == first
    phone.incoming(TIMEOUT_S)
    assert not robots.incoming(phone.name)


def test_a_refusal_is_repeated_until_it_is_acknowledged(phone: RobotPhone, peer: Peer) -> None:
    phone.on_call(Reject(404))
    peer.send("INVITE", body=build_offer("127.0.0.1", 4000))
    first = peer.receive_final(404)
    assert peer.receive_final(404) == first
    peer.send("ACK", to_tag=tag_of_to(first))


def test_record_routes_are_kept_in_order_and_used_for_the_bye(phone: RobotPhone, peer: Peer) -> None:
    phone.on_call(Answer(ring=False, talk_ms=50))
    own = f"<sip:127.0.0.1:{peer.port};lr>"
    peer.send(
        "INVITE", f"Record-Route: {own}, <sip:second.example.org;lr>", body=build_offer("127.0.0.1", 4000)
    )
    answer = peer.receive_final(200)
    assert header(answer, "Record-Route") == f"Record-Route: {own}"
    peer.send("ACK", to_tag=tag_of_to(answer))
    bye = peer.receive()
    assert bye.startswith(f"BYE sip:peer@127.0.0.1:{peer.port} SIP/2.0")
    assert [line for line in bye.split("\r\n") if line.startswith("Route:")] == [
        f"Route: {own}",
        "Route: <sip:second.example.org;lr>",
    ]


def test_an_invite_without_offer_is_answered_with_one(phone: RobotPhone, peer: Peer) -> None:
    phone.on_call(Answer(ring=False))
    peer.send("INVITE")
    answer = peer.receive_final(200)
    assert parse_audio(answer.partition("\r\n\r\n")[2]).dtmf_payload_type == 101
    peer.send("ACK", to_tag=tag_of_to(answer), body=build_offer("127.0.0.1", 4000))
    peer.send("BYE", to_tag=tag_of_to(answer), cseq=2)
    peer.receive_final(200)
    assert phone.incoming(TIMEOUT_S).wait("ended", TIMEOUT_S).problem is None


def test_a_reinvite_and_an_update_keep_the_same_port(phone: RobotPhone, peer: Peer) -> None:
    phone.on_call(Answer(ring=False))
    peer.send("INVITE", body=build_offer("127.0.0.1", 4000))
    answer = peer.receive_final(200)
    port = parse_audio(answer.partition("\r\n\r\n")[2]).port
    tag = tag_of_to(answer)
    peer.send("ACK", to_tag=tag)
    peer.send("INVITE", to_tag=tag, cseq=2, body=build_offer("127.0.0.1", 4002, direction="sendonly"))
    again = parse_audio(peer.receive_final(200).partition("\r\n\r\n")[2])
    assert (again.port, again.direction) == (port, "recvonly")
    peer.send("ACK", to_tag=tag, cseq=2)
    peer.send("UPDATE", to_tag=tag, cseq=3)
    peer.receive_final(200)
    peer.send("INFO", to_tag=tag, cseq=2)
    peer.receive_final(500)


def test_an_offer_without_g711_is_refused_488(phone: RobotPhone, peer: Peer) -> None:
    peer.send("INVITE", body=build_offer("127.0.0.1", 4000).replace("8 0 101", "18"))
    peer.receive_final(488)
    report = phone.incoming(TIMEOUT_S).wait("ended", TIMEOUT_S)
    assert report.problem is not None
    assert "offer PCMA" in report.problem


HOSTILE = [
    b"\r\n\r\n",
    b"\xff\xfe\x00garbage",
    b"INVITE",
    b"INVITE sip:x SIP/2.0\r\n\r\n",
    b"INVITE sip:x SIP/2.0\r\nVia: x\r\nCSeq: 99999999999999 INVITE\r\n\r\n",
    b"INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h:99999;branch=q\r\nFrom: a\r\nTo: b\r\nCSeq: x\r\n\r\n",
    b"SIP/2.0 abc\r\n\r\n",
    b"SIP/2.0 200 OK\r\nVia: x\r\nCSeq: 1 INVITE\r\n\r\n",
    b"OPTIONS sip:x SIP/2.0\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
]


def test_hostile_bytes_hurt_no_phone(new_phone: NewPhone) -> None:
    attacker, victim = new_phone(), new_phone()
    victim.on_call(Ring())
    for data in HOSTILE:
        attacker.send_raw(data, ("127.0.0.1", victim.port))
    made = attacker.call(victim.uri)
    made.wait("ringing", TIMEOUT_S)
    made.hangup()


def test_raw_bytes_come_back_with_the_responses_they_caused(new_phone: NewPhone) -> None:
    attacker, victim = new_phone(), new_phone()
    message = (
        f"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{attacker.port};branch=z9hG4bKraw\r\n"
        'From: "Eve%0Avariable: x\u2028" <sip:eve@x>;tag=1\r\nTo: <sip:x>\r\n'
        "Call-ID: r\r\nCSeq: 1 OPTIONS\r\n\r\n"
    )
    (reply,) = attacker.send_raw(message.encode(), ("127.0.0.1", victim.port), replies_within_ms=100)
    assert reply.startswith("SIP/2.0 200 OK")
    assert "Eve%0Avariable: x\u2028" in reply


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"headers": {"X-A": "b\r\nX-C: d"}}, "line break"),
        ({"from_name": "Eve\nX: y"}, "from_name"),
        ({"play": "%(1,2"}, "not %"),
        ({"proxy": ("192.0.2.1", 5060)}, "no loopback address"),
        ({"timeout_s": -1}, "timeout_ms"),
    ],
)
def test_wrong_orders_are_refused_with_their_place(
    phone: RobotPhone, options: dict[str, object], place: str
) -> None:
    with pytest.raises(Exception, match=place):
        phone.call("sip:1@127.0.0.1:5060", **options)  # type: ignore[arg-type]


def test_a_robot_never_leaves_the_machine(phone: RobotPhone) -> None:
    with pytest.raises(CommandRefusedError, match="no loopback address"):
        phone.call("sip:1@192.0.2.1:5060")
