"""Call records become charges exactly once, in whatever order they come in (guarantees 4 and 5)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from dialplan.cdr import LegRecord, LegSide
from rating.batch import rate_all
from rating.berlin import Month, to_ms
from rating.book import Books
from rating.charge import Charge
from rating.leg import BillableLeg, Direction
from rating.money import TICKS
from store.ledger import Ledger
from store.rating_run import RatingRun
from tests.integration.store.billing import (
    BERLIN,
    KANZLEI,
    MOBILE,
    NOVEMBER,
    PRAXIS,
    Fixed,
    carried,
    imported,
    in_force,
    outgoing,
    rate_all_due,
    rows,
    take_in,
)


@pytest.fixture
def run(engine: Engine) -> RatingRun:
    return RatingRun(engine, Fixed(imported(engine)), most=7)


def test_a_call_becomes_one_charge_that_stands_in_the_ledger(engine: Engine, run: RatingRun) -> None:
    call = outgoing("one", 0, 61, PRAXIS)
    take_in(engine, call, carried(call))
    assert [(done.calls, done.charged) for done in rate_all_due(run)] == [(1, 1)]
    # 60/1 at 0.0100 a minute: 61 seconds are 0.010166..., to four decimals 0.0102.
    assert in_force(engine) == {"one": (102 * TICKS // 10_000, 0, 0)}
    assert rows(engine, "SELECT carrier_id, carrier_ms, cost_s FROM charge") == [("carrier-a", 61_000, 61)]
    assert Ledger(engine).balances(PRAXIS) == {("unbilled", "EUR"): 102 * TICKS // 10_000}
    assert sum(Ledger(engine).balances().values()) == 0


def test_a_call_that_a_program_asked_for_is_paid_for_leg_by_leg(engine: Engine, run: RatingRun) -> None:
    """No caller's leg: the first that we made bears the call's id. Inside our network it is free."""
    second = {"call_id": "asked", "side": LegSide.B, "trunk_id": "carrier-a"}
    phone = replace(outgoing("asked", 0, 70, PRAXIS), side=LegSide.B, direction="onnet", trunk_id=None)
    take_in(engine, phone, replace(outgoing("its-second", 0.1, 61, PRAXIS), **second))
    both = {"call_id": "outside", "side": LegSide.B}
    take_in(engine, replace(outgoing("outside", 5, 61, PRAXIS), side=LegSide.B, trunk_id="carrier-a"))
    take_in(engine, replace(outgoing("outside-2", 5.1, 61, PRAXIS), **both))
    rate_all_due(run)
    charged = {leg: ticks for leg, (ticks, *_) in in_force(engine).items() if ticks}
    assert set(charged) == {"its-second", "outside", "outside-2"}
    assert set(charged.values()) == {102 * TICKS // 10_000}


def test_rating_again_and_again_changes_nothing(engine: Engine, run: RatingRun) -> None:
    take_in(engine, *(outgoing(f"c{n}", n, 200) for n in range(20)))
    rate_all_due(run)
    before = in_force(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO rating_due SELECT call_id, started_at FROM cdr"))
    assert sum(done.charged + done.corrected for done in rate_all_due(run)) == 0
    for _ in range(2):
        again = run.rerate(KANZLEI, Month(2026, 11), "asked for")
        assert (again.legs, again.added, again.corrected) == (20, 0, 0)
    assert in_force(engine) == before


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_arrival_does_not_matter(engine: Engine, seed: int) -> None:
    """Quotas go by the calls' beginnings: late records take minutes back from calls that began later."""
    tariff = Fixed(imported(engine))
    chance = random.Random(seed)
    numbers = [MOBILE, BERLIN, BERLIN, BERLIN]
    calls = [
        outgoing(f"c{n:02}", n, chance.randint(1, 150), called=chance.choice(numbers)) for n in range(40)
    ]
    wanted = {each.leg.leg_id: (each.ticks, each.bundle_s) for each in offline(calls, tariff)}
    assert {seconds for _, seconds in wanted.values()} > {0}, "the quota is used up within the month"
    chance.shuffle(calls)
    run = RatingRun(engine, tariff, most=5)
    corrected = 0
    for start in range(0, len(calls), 4):
        take_in(engine, *calls[start : start + 4])
        corrected += sum(done.corrected for done in rate_all_due(run))
    assert {leg: (ticks, seconds) for leg, (ticks, seconds, _) in in_force(engine).items()} == wanted
    assert corrected > 0
    used = sum(ticks for ticks, _ in wanted.values())
    assert Ledger(engine).balances(KANZLEI) == {("unbilled", "EUR"): used}
    assert sum(Ledger(engine).balances().values()) == 0


