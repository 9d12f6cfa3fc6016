"""From when to when numbers are in service: their own dates within those of the contract (A6, E11)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from provisioning.schema import ContractEntry, CustomerEntry, NumberEntry, UserEntry

_DAY = timedelta(days=1)


class Service(NamedTuple):
    """Days of service: `first` included, `end` not. None: without that bound."""

    first: date | None
    end: date | None

    def on(self, today: date | None) -> bool:
        """Whether it is in service on this day; without a day, whether it ever is."""
        if today is None:
            return True
        return (self.first is None or self.first <= today) and (self.end is None or today < self.end)


def of_contract(contract: ContractEntry | None) -> Service:
    """The days of the contract; without one there is no bound."""
    if contract is None:
        return Service(None, None)
    return Service(contract.start, contract.end + _DAY if contract.end is not None else None)


def of_number(entry: NumberEntry, contract: Service) -> Service:
    """The days of a number; it begins and ends with the contract unless it says otherwise."""
    first = entry.activated if entry.activated is not None else contract.first
    return Service(first, entry.deactivated if entry.deactivated is not None else contract.end)


def of_user(user: UserEntry) -> Service:
    """The days of a user behind a number (A5), within those of the number."""
    return Service(user.active_from, user.active_until + _DAY if user.active_until is not None else None)


def next_change(customer: CustomerEntry, today: date) -> date | None:
    """The first day after `today` on which something of the customer begins or ends its service.

    Whoever compiled the customer for `today` compiles it again on that day.
    """
    contract = of_contract(customer.contract)
    days = {*contract, *(day for entry in customer.numbers for day in of_number(entry, contract))}
    days |= {day for entry in customer.numbers for user in entry.users for day in of_user(user)}
    return min((day for day in days if day is not None and day > today), default=None)
