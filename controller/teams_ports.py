"""What the synchronisation with Microsoft needs: the other side, our book, the number inventory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from numbering.e164 import E164
from numbering.tenancy import Booked, TenantFacts
from numbering.tenancy_orders import (
    Accepted,
    Away,
    Ended,
    Forgotten,
    Order,
    Refusal,
    Rejected,
    Running,
    Trouble,
)
from numbering.tenancy_seen import CallSeen, ConsentSeen, NumberSeen


class OperatorConnectPort(Protocol):
    """The other side. Nothing is raised for what it says or does not say: that is an answer."""

    def consents(self) -> tuple[ConsentSeen, ...] | Away | Rejected:
        """Every consent."""
        ...

    def numbers(self, tenant_id: str) -> tuple[NumberSeen, ...] | Away | Rejected:
        """Our numbers at a tenant."""
        ...

    def send(self, order: Order, numbers: Sequence[E164]) -> Accepted | Away | Rejected:
        """Upload or release; the same key is the same order."""
        ...

    def report(self, order: Order, calls: Sequence[CallSeen]) -> Accepted | Away | Rejected:
        """Tell of calls; the same key is the same report."""
        ...

    def poll(self, order: Order) -> Running | Ended | Forgotten | Away:
        """How far an order is."""
        ...


class TenantBook(Protocol):
    """What we believe and what we ordered, on disk. Each method is whole or not at all."""

    def alone(self) -> AbstractContextManager[bool]:
        """False while another program synchronises."""
        ...

    def note_consents(self, seen: Sequence[ConsentSeen], at: datetime, actor: str) -> int:
        """All that Microsoft lists; tenants that it lists no more become ABSENT. How many changed."""
        ...

    def tenants(self, at: datetime, *, every: bool) -> Sequence[str]:
        """Tenants with something to do, by our book; `every`: all that have or had numbers."""
        ...

    def facts(self, tenant_id: str) -> TenantFacts:
        """All about its numbers."""
        ...

    def note_listed(self, tenant_id: str, listed: Sequence[NumberSeen], changed: Sequence[Booked]) -> None:
        """Microsoft's list, and what it changes in the book."""
        ...

    def troubles(self) -> Mapping[str, Trouble]:
        """Tenants whose numbers Microsoft does not list, by their ids."""
        ...

    def note_trouble(self, trouble: Trouble) -> None:
        """One more try without a list."""
        ...

    def end_trouble(self, tenant_id: str) -> None:
        """There is a list again, or nothing to ask for."""
        ...

    def plan(self, order: Order, numbers: Sequence[Booked], actor: str) -> None:
        """A new order with its numbers, before it is sent."""
        ...

    def plan_reports(self, at: datetime, new_id: Callable[[], str], actor: str) -> int:
        """New orders for calls over Teams trunks that were not reported yet; how many orders."""
        ...

    def due(self, at: datetime, tenant_id: str | None) -> Sequence[Order]:
        """Open orders whose time has come, the longest due first; some of them, if they are many."""
        ...

    def numbers_of(self, order: Order) -> Mapping[E164, Booked]:
        """Its numbers."""
        ...

    def calls_of(self, order: Order) -> Sequence[CallSeen]:
        """Its calls; those whose record was deleted meanwhile are left out."""
        ...

    def settle(self, order: Order, numbers: Sequence[Booked], refused: Mapping[str, Refusal]) -> None:
        """The order after an answer; with its numbers and their outcomes once it ended."""
        ...


class Deactivation(Protocol):
    """The number inventory, where Teams has let numbers go."""

    def deactivated(self, numbers: Sequence[E164], at: datetime) -> int:
        """Send them on into quarantine; how many went."""
        ...
