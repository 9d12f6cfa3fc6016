"""Every reason there is comes about in some call, with its cause, its SIP code and a whole sentence. B12."""

from __future__ import annotations

import pytest

from dialplan.call import CallOffered
from dialplan.decide import decide
from dialplan.decision import Direction, Reject, Route
from dialplan.reasons import all_ids, reason, sentence
from dialplan.snapshot import Snapshot
from tests.unit.dialplan.carriers import (
    AT,
    BAU,
    BERLIN,
    KANZLEI,
    KOELN,
    KOELN_FREE,
    MOBILE,
    blocked,
    from_carrier,
    from_phone,
    from_trunk,
    snapshot,
    without_carriers,
)

#: Reason, the call, the carrier; expected: SIP code of a refusal, or the legs in their order.
CASES: dict[str, tuple[CallOffered, Snapshot, int | list[str]]] = {
    "in.trunk": (from_carrier(KOELN), snapshot(), ["bau-1", "bau-2"]),
    "in.phone": (from_carrier(BERLIN), snapshot(), ["kanzlei-1", "kanzlei-2"]),
    "in.not-ours": (from_carrier(MOBILE), snapshot(), 404),
    "in.unassigned": (from_carrier(KOELN_FREE), snapshot(), 404),
    "in.not-a-number": (from_carrier("sales"), snapshot(), 484),
    "out.carrier": (from_trunk("015228817386"), snapshot(), ["carrier-a", "carrier-b"]),
    "out.no-carrier": (from_trunk("015228817386"), without_carriers(), 404),
    "out.not-a-number": (from_phone("${system(reboot)}"), snapshot(), 484),
    "out.barred": (from_trunk("0900512345"), snapshot(), 403),
    "out.unreachable": (from_trunk("018112345678"), snapshot(), 403),
    "out.customer-blocked": (from_trunk(MOBILE), snapshot(customers=(blocked(BAU), KANZLEI)), 403),
    "onnet.trunk": (from_phone("02214710100"), snapshot(), ["bau-1", "bau-2"]),
    "onnet.phone": (from_trunk("03023125001"), snapshot(), ["kanzlei-1", "kanzlei-2"]),
    "onnet.unassigned": (from_phone("02214710900"), snapshot(), 404),
    "emergency.route": (from_phone("112"), snapshot(), 3 * ["carrier-a", "carrier-b"]),
    "emergency.no-trunk": (from_phone("110"), without_carriers(), 503),
    "peer.unknown": (from_carrier(source_ip="203.0.113.66"), snapshot(), 403),
    "phone.unknown": (from_phone(phone_id="gone"), snapshot(), 403),
    "trunk.unknown": (from_phone(phone_id=None, login_id="gone"), snapshot(), 403),
}


#: Those of the rendered dialplan are looked for in tests/unit/freeswitch/test_render.py, those of operators'
#: blocks in test_blocks.py, those of trunks in test_trunk_choice.py, those of limits in test_claims.py,
#: those of caller ids in test_caller_matrix.py, those of areas in test_emergency.py.
DECIDED = sorted(each for each in all_ids() if not each.startswith("static.") and each in CASES)


def test_every_reason_has_a_case() -> None:
    elsewhere = {"in.number-blocked", "out.user-blocked", "out.number-blocked", "onnet.number-blocked"}
    elsewhere |= {"out.carriers-full"}
    elsewhere |= {"out.barred-by-profile"}  # test_barring.py
    elsewhere |= {each for each in all_ids() if "caller-" in each or each.endswith(".anonymous")}
    elsewhere |= {"emergency.automatic", "place.no-customer", "forward.loop"}  # test_place.py
    decided = {each for each in all_ids() if not each.startswith(("static.", "limit.", "plan.", "queue."))}
    elsewhere |= {"emergency.default-area", "emergency.no-area", "emergency.no-line", "emergency.abroad"}
    elsewhere |= {"in.trunk-in-clear", "onnet.trunk-in-clear"}  # test_login_trunks.py
    elsewhere |= {"in.trunks-full", "onnet.trunks-full"}  # test_trunk_capacity.py
    elsewhere |= {"node.overloaded"}  # tests/unit/controller/test_calls.py
    # tests/unit/controller/test_originating.py
    elsewhere |= {"place.no-user", "place.no-phone"}
    # test_teams.py
    elsewhere |= {each for each in all_ids() if each.startswith("teams.") or each.endswith(".not-encrypted")}
    assert decided == set(CASES) | elsewhere


@pytest.mark.parametrize("reason_id", DECIDED)
def test_every_reason_is_reached_by_a_call(reason_id: str) -> None:
    offered, carrier, expected = CASES[reason_id]
    decision = decide(offered, carrier, AT)
    assert decision.reason.id == reason_id
    assert "{" not in decision.reason.sentence
    assert decision.config_version == carrier.version
    if isinstance(expected, int):
        assert isinstance(decision.outcome, Reject)
        assert decision.outcome.sip_code == expected
    else:
        assert isinstance(decision.outcome, Route)
        assert [leg.to.id for leg in decision.outcome.legs] == expected


@pytest.mark.parametrize(
    ("offered", "direction", "customer"),
    [
        (from_carrier(KOELN), Direction.INCOMING, "bau"),
        (from_trunk(MOBILE), Direction.OUTGOING, "bau"),
        (from_phone("0900512345"), Direction.OUTGOING, "kanzlei"),
        (from_phone(KOELN), Direction.ON_NET, "kanzlei"),
        (from_phone("112"), Direction.EMERGENCY, "kanzlei"),
        (from_carrier(source_ip="203.0.113.66"), Direction.NONE, None),
    ],
)
def test_a_call_is_seen_from_the_customer_who_pays_for_it(
    offered: CallOffered, direction: Direction, customer: str | None
) -> None:
    facts = decide(offered, snapshot(), AT).facts
    assert (facts.direction, facts.customer_id) == (direction, customer)


def test_a_customers_trunk_is_a_stranger_on_the_carriers_profile_and_the_other_way_round() -> None:
    as_carrier = from_carrier(source_ip="198.51.100.20")
    as_customer = from_trunk(source_ip="192.0.2.10")
    assert decide(as_carrier, snapshot(), AT).reason.id == "peer.unknown"
    assert decide(as_customer, snapshot(), AT).reason.id == "peer.unknown"


def test_a_carrier_cannot_place_emergency_calls_through_us() -> None:
    assert decide(from_carrier("112"), snapshot(), AT).reason.id == "in.not-ours"


def test_a_reason_without_its_facts_is_refused() -> None:
    with pytest.raises(KeyError):
        reason("out.barred", customer="bau")
    with pytest.raises(KeyError):
        reason("no.such-reason")


def test_the_sentence_of_an_unknown_reason_is_its_id() -> None:
    assert sentence("from.a.newer.version") == "from.a.newer.version"
    assert "{number}" in sentence("in.trunk")
