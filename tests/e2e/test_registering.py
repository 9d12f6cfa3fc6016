"""A trunk that we register with, whose domain, registrar and user name for digest are three names (B1)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from aiosipua.headers import parse_auth
from aiosipua.message import SipMessage, SipRequest, SipResponse

from cli.bootstrap import trunk_board
from lab.robots import Answer, RobotPhone, Robots
from tests.e2e.exchange import Exchange, eventually, exchange
from tests.registrar import Registrar

CARRIER: Final = Path(__file__).with_name("registering.yaml")
TRUNK: Final = "grossanschluss"
OTHER: Final = "berlin"
CONTACT: Final = f"gw+{TRUNK}.R"
AOR: Final = "<sip:+492214710@tel.example>"
LOGIN: Final = "anschluss-4711@tel.example"
REALM: Final = "realm.of.a.third.name"
DESK, CALLED, CALLER, STRANGER = "+492214710100", "+494066969901", "+4915228817386", "+498999998001"
_COUNT = itertools.count(1)


@dataclass(frozen=True, slots=True)
class World:
    """The exchange, the carriers that it is registered with, and a phone of ours."""

    running: Exchange
    registrar: Registrar
    by_tcp: Registrar
    phone: RobotPhone

    def dial(self, number: str) -> int | None:
        """The phone's call; the final answer to it."""
        node = self.running.settings.node
        call = self.phone.call(f"sip:{number}@{node.sip_ip}:{node.ports.phone}")
        return call.wait("ended", 20).final_code

    def stands(self, trunk: str, state: str) -> None:
        """Wait until the controller tells that of the trunk."""

        def seen() -> bool:
            views = trunk_board(self.running.settings).all().values()
            return any((each.trunk_id, each.state.value) == (trunk, state) for view in views for each in view)

        eventually(seen, 60, f"{trunk} to be {state}")

    def calls(self, user: str, headers: dict[str, str]) -> int:
        """A call of the carrier's to this user of our address (and `;` parameters), acknowledged:
        the final answer."""
        port = self.running.settings.node.ports.carrier
        mark = f"herein-{next(_COUNT)}"
        session = ("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0")
        name, _, params = user.partition(";")
        uri = f"sip:{name}@127.0.0.1:{port}" + (f";{params}" if params else "")
        fixed = {
            "Via": f"SIP/2.0/UDP 127.0.0.1:{self.registrar.port};branch=z9hG4bK{mark};rport",
            "From": f"<sip:{CALLER}@tel.example>;tag={mark}",
            "Call-ID": mark,
            "CSeq": "1 INVITE",
            "Max-Forwards": "70",
            "Contact": f"<sip:127.0.0.1:{self.registrar.port}>",
            "Content-Type": "application/sdp",
        }
        invite = SipRequest(method="INVITE", uri=uri)
        for name, value in {**fixed, **headers}.items():
            invite.set_header(name, value)
        invite.text = "\r\n".join((*session, "m=audio 40000 RTP/AVP 8", ""))
        self.registrar.send(invite, port)

        def final() -> list[SipResponse]:
            answers = [each for each in self.registrar.responses if each.call_id == mark]
            return [each for each in answers if each.status_code >= 200]

        eventually(lambda: bool(final()), 20, "an answer to the carrier's call")
        answer = final()[0]
        ack = SipRequest(method="ACK", uri=uri)
        for name in ("Via", "From", "Call-ID", "Max-Forwards"):
            ack.set_header(name, fixed[name])
        ack.set_header("To", header(answer, "To"))
        ack.set_header("CSeq", "1 ACK")
        self.registrar.send(ack, port)
        return answer.status_code


@pytest.fixture(scope="module")
def world(switch: str) -> Iterator[World]:
    at: list[Registrar] = []

    def carriers(tree: dict[str, Any]) -> None:
        places = tree["lab_network"]
        port, other = (int(places[f"192.0.2.{n}:5060"].rpartition(":")[2]) for n in (30, 31))
        at.append(Registrar({LOGIN: "nur-im-labor-1"}, port, REALM, least_s=900))
        at.append(Registrar({"konto": "nur-im-labor-3"}, other, REALM, tcp=True, granted_s=6))

    with exchange(switch, carrier=CARRIER, amend=carriers) as running, Robots.start() as robots:
        phone = robots.phone("tisch", username="tisch", password="nur-im-labor-2")
        node = running.settings.node
        phone.register((node.sip_ip, node.ports.phone), node.domain, 300)
        found = World(running, at[0], at[1], phone)
        for trunk in (TRUNK, OTHER):
            found.stands(trunk, "up")
        yield found
    for each in at:
        each.close()


def proof(request: SipRequest, name: str) -> tuple[str, str]:
    """User name and realm that a request was answered with."""
    params = parse_auth(request.get_header(name) or "", credentials=True).params
    return params["username"], params["realm"]


def header(message: SipMessage, name: str) -> str:
    return message.get_header(name) or ""


def test_it_registers_in_the_domain_and_shows_the_other_user_name(world: World) -> None:
    """RFC 3261 section 10.2."""
    asked = [each for each in world.registrar.received("REGISTER") if "tel.example" in each.uri]
    for request in asked:
        assert request.uri.partition(";")[0] == "sip:tel.example"
        assert header(request, "From").startswith(f"{AOR};tag=")
        assert header(request, "To") == AOR
        assert f"<sip:{CONTACT}@127.0.0.1:" in header(request, "Contact")
    proven = [each for each in asked if header(each, "Authorization")]
    assert {proof(each, "Authorization") for each in proven} == {(LOGIN, REALM)}
    shown = world.running.json("trunk", "show", TRUNK)
    assert (shown["state"], shown["why"]) == ("up", "registered")


