"""The price book of one customer and month: everything that rating a leg needs, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from rating.berlin import Month, day_start_ms, offset_changes
from rating.leg import MAX_DAYS
from rating.money import Rounding
from rating.notice import known_on
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


class Books:
    """Makes books, and compiles each version of a list once."""

    def __init__(self, tariff: Tariff) -> None:
        self.tariff = tariff
        self._tables: dict[Version, Table] = {}
        self._timelines: dict[tuple[tuple[int, tuple[Version, ...]], ...], Timeline] = {}
        self._costs: dict[Month, Mapping[str, Timeline]] = {}

    def book(self, customer_id: str, month: Month) -> Book | None:
        """The customer's book for a month; None when the customer has no terms then."""
        tariff = self.tariff
        terms = tariff.terms_in(customer_id, month)
        if terms is None:
            return None
        standard = tariff.versions[tariff.standard]
        own = tariff.versions[terms.list_id] if terms.list_id else ()
        quotas = terms.quotas()
        return Book(
            customer_id,
            month,
            month.start_ms,
            month.end_ms,
            self._timeline(month, lambda day: (valid_on(own, day), valid_on(standard, day))),
            self._timeline(month, lambda day: (valid_on(own, day), *self._foreign(customer_id, day))),
            self._cost_timelines(month),
            quotas,
            {zone: index for index, quota in enumerate(quotas) for zone in quota.zones},
            tariff.roundings[terms.model],
            clock_of(month),
        )

    def _foreign(self, customer_id: str, day: date) -> tuple[Version | None, ...]:
        """The version that the customer knows, and behind it the valid one for destinations that are new."""
        tariff = self.tariff
        standard = tariff.versions[tariff.standard]
        valid = valid_on(standard, day)
        if valid is None or valid is standard[0]:
            return (valid,)
        since = tariff.since(customer_id)
        known = known_on(day, standard, customer_id, since, tariff.notices, tariff.notice_days)
        return (known, valid)

    def _timeline(self, month: Month, versions_on: Callable[[date], tuple[Version | None, ...]]) -> Timeline:
        """What is valid on each day of the month; customers with the same versions share one timeline."""
        segments: list[tuple[int, tuple[Version, ...]]] = []
        for number in range(month.last_day.day):
            day = month.first_day + timedelta(days=number)
            versions = tuple(dict.fromkeys(each for each in versions_on(day) if each is not None))
            if not segments or segments[-1][1] != versions:
                segments.append((day_start_ms(day), versions))
        key = tuple(segments)
        if key not in self._timelines:
            self._timelines[key] = tuple(
                (since, tuple(self._table(version) for version in versions))
                for since, versions in reversed(segments)
            )
        return self._timelines[key]

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
