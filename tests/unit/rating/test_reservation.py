"""What running calls take of the quotas: never more than there is, whoever runs beside whom."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from rating.berlin import Month
from rating.book import Book
from rating.leg import BillableLeg
from rating.reservation import reserve
from rating.standing import rate_arrival, unused_standing
from tests.unit.rating.files import books, leg

NOVEMBER = Month(2026, 11)
#: The whole customer has ten minutes of fixed network.
QUOTA_S = 600


@pytest.fixture
def book() -> Book:
    found = books().book("medium-gmbh", NOVEMBER)
    assert found is not None
    return found


def calls(random: Random, count: int) -> list[BillableLeg]:
    """Calls that begin within a minute, each as long as it will be in the end."""
    first = leg("+493023125001", 60, "medium-gmbh")
    return [
        replace(
            first, leg_id=f"{number:02}", start_ms=first.start_ms + random.randrange(60_000),
            billed_ms=random.randrange(1_000, 90_000),
        )
        for number in range(count)
    ]  # fmt: skip


def running(every: list[BillableLeg], now_ms: int) -> list[BillableLeg]:
    """Those that are up or were, with their duration so far."""
    return [
        replace(each, billed_ms=min(each.billed_ms, now_ms - each.start_ms))
        for each in every
        if each.start_ms < now_ms
    ]


@pytest.mark.parametrize("seed", range(10))
def test_fifty_parallel_calls_never_overdraw_a_quota(book: Book, seed: int) -> None:
    """Issue 5, complaint 8 of the field notes: parallel calls that each take the full rest."""
    random = Random(seed)
    every = calls(random, 50)
    began = min(each.start_ms for each in every)
    for second in range(150):
        up = running(every, began + second * 1_000)
        random.shuffle(up)
        (state,) = reserve(book, (0,), up)
        assert 0 <= state.reserved_s <= QUOTA_S == state.agreed_s
        assert state.left_s == QUOTA_S - state.reserved_s
    (state,) = reserve(book, (0,), every)
    assert state.exceeded
    # Records come in at the calls' ends, in any order: rated, they take what was reserved in the end.
    standing = unused_standing(book)
    for each in sorted(every, key=lambda each: (each.start_ms, each.leg_id)):
        placed = rate_arrival(each, book, standing)
        assert placed is not None
        standing = placed[1]
    assert standing[0].used_s == state.reserved_s


def test_what_is_rated_already_is_not_there_for_running_calls(book: Book) -> None:
    (state,) = reserve(book, (540,), [leg("+493023125001", 61, "medium-gmbh")])
    # 60/60: two increments, one of which fits.
    assert (state.used_s, state.reserved_s, state.left_s, state.exceeded) == (540, 60, 0, True)


def test_calls_that_no_quota_covers_reserve_nothing(book: Book) -> None:
    up = [
        leg("+4915228817386", 60, "medium-gmbh", leg_id="mobile"),
        leg("+4312345678", 60, "medium-gmbh", leg_id="abroad"),
        leg("+498001234567", 60, "medium-gmbh", leg_id="free"),
        leg("+8505555", 60, "medium-gmbh", leg_id="without price"),
        leg("+493023125001", 0, "medium-gmbh", leg_id="just answered"),
    ]
    (state,) = reserve(book, (0,), up)
    assert (state.reserved_s, state.calls, state.exceeded) == (0, 0, False)


def test_a_call_that_began_earlier_goes_before_one_that_began_later(book: Book) -> None:
    """As on the invoice: the later one does not keep what it had before the earlier one grew."""
    early = leg("+493023125001", 540, "medium-gmbh", at="2026-11-02T10:00", leg_id="z")
    late = leg("+493023125001", 120, "medium-gmbh", at="2026-11-02T10:05", leg_id="a")
    (state,) = reserve(book, (0,), [late, early])
    assert (state.reserved_s, state.calls, state.exceeded) == (600, 2, True)
