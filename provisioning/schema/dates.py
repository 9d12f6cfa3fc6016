"""Days, times of day and weekdays. All are meant in Europe/Berlin, the time of German contracts."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, model_validator

from provisioning.notation.entry import Choices, Entry, refusal
from provisioning.notation.form import Form

_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", re.ASCII)
#: Beyond these years it is a slip of the pen, and sums of days stay within the calendar.
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2199
_DAY_ALLOWED: Final = "year-month-day as 2026-01-31"

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def parse_day(value: Any) -> date:
    """`2026-01-31`. Raise a refusal for any other way to write a day, and for days that do not exist."""
    if type(value) is date:
        return value
    match = _DAY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise refusal("config.date", "not a date", _DAY_ALLOWED)
    year, month, day = map(int, match.groups())
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise refusal("config.date", "a year out of reach", f"{_FIRST_YEAR} to {_LAST_YEAR}")
    try:
        return date(year, month, day)
    except ValueError:
        raise refusal("config.no-such-day", "there is no such day", "a day of the calendar") from None


def _parse_time(value: Any) -> str:
    if isinstance(value, str) and _TIME.fullmatch(value):
        return value
    raise refusal("config.time", "not a time of day", '"00:00" to "24:00"')


#: A day of the calendar.
Day = Annotated[
    date,
    PlainValidator(parse_day),
    PlainSerializer(date.isoformat, return_type=str),
    Form("date", "year-month-day: `2026-01-31`"),
]
#: A time of day, "08:30"; "24:00" is the end of the day.
TimeOfDay = Annotated[str, BeforeValidator(_parse_time), Form("time", '`"00:00"` to `"24:00"`')]


class TimeSlotEntry(Entry):
    """Hours of some weekdays."""

    days: Choices[Weekday] = Field(description="Weekdays.")
    begins: TimeOfDay = Field(description="From this time of day on.")
    ends: TimeOfDay = Field(description='Until this time of day, not included; "24:00" is midnight.')

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends <= self.begins:
            raise refusal(
                "config.slot-order",
                f"{self.ends} does not come after {self.begins}",
                "ends later than begins; for the night two slots",
            )
        if len(set(self.days)) < len(self.days):
            raise refusal("config.listed-twice", "a weekday is listed twice", "each once")
        return self
