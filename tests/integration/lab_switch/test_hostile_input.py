"""Hostile SIP and Event Socket bytes: the switch lives, and nothing forged gets through."""

from __future__ import annotations

import socket

import pytest

from lab.robots import RobotPhone
from tests.integration.lab_switch.switch_process import Controller, InboundSocket, SwitchUnderTest
from tests.integration.lab_switch.test_calls import dial


@pytest.mark.parametrize(
    "name",
    [
        "Eve%0Avariable_fernamt_customer: fremd",
        "Eve\N{LINE SEPARATOR}variable_fernamt_customer: fremd",
        "Müller & Söhne %41",
        "x" * 2000,
    ],
)
def test_a_display_name_makes_no_header_of_its_own(
    switch: SwitchUnderTest, caller: RobotPhone, controller: Controller, name: str
) -> None:
    dial(switch, caller, "controlled", from_name=name)
    end, data = controller.take()
    assert "variable_fernamt_customer" not in data
    expected = name.replace("%0A", "\n").replace("%41", "A")  # the test's reader decodes what was left alone
    assert data["variable_sip_from_display"] == expected
    end.execute("hangup", "CALL_REJECTED")
    end.close()


@pytest.mark.parametrize("expression", ["${fernamt_entry}", "$\\{fernamt_entry}", "x${system(id)}"])
def test_a_dialled_or_shown_expression_becomes_no_variable(
    switch: SwitchUnderTest, caller: RobotPhone, controller: Controller, expression: str
) -> None:
    """FreeSWITCH disarms it in the caller profile and refuses it as a variable (it would expand it again)."""
    dial(switch, caller, f"controlled-{expression}", from_name=expression)
    end, data = controller.take()
    assert data["Caller-Destination-Number"] == f"controlled-{expression}".replace("$", "%")
    assert "variable_sip_req_user" not in data
    assert "variable_sip_from_display" not in data
    assert data["variable_fernamt_entry"] == "carrier"
    end.execute("hangup", "CALL_REJECTED")
    end.close()


HOSTILE_SIP = [
    b"",
    b"\x00" * 100,
    b"INVITE\r\n\r\n",
    b"INVITE sip:x@y SIP/2.0\r\n\r\n",
    b"INVITE sip:x@y SIP/2.0\r\nVia: \r\nFrom: \r\nTo: \r\nCall-ID: \r\nCSeq: \r\n\r\n",
    b"INVITE sip:x@y SIP/2.0\r\nVia: x\r\nFrom: <\r\nTo: >\r\n"
    b"Call-ID: 1\r\nCSeq: 99999999999999 INVITE\r\n\r\n",
    b"SIP/2.0 abc def\r\nVia: x\r\n\r\n",
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=b\r\nFrom: a\r\nTo: b\r\n"
    b"Call-ID: c\r\nCSeq: 1 INVITE\r\n\r\n",
    b"\xff\xfe INVITE \x80\r\n" + b"A: " + b"b" * 30_000 + b"\r\n\r\n",
    b"REGISTER sip:telefone.example SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx\r\n"
    b"From: <sip:tisch1@x>;tag=1\r\nTo: <sip:tisch1@x>\r\nCall-ID: r\r\nCSeq: 1 REGISTER\r\n"
    b'Authorization: Digest username="tisch1", realm="telefone.example", nonce="\xc3\xa4", uri="x", '
    b'response="y", qop=auth, nc=zz, cnonce=\r\n\r\n',
    b"BYE sip:x SIP/2.0\r\n" + b"Via: SIP/2.0/UDP 127.0.0.1:9;branch=b\r\n" * 200 + b"\r\n",
    b"INVITE sip:leg-one-x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKsdp\r\n"
    b"From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: sdp\r\nCSeq: 1 INVITE\r\n"
    b"Content-Type: application/sdp\r\n\r\nv=x\r\nm=audio 99999 RTP/AVP 8\r\nc=IN IP4 \xff\r\n",
]


def test_hostile_sip_never_ends_the_switch(own_lab: SwitchUnderTest, caller: RobotPhone) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for content in HOSTILE_SIP:
            for port in (own_lab.ports.carrier, own_lab.ports.phone):
                udp.sendto(content, ("127.0.0.1", port))
    for content in [*HOSTILE_SIP, b"x" * 200_000, b"Content-Length: 999999999\r\n\r\n"]:
        with socket.create_connection(("127.0.0.1", own_lab.ports.carrier), 5) as tcp:
            tcp.sendall(content)
    assert dial(own_lab, caller, "hangup-USER_BUSY").wait("ended").final_code == 486
    assert own_lab.process.poll() is None


HOSTILE_COMMANDS = [
    b"\n\n\n\n",
    b"auth geheim-im-labor\n\n\xff\xff\xff\n\n",
    b"auth geheim-im-labor\n\napi \n\n",
    b"auth geheim-im-labor\n\nsendmsg x\nContent-Length: -5\n\n",
    b"auth geheim-im-labor\n\nsendmsg x\nContent-Length: 99999999999\n\n",
    b"auth geheim-im-labor\n\nsendmsg\ncall-command execute\n::::\n\n",
    b"auth geheim-im-labor\n\nevent json ALL\n\nfilter \n\nfilter delete\n\nnixevent\n\nbgapi\n\n",
    b"auth geheim-im-labor\n\napi originate {{{[[[ &park(\n\napi uuid_transfer\n\napi show x y z\n\n",
    b"auth geheim-im-labor\n\nfilter Event-Name /(((/\n\nevent plain HEARTBEAT\n\n",
    b"x" * 200_000,
    b"auth geheim-im-labor\n\n" + b"a: b\n" * 2000 + b"\n",
]


def test_hostile_event_socket_bytes_never_end_the_switch(
    own_lab: SwitchUnderTest, caller: RobotPhone
) -> None:
    for content in HOSTILE_COMMANDS:
        with socket.create_connection(("127.0.0.1", own_lab.ports.event_socket), 5) as tcp:
            tcp.sendall(content)
    with InboundSocket(own_lab.ports.event_socket) as client:
        assert client.api("uuid_exists x") == "false"
        assert client.api("kein_befehl x") == "-ERR kein_befehl Command not found!\n"
        assert client.command("wirres zeug")["Reply-Text"] == "-ERR command not found"
        assert client.command("event plain NICHTS")["Reply-Text"] == "-ERR no keywords supplied"
    assert dial(own_lab, caller, "hangup-USER_BUSY").wait("ended").final_code == 486
    assert own_lab.process.poll() is None


def test_a_wrong_password_is_told_and_the_connection_closed(switch: SwitchUnderTest) -> None:
    with InboundSocket(switch.ports.event_socket, "falsch") as client:
        assert client.login == "-ERR invalid"
        headers, _ = client.read()
        assert headers["Content-Type"] == "text/disconnect-notice"
        with pytest.raises(EOFError):
            client.read()


def test_an_application_that_the_lab_lacks_ends_the_call_and_is_named_in_the_log(
    own_lab: SwitchUnderTest, caller: RobotPhone
) -> None:
    report = dial(own_lab, caller, "app-unknown").wait("ended")
    assert report.final_code == 502
    variables = own_lab.leg_record(report.sip_call_id)["variables"]
    assert variables["hangup_cause"] == "DESTINATION_OUT_OF_ORDER"
    log = (own_lab.folder / "log/lab-switch.log").read_text()
    assert "lab.application_unknown" in log
    assert "'conference' (context carrier, destination app-unknown)" in log
