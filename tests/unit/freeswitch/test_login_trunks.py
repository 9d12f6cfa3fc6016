"""A customer's system that logs in: its directory entry, its calls as they are offered, its legs (B1)."""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import md5
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from dialplan.call import Entry
from dialplan.caller.header_map import PRESETS, NumberFormat, Preset
from dialplan.carrier import SipAddress, Srtp
from dialplan.decide import decide
from dialplan.legs import Caller, leg_to_trunk
from freeswitch.dialstring import agents_leg, dial_string, leg_string, wire_leg
from freeswitch.errors import CommandRefused
from freeswitch.invite import invite_of
from freeswitch.offer import decision_variables, offered_call
from freeswitch.registrations import TlsWay
from freeswitch.render import render
from freeswitch.settings import LOGGED_IN, NodeDoor
from tests.unit.dialplan.carriers import AT, BERLIN, KOELN, MOBILE, from_carrier
from tests.unit.dialplan.login_customer import SYSTEM, with_system
from tests.unit.freeswitch.node import DOMAIN, SETTINGS, rendered
from tests.unit.freeswitch.static_calls import from_static_phone

CHANNEL = {
    "Unique-ID": "5a06864a-4727-4a80-af89-ecb17ecc9887",
    "FreeSWITCH-Switchname": "node-1",
    "Caller-Destination-Number": MOBILE,
    "variable_sofia_profile_name": "phone",
    "variable_sip_network_ip": "203.0.113.9",
    "variable_sip_network_port": "40000",
    "variable_sip_from_user": KOELN,
    f"variable_{LOGGED_IN}": SYSTEM.id,
}


@pytest.fixture(scope="module")
def tree() -> Element:
    return ElementTree.fromstring(rendered(with_system()))  # noqa: S314 - made by ourselves


def named(tree: Element, path: str) -> dict[str, str]:
    return {each.get("name", ""): each.get("value", "") for each in tree.findall(path)}


def test_the_directory_says_whose_system_it_is_and_has_no_password(tree: Element) -> None:
    """RFC 2617 A1; nothing of it makes the system a phone."""
    secret = f"anlage-bau:{DOMAIN}:anlagen-geheimnis".encode()
    assert named(tree, ".//user[@id='anlage-bau']/params/param") == {
        "a1-hash": md5(secret, usedforsecurity=False).hexdigest()
    }
    variables = named(tree, ".//user[@id='anlage-bau']/variables/variable")
    assert (variables[LOGGED_IN], variables["fernamt_customer"]) == (SYSTEM.id, "bau")
    assert "fernamt_phone" not in variables
    assert "anlagen-geheimnis" not in rendered(with_system())


def test_a_phone_is_no_system(tree: Element) -> None:
    assert LOGGED_IN not in named(tree, ".//user[@id='kanzlei-1']/variables/variable")


def test_the_system_is_called_where_its_register_came_from(tree: Element) -> None:
    """Its Contact may be of the network behind a NAT (read: sofia_reg.c)."""
    variables = named(tree, ".//user[@id='anlage-bau']/variables/variable")
    assert variables["sip-force-contact"] == "NDLB-connectile-dysfunction-2.0"
    assert variables["sip-force-expires"] == "60"
    profile = named(tree, ".//profile[@name='phone']/settings/param")
    assert (profile["tcp-always-nat"], profile["tls-always-nat"]) == ("true", "true")


def test_without_an_address_there_is_no_gateway_and_no_source(tree: Element) -> None:
    assert tree.find(f".//gateway[@name='{SYSTEM.id}']") is None
    assert tree.find(f".//extension[@name='trunk-{SYSTEM.id}']") is None


