"""The contact centres of all customers in one controller: which run here, which of them it owns (C1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gevent import spawn

from acd.centre import Centre
from acd.events import Event
from controller.contact_centre import ContactCentre
from dialplan.snapshot import Snapshot


class Tenants:
    """`swap` makes them; `begin` makes a customer's own and starts it."""

    def __init__(self, begin: Callable[[str, Centre], ContactCentre]) -> None:
        self._begin = begin
        self._snapshot: Snapshot | None = None
        #: As configured, by customer.
        self.configured: dict[str, Centre] = {}
        #: All that try to own their tenant, by customer.
        self.running: dict[str, ContactCentre] = {}

    def swap(self, snapshot: Snapshot, centres: Mapping[str, Centre]) -> None:
        """A new configuration: centres begin, change, end."""
        self._snapshot = snapshot
        for customer_id in self.running.keys() - centres.keys():
            spawn(self.running.pop(customer_id).stop, 1.0)
        before, self.configured = self.configured, dict(centres)
        for customer_id, centre in centres.items():
            running = self.running.get(customer_id)
            if running is None:
                self.running[customer_id] = self._begin(customer_id, centre)
            elif before[customer_id].spec != centre.spec:
                running.configure(centre.spec)

    def stop(self, timeout_s: float) -> None:
        """Give up what is owned; waiting callers wait on for the next owner."""
        for each in self.running.values():
            each.stop(timeout_s)

    def in_force(self) -> Snapshot:
        """The configuration that `swap` brought last."""
        assert self._snapshot is not None  # noqa: S101 - `swap` makes centres
        return self._snapshot

    def owned(self) -> list[tuple[str, ContactCentre]]:
        """Those that this controller leads now."""
        return [(name, each) for name, each in self.running.items() if each.is_owner]

    def tell(self, customer_id: str, event: Event) -> None:
        """To the customer's centre, if it has one; only its owner acts."""
        if (running := self.running.get(customer_id)) is not None:
            running.tell(event)
