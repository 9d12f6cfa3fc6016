"""Calls of agents that no queue gave: the agent is busy, and the contact centre's owner has to know (C4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from gevent import spawn

from acd.events import Event, OwnCallBegan, OwnCallEnded
from acd.orders import codes_of
from acd.state import State
from controller.errors import StoreAway
from controller.places import UNPLACED_MS, Places
from controller.tenants import Tenants
from controller.waiting_callers import WaitingCallers
from dialplan.call import CallOffered, Via
from dialplan.decision import Decision, Reject

_log = structlog.get_logger(__name__)


class Bus(Protocol):
    """The way to the owner of a customer's centre. Raises StoreAway."""

    def pass_on(self, customer_id: str, event: Event) -> None:
        """Something that this controller knows and the owner has to hear; nobody waits for an answer."""
        ...


@dataclass(frozen=True, slots=True)
class Caller:
    """An agent who dials, the wrap-up codes of the agent's queues, the configuration version; `capacity` as
    acd.spec.AgentSpec has it."""

    customer_id: str
    agent_id: str
    codes: tuple[str, ...]
    version: int
    capacity: int = 1


class OwnCalls:
    """As many are kept as nodes announce or list; each ends with its call. `clock_ms` does not jump."""

    def __init__(
        self,
        tenants: Tenants,
        places: Places,
        callers: WaitingCallers,
        bus: Bus,
        clock_ms: Callable[[], int],
    ) -> None:
        self._tenants = tenants
        self._places = places
        self._callers = callers
        self._bus = bus
        self._clock_ms = clock_ms
        #: By call: customer, agent, when this controller heard of it.
        self._calls: dict[str, tuple[str, str, int]] = {}

    def caller(self, offered: CallOffered) -> Caller | None:
        """The agent whose phone dials, None for anybody else."""
        if offered.phone_id is None or offered.via is not Via.DIALLED:
            return None
        snapshot = self._tenants.in_force()
        phone = snapshot.phones.get(offered.phone_id)
        centre = self._tenants.configured.get(phone.customer_id) if phone is not None else None
        if phone is None or phone.agent_id is None or centre is None:
            return None
        codes = codes_of(State(centre.spec), phone.agent_id)
        spec = centre.spec.agent.get(phone.agent_id)
        capacity = spec.capacity if spec is not None else 1
        return Caller(phone.customer_id, phone.agent_id, codes, snapshot.version, capacity)

    def decided(self, offered: CallOffered, decision: Decision) -> tuple[str, str] | None:
        """A call that this controller decided: customer and agent when an agent's phone places it. The owner
        is told, wherever it is."""
        if offered.phone_id is None or offered.via is not Via.DIALLED:
            return None
        phone = self._tenants.in_force().phones.get(offered.phone_id)
        if phone is None or phone.agent_id is None or isinstance(decision.outcome, Reject):
            return None
        running = self._tenants.running.get(phone.customer_id)
        if running is None:
            return None
        if running.is_owner:
            self.told(offered.node, phone.customer_id, phone.agent_id, offered.call_id, up=True)
        else:
            spawn(self._pass_on, phone.customer_id, OwnCallBegan(phone.agent_id, offered.call_id))
        return phone.customer_id, phone.agent_id

    def _pass_on(self, customer_id: str, event: Event) -> None:
        try:
            self._bus.pass_on(customer_id, event)
        except StoreAway as error:
            _log.warning("contact centre: the owner did not hear of a call", error=str(error))

    def told(self, node: str, customer_id: str, agent_id: str, leg_id: str, *, up: bool) -> None:
        """An agent is in a call that no queue gave, or no longer: one to the agent's phone, or, `up`, one
        from it (which ends like every caller's)."""
        if up:
            self._places.put(node, leg_id)
            self._began(customer_id, agent_id, leg_id)
        else:
            self._places.drop(leg_id)
            self.ended(leg_id)

    def heard(self, customer_id: str, agent_id: str, call_id: str) -> None:
        """From a node's list or another controller, which may be late: nothing when the call is over."""
        if not self._callers.is_gone(call_id):
            self._began(customer_id, agent_id, call_id)

    def _began(self, customer_id: str, agent_id: str, call_id: str) -> None:
        running = self._tenants.running.get(customer_id)
        if running is not None and call_id not in self._calls:
            self._calls[call_id] = (customer_id, agent_id, self._clock_ms())
            running.tell(OwnCallBegan(agent_id, call_id))

    def ended(self, call_id: str) -> None:
        """Nothing, when it was no agent's own."""
        if (known := self._calls.pop(call_id, None)) is not None:
            customer_id, agent_id, _ = known
            self._tenants.tell(customer_id, OwnCallEnded(agent_id, call_id))

    def listed(
        self, node: str, own: Sequence[tuple[str, str, str]], legs: Mapping[str, bool], as_of_ms: int
    ) -> None:
        """Agents' own calls as the node has them; one that no node has keeps nobody busy."""
        for call_id, customer_id, agent_id in own:
            self.heard(customer_id, agent_id, call_id)
        for call_id, (_, _, heard_ms) in list(self._calls.items()):
            place = self._places.of(call_id)
            known = place is not None or heard_ms < as_of_ms - UNPLACED_MS
            if call_id not in legs and heard_ms < as_of_ms and known and place in (node, None):
                self.ended(call_id)
        for _, running in self._tenants.owned():
            for agent in running.state.agents.values():
                for call_id in agent.own_calls - legs.keys() - self._calls.keys():
                    if not self._places.may_be_elsewhere(call_id, node):
                        running.tell(OwnCallEnded(agent.id, call_id))
