"""A customer's system that proves itself by digest: whose its calls are, how calls reach it (B1, B2, B8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dialplan.call import Behalf, CallOffered, Via
from dialplan.carrier import AssignedNumber, Srtp, ToTrunks, Trunk
from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Direction, Reject, Route
from dialplan.place import onward
from dialplan.snapshot import Snapshot
from tests.unit.dialplan.carriers import (
    AT,
    BAU_1,
    BERLIN,
    KOELN,
    KOELN_HUNT,
    MOBILE,
    NOW,
    from_carrier,
    from_phone,
    from_trunk,
)
from tests.unit.dialplan.login_customer import SYSTEM, from_system, with_system


def legs(offered: CallOffered, at: Circumstances = AT) -> list[str]:
    outcome = decide(offered, with_system(), at).outcome
    return [leg.to.id for leg in outcome.legs] if isinstance(outcome, Route) else []


def test_a_call_of_a_system_is_its_customers_whatever_its_address() -> None:
    decision = decide(from_system(), with_system(), AT)
    assert decision.reason.id == "out.carrier"
    assert (decision.facts.customer_id, decision.facts.trunk_in) == ("bau", SYSTEM.id)
    assert decision.facts.a_presented == KOELN_HUNT


@pytest.mark.parametrize(
    "claimed", [{"from_user": BERLIN}, {"asserted_user": BERLIN}, {"from_user": "kanzlei-1"}]
)
def test_who_logs_in_as_one_customer_never_calls_as_another(claimed: dict[str, Any]) -> None:
    """From and P-Asserted-Identity name a number or a phone of another customer: they are nobody's word."""
    decision = decide(from_system(**{"from_user": None, **claimed}), with_system(), AT)
    assert (decision.facts.customer_id, decision.facts.trunk_in) == ("bau", SYSTEM.id)
    assert decision.facts.a_network == decision.facts.a_presented == KOELN


def test_the_address_of_another_trunk_makes_no_difference() -> None:
    """It logged in, so it is who it is, although its call comes from where bau-1 is."""
    decision = decide(from_system(source_ip="198.51.100.20", source_port=5060), with_system(), AT)
    assert decision.facts.trunk_in == SYSTEM.id


@pytest.mark.parametrize(
    "login", ["bau-1", "carrier-a", "kanzlei-1", "nobody"], ids=["an address", "a carrier", "a phone", "none"]
)
def test_who_is_no_system_that_logs_in_is_refused(login: str) -> None:
    """The configuration may have changed since the switch read it."""
    decision = decide(from_system(login_id=login), with_system(), AT)
    assert (decision.reason.id, decision.facts.customer_id) == ("trunk.unknown", None)
    assert isinstance(decision.outcome, Reject)
    assert decision.outcome.sip_code == 403


def test_who_would_be_phone_and_system_at_once_is_neither() -> None:
    assert decide(from_system(phone_id="kanzlei-1"), with_system(), AT).reason.id == "trunk.unknown"


def test_without_its_proof_the_trunk_is_a_stranger() -> None:
    """Nothing is known by its address on the profile of the trunks."""
    stranger = from_trunk(source_ip="203.0.113.9", login_id=SYSTEM.id)
    assert decide(stranger, with_system(), AT).reason.id == "peer.unknown"


@pytest.mark.parametrize("number", ["110", "112"])
def test_emergency_calls_of_a_system_have_its_number(number: str) -> None:
    """NotrufV § 4: also as a customer who is blocked for everything else."""
    decision = decide(from_system(number), with_system(), AT)
    assert decision.facts.direction is Direction.EMERGENCY
    assert isinstance(decision.outcome, Route)
    assert [leg.to.id for leg in decision.outcome.legs] == 3 * ["carrier-a", "carrier-b"]
    assert {leg.caller.shown for leg in decision.outcome.legs} == {KOELN_HUNT}


def test_a_system_abroad_gets_no_german_control_centre() -> None:
    decision = decide(from_system("112"), with_system(replace(SYSTEM, abroad=True)), AT)
    assert decision.reason.id == "emergency.abroad"


