"""A trunk that we register with in a SIP domain: its gateway, its calls both ways (B1, B2)."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from dialplan.caller.header_map import HeaderMap
from dialplan.carrier import Credentials, Registration, SipAddress, Transport, Trunk
from dialplan.decide import decide
from dialplan.decision import Route
from dialplan.legs import Caller, leg_to_trunk
from freeswitch.invite import invite_of
from freeswitch.offer import offered_call
from tests.unit.dialplan.carriers import (
    AT,
    BAU_1,
    BAU_2,
    BERLIN,
    CARRIER_A,
    CARRIER_B,
    KOELN,
    MOBILE,
    from_carrier,
    snapshot,
)
from tests.unit.freeswitch.node import DOMAIN, rendered

ACCOUNT = Registration(
    "+492214710", Credentials("anschluss@tel.example", "registrier-geheimnis"), "tel.example", 600
)
LARGE = replace(CARRIER_A, registration=ACCOUNT)
STRANGER = "+498999998001"


def gateway(trunk: Trunk) -> dict[str, str]:
    """The one that registers, if the trunk does."""
    name = "carrier-a.R" if trunk.registration is not None else "carrier-a"
    text = rendered(snapshot(trunks=(trunk, CARRIER_B, BAU_1, BAU_2)))
    found = ElementTree.fromstring(text).findall(f".//gateway[@name='{name}']/param")  # noqa: S314
    return {each.get("name", ""): each.get("value", "") for each in found}


def test_its_gateway_is_of_the_domain_and_goes_to_the_address() -> None:
    found = gateway(LARGE)
    assert {name: found[name] for name in ("proxy", "from-domain", "username", "auth-username")} == {
        "proxy": "tel.example",
        "from-domain": "tel.example",
        "username": "+492214710",
        "auth-username": "anschluss@tel.example",
    }
    assert found["register-proxy"] == found["outbound-proxy"] == "192.0.2.10:5060"
    assert (found["register"], found["expire-seconds"]) == ("true", "600")


def test_without_a_domain_everything_is_the_address() -> None:
    found = gateway(CARRIER_A)
    assert (found["proxy"], found["from-domain"]) == ("192.0.2.10:5060", "192.0.2.10")
    assert (found["auth-username"], found["expire-seconds"]) == ("beispiel-carrier", "3600")
    assert not {"register-proxy", "outbound-proxy"} & found.keys()


def test_a_trunk_that_knows_us_by_address_has_nothing_of_it() -> None:
    found = gateway(replace(CARRIER_A, registration=None))
    assert found["register"] == "false"
    assert not {"auth-username", "expire-seconds", "gw-auth-acl", "outbound-proxy"} & found.keys()


@pytest.mark.parametrize(
    ("host", "network"),
    [("192.0.2.10", "192.0.2.10/32"), ("2001:db8::1", "2001:db8::1/128"), ("sbc.carrier.example", None)],
)
def test_challenges_are_answered_to_the_address_alone(host: str, network: str | None) -> None:
    """Whose IP addresses a name has, FreeSWITCH asks the DNS."""
    found = gateway(replace(LARGE, address=SipAddress(host, 5060)))
    assert found.get("gw-auth-acl") == network


@pytest.mark.parametrize("transport", [Transport.TCP, Transport.TLS])
def test_the_transport_is_that_of_the_address(transport: Transport) -> None:
    """FreeSWITCH writes it into Contact and Request-URI by itself: a URI has it once (RFC 3261 19.1.1)."""
    found = gateway(replace(LARGE, address=SipAddress("192.0.2.10", 5061, transport)))
    assert found["register-transport"] == transport.value
    assert found["outbound-proxy"] == f"192.0.2.10:5061;transport={transport.value}"
    assert "contact-params" not in found


def test_the_domain_stands_in_request_uri_from_and_asserted_identity() -> None:
    """SIPconnect 2.0, registration mode."""
    invite = invite_of(leg_to_trunk(LARGE, MOBILE, Caller(KOELN)), domain=DOMAIN)
    assert invite.request_uri == f"sip:{MOBILE}@tel.example;user=phone"
    assert invite.from_header == f'"{KOELN}" <sip:{KOELN}@tel.example;user=phone>'
    assert invite.header("P-Asserted-Identity") == f"<sip:{KOELN}@tel.example;user=phone>"


def test_a_host_of_the_headers_counts_more_in_them() -> None:
    trunk = replace(LARGE, own_header_map=HeaderMap(host="sip.carrier.example"))
    invite = invite_of(leg_to_trunk(trunk, MOBILE, Caller(KOELN)), domain=DOMAIN)
    assert invite.request_uri == f"sip:{MOBILE}@tel.example;user=phone"
    assert f"{KOELN}@sip.carrier.example" in invite.from_header


CHANNEL = {
    "Unique-ID": "5a06864a-4727-4a80-af89-ecb17ecc9887",
    "FreeSWITCH-Switchname": "node-1",
    "Caller-Destination-Number": STRANGER,
    "variable_sofia_profile_name": "carrier",
    "variable_sip_network_ip": "192.0.2.10",
    "variable_sip_network_port": "5060",
    "variable_sip_req_user": "gw+carrier-a.R",
}


@pytest.mark.parametrize("name", ["P-Called-Party-ID", "P-Called-Party-Id", "p-called-party-id"])
def test_the_called_party_is_read_however_its_header_is_written(name: str) -> None:
    found = offered_call({**CHANNEL, f"variable_sip_h_{name}": f"<sip:{BERLIN}@tel.example>"}.get)
    assert (found.dialled, found.called_party) == (STRANGER, BERLIN)


@pytest.mark.parametrize(
    ("asked", "called"),
    [("gw+carrier-a", STRANGER), ("gw+gone.R", STRANGER), (KOELN, KOELN)],
    ids=["registered by an earlier program", "of a trunk that is gone", "the number, its parameters kept"],
)
def test_a_call_to_a_contact_that_nobody_registers_any_more_has_its_number(asked: str, called: str) -> None:
    """The carrier may hold an old Contact for as long as it was granted; FreeSWITCH then names a Contact."""
    old = {
        "Caller-Destination-Number": "gw+carrier-a.R",
        "variable_sip_req_user": asked,
        "variable_sip_to_user": STRANGER,
    }
    assert offered_call({**CHANNEL, **old}.get).dialled == called


def test_the_called_party_counts_for_calls_to_our_contact_alone() -> None:
    called = {"variable_sip_req_user": STRANGER, "variable_sip_h_P-Called-Party-ID": f"<sip:{BERLIN}@x>"}
    assert offered_call({**CHANNEL, **called}.get).called_party is None


@pytest.mark.parametrize(
    ("dialled", "called_party", "customer"),
    [
        (STRANGER, BERLIN, "kanzlei"),  # passed on to us: To names whom the caller wanted
        ("beispiel-carrier", BERLIN, "kanzlei"),
        (KOELN, BERLIN, "bau"),
        (KOELN, "beispiel-carrier", "bau"),
        (KOELN, None, "bau"),
        (STRANGER, "beispiel-carrier", None),
        (STRANGER, MOBILE, None),
    ],
)
def test_the_number_of_ours_is_called(dialled: str, called_party: str | None, customer: str | None) -> None:
    decision = decide(replace(from_carrier(dialled), called_party=called_party), snapshot(), AT)
    assert decision.facts.customer_id == customer
    assert isinstance(decision.outcome, Route) is (customer is not None)
