"""The contact centres of all customers in one controller: which run here, which of them it owns (C1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gevent import sleep, wait
from gevent.pool import Group

from acd.centre import Centre
from acd.events import Event
from acd.spec import TenantSpec
from controller.contact_centre import ContactCentre
from dialplan.snapshot import Snapshot

#: A contact centre whose customer has no queue any more is led on for so long at least: callers come still
#: whom other controllers decided by the configuration before. Then until its last conversation is over.
_CLOSING_S: Final = 60.0
_LOOK_S: Final = 1.0


class Tenants:
    """`swap` makes them; `begin` makes a customer's own and starts it."""

    def __init__(self, begin: Callable[[str, Centre], ContactCentre]) -> None:
        self._begin = begin
        self._snapshot: Snapshot | None = None
        #: As configured, by customer.
        self.configured: dict[str, Centre] = {}
        #: All that try to own their tenant, by customer; those that close are configured no more.
        self.running: dict[str, ContactCentre] = {}
        self._closing = Group()

    def swap(self, snapshot: Snapshot, centres: Mapping[str, Centre]) -> None:
        """A new configuration: centres begin, change, end."""
        self._snapshot = snapshot
        before, self.configured = self.configured, dict(centres)
        for customer_id in before.keys() - centres.keys():
            self._close(customer_id, before[customer_id])
        for customer_id, centre in centres.items():
            running = self.running.get(customer_id)
            if running is None:
                self.running[customer_id] = self._begin(customer_id, centre)
            elif customer_id not in before or before[customer_id].spec != centre.spec:
                running.configure(centre.spec)

    def stop(self, timeout_s: float) -> None:
        """Give up what is owned; waiting callers wait on for the next owner."""
        self._closing.kill()
        for each in self.running.values():
            each.stop(timeout_s)

    def wait_until_asked(self, timeout_s: float) -> None:
        """Until the store was asked of each centre who leads it."""
        wait([each.asked for each in self.running.values()], timeout=timeout_s)

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

    def _close(self, customer_id: str, centre: Centre) -> None:
        """The last queue is gone: its owner sends everybody who waits on in the plan, as with any queue."""
        running = self.running[customer_id]
        running.configure(TenantSpec(centre.spec.id))
        self._closing.spawn(self._end, customer_id, running)

    def _end(self, customer_id: str, running: ContactCentre) -> None:
        left_s = _CLOSING_S
        while left_s > 0 or (running.is_owner and running.state.members):
            sleep(_LOOK_S)
            left_s -= _LOOK_S
            if customer_id in self.configured:
                return  # it has queues again
        if self.running.get(customer_id) is running:
            del self.running[customer_id]
            running.stop(1.0)
