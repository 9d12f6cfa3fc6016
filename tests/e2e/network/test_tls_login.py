"""A customer's system that logs in by TLS and must encrypt its calls, against FreeSWITCH (B1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest

from cli.bootstrap import node_connection
from dialplan.legs import Caller, leg_to_trunk
from freeswitch import api_calls
from freeswitch.api_calls import ThenRun
from freeswitch.commands import ApiCall
from freeswitch.dialstring import leg_string
from lab.robots import Answer, RobotCall, RobotsTimeoutError
from numbering.e164 import E164
from tests.e2e.exchange import eventually
from tests.e2e.network.conftest import Encrypted
from tests.e2e.network.test_wideband_trunk import installed
from tests.e2e.network.tls_gate import client_side
from tests.e2e.network.tls_system import KEY, TlsSystem, sdp
from tests.e2e.test_logins import register

pytestmark = pytest.mark.freeswitch

NUMBER, CALLED, CALLER = "+492214710120", "+494066969120", "+4915228817386"


def connected(encrypted: Encrypted) -> TlsSystem:
    node = encrypted.running.settings.node
    at, context = (node.sip_ip, encrypted.ports.phone_tls), client_side(encrypted.authority.file)
    return TlsSystem(at, context, "fern", "nur-im-labor-3", node.domain)


@pytest.fixture
def system(encrypted: Encrypted) -> Iterator[TlsSystem]:
    with connected(encrypted) as found:
        yield found


@pytest.mark.parametrize(
    ("offer", "code"),
    [(sdp("RTP/SAVP", KEY), "200"), (sdp("RTP/AVP"), "488")],
    ids=["encrypted", "in clear"],
)
def test_its_calls_are_encrypted_or_refused(
    encrypted: Encrypted, system: TlsSystem, offer: str, code: str
) -> None:
    encrypted.stage.robot("carrier-a").on_call(Answer(talk_ms=50), CALLED)
    answer = system.call(CALLED, NUMBER, offer)
    assert answer.startswith(f"SIP/2.0 {code}")
    if code == "200":
        assert "RTP/SAVP" in answer
        system.answer(system.heard("BYE"), "200 OK")
        assert NUMBER in encrypted.stage.received("carrier-a", CALLED).from_header
    else:
        assert not encrypted.stage.has_received("carrier-a", CALLED)


def test_its_calls_have_the_codec_that_the_called_party_takes(
    encrypted: Encrypted, system: TlsSystem
) -> None:
    """The carrier is offered what every carrier has, and nothing has to be converted."""
    installed(encrypted.running, "mod_spandsp")
    encrypted.stage.robot("carrier-a").on_call(Answer(talk_ms=50), CALLED)
    answer = system.call(CALLED, NUMBER, sdp("RTP/SAVP", KEY, formats="9 8"))
    (media,) = [line for line in answer.splitlines() if line.startswith("m=audio")]
    assert media.split()[3] == "8", media
    system.answer(system.heard("BYE"), "200 OK")
    seen = encrypted.stage.received("carrier-a", CALLED)
    assert "G722" not in seen.body
    assert "PCMA" in seen.body


def why(encrypted: Encrypted) -> list[str]:
    """How its trunk stands. Nothing before a controller has told of its trunks."""
    found = encrypted.running.json("trunk", "list")
    return [each["why"] for each in found if each["trunk"] == "fern"]


def called(encrypted: Encrypted) -> RobotCall:
    """A call to it, under way. Each controller hears of the registration by itself; the one that is asked may
    be the later one."""
    calls: list[RobotCall] = []

    def goes_out() -> bool:
        placed = encrypted.stage.call("carrier-a", NUMBER, from_user=CALLER)
        try:
            placed.wait("ended", 1)
        except RobotsTimeoutError:
            calls.append(placed)
        return bool(calls)

    eventually(goes_out, 20, "a call that is not refused")
    return calls[0]


def test_registered_by_tls_its_trunk_is_up_and_calls_to_it_are_encrypted(
    encrypted: Encrypted, system: TlsSystem
) -> None:
    assert system.register(300).startswith("SIP/2.0 200")

    eventually(lambda: "registered with node-1" in why(encrypted), 20, "the trunk to be up")
    call = called(encrypted)
    invite = system.heard("INVITE")
    assert invite.startswith(f"INVITE sip:{NUMBER}@")
    assert "RTP/SAVP" in invite
    assert "RTP/AVP " not in invite
    system.answer(invite, "486 Busy Here")
    assert call.wait("ended", 20).final_code == 486
    assert system.register(0).startswith("SIP/2.0 200")


def test_registered_by_something_else_since_it_is_not_called_in_clear(
    encrypted: Encrypted, system: TlsSystem
) -> None:
    """What is known ends the call; what was dialled before it was known goes over the TLS connection still,
    whatever the registration says now (RFC 4568 section 7)."""
    settings, stage = encrypted.running.settings, encrypted.stage
    assert system.register(300).startswith("SIP/2.0 200")
    eventually(lambda: "registered with node-1" in why(encrypted), 20, "the trunk to be up")
    robot = stage.robots.phone("fern-klar", username="fern", password="nur-im-labor-3")
    register(settings, robot, 60)
    known = "registered with node-1 without TLS, and its calls must be encrypted: it is not called"
    eventually(lambda: known in why(encrypted), 20, "the trunk to be down")
    assert stage.call("carrier-a", NUMBER, from_user=CALLER).wait("ended", 20).final_code == 480
    leg = leg_to_trunk(stage.snapshot.trunks["fern"], NUMBER, Caller(E164(CALLER)))
    dialled = leg_string(leg, str(uuid4()), settings.node.domain, {}, over=system.here)
    asked = api_calls.originate(dialled, ThenRun("park"), timeout_s=10)
    with node_connection(settings) as connection:
        connection.api(ApiCall("bgapi", f"{asked.name} {asked.argument}"))
        invite = system.heard("INVITE")
    assert "RTP/SAVP" in invite
    system.answer(invite, "486 Busy Here")
    with pytest.raises(RobotsTimeoutError):
        robot.incoming(0.2)
    register(settings, robot, 0)
    robot.close()


def test_what_follows_in_a_call_to_it_goes_over_its_connection(
    encrypted: Encrypted, system: TlsSystem
) -> None:
    assert system.register(300).startswith("SIP/2.0 200")
    eventually(lambda: "registered with node-1" in why(encrypted), 20, "the trunk to be up")
    call = encrypted.stage.call("carrier-a", NUMBER, from_user=CALLER, talk_ms=50)
    invite = system.heard("INVITE")
    suite = re.search(r"a=crypto:(\d+) AES_CM_128_HMAC_SHA1_80 ", invite)
    assert suite is not None
    system.answer(invite, "200 OK", sdp("RTP/SAVP", KEY.replace(":1 ", f":{suite[1]} ", 1)))
    system.heard("ACK")
    system.answer(system.heard("BYE"), "200 OK")
    assert call.wait("ended", 20).final_code == 200
    assert system.register(0).startswith("SIP/2.0 200")


def test_who_came_back_over_another_connection_is_called_there_when_the_old_one_ends(
    encrypted: Encrypted, system: TlsSystem
) -> None:
    """With the same Call-ID (RFC 3261 section 10.2.4); the end of the old connection takes nothing away."""
    assert system.register(300, "one-boot").startswith("SIP/2.0 200")
    eventually(lambda: "registered with node-1" in why(encrypted), 20, "the trunk to be up")
    with connected(encrypted) as back:
        assert back.register(300, "one-boot").startswith("SIP/2.0 200")
        system.vanish()
        call = called(encrypted)
        invite = back.heard("INVITE")
        assert "RTP/SAVP" in invite
        back.answer(invite, "486 Busy Here")
        assert call.wait("ended", 20).final_code == 486
        assert why(encrypted) == ["registered with node-1"]
        assert back.register(0).startswith("SIP/2.0 200")
