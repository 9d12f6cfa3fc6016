"""The dry run of a new price list: what changes, and what must not come into force like that."""

from __future__ import annotations

from datetime import date

from rating.diff import Change, changes
from rating.price import Version
from tests.unit.rating.files import LISTS_HEADER, prices, tariff, text

OLD = (
    "+49;;Festnetz;national_fixed;;0.0100;;;60/60;;",
    "+43;;Österreich;foreign;;0.05;;;60/60;;",
    "+436;;Österreich mobil;foreign;;0.20;;;60/60;;",
    "+41;;Schweiz;foreign;;0.06;0.01;;60/60;;",
    "+44;;UK;foreign;;0.05;;;60/60;;",
    "+45;;Dänemark;foreign;;0.05;;;60/60;;",
)
NEW = (
    "+49;;Festnetz;national_fixed;;0.0200;;;60/60;;",
    "+43;;Österreich;foreign;;0.04;;;60/60;;",
    "+41;;Schweiz;foreign;;0.05;0.02;;60/60;;",
    "+44;;UK;foreign;;0.05;;;60/1;;",
    "+447;;UK mobil;foreign;;0.30;;;60/1;;",
    "+45;;Dänemark (neuer Name);foreign;;0.05;;;60/60;;",
    "+33;;Frankreich;foreign;;0.05;;;60/60;;",
)


def versions() -> tuple[Version, Version]:
    found = tariff(
        lists=text(
            LISTS_HEADER,
            "standard;1;standard;EUR;2026-01-01;;standard-1.csv;",
            "standard;2;standard;EUR;2026-11-10;;standard-2.csv;",
        ),
        standard_1=prices(*OLD),
        standard_2=prices(*NEW),
    ).versions["standard"]
    return found[0], found[1]


def found_on(day: date) -> dict[str, Change]:
    old, new = versions()
    return {change.prefix: change for change in changes(old, new, day, 7)}


def test_every_change_has_its_name() -> None:
    found = found_on(date(2026, 10, 1))
    assert {prefix: change.kind.value for prefix, change in found.items()} == {
        "+33": "added",
        "+41": "mixed",
        "+43": "lowered",
        "+436": "removed",
        "+44": "lowered",
        "+447": "added",
        "+49": "raised",
    }
    assert not [change for change in found.values() if change.conflict]


def test_added_and_removed_prefixes_show_what_their_calls_cost_otherwise() -> None:
    found = found_on(date(2026, 10, 1))
    assert found["+447"].before is not None
    assert found["+447"].before.prefix == "+44"
    assert found["+436"].after is not None
    assert found["+436"].after.prefix == "+43"
    assert found["+33"].before is None


def test_foreign_prices_without_their_days_of_notice_are_in_conflict() -> None:
    """E4: national prices and new destinations are not."""
    assert not any(change.conflict for change in found_on(date(2026, 11, 2)).values())
    late = {prefix for prefix, change in found_on(date(2026, 11, 3)).items() if "notice" in change.conflict}
    assert late == {"+41", "+43", "+436", "+44", "+447"}


def test_no_price_changes_backwards() -> None:
    assert all("backwards" in change.conflict for change in found_on(date(2026, 11, 10)).values())


def test_a_version_beside_itself_changes_nothing() -> None:
    old, _ = versions()
    assert changes(old, old, date(2026, 1, 1), 7) == ()


def test_another_kind_of_price_is_neither_dearer_nor_cheaper() -> None:
    found = tariff(
        lists=text(
            LISTS_HEADER,
            "standard;1;standard;EUR;2026-01-01;;standard-1.csv;",
            "standard;2;standard;EUR;2026-11-10;;standard-2.csv;",
        ),
        standard_1=prices("+43;;A;foreign;;0.05;;;60/60;;"),
        standard_2=prices("+43;;A;foreign;call;0.05;;;;;"),
    ).versions["standard"]
    assert [each.kind.value for each in changes(found[0], found[1], date(2026, 1, 1), 7)] == ["mixed"]


def test_a_valid_version_may_get_a_price_where_there_was_none() -> None:
    """E4: its calls wait, and nobody paid another price; behind a prefix that has one it is a conflict."""
    files = {"lists": text(LISTS_HEADER, "standard;1;standard;EUR;2026-01-01;;standard-1.csv;")}
    (old,) = tariff(**files, standard_1=prices(*OLD)).versions["standard"]
    more = ("+81;;Japan;foreign;;0.06;;;60/1;;", "+4366;;Mobil;foreign;;0.30;;;60/1;;")
    (new,) = tariff(**files, standard_1=prices(*OLD, *more)).versions["standard"]
    found = {each.prefix: bool(each.conflict) for each in changes(old, new, date(2026, 11, 1), 7)}
    assert found == {"+81": False, "+4366": True}
