"""The contact centres of all customers in one controller: who owns which, what the switch tells them.

Every controller tries to own every centre; one at a time does (controller/contact_centre.py). All of them
hear of all calls over their connections to the nodes, and only the owner acts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

import structlog
from gevent import Greenlet, spawn
from gevent.event import Event as Flag

from acd.centre import Centre
from acd.events import (
    CallerJoined,
    CallerLeft,
    CallerMoved,
    Compared,
    Event,
    OfferAnswered,
    OwnCallBegan,
    OwnCallEnded,
    QueueFlushed,
    StatusChosen,
    TalkEnded,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.names import CancelReason, OfferState
from acd.orders import Supervise, refusal, supervised
from acd.state import State
from controller.contact_centre import ContactCentre, Journal
from controller.errors import NodeAway, StoreAway
from controller.queue_calls import Node, QueueCalls
from controller.supervision import SupervisorNode, Supervisors
from dialplan.call import CallOffered, Via
from dialplan.decision import Decision, Reject
from dialplan.live import LiveCall
from dialplan.snapshot import Snapshot

_log = structlog.get_logger(__name__)

#: Callers who are gone and may still stand in what the switch lists, which lags behind its events.
_GONE_LIMIT: Final = 10_000
#: After a take-over the switch is asked twice: what ended just before may still be listed the first time.
_LOOK_AGAIN_S: Final = 3.0
#: Between two looks for commands; screens are written every `_SCREEN_EVERY` looks.
_LOOK_S: Final = 0.1
_SCREEN_EVERY: Final = 5


class Desk(Protocol):
    """Commands of people and what they see. All methods raise StoreAway."""

    def command(self, customer_id: str) -> tuple[str, Event | Supervise] | None:
        """What somebody wants to happen next, and the id that the answer is asked for by, "" by nobody."""
        ...

    def pass_on(self, customer_id: str, event: Event) -> None:
        """Something that this controller knows and the owner has to hear; nobody waits for an answer."""
        ...

    def answer(self, command_id: str, text: str) -> None:
        """ "+ok", or "-" and why not."""
        ...

    def show(self, customer_id: str, state: State, now_ms: int) -> None:
        """For screens; gone after a few seconds without a new one."""
        ...


class Centres:
    """Listens to the nodes (Audience, QueueSink), decides who owns. `journal` gives a customer's own."""

    def __init__(
        self,
        node: Node,
        desk: Desk,
        journal: Callable[[str], Journal],
        look: Callable[[], None],
        clock_ms: Callable[[], int],
        supervisors: SupervisorNode,
    ) -> None:
        self._node = node
        self._desk = desk
        self._journal = journal
        self._look = look
        self._clock_ms = clock_ms
        self._snapshot: Snapshot | None = None
        self._supervisors = Supervisors(supervisors, self._in_force)
        self._configured: dict[str, Centre] = {}
        self._centres: dict[str, ContactCentre] = {}
        self._gone: OrderedDict[str, None] = OrderedDict()
        #: Customers of callers who were told to the owner; its state may not have them yet.
        self._joining: dict[str, str] = {}
        #: Calls of agents' own: customer, agent, when this controller heard of them.
        self._own: dict[str, tuple[str, str, int]] = {}
        self._wanted = Flag()
        self._stopping = Flag()
        self._greenlets: list[Greenlet[[], None]] = []

    def start(self) -> None:
        """Begin to serve."""
        self._greenlets = [spawn(self._compare), spawn(self._serve_desk)]

    def stop(self, timeout_s: float) -> None:
        """Give up what is owned; waiting callers wait on for the next owner."""
        self._stopping.set()
        self._wanted.set()
        for each in self._centres.values():
            each.stop(timeout_s)
        for greenlet in self._greenlets:
            greenlet.join(timeout=timeout_s)

    def swap(self, snapshot: Snapshot, centres: Mapping[str, Centre]) -> None:
        """A new configuration: centres begin, change, end."""
        self._snapshot = snapshot
        for customer_id in self._centres.keys() - centres.keys():
            spawn(self._centres.pop(customer_id).stop, 1.0)
        before, self._configured = self._configured, dict(centres)
        for customer_id, centre in centres.items():
            running = self._centres.get(customer_id)
            if running is None:
                self._begin(customer_id, centre)
            elif before[customer_id].spec != centre.spec:
                running.configure(centre.spec)

    def served(self) -> frozenset[str]:
        """Customers whose centre takes calls now, here or at another controller."""
        return frozenset(name for name, each in self._centres.items() if each.serves)

    def _begin(self, customer_id: str, centre: Centre) -> None:
        calls = QueueCalls(
            customer_id,
            self._node,
            lambda: self._configured.get(customer_id, centre),
            self._in_force,
            self._wanted.set,
        )
        running = ContactCentre(centre.spec, self._journal(customer_id), calls, self._clock_ms, seed=1)
        calls.tell, calls.left = running.tell, self._left
        self._centres[customer_id] = running
        running.start()

    def _in_force(self) -> Snapshot:
        assert self._snapshot is not None  # noqa: S101 - `swap` makes centres
        return self._snapshot

    # -- what the switch tells ------------------------------------------------------------------

    def queued(self, customer_id: str, joined: CallerJoined, kept: bool) -> None:
        """A caller waits. Who comes now has his place now, unless it is `kept` from a queue before."""
        self._gone.pop(joined.member_id, None)
        self._join(customer_id, joined if kept else replace(joined, since_ms=None))

    def left_by_key(self, call_id: str, customer_id: str) -> None:
        """A waiting caller pressed a key that leads out."""
        self._left(call_id)
        running = self._centres.get(customer_id)
        if running is not None:
            running.tell(CallerLeft(call_id, CancelReason.EXIT_WITH_KEY))

    def _join(self, customer_id: str, joined: CallerJoined) -> None:
        running = self._centres.get(customer_id)
        if running is not None:
            needs = self._configured[customer_id].needs.get(joined.queue_id, ())
            self._joining[joined.member_id] = customer_id
            running.tell(replace(joined, skills=needs))

    def agent_leg_ended(self, leg_id: str) -> None:
        """An agent's leg is over. What still rang is told by its own command, with the cause."""
        for customer_id, running in self._owned():
            number = self._node.offer_of(customer_id, leg_id)
            offer = running.state.offers.get(number) if number is not None else None
            if offer is not None and offer.state is not OfferState.RINGING:
                running.tell(TalkEnded(offer.id))

    def own_call(self, customer_id: str, agent_id: str, leg_id: str, *, up: bool) -> None:
        """An agent is in a call that no queue gave, or no longer: one to the agent's phone, or, `up`, one
        from it (which ends like every caller's)."""
        running = self._centres.get(customer_id)
        if running is None:
            return
        if not up:
            self._own_ended(leg_id)
        elif leg_id not in self._own:
            self._own[leg_id] = (customer_id, agent_id, self._clock_ms())
            running.tell(OwnCallBegan(agent_id, leg_id))

    def decided(self, offered: CallOffered, decision: Decision) -> tuple[str, str] | None:
        """A call that this controller decided: customer and agent when an agent's phone places it. The owner
        is told, wherever it is."""
        if offered.phone_id is None or offered.via is not Via.DIALLED:
            return None
        phone = self._in_force().phones.get(offered.phone_id)
        if phone is None or phone.agent_id is None or isinstance(decision.outcome, Reject):
            return None
        running = self._centres.get(phone.customer_id)
        if running is None:
            return None
        if running.is_owner:
            self.own_call(phone.customer_id, phone.agent_id, offered.call_id, up=True)
        else:
            spawn(self._pass_on, phone.customer_id, OwnCallBegan(phone.agent_id, offered.call_id))
        return phone.customer_id, phone.agent_id

    def _pass_on(self, customer_id: str, event: Event) -> None:
        try:
            self._desk.pass_on(customer_id, event)
        except StoreAway as error:
            _log.warning("contact centre: the owner did not hear of a call", error=str(error))

    def _own_ended(self, call_id: str) -> None:
        if (known := self._own.pop(call_id, None)) is not None:
            customer_id, agent_id, _ = known
            if (running := self._centres.get(customer_id)) is not None:
                running.tell(OwnCallEnded(agent_id, call_id))

    def _own_listed(
        self, own: Sequence[tuple[str, str, str]], legs: Mapping[str, bool], as_of_ms: int
    ) -> None:
        """Agents' own calls as the switch has them; one that it does not have keeps nobody busy."""
        for call_id, customer_id, agent_id in own:
            if call_id not in self._gone:
                self.own_call(customer_id, agent_id, call_id, up=True)
        for call_id in [each for each, known in self._own.items() if known[2] < as_of_ms]:
            if call_id not in legs:
                self._own_ended(call_id)
        for _, running in self._owned():
            for agent in running.state.agents.values():
                for call_id in agent.own_calls - legs.keys() - self._own.keys():
                    running.tell(OwnCallEnded(agent.id, call_id))

    def listed(
        self,
        waiting: Sequence[tuple[str, CallerJoined]],
        legs: Mapping[str, bool],
        as_of: datetime,
        own: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        """All channels that the switch has, and whether they are answered; who of them waits where; which
        are agents' own calls (call, customer, agent)."""
        as_of_ms = int(as_of.timestamp() * 1000)
        self._own_listed(own, legs, as_of_ms)
        for customer_id, running in self._owned():
            offers = {
                number: answered
                for leg_id, answered in legs.items()
                if (number := self._node.offer_of(customer_id, leg_id)) is not None
            }
            running.tell(Compared(frozenset(legs), frozenset(offers), as_of_ms))
            for number, answered in offers.items():
                offer = running.state.offers.get(number)
                if answered and offer is not None and offer.state is OfferState.RINGING:
                    running.tell(OfferAnswered(number))
        for customer_id, joined in sorted(waiting, key=lambda each: each[1].since_ms or 0):
            if joined.member_id not in self._gone:
                self._join(customer_id, joined)

    def answered(self, call_id: str, at: datetime) -> None:
        """Nothing: a caller who waits may be answered or not."""

    def ended(self, call_id: str) -> None:
        """A call is over, whether it waited or talked."""
        self._left(call_id)
        self._own_ended(call_id)
        joining = self._joining.pop(call_id, None)
        for customer_id, running in self._owned():
            if customer_id == joining or call_id in running.state.members:
                running.tell(CallerLeft(call_id, CancelReason.BREAK_OUT))

    def heartbeat(self, node: str) -> None:
        """Nothing: the owner renews its lease by itself."""

    def resync(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> None:
        """Nothing: `listed` tells more."""

    def _left(self, call_id: str) -> None:
        self._gone[call_id] = None
        if len(self._gone) > _GONE_LIMIT:
            self._gone.popitem(last=False)

    def _owned(self) -> list[tuple[str, ContactCentre]]:
        return [(name, each) for name, each in self._centres.items() if each.is_owner]

    # -- greenlets ------------------------------------------------------------------------------

    def _compare(self) -> None:
        """For all new owners together."""
        while self._wanted.wait() and not self._stopping.is_set():
            self._wanted.clear()
            self._ask()
            self._stopping.wait(_LOOK_AGAIN_S)
            self._ask()

    def _ask(self) -> None:
        try:
            self._look()
        except NodeAway as error:
            # The connection asks by itself when it is back.
            _log.warning("contact centre: the switch did not list its calls", error=str(error))

    def _serve_desk(self) -> None:
        looks = 0
        while not self._stopping.wait(_LOOK_S):
            looks += 1
            for customer_id, running in self._owned():
                try:
                    self._take_commands(customer_id, running)
                    if looks % _SCREEN_EVERY == 0:
                        self._desk.show(customer_id, running.state, self._clock_ms())
                except StoreAway as error:
                    _log.warning("contact centre: no commands, no screens", error=str(error))
                    self._stopping.wait(1.0)

    def _take_commands(self, customer_id: str, running: ContactCentre) -> None:
        while (taken := self._desk.command(customer_id)) is not None:
            command_id, wanted = taken
            match wanted:
                case OwnCallBegan(agent_id=agent_id, call_id=call_id) if call_id not in self._gone:
                    self.own_call(customer_id, agent_id, call_id, up=True)
                case StatusChosen() | WrapUpExtended() | WrapUpEnded() | CallerMoved() | QueueFlushed():
                    why = refusal(running.state, wanted, self._clock_ms())
                    if why is None and not running.tell(wanted):
                        why = "the contact centre is too far behind; try again"
                    self._desk.answer(command_id, "+ok" if why is None else f"-{why}")
                case Supervise():
                    centre = self._configured[customer_id]
                    talk = supervised(running.state, centre.supervisors, wanted)
                    why = talk if isinstance(talk, str) else self._supervisors.begin(centre, talk, wanted)
                    self._desk.answer(command_id, "+ok" if why is None else f"-{why}")
