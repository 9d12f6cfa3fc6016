"""The day's work: once a day, tried again while the store is away."""

from __future__ import annotations

from datetime import date, timedelta

from gevent.event import Event as Flag

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


def test_it_begins_at_once_and_ends_when_told() -> None:
    work = Work(True)
    daily = Daily(work, lambda: DAY)
    daily.start()
    assert work.asked.wait(5)
    daily.stop(5)
    assert work.days == [DAY]