def test_the_time_that_the_registrar_wants_is_asked_for(world: World) -> None:
    """RFC 3261 section 10.2.8: 423 names it."""
    first, second = world.registrar.received("REGISTER")[:2]
    assert (header(first, "Expires"), header(second, "Expires")) == ("600", "900")


def test_calls_out_are_of_the_domain_and_answer_the_challenge(world: World) -> None:
    """SIPconnect, registration mode: sent to the registrar's address, whatever the domain is."""
    assert world.dial("04066969901") == 486
    first, second = world.registrar.received("INVITE")[-2:]
    for request in (first, second):
        assert request.uri == f"sip:{CALLED}@tel.example;user=phone"
        assert header(request, "To") == f"<sip:{CALLED}@tel.example>"
        assert f"<sip:{DESK}@tel.example;user=phone>;tag=" in header(request, "From")
        assert header(request, "P-Asserted-Identity") == f"<sip:{DESK}@tel.example;user=phone>"
        assert f"<sip:{CONTACT}@127.0.0.1:" in header(request, "Contact")
        assert not header(request, "Route")
    assert not header(first, "Proxy-Authorization")
    assert proof(second, "Proxy-Authorization") == (LOGIN, REALM)


def test_by_tcp_they_go_over_a_connection_to_the_registrar(world: World) -> None:
    """The transport stands once in each URI; the user name that registers answers challenges too."""
    register = world.by_tcp.received("REGISTER")[1]
    assert register.uri == "sip:tcp.example;transport=tcp"
    assert header(register, "From").startswith("<sip:konto@tcp.example>;tag=")
    assert header(register, "Contact").count("transport=tcp") == 1
    assert proof(register, "Authorization") == ("konto", REALM)
    assert world.dial("03023125009") == 486
    request = world.by_tcp.received("INVITE")[-1]
    assert request.uri == "sip:+493023125009@tcp.example;transport=tcp;user=phone"
    assert "/TCP " in header(request, "Via")
    assert proof(request, "Proxy-Authorization") == ("konto", REALM)


def test_a_registrar_that_grants_less_is_asked_again_in_time(world: World) -> None:
    so_far = len(world.by_tcp.received("REGISTER"))
    eventually(lambda: len(world.by_tcp.received("REGISTER")) > so_far, 6, "the registration to be renewed")
    assert world.running.json("trunk", "show", OTHER)["state"] == "up"


@pytest.mark.parametrize(
    ("user", "headers"),
    [
        (DESK, {"To": f"<sip:{DESK}@tel.example>"}),
        (CONTACT, {"To": f"<sip:{DESK}@tel.example>"}),
        (f"{DESK};gw={TRUNK}.R", {"To": f"<sip:{STRANGER}@tel.example>"}),
        (f"gw+{TRUNK}", {"To": f"<sip:{DESK}@tel.example>"}),
        (f"{DESK};gw={TRUNK}", {"To": f"<sip:{STRANGER}@tel.example>"}),
        (
            CONTACT,
            {"To": f"<sip:{STRANGER}@tel.example>", "P-Called-Party-ID": f"<sip:{DESK}@tel.example>"},
        ),
        (
            CONTACT,
            {"To": f"<sip:{DESK}@tel.example>", "P-Called-Party-ID": "<sip:+492214710@tel.example>"},
        ),
    ],
    ids=[
        "Request-URI",
        "To",
        "Request-URI with the Contact's parameter",
        "To, the Contact registered by an earlier release",
        "Request-URI with the parameter of an earlier release",
        "P-Called-Party-ID of a call passed on",
        "To beside the account's own number",
    ],
)
def test_calls_in_name_our_number(world: World, user: str, headers: dict[str, str]) -> None:
    # Whose BYE comes with its answer is no call for FreeSWITCH yet: 500.
    world.phone.on_call(Answer(talk_ms=500))
    assert world.calls(user, headers) == 200
    assert world.phone.incoming().wait("ended", 20).final_code == 200


def test_a_call_for_a_number_that_is_not_ours_is_refused(world: World) -> None:
    """P-Called-Party-ID counts for calls to the Contact that we registered, and there alone."""
    named = {"P-Called-Party-ID": f"<sip:{DESK}@tel.example>", "To": f"<sip:{STRANGER}@tel.example>"}
    assert world.calls(STRANGER, named) == 404


def test_another_domain_is_registered_at_once_and_a_refusal_is_told(world: World, tmp_path: Path) -> None:
    text = CARRIER.read_text().replace("domain: tel.example", "domain: neu.example")
    (tmp_path / "carrier.yaml").write_text(text)
    world.registrar.refuses = True
    world.running.run("config", "apply", str(tmp_path / "carrier.yaml"), "--yes")

    def asked() -> set[str]:
        return {each.uri.partition(";")[0] for each in world.registrar.received("REGISTER")}

    eventually(lambda: "sip:neu.example" in asked(), 30, "a REGISTER in the new domain")
    world.stands(TRUNK, "down")
    assert "not registered" in world.running.json("trunk", "show", TRUNK)["why"]
    seen = next(each for each in world.running.doctor() if each["name"] == "trunks")
    world.registrar.refuses = False
    world.running.run("config", "apply", str(CARRIER), "--yes")
    world.stands(TRUNK, "up")
    assert (seen["state"], f"{TRUNK} is down" in seen["seen"]) == ("warning", True)
