"""Which carrier trunks a call takes, and in which order. B1, B12, guarantee 1."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from dialplan.carrier import CarrierRoute, Trunk
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Reject, Route
from dialplan.snapshot import Snapshot
from dialplan.week import WeekTimes
from tests.unit.dialplan.carriers import (
    AT,
    BAU,
    BAU_1,
    CARRIER_A,
    CARRIER_B,
    KANZLEI,
    MOBILE,
    NOW,
    from_trunk,
    snapshot,
)

LONDON = "+442079460000"
SWISS_MOBILE = "+41781234567"
BERLIN = "030 23125-999"


def trunk(name: str, *routes: CarrierRoute, **facts: object) -> Trunk:
    return replace(CARRIER_A, id=name, peers=(), registration=None, routes=routes, **facts)  # type: ignore[arg-type]


def carrier(*trunks: Trunk) -> Snapshot:
    return snapshot(trunks=(BAU_1, *trunks), phones=())


def tried(known: Snapshot, number: str, at: Circumstances = AT, call_id: str = "call-1") -> list[str]:
    """The trunks that a call to `number` tries, in their order; none when it is refused."""
    outcome = decide(replace(from_trunk(number), call_id=call_id), known, at).outcome
    return [leg.to.id for leg in outcome.legs] if isinstance(outcome, Route) else []


def test_without_routes_every_trunk_takes_everything_by_priority() -> None:
    known = snapshot(trunks=(BAU_1, replace(CARRIER_A, priority=30), CARRIER_B), phones=())
    assert tried(known, MOBILE) == ["carrier-b", "carrier-a"]


def test_the_most_exact_route_comes_first_whatever_its_priority() -> None:
    """Prefix before country before class before everything; the less exact ones stay as a way round."""
    known = carrier(
        trunk("everything", CarrierRoute(1)),
        trunk("mobiles", CarrierRoute(2, classes=("foreign_fixed", "mobile"))),
        trunk("britain", CarrierRoute(3, countries=("GB",))),
        trunk("south", CarrierRoute(4, prefixes=("+442",))),
        trunk("london", CarrierRoute(5, prefixes=("+4420",))),
        trunk("other", CarrierRoute(6, prefixes=("+4421",), classes=("freephone",))),
    )
    assert tried(known, LONDON) == ["london", "south", "britain", "mobiles", "everything"]
    assert tried(known, MOBILE) == ["mobiles", "everything"]
    assert tried(known, SWISS_MOBILE) == ["everything"]


def test_among_equal_priorities_the_cheaper_trunk_is_tried_first() -> None:
    known = carrier(
        trunk("dear", CarrierRoute(10, cost=Decimal("0.02"))),
        trunk("unknown", CarrierRoute(10)),
        trunk("cheap", CarrierRoute(10, cost=Decimal("0.0045"))),
        trunk("first", CarrierRoute(9, cost=Decimal("1"))),
    )
    assert tried(known, MOBILE) == ["first", "cheap", "dear", "unknown"]


def test_equals_share_the_calls_by_weight_and_the_same_call_goes_the_same_way() -> None:
    known = carrier(*(trunk(f"t{weight}", CarrierRoute(10, weight)) for weight in (100, 200, 700)))
    ways = [tried(known, MOBILE, call_id=f"3f0c2a52-{n:04}") for n in range(2_000)]
    assert ways == [tried(known, MOBILE, call_id=f"3f0c2a52-{n:04}") for n in range(2_000)]
    assert all(sorted(way) == ["t100", "t200", "t700"] for way in ways)
    first = Counter(way[0] for way in ways)
    assert [round(first[name] / 2_000, 1) for name in ("t100", "t200", "t700")] == [0.1, 0.2, 0.7]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 18, 18, 59, tzinfo=UTC), ["day", "always"]),  # Wednesday 19:59 in Germany
        (datetime(2026, 11, 18, 19, 0, tzinfo=UTC), ["always"]),  # 20:00
        (datetime(2026, 7, 15, 18, 0, tzinfo=UTC), ["always"]),  # 20:00 in summer
        (datetime(2026, 11, 22, 9, 0, tzinfo=UTC), ["always"]),  # Sunday
    ],
)
def test_a_route_with_times_is_taken_at_these_times_in_germany_only(
    now: datetime, expected: list[str]
) -> None:
    working_days = WeekTimes.of((day * 1440 + 480, day * 1440 + 1200) for day in range(5))
    known = carrier(trunk("day", CarrierRoute(1, times=working_days)), trunk("always", CarrierRoute(2)))
    assert tried(known, MOBILE, Circumstances(now)) == expected


def test_a_full_trunk_is_passed_over() -> None:
    known = carrier(trunk("small", capacity=2, priority=1), trunk("large", priority=2))
    assert tried(known, MOBILE, Circumstances(NOW, trunk_calls={"small": 1})) == ["small", "large"]
    assert tried(known, MOBILE, Circumstances(NOW, trunk_calls={"small": 2, "large": 9})) == ["large"]


def test_when_all_trunks_are_full_the_call_is_refused_as_congestion() -> None:
    known = carrier(trunk("small", capacity=2))
    decision = decide(from_trunk(MOBILE), known, Circumstances(NOW, trunk_calls={"small": 2}))
    assert decision.reason.id == "out.carriers-full"
    assert "small" in decision.reason.sentence
    assert isinstance(decision.outcome, Reject)
    assert (decision.outcome.cause.q850, decision.outcome.sip_code) == (34, 503)


def test_a_trunk_that_is_down_is_tried_last_and_never_left_out() -> None:
    """Guarantee 1: what is known of it may be old."""
    known = snapshot(trunks=(BAU_1, CARRIER_A, CARRIER_B), phones=())
    assert tried(known, MOBILE, Circumstances(NOW, trunks_down=frozenset({"carrier-a"}))) == [
        "carrier-b",
        "carrier-a",
    ]
    all_down = Circumstances(NOW, trunks_down=frozenset({"carrier-a", "carrier-b"}))
    assert tried(known, MOBILE, all_down) == ["carrier-a", "carrier-b"]


def test_a_customer_that_is_bound_to_trunks_uses_no_other() -> None:
    bound = replace(BAU, carrier_trunks=frozenset({"carrier-b"}))
    known = snapshot(customers=(bound, KANZLEI))
    assert tried(known, MOBILE) == ["carrier-b"]
    assert tried(known, "112") == 3 * ["carrier-a", "carrier-b"]


def test_a_call_that_no_trunk_takes_is_refused() -> None:
    known = carrier(trunk("britain", CarrierRoute(1, countries=("GB",))))
    assert tried(known, LONDON) == ["britain"]
    decision = decide(from_trunk(MOBILE), known, AT)
    assert decision.reason.id == "out.no-carrier"


def test_a_short_number_fits_a_class_and_no_prefix() -> None:
    known = carrier(
        trunk("prefix", CarrierRoute(1, prefixes=("+49116",))),
        trunk("social", CarrierRoute(2, classes=("harmonised_116",))),
    )
    assert tried(known, "116117") == ["social"]


def test_a_call_tries_eight_trunks_at_most_and_those_that_answer_before_those_that_do_not() -> None:
    known = carrier(*(trunk(f"t{n:02}", priority=n + 1) for n in range(12)))
    first = [f"t{n:02}" for n in range(8)]
    assert tried(known, MOBILE) == first
    down = Circumstances(NOW, trunks_down=frozenset(first))
    assert tried(known, MOBILE, down) == ["t08", "t09", "t10", "t11", *first[:4]]
