"""A number inventory and a book of numbers at Microsoft in memory: the ports of the synchronisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from numbering.e164 import E164
from numbering.tenancy import Booked, Consent, Place, TenantFacts
from numbering.tenancy_orders import Kind, Order, OrderState, Refusal, Trouble
from numbering.tenancy_seen import CallSeen, ConsentSeen, NumberSeen


class Inventory:
    """Who has a number now, and at which tenant; `leaving`: the tenant that must let it go first."""

    def __init__(self) -> None:
        self.wanted: dict[E164, tuple[str, str]] = {}
        self.leaving: dict[E164, str] = {}
        self.lives: dict[E164, int] = {}

    def assign(self, number: E164, customer_id: str, tenant_id: str) -> bool:
        """As the inventory allows it: to nobody else, and to no other tenant while it is leaving (A4)."""
        if number in self.wanted or self.leaving.get(number, tenant_id) != tenant_id:
            return False
        self.leaving.pop(number, None)
        self.wanted[number] = (customer_id, tenant_id)
        return True

    def take(self, number: E164) -> None:
        """From its customer."""
        if number in self.wanted:
            self.leaving[number] = self.wanted.pop(number)[1]

    def deactivated(self, numbers: Sequence[E164], at: datetime) -> int:
        """Its life ends: quarantine is left out."""
        for number in numbers:
            del self.leaving[number]
            self.lives[number] = self.lives.get(number, 0) + 1
        return len(numbers)


class MemoryBook:
    """`history`: what orders did to numbers, as we believe."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.consents: dict[str, Consent] = {}
        self.numbers: dict[E164, Booked] = {}
        self.linked: dict[E164, int] = {}
        self.orders: dict[str, Order] = {}
        self.calls: dict[str, str] = {}
        self.unreported: dict[str, CallSeen] = {}
        self.history: list[tuple[str, str, str]] = []
        self.trouble: dict[str, Trouble] = {}

    @contextmanager
    def alone(self) -> Iterator[bool]:
        yield True

    def note_consents(self, seen: Sequence[ConsentSeen], at: datetime, actor: str) -> int:
        told = {each.tenant_id: each.consent for each in seen}
        now = {**dict.fromkeys(self.consents, Consent.ABSENT), **told}
        changed = sum(self.consents.get(id_) is not consent for id_, consent in now.items())
        self.consents = now
        return changed

    def tenants(self, at: datetime, *, every: bool) -> Sequence[str]:
        linked = {tenant_id for _, tenant_id in self.inventory.wanted.values()} | {
            *self.inventory.leaving.values()
        }
        return sorted(linked | {each.tenant_id for each in self.numbers.values()})

    def facts(self, tenant_id: str) -> TenantFacts:
        wanted = {
            number: customer
            for number, (customer, tenant) in self.inventory.wanted.items()
            if tenant == tenant_id
        }
        leaving = frozenset(
            number for number, tenant in self.inventory.leaving.items() if tenant == tenant_id
        )
        book = {
            number: replace(each, renewed=self.inventory.lives.get(number, 0) > self.linked[number])
            for number, each in self.numbers.items()
            if each.tenant_id == tenant_id or number in wanted or number in leaving
        }
        consent = self.consents.get(tenant_id, Consent.ABSENT)
        return TenantFacts(tenant_id, consent, wanted, book, leaving)

    def note_listed(self, tenant_id: str, listed: Sequence[NumberSeen], changed: Sequence[Booked]) -> None:
        self._write(changed)

    def troubles(self) -> Mapping[str, Trouble]:
        return dict(self.trouble)

    def note_trouble(self, trouble: Trouble) -> None:
        self.trouble[trouble.tenant_id] = trouble

    def end_trouble(self, tenant_id: str) -> None:
        self.trouble.pop(tenant_id, None)

    def plan(self, order: Order, numbers: Sequence[Booked], actor: str) -> None:
        assert numbers
        self.orders[order.id] = order
        self._write(numbers)

    def plan_reports(self, at: datetime, new_id: Callable[[], str], actor: str) -> int:
        fresh = [id_ for id_ in self.unreported if id_ not in self.calls]
        if not fresh:
            return 0
        order = Order(new_id(), Kind.REPORT, TENANTS[0], "kunde-0", at, at)
        self.orders[order.id] = order
        self.calls |= dict.fromkeys(fresh, order.id)
        return 1

    def due(self, at: datetime, tenant_id: str | None) -> Sequence[Order]:
        found = [each for each in self.orders.values() if each.open and each.next_at <= at]
        return sorted(found, key=lambda each: (each.next_at, each.id))

    def numbers_of(self, order: Order) -> Mapping[E164, Booked]:
        return {number: each for number, each in self.numbers.items() if each.order_id == order.id}

    def calls_of(self, order: Order) -> Sequence[CallSeen]:
        return [self.unreported[id_] for id_, order_id in self.calls.items() if order_id == order.id]

    def settle(self, order: Order, numbers: Sequence[Booked], refused: Mapping[str, Refusal]) -> None:
        self.orders[order.id] = order
        self._write(numbers)
        self.history += [
            (order.kind.value, order.tenant_id, each.number) for each in numbers if each.number not in refused
        ]
        if order.kind is Kind.REPORT and order.state is OrderState.REFUSED:
            self.calls = {id_: order_id for id_, order_id in self.calls.items() if order_id != order.id}

    def next_due(self) -> datetime | None:
        return min((each.next_at for each in self.orders.values() if each.open), default=None)

    def _write(self, numbers: Sequence[Booked]) -> None:
        for each in numbers:
            before = self.numbers.get(each.number)
            if before is None or before.tenant_id != each.tenant_id:
                assert before is None or before.place is Place.AWAY, "A4"
                self.linked[each.number] = self.inventory.lives.get(each.number, 0)
            self.numbers[each.number] = each


TENANTS = [f"00000000-0000-4000-8000-00000000000{index}" for index in range(3)]
NUMBERS = [E164(f"+49221471000{index}") for index in range(8)]
