"""What a configuration says of its numbers, as the number inventory wants to hear it at an apply (A4-A6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from numbering.e164 import E164
from numbering.life import Assignment
from provisioning.schema import CustomerEntry, NumberEntry
from provisioning.service import of_contract, of_number

_GERMANY: Final = ZoneInfo("Europe/Berlin")
#: For numbers of customers whose contract is not described: they were always in service.
_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)

Assignments = dict[E164, Assignment]


def assignments(customers: Iterable[CustomerEntry], at: datetime) -> Assignments:
    """All numbers of the customers with their particulars; numbers of one entry share one value.

    Of entries that name the same number for different times the one counts that is in service at `at`, else
    the next one, else the last one.
    """
    found: Assignments = {}
    for customer in customers:
        for entry in customer.numbers:
            value = _assignment(customer, entry)
            for first, last in entry.spans():
                for digits in range(first, last + 1):
                    number = E164(f"+{digits}")
                    known = found.get(number)
                    if known is None or _rank(value, at) < _rank(known, at):
                        found[number] = value
    return found


def number_changes(
    before: Iterable[CustomerEntry], now: Iterable[CustomerEntry], at: datetime
) -> tuple[Assignments, Assignments]:
    """For `store.number_transitions.reconcile`: numbers assigned before and now by the customers that changed
    (old and new entries; a new or gone customer is on one side only), without those that stay as they are."""
    old, new = assignments(before, at), assignments(now, at)
    same = {number for number, value in old.items() if new.get(number) == value}
    if same:
        old = {number: value for number, value in old.items() if number not in same}
        new = {number: value for number, value in new.items() if number not in same}
    return old, new


def _assignment(customer: CustomerEntry, entry: NumberEntry) -> Assignment:
    service = of_number(entry, of_contract(customer.contract))
    only_site = customer.sites[0].id if len(customer.sites) == 1 else None
    return Assignment(
        customer_id=customer.id,
        active_from=_midnight(service.first) or _ALWAYS,
        site=entry.site or only_site,
        tenant_id=str(entry.tenant_id) if entry.tenant_id is not None else None,
        contract_end=customer.contract.end if customer.contract is not None else None,
        ported=entry.ported_in,
        active_until=_midnight(service.end),
    )


def _midnight(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day, tzinfo=_GERMANY).astimezone(UTC) if day else None


def _rank(value: Assignment, at: datetime) -> tuple[int, float]:
    """Lower counts more: in service or to come (the earlier the better), then over (the later the better)."""
    over = value.active_until is not None and value.active_until <= at
    return (1, -value.active_from.timestamp()) if over else (0, value.active_from.timestamp())
