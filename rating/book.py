"""The price book of one customer and month: everything that rating a leg needs, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from rating.berlin import Month, day_start_ms, offset_changes
from rating.leg import MAX_DAYS
from rating.money import Rounding
from rating.notice import first_days, known_on
from rating.price import Kind, Price, Version, Zone
from rating.table import Table, Windowed, compiled
from rating.tariff import Tariff, valid_on
from rating.terms import Quota
from rating.windows import WallClock

#: Tables to ask one after the other.
Chain = tuple[Table, ...]
#: (from this moment, chain), newest first.
Timeline = tuple[tuple[int, Chain], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """`national` holds for German numbers and short codes, `foreign` for all others (E4: known versions).

    `costs`: by carrier trunk. `quota_of`: index into `quotas` by zone.
    """

    customer_id: str
    month: Month
    start_ms: int
    end_ms: int
    national: Timeline
    foreign: Timeline
    costs: Mapping[str, Timeline]
    quotas: tuple[Quota, ...]
    quota_of: Mapping[Zone, int]
    rounding: Rounding
    clock: WallClock

    def chain(self, called: str, ms: int) -> Chain:
        """The tables for a number at a moment."""
        german = called[:1] != "+" or called[:3] == "+49"
        return _at(self.national if german else self.foreign, ms)

    def cost_chain(self, carrier_id: str, ms: int) -> Chain:
        """The carrier's tables at a moment; empty when its prices are not known."""
        return _at(self.costs.get(carrier_id, ()), ms)


def _at(timeline: Timeline, ms: int) -> Chain:
    for since, chain in timeline:
        if ms >= since:
            return chain
    return ()


def price_at(chain: Chain, called: str, ms: int, clock: WallClock) -> Price | tuple[Windowed, Price] | None:
    """The price of a number at a moment, with the week it belongs to where there are time windows."""
    for table in chain:
        entry = table.find(called)
        if entry is None:
            continue
        if isinstance(entry, Windowed):
            return entry, entry.at(ms, clock)
        if entry.kind is not Kind.STANDARD:
            return entry
    return None


def clock_of(month: Month) -> WallClock:
    """Germany's clock over a month and the longest call that begins in it."""
    return WallClock(offset_changes(month, MAX_DAYS + 1))


def _valid(versions: tuple[Version, ...], day: date) -> tuple[Version | None, ...]:
    return (valid_on(versions, day),)


#: Month, individual list, first days of the standard list's versions for a customer (None: as valid).
_Key = tuple[Month, str | None, tuple[date | None, ...] | None]


class Books:
    """Makes books, and compiles each version of a list once."""

    def __init__(self, tariff: Tariff) -> None:
        self.tariff = tariff
        self._tables: dict[Version, Table] = {}
        self._timelines: dict[_Key, Timeline] = {}
        self._costs: dict[Month, Mapping[str, Timeline]] = {}

    def book(self, customer_id: str, month: Month) -> Book | None:
        """The customer's book for a month; None when the customer has no terms then."""
        tariff = self.tariff
        terms = tariff.terms_in(customer_id, month)
        if terms is None:
            return None
        quotas = terms.quotas()
        return Book(
            customer_id,
            month,
            month.start_ms,
            month.end_ms,
            self._national(month, terms.list_id),
            self._foreign(month, terms.list_id, customer_id),
            self._cost_timelines(month),
            quotas,
            {zone: index for index, quota in enumerate(quotas) for zone in quota.zones},
            tariff.roundings[terms.model],
            clock_of(month),
        )

    def _national(self, month: Month, own: str | None) -> Timeline:
        key = (month, own, None)
        if key not in self._timelines:
            tariff = self.tariff
            asked = [tariff.versions[own]] if own else []
            asked.append(tariff.versions[tariff.standard])
            self._timelines[key] = self._timeline(
                month, lambda day: tuple(valid_on(versions, day) for versions in asked)
            )
        return self._timelines[key]

    def _foreign(self, month: Month, own: str | None, customer_id: str) -> Timeline:
        """With the version that the customer knows, and behind it the valid one for destinations that are
        new; customers who were told on the same days share one timeline."""
        tariff = self.tariff
        standard = tariff.versions[tariff.standard]
        if len(standard) == 1:
            return self._national(month, own)
        held = first_days(
            standard, customer_id, tariff.since(customer_id), tariff.notices, tariff.notice_days
        )
        key = (month, own, held)
        if key not in self._timelines:
            individual = tariff.versions[own] if own else ()

            def versions_on(day: date) -> tuple[Version | None, ...]:
                valid = valid_on(standard, day)
                known = known_on(day, standard, held) if valid else None
                return valid_on(individual, day), known, valid

            self._timelines[key] = self._timeline(month, versions_on)
        return self._timelines[key]

    def _timeline(self, month: Month, versions_on: Callable[[date], tuple[Version | None, ...]]) -> Timeline:
        """What is valid on each day of the month, as segments."""
        segments: list[tuple[int, tuple[Version, ...]]] = []
        for number in range(month.last_day.day):
            day = month.first_day + timedelta(days=number)
            versions = tuple(dict.fromkeys(each for each in versions_on(day) if each is not None))
            if not segments or segments[-1][1] != versions:
                segments.append((day_start_ms(day), versions))
        return tuple(
            (since, tuple(self._table(version) for version in versions))
            for since, versions in reversed(segments)
        )

    def _table(self, version: Version) -> Table:
        if version not in self._tables:
            self._tables[version] = compiled(version)
        return self._tables[version]

    def _cost_timelines(self, month: Month) -> Mapping[str, Timeline]:
        if month not in self._costs:
            versions = self.tariff.versions
            self._costs[month] = {
                trunk: self._timeline(month, partial(_valid, versions[name]))
                for trunk, name in self.tariff.cost_lists.items()
            }
        return self._costs[month]
