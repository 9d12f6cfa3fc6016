"""What operators block: no calls but emergency calls (A7, B8)."""

from __future__ import annotations

import pytest

from dialplan.barring.blocks import Blocks
from dialplan.call import CallOffered
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Reject, Route
from tests.unit.dialplan.carriers import (
    AT,
    BERLIN,
    KOELN,
    KOELN_HUNT,
    MOBILE,
    NOW,
    from_carrier,
    from_phone,
    from_trunk,
    snapshot,
)

CUSTOMER = Blocks(customers=frozenset({"kanzlei", "bau"}))
USER = Blocks(users=frozenset({("kanzlei", "kanzlei-1")}))
NUMBER = Blocks(numbers=frozenset({KOELN, KOELN_HUNT, BERLIN}))

CASES = {
    "a customer": (from_trunk(MOBILE), CUSTOMER, "out.customer-blocked", 403),
    "a phone": (from_phone(MOBILE), USER, "out.user-blocked", 403),
    "a caller's number": (from_trunk(MOBILE), NUMBER, "out.number-blocked", 403),
    "a called number": (from_carrier(KOELN), NUMBER, "in.number-blocked", 480),
    "a called number on net": (
        from_phone("02214710100"),
        Blocks(numbers=frozenset({KOELN})),
        "onnet.number-blocked",
        480,
    ),
}


@pytest.mark.parametrize(("offered", "blocks", "reason_id", "code"), CASES.values(), ids=CASES.keys())
def test_what_is_blocked_is_refused(offered: CallOffered, blocks: Blocks, reason_id: str, code: int) -> None:
    assert isinstance(decide(offered, snapshot(), AT).outcome, Route)
    decision = decide(offered, snapshot(), Circumstances(NOW, blocks))
    assert decision.reason.id == reason_id
    assert isinstance(decision.outcome, Reject)
    assert decision.outcome.sip_code == code


@pytest.mark.parametrize("blocks", [CUSTOMER, USER, NUMBER])
@pytest.mark.parametrize("dialled", ["110", "112", "112555", "01033112"])
def test_emergency_calls_get_through_whatever_is_blocked(blocks: Blocks, dialled: str) -> None:
    for offered in (from_phone(dialled), from_trunk(dialled)):
        decision = decide(offered, snapshot(), Circumstances(NOW, blocks))
        assert decision.reason.id == "emergency.route"


def test_a_blocked_customer_can_be_called_back() -> None:
    assert isinstance(decide(from_carrier(KOELN), snapshot(), Circumstances(NOW, CUSTOMER)).outcome, Route)
    assert isinstance(decide(from_carrier(BERLIN), snapshot(), Circumstances(NOW, USER)).outcome, Route)


def test_only_what_is_blocked_is_refused() -> None:
    assert isinstance(
        decide(from_phone(MOBILE), snapshot(), Circumstances(NOW, Blocks(frozenset({"bau"})))).outcome, Route
    )
