"""Increments a/b against a count second by second, and German days against the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rating.berlin import (
    DAY_MS,
    HOUR_MS,
    Month,
    day_of,
    day_start_ms,
    local,
    minute_of_week,
    month_of,
    offset_changes,
    to_ms,
)
from rating.increments import Increments, whole_seconds

RULES = [
    Increments(*each) for each in ((60, 60), (60, 1), (60, 10), (30, 6), (30, 1), (10, 10), (1, 1), (7, 3))
]


def counted(rule: Increments, seconds: int) -> int:
    """Blocks that begin while the call lasts, one after the other."""
    blocks, begin = 0, 0
    while begin < seconds:
        begin += rule.next_s if blocks else rule.first_s
        blocks += 1
    return blocks


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_blocks_are_counted_as_they_begin(rule: Increments) -> None:
    for seconds in range(-3, 400):
        blocks = rule.count(seconds)
        assert blocks == counted(rule, seconds)
        assert rule.length_s(blocks) >= seconds
        assert blocks == 0 or rule.length_s(blocks - 1) < seconds
        fitting = rule.fitting(max(seconds, 0))
        assert rule.length_s(fitting) <= max(seconds, 0) < rule.length_s(fitting + 1)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_blocks_that_begin_before_a_moment(rule: Increments) -> None:
    begins_ms = [rule.length_s(number) * 1000 for number in range(100)]
    for offset_ms in (-1, 0, 1, 999, 1000, 1001, 6_999, 7_000, 7_001, 29_999, 30_000, 60_000, 60_001):
        assert rule.begun_before_ms(offset_ms) == sum(begin < offset_ms for begin in begins_ms)


def test_a_begun_second_counts_in_full() -> None:
    assert [whole_seconds(each) for each in (-1, 0, 1, 999, 1000, 1001, 59_999)] == [0, 0, 1, 1, 1, 2, 60]


def test_days_are_23_and_25_hours_long_when_the_clock_changes() -> None:
    lengths = {
        day: day_start_ms(date.fromordinal(day.toordinal() + 1)) - day_start_ms(day)
        for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29))
    }
    assert [length // HOUR_MS for length in lengths.values()] == [24, 23, 25, 24]


def test_months_end_where_the_next_begins() -> None:
    for month, days in ((Month(2026, 12), 31), (Month(2028, 2), 29), (Month(2026, 2), 28)):
        assert month.end_ms == month.next.start_ms
        assert month.last_day.day == days
        assert month_of(month.end_ms - 1) == month
        assert month_of(month.end_ms) == month.next
        assert day_of(month.start_ms) == month.first_day
    assert str(Month(2026, 12).next) == "2027-01"


def test_a_month_knows_the_changes_of_its_clock() -> None:
    october = offset_changes(Month(2026, 10), 2)
    assert [offset // HOUR_MS for _, offset in october] == [2, 1]
    assert october[1][0] == to_ms(datetime(2026, 10, 25, 1, tzinfo=UTC))
    assert len(offset_changes(Month(2026, 11), 2)) == 1
    assert offset_changes(Month(2026, 10), 0)[0][0] == Month(2026, 10).start_ms


def test_the_week_begins_on_monday() -> None:
    monday = to_ms(datetime(2026, 11, 23, tzinfo=UTC))
    assert minute_of_week(monday) == 0
    assert minute_of_week(monday - 1) == 7 * 24 * 60 - 1
    assert minute_of_week(monday + DAY_MS + 90_000) == 24 * 60 + 1


def test_moments_need_a_zone() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        to_ms(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused
    assert local(0).hour == 1
