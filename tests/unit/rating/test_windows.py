"""Time windows follow the clock on the wall, on the nights of its change too."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rating.berlin import Month, local, offset_changes, to_ms
from rating.windows import WallClock, Window, parse

DAY = 24 * 60


def window(text: str) -> Window:
    found = parse(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("Mo 08:00-18:00", [(480, 1080)]),
        ("Mo-Tu 00:00-24:00", [(0, 2 * DAY)]),
        ("Su 22:00-06:00", [(0, 360), (6 * DAY + 1320, 7 * DAY)]),
        ("Sa-Mo 10:00-11:00", [(600, 660), (5 * DAY + 600, 5 * DAY + 660), (6 * DAY + 600, 6 * DAY + 660)]),
        ("Mo 08:00-09:00, Mo 09:00-10:30", [(480, 630)]),
        ("Mo-Su 00:00-24:00", [(0, 7 * DAY)]),
    ],
)
def test_windows_are_minutes_of_the_week(text: str, spans: list[tuple[int, int]]) -> None:
    assert list(window(text).spans) == spans


def test_no_window_is_always() -> None:
    assert parse("") is None


def test_windows_that_share_a_minute_overlap() -> None:
    day = window("Mo-Fr 08:00-18:00")
    assert day.overlaps(window("Fr 17:59-20:00"))
    assert not day.overlaps(window("Fr 18:00-20:00"))
    assert not day.overlaps(window("Sa-Su 00:00-24:00"))


def clock(month: Month) -> WallClock:
    return WallClock(offset_changes(month, 32))


@pytest.mark.parametrize("month", [Month(2026, 3), Month(2026, 10), Month(2028, 2), Month(2026, 12)])
def test_the_clock_shows_what_clocks_in_germany_show(month: Month) -> None:
    found = clock(month)
    for ms in range(month.start_ms, month.end_ms + 5 * 86_400_000, 1_234_567):
        shown = local(ms)
        assert found.minute(ms) == shown.weekday() * DAY + shown.hour * 60 + shown.minute


def test_waiting_for_a_minute_stops_at_a_change_of_the_clock() -> None:
    found = clock(Month(2026, 10))
    before = to_ms(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))  # 02:30 summer time, Sunday
    assert found.next_minute_ms(before, 10) == before + 600_000
    assert found.next_minute_ms(before, 90) == to_ms(datetime(2026, 10, 25, 1, tzinfo=UTC))
    within = before + 17_123
    assert found.next_minute_ms(within, 1) == before + 60_000
