"""The directory of emergency areas: which code takes 110 and 112 from where, from when on (NotrufV §§ 2,
3)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from numbering.emergency_areas import Area, AreaTable, AreaUnreadable, parse_area

EARLY = datetime(2026, 6, 1, tzinfo=UTC)
LATE = datetime(2027, 6, 1, tzinfo=UTC)

TABLE = AreaTable(
    parse_area(row)
    for row in (
        "05315000 112 49CC05315A112 2027-03-01T10:00 Leitstelle neu",
        "05315000 112 49CC0531A112 2026-01-01 Leitstelle alt",
        "05315000a 112 49CC0531B112 2026-01-01",
        "05315 112 49CC053150F 2026-01-01",
        "05 112 49CC05F 2026-01-01",
        "05 110 49CC05E 2026-01-01",
    )
)


@pytest.mark.parametrize(
    ("key", "dialled", "code"),
    [
        ("05315000", "112", "49CC0531A112"),
        ("05315000a", "112", "49CC0531B112"),
        ("05315000b", "112", "49CC0531A112"),
        ("05315999", "112", "49CC053150F"),
        ("05999000", "112", "49CC05F"),
        ("05", "112", "49CC05F"),
        ("05315000", "110", "49CC05E"),
        ("06412000", "112", None),
        ("06", "110", None),
    ],
)
def test_the_smallest_area_that_holds_the_place_takes_the_call(
    key: str, dialled: str, code: str | None
) -> None:
    found = TABLE.find(key, dialled, EARLY)
    assert (found.code if found else None) == code


def test_a_switch_over_takes_place_at_its_minute_in_german_time() -> None:
    """NotrufV § 3(3): ten in the morning of 1 March in Germany is nine UTC."""
    before = TABLE.find("05315000", "112", datetime(2027, 3, 1, 8, 59, 59, tzinfo=UTC))
    after = TABLE.find("05315000", "112", datetime(2027, 3, 1, 9, 0, tzinfo=UTC))
    assert before is not None
    assert after is not None
    assert (before.centre, after.centre) == ("Leitstelle alt", "Leitstelle neu")


def test_an_area_that_is_not_in_force_yet_leaves_the_call_to_the_larger_one() -> None:
    table = AreaTable([parse_area("05315000 112 CC1 2027-01-01"), parse_area("05 112 CC2 2026-01-01")])
    assert [found.code for at in (EARLY, LATE) if (found := table.find("05315000", "112", at))] == [
        "CC2",
        "CC1",
    ]


def test_hexadecimal_digits_are_kept_and_written_in_capitals() -> None:
    assert parse_area("05315000 112 49ccABCDEF0 2026-01-01").code == "49CCABCDEF0"


@pytest.mark.parametrize(
    "row",
    [
        "05315000 112 49CC05315A112 2027-03-01T10:00 Leitstelle neu",
        "05315000a 110 49CC1 2026-01-01",
        "05 110 CC1 2026-12-31T23:59",
    ],
)
def test_a_row_is_written_as_it_is_read(row: str) -> None:
    assert str(parse_area(row)) == row


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("", "area"),
        ("05315000 112 49CC", "area"),
        ("5315000 112 49CC1 2026-01-01", "ags"),
        ("05315000A 112 49CC1 2026-01-01", "ags"),
        ("0531500٠ 112 49CC1 2026-01-01", "ags"),
        ("05315000 113 49CC1 2026-01-01", "dialled"),
        ("05315000 112 4902211 2026-01-01", "code"),
        ("05315000 112 +49CC1 2026-01-01", "code"),
        ("05315000 112 49GC1 2026-01-01", "code"),
        ("05315000 112 49CC${x} 2026-01-01", "code"),
        ("05315000 112 49CC1 2026-02-30", "valid_from"),
        ("05315000 112 49CC1 01.02.2026", "valid_from"),
        ("05315000 112 49CC1 2026-01-01T25:00", "valid_from"),
        ("05315000 112 49CC1 2026-01-01 Köln", "centre"),
    ],
)
def test_a_row_that_is_no_area_says_which_field_is_wrong(row: str, field: str) -> None:
    with pytest.raises(AreaUnreadable) as refused:
        parse_area(row)
    assert refused.value.field == field


def test_tables_of_the_same_rows_are_equal() -> None:
    rows: list[Area] = [parse_area("05 112 CC1 2026-01-01"), parse_area("06 112 CC2 2026-01-01")]
    assert AreaTable(rows) == AreaTable(reversed(rows))
    assert AreaTable(rows) != AreaTable(rows[:1])
    assert len(AreaTable(rows)) == 2


def test_a_table_tells_when_an_area_begins_to_hold() -> None:
    at = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
    assert TABLE.changes(EARLY, LATE)
    assert TABLE.changes(datetime(2027, 3, 1, 8, 59, tzinfo=UTC), at)
    assert not TABLE.changes(at, LATE)
    assert not AreaTable().changes(EARLY, LATE)
