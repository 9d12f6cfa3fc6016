"""Which rules a call passed, in their order; the one that stopped it is not among them. B12."""

from __future__ import annotations

import pytest

from dialplan.barring.blocks import Blocks
from dialplan.call import CallOffered
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.rules import SENTENCES, Rule
from tests.unit.dialplan.carriers import (
    AT,
    BERLIN,
    KOELN,
    KOELN_FREE,
    MOBILE,
    NOW,
    from_carrier,
    from_phone,
    from_trunk,
    snapshot,
)

BLOCKED = Circumstances(NOW, Blocks(customers=frozenset({"kanzlei"}), numbers=frozenset({KOELN})))

CASES: list[tuple[CallOffered, Circumstances, str, str]] = [
    (from_trunk(MOBILE), AT, "out.carrier", "source number blocks bars caller trunks"),
    (from_phone("0900512345"), AT, "out.barred", "source number blocks"),
    (from_phone(MOBILE), BLOCKED, "out.customer-blocked", "source number"),
    (from_phone("nobody"), AT, "out.not-a-number", "source"),
    (from_phone("112"), BLOCKED, "emergency.route", "source number"),
    (from_phone(KOELN_FREE), AT, "onnet.unassigned", "source number blocks bars caller"),
    (from_trunk(BERLIN), AT, "onnet.phone", "source number blocks bars caller called-blocks"),
    (from_carrier(KOELN), AT, "in.trunk", "source number ours assigned called-blocks"),
    (from_carrier(KOELN), BLOCKED, "in.number-blocked", "source number ours assigned"),
    (from_carrier(KOELN_FREE), AT, "in.unassigned", "source number ours"),
    (from_carrier(MOBILE), AT, "in.not-ours", "source number"),
    (from_carrier(source_ip="203.0.113.66"), AT, "peer.unknown", ""),
]


@pytest.mark.parametrize(("offered", "at", "reason_id", "passed"), CASES, ids=[case[2] for case in CASES])
def test_a_decision_tells_the_rules_that_the_call_passed(
    offered: CallOffered, at: Circumstances, reason_id: str, passed: str
) -> None:
    decision = decide(offered, snapshot(), at)
    assert decision.reason.id == reason_id
    found = [rule for rule in decision.passed if rule not in _OF_OTHERS]
    assert found == passed.split()


#: Rules that have their own tests and hold for no call of this carrier.
_OF_OTHERS = frozenset({Rule.LIMITS})


def test_every_rule_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Rule)
