"""Users are counted by dated events: the most at one moment of the month (E5, TC 7.2)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.berlin import Month, to_ms
from rating.invoice_users import (
    Event,
    Span,
    extension_events,
    highest_users,
    monthly_highest,
    spans_as_events,
)

OCTOBER, NOVEMBER, DECEMBER = Month(2026, 10), Month(2026, 11), Month(2026, 12)


def at(day: int, month: int = 11) -> int:
    return to_ms(datetime(2026, month, day, 12, tzinfo=UTC))


def naive(events: list[Event], month: Month) -> int:
    """Looks at each moment: the month's first one, and each of its events."""
    moments = {month.start_ms, *(ms for ms, _ in events if month.start_ms <= ms < month.end_ms)}
    return max(sum(change for ms, change in events if ms <= moment) for moment in moments)


SPANS = st.lists(
    st.builds(
        lambda first, length: (first, first + length if length else None),
        st.integers(at(1, 9), at(28, 12)).map(lambda ms: ms // 3_600_000 * 3_600_000),
        st.integers(0, 40 * 24).map(lambda hours: hours * 3_600_000),
    ),
    max_size=12,
)


@given(SPANS)
def test_the_count_is_that_of_somebody_who_looks_at_every_moment(spans: list[Span]) -> None:
    events = list(spans_as_events(spans))
    for month in (OCTOBER, NOVEMBER, DECEMBER, Month(2027, 1), Month(2027, 6)):
        assert highest_users(events, month) == naive(events, month)


def test_months_are_named_where_the_number_changes() -> None:
    events = [(at(1, 10), 5), (at(20, 11), 2), (at(25, 11), -3)]
    assert monthly_highest(events) == ((OCTOBER, 5), (NOVEMBER, 7), (DECEMBER, 4))
    assert monthly_highest([]) == ()
    assert monthly_highest([(NOVEMBER.start_ms, 4), (DECEMBER.start_ms, -4)]) == (
        (NOVEMBER, 4),
        (DECEMBER, 0),
    )


@pytest.mark.parametrize(
    ("extensions", "highest"),
    [
        ([], 1),
        ([(at(1, 10), None)], 1),  # the number itself is the first user
        ([(at(1, 10), None), (at(5), None), (at(9), at(12))], 3),
        ([(at(5), at(6)), (at(6), at(7))], 1),  # one after the other
        ([(at(1, 10), at(1, 10) + 1)] * 3, 1),  # all of them gone: the number is still there
        ([(at(5, 12), None)] * 9, 1),  # next month's
    ],
)
def test_a_number_counts_as_many_users_as_it_has_extensions(extensions: list[Span], highest: int) -> None:
    """A5: up to 99 direct-dial extensions; the number itself is one user at least."""
    service = [(at(1, 9), 1)]
    events = [*service, *extension_events(service, extensions)]
    assert highest_users(events, NOVEMBER) == highest


def test_extensions_of_a_number_out_of_service_are_no_users() -> None:
    service = [(at(10), 1), (at(20), -1)]
    events = [*service, *extension_events(service, [(at(1), None)] * 4)]
    assert highest_users(events, NOVEMBER) == 4
    assert highest_users(events, DECEMBER) == 0
    assert sum(change for _, change in events) == 0
