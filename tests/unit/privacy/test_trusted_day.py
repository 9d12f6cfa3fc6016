"""By which clock things are deleted: a wrong one deletes for good (F4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from privacy.trusted_day import MOST_APART, MOST_DAYS, Clocks, apart, doubt

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


def test_the_day_after_the_last_days_work_is_believed_and_so_is_a_day_that_was_left_out() -> None:
    for days in range(MOST_DAYS + 1):
        assert doubt(Clocks(NOW, NOW, TODAY - days * DAY, None)) == ""


def test_a_clock_that_jumps_ahead_is_doubted_though_the_database_runs_on_the_same_machine() -> None:
    far = datetime(2037, 1, 18, 9, tzinfo=UTC)
    assert doubt(Clocks(far, far, TODAY, None)) == (
        "the clock says 2037-01-18, and the day's work was last done on 2026-11-22"
    )
    late = NOW + (MOST_DAYS + 1) * DAY
    assert doubt(Clocks(late, late, TODAY, None))


@pytest.mark.parametrize("way", [1, -1])
def test_two_clocks_that_differ_are_doubted_whichever_is_ahead(way: int) -> None:
    assert doubt(Clocks(NOW, NOW + way * MOST_APART, TODAY, None)) == ""
    wrong = Clocks(NOW, NOW + way * (MOST_APART + timedelta(seconds=1)), TODAY, None)
    assert doubt(wrong) == apart(wrong) != ""
    assert "2026-11-22 10:00" in apart(wrong), "in German time"


def test_a_mistake_far_ahead_blocks_nothing_while_there_is_a_nearer_day() -> None:
    mistake = date(2037, 1, 18)
    assert doubt(Clocks(NOW, NOW, TODAY - DAY, mistake)) == ""
    assert "for 2037-01-18 already" in doubt(Clocks(NOW, NOW, None, mistake))


def test_where_nothing_was_ever_done_the_clock_is_believed() -> None:
    assert doubt(Clocks(NOW, NOW, None, None)) == ""
