"""Times on the command line: German time unless another zone is given, also where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import pytest

from cli.times import Moment, shown, written


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-01", "2026-10-31T23:00:00.000Z"),
        ("2026-07-01", "2026-06-30T22:00:00.000Z"),
        ("2026-11-22T08:30", "2026-11-22T07:30:00.000Z"),
        ("2026-11-22T08:30:00.250", "2026-11-22T07:30:00.250Z"),
        ("2026-11-22T08:30Z", "2026-11-22T08:30:00.000Z"),
        ("2026-11-22T08:30+05:30", "2026-11-22T03:00:00.000Z"),
        # The hour that comes twice is the first of the two; the one that is left out is the one after it.
        ("2026-10-25T02:30", "2026-10-25T00:30:00.000Z"),
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30:00.000Z"),
        ("2026-03-29T02:30", "2026-03-29T01:30:00.000Z"),
        ("2026-03-29T03:00", "2026-03-29T01:00:00.000Z"),
    ],
)
def test_a_time_without_a_zone_is_german(text: str, utc: str) -> None:
    assert written(Moment().convert(text, None, None)) == utc


def test_days_when_clocks_change_have_23_and_25_hours() -> None:
    def hours(first: str, last: str) -> float:
        start, end = (Moment().convert(text, None, None) for text in (first, last))
        return (end - start).total_seconds() / 3600

    assert hours("2026-03-29", "2026-03-30") == 23
    assert hours("2026-10-25", "2026-10-26") == 25


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-02-30", "2026-11-22T25:00", "22.11.2026", "0001-01-01", "１"]
)
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match="2026-11-01T08:30"):
        Moment().convert(text, None, None)


def test_a_moment_is_taken_as_it_is() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    assert Moment().convert(moment, None, None) is moment


def test_people_read_german_time() -> None:
    assert shown(datetime(2026, 7, 1, 12, 0, tzinfo=UTC)) == "2026-07-01 14:00:00"
    assert (shown(None), written(None)) == ("-", None)
