"""Times of the week in Europe/Berlin."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.week import MINUTES_A_WEEK, WeekTimes, minute_of_week

minutes = st.integers(0, MINUTES_A_WEEK - 1)
stretches = st.lists(
    st.tuples(minutes, st.integers(1, MINUTES_A_WEEK)).filter(lambda pair: pair[0] < pair[1]), max_size=8
)


@pytest.mark.parametrize(
    ("moment", "minute"),
    [
        (datetime(2026, 11, 15, 23, 0, tzinfo=UTC), 0),  # Monday 00:00 in winter
        (datetime(2026, 7, 12, 22, 1, tzinfo=UTC), 1),  # Monday 00:01 in summer
        (datetime(2026, 11, 15, 22, 59, tzinfo=UTC), MINUTES_A_WEEK - 1),
        # The night in which 02:00 to 03:00 comes twice.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 6 * 1440 + 150),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), 6 * 1440 + 150),
        # The night that has no 02:30.
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), 6 * 1440 + 180),
    ],
)
def test_a_minute_of_the_week_is_that_of_the_clock_on_the_wall(moment: datetime, minute: int) -> None:
    assert minute_of_week(moment) == minute


@given(stretches, minutes)
def test_a_minute_is_within_when_one_of_the_stretches_has_it(
    given_stretches: list[tuple[int, int]], minute: int
) -> None:
    times = WeekTimes.of(given_stretches)
    assert (minute in times) == any(begin <= minute < end for begin, end in given_stretches)
    assert (minute in times) != any(begin <= minute < end for begin, end in times.gaps())


@given(stretches)
def test_stretches_are_in_order_and_apart(given_stretches: list[tuple[int, int]]) -> None:
    found = list(WeekTimes.of(given_stretches))
    assert all(end < begin for (_, end), (begin, _) in pairwise(found))