def test_with_an_address_calls_go_there_and_calls_from_it_log_in() -> None:
    system = replace(SYSTEM, address=SipAddress("198.51.100.30", 5060))
    tree = ElementTree.fromstring(rendered(with_system(system)))  # noqa: S314 - made by ourselves
    assert tree.find(f".//profile[@name='trunk']/gateways/gateway[@name='{SYSTEM.id}']") is not None
    assert named(tree, ".//user[@id='anlage-bau']/variables/variable")[LOGGED_IN] == SYSTEM.id
    leg = leg_to_trunk(system, KOELN, Caller(MOBILE))
    assert wire_leg(leg, DOMAIN).endpoint == f"sofia/gateway/{SYSTEM.id}/{KOELN}"


@pytest.mark.parametrize("digits", ["110", "112"])
def test_emergency_calls_of_the_system_work_without_a_controller(tree: Element, digits: str) -> None:
    """Guarantee 1."""
    first, second, *_ = (each.bridge for each in from_static_phone(tree, "anlage-bau", digits))
    assert first.endswith(f"]sofia/gateway/carrier-a/{digits}")
    assert second.endswith(f"]sofia/gateway/carrier-b/{digits}")
    assert f"origination_caller_id_number={KOELN}," in first


def test_a_call_is_the_systems_by_what_the_switch_says() -> None:
    call = offered_call(CHANNEL.get)
    assert (call.entry, call.login_id, call.phone_id) == (Entry.PHONE, SYSTEM.id, None)
    assert decide(call, with_system(), AT).facts.trunk_in == SYSTEM.id


def test_another_customers_number_in_every_header_changes_nothing() -> None:
    claimed = {
        "variable_sip_from_user": BERLIN,
        "variable_sip_P-Asserted-Identity": f"<sip:{BERLIN}@x>",
        "variable_sip_P-Preferred-Identity": f"<sip:{BERLIN}@x>",
        "variable_sip_h_X-fernamt_phone": "kanzlei-1",
        "variable_sip_h_X-fernamt_login": "kanzlei-1",
    }
    decision = decide(offered_call({**CHANNEL, **claimed}.get), with_system(), AT)
    assert (decision.facts.customer_id, decision.facts.a_presented) == ("bau", KOELN)


@pytest.mark.parametrize("profile", ["carrier", "trunk", "teams"])
def test_on_other_profiles_nobody_has_logged_in(profile: str) -> None:
    call = offered_call({**CHANNEL, "variable_sofia_profile_name": profile}.get)
    assert call.login_id is None


def test_a_call_to_the_system_names_the_number_and_goes_where_it_has_registered() -> None:
    """The registration is one for all numbers: Request-URI and To say which is called."""
    found = decision_variables(
        decide(from_carrier(KOELN), with_system(), AT), from_carrier(KOELN), domain=DOMAIN
    )
    leg = found["fernamt_leg_1"]
    assert leg.endswith(f"]sofia/phone/anlage-bau%{DOMAIN}")
    assert f"sip_invite_req_uri=sip:{KOELN}@{DOMAIN}," in leg
    assert f"sip_invite_to_uri=<sip:{KOELN}@{DOMAIN}>" in leg
    assert f"fernamt_trunk={SYSTEM.id}," in leg
    assert "fernamt_phone" not in leg
    assert "USER_NOT_REGISTERED" in found["continue_on_fail"].split(",")


@pytest.mark.parametrize(
    ("number_format", "uri"),
    [
        (NumberFormat.PLUS, f"sip:{KOELN}@{DOMAIN}"),
        (NumberFormat.NATIONAL, f"sip:02214710100@{DOMAIN}"),
        (NumberFormat.E164, f"sip:{KOELN}@{DOMAIN};user=phone"),
    ],
)
def test_the_number_is_written_as_the_system_wants_it(number_format: NumberFormat, uri: str) -> None:
    headers = replace(PRESETS[Preset.CUSTOMER], number_format=number_format)
    leg = leg_to_trunk(replace(SYSTEM, own_header_map=headers), KOELN, Caller(MOBILE))
    assert wire_leg(leg, DOMAIN).variables["sip_invite_req_uri"] == uri
    assert "sip_invite_params" not in wire_leg(leg, DOMAIN).variables
    assert invite_of(leg, domain=DOMAIN).request_uri == uri
    assert f"@{DOMAIN}" in invite_of(leg, domain=DOMAIN).from_header


