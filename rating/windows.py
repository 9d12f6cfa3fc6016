"""Time windows of the week, as the clocks in Germany show it: peak and off-peak prices.

The wall clock alone decides: in the hour that is repeated in October a window counts twice, in the hour that
is left out in March not at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from rating.berlin import MINUTE_MS, WEEK_MINUTES, minute_of_week
from rating.errors import FieldRefused

_DAYS: Final = {"Mo": 0, "Tu": 1, "We": 2, "Th": 3, "Fr": 4, "Sa": 5, "Su": 6}
_DAY_MINUTES: Final = 24 * 60
_PART: Final = re.compile(
    r"(Mo|Tu|We|Th|Fr|Sa|Su)(?:-(Mo|Tu|We|Th|Fr|Sa|Su))? ([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})"
)
_EXAMPLE: Final = "Write Mo-Fr 08:00-18:00, Sa 09:00-13:00 (days Mo Tu We Th Fr Sa Su)"
MAX_PARTS: Final = 14


@dataclass(frozen=True, slots=True)
class Window:
    """`spans`: minutes since Monday 00:00, the end excluded, in order, with gaps between."""

    text: str
    spans: tuple[tuple[int, int], ...]

    def __str__(self) -> str:
        return self.text

    def overlaps(self, other: Window) -> bool:
        """Whether some minute of the week is in both."""
        return any(
            start < other_end and other_start < end
            for start, end in self.spans
            for other_start, other_end in other.spans
        )


def parse(text: str) -> Window | None:
    """`Mo-Fr 08:00-18:00, Sa 09:00-13:00`; "" is None, always. An end before its start is on the next day."""
    if not text:
        return None
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > MAX_PARTS:
        raise FieldRefused("csv.window", f"more than {MAX_PARTS} parts. {_EXAMPLE}")
    minutes = sorted(span for part in parts for span in _spans(part))
    joined: list[tuple[int, int]] = []
    for start, end in minutes:
        if joined and start < joined[-1][1]:
            raise FieldRefused("csv.window", f"{text[:60]!r} names some time twice. {_EXAMPLE}")
        if joined and start == joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return Window(text, tuple(joined))


def _spans(part: str) -> list[tuple[int, int]]:
    match = _PART.fullmatch(part)
    if match is None:
        raise FieldRefused("csv.window", f"{part[:40]!r} is no time window. {_EXAMPLE}")
    first, last = _DAYS[match[1]], _DAYS[match[2] or match[1]]
    start, end = _minute(match[3], match[4], part), _minute(match[5], match[6], part)
    if start in (end, _DAY_MINUTES):
        raise FieldRefused("csv.window", f"{part[:40]!r} has no length. For the whole day write 00:00-24:00")
    length = end - start if end > start else end + _DAY_MINUTES - start
    days = range(first, last + 1) if first <= last else (*range(first, 7), *range(last + 1))
    found: list[tuple[int, int]] = []
    for day in days:
        begin = day * _DAY_MINUTES + start
        if begin + length > WEEK_MINUTES:
            found += [(begin, WEEK_MINUTES), (0, begin + length - WEEK_MINUTES)]
        else:
            found.append((begin, begin + length))
    return found


def _minute(hours: str, minutes: str, part: str) -> int:
    found = int(hours) * 60 + int(minutes)
    if found > _DAY_MINUTES or int(minutes) > 59:
        raise FieldRefused("csv.window", f"{part[:40]!r} has no such time of day. {_EXAMPLE}")
    return found


@dataclass(frozen=True, slots=True)
class WallClock:
    """The offsets of Germany's clock over some weeks: (from this moment, offset in ms), oldest first."""

    offsets: tuple[tuple[int, int], ...]

    def offset_ms(self, ms: int) -> int:
        """The offset that holds at a moment; before the first one it is the first's."""
        found = self.offsets[0][1]
        for since, offset in self.offsets:
            if since > ms:
                break
            found = offset
        return found

    def minute(self, ms: int) -> int:
        """The minute of the week that the wall clock shows."""
        return minute_of_week(ms + self.offset_ms(ms))

    def next_minute_ms(self, ms: int, minutes: int) -> int:
        """The moment when the wall clock will have shown the begun minute and `minutes` - 1 further ones.

        A clock change in between ends the wait early: look at the clock again then.
        """
        offset = self.offset_ms(ms)
        reached = ((ms + offset) // MINUTE_MS + minutes) * MINUTE_MS - offset
        change = next((since for since, _ in self.offsets if since > ms), reached)
        return min(reached, change)
