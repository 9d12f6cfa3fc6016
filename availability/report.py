"""Availability of a period by the contract's formula (F1, TC 15.1-15.3).

    availability = (counted minutes - priority-1 minutes) / counted minutes
    counted minutes = all minutes of the period - excluded minutes

A minute is of priority 1 when calls were not possible at all: a probe was made and none of any trunk on any
node got through, or the operator entered the outage of a fault that probes do not see. A minute that nobody
measured counts as priority 1 too: who cannot show that the service was there does not claim it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Final

from availability.spans import Span, common, joined, minutes_of, outward, without

#: Promised for a year, in per cent (TC 15.1).
PROMISED: Final = Decimal("99.0")
_PLACES: Final = Decimal("0.0001")


class Kind(StrEnum):
    """Why an operator entered a stretch of time; all but OUTAGE do not count (TC 15.3)."""

    #: Announced ahead: entered before it begins.
    MAINTENANCE = "maintenance"
    #: On the customer's side: equipment, access, power.
    CUSTOMER = "customer"
    #: Other networks, acts of God, authorities.
    BEYOND_CONTROL = "beyond-control"
    #: Probes were not made or were wrong, and calls show it.
    MEASUREMENT = "measurement"
    #: Calls failed although probes got through: priority 1 by a ticket.
    OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class Entered:
    """A stretch that somebody entered, with the reason in his words."""

    span: Span
    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True)
class Measured:
    """`probed`: minutes with a probe; `reached`: those of them in which one got through."""

    probed: Sequence[Span]
    reached: Sequence[Span]


@dataclass(frozen=True, slots=True)
class Outage:
    """Minutes of priority 1 on end. `unmeasured`: nobody probed."""

    span: Span
    unmeasured: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Minutes of `period`; `percent` is rounded down to four places, None when nothing counts."""

    period: Span
    minutes: int
    excluded: int
    priority_1: int
    unmeasured: int
    percent: Decimal | None
    outages: tuple[Outage, ...]
    excluded_by_kind: tuple[tuple[Kind, int], ...]

    @property
    def counted(self) -> int:
        """Minutes that count."""
        return self.minutes - self.excluded

    @property
    def kept(self) -> bool:
        """Whether the promise is kept so far."""
        return self.percent is None or self.percent >= PROMISED


def report(period: Span, measured: Measured, entered: Sequence[Entered]) -> Report:
    """Of `period`, which begins and ends at whole minutes and has passed."""
    excluding = [each for each in entered if each.kind is not Kind.OUTAGE]
    excluded = common([period], [outward(each.span) for each in excluding])
    counted = without([period], excluded)
    said = common(counted, [outward(each.span) for each in entered if each.kind is Kind.OUTAGE])
    unreached = without(counted, measured.reached)
    unmeasured = without(without(counted, measured.probed), said)
    down = joined((*unreached, *said))
    outages = [Outage(span, False) for span in without(down, unmeasured)]
    outages += [Outage(span, True) for span in unmeasured]
    minutes, priority_1 = minutes_of(counted), minutes_of(down)
    return Report(
        period,
        period.minutes,
        minutes_of(excluded),
        priority_1,
        minutes_of(unmeasured),
        _percent(minutes - priority_1, minutes),
        tuple(sorted(outages, key=lambda each: each.span)),
        tuple(_by_kind(period, excluding)),
    )


def _percent(there: int, counted: int) -> Decimal | None:
    """Never better than it was."""
    if counted == 0:
        return None
    return (Decimal(100) * there / counted).quantize(_PLACES, ROUND_DOWN)


def _by_kind(period: Span, excluding: Sequence[Entered]) -> list[tuple[Kind, int]]:
    """Each minute once, by the kind that stands first in `Kind`."""
    left: tuple[Span, ...] = (period,)
    found = []
    for kind in Kind:
        spans = common(left, [outward(each.span) for each in excluding if each.kind is kind])
        if spans:
            found.append((kind, minutes_of(spans)))
        left = without(left, spans)
    return found
