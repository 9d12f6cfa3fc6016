"""One leg, one charge: which price, how many increments, what the quota covers, how it is rounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from rating.berlin import Month
from rating.book import Book, Books
from rating.charge import Charge, Free, Unrated, Why
from rating.engine import rate, spent, unused
from rating.errors import BookMismatch
from rating.leg import MAX_BILLED_MS, BillableLeg, Direction
from rating.money import TICKS
from rating.tariff import Tariff
from tests.unit.rating.files import (
    CUSTOMERS_HEADER,
    LISTS_HEADER,
    books,
    files,
    leg,
    ms,
    prices,
    text,
)

NOVEMBER = Month(2026, 11)


def book(customer: str = "basis-gmbh", found: Books | None = None, month: Month = NOVEMBER) -> Book:
    made = (found or books()).book(customer, month)
    assert made is not None
    return made


def charge(one: BillableLeg, with_book: Book | None = None, used: tuple[int, ...] | None = None) -> Charge:
    chosen = with_book or book(one.customer_id)
    result = rate(one, chosen, unused(chosen) if used is None else used)
    assert isinstance(result, Charge), result
    return result


@pytest.mark.parametrize(
    ("called", "seconds", "billed_s", "euro"),
    [
        ("+493023125001", 1, 60, "0.01"),
        ("+493023125001", 61, 120, "0.02"),
        ("+4915228817386", 61, 61, "0.1017"),
        ("+436641234567", 7, 7, "0.0233"),
        # A fee of 0.02 and a minimum of 0.10; increments 30/6.
        ("+4312345", 1, 30, "0.10"),
        ("+4312345", 121, 126, "0.125"),
        ("+43662999000", 60, 60, "0.90"),
        ("+436629990001", 60, 60, "0.20"),
        ("+491802123456", 3_600, 0, "0.05"),
        ("+491807123456", 30, 0, "0.00"),
        ("+491807123456", 31, 60, "0.11"),
        ("+491807123456", 91, 120, "0.22"),
    ],
)
def test_a_call_costs_what_its_price_says(called: str, seconds: int, billed_s: int, euro: str) -> None:
    found = charge(leg(called, seconds))
    assert (found.billed_s, str(found.money)) == (billed_s, f"{euro} EUR")


@pytest.mark.parametrize(
    ("called", "direction", "free"),
    [
        ("+493023125001", Direction.INCOMING, Free.INCOMING),
        ("+493023125001", Direction.ON_NET, Free.ON_NET),
        ("112", Direction.EMERGENCY, Free.EMERGENCY),
        ("110", Direction.OUTGOING, Free.EMERGENCY),
        ("112", Direction.OUTGOING, Free.EMERGENCY),
        ("115", Direction.OUTGOING, Free.AUTHORITY),
        ("+49221115", Direction.OUTGOING, Free.AUTHORITY),
        ("116117", Direction.OUTGOING, Free.HARMONISED),
        ("+498001234567", Direction.OUTGOING, Free.FREEPHONE),
        ("+80012345678", Direction.OUTGOING, Free.UIFN),
    ],
)
def test_some_calls_are_free_whatever_a_list_says(called: str, direction: Direction, free: Free) -> None:
    """E13, TKG § 164, TKG § 121."""
    found = charge(leg(called, 600, direction=direction))
    assert (found.free, found.ticks, found.price) == (free, 0, None)


@pytest.mark.parametrize("called", ["+4922111512", "+492214710115", "11833"])
def test_what_looks_like_a_free_number_is_not_free(called: str) -> None:
    result = rate(leg(called, 60), book(), ())
    assert isinstance(result, Unrated) or result.ticks > 0


def test_unanswered_calls_cost_nothing_wherever_they_went() -> None:
    for direction in Direction:
        assert charge(leg("", 0, direction=direction)).free is Free.UNANSWERED


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (leg("+3312345", 60), Why.NO_PRICE),
        (leg("+49137123456", 60), Why.NO_PRICE),
        (leg("+49900123456", 60), Why.NO_PRICE),
        (leg("+491761234567", 60), Why.NO_PRICE),
        (leg("+4932123456789", 60), Why.NO_PRICE),
        (leg("118000", 60), Why.NO_PRICE),
        (leg("", 60), Why.NO_NUMBER),
        (leg("+493023125001", 60, direction=Direction.NONE), Why.NO_DIRECTION),
        (replace(leg("+493023125001", 60), billed_ms=-1), Why.NEGATIVE),
        (replace(leg("+493023125001", 60), carrier_ms=-1), Why.NEGATIVE),
        (replace(leg("+493023125001", 60), billed_ms=MAX_BILLED_MS + 1), Why.TOO_LONG),
    ],
)
def test_what_cannot_be_rated_waits_with_its_reason_and_is_never_free(one: BillableLeg, why: Why) -> None:
    """Issue 5: no price found, the CDR goes to quarantine. "+49" as fixed network prices no other range."""
    result = rate(one, book(), ())
    assert isinstance(result, Unrated)
    assert result.why is why
    assert result.sentence


def test_the_quota_splits_a_call_inside_at_the_increment() -> None:
    """E2; field notes, complaint 8: neither cut at the quota's edge nor free as a whole."""
    medium = book("medium-gmbh")
    first = charge(leg("+493023125001", 530, "medium-gmbh"), medium)
    assert (first.bundle_s, first.paid_s, first.ticks) == (540, 0, 0)
    used = spent(unused(medium), first, medium)
    second = charge(leg("+493023125001", 150, "medium-gmbh"), medium, used)
    assert (second.bundle, second.bundle_s, second.paid_s) == ("fixed_minutes", 60, 120)
    assert second.ticks == TICKS * 2 // 100
    used = spent(used, second, medium)
    assert used == (600,)
    third = charge(leg("+493023125001", 1, "medium-gmbh"), medium, used)
    assert (third.bundle, third.paid_s) == (None, 60)
    assert spent(used, third, medium) == used


