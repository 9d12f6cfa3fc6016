"""Calls to 110 and 112: who is connected, to where, with what (B8, B9, TKG § 164, NotrufV § 4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialplan.barring.blocks import Blocks
from dialplan.call import CallOffered
from dialplan.carrier import AssignedNumber, ToPhones, Trunk
from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Announce, Decision, Direction, Reject, Route
from dialplan.emergency.routing import EmergencyForm, EmergencyRouting, EmergencyTarget, LineAddress
from dialplan.legs import Leg
from dialplan.snapshot import Snapshot
from numbering.emergency_areas import AreaTable, parse_area
from tests.unit.dialplan.carriers import (
    AT,
    BAU,
    BAU_1,
    BAU_2,
    BERLIN,
    CARRIER_A,
    CARRIER_B,
    KANZLEI,
    KOELN,
    NOW,
    PHONE_1,
    PHONE_2,
    blocked,
    from_phone,
    from_trunk,
    snapshot,
)

KOELN_ADDRESS = LineAddress("Musterweg", "10 a", "50667", "Köln", "NW", "05315000")
BERLIN_ADDRESS = LineAddress("Beispielufer", "7", "10115", "Berlin", "BE")
CODE = EmergencyForm(target=EmergencyTarget.CODE)
AREAS = AreaTable(map(parse_area, ("05315000 112 49CC1A 2026-01-01", "11 112 49CC2B 2026-01-01")))
ROUTING = EmergencyRouting("BSP-1", AREAS, {"110": "49CC0F"})


def carrier(
    *,
    form: EmergencyForm = CODE,
    routing: EmergencyRouting = ROUTING,
    trunks: tuple[Trunk, ...] = (CARRIER_A, CARRIER_B, BAU_1, BAU_2),
    koeln: LineAddress | None = KOELN_ADDRESS,
    berlin: LineAddress | None = BERLIN_ADDRESS,
    own_line: bool = True,
) -> Snapshot:
    """The small carrier with addresses and areas; its emergency trunks want calls in this form."""
    found = snapshot(
        customers=(replace(BAU, address=koeln), replace(KANZLEI, address=berlin)),
        trunks=tuple(replace(each, emergency_form=form) for each in trunks),
        phones=(replace(PHONE_1, own_line=own_line), PHONE_2),
    )
    return replace(found, emergency=routing)


def legs_of(decision: Decision) -> tuple[Leg, ...]:
    assert isinstance(decision.outcome, Route), decision.reason
    return decision.outcome.legs


@pytest.mark.parametrize(
    ("offered", "number"),
    [
        (from_trunk("112"), "49CC1A"),
        (from_phone("112"), "49CC2B"),
        (from_phone("110"), "49CC0F"),
        (from_phone("112555"), "49CC2B"),
        (from_phone("*31#112"), "49CC2B"),
        (from_phone("01033112"), "49CC2B"),
    ],
)
def test_the_contract_address_of_the_line_finds_the_control_centre(offered: CallOffered, number: str) -> None:
    decision = decide(offered, carrier(), AT)
    assert {leg.number for leg in legs_of(decision)} == {number}
    assert decision.facts.direction is Direction.EMERGENCY


@pytest.mark.parametrize("dialled", ["0221112", "+49112", "0049112", "0112", "+49221110", "00112"])
def test_an_area_code_in_front_makes_no_emergency_call(dialled: str) -> None:
    """NotrufV § 4(5) sentence 1."""
    decision = decide(from_phone(dialled), carrier(), AT)
    assert isinstance(decision.outcome, Reject)
    assert decision.facts.direction is not Direction.EMERGENCY


def test_a_number_s_own_address_counts_more_than_the_customer_s() -> None:
    found = carrier()
    elsewhere = AssignedNumber(BERLIN, "kanzlei", ToPhones(()), address=KOELN_ADDRESS)
    numbers = dict(found.numbers) | {BERLIN: elsewhere}
    moved = replace(found, numbers=numbers)
    assert legs_of(decide(from_phone("112"), moved, AT))[0].number == "49CC1A"
    at_home = replace(moved, phones={"kanzlei-1": replace(PHONE_1, address=BERLIN_ADDRESS)})
    assert legs_of(decide(from_phone("112"), at_home, AT))[0].number == "49CC2B"


def test_what_a_caller_s_own_system_says_of_the_place_routes_nothing() -> None:
    """B8, TC 6.4: an address changed only in Teams is not used; it goes along where the trunk wants it."""
    said = from_trunk("112", claimed_location="<presence/>")
    quiet = legs_of(decide(said, carrier(), AT))[0]
    passed_on = legs_of(decide(said, carrier(form=replace(CODE, claimed_location=True)), AT))[0]
    assert quiet.number == passed_on.number == "49CC1A"
    assert quiet.emergency is not None
    assert passed_on.emergency is not None
    assert (quiet.emergency.claimed_location, passed_on.emergency.claimed_location) == (None, "<presence/>")
    assert passed_on.emergency.address == KOELN_ADDRESS


@pytest.mark.parametrize(
    ("dialled", "routing", "number", "reason_id"),
    [
        ("110", ROUTING, "49CC0F", "emergency.default-area"),
        ("112", ROUTING, "112", "emergency.no-area"),
        ("112", EmergencyRouting(), "112", "emergency.no-area"),
    ],
)
def test_an_address_without_an_area_takes_the_default_and_never_nothing(
    dialled: str, routing: EmergencyRouting, number: str, reason_id: str
) -> None:
    found = carrier(routing=routing, berlin=replace(BERLIN_ADDRESS, state=None))
    decision = decide(from_phone(dialled), found, AT)
    assert legs_of(decision)[0].number == number
    assert decision.reason.id == reason_id


def test_a_line_without_an_address_is_connected_all_the_same() -> None:
    decision = decide(from_phone("112"), carrier(berlin=None), AT)
    assert {leg.number for leg in legs_of(decision)} == {"112"}
    call = legs_of(decision)[0].emergency
    assert call is not None
    assert call.address is None


def test_a_carrier_that_leaves_the_routing_to_its_peers_hears_nothing_of_areas() -> None:
    found = carrier(form=EmergencyForm(), routing=EmergencyRouting(), berlin=None)
    decision = decide(from_phone("112"), found, AT)
    assert decision.reason.id == "emergency.route"


def test_every_trunk_gets_it_as_that_trunk_wants_it() -> None:
    trunks = (
        replace(CARRIER_A, emergency_form=replace(CODE, prefix="+")),
        replace(CARRIER_B, emergency_form=EmergencyForm(location=False)),
        BAU_1,
    )
    found = replace(carrier(), trunks={each.id: each for each in trunks})
    assert [leg.number for leg in legs_of(decide(from_trunk("112"), found, AT))] == 3 * ["+49CC1A", "112"]


def test_nothing_that_stops_other_calls_stops_an_emergency_call() -> None:
    """Guarantee 1: blocked in the configuration and by operators, every trunk full, every trunk down."""
    full = {"carrier-a": 10**6, "carrier-b": 10**6}
    at = Circumstances(
        NOW,
        Blocks(frozenset({"kanzlei"}), frozenset({("kanzlei", "kanzlei-1")}), frozenset({BERLIN})),
        frozenset({"carrier-a", "carrier-b"}),
        full,
    )
    trunks = tuple(replace(each, capacity=1) for each in (CARRIER_A, CARRIER_B))
    found = carrier(trunks=trunks)
    found = replace(found, customers={"kanzlei": blocked(KANZLEI)})
    decision = decide(from_phone("112"), found, at)
    assert [leg.to.id for leg in legs_of(decision)] == 3 * ["carrier-a", "carrier-b"]


def test_a_trunk_that_is_down_is_tried_last() -> None:
    down = replace(AT, trunks_down=frozenset({"carrier-a"}))
    legs = legs_of(decide(from_phone("112"), carrier(), down))
    assert [leg.to.id for leg in legs] == 3 * ["carrier-b", "carrier-a"]


def test_whatever_the_first_trunk_fails_with_the_next_is_tried() -> None:
    """B8: also when it says busy."""
    decision = decide(from_phone("112"), carrier(), AT)
    assert isinstance(decision.outcome, Route)
    assert decision.outcome.next_leg_causes == frozenset(Cause)


def test_slow_trunks_are_tried_again_with_all_the_time_that_it_takes() -> None:
    """B8: a trunk has ten seconds until it rings, also where other calls have less; and no call is lost
    because all of them were slow."""
    hasty = (replace(CARRIER_A, no_progress_s=2), replace(CARRIER_B, no_progress_s=2))
    legs = legs_of(decide(from_phone("112"), carrier(trunks=hasty), AT))
    assert [(leg.to.id, leg.no_progress_s) for leg in legs] == [
        ("carrier-a", 10),
        ("carrier-b", 10),
        *2 * [("carrier-a", 120), ("carrier-b", 120)],
    ]


def test_a_round_begins_after_a_pause() -> None:
    """A peer that is starting again answers 503 at once: without pauses all is lost in no time."""
    legs = legs_of(decide(from_phone("112"), carrier(), AT))
    assert [leg.pause_s for leg in legs] == [0, 0, 1, 0, 3, 0]
    alone = legs_of(decide(from_phone("112"), carrier(trunks=(CARRIER_A,)), AT))
    assert [leg.pause_s for leg in alone] == [0, 1, 3]


def test_who_hears_it_ring_is_not_sent_away() -> None:
    """The control centre's queue may be long, whatever the operator's limit for other calls is."""
    hasty = (replace(CARRIER_A, no_answer_s=10), replace(CARRIER_B, no_answer_s=10))
    legs = legs_of(decide(from_phone("112"), carrier(trunks=hasty), AT))
    assert {leg.no_answer_s for leg in legs} == {600}
    assert [leg.no_progress_s for leg in legs] == [10, 10, *[120] * 4]


def test_the_only_trunk_is_never_given_up_for_being_slow() -> None:
    legs = legs_of(decide(from_phone("112"), carrier(trunks=(CARRIER_A,)), AT))
    assert [leg.no_progress_s for leg in legs] == [120, 120, 120]


def test_many_trunks_share_the_attempts_that_a_node_makes() -> None:
    trunks = tuple(replace(CARRIER_A, id=f"carrier-{n}") for n in range(6))
    found = carrier(trunks=trunks)
    legs = legs_of(decide(from_phone("112"), found, AT))
    assert [leg.to.id for leg in legs] == [*found.emergency_trunks, *found.emergency_trunks[:2]]
    assert [leg.no_progress_s for leg in legs] == [*[10] * 6, 120, 120]


def test_the_number_is_shown_whatever_the_caller_asks_for() -> None:
    """NotrufV § 4(4)."""
    hidden = from_phone("*31#112", privacy=frozenset({"id"}), from_user="anonymous")
    for leg in legs_of(decide(hidden, carrier(), AT)):
        assert (leg.caller.number, leg.caller.withheld) == (BERLIN, False)


@pytest.mark.parametrize(
    "found",
    [
        carrier(koeln=replace(KOELN_ADDRESS, abroad=True)),
        carrier(trunks=(CARRIER_A, CARRIER_B, replace(BAU_1, abroad=True), BAU_2)),
    ],
)
def test_a_call_from_abroad_reaches_no_german_control_centre(found: Snapshot) -> None:
    """NotrufV § 4(5) sentence 4."""
    decision = decide(from_trunk("112"), found, AT)
    assert decision.reason.id == "emergency.abroad"
    assert isinstance(decision.outcome, Reject)
    assert decision.outcome.sip_code == 403


def test_who_has_no_line_of_their_own_is_told_to_use_another_telephone() -> None:
    """B9, CC 6: never a silent refusal."""
    decision = decide(from_phone("112"), carrier(own_line=False), AT)
    assert decision.outcome == Announce("emergency-no-line", Cause.OUTGOING_CALL_BARRED)
    assert decision.reason.id == "emergency.no-line"


def test_a_forged_number_makes_the_line_s_own_number_and_address() -> None:
    """The address follows the number that we vouch for, and that only a number of the customer's own can
    be."""
    decision = decide(from_trunk("112", from_user=BERLIN), carrier(), AT)
    leg = legs_of(decision)[0]
    assert leg.caller.number == KOELN
    assert leg.emergency is not None
    assert leg.emergency.address == KOELN_ADDRESS
