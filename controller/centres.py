"""The contact centres of all customers in one controller: who owns which, what the switch tells them.

Every controller tries to own every centre; one at a time does (controller/contact_centre.py). All of them
hear of all queued calls over their connections to all nodes, and only the owner acts: so a call is handed
over to its owner by the node itself, whichever controller decided it (docs/decisions/0017).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from acd.centre import Centre
from acd.events import CallerJoined, CallHeld, CallResumed, OfferAnswered, TalkEnded
from acd.names import OfferState
from controller.calling_back import CallingBack
from controller.centre_desk import Desk, DeskService
from controller.contact_centre import ContactCentre, Journal
from controller.node_lists import NodeLists
from controller.own_calls import Caller, OwnCalls
from controller.places import Places
from controller.queue_calls import Node, QueueCalls, TalkRecorder
from controller.supervision import SupervisorNode, Supervisors
from controller.tenants import Tenants
from controller.waiting_callers import WaitingCallers
from dialplan.call import CallOffered
from dialplan.decision import Decision
from dialplan.live import LiveCall
from dialplan.snapshot import Snapshot
from numbering.e164 import E164

#: How long calls are kept waiting for a store that says nothing; they go to the other controllers meanwhile.
ASKED_S: Final = 2.0


class Centres:
    """Listens to the nodes (Audience, QueueSink), decides who owns. `journal` gives a customer's own.

    `looks` ask each node for what it has, which comes as `listed`, ours first; they raise NodeAway.
    `clock_ms` does not jump (controller.contact_centre); `wall_ms` is the time of day, which nodes write into
    their marks. `calling_back` makes a customer's own.
    """

    def __init__(
        self,
        node: Node,
        desk: Desk,
        journal: Callable[[str], Journal],
        looks: Mapping[str, Callable[[], None]],
        places: Places,
        clock_ms: Callable[[], int],
        wall_ms: Callable[[], int],
        supervisors: SupervisorNode,
        recorder: TalkRecorder,
        calling_back: Callable[[str], CallingBack],
    ) -> None:
        self._node = node
        self._journal = journal
        self._places = places
        self._clock_ms = clock_ms
        self._wall_ms = wall_ms
        self._recorder = recorder
        self._calling_back = calling_back
        self._callbacks: dict[str, CallingBack] = {}
        self._tenants = tenants = Tenants(self._begin)
        self._callers = WaitingCallers(tenants, places, clock_ms, wall_ms)
        self._own_calls = OwnCalls(tenants, places, self._callers, desk, clock_ms)
        self._lists = NodeLists(
            tenants, places, self._callers, self._own_calls, node.offer_of, looks, clock_ms, wall_ms
        )
        attending = Supervisors(supervisors, tenants.in_force, node.leg_of, self._callbacks.__getitem__)
        self._desk = DeskService(tenants, places, self._own_calls, attending, desk, tuple(looks))

    def start(self) -> None:
        """Begin to serve. Returns when the store has said who leads the centres, so that the first call of a
        queue is not sent on as if nobody did; after `ASKED_S` without it."""
        self._lists.start()
        self._desk.start()
        self._tenants.wait_until_asked(ASKED_S)

    def stop(self, timeout_s: float) -> None:
        """Give up what is owned; waiting callers wait on for the next owner."""
        self._desk.stop_soon()
        self._tenants.stop(timeout_s)
        self._lists.stop()
        self._desk.join(timeout_s)

    def swap(self, snapshot: Snapshot, centres: Mapping[str, Centre]) -> None:
        """A new configuration: centres begin, change, end."""
        self._tenants.swap(snapshot, centres)

    def served(self) -> frozenset[str]:
        """Customers whose centre takes calls of our node now, here or at another controller."""
        return self._desk.served()

    def led(self) -> dict[str, ContactCentre]:
        """Those that this controller leads now, by customer."""
        return dict(self._tenants.owned())

    def unreadable(self) -> frozenset[str]:
        """Those that nobody leads because what was kept of them cannot be read, by customer."""
        return frozenset(name for name, each in self._tenants.running.items() if each.unreadable)

    def is_awaited(self) -> bool:
        """Whether a caller waits for an agent whom this controller has to find."""
        return any(line for _, each in self._tenants.owned() for line in each.state.lines.values())

    def _begin(self, customer_id: str, centre: Centre) -> ContactCentre:
        self._callbacks[customer_id] = calling_back = self._calling_back(customer_id)
        calls = QueueCalls(
            customer_id,
            self._node,
            lambda: self._tenants.configured.get(customer_id, centre),
            self._tenants.in_force,
            self._lists.want,
            self._recorder,
            calling_back,
            lambda: datetime.fromtimestamp(self._wall_ms() / 1000, UTC),
        )
        journal = self._journal(customer_id)
        running = ContactCentre(centre.spec, journal, calls, self._clock_ms, seed=1, wall_ms=self._wall_ms)
        calls.tell, calls.left = running.tell, self._callers.left
        calls.now_ms = lambda: running.now_ms
        running.start()
        return running

    # -- what agents' phones dial ---------------------------------------------------------------

    def caller(self, offered: CallOffered) -> Caller | None:
        """The agent whose phone dials, None for anybody else."""
        return self._own_calls.caller(offered)

    def decided(self, offered: CallOffered, decision: Decision) -> tuple[str, str] | None:
        """A call that this controller decided: customer and agent when an agent's phone places it. The owner
        is told, wherever it is."""
        return self._own_calls.decided(offered, decision)

    # -- what the switch tells ------------------------------------------------------------------

    def queued(
        self,
        node: str,
        customer_id: str,
        joined: CallerJoined,
        kept: bool,
        shown: E164 | None,
        called: E164 | None = None,
    ) -> None:
        """A caller waits, who shows this number and has called that one. Who comes now has his place now,
        unless it is `kept` from a queue before."""
        self._callers.came(node, customer_id, joined, kept, shown, called)

    def left_by_key(self, call_id: str, customer_id: str) -> None:
        """A waiting caller pressed a key that leads out."""
        self._callers.left_by_key(call_id, customer_id)

    def agent_leg_answered(self, leg_id: str) -> None:
        """An agent has answered, or speaks again. The command that made the phone ring tells it too, but for
        an owner who is gone."""
        for customer_id, running in self._tenants.owned():
            number = self._node.offer_of(customer_id, leg_id) if running.unfinished.rings else None
            if number is None or number not in running.unfinished.rings:
                continue
            offer = running.state.offers.get(number)
            if offer is not None and offer.state is OfferState.RINGING:
                running.tell(OfferAnswered(number))

    def agent_leg_ended(self, leg_id: str) -> None:
        """An agent's leg is over. What still rang is told by its own command, with the cause, but for an
        owner who is gone."""
        for customer_id, running in self._tenants.owned():
            number = self._node.offer_of(customer_id, leg_id)
            offer = running.state.offers.get(number) if number is not None else None
            if offer is None:
                continue
            if offer.state is not OfferState.RINGING or offer.id in running.unfinished.rings:
                running.tell(TalkEnded(offer.id))

    def agent_leg_held(self, leg_id: str, *, held: bool) -> None:
        """An agent's phone has put the caller on hold, or speaks again."""
        for customer_id, running in self._tenants.owned():
            number = self._node.offer_of(customer_id, leg_id)
            if number is not None and number in running.state.offers:
                running.tell(CallHeld(number) if held else CallResumed(number))

    def own_call(self, node: str, customer_id: str, agent_id: str, leg_id: str, *, up: bool) -> None:
        """An agent is in a call that no queue gave, or no longer: one to the agent's phone, or, `up`, one
        from it (which ends like every caller's)."""
        self._own_calls.told(node, customer_id, agent_id, leg_id, up=up)

    def listed(
        self,
        node: str,
        waiting: Sequence[tuple[str, CallerJoined]],
        legs: Mapping[str, bool],
        talking: Mapping[str, str],
        own: Sequence[tuple[str, str, str]],
        as_of: datetime,
    ) -> None:
        """Everything that the node has: callers with the mark of a queue, all legs and whether they are
        answered, agents' legs that talk and with whom, agents' own calls (call, customer, agent)."""
        self._lists.listed(node, waiting, legs, talking, own, as_of)

    def lost(self, node: str) -> None:
        """The connection to the node has ended."""
        self._places.lost(node)

    def answered(self, call_id: str, at: datetime) -> None:
        """Nothing: a caller who waits may be answered or not."""

    def ended(self, call_id: str) -> None:
        """A call is over, whether it waited or talked."""
        self._places.drop(call_id)
        self._own_calls.ended(call_id)
        self._callers.ended(call_id)

    def heartbeat(self, node: str) -> None:
        """Nothing: the owner renews its lease by itself."""

    def resync(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> None:
        """Nothing: `listed` tells more."""