def test_an_increment_that_does_not_fit_the_quota_is_paid_and_leaves_the_rest() -> None:
    medium = book("medium-gmbh")
    found = charge(leg("+493023125001", 60, "medium-gmbh"), medium, (541,))
    assert (found.bundle, found.bundle_s, found.paid_s) == (None, 0, 60)


def test_one_quota_for_fixed_and_mobile_counts_both() -> None:
    complete = book("complete-gmbh")
    assert [quota.seconds for quota in complete.quotas] == [7 * 2 * 60]
    fixed = charge(leg("+493023125001", 600, "complete-gmbh"), complete)
    used = spent(unused(complete), fixed, complete)
    mobile = charge(leg("+4915228817386", 300, "complete-gmbh"), complete, used)
    assert (fixed.bundle_s, mobile.bundle_s, mobile.paid_s) == (600, 240, 60)


def test_the_flat_rate_covers_no_service_numbers_and_nothing_abroad() -> None:
    for called in ("+491802123456", "+491807123456", "+4312345"):
        assert charge(leg(called, 120, "complete-gmbh")).bundle is None


def test_the_fee_goes_with_the_first_increment_and_the_minimum_with_any_paid_one() -> None:
    standard = prices("+49;;Festnetz;national_fixed;;0.0100;0.05;0.30;60/60;;")
    medium = book("medium-gmbh", books(standard_1=standard))
    covered = charge(leg("+493023125001", 60, "medium-gmbh"), medium)
    split = charge(leg("+493023125001", 120, "medium-gmbh"), medium, (540,))
    paid = charge(leg("+493023125001", 2_400, "medium-gmbh"), medium, (600,))
    assert [str(each.money) for each in (covered, split, paid)] == ["0.00 EUR", "0.30 EUR", "0.45 EUR"]


def test_rounding_is_that_of_the_price_model() -> None:
    """61 s at 0.10 a minute are 0.101666...: to four places, up to a cent, or not at all before the sum."""
    seen = {}
    for customer, used in (("basis-gmbh", None), ("medium-gmbh", None), ("complete-gmbh", (840,))):
        found = charge(leg("+4915228817386", 61, customer), used=used)
        assert found.exact == 6_100_000
        seen[customer] = (found.ticks, str(found.money))
    assert seen == {
        "basis-gmbh": (6_102_000, "0.1017 EUR"),
        "medium-gmbh": (6_600_000, "0.11 EUR"),
        "complete-gmbh": (6_100_000, "None"),
    }


def individual(*lines: str) -> Books:
    return books(
        lists=text(
            LISTS_HEADER,
            "standard;1;standard;EUR;2026-01-01;;standard-1.csv;",
            "own;1;individual;EUR;2026-01-01;2026-11-15;own-1.csv;",
        ),
        customers=text(CUSTOMERS_HEADER, "basis-gmbh;basis;2026-01-01;;own;;;;;"),
        own_1=prices(*lines),
    )


