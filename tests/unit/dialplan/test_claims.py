"""Which counters a call takes, and what it is told when one of them refuses (B11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from dialplan.barring.blocks import Blocks
from dialplan.call import Behalf, CallOffered, Via
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Announce, Decision, Reject, Route
from dialplan.limits.agreed import (
    CallLimits,
    Claim,
    Counter,
    Limits,
    Scope,
    SpendLimits,
    Throttle,
    spend_day,
    spend_month,
)
from dialplan.limits.claims import every_claim, refused, with_claims
from dialplan.place import asked_for, onward, place
from dialplan.plans.position import ARRIVED, Position, Resume
from dialplan.reasons import all_ids
from dialplan.snapshot import Snapshot
from tests.unit.dialplan.carriers import (
    AT,
    BAU,
    KANZLEI,
    KOELN,
    MOBILE,
    NOW,
    PHONE_1,
    PHONE_2,
    from_carrier,
    from_phone,
    from_trunk,
    snapshot,
)

EVERYTHING = Limits(
    CallLimits(simultaneous_calls=60, calls_per_second=5),
    MappingProxyType({"GB": CallLimits(2, 1), "abroad": CallLimits(4)}),
    spend_per_day=50_000_000,
    spend_per_month=500_500_000,
)
LIMITED = snapshot(customers=(replace(BAU, limits=EVERYTHING), KANZLEI))
LONDON = "00442079460000"
ZURICH = "0041443334455"


def claims(offered: CallOffered, carrier: Snapshot = LIMITED, at: Circumstances = AT) -> dict[str, int]:
    return {claim.key: claim.limit for claim in decide(offered, carrier, at).claims}


OWN = {"calls-per-second:customer:bau": 5, "simultaneous-calls:customer:bau": 60}
MONEY = {
    "spend-per-day:customer:bau/2026-11-18": 50_000_000,
    "spend-per-month:customer:bau/2026-11": 500_500_000,
}
TO_LONDON = {
    "calls-per-second:country:bau/GB": 1,
    "simultaneous-calls:country:bau/GB": 2,
    "simultaneous-calls:country:bau/abroad": 4,
}


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        pytest.param(from_trunk(MOBILE), OWN | MONEY, id="mobile"),
        pytest.param(from_trunk(LONDON), OWN | MONEY | TO_LONDON, id="a country with a limit"),
        pytest.param(
            from_trunk(ZURICH),
            OWN | MONEY | {"simultaneous-calls:country:bau/abroad": 4},
            id="another country",
        ),
        pytest.param(from_trunk("0800 1234567"), OWN, id="0800 is free"),
        pytest.param(from_trunk("116117"), OWN, id="116117 is free"),
        pytest.param(from_trunk("030 23125001"), OWN, id="on net is free"),
        pytest.param(from_carrier(KOELN), {"simultaneous-calls:customer:bau": 60}, id="incoming"),
        pytest.param(from_phone("02214710100"), {"simultaneous-calls:customer:bau": 60}, id="called on net"),
        pytest.param(from_trunk("02214710101"), OWN, id="inside the customer, counted once"),
        pytest.param(from_trunk("112"), {}, id="112"),
        pytest.param(from_trunk("110555"), {}, id="110 with digits behind it"),
        pytest.param(from_trunk("0900512345"), {}, id="barred"),
        pytest.param(from_phone(MOBILE), {}, id="a customer without limits"),
    ],
)
def test_a_call_takes_of_the_counters_that_have_a_limit(
    offered: CallOffered, expected: dict[str, int]
) -> None:
    """B11; guarantee 1: emergency calls take of none."""
    assert claims(offered) == expected


def test_a_phone_has_limits_of_its_own_beside_its_customers() -> None:
    one = Limits(CallLimits(simultaneous_calls=1, calls_per_second=2))
    carrier = snapshot(
        customers=(BAU, replace(KANZLEI, limits=Limits(CallLimits(8)))),
        phones=(replace(PHONE_1, limits=one), PHONE_2),
    )
    assert claims(from_phone(MOBILE), carrier) == {
        "simultaneous-calls:customer:kanzlei": 8,
        "calls-per-second:user:kanzlei/kanzlei-1": 2,
        "simultaneous-calls:user:kanzlei/kanzlei-1": 1,
    }
    assert claims(from_phone(MOBILE, phone_id="kanzlei-2"), carrier) == {
        "simultaneous-calls:customer:kanzlei": 8
    }


def spending(warns: bool = False) -> Snapshot:
    """The law office may spend so much, its first phone and its calls abroad less."""
    whole = Limits(
        spend_per_month=9_000_000,
        country_spend=MappingProxyType(
            {"GB": SpendLimits(3_000_000), "abroad": SpendLimits(None, 5_000_000)}
        ),
        spend_warns=warns,
    )
    own = Limits(spend_per_day=1_000_000, spend_warns=warns)
    return snapshot(
        customers=(BAU, replace(KANZLEI, limits=whole)), phones=(replace(PHONE_1, limits=own), PHONE_2)
    )


WHOLE = {"spend-per-month:customer:kanzlei/2026-11": 9_000_000}
OF_PHONE_1 = {"spend-per-day:user:kanzlei/kanzlei-1/2026-11-18": 1_000_000}
ABROAD_MONEY = {"spend-per-month:country:kanzlei/abroad/2026-11": 5_000_000}
GB_MONEY = {"spend-per-day:country:kanzlei/GB/2026-11-18": 3_000_000}


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        pytest.param(from_phone(MOBILE), WHOLE | OF_PHONE_1, id="a phone with a limit"),
        pytest.param(from_phone(MOBILE, phone_id="kanzlei-2"), WHOLE, id="another phone"),
        pytest.param(from_phone(ZURICH), WHOLE | OF_PHONE_1 | ABROAD_MONEY, id="abroad"),
        pytest.param(from_phone(LONDON), WHOLE | OF_PHONE_1 | ABROAD_MONEY | GB_MONEY, id="a country"),
        pytest.param(from_phone("0800 1234567"), {}, id="free"),
        pytest.param(from_phone("02214710100"), {}, id="on net"),
        pytest.param(from_phone("112"), {}, id="112"),
    ],
)
def test_phones_and_countries_have_money_of_their_own(offered: CallOffered, expected: dict[str, int]) -> None:
    """B11; guarantee 1."""
    assert claims(offered, spending()) == expected
    assert claims(offered, spending(warns=True)) == {}, "what only warns stops no call"


def test_a_phone_whose_customer_has_no_limits_has_money_of_its_own() -> None:
    carrier = snapshot(phones=(replace(PHONE_1, limits=Limits(spend_per_day=1_000_000)), PHONE_2))
    assert claims(from_phone(LONDON), carrier) == OF_PHONE_1


SPENT = {
    ("limit.spend-per-month", "9.00 EUR of 2026-11"),
    ("limit.spend-per-day", "2.00 EUR of 2026-11-18"),
    ("limit.user-spend-per-day", "1.00 EUR of phone kanzlei-1, 2026-11-18"),
    ("limit.user-spend-per-month", "2.00 EUR of phone kanzlei-1, 2026-11"),
    ("limit.country-spend-per-day", "3.00 EUR for calls to GB, 2026-11-18"),
    ("limit.country-spend-per-month", "5.00 EUR for calls to abroad, 2026-11"),
}


def test_the_refusal_names_whose_money_is_spent() -> None:
    """B12: never another way round the country's or the phone's limit."""
    told = set()
    decision = decide(from_phone(LONDON), spending(), AT)
    more = (
        Claim(Counter.SPEND_PER_DAY, Scope.CUSTOMER, "kanzlei/2026-11-18", 2_000_000),
        Claim(Counter.SPEND_PER_MONTH, Scope.USER, "kanzlei/kanzlei-1/2026-11", 2_000_000),
    )
    for claim in (*decision.claims, *more):
        stopped = refused(decision, claim)
        assert isinstance(stopped.outcome, Reject)
        assert stopped.outcome.sip_code == 403
        told.add((stopped.reason.id, stopped.reason.sentence.partition(" the ")[2].partition(";")[0]))
    assert told == SPENT


def test_every_counter_of_money_is_shown_those_that_only_warn_too() -> None:
    carrier = spending(warns=True)
    limits, users = carrier.customers["kanzlei"].limits, {"kanzlei-1": carrier.phones["kanzlei-1"].limits}
    assert isinstance(limits, Limits)
    shown = list(every_claim("kanzlei", limits, users, None, NOW))  # type: ignore[arg-type]
    assert {each.key for each in shown} == set(WHOLE | OF_PHONE_1 | ABROAD_MONEY | GB_MONEY)
    assert all(each.warns for each in shown)


def test_the_carriers_profile_holds_by_its_name() -> None:
    named = snapshot(customers=(replace(BAU, limits="small"), KANZLEI))
    carrier = replace(named, limit_profiles=MappingProxyType({"small": Limits(CallLimits(3))}))
    assert claims(from_trunk(MOBILE), carrier) == {"simultaneous-calls:customer:bau": 3}
    assert claims(from_trunk(MOBILE), named) == {}


def test_an_abuse_rule_lowers_the_pace_and_leaves_the_rest() -> None:
    """B10."""
    slow = Circumstances(NOW, Blocks(throttled=MappingProxyType({"bau": Throttle(1, 10_000)})))
    (pace,) = (each for each in decide(from_trunk("116117"), LIMITED, slow).claims if each.throttled)
    assert (pace.limit, pace.window_ms, pace.key) == (1, 10_000, "calls-per-second:customer:bau")
    assert claims(from_trunk("116117"), at=slow) == OWN | {pace.key: 1}
    assert claims(from_trunk(MOBILE), snapshot(), slow) == {pace.key: 1}
    assert claims(from_trunk("112"), at=slow) == {}


@pytest.mark.parametrize(
    ("at", "day", "month"),
    [
        (datetime(2026, 11, 30, 22, 59, tzinfo=UTC), "2026-11-30", "2026-11"),
        (datetime(2026, 11, 30, 23, 0, tzinfo=UTC), "2026-12-01", "2026-12"),
        (datetime(2026, 6, 30, 22, 0, tzinfo=UTC), "2026-07-01", "2026-07"),
    ],
)
def test_days_and_months_of_money_are_german_ones(at: datetime, day: str, month: str) -> None:
    assert (spend_day(at), spend_month(at)) == (day, month)


REFUSALS = {
    "limit.simultaneous-calls": (from_trunk(LONDON), "simultaneous-calls:customer:bau", 480, 34),
    "limit.country-simultaneous-calls": (from_trunk(LONDON), "simultaneous-calls:country:bau/GB", 480, 34),
    "limit.calls-per-second": (from_trunk(LONDON), "calls-per-second:customer:bau", 503, 42),
    "limit.country-calls-per-second": (from_trunk(LONDON), "calls-per-second:country:bau/GB", 503, 42),
    "limit.spend-per-day": (from_trunk(LONDON), "spend-per-day:customer:bau/2026-11-18", 403, 52),
    "limit.spend-per-month": (from_trunk(LONDON), "spend-per-month:customer:bau/2026-11", 403, 52),
    "limit.called-party-busy": (from_carrier(KOELN), "simultaneous-calls:customer:bau", 486, 17),
}


@pytest.mark.parametrize("reason_id", REFUSALS)
def test_a_refused_claim_says_which_limit_and_how_to_go_on(reason_id: str) -> None:
    offered, key, sip_code, q850 = REFUSALS[reason_id]
    decision = decide(offered, LIMITED, AT)
    (claim,) = (each for each in decision.claims if each.key == key)
    _is_refusal(refused(decision, claim), decision, reason_id, sip_code, q850)


def test_a_phones_own_limit_is_named() -> None:
    for counter, reason_id, sip_code, q850 in (
        (Counter.SIMULTANEOUS_CALLS, "limit.user-simultaneous-calls", 480, 34),
        (Counter.CALLS_PER_SECOND, "limit.user-calls-per-second", 503, 42),
    ):
        decision = decide(from_phone(MOBILE), snapshot(), AT)
        outcome = refused(decision, Claim(counter, Scope.USER, "kanzlei/kanzlei-1", 2))
        _is_refusal(outcome, decision, reason_id, sip_code, q850)
        assert "Phone kanzlei-1 of customer kanzlei" in outcome.reason.sentence


def test_a_throttled_customer_is_told_so() -> None:
    decision = decide(from_trunk(MOBILE), LIMITED, AT)
    claim = Claim(Counter.CALLS_PER_SECOND, Scope.CUSTOMER, "bau", 1, window_ms=10_000, throttled=True)
    outcome = refused(decision, claim)
    _is_refusal(outcome, decision, "limit.throttled", 503, 42)
    assert "1 in 10 s" in outcome.reason.sentence


def test_every_reason_of_limits_is_tested_here() -> None:
    users = {"limit.user-simultaneous-calls", "limit.user-calls-per-second", "limit.throttled"}
    users |= {"limit.trunk-simultaneous-calls"}  # test_trunk_capacity.py
    known = {each for each in all_ids() if each.startswith("limit.")}
    assert known == set(REFUSALS) | users | {reason_id for reason_id, _ in SPENT}


def test_money_is_shown_in_euro() -> None:
    decision = decide(from_trunk(MOBILE), LIMITED, AT)
    (month,) = (each for each in decision.claims if each.counter is Counter.SPEND_PER_MONTH)
    assert "500.50 EUR of 2026-11" in refused(decision, month).reason.sentence


def test_every_counter_of_a_customer_can_be_listed() -> None:
    users = {"phone-1": Limits(CallLimits(1))}
    keys = {each.key for each in every_claim("bau", EVERYTHING, users, None, NOW)}
    assert keys == set(OWN | MONEY | TO_LONDON) | {"simultaneous-calls:user:bau/phone-1"}
    (slow,) = every_claim("bau", None, {}, Throttle(1, 10_000), NOW)
    assert slow.throttled


def _is_refusal(outcome: Decision, before: Decision, reason_id: str, sip_code: int, q850: int) -> None:
    assert isinstance(before.outcome, Route)
    assert isinstance(outcome.outcome, Reject)
    assert (outcome.reason.id, outcome.outcome.sip_code, outcome.outcome.cause.q850) == (
        reason_id,
        sip_code,
        q850,
    )
    assert "{" not in outcome.reason.sentence
    assert (outcome.facts, outcome.config_version, outcome.claims) == (
        before.facts,
        before.config_version,
        (),
    )


def test_a_leg_on_a_customers_behalf_takes_of_that_customers_limits() -> None:
    """Guarantee 2: no indirection goes round a limit either."""
    behalf = Behalf("bau")
    sent_on = onward(from_carrier(), LONDON, Via.FORWARD, behalf)
    api = asked_for(LONDON, Via.API, behalf, call_id="c", node="node-1")
    for request in (sent_on, api):
        assert claims(request) == OWN | MONEY | TO_LONDON
        assert {each.key for each in place(request, LIMITED, AT).claims} == set(OWN | MONEY | TO_LONDON)


def test_what_was_claimed_before_is_kept() -> None:
    decision = decide(from_trunk(MOBILE), LIMITED, AT)
    forwarder = Claim(Counter.SIMULTANEOUS_CALLS, Scope.CUSTOMER, "forwarder", 1)
    before = replace(decision, claims=(forwarder, decision.claims[0]))
    found = with_claims(before, LIMITED, AT, None).claims
    assert found[:2] == before.claims
    assert {each.key for each in found} == {forwarder.key, *OWN, *MONEY}
    assert len(found) == len(OWN | MONEY) + 1


def test_a_call_that_only_hears_an_announcement_takes_nothing() -> None:
    decision = replace(decide(from_trunk(MOBILE), LIMITED, AT), outcome=Announce("tone"), claims=())
    assert with_claims(decision, LIMITED, AT, None).claims == ()


def test_a_transfer_takes_the_place_of_the_call_that_it_ends() -> None:
    """At the limit a call can be transferred: the transferor's own line is free when it is done. The pace,
    the country and the money hold as for any call."""
    behalf = Behalf("bau")
    transferred = claims(onward(from_carrier(), LONDON, Via.TRANSFER, behalf))
    assert transferred == OWN | MONEY | TO_LONDON | {"simultaneous-calls:customer:bau": 61}


def test_what_a_plan_goes_on_with_takes_no_pace_twice() -> None:
    """B11: the pace is marked, so that a counter can tell a call in a menu from a new one."""
    sent_on = onward(from_carrier(), LONDON, Via.FORWARD, Behalf("bau"))
    resumed = replace(sent_on, resume=Resume(LONDON, Position("menu"), ARRIVED))
    for request, again in ((sent_on, False), (resumed, True)):
        found = place(request, LIMITED, AT).claims
        assert {each.again for each in found if each.counter is Counter.CALLS_PER_SECOND} == {again}
        assert not any(each.again for each in found if each.counter is not Counter.CALLS_PER_SECOND)
