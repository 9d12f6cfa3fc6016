"""The engine beside an oracle that knows the words of the terms only, on random months of calls."""

from __future__ import annotations

from collections import Counter
from datetime import date
from random import Random

import pytest

from rating.batch import rate_all
from rating.berlin import Month, local, month_of
from rating.book import Books
from rating.charge import Charge, Free
from rating.engine import spent, unused
from rating.leg import BillableLeg, Direction
from rating.price import Kind, Zone
from rating.tariff_files import tariff_of
from tests.unit.rating.random_cases import Scenario, cases, leg_of, scenario

SEEDS = range(8)
CASES_OF_A_SEED = 25_000


@pytest.mark.parametrize("seed", SEEDS)
def test_engine_and_oracle_agree(seed: int) -> None:
    """Issue 5: 200,000 cases, in months with clock changes, leap days, and over the edges of years."""
    done, differences = cases(seed, CASES_OF_A_SEED, size=1_000)
    assert not differences, "\n".join(differences)
    assert done >= CASES_OF_A_SEED


def kinds_of(case: Scenario, result: Charge) -> set[str]:
    """What is special about a rated call."""
    begin, end = local(result.leg.start_ms), local(result.leg.start_ms + result.leg.billed_ms)
    price, month = result.price, month_of(result.leg.start_ms)
    found = {
        "begins in the hour that comes twice": (begin.month, begin.hour, begin.fold) == (10, 2, 1),
        "lasts over a clock change": begin.utcoffset() != end.utcoffset(),
        "on a leap day": (begin.month, begin.day) == (2, 29),
        "over the end of February": (begin.month, end.month) == (2, 3),
        "over the end of a month": begin.month != end.month,
        "over New Year": begin.year != end.year,
        "over midnight": begin.date() != end.date(),
        "split at the quota's edge": bool(result.bundle_s and result.paid_s),
        "quota anew in the second month": bool(result.bundle_s) and month != case.months[0],
        "quota for several users": bool(result.bundle_s) and b";user;" in case.files["customers.csv"],
        "cut by a time window": len(result.pieces) > 1,
        "price of a time window": price is not None and price.window is not None,
        "within the first 30 seconds": price is not None and 0 < result.seconds <= price.free_s == 30,
        "behind the first 30 seconds": price is not None and result.seconds > price.free_s == 30,
        "per call": price is not None and price.kind is Kind.CALL,
        "fee": price is not None and bool(price.fee) and not result.bundle_s and bool(result.paid_s),
        "one number before its prefix": price is not None and price.exact,
        "individual price": price is not None and price.list_id == "own",
        "price that the customer still knows": price is not None and price.list_id == "standard"
        and price.zone is Zone.FOREIGN and price.version != valid_version(case, begin.date()),
        "emergency": result.free is Free.EMERGENCY,
        "carrier's cost": result.cost is not None and result.cost.ticks > 0,
        "carrier's cost of a free call": result.cost is not None and result.free is not None,
    }  # fmt: skip
    return {name for name, here in found.items() if here}


def valid_version(case: Scenario, day: date) -> str:
    return max(
        (each for each in case.standard if each.first_day <= day), key=lambda each: each.first_day
    ).name


def test_the_random_cases_are_of_every_kind() -> None:
    """Else their agreement would say nothing about it."""
    random, seen = Random(3), Counter[str]()
    for _ in range(120):
        case = scenario(random, 300)
        for result in rate_all(legs_of(case), Books(tariff_of(case.files))):
            if isinstance(result, Charge):
                seen.update(kinds_of(case, result))
    assert len(seen) == 22, seen
    assert min(seen.values()) >= 5, seen


def legs_of(case: Scenario) -> list[BillableLeg]:
    return [leg_of(each) for each in case.calls]


@pytest.mark.parametrize("seed", range(20))
def test_what_holds_for_every_month(seed: int) -> None:
    """Increments cover the call, no quota is overdrawn, order of arrival does not matter, twice is once."""
    case = scenario(Random(1_000 + seed), 400)
    legs, books = legs_of(case), Books(tariff_of(case.files))
    results = list(rate_all(legs, books))
    assert results == list(rate_all(reversed(legs), Books(tariff_of(case.files))))
    by_month = {month: book for month in case.months if (book := books.book("a", month))}
    used = {month: unused(book) for month, book in by_month.items()}
    for result in results:
        if not isinstance(result, Charge):
            continue
        month = month_of(result.leg.start_ms)
        used[month] = spent(used[month], result, by_month[month])
        quotas = by_month[month].quotas
        assert all(0 <= taken <= each.seconds for taken, each in zip(used[month], quotas, strict=True))
        assert 0 <= result.bundle_s <= result.billed_s
        assert result.exact >= 0
        if result.price is not None and result.blocks:
            assert result.billed_s + result.price.free_s >= result.seconds
            assert sum(piece.seconds for piece in result.pieces) in (0, result.paid_s)
        if result.bundle is not None and not result.paid_s:
            assert result.ticks == 0
    assert {result.leg.leg_id for result in results} == {leg.leg_id for leg in legs}


def test_a_leg_that_is_there_twice_is_charged_once() -> None:
    """Guarantee 4; rating a month again with the same records gives the same."""
    case = scenario(Random(7), 200)
    legs, books = legs_of(case), Books(tariff_of(case.files))
    once = [result for result in rate_all(legs, books) if isinstance(result, Charge)]
    twice = [result for result in rate_all([*legs, *legs], books) if isinstance(result, Charge)]
    assert once == twice


def test_legs_of_nobody_and_of_months_without_terms_wait() -> None:
    case = scenario(Random(7), 5)
    books = Books(tariff_of(case.files))
    early = Month(2000, 1).start_ms
    legs = [
        BillableLeg("1", "nobody", Direction.OUTGOING, "+493023125001", case.months[0].start_ms, 1_000),
        BillableLeg("2", "a", Direction.OUTGOING, "+493023125001", early, 1_000),
        BillableLeg("3", "", Direction.OUTGOING, "+493023125001", early, 1_000),
    ]
    assert [str(getattr(result, "why", "")) for result in rate_all(legs, books)] == ["rate.no-terms"] * 3