def test_individual_prices_go_before_the_standard_list() -> None:
    """E3: also where the standard list has a longer prefix, unless the individual list points there."""
    own = book(found=individual("+43;;Österreich;foreign;;0.03;;;60/60;;"))
    paid = [charge(leg(called, 60), own) for called in ("+4312345", "+4366412345", "+4915228817386")]
    assert [str(each.money) for each in paid] == ["0.03 EUR", "0.03 EUR", "0.10 EUR"]
    pointing = individual("+43;;Österreich;foreign;;0.03;;;60/60;;", "+436;;Mobil;foreign;standard;;;;;;")
    assert str(charge(leg("+4366412345", 60), book(found=pointing)).money) == "0.20 EUR"


def test_behind_its_last_day_an_individual_list_has_no_price() -> None:
    own = book(found=individual("+43;;Österreich;foreign;;0.03;;;60/60;;"))
    for at, version in (("2026-11-15T23:59:59", "own"), ("2026-11-16T00:00", "standard")):
        price = charge(leg("+4312345", 60, at=at), own).price
        assert price is not None
        assert price.list_id == version


def versions(*notices: str) -> Books:
    """The standard list gets a second version on 10 November: Austria dearer, fixed network cheaper."""
    return books(
        lists=text(
            LISTS_HEADER,
            "standard;1;standard;EUR;2026-01-01;;standard-1.csv;",
            "standard;2;standard;EUR;2026-11-10;;standard-2.csv;",
        ),
        notices=text("customer;list;version;notified_on;proof", *notices),
        standard_2=prices(
            "+49;;Festnetz;national_fixed;;0.0090;;;60/60;;",
            "+43;;Österreich;foreign;;0.9000;;;60/60;;",
            "+33;;Frankreich;foreign;;0.0700;;;60/60;;",
        ),
    )


@pytest.mark.parametrize(
    ("notified_on", "first_day"),
    [
        ("2026-10-20", "2026-11-10"),
        ("2026-11-02", "2026-11-10"),
        ("2026-11-03", "2026-11-11"),
        ("2026-11-12", "2026-11-20"),
    ],
)
def test_a_foreign_price_changes_a_week_after_the_customer_was_told(notified_on: str, first_day: str) -> None:
    """E4: the day of the notice does not count (BGB § 187); nothing changes backwards."""
    told = book(found=versions(f"basis-gmbh;standard;2;{notified_on};mail"))
    start = ms(f"{first_day}T00:00")
    for moment, version in ((start - 1, "1"), (start, "2")):
        price = charge(replace(leg("+4312345", 60), start_ms=moment), told).price
        assert price is not None
        assert price.version == version


def test_without_proof_of_notice_foreign_prices_stay_as_they_were() -> None:
    """E4; a destination that is new has no older price, and national prices need no notice of E4."""
    untold = book(found=versions("medium-gmbh;standard;2;2026-10-01;mail"))
    called = ("+4312345", "+3312345", "+493023125001")
    late = [charge(leg(each, 60, at="2026-11-30T12:00"), untold) for each in called]
    assert [found.price.version for found in late if found.price] == ["1", "2", "2"]
    december = book(found=versions("medium-gmbh;standard;2;2026-10-01;mail"), month=Month(2026, 12))
    price = charge(leg("+4312345", 60, at="2026-12-24T12:00"), december).price
    assert price is not None
    assert price.version == "1"


def test_a_customer_who_came_after_a_version_has_agreed_to_it() -> None:
    found = versions()
    newer = Books(replace_terms(found))
    price = charge(leg("+4312345", 60, at="2026-11-30T12:00"), book(found=newer)).price
    assert price is not None
    assert price.version == "2"


def replace_terms(found: Books) -> Tariff:
    terms = dict(found.tariff.terms)
    (old,) = terms["basis-gmbh"]
    terms["basis-gmbh"] = (replace(old, first_day=date(2026, 11, 10)),)
    return replace(found.tariff, terms=terms)


def test_a_call_keeps_the_version_that_it_began_with() -> None:
    """No change backwards: a call over midnight of a new version has one price."""
    told = book(found=versions("basis-gmbh;standard;2;2026-10-01;mail"))
    found = charge(leg("+4312345", 3_600, at="2026-11-09T23:30"), told)
    assert (found.price and found.price.version, found.pieces) == ("1", ())


def test_in_a_gap_between_versions_there_is_no_price() -> None:
    lists = text(LISTS_HEADER, "standard;1;standard;EUR;2026-01-01;2026-11-01;standard-1.csv;")
    result = rate(leg("+493023125001", 60), book(found=books(lists=lists)), ())
    assert isinstance(result, Unrated)
    assert "no version of a price list" in result.sentence


