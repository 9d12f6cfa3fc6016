"""Legs that nobody dials directly pass the same rules, with the rights of who asks. Guarantee 2."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialplan.barring.blocks import Blocks
from dialplan.call import Behalf, CallOffered, Via
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Direction, Reject, Route
from dialplan.diversion import MAX_FORWARDS
from dialplan.legs import Caller
from dialplan.place import asked_for, onward, place
from numbering.e164 import E164
from tests.unit.dialplan.carriers import (
    AT,
    BAU_1,
    BERLIN,
    BERLIN_2,
    CARRIER_A,
    CARRIER_B,
    KANZLEI,
    KOELN,
    KOELN_HUNT,
    MOBILE,
    NOW,
    blocked,
    from_carrier,
    from_trunk,
    snapshot,
)

LAWYERS = Behalf("kanzlei", BERLIN_2, phone_id="kanzlei-2")
INDIRECT = [each for each in Via if each is not Via.DIALLED]
AUTOMATIC = [each for each in INDIRECT if each is not Via.TRANSFER]


def asked(destination: str, via: Via = Via.API, behalf: Behalf = LAWYERS) -> CallOffered:
    return asked_for(destination, via, behalf, call_id="call-9", node="node-1")


def reason_of(offered: CallOffered) -> str:
    return place(offered, snapshot(), AT).reason.id


@pytest.mark.parametrize("via", INDIRECT)
@pytest.mark.parametrize(
    ("destination", "reason_id"),
    [
        ("0900 5 12345", "out.barred"),
        ("sip:+491805012345;x@host", "out.carrier"),
        ("018112345678", "out.unreachable"),
        ("hotel", "out.not-a-number"),
        (MOBILE, "out.carrier"),
        (KOELN, "onnet.trunk"),
    ],
)
def test_every_indirection_passes_the_rules_of_a_dialled_call(
    via: Via, destination: str, reason_id: str
) -> None:
    """B5, B6: whoever asks for the leg."""
    assert reason_of(asked(destination, via)) == reason_id
    assert reason_of(onward(from_carrier(BERLIN_2), destination, via, LAWYERS)) == reason_id


def test_the_customer_who_asks_pays_and_is_shown() -> None:
    decision = place(onward(from_carrier(BERLIN_2), "4711222", Via.TRANSFER, LAWYERS), snapshot(), AT)
    assert isinstance(decision.outcome, Route)
    assert (decision.facts.customer_id, decision.facts.direction) == ("kanzlei", Direction.OUTGOING)
    assert decision.facts.a_network == BERLIN_2
    # A local number belongs to the area of the line that asks.
    assert decision.facts.b_number == "+49304711222"


@pytest.mark.parametrize(
    ("behalf", "number"),
    [
        (Behalf("kanzlei", KOELN), BERLIN),
        (Behalf("kanzlei"), BERLIN),
        (Behalf("kanzlei", phone_id="kanzlei-2"), BERLIN_2),
        (Behalf("bau", KOELN_HUNT, phone_id="kanzlei-2"), KOELN_HUNT),
        (Behalf("bau", phone_id="kanzlei-2"), KOELN),
    ],
)
def test_no_number_but_one_of_the_customers_own_is_vouched_for(behalf: Behalf, number: str) -> None:
    """B2: another customer's number is replaced by the phone's or the main number."""
    assert place(asked(MOBILE, behalf=behalf), snapshot(), AT).facts.a_network == number


def test_blocks_of_the_customer_and_of_the_phone_hold_for_indirect_legs() -> None:
    """A7."""
    carrier = snapshot(customers=(blocked(KANZLEI),))
    assert place(asked(MOBILE), carrier, AT).reason.id == "out.customer-blocked"
    user = Circumstances(NOW, Blocks(users=frozenset({("kanzlei", "kanzlei-2")})))
    assert place(asked(MOBILE), snapshot(), user).reason.id == "out.user-blocked"


@pytest.mark.parametrize("via", AUTOMATIC)
@pytest.mark.parametrize("dialled", ["112", "110", "*31#112", "01033110", "1125"])
def test_what_no_human_dials_never_reaches_emergency_services(via: Via, dialled: str) -> None:
    """B8, NotrufV § 4(6)."""
    decision = place(asked(dialled, via), snapshot(), AT)
    assert decision.reason.id == "emergency.automatic"
    assert isinstance(decision.outcome, Reject)


def test_a_person_may_transfer_a_caller_to_emergency_services() -> None:
    assert reason_of(asked("112", Via.TRANSFER)) == "emergency.route"


def test_a_leg_on_behalf_of_nobody_is_refused() -> None:
    assert reason_of(asked(MOBILE, behalf=Behalf("gone"))) == "place.no-customer"
    assert reason_of(from_trunk(MOBILE)) == "place.no-customer"


def test_decide_takes_requests_too() -> None:
    """One entry for the controller: what came by an indirection carries `via` and `behalf`."""
    assert decide(asked("0900512345"), snapshot(), AT).reason.id == "out.barred"


def test_a_number_that_forwards_to_itself_or_too_often_is_a_loop() -> None:
    twice = onward(
        onward(from_carrier(BERLIN), MOBILE, Via.FORWARD, Behalf("kanzlei", BERLIN)),
        MOBILE,
        Via.FORWARD,
        Behalf("kanzlei", BERLIN),
    )
    assert reason_of(twice) == "forward.loop"
    numbers = tuple(E164(f"+49221471020{n}") for n in range(MAX_FORWARDS))
    last = replace(from_carrier(BERLIN), forwarded_by=numbers)
    assert reason_of(onward(last, MOBILE, Via.FORWARD, Behalf("kanzlei", BERLIN))) == "forward.loop"
    assert reason_of(onward(last, MOBILE, Via.TRANSFER, Behalf("kanzlei", BERLIN))) == "out.carrier"


LAWYER = Behalf("kanzlei", BERLIN)


@pytest.mark.parametrize(
    ("diverted", "reason_id"),
    [(0, "out.carrier"), (MAX_FORWARDS - 1, "out.carrier"), (MAX_FORWARDS, "forward.loop")],
)
def test_diversions_of_other_networks_count_towards_a_loop(diverted: int, reason_id: str) -> None:
    """RFC 5806 section 6.2: forwarded to a number outside that forwards back, again and again."""
    call = replace(from_carrier(BERLIN), diverted=diverted)
    assert reason_of(onward(call, MOBILE, Via.FORWARD, LAWYER)) == reason_id
    assert reason_of(onward(call, MOBILE, Via.TRANSFER, LAWYER)) == "out.carrier", "a person sends it on"


@pytest.mark.parametrize("before", ["+493023125001", "00493023125001", "+493023125001;npdi"])
def test_a_call_that_the_number_has_forwarded_once_is_not_forwarded_by_it_again(before: str) -> None:
    call = replace(from_carrier(BERLIN), diverting_users=("+498999998001", before), diverted=2)
    refused = place(onward(call, MOBILE, Via.FORWARD, LAWYER), snapshot(), AT)
    assert refused.reason.id == "forward.loop"
    assert isinstance(refused.outcome, Reject)
    assert (refused.outcome.sip_code, refused.outcome.cause.q850) == (483, 25)
    other = replace(from_carrier(BERLIN), diverting_users=("+498999998001", "anonymous", "112"), diverted=3)
    assert reason_of(onward(other, MOBILE, Via.FORWARD, LAWYER)) == "out.carrier"


@pytest.mark.parametrize(
    ("diverted", "reason_id"), [(5, "out.carrier"), (6, "forward.loop"), (99, "forward.loop")]
)
def test_a_telephone_system_that_forwards_in_circles_is_stopped(diverted: int, reason_id: str) -> None:
    call = replace(from_trunk(MOBILE), diverting_users=("+492214710100",), diverted=diverted)
    assert decide(call, snapshot(), AT).reason.id == reason_id
    assert decide(replace(call, dialled="112"), snapshot(), AT).reason.id == "emergency.route"


def test_the_next_network_is_told_how_often_the_call_was_passed_on() -> None:
    call = replace(from_carrier(BERLIN), diverted=3)
    original = Caller(E164("+498999998001"))
    leg = place(onward(call, MOBILE, Via.FORWARD, LAWYER, original), snapshot(), AT)
    assert isinstance(leg.outcome, Route)
    assert leg.outcome.legs[0].caller.diverted == 3
    equipment = replace(from_trunk(MOBILE), diverting_users=("+492214710100",), diverted=3)
    forwards = replace(BAU_1, caller_policy=replace(BAU_1.caller_policy, forwards=True))
    carrier = snapshot(trunks=(CARRIER_A, CARRIER_B, forwards))
    outcome = decide(replace(equipment, from_user="+498999998001"), carrier, AT).outcome
    assert isinstance(outcome, Route)
    caller = outcome.legs[0].caller
    assert (len(caller.diversions), caller.diverted) == (1, 2), "the equipment counts itself"