@pytest.mark.parametrize(
    ("number_format", "user", "uri"),
    [
        (NumberFormat.PLUS, "p492214710100!anlage-bau", f"sip:{KOELN}@{DOMAIN}"),
        (NumberFormat.NATIONAL, "n02214710100!anlage-bau", f"sip:02214710100@{DOMAIN}"),
        (NumberFormat.E164, "e492214710100!anlage-bau", f"sip:{KOELN}@{DOMAIN};user=phone"),
    ],
)
def test_a_system_of_another_node_is_called_through_its_door_with_the_number(
    number_format: NumberFormat, user: str, uri: str
) -> None:
    """B5: there the same system is called with the same Request-URI, and nothing else matches."""
    headers = replace(PRESETS[Preset.CUSTOMER], number_format=number_format)
    carrier, call = with_system(replace(SYSTEM, own_header_map=headers)), from_carrier(KOELN)
    door = NodeDoor("192.0.2.7", 5090)
    found = decision_variables(
        decide(call, carrier, AT), call, domain=DOMAIN, door_of=lambda _user, _node: door
    )
    leg = found["fernamt_leg_1"]
    assert leg.endswith(f"]sofia/node/sip:{user}@192.0.2.7:5090")
    assert "sip_invite_req_uri" not in leg
    assert "X-Fernamt-Leg" not in leg
    assert found["fernamt_leg_2"].endswith(f"]sofia/gateway/bau-1/{KOELN}"), "it has an address"
    settings = replace(SETTINGS, other_nodes=(door,))
    tree = ElementTree.fromstring(render(carrier, settings))  # noqa: S314 - made by ourselves
    matches = [
        (each, match)
        for each in tree.iterfind(".//context[@name='node']/extension")
        if (match := re.search(each.findall("condition")[0].get("expression", ""), user)) is not None
    ]
    ((extension, match),) = matches
    (bridge,) = [
        each.get("data", "") for each in extension.iter("action") if each.get("application") == "bridge"
    ]
    written = bridge.replace("$1", match[1]).replace("$2", match[2])
    assert f"sip_invite_req_uri={uri},sip_invite_to_uri=<{uri}>]" in written
    assert written.endswith(f"]sofia/phone/anlage-bau%{DOMAIN}")


@pytest.mark.parametrize(
    "user", ["p!anlage", "p49${x}!anlage", "p49!a,b", "p49!a@b", "x49!anlage", "p49!a!b"]
)
def test_what_is_no_number_and_no_user_name_finds_no_system(user: str) -> None:
    settings = replace(SETTINGS, other_nodes=(NodeDoor("192.0.2.7", 5090),))
    tree = ElementTree.fromstring(render(with_system(), settings))  # noqa: S314 - made by ourselves
    for extension in tree.iterfind(".//context[@name='node']/extension"):
        assert re.search(extension.findall("condition")[0].get("expression", ""), user) is None


@pytest.mark.parametrize(
    ("transport", "suite", "encrypted"),
    [
        ("tls", "AES_CM_128_HMAC_SHA1_80", True),
        ("udp", "AES_CM_128_HMAC_SHA1_80", False),
        ("tls", None, False),
    ],
    ids=["SRTP by TLS", "SRTP whose keys were heard", "no SRTP"],
)
def test_a_call_of_the_system_is_encrypted_when_nobody_heard_its_keys(
    transport: str, suite: str | None, encrypted: bool
) -> None:
    """RFC 4568 section 7; of a trunk with an address the configuration wants TLS beforehand."""
    agreed = {"variable_sip_via_protocol": transport}
    if suite is not None:
        agreed["variable_rtp_secure_media_negotiated"] = suite
    assert offered_call({**CHANNEL, **agreed}.get).encrypted is encrypted