def windowed(edge: str) -> Book:
    standard = prices(
        "+44;;UK;foreign;;0.0600;0.01;;60/60;;",
        "+44;;UK;foreign;;0.1200;0.02;;30/10;;Mo-Fr 08:00-18:00",
    )
    lists = text(LISTS_HEADER, f"standard;1;standard;EUR;2026-01-01;;standard-1.csv;{edge}")
    return book(found=books(standard_1=standard, lists=lists), month=Month(2026, 11))


def test_a_call_over_the_edge_of_a_window_has_one_price_or_is_split_as_the_list_says() -> None:
    at = "2026-11-02T17:58:45"  # 75 s before the edge: increments at 0, 30, 40 ... 70 are before it
    one = charge(leg("+44123", 180, at=at), windowed("start"))
    assert (one.pieces, str(one.money)) == ((), "0.38 EUR")
    split = charge(leg("+44123", 180, at=at), windowed("split"))
    assert [(piece.price.price, piece.seconds) for piece in split.pieces] == [(120_000, 80), (60_000, 100)]
    assert str(split.money) == "0.28 EUR"


def test_a_call_over_several_edges_has_a_piece_for_each() -> None:
    found = charge(leg("+44123", 30 * 3_600, at="2026-11-02T07:59"), windowed("split"))
    assert [(piece.price.price, piece.seconds) for piece in found.pieces] == [
        (60_000, 60), (120_000, 36_000), (60_000, 50_400), (120_000, 21_540),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("at", "month", "before_s"),
    [
        # 01:30 to 03:00 on the wall takes two and a half hours, half an hour, and as long as it says.
        ("2026-10-25T01:30", Month(2026, 10), 9_000),
        ("2026-03-29T01:30", Month(2026, 3), 1_800),
        ("2026-11-01T01:30", Month(2026, 11), 5_400),
    ],
)
def test_the_edge_of_a_window_is_where_the_clock_on_the_wall_says(
    at: str, month: Month, before_s: int
) -> None:
    standard = prices("+44;;UK;foreign;;0.06;;;60/60;;", "+44;;UK;foreign;;0.12;;;60/60;;Su 03:00-12:00")
    lists = text(LISTS_HEADER, "standard;1;standard;EUR;2026-01-01;;standard-1.csv;split")
    found = charge(
        leg("+44123", 4 * 3_600, at=at), book(found=books(standard_1=standard, lists=lists), month=month)
    )
    assert [(piece.price.price, piece.seconds) for piece in found.pieces] == [
        (60_000, before_s),
        (120_000, 4 * 3_600 - before_s),
    ]


def test_a_book_is_for_its_customer_and_month_only() -> None:
    for wrong in (
        leg("112", 1, "medium-gmbh"),
        leg("112", 1, at="2026-12-01T00:00"),
        leg("112", 1, at="2026-10-31T23:59"),
    ):
        with pytest.raises(BookMismatch):
            rate(wrong, book(), ())


def test_the_carriers_cost_stands_beside_the_price() -> None:
    lists = text(
        LISTS_HEADER,
        "standard;1;standard;EUR;2026-01-01;;standard-1.csv;",
        "cost;1;cost;EUR;2026-01-01;;cost-1.csv;",
        "dollars;1;cost;USD;2026-01-01;;cost-1.csv;",
    )
    found = books(
        lists=lists,
        trunks=text("trunk;list", "carrier-a;cost", "carrier-b;dollars"),
        cost_1=prices(
            "+49;;Festnetz;national_fixed;;0.0060;0.001;0.005;1/1;;",
            "+491802;;0180-2;national_service;call;0.01;;;;;",
        ),
    )
    sent = replace(leg("+493023125001", 61), carrier_id="carrier-a", carrier_ms=62_000)
    dear = charge(sent, book(found=found))
    assert dear.cost is not None
    assert (dear.cost.billed_s, dear.cost.ticks) == (62, 62 * 6_000 + 60_000)
    assert dear.margin == TICKS * 2 // 100 - dear.cost.ticks
    short = charge(replace(sent, carrier_ms=1_000), book(found=found))
    assert short.cost is not None
    assert short.cost.ticks == 5_000 * 60
    other = charge(replace(sent, carrier_id="carrier-b"), book(found=found))
    assert (other.cost is not None, other.margin) == (True, None)
    assert charge(replace(sent, carrier_id="unknown"), book(found=found)).cost is None
    service = charge(replace(sent, called="+491802123456"), book(found=found))
    assert service.margin == TICKS * 4 // 100
    free = charge(replace(sent, called="116117"), book(found=found))
    assert (free.cost, free.ticks) == (None, 0)


def test_the_files_of_these_tests_are_a_tariff() -> None:
    assert set(files()) == {"lists.csv", "models.csv", "customers.csv", "standard-1.csv"}
