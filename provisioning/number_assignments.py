"""What a configuration says of its numbers, as the number inventory wants to hear it at an apply (A4-A6)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any, Final

from numbering.german_time import GERMAN_TIME
from numbering.life import Assignment
from provisioning.checks.numbers import phones_apart
from provisioning.schema import CustomerEntry, NumberEntry, PhoneEntry
from provisioning.service import Service, of_contract, of_number
from store.number_following import NumberRange

#: For numbers of customers whose contract is not described: they were always in service.
_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)


def assigned_ranges(customers: Iterable[CustomerEntry]) -> list[NumberRange]:
    """All numbers of the customers with their particulars, in order, neighbours of one kind put together;
    those of phones that no entry has, too. No two share a number (the checks see to it; if an older program
    stored such a thing, the earlier range keeps it)."""
    ranges = sorted((each for customer in customers for each in _ranges(customer)), key=lambda each: each[:2])
    return _joined(ranges)


def number_changes(
    before: Iterable[CustomerEntry], now: Iterable[CustomerEntry], unread: Iterable[str] = ()
) -> tuple[NumberRange, ...]:
    """For `store.number_following`: what changed customers (their old and new entries; a new or gone one is
    on one side only) mean for their numbers, without those that stay as they are. `unread`: stored parts that
    today's schema does not read; only their numbers are taken."""
    raw = [NumberRange(first, last, None) for content in unread for first, last in _stored(content)]
    old, new = assigned_ranges(before), assigned_ranges(now)
    same = set(old) & set(new)
    old, new = [each for each in old if each not in same], [each for each in new if each not in same]
    found: list[NumberRange] = []
    starts = sorted({edge for each in (*old, *new) for edge in (each.first, each.last + 1)})
    olds, news = _Walk(old), _Walk(new)
    for first, after in pairwise(starts):
        was, will = olds.at(first), news.at(first)
        if will is not None and (was is None or was.assignment != will.assignment):
            found.append(NumberRange(first, after - 1, will.assignment))
        elif was is not None and will is None:
            found.append(NumberRange(first, after - 1, None))
    return (*_joined(found), *_apart(raw, new))


class _Walk:
    """The range at a number, for numbers asked in order."""

    def __init__(self, ranges: Sequence[NumberRange]) -> None:
        self._ranges = ranges
        self._index = 0

    def at(self, number: int) -> NumberRange | None:
        while self._index < len(self._ranges) and self._ranges[self._index].last < number:
            self._index += 1
        if self._index == len(self._ranges) or self._ranges[self._index].first > number:
            return None
        return self._ranges[self._index]


def _joined(ranges: Iterable[NumberRange]) -> list[NumberRange]:
    """Neighbours that say the same put together; of what overlaps the earlier one counts."""
    found: list[NumberRange] = []
    for start, last, assignment in ranges:
        before = found[-1] if found else None
        first = start if before is None else max(start, before.last + 1)
        if first > last:
            continue
        if before is not None and _touch(before, first) and before.assignment == assignment:
            found[-1] = before._replace(last=last)
        else:
            found.append(NumberRange(first, last, assignment))
    return found


def _touch(before: NumberRange, first: int) -> bool:
    """Whether the range goes on with this number; 99 and 100 differ in length and are no neighbours."""
    return before.last + 1 == first and len(str(before.first)) == len(str(first))


def _apart(ranges: Iterable[NumberRange], others: Sequence[NumberRange]) -> Iterator[NumberRange]:
    """The parts of the ranges that none of the others covers."""
    for each in _joined(sorted(ranges, key=lambda each: each[:2])):
        start = each.first
        for other in others:
            if other.last < start or other.first > each.last:
                continue
            if other.first > start:
                yield NumberRange(start, other.first - 1, None)
            start = other.last + 1
        if start <= each.last:
            yield NumberRange(start, each.last, None)


def _ranges(customer: CustomerEntry) -> Iterator[NumberRange]:
    contract = of_contract(customer.contract)
    for entry in customer.numbers:
        value = _assignment(customer, entry, of_number(entry, contract))
        for first, last in entry.spans():
            yield NumberRange(first, last, value)
    for k, number in phones_apart(customer):
        yield NumberRange(number, number, _assignment(customer, customer.phones[k], contract))


def _assignment(customer: CustomerEntry, entry: NumberEntry | PhoneEntry, service: Service) -> Assignment:
    only_site = customer.sites[0].id if len(customer.sites) == 1 else None
    numbers = entry if isinstance(entry, NumberEntry) else None
    return Assignment(
        customer_id=customer.id,
        active_from=_midnight(service.first) or _ALWAYS,
        site=entry.site or only_site,
        tenant_id=str(numbers.tenant_id) if numbers and numbers.tenant_id is not None else None,
        contract_end=customer.contract.end if customer.contract is not None else None,
        ported=numbers is not None and numbers.ported_in,
        active_until=_midnight(service.end),
    )


def _midnight(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day, tzinfo=GERMAN_TIME).astimezone(UTC) if day else None


def _stored(content: str) -> Iterator[tuple[int, int]]:
    """The numbers of a stored customer, without the schema: canonical text has them as E.164."""
    tree: dict[str, Any] = json.loads(content)
    for entry in tree.get("numbers") or ():
        if entry.get("first") and entry.get("last"):
            yield int(entry["first"][1:]), int(entry["last"][1:])
        for number in (entry.get("number"), *(entry.get("list") or ())):
            if number:
                yield int(number[1:]), int(number[1:])
    for phone in tree.get("phones") or ():
        yield int(phone["number"][1:]), int(phone["number"][1:])
