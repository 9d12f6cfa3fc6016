"""The engine beside an oracle that knows the words of the terms only, on random months of calls."""

from __future__ import annotations

from random import Random

import pytest

from rating.batch import rate_all
from rating.berlin import Month, to_ms
from rating.book import Books
from rating.charge import Charge
from rating.engine import quotas_kept, spent, unused
from rating.leg import BillableLeg, Direction
from rating.tariff_files import tariff_of
from tests.unit.rating.random_cases import Scenario, cases, scenario

SEEDS = range(8)
CASES_OF_A_SEED = 25_000


@pytest.mark.parametrize("seed", SEEDS)
def test_engine_and_oracle_agree(seed: int) -> None:
    """Issue 5: 200,000 cases, in months with clock changes, leap days, and over the edges of years."""
    done, differences = cases(seed, CASES_OF_A_SEED, size=1_000)
    assert not differences, "\n".join(differences)
    assert done >= CASES_OF_A_SEED


def legs_of(case: Scenario) -> list[BillableLeg]:
    return [
        BillableLeg(
            each.id, "a", Direction(each.direction), each.number, to_ms(each.start), each.milliseconds
        )
        for each in case.calls
    ]


@pytest.mark.parametrize("seed", range(20))
def test_what_holds_for_every_month(seed: int) -> None:
    """Increments cover the call, no quota is overdrawn, order of arrival does not matter, twice is once."""
    case = scenario(Random(1_000 + seed), 400)
    legs, books = legs_of(case), Books(tariff_of(case.files))
    results = list(rate_all(legs, books))
    assert results == list(rate_all(reversed(legs), Books(tariff_of(case.files))))
    book = books.book("a", case.month)
    assert book is not None
    used = unused(book)
    for result in results:
        if not isinstance(result, Charge):
            continue
        used = spent(used, result, book)
        assert quotas_kept(book, used)
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
        BillableLeg("1", "nobody", Direction.OUTGOING, "+493023125001", case.month.start_ms, 1_000),
        BillableLeg("2", "a", Direction.OUTGOING, "+493023125001", early, 1_000),
        BillableLeg("3", "", Direction.OUTGOING, "+493023125001", early, 1_000),
    ]
    assert [str(getattr(result, "why", "")) for result in rate_all(legs, books)] == ["rate.no-terms"] * 3
