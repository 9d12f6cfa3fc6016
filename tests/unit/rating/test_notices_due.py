"""Who must be told of changed foreign prices: those who pay them, and as long as nobody has told (E4)."""

from __future__ import annotations

from datetime import date

from rating.notices_due import DueNotice, NoticesDue
from rating.tariff import Tariff
from tests.unit.rating.files import CUSTOMERS_HEADER, LISTS_HEADER, prices, tariff, text

OLD = (
    "+49;;Festnetz;national_fixed;;0.0100;;;60/60;;",
    "+43;;Österreich;foreign;;0.05;;;60/60;;",
    "+41;;Schweiz;foreign;;0.06;;;60/60;;",
)
NEW = (
    "+49;;Festnetz;national_fixed;;0.0200;;;60/60;;",
    "+43;;Österreich;foreign;;0.07;;;60/60;;",
    "+41;;Schweiz;foreign;;0.05;;;60/60;;",
    "+33;;Frankreich;foreign;;0.05;;;60/60;;",
)
NEWEST = ("+49;;Festnetz;national_fixed;;0.0200;;;60/60;;", "+43;;Österreich;foreign;;0.09;;;60/60;;")


def three_versions(*notices: str, own: str = "+43;;Österreich;foreign;;0.01;;;60/60;;") -> Tariff:
    return tariff(
        lists=text(
            LISTS_HEADER,
            "standard;1;standard;EUR;2026-01-01;;standard-1.csv;",
            "standard;2;standard;EUR;2026-11-10;;standard-2.csv;",
            "standard;3;standard;EUR;2027-03-01;;standard-3.csv;",
            "own;1;individual;EUR;2026-01-01;;own-1.csv;",
        ),
        standard_1=prices(*OLD),
        standard_2=prices(*NEW),
        standard_3=prices(*NEWEST),
        own_1=prices(own),
        customers=text(
            CUSTOMERS_HEADER,
            "early;basis;2026-01-01;;;;;;;",
            "late;basis;2026-12-01;;;;;;;",
            "gone;basis;2026-01-01;2026-10-31;;;;;;",
            "special;basis;2026-01-01;;own;;;;;",
        ),
        notices=text("customer;list;version;notified_on;proof", *notices),
    )


def due(found: Tariff, customer: str, today: date = date(2026, 11, 1)) -> list[DueNotice]:
    return list(NoticesDue(found, today).of_customer(customer))


def test_who_pays_other_foreign_prices_is_to_be_told_of_them() -> None:
    second, third = due(three_versions(), "early")
    assert (second.version.version, second.known.version, second.tell_by) == ("2", "1", date(2026, 11, 2))
    assert [(each.prefix, each.kind.value) for each in second.changes] == [
        ("+41", "lowered"),
        ("+43", "raised"),
    ]
    assert (third.version.version, third.known.version) == ("3", "1"), "nobody has told of version 2"
    assert {each.prefix for each in third.changes} >= {"+43"}


def test_a_notice_makes_the_prices_hold_and_the_next_version_is_compared_with_them() -> None:
    second, third = due(three_versions("early;standard;2;2026-11-04;mail"), "early")
    assert (second.told_on, second.holds_from) == (date(2026, 11, 4), date(2026, 11, 12))
    assert (third.known.version, third.told_on) == ("2", None)


def test_who_came_later_agreed_to_the_prices_and_who_left_is_told_nothing() -> None:
    assert [each.version.version for each in due(three_versions(), "late")] == ["3"]
    assert due(three_versions(), "gone") == []


def test_individual_prices_go_before() -> None:
    """E3: only what the customer pays by the standard list."""
    second, third = due(three_versions(), "special")
    assert [each.prefix for each in second.changes] == ["+41"]
    given_back = three_versions(own="+43;;Österreich;foreign;standard;;;;;;")
    assert [each.prefix for each in due(given_back, "special")[0].changes] == ["+41", "+43"]
    assert third.version.version == "3"


def test_a_version_that_another_one_has_followed_is_told_no_more() -> None:
    assert [each.version.version for each in due(three_versions(), "early", date(2027, 3, 1))] == ["3"]
