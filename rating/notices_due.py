"""Who must be told of which changed foreign prices, until when, and when they hold then (E4, TC 7.10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from rating.berlin import Month
from rating.diff import Change, changes
from rating.notice import first_days, known_on
from rating.price import Kind, Price, Version, Zone
from rating.table import Table, compiled
from rating.tariff import Tariff, valid_on


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A customer for whom a version of the standard list changes foreign prices.

    `known`: the version that the customer pays until then. `tell_by`: the last day of notice that lets the
    new prices hold on their first day. `told_on`: None: there is no proof of notification. `holds_from`: the
    first day on which the customer pays the new prices, None as long as nobody has told.
    """

    customer_id: str
    version: Version
    known: Version
    changes: tuple[Change, ...]
    tell_by: date
    told_on: date | None
    holds_from: date | None


class NoticesDue:
    """Compares each pair of versions once, whatever the number of customers."""

    def __init__(self, tariff: Tariff, today: date) -> None:
        self._tariff = tariff
        self._today = today
        self._changes: dict[tuple[str, str], tuple[Change, ...]] = {}
        self._tables: dict[Version, Table] = {}

    def of_customer(self, customer_id: str) -> Iterator[DueNotice]:
        """Versions that are valid or will be, oldest first; none that changes nothing for the customer."""
        tariff = self._tariff
        standard = tariff.versions[tariff.standard]
        held = first_days(
            standard, customer_id, tariff.since(customer_id), tariff.notices, tariff.notice_days
        )
        for index, version in enumerate(standard):
            over = any(each.valid_from <= self._today for each in standard[index + 1 :])
            if not index or over or version.valid_from <= tariff.since(customer_id):
                continue
            day = max(version.valid_from, self._today)
            if tariff.terms_in(customer_id, Month(day.year, day.month)) is None:
                continue
            known = known_on(version.valid_from - timedelta(days=1), standard[:index], held[:index])
            if known is None:
                continue
            found = tuple(
                each for each in self._between(known, version) if self._concerns(customer_id, each, day)
            )
            if found:
                notice = tariff.notices.get((customer_id, version.list_id, version.version))
                yield DueNotice(
                    customer_id, version, known, found,
                    version.valid_from - timedelta(days=tariff.notice_days + 1),
                    notice.notified_on if notice else None, held[index],
                )  # fmt: skip

    def _between(self, known: Version, version: Version) -> tuple[Change, ...]:
        """Foreign prices that take the place of others."""
        key = (known.version, version.version)
        if key not in self._changes:
            self._changes[key] = tuple(
                each
                for each in changes(known, version, self._today, self._tariff.notice_days)
                if each.before is not None and _zone(each) is Zone.FOREIGN
            )
        return self._changes[key]

    def _concerns(self, customer_id: str, change: Change, day: date) -> bool:
        """Whether no individual price of the customer goes before it (E3)."""
        terms = self._tariff.terms_in(customer_id, Month(day.year, day.month))
        own = self._tariff.versions.get(terms.list_id) if terms and terms.list_id else None
        version = valid_on(own, day) if own else None
        if version is None:
            return True
        if version not in self._tables:
            self._tables[version] = compiled(version)
        entry = self._tables[version].find(change.prefix)
        return entry is None or (isinstance(entry, Price) and entry.kind is Kind.STANDARD)


def _zone(change: Change) -> Zone | None:
    price = change.after or change.before
    return price.zone if price else None