@pytest.mark.parametrize(("srtp", "offer"), [(Srtp.REQUIRED, "mandatory"), (Srtp.OPTIONAL, "optional")])
def test_the_system_is_offered_srtp_also_by_the_node_that_it_is_registered_with(
    srtp: Srtp, offer: str
) -> None:
    """Between the nodes nothing is encrypted, and its codecs are not asked for."""
    system = replace(SYSTEM, srtp=srtp, codecs=("G722", "PCMA"))
    leg, over = leg_to_trunk(system, KOELN, Caller(MOBILE)), "203.0.113.9:40000"
    wanted = {
        "absolute_codec_string": "^^:G722:PCMA",
        "rtp_secure_media": f"{offer}:AEAD_AES_256_GCM_8:AES_CM_128_HMAC_SHA1_80",
    }
    assert wanted.items() <= wire_leg(leg, DOMAIN).variables.items()
    door = NodeDoor("192.0.2.7", 5090)
    through = leg_string(leg, CHANNEL["Unique-ID"], DOMAIN, {}, door=door, over=over)
    assert through.endswith(f"]sofia/node/sip:p{KOELN.removeprefix('+')}!anlage-bau@192.0.2.7:5090")
    assert not any(name in through for name in wanted)
    tree = ElementTree.fromstring(render(with_system(system), replace(SETTINGS, other_nodes=(door,))))  # noqa: S314
    asked = f"p{KOELN.removeprefix('+')}!anlage-bau"
    found = [
        each
        for each in tree.iterfind(".//context[@name='node']/extension")
        if re.search(each.findall("condition")[-1].get("expression", ""), asked)
    ]
    in_clear = [f"system-p-{SYSTEM.id}-in-clear"] if srtp is Srtp.REQUIRED else []
    assert [each.get("name") for each in found] == [f"system-p-{SYSTEM.id}", *in_clear, "system-p"]
    first, general = (
        next(each.get("data", "") for each in extension.iter("action") if each.get("application") == "bridge")
        for extension in (found[0], found[-1])
    )
    assert all(f"{name}={value}" in first for name, value in wanted.items())
    assert not any(name in general for name in wanted)


BY_TLS = replace(SYSTEM, srtp=Srtp.REQUIRED)
HOME = "203.0.113.9:40000"


@pytest.mark.parametrize("door", [None, NodeDoor("192.0.2.7", 5090)], ids=["its own node", "another one"])
def test_a_system_that_must_be_called_by_tls_and_has_not_registered_so_is_called_nowhere(
    door: NodeDoor | None,
) -> None:
    """Whoever asks for a leg: a call, a menu's way without keys, a program."""
    leg = leg_to_trunk(BY_TLS, KOELN, Caller(MOBILE))
    nowhere = "]error/USER_NOT_REGISTERED"
    assert leg_string(leg, CHANNEL["Unique-ID"], DOMAIN, {}, door=door).endswith(nowhere)
    assert agents_leg(leg, CHANNEL["Unique-ID"], DOMAIN, {}, door).endswith(nowhere)
    assert dial_string([leg], domain=DOMAIN).endswith(nowhere)
    call = from_carrier(KOELN)
    found = decision_variables(
        decide(call, with_system(BY_TLS), AT), call, domain=DOMAIN, door_of=lambda _user, _node: door
    )
    assert found["fernamt_leg_1"].endswith(nowhere)
    assert found["fernamt_leg_2"].endswith(f"]sofia/gateway/bau-1/{KOELN}")