def test_calls_reach_the_system_first_and_the_next_trunk_when_it_has_not_registered() -> None:
    assert legs(from_carrier(KOELN)) == [SYSTEM.id, "bau-1"]
    assert legs(from_carrier(KOELN), Circumstances(NOW, trunks_down=frozenset({SYSTEM.id}))) == [
        "bau-1",
        SYSTEM.id,
    ]


def test_a_call_that_the_system_transfers_is_its_customers() -> None:
    """B5: the transferred call leaves with the customer's rights."""
    asked = onward(from_carrier(KOELN), MOBILE, Via.TRANSFER, Behalf("bau", KOELN, None, SYSTEM.id))
    decision = decide(asked, with_system(), AT)
    assert (decision.facts.customer_id, decision.facts.trunk_in) == ("bau", SYSTEM.id)


@pytest.mark.parametrize(
    ("srtp", "encrypted", "taken"),
    [
        (Srtp.REQUIRED, True, True),
        (Srtp.REQUIRED, False, False),
        (Srtp.OPTIONAL, False, True),
        (Srtp.OFF, True, True),
    ],
)
def test_a_system_that_must_encrypt_calls_with_srtp_or_not_at_all(
    srtp: Srtp, encrypted: bool, taken: bool
) -> None:
    """As a trunk with an address; 110 and 112 excepted (B8)."""
    carrier = with_system(replace(SYSTEM, srtp=srtp))
    decision = decide(from_system(encrypted=encrypted), carrier, AT)
    assert isinstance(decision.outcome, Route) is taken
    if isinstance(decision.outcome, Reject):
        assert (decision.reason.id, decision.outcome.sip_code) == ("out.not-encrypted", 488)
    emergency = decide(from_system("112", encrypted=encrypted), carrier, AT)
    assert emergency.reason.id == "emergency.route"


IN_CLEAR = replace(AT, trunks_in_clear=frozenset({SYSTEM.id}))


def only_the_system(system: Trunk) -> Snapshot:
    """The carrier, the customer's main number goes to this system alone."""
    carrier = with_system(system)
    assigned = AssignedNumber(KOELN, "bau", ToTrunks((system.id,)))
    return replace(carrier, numbers={**carrier.numbers, KOELN: assigned})


def test_a_system_that_has_registered_in_clear_is_left_out_for_the_next_trunk() -> None:
    """Down trunks are tried last, because what is known may be old; this one would hear its keys read out."""
    assert legs(from_carrier(KOELN), IN_CLEAR) == ["bau-1"]


@pytest.mark.parametrize(
    ("call", "reason_id"),
    [(from_carrier(KOELN), "in.trunk-in-clear"), (from_phone(KOELN), "onnet.trunk-in-clear")],
    ids=["from the network", "from another customer"],
)
def test_a_call_to_nothing_but_such_a_system_ends(call: CallOffered, reason_id: str) -> None:
    """As when it is not registered at all: 480."""
    decision = decide(call, only_the_system(replace(SYSTEM, srtp=Srtp.REQUIRED)), IN_CLEAR)
    assert decision.reason.id == reason_id
    assert SYSTEM.id in decision.reason.sentence
    assert isinstance(decision.outcome, Reject)
    assert (decision.outcome.cause, decision.outcome.sip_code) == (Cause.SUBSCRIBER_ABSENT, 480)


@pytest.mark.parametrize("number", ["110", "112"])
def test_emergency_calls_from_such_a_system_are_never_refused(number: str) -> None:
    """B8, guarantee 1."""
    carrier = only_the_system(replace(SYSTEM, srtp=Srtp.REQUIRED))
    decision = decide(from_system(number, encrypted=False), carrier, IN_CLEAR)
    assert decision.reason.id == "emergency.route"
    assert isinstance(decision.outcome, Route)
    assert [leg.to.id for leg in decision.outcome.legs][:2] == ["carrier-a", "carrier-b"]


@pytest.mark.parametrize(("srtp", "only"), [(Srtp.REQUIRED, True), (Srtp.OPTIONAL, False), (Srtp.OFF, False)])
def test_who_must_be_called_by_tls(srtp: Srtp, only: bool) -> None:
    """Of a trunk with an address the configuration wants TLS beforehand (`config.srtp-without-tls`)."""
    assert replace(SYSTEM, srtp=srtp).only_by_tls is only
    assert not replace(BAU_1, srtp=srtp).only_by_tls
