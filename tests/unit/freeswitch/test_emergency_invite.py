"""The emergency INVITE as it is written: headers, PIDF-LO, and that no text can break out of it (B8)."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.carrier import Trunk
from dialplan.decide import decide
from dialplan.decision import Route
from dialplan.emergency.invite import EmergencyCall
from dialplan.emergency.routing import (
    EmergencyForm,
    EmergencyRoute,
    EmergencyRouting,
    LineAddress,
    UserToUser,
)
from dialplan.legs import Caller, Leg, emergency_leg
from freeswitch.arguments import multiset_list
from freeswitch.dialstring import dial_string
from freeswitch.emergency import EmergencyParts, emergency_parts
from freeswitch.offer import decision_variables
from freeswitch.pidf import MAX_CLAIMED, claimed_location
from numbering.emergency_areas import parse_area
from tests.unit.dialplan.carriers import AT, CARRIER_A, CARRIER_B, KOELN, from_trunk, snapshot
from tests.unit.freeswitch.node import DOMAIN, rendered
from tests.unit.freeswitch.static_calls import from_static_phone, from_static_trunk

NAMES = {
    "p": "urn:ietf:params:xml:ns:pidf",
    "gp": "urn:ietf:params:xml:ns:pidf:geopriv10",
    "ca": "urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr",
}
KOELN_ADDRESS = LineAddress("Musterweg", "10 a", "50667", "Köln", None, "05315000")
AREA = parse_area("05315000 112 49CC1A 2026-01-01 Leitstelle")
TEAMS = (
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:x@example.com"><tuple id="0"><status>'
    "<note>Etage 3</note></status></tuple></presence>"
)


def leg(form: EmergencyForm, address: LineAddress | None = KOELN_ADDRESS, claimed: str | None = None) -> Leg:
    call = EmergencyCall("112", form, EmergencyRoute(AREA.code, AREA), address, "BSP-0001", claimed)
    return emergency_leg(CARRIER_A, AREA.code, Caller(KOELN), call)


def parts(form: EmergencyForm = EmergencyForm(), **facts: object) -> EmergencyParts:  # noqa: B008 - frozen
    return emergency_parts(leg(form, **facts), DOMAIN)  # type: ignore[arg-type]


def civic(document: str) -> dict[str, str]:
    """The elements of the civic address by name."""
    found = ElementTree.fromstring(document).find(".//ca:civicAddress", NAMES)  # noqa: S314 - ours
    assert found is not None
    return {each.tag.partition("}")[2]: each.text or "" for each in found}


def test_the_address_stands_in_the_body_and_the_header_points_to_it() -> None:
    """RFC 4119, RFC 5139, RFC 6442."""
    found = parts()
    (body,) = found.bodies
    assert civic(body.content) == {
        "country": "DE",
        "A1": "NW",
        "A3": "Köln",
        "HNO": "10",
        "HNS": "a",
        "PC": "50667",
        "RD": "Musterweg",
    }
    assert dict(found.headers) == {
        "Geolocation": f"<cid:{body.content_id}>",
        "Geolocation-Routing": "yes",
    }
    assert found.multipart.startswith(f"application/pidf+xml:~Content-ID: <{body.content_id}>\r\n\r\n<?xml")
    assert f'entity="tel:{KOELN}"' in body.content


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("7", {"HNO": "7"}),
        ("10 a", {"HNO": "10", "HNS": "a"}),
        ("12-14", {"HNO": "12", "HNS": "-14"}),
        ("Haus B", {"HNO": "Haus B"}),
        (None, {}),
    ],
)
def test_a_house_number_and_its_suffix_stand_apart(number: str | None, written: dict[str, str]) -> None:
    """RFC 4776 section 3.4: HNO is the number, HNS its suffix."""
    found = civic(parts(address=replace(KOELN_ADDRESS, house_number=number)).bodies[0].content)
    assert {name: text for name, text in found.items() if name.startswith("HN")} == written


def test_each_part_can_be_switched_for_a_trunk() -> None:
    nothing = parts(EmergencyForm(location=False))
    assert nothing == EmergencyParts((), ())
    assert nothing.multipart == ""
    everything = parts(
        EmergencyForm(
            routing=False,
            source="carrier.example",
            method="GPS",
            provider_header="X-Provider-Id",
            provider_in_location=True,
            user_to_user=UserToUser("{provider};{area};{number};{dialled};{code};{centre}"),
        )
    )
    headers = dict(everything.headers)
    assert headers["Geolocation"].endswith(">;loc-src=carrier.example")
    assert headers["Geolocation-Routing"] == "no"
    assert headers["X-Provider-Id"] == "BSP-0001"
    uui, encoding, purpose = headers["User-to-User"].split(";")
    assert (uui[:2], encoding, purpose) == ("04", "encoding=hex", "purpose=isdn-uui")
    assert bytes.fromhex(uui[2:]) == f"BSP-0001;05315000;{KOELN};112;49CC1A;Leitstelle".encode()
    assert (
        "<gp:method>GPS</gp:method><gp:provided-by>BSP-0001</gp:provided-by>" in everything.bodies[0].content
    )


def test_a_line_without_an_address_points_to_no_body() -> None:
    found = parts(EmergencyForm(provider_header="X-Provider-Id"), address=None)
    assert found.headers == (("X-Provider-Id", "BSP-0001"),)
    assert found.bodies == ()


def test_a_location_of_the_caller_s_own_system_is_a_further_optional_body() -> None:
    """B8: additional information only; Geolocation names the contract address alone."""
    found = parts(EmergencyForm(claimed_location=True), claimed=TEAMS)
    ours, theirs = found.bodies
    assert dict(found.headers)["Geolocation"] == f"<cid:{ours.content_id}>"
    assert theirs.disposition == "render;handling=optional"
    assert "Etage 3" in theirs.content
    assert found.multipart.startswith("ARRAY::application/pidf+xml:~")
    assert found.multipart.count("|:") == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "<presence/>",
        TEAMS[:-1],
        "<!DOCTYPE x [<!ENTITY a 'b'>]>" + TEAMS,
        TEAMS.replace("Etage 3", "x" * MAX_CLAIMED),
        TEAMS.replace("Etage 3", "<a>" * 100 + "</a>" * 100),
        TEAMS.replace("note", "nöte"),
        TEAMS + "\0",
    ],
)
def test_what_is_no_location_document_or_a_suspicious_one_is_left_out(text: str) -> None:
    assert claimed_location(text) is None
    assert len(parts(EmergencyForm(), claimed=text).bodies) == 1


HOSTILE = st.text(min_size=1, max_size=40) | st.sampled_from(
    [
        "</ca:RD><ca:RD>Anderswo",
        "]]>${system(reboot)}",
        "a\r\n\r\n--boundary",
        "x|:application/sdp:v=0",
        "'\\'~;#!&%,[]{}\"",
        "${fernamt_line}",
        "fernamt-line",
        "\ud83d\ude92 Feuerwache",
    ]
)
#: What FreeSWITCH would take for syntax of its own; CR LF only before the document.
SYNTAX = re.compile(r"[$\\'|~!%{}\[\],`^\r\n]")


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_address_breaks_out_of_its_element(street: str, number: str, town: str) -> None:
    """A customer's address is text: to XML, to the multipart body, and to FreeSWITCH's variables."""
    address = LineAddress(street, number, "50667", town)
    (body,) = parts(address=address).bodies
    assert body.content.isascii()
    assert not SYNTAX.search(body.content)
    found = civic(body.content)
    assert set(found) <= {"country", "A3", "HNO", "HNS", "PC", "RD"}
    unprintable = r"[^\t\n\r -~\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    printable = " ".join(re.sub(unprintable, " ", town).split())
    assert found.get("A3", "") == printable.replace("fernamt-line", KOELN)
    multiset_list({"sip_multipart": parts(address=address).multipart})


@given(HOSTILE)
def test_no_header_carries_what_could_be_syntax(text: str) -> None:
    """A header that cannot be written is left out; the call goes all the same."""
    call = EmergencyCall(
        "112",
        EmergencyForm(provider_header="X-Provider-Id", user_to_user=UserToUser("{provider}")),
        EmergencyRoute(None, None),
        None,
        text,
    )
    written = dial_string([emergency_leg(CARRIER_A, "112", Caller(KOELN), call)], domain=DOMAIN)
    inside = written[: written.rindex("]")]
    assert inside.count("[") == 1
    assert not set(inside) & set("${}|\r\n\\")


def trunks(*forms: EmergencyForm) -> tuple[Trunk, ...]:
    return tuple(
        replace(trunk, emergency_form=form) for trunk, form in zip((CARRIER_A, CARRIER_B), forms, strict=True)
    )


def test_each_attempt_has_the_body_that_its_trunk_wants() -> None:
    """FreeSWITCH's legs copy the calling channel's body: the dialplan exchanges it between the attempts."""
    found = snapshot()
    first, second = trunks(EmergencyForm(location=False), EmergencyForm())
    found = replace(
        found,
        trunks=dict(found.trunks) | {"carrier-a": first, "carrier-b": second},
        customers={"bau": replace(found.customers["bau"], address=KOELN_ADDRESS)},
    )
    offered = from_trunk("112")
    variables = decision_variables(decide(offered, found, AT), offered, domain=DOMAIN)
    assert variables["fernamt_do"] == "emergency"
    assert variables["sip_multipart"] == ""
    assert "Musterweg" in variables["fernamt_body_2"]
    assert variables["sip_copy_custom_headers"] == "false"


def test_bodies_of_other_calls_do_not_go_through_us() -> None:
    """A customer's PIDF-LO is no other party's business, and FreeSWITCH would send the SDP twice (seen)."""
    offered = from_trunk()
    variables = decision_variables(decide(offered, snapshot(), AT), offered, domain=DOMAIN)
    assert variables["sip_copy_multipart"] == "false"
    assert "sip_multipart" not in variables


@pytest.mark.parametrize("digits", ["110", "112"])
def test_without_a_controller_the_same_goes_out_as_with_one(digits: str) -> None:
    """Guarantee 1: number, address, headers and order of trunks are rendered beforehand."""
    found = snapshot()
    uui = UserToUser("{provider};{area};{number};{code}")
    first, second = trunks(
        EmergencyForm(provider_header="X-Provider-Id", user_to_user=uui, provider_in_location=True),
        EmergencyForm(location=False),
    )
    found = replace(
        found,
        trunks=dict(found.trunks) | {"carrier-a": first, "carrier-b": second},
        customers={key: replace(each, address=KOELN_ADDRESS) for key, each in found.customers.items()},
        emergency=EmergencyRouting("BSP-0001"),
    )
    tree = ElementTree.fromstring(rendered(found))  # noqa: S314 - made by ourselves
    for offered, attempts in (
        (from_trunk(digits, from_user=KOELN), from_static_trunk(tree, "bau-1", digits)),
        (from_trunk(digits, from_user=None), from_static_trunk(tree, "bau-2", digits)),
    ):
        outcome = decide(offered, found, AT).outcome
        assert isinstance(outcome, Route)
        assert [each.bridge for each in attempts] == [
            dial_string([each], domain=DOMAIN) for each in outcome.legs
        ]
        assert [each.body for each in attempts] == [
            emergency_parts(each, DOMAIN).multipart for each in outcome.legs
        ]
    assert "Musterweg" in from_static_phone(tree, "kanzlei-1", digits)[0].body


def test_a_phone_without_a_line_hears_the_announcement_without_a_controller_too() -> None:
    """B9."""
    found = snapshot()
    phones = {key: replace(each, own_line=False) for key, each in found.phones.items()}
    tree = ElementTree.fromstring(rendered(replace(found, phones=phones)))  # noqa: S314 - made by ourselves
    assert from_static_phone(tree, "kanzlei-1", "112") == []
    extension = tree.find(".//context[@name='emergency']/extension[@name='no-line']")
    assert extension is not None
    steps = [(each.get("application"), each.get("data")) for each in extension.iter("action")]
    assert steps[1] == ("playback", "/usr/share/fernamt/sounds/emergency-no-line.wav")
