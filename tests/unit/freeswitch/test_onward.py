"""Who transferred or redirected a channel, from our own variables; and what the new decision leaves. B5."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid5

import pytest

from dialplan.call import Behalf, CallOffered, Entry, Via
from dialplan.decide import decide
from freeswitch import parties
from freeswitch.offer import decision_variables, offered_call
from freeswitch.settings import BETWEEN_NODES_SILENT_MS, NodeDoor
from tests.unit.dialplan.carriers import (
    AT,
    BERLIN,
    KOELN,
    MOBILE,
    from_carrier,
    from_phone,
    snapshot,
)

DOMAIN = "phones.example.com"
CALLER = "7c1d9b0e-55a4-4a0e-9a53-1b1f0a8c2d11"


def first_round(offered: CallOffered) -> dict[str, str]:
    """The channel's variables after the call was decided for the first time, as channel data."""
    variables = decision_variables(decide(offered, snapshot(), AT), offered, domain=DOMAIN)
    return {
        "Unique-ID": offered.call_id,
        "FreeSWITCH-Switchname": offered.node,
        "Call-Direction": "inbound",
        "variable_sofia_profile_name": offered.entry.value,
        "variable_sip_network_ip": offered.source_ip,
        "variable_sip_from_user": offered.from_user or "",
        **{f"variable_{name}": value for name, value in variables.items()},
    }


def leg_ids(data: dict[str, str]) -> list[str]:
    """Our UUIDs of the legs, in the order of their attempts."""
    return [entry.partition("=")[0] for entry in data["variable_fernamt_parties"].split(",")]


def transferred(data: dict[str, str], partner: str, to: str = MOBILE) -> CallOffered:
    changed = {
        "Caller-Context": "transferred",
        "Caller-Destination-Number": to,
        "variable_last_bridge_to": partner,
    }
    return offered_call((data | changed).get)


def redirected(data: dict[str, str], leg: str, to: str = MOBILE) -> CallOffered:
    changed = {
        "Caller-Context": "redirected",
        "Caller-Destination-Number": to,
        "variable_sip_redirect_dialstring": f"sofia/{leg}/sip:{to}@203.0.113.9",
    }
    return offered_call((data | changed).get)


def test_the_called_phone_that_transfers_is_found_by_the_leg_it_was_on() -> None:
    data = first_round(from_carrier(BERLIN))
    first, second = leg_ids(data)
    assert transferred(data, first).behalf == Behalf("kanzlei", BERLIN, "kanzlei-1")
    assert transferred(data, second).behalf == Behalf("kanzlei", "+493023125002", "kanzlei-2")
    assert transferred(data, second).via is Via.TRANSFER


def test_a_customers_trunk_transfers_for_the_number_that_was_called() -> None:
    data = first_round(from_carrier(KOELN))
    assert transferred(data, leg_ids(data)[1]).behalf == Behalf("bau", KOELN, None, "bau-2")


def test_the_caller_who_transfers_is_found_on_the_called_leg() -> None:
    """The leg has the exported variables, and was bridged to the caller's channel."""
    data = first_round(replace(from_phone(MOBILE), call_id=CALLER))
    exported = data["variable_export_vars"].split(",")
    leg = {key: value for key, value in data.items() if key.removeprefix("variable_") in exported}
    leg |= {"Unique-ID": "leg-1", "FreeSWITCH-Switchname": "node-1", "variable_sofia_profile_name": "carrier"}
    leg |= {"variable_sip_network_ip": "192.0.2.10"}
    assert data["variable_force_transfer_context"] == "transferred"
    asked = transferred(leg, CALLER)
    assert asked.behalf is not None
    assert (asked.behalf.customer_id, asked.behalf.phone_id) == ("kanzlei", "kanzlei-1")


@pytest.mark.parametrize("partner", ["", "00000000-0000-0000-0000-000000000000", "call-1"])
def test_a_stranger_has_no_rights(partner: str) -> None:
    """A leg that was joined by an attended transfer, or a carrier's."""
    asked = transferred(first_round(from_carrier(BERLIN)), partner)
    assert decide(asked, snapshot(), AT).reason.id == "place.no-customer"
    assert redirected(first_round(from_carrier(BERLIN)), partner).behalf == Behalf("")


def test_carriers_are_no_party() -> None:
    assert "variable_fernamt_parties" not in first_round(from_phone(MOBILE))
    assert "variable_fernamt_caller" not in first_round(from_carrier(BERLIN))


def test_a_transfer_shows_its_author_and_a_redirect_its_caller() -> None:
    data = first_round(from_carrier(BERLIN))
    leg = leg_ids(data)[0]
    assert transferred(data, leg).from_user is None
    asked = redirected(data, leg)
    assert asked.via is Via.FORWARD
    assert asked.forwarded_by == (BERLIN,)
    assert asked.original is not None
    assert asked.original.shown == MOBILE


