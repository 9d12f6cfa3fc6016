"""What rating books for a customer, its phones and countries, and the case of a reached limit (B11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
import redis
from sqlalchemy import Engine, text

from dialplan.cdr import LegRecord
from dialplan.limits.agreed import Limits, SpendLimits
from dialplan.limits.claims import spend_claims
from rating.fx import Rates
from rating.money import TICKS_PER_MICRO
from store.abuse_cases import AbuseCases
from store.limits import CallCounters
from store.rating_months import Booked
from store.rating_run import RatingRun
from store.rating_spend import Spend
from store.spend import SpendCounters
from store.spend_cases import SpendAgreed
from tests.integration.store.billing import (
    BERLIN,
    MOBILE,
    NOVEMBER,
    PRAXIS,
    Fixed,
    imported,
    in_force,
    outgoing,
    take_in,
)

NOW = NOVEMBER + timedelta(hours=6)
VIENNA = "+43720880001"
RATES = Rates({})
#: A minute to a mobile or to Vienna costs 0.10 and 0.04 EUR or so: two calls are enough.
SMALL = SpendLimits(per_day=150_000)


class Agreed:
    """Limits that a test sets."""

    def __init__(self, *, warns: bool = False) -> None:
        limits = Limits(spend_per_month=900_000, country_spend={"AT": SMALL}, spend_warns=warns)
        phone = Limits(spend_per_day=150_000, spend_warns=warns)
        self.found: Mapping[str, SpendAgreed] = {PRAXIS: SpendAgreed(limits, {"empfang": phone})}

    def current(self) -> Mapping[str, SpendAgreed]:
        return self.found


class World:
    """A rating worker by hand."""

    def __init__(self, engine: Engine, client: redis.Redis, agreed: Agreed) -> None:
        self.engine = engine
        self.client = client
        self.agreed = agreed
        self.run = RatingRun(engine, Fixed(imported(engine)))
        self.spend = Spend(engine, SpendCounters(client), agreed)
        self.spend.rebuild(NOW, RATES)

    def rate(self, *calls: LegRecord) -> None:
        take_in(self.engine, *calls)
        self.spend.add(self.run.batch().booked, NOW, RATES)

    def counted(self) -> dict[str, int]:
        """What calls are told, by counter."""
        known = self.agreed.found[PRAXIS]
        claims = list(spend_claims(PRAXIS, known.limits, known.users, NOW))
        counts = CallCounters(self.client, controller="test").counts(claims)
        return {claim.owner.removeprefix(PRAXIS): count for claim, count in zip(claims, counts, strict=True)}

    def charged(self, *leg_ids: str) -> int:
        found = in_force(self.engine)
        return sum(-(-found[each][0] // TICKS_PER_MICRO) for each in leg_ids)

    def sentences(self) -> list[tuple[str, int]]:
        return [(each.sentence, each.sightings) for each in AbuseCases(self.engine).cases()]


def by(phone: str, call: LegRecord) -> LegRecord:
    return replace(call, phone_id=phone)


def call(call_id: str, minute: float, called: str, phone: str = "empfang") -> LegRecord:
    return by(phone, outgoing(call_id, minute, 60, PRAXIS, called))


@pytest.fixture
def world(engine: Engine, redis_client: redis.Redis) -> World:
    return World(engine, redis_client, Agreed())


CALLS = (
    call("mobile", 0, MOBILE),
    call("vienna", 1, VIENNA),
    call("other-phone", 2, MOBILE, "labor"),
    call("berlin", 3, BERLIN),
)


def test_charges_are_counted_for_customer_phone_and_country(world: World) -> None:
    world.rate(*CALLS)
    expected = {
        "/2026-11": world.charged("mobile", "vienna", "other-phone", "berlin"),
        "/AT/2026-11-02": world.charged("vienna"),
        "/empfang/2026-11-02": world.charged("mobile", "vienna", "berlin"),
    }
    assert all(expected.values())
    assert world.counted() == expected
    world.client.flushdb()
    assert set(world.counted().values()) == {0}
    world.spend.rebuild(NOW, RATES)
    assert world.counted() == expected, "the charges tell what Redis forgot"


def test_a_limit_that_is_applied_later_counts_what_was_spent_before(world: World) -> None:
    world.agreed.found = {}
    world.rate(*CALLS)
    world.agreed.found = Agreed().found
    world.spend.add((), NOW, RATES)
    assert world.spend.away, "the worker is to build the counters anew"
    world.spend.rebuild(NOW, RATES)
    assert world.counted()["/AT/2026-11-02"] == world.charged("vienna")


@pytest.mark.parametrize(
    ("warns", "follows"),
    [(False, "calls that cost are refused"), (True, "it goes on, the limit only warns")],
)
def test_a_limit_that_is_reached_is_one_case(
    engine: Engine, redis_client: redis.Redis, warns: bool, follows: str
) -> None:
    """B10: operators see it; it is opened when the limit is passed and not at each further call."""
    world = World(engine, redis_client, Agreed(warns=warns))
    world.rate(call("one", 0, MOBILE))
    assert world.sentences() == []
    world.rate(call("two", 1, MOBILE))
    spent = world.charged("one", "two") / 1_000_000
    told = f"{spent:.2f} EUR of 0.15 EUR spent by phone empfang in 2026-11-02: {follows}"
    assert world.sentences() == [(told, 1)]
    world.rate(call("three", 2, MOBILE))
    world.spend.rebuild(NOW, RATES)
    assert world.sentences() == [(told, 1)]


def test_a_correction_gives_back_what_it_takes_back(world: World) -> None:
    world.rate(*CALLS)
    before = world.counted()
    (row,) = (each for each in _booked(world, "vienna"))
    world.spend.add((replace(row, ticks=-row.ticks),), NOW, RATES)
    after = world.counted()
    assert after["/AT/2026-11-02"] == 0
    assert after["/2026-11"] < before["/2026-11"]


def _booked(world: World, leg_id: str) -> list[Booked]:
    with world.engine.connect() as connection:
        query = text("SELECT customer_id, begins_ms, currency, ticks, leg_id, called FROM charge")
        return [Booked(*row) for row in connection.execute(query) if row.leg_id == leg_id]


def test_charges_of_another_day_count_for_that_day(world: World) -> None:
    yesterday = call("yesterday", -24 * 60, VIENNA)
    world.rate(yesterday, call("today", 0, VIENNA))
    assert world.counted()["/AT/2026-11-02"] == world.charged("today")
