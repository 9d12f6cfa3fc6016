"""Stretches of time in whole minutes, and what can be done with many of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `begin` until just before `end`, aware times. Raises ValueError unless begin < end."""

    begin: datetime
    end: datetime

    def __post_init__(self) -> None:
        if not self.begin < self.end:
            raise ValueError(f"{self.begin} is not before {self.end}")

    @property
    def minutes(self) -> int:
        """Whole minutes, rounded up: a minute that was touched counts."""
        return -((self.begin - self.end) // MINUTE)

    def within(self, other: Span) -> Span | None:
        """The part that lies in both."""
        begin, end = max(self.begin, other.begin), min(self.end, other.end)
        return Span(begin, end) if begin < end else None


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time without overlaps, in order; what touches is one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.begin <= found[-1].end:
            found[-1] = Span(found[-1].begin, max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)


def without(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    """`spans` less all of `taken`, joined."""
    return tuple(_without(joined(spans), joined(taken)))


def _without(spans: tuple[Span, ...], taken: tuple[Span, ...]) -> Iterator[Span]:
    first = 0
    for span in spans:
        while first < len(taken) and taken[first].end <= span.begin:
            first += 1
        begin, place = span.begin, first
        while place < len(taken) and taken[place].begin < span.end:
            if begin < taken[place].begin:
                yield Span(begin, taken[place].begin)
            begin = max(begin, taken[place].end)
            place += 1
        if begin < span.end:
            yield Span(begin, span.end)


def common(spans: Iterable[Span], others: Iterable[Span]) -> tuple[Span, ...]:
    """What lies in both, joined."""
    mine = joined(spans)
    return without(mine, without(mine, others))


def outward(span: Span) -> Span:
    """The same from a whole minute to a whole minute, no shorter."""
    begin = span.begin.replace(second=0, microsecond=0)
    end = span.end.replace(second=0, microsecond=0)
    return Span(begin, end if end == span.end else end + MINUTE)


def minutes_of(spans: Iterable[Span]) -> int:
    """Of spans that do not overlap."""
    return sum(span.minutes for span in spans)