@pytest.mark.parametrize("over", [HOME, "[2001:db8::9]:40000"])
def test_it_is_called_over_the_connection_that_it_has_registered_on(over: str) -> None:
    """Whatever it registers by in the same moment: `sip_route_uri` has the transport (read: sofia_glue.c)."""
    call = from_carrier(KOELN)
    decision = decide(call, with_system(BY_TLS), AT)
    found = decision_variables(decision, call, domain=DOMAIN, tls_of=lambda _user, _node: TlsWay(over))
    leg = found["fernamt_leg_1"]
    assert leg.endswith(f"]sofia/phone/anlage-bau%{DOMAIN}")
    assert f"sip_route_uri=sip:{over};transport=tls" in leg
    assert "sip_route_uri" not in found["fernamt_leg_2"], "it has an address"
    written = dial_string(
        [leg_to_trunk(BY_TLS, KOELN, Caller(MOBILE))], domain=DOMAIN, over_of=lambda _: over
    )
    assert f"sip_route_uri=sip:{over};transport=tls" in written


def test_what_is_no_address_is_not_dialled() -> None:
    leg = leg_to_trunk(BY_TLS, KOELN, Caller(MOBILE))
    for over in ("203.0.113.9", "sip.example:5061", "203.0.113.9:40000;transport=udp", "203.0.113.9:1,x=y"):
        with pytest.raises(CommandRefused):
            leg_string(leg, CHANNEL["Unique-ID"], DOMAIN, {}, over=over)


def test_other_systems_are_called_as_they_have_registered() -> None:
    for srtp in (Srtp.OFF, Srtp.OPTIONAL):
        leg = leg_to_trunk(replace(SYSTEM, srtp=srtp), KOELN, Caller(MOBILE))
        written = leg_string(leg, CHANNEL["Unique-ID"], DOMAIN, {}, over=HOME)
        assert "sip_route_uri" not in written
        assert written.endswith(f"]sofia/phone/anlage-bau%{DOMAIN}")


def test_the_node_that_it_is_registered_with_is_told_over_what_and_calls_it_so_or_not() -> None:
    """B5: that node's dialplan has no other way to it, and hands the header on to nobody."""
    door = NodeDoor("192.0.2.7", 5090)
    call = from_carrier(KOELN)
    found = decision_variables(
        decide(call, with_system(BY_TLS), AT),
        call,
        domain=DOMAIN,
        tls_of=lambda _user, _node: TlsWay(HOME, door),
    )
    leg = found["fernamt_leg_1"]
    asked = f"p{KOELN.removeprefix('+')}!anlage-bau"
    assert leg.endswith(f"]sofia/node/sip:{asked}@192.0.2.7:5090")
    assert f"sip_h_X-Fernamt-Over={HOME}" in leg
    assert "sip_route_uri" not in leg
    tree = ElementTree.fromstring(render(with_system(BY_TLS), replace(SETTINGS, other_nodes=(door,))))  # noqa: S314
    called, refused, _ = [
        each
        for each in tree.iterfind(".//context[@name='node']/extension")
        if re.search(each.findall("condition")[-1].get("expression", ""), asked)
    ]
    named = called.findall("condition")[0]
    assert named.get("field") == "${sip_h_X-Fernamt-Over}"
    expression = named.get("expression", "")
    for good in (HOME, "[2001:db8::9]:40000"):
        assert re.search(expression, good)
    for bad in ("", "sip.example:5061", f"{HOME};transport=udp", f"{HOME},x=y", "${x}:1"):
        assert not re.search(expression, bad)
    begun, bridge, _ = ((each.get("application"), each.get("data", "")) for each in called.iter("action"))
    assert begun[1].endswith(";fernamt_over=${sip_h_X-Fernamt-Over};sip_h_X-Fernamt-Over=")
    assert "sip_route_uri=sip:${fernamt_over};transport=tls]" in bridge[1]
    assert [each.get("application") for each in refused.iter("action")] == ["multiset", "hangup"]
    assert [each.get("data") for each in refused.iter("action")][1] == "USER_NOT_REGISTERED"
