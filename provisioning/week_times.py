"""Hours of the week as the YAML has them, compiled for the call path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dialplan.week import MINUTES_A_DAY, WeekTimes
from provisioning.schema.dates import TimeSlotEntry

#: In the order of `datetime.weekday`.
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def week_times(slots: Sequence[TimeSlotEntry]) -> WeekTimes | None:
    """The slots together; None without any, which means always."""
    if not slots:
        return None
    return WeekTimes.of(
        (
            WEEKDAYS.index(day) * MINUTES_A_DAY + _minute(slot.begins),
            WEEKDAYS.index(day) * MINUTES_A_DAY + _minute(slot.ends),
        )
        for slot in slots
        for day in slot.days
    )


def minute_text(minute: int) -> str:
    """A minute of the week for people: "sun 22:00"."""
    day, rest = divmod(minute, MINUTES_A_DAY)
    return f"{WEEKDAYS[day % len(WEEKDAYS)]} {rest // 60:02}:{rest % 60:02}"


def _minute(time: str) -> int:
    hours, _, minutes = time.partition(":")
    return int(hours) * 60 + int(minutes)
