"""A customer's numbers with what they ring, for the call path: those in service on a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from dialplan.carrier import AssignedNumber, ToPhones, ToPlan, ToTrunks
from dialplan.emergency.routing import LineAddress
from dialplan.plans.nodes import Plan
from numbering.e164 import E164
from provisioning.checks.numbers import phones_apart
from provisioning.emergency import Addresses
from provisioning.forwarding import forwarding
from provisioning.schema import CustomerEntry, NumberEntry
from provisioning.service import of_contract, of_number, of_user


def idle_numbers(customer: CustomerEntry, today: date | None) -> frozenset[E164]:
    """The customer's numbers that are not in service on that day; without a day all are."""
    if today is None:
        return frozenset()
    contract = of_contract(customer.contract)
    idle = (each for each in customer.numbers if not of_number(each, contract).on(today))
    return frozenset(number for entry in idle for number in _numbers_of(entry))


@dataclass(frozen=True, slots=True)
class Lines:
    """What numbers of a customer may ring: `usable` are its trunks and phones that were compiled."""

    usable: frozenset[str]
    plans: Mapping[str, Plan]
    addresses: Addresses

    def numbers(self, customer: CustomerEntry, today: date | None) -> Iterator[AssignedNumber]:
        """Every number of the customer; those of phones that no entry has ring all phones that share them."""
        contract = of_contract(customer.contract)
        for entry in customer.numbers:
            if not of_number(entry, contract).on(today):
                continue
            target = forwarding(entry, self.usable, customer.id) or self._target(entry)
            if target is not None:
                address = self.addresses.of_site(entry.site)
                for number in _numbers_of(entry):
                    yield AssignedNumber(
                        number, customer.id, target, address=address, tenant_id=entry.tenant_id
                    )
                yield from self._users(customer, entry, target, address, today)
        yield from self._of_phones(customer)

    def _target(self, entry: NumberEntry) -> ToTrunks | ToPhones | ToPlan | None:
        if entry.plan is not None:
            return ToPlan(self.plans[entry.plan])
        ids = tuple(name for name in entry.trunks or entry.phones or () if name in self.usable)
        if not ids:
            return None
        return ToTrunks(ids) if entry.trunks is not None else ToPhones(ids)

    def _users(
        self,
        customer: CustomerEntry,
        entry: NumberEntry,
        target: ToTrunks | ToPhones | ToPlan,
        address: LineAddress | None,
        today: date | None,
    ) -> Iterator[AssignedNumber]:
        """The extensions behind the entry's number that have a user today, as numbers of their own (A5)."""
        seen: set[int] = set()
        for user in entry.users:
            if entry.number is None or user.extension in seen or not of_user(user).on(today):
                continue
            seen.add(user.extension)
            own = ToPhones((user.phone,)) if user.phone in self.usable else target
            whole = E164(f"{entry.number}{user.extension}")
            yield AssignedNumber(
                whole, customer.id, own, behind=entry.number, address=address, tenant_id=entry.tenant_id
            )

    def _of_phones(self, customer: CustomerEntry) -> Iterator[AssignedNumber]:
        shared: dict[E164, list[str]] = {}
        for k, _ in phones_apart(customer):
            phone = customer.phones[k]
            if phone.id in self.usable:
                shared.setdefault(phone.number, []).append(phone.id)
        for number, phone_ids in shared.items():
            phone = next(each for each in customer.phones if each.id == phone_ids[0])
            where = self.addresses.of_phone(phone)
            yield AssignedNumber(number, customer.id, ToPhones(tuple(phone_ids)), address=where)


def _numbers_of(entry: NumberEntry) -> Iterator[E164]:
    if entry.first is not None and entry.last is not None:
        for digits in range(int(entry.first[1:]), int(entry.last[1:]) + 1):
            yield E164(f"+{digits}")
    elif entry.number is not None:
        yield entry.number
    else:
        yield from entry.list or ()
