"""The contract's formula, worked by hand in docs/availability.md and minute by minute here (F1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from availability.report import Entered, Kind, Measured, report
from availability.service_hours import ServiceHours, month_of, year_of
from availability.spans import MINUTE, Span, common, joined, minutes_of, without
from numbering.german_time import GERMAN_TIME
from provisioning.holiday_dates import public_holidays

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "availability.md").read_text()
START = datetime(2026, 3, 1, tzinfo=UTC)


def german(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=GERMAN_TIME).astimezone(UTC)


def test_the_worked_example_of_the_page_is_right() -> None:
    rows = re.findall(r"\| ([a-z ]+) \| (2026-\S+) \| (2026-\S+) \|", PAGE)
    happened = [(what, Span(german(begin), german(end))) for what, begin, end in rows]
    assert len(happened) == 5
    month = month_of(2026, 11)
    probed = without([month], [span for what, span in happened if what == "not probed"])
    reached = without(probed, [span for what, span in happened if what == "no probe got through"])
    entered = [Entered(span, Kind(what), "") for what, span in happened if what in set(Kind)]
    found = report(month, Measured(probed, reached), entered)
    hours = ServiceHours(public_holidays("NW"))
    figures = {
        "all": found.minutes,
        "excluded": found.excluded,
        "counted": found.counted,
        "priority 1": found.priority_1,
        "not measured": found.unmeasured,
        "in service hours": sum(minutes_of(hours.within(each.span)) for each in found.outages),
    }
    said = {name: int(count) for name, count in re.findall(r"\| ([a-z1 ]+) \| (\d+) \| ", PAGE)}
    assert figures == said
    assert f"= {found.percent} %" in PAGE
    assert found.kept


def span(begin: int, minutes: int) -> Span:
    return Span(START + begin * MINUTE, START + (begin + minutes) * MINUTE)


SPANS = st.lists(st.builds(span, st.integers(-20, 300), st.integers(1, 90)), max_size=6)
ENTERED = st.lists(
    st.builds(
        Entered,
        st.builds(span, st.integers(-20, 300), st.integers(1, 90)),
        st.sampled_from(Kind),
        st.just(""),
    ),
    max_size=5,
)


def covered(spans: list[Span] | tuple[Span, ...], minute: datetime) -> bool:
    return any(each.begin <= minute < each.end for each in spans)


@given(SPANS, SPANS, ENTERED)
def test_any_month_counts_as_minute_by_minute(
    probed: list[Span], lost: list[Span], entered: list[Entered]
) -> None:
    period = span(0, 300)
    measured = joined(probed)
    reached = without(measured, lost)
    found = report(period, Measured(measured, reached), entered)
    excluded = priority_1 = unmeasured = 0
    for number in range(300):
        minute = START + number * MINUTE
        if covered([each.span for each in entered if each.kind is not Kind.OUTAGE], minute):
            excluded += 1
            continue
        said = covered([each.span for each in entered if each.kind is Kind.OUTAGE], minute)
        priority_1 += said or not covered(reached, minute)
        unmeasured += not said and not covered(measured, minute)
    assert (found.excluded, found.priority_1, found.unmeasured) == (excluded, priority_1, unmeasured)
    assert sum(each.span.minutes for each in found.outages) == priority_1
    assert sum(minutes for _, minutes in found.excluded_by_kind) == excluded


def test_the_percentage_is_never_better_than_it_was() -> None:
    period = span(0, 30_000)
    found = report(period, Measured([period], without([period], [span(5, 1)])), [])
    assert found.percent == Decimal("99.9966")


def test_a_time_in_which_nothing_counts_has_no_percentage_and_breaks_no_promise() -> None:
    period = span(0, 60)
    found = report(period, Measured([], []), [Entered(period, Kind.BEYOND_CONTROL, "flood")])
    assert (found.percent, found.kept, found.priority_1) == (None, True, 0)


def test_a_minute_that_was_touched_counts_whole() -> None:
    touched = Span(START + timedelta(seconds=90), START + timedelta(seconds=121))
    found = report(span(0, 10), Measured([span(0, 10)], [span(0, 10)]), [Entered(touched, Kind.CUSTOMER, "")])
    assert found.excluded == 2


def test_years_have_their_own_minutes() -> None:
    assert year_of(2026).minutes == 525_600
    assert year_of(2028).minutes == 527_040
    assert month_of(2026, 10).minutes == 31 * 1_440 + 60, "the clock goes back on 25 October"
    assert month_of(2026, 12).end == year_of(2026).end


@pytest.mark.parametrize(
    ("moment", "is_open", "opens"),
    [
        ("2026-11-23T08:29", False, "2026-11-23T08:30"),
        ("2026-11-23T08:30", True, "2026-11-23T08:30"),
        ("2026-11-23T17:00", False, "2026-11-24T08:30"),
        ("2026-11-21T12:00", False, "2026-11-23T08:30"),  # a Saturday
        ("2026-06-04T12:00", False, "2026-06-05T08:30"),  # Fronleichnam, in NRW
        ("2026-12-24T17:30", False, "2026-12-28T08:30"),  # both Christmas days and the weekend
    ],
)
def test_the_hotline_keeps_its_hours_and_holidays(moment: str, is_open: bool, opens: str) -> None:
    """F2, TC 15.4."""
    hours = ServiceHours(public_holidays("NW"))
    assert hours.open_at(german(moment)) is is_open
    assert hours.opens(german(moment)) == german(opens)


def test_holidays_are_those_of_the_land_and_premium_support_keeps_none() -> None:
    """F2, TC 15.5."""
    fronleichnam = german("2026-06-04T12:00")
    assert ServiceHours(public_holidays("BE")).open_at(fronleichnam)
    assert ServiceHours(public_holidays("NW"), always=True).open_at(fronleichnam)


def test_service_hours_of_an_outage_over_a_weekend() -> None:
    hours = ServiceHours(public_holidays("NW"))
    outage = Span(german("2026-11-20T16:00"), german("2026-11-23T09:00"))
    assert minutes_of(hours.within(outage)) == 60 + 30


@given(SPANS, SPANS)
def test_spans_are_sets_of_minutes(some: list[Span], others: list[Span]) -> None:
    for number in range(-25, 400, 7):
        minute = START + number * MINUTE
        assert covered(joined(some), minute) == covered(some, minute)
        assert covered(without(some, others), minute) == (
            covered(some, minute) and not covered(others, minute)
        )
        assert covered(common(some, others), minute) == (covered(some, minute) and covered(others, minute))
