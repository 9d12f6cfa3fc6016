"""Times of the week in Europe/Berlin, made ready for one quick look per call."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from numbering.german_time import GERMAN_TIME

#: Contracts and tariffs count in this zone.
MINUTES_A_DAY: Final = 24 * 60
MINUTES_A_WEEK: Final = 7 * MINUTES_A_DAY


def minute_of_week(moment: datetime) -> int:
    """Minutes since Monday 00:00 in Germany, 0 to 10,079, of an aware time. The hour that comes twice in
    October counts twice, the one that is left out in March never."""
    here = moment.astimezone(GERMAN_TIME)
    return here.weekday() * MINUTES_A_DAY + here.hour * 60 + here.minute


@dataclass(frozen=True, slots=True)
class WeekTimes:
    """Stretches of the week in minutes since Monday 00:00, in order and apart; each end is not included."""

    begins: tuple[int, ...]
    ends: tuple[int, ...]

    @classmethod
    def of(cls, stretches: Iterable[tuple[int, int]]) -> Self:
        """Stretches in any order, also overlapping ones. Each begins before it ends, within the week."""
        begins: list[int] = []
        ends: list[int] = []
        for begin, end in sorted(stretches):
            if ends and begin <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                begins.append(begin)
                ends.append(end)
        return cls(tuple(begins), tuple(ends))

    def __contains__(self, minute: int) -> bool:
        """Whether a minute of the week lies in one of the stretches."""
        at = bisect_right(self.begins, minute)
        return at > 0 and minute < self.ends[at - 1]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """The stretches as (begin, end)."""
        return zip(self.begins, self.ends, strict=True)

    def gaps(self) -> Iterator[tuple[int, int]]:
        """The rest of the week as (begin, end)."""
        at = 0
        for begin, end in self:
            if begin > at:
                yield at, begin
            at = end
        if at < MINUTES_A_WEEK:
            yield at, MINUTES_A_WEEK
