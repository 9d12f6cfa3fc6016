"""What may not be called, ready for one quick look per call: profiles, and default bars that are lifted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from dialplan.week import WeekTimes, minute_of_week
from numbering.classes import NumberClass
from numbering.dial import Dialled
from numbering.e164 import E164
from numbering.german_time import GERMAN_TIME


@dataclass(frozen=True, slots=True)
class BarringProfile:
    """Numbers that cannot be called: of any of these classes, countries or prefixes (B6, B7).

    `prefixes` begin with "+" and `lengths` are theirs, ascending. Short numbers (115, 118xy ...) count as
    +49115 ... `times`: when the bar holds; None: always.
    """

    id: str
    classes: frozenset[NumberClass] = frozenset()
    countries: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()
    lengths: tuple[int, ...] = ()
    times: WeekTimes | None = None

    @classmethod
    def of(
        cls,
        id_: str,
        *,
        classes: Iterable[NumberClass] = (),
        countries: Iterable[str] = (),
        prefixes: Iterable[str] = (),
        times: WeekTimes | None = None,
    ) -> Self:
        """The profile with its look-ups."""
        known = frozenset(prefixes)
        lengths = tuple(sorted({len(each) for each in known}))
        return cls(id_, frozenset(classes), frozenset(countries), known, lengths, times)

    def bars(self, dialled: Dialled, now: datetime) -> str | None:
        """Which part of the profile bars the number now ("class mobile", "country CU", "prefix +4418"), or
        None. `now` is an aware time."""
        found = self._part(dialled)
        if found is None or self.times is None:
            return found
        return found if minute_of_week(now) in self.times else None

    def _part(self, dialled: Dialled) -> str | None:
        if dialled.number_class in self.classes:
            return f"class {dialled.number_class.value}"
        if dialled.country in self.countries:
            return f"country {dialled.country}"
        if self.lengths:
            number = dialled.number if isinstance(dialled.number, E164) else f"+49{dialled.number}"
            for length in self.lengths:
                if number[:length] in self.prefixes:
                    return f"prefix {number[:length]}"
        return None


@dataclass(frozen=True, slots=True)
class LiftedBar:
    """A default bar that an operator has lifted for a customer, by agreement (TC 6.7).

    `since` and `until` (the last day; None: until taken back) are days in Germany. `operator` and `reason`
    tell who agreed to what.
    """

    number_class: NumberClass
    since: date
    until: date | None
    operator: str
    reason: str

    def holds(self, now: datetime) -> bool:
        """Whether the bar is lifted at this aware time."""
        today = now.astimezone(GERMAN_TIME).date()
        return self.since <= today and (self.until is None or today <= self.until)


#: A profile of the customer's own, or the name of one of the carrier's (`Snapshot.barring`).
ProfileRef = BarringProfile | str
