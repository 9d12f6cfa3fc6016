"""The day's work: once a day, tried again while the store is away."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from gevent.event import Event as Flag
from structlog.testing import capture_logs

from controller.daily import Daily
from controller.errors import StoreAway

DAY = date(2026, 11, 22)


class Work:
    """Answers what it is told to, and remembers the days it was asked for."""

    def __init__(self, *answers: bool | StoreAway) -> None:
        self.days: list[date] = []
        self._answers = list(answers)
        self.asked = Flag()

    def __call__(self, day: date) -> bool:
        self.days.append(day)
        self.asked.set()
        answer = self._answers.pop(0)
        if isinstance(answer, StoreAway):
            raise answer
        return answer


def test_a_day_is_worked_once_and_the_next_one_again() -> None:
    work, now = Work(True, True), [DAY]
    daily = Daily(work, lambda: now[0])
    daily.look()
    daily.look()
    now[0] += timedelta(days=1)
    daily.look()
    assert work.days == [DAY, DAY + timedelta(days=1)]


def test_a_clock_that_was_ahead_and_is_set_back_does_not_end_the_days_work() -> None:
    """A day of 2037 is done by mistake; the days before it are worked all the same."""
    work, now = Work(True, True), [DAY + timedelta(days=4_000)]
    daily = Daily(work, lambda: now[0])
    daily.look()
    now[0] = DAY
    daily.look()
    daily.look()
    assert work.days == [DAY + timedelta(days=4_000), DAY]


def test_it_is_tried_again_until_somebody_has_done_it() -> None:
    work = Work(StoreAway("gone"), StoreAway("gone"), False, True)
    daily = Daily(work, lambda: DAY)
    for _ in range(6):
        daily.look()
    assert work.days == [DAY] * 4


def test_what_fails_is_told_once_by_what_it_is_and_shown_until_it_is_done() -> None:
    """F4: nobody would hear of data that is not deleted. Another program at it meanwhile is no success."""
    books = StoreAway("deleting books: a row refuses. Report it")
    work = Work(books, books, False, StoreAway("deleting audit: too slow. Wait"), True)
    daily = Daily(work, lambda: DAY)
    assert daily.failing == ""
    shown = []
    with capture_logs() as logs:
        for _ in range(5):
            daily.look()
            shown.append(daily.failing.partition(":")[0])
    assert shown == ["deleting books", "deleting books", "deleting books", "deleting audit", ""]
    told = [each["error"].partition(":")[0] for each in logs if each["log_level"] == "error"]
    assert told == ["deleting books", "deleting audit"]


def test_a_defect_is_a_failure_too() -> None:
    def work(_: date) -> bool:
        raise ValueError("of ours")

    daily = Daily(work, lambda: DAY)
    with pytest.raises(ValueError, match="of ours"):
        daily.look()
    assert "of ours" in daily.failing


def test_it_begins_at_once_and_ends_when_told() -> None:
    work = Work(True)
    daily = Daily(work, lambda: DAY)
    daily.start()
    assert work.asked.wait(5)
    daily.stop(5)
    assert work.days == [DAY]