def offline(calls: Sequence[LegRecord], source: Fixed) -> Iterator[Charge]:
    """The month as the core rates it when all calls are there at once."""
    legs = []
    for call in calls:
        assert call.customer_id
        assert call.answered_at
        assert call.b_number
        began_ms = to_ms(call.answered_at)
        legs.append(
            BillableLeg(
                call.leg_id, call.customer_id, Direction.OUTGOING, call.b_number, began_ms, call.billed_ms
            )
        )
    for result in rate_all(legs, Books(source.current().tariff)):
        assert isinstance(result, Charge)
        yield result


def test_a_call_waits_for_its_first_leg_and_is_not_skipped(engine: Engine, run: RatingRun) -> None:
    """The record of the carrier's leg may come first: a leg without its call cannot be judged."""
    call = outgoing("late", 0, 60, PRAXIS)
    take_in(engine, carried(call))
    take_in(engine, outgoing("other", 5, 60, PRAXIS))
    rate_all_due(run)
    assert set(in_force(engine)) == {"other"}
    take_in(engine, call)
    rate_all_due(run)
    assert set(in_force(engine)) == {"late", "other"}


def test_the_carrier_s_record_may_come_after_the_charge(engine: Engine, run: RatingRun) -> None:
    call = outgoing("one", 0, 60, PRAXIS)
    take_in(engine, call)
    rate_all_due(run)
    take_in(engine, carried(call))
    assert [done.corrected for done in rate_all_due(run)] == [1]
    assert rows(engine, "SELECT ticks - reversed_ticks, carrier_id FROM charge_correction") == [
        (0, "carrier-a")
    ]
    assert sum(Ledger(engine).balances().values()) == 0


def test_what_has_no_price_waits_with_its_reason_and_is_rated_when_it_has_one(
    engine: Engine, run: RatingRun
) -> None:
    take_in(engine, outgoing("strange", 0, 60, PRAXIS, "+8505555"), outgoing("nobody's", 0, 60, "kunde-neu"))
    rate_all_due(run)
    assert in_force(engine) == {}
    assert rows(engine, "SELECT leg_id, why FROM rating_quarantine ORDER BY 1") == [
        ("nobody's", "rate.no-terms"),
        ("strange", "rate.no-price"),
    ]


def test_calls_before_a_moment_only(engine: Engine, run: RatingRun) -> None:
    take_in(engine, outgoing("before", 0, 5), outgoing("after", 60, 5))
    assert run.batch(until=NOVEMBER + timedelta(minutes=30)).calls == 1
    assert set(in_force(engine)) == {"before"}


def test_a_call_that_the_intake_adds_to_is_passed_over_and_stays_due(engine: Engine, run: RatingRun) -> None:
    take_in(engine, outgoing("one", 0, 60), outgoing("two", 1, 60))
    with engine.connect() as intake:
        intake.execute(text("UPDATE rating_due SET noted_at = now() WHERE call_id = 'one'"))
        rate_all_due(run)
        assert set(in_force(engine)) == {"two"}
        intake.commit()
    rate_all_due(run)
    assert set(in_force(engine)) == {"one", "two"}


def test_a_call_that_goes_on_after_a_transfer_is_charged_to_its_end(engine: Engine, run: RatingRun) -> None:
    """The caller's record comes with the transfer, the carrier's at the end of the talk: a correction."""
    caller = outgoing("one", 0, 30, PRAXIS)
    take_in(engine, caller)
    rate_all_due(run)
    # 30 s at 60/1 and 0.01 a minute: a first block of a minute.
    assert in_force(engine)["one"] == (100 * TICKS // 10_000, 0, 0)
    take_in(engine, carried(outgoing("one", 0, 300, PRAXIS)))
    rate_all_due(run)
    assert in_force(engine)["one"] == (500 * TICKS // 10_000, 0, 1)
    assert rows(engine, "SELECT reason, billed_ms, carrier_ms FROM charge_correction") == [
        ("the call went on at the customer's cost after a transfer", 300_000, 300_000)
    ]
    again = run.rerate(PRAXIS, Month(2026, 11), "asked for")
    assert (again.added, again.corrected) == (0, 0)
    assert sum(Ledger(engine).balances().values()) == 0


def test_of_a_backlog_calls_that_come_in_late_are_found_too(engine: Engine) -> None:
    """Each batch goes on where the last one ended; what began before that is looked for from time to time."""
    run = RatingRun(engine, Fixed(imported(engine)), most=2)
    take_in(engine, *(outgoing(f"c{n:02}", 10 + n, 30, PRAXIS) for n in range(6)))
    assert run.batch().calls == 2
    take_in(engine, outgoing("late", 0, 30, PRAXIS))
    assert sum(done.calls for done in rate_all_due(run)) == 5
    assert len(in_force(engine)) == 7