@pytest.mark.parametrize("barred", ["0900512345", "018112345678", "11833", "+8816 1234567"])
def test_neither_leads_to_a_barred_number(barred: str) -> None:
    data = first_round(from_carrier(BERLIN))
    leg = leg_ids(data)[0]
    for asked in (transferred(data, leg, barred), redirected(data, leg, barred)):
        decision = decide(asked, snapshot(), AT)
        variables = decision_variables(decision, asked, domain=DOMAIN)
        assert decision.reason.id in ("out.barred", "out.unreachable")
        assert variables["fernamt_do"] == "refuse"
        assert not any(value for name, value in variables.items() if name.startswith("fernamt_leg_"))


def test_the_new_legs_tell_of_the_new_decision_and_the_channel_of_its_first() -> None:
    data = first_round(from_carrier(BERLIN))
    asked = transferred(data, leg_ids(data)[0])
    variables = decision_variables(decide(asked, snapshot(), AT), asked, domain=DOMAIN)
    assert "fernamt_customer=kanzlei" in variables["fernamt_leg_1"]
    assert "fernamt_via=transfer" in variables["fernamt_leg_1"]
    assert not {"fernamt_call", "fernamt_customer", "fernamt_reason", "fernamt_direction"} & set(variables)
    assert variables["fernamt_onward"] == "transfer:out.carrier"


def test_each_round_makes_legs_with_other_ids() -> None:
    """A leg's id is for ever: its record is stored once."""
    data = first_round(from_carrier(BERLIN))
    asked = transferred(data, leg_ids(data)[0], KOELN)
    again = decision_variables(decide(asked, snapshot(), AT), asked, domain=DOMAIN)
    assert again["fernamt_round"] == "1"
    assert not set(leg_ids(data)) & {e.partition("=")[0] for e in again["fernamt_parties"].split(",")}


@pytest.mark.parametrize("hostile", ["${evil}", "sip:x", "9" * 400, "\u2028", "1,2=kunde-bau///", ""])
def test_what_the_author_wrote_changes_nothing_but_the_number(hostile: str) -> None:
    data = first_round(from_carrier(BERLIN))
    asked = transferred(data, leg_ids(data)[0], hostile)
    variables = decision_variables(decide(asked, snapshot(), AT), asked, domain=DOMAIN)
    assert variables["fernamt_do"] == "refuse"
    assert "evil" not in str(variables)


def test_the_ids_of_legs_are_uuids_made_of_node_call_round_and_place() -> None:
    """RFC 9562 section 5.5, version 5: the same decision gives the same ids, whoever makes it."""
    offered = from_carrier(BERLIN)
    space = UUID("6a1c7f7e-3e6b-5a52-9d52-0c6f6c1c3b11")
    expected = [str(uuid5(space, f"{offered.node}/{offered.call_id}/1/{place}")) for place in range(3)]
    assert list(parties.leg_ids(offered, 1, 3)) == expected


def test_a_leg_to_a_phone_of_another_node_goes_through_its_door_and_keeps_all_else() -> None:
    """B2, B5: the same identity, the same UUID, by which a transfer finds whose phone it was."""
    call = from_phone(dialled="030 23125-002")
    here = decision_variables(decide(call, snapshot(), AT), call, domain=DOMAIN)
    door = NodeDoor("192.0.2.7", 5090)
    asked: list[tuple[str, str]] = []

    def door_of(username: str, node: str) -> NodeDoor:
        asked.append((username, node))
        return door

    there = decision_variables(decide(call, snapshot(), AT), call, domain=DOMAIN, door_of=door_of)
    ((username, node),) = asked
    assert node == call.node
    assert there["fernamt_parties"] == here["fernamt_parties"]
    leg, _, endpoint = there["fernamt_leg_1"].partition("]")
    assert endpoint == f"sofia/node/sip:{username}@192.0.2.7:5090"
    of_phone = here["fernamt_leg_1"].partition("]")[0]
    assert leg == f"{of_phone},media_timeout_audio={BETWEEN_NODES_SILENT_MS}", (
        "nothing comes while it is held over there"
    )


def test_a_phone_of_another_node_that_is_sent_on_is_a_phone() -> None:
    """The caller transferred it, or a program had it rung; its leg is on the profile for other nodes."""
    data = first_round(from_phone(dialled="030 23125-002"))
    (leg,) = leg_ids(data)
    named = data | {"variable_sofia_profile_name": "node", "variable_fernamt_phone": "kanzlei-2"}
    assert transferred(named, leg).entry is Entry.PHONE
