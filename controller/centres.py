"""The contact centres of all customers in one controller: who owns which, what the switch tells them.

Every controller tries to own every centre; one at a time does (controller/contact_centre.py). All of them
hear of all queued calls over their connections to all nodes, and only the owner acts: so a call is handed
over to its owner by the node itself, whichever controller decided it (docs/decisions/0017).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol

import structlog
from gevent import Greenlet, joinall, killall, sleep, spawn
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
from acd.names import CancelReason, MemberState, OfferState
from acd.orders import Supervise, codes_of, refusal, supervised
from acd.state import State
from acd.values import Member
from controller.calling_back import CallingBack
from controller.contact_centre import ContactCentre, Journal
from controller.errors import NodeAway, StoreAway
from controller.places import AWAY_MS, GIVEN_UP_MS, Places
from controller.queue_calls import Node, QueueCalls
from controller.recorder import Recorder
from controller.supervision import SupervisorNode, Supervisors
from dialplan.call import CallOffered, Via
from dialplan.decision import Decision, Reject
from dialplan.live import LiveCall
from dialplan.snapshot import Snapshot
from numbering.e164 import E164

_log = structlog.get_logger(__name__)

#: Callers who are gone and may still stand in what the switch lists, which lags behind its events.
_GONE_LIMIT: Final = 10_000
#: A caller who is gone and listed for longer has come back, or never went.
_GONE_MS: Final = 10_000
#: After a take-over, and when a node is back, the nodes are asked twice: what ended just before may still be
#: listed the first time.
_LOOK_AGAIN_S: Final = 3.0
#: An agent's own call that no node has listed for so long is over: each lists its calls once a minute.
_UNPLACED_MS: Final = 150_000
#: Between two looks at nodes that are silent.
_SILENT_S: Final = 1.0
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

    def reach(self, owned: Collection[str], nodes: Collection[str]) -> None:
        """The owner of these customers' centres can command these nodes; gone after a few seconds."""
        ...

    def reached(self, customer_ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """What the owners of these centres said so; customers whose owner said nothing are left out."""
        ...


@dataclass(frozen=True, slots=True)
class Caller:
    """An agent who dials, the wrap-up codes of the agent's queues, and the configuration version."""

    customer_id: str
    agent_id: str
    codes: tuple[str, ...]
    version: int


class Centres:
    """Listens to the nodes (Audience, QueueSink), decides who owns. `journal` gives a customer's own.

    `looks` ask each node for what it has, which comes as `listed`; they raise NodeAway. `clock_ms` does not
    jump (controller.contact_centre); `wall_ms` is the time of day, which nodes write into their marks.
    `calling_back` makes a customer's own.
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
        recorder: Recorder,
        calling_back: Callable[[str], CallingBack],
    ) -> None:
        self._recorder = recorder
        self._node = node
        self._desk = desk
        self._journal = journal
        self._looks = looks
        self._places = places
        self._calling_back = calling_back
        self._clock_ms = clock_ms
        self._wall_ms = wall_ms
        self._snapshot: Snapshot | None = None
        self._supervisors = Supervisors(supervisors, self._in_force)
        self._configured: dict[str, Centre] = {}
        self._centres: dict[str, ContactCentre] = {}
        self._gone: OrderedDict[str, int] = OrderedDict()
        #: Customers of callers who were told to the owner; its state may not have them yet.
        self._joining: dict[str, str] = {}
        #: Calls of agents' own: customer, agent, when this controller heard of them.
        self._own: dict[str, tuple[str, str, int]] = {}
        #: Our node comes first.
        self._home = next(iter(looks))
        #: Nodes that the owner of a centre can command: a call on another one would wait in vain.
        self._reach: Mapping[str, frozenset[str]] = {}
        self._wanted = Flag()
        self._stopping = Flag()
        self._watchers: list[Greenlet[[], None]] = []
        self._server: Greenlet[[], None] | None = None

    def start(self) -> None:
        """Begin to serve."""
        self._watchers = [spawn(self._compare), spawn(self._watch_nodes)]
        self._server = spawn(self._serve_desk)

    def stop(self, timeout_s: float) -> None:
        """Give up what is owned; waiting callers wait on for the next owner."""
        self._stopping.set()
        for each in self._centres.values():
            each.stop(timeout_s)
        killall(self._watchers)  # they only ask
        if self._server is not None:
            self._server.join(timeout=timeout_s)

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
        """Customers whose centre takes calls of our node now, here or at another controller."""
        serving = (name for name, each in self._centres.items() if each.serves)
        if len(self._looks) == 1:
            return frozenset(serving)
        return frozenset(name for name in serving if self._home in self._reach.get(name, (self._home,)))

    def is_awaited(self) -> bool:
        """Whether a caller waits for an agent whom this controller has to find."""
        return any(line for _, each in self._owned() for line in each.state.lines.values())

    def _begin(self, customer_id: str, centre: Centre) -> None:
        calls = QueueCalls(
            customer_id,
            self._node,
            lambda: self._configured.get(customer_id, centre),
            self._in_force,
            self._wanted.set,
            self._recorder,
            self._calling_back(customer_id),
            lambda: datetime.fromtimestamp(self._wall_ms() / 1000, UTC),
        )
        running = ContactCentre(centre.spec, self._journal(customer_id), calls, self._clock_ms, seed=1)
        calls.tell, calls.left = running.tell, self._left
        calls.now_ms = lambda: running.now_ms
        self._centres[customer_id] = running
        running.start()

    def _in_force(self) -> Snapshot:
        assert self._snapshot is not None  # noqa: S101 - `swap` makes centres
        return self._snapshot

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
        self._places.put(node, joined.member_id)
        self._places.shown[joined.member_id] = shown
        self._places.called[joined.member_id] = called
        self._gone.pop(joined.member_id, None)
        self._join(customer_id, joined if kept else replace(joined, since_ms=None))

    def left_by_key(self, call_id: str, customer_id: str) -> None:
        """A waiting caller pressed a key that leads out."""
        self._left(call_id)
        running = self._centres.get(customer_id)
        if running is not None:
            running.tell(CallerLeft(call_id, CancelReason.EXIT_WITH_KEY))

    def _join(self, customer_id: str, joined: CallerJoined) -> None:
        """The mark's time of day as the tenant's time."""
        running = self._centres.get(customer_id)
        if running is not None:
            since_ms = joined.since_ms
            if since_ms is not None:
                since_ms = running.now_ms - max(0, self._wall_ms() - since_ms)
            needs = self._configured[customer_id].needs.get(joined.queue_id, ())
            self._joining[joined.member_id] = customer_id
            running.tell(replace(joined, skills=needs, since_ms=since_ms))

    def agent_leg_ended(self, leg_id: str) -> None:
        """An agent's leg is over. What still rang is told by its own command, with the cause."""
        for customer_id, running in self._owned():
            number = self._node.offer_of(customer_id, leg_id)
            offer = running.state.offers.get(number) if number is not None else None
            if offer is not None and offer.state is not OfferState.RINGING:
                running.tell(TalkEnded(offer.id))

    def own_call(self, node: str, customer_id: str, agent_id: str, leg_id: str, *, up: bool) -> None:
        """An agent is in a call that no queue gave, or no longer: one to the agent's phone, or, `up`, one
        from it (which ends like every caller's)."""
        if up:
            self._places.put(node, leg_id)
            self._own_began(customer_id, agent_id, leg_id)
        else:
            self._places.drop(leg_id)
            self._own_ended(leg_id)

    def _own_began(self, customer_id: str, agent_id: str, leg_id: str) -> None:
        running = self._centres.get(customer_id)
        if running is not None and leg_id not in self._own:
            self._own[leg_id] = (customer_id, agent_id, self._clock_ms())
            running.tell(OwnCallBegan(agent_id, leg_id))

    def caller(self, offered: CallOffered) -> Caller | None:
        """The agent whose phone dials, None for anybody else."""
        if offered.phone_id is None or offered.via is not Via.DIALLED:
            return None
        snapshot = self._in_force()
        phone = snapshot.phones.get(offered.phone_id)
        centre = self._configured.get(phone.customer_id) if phone is not None else None
        if phone is None or phone.agent_id is None or centre is None:
            return None
        codes = codes_of(State(centre.spec), phone.agent_id)
        return Caller(phone.customer_id, phone.agent_id, codes, snapshot.version)

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
            self.own_call(offered.node, phone.customer_id, phone.agent_id, offered.call_id, up=True)
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
        self, node: str, own: Sequence[tuple[str, str, str]], legs: Mapping[str, bool], as_of_ms: int
    ) -> None:
        """Agents' own calls as the node has them; one that no node has keeps nobody busy."""
        for call_id, customer_id, agent_id in own:
            if call_id not in self._gone:
                self._own_began(customer_id, agent_id, call_id)
        for call_id, (_, _, heard_ms) in list(self._own.items()):
            place = self._places.of(call_id)
            known = place is not None or heard_ms < as_of_ms - _UNPLACED_MS
            if call_id not in legs and heard_ms < as_of_ms and known and place in (node, None):
                self._own_ended(call_id)
        for _, running in self._owned():
            for agent in running.state.agents.values():
                for call_id in agent.own_calls - legs.keys() - self._own.keys():
                    if not self._places.may_be_elsewhere(call_id, node):
                        running.tell(OwnCallEnded(agent.id, call_id))

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
        marked = {joined.member_id for _, joined in waiting} | {each[0] for each in own}
        marked |= {*talking, *talking.values()}
        age_ms = max(0, self._wall_ms() - int(as_of.timestamp() * 1000))
        as_of_ms = self._clock_ms() - age_ms
        self._own_listed(node, own, legs, as_of_ms)  # before: by what was known of their places
        returned = self._places.listed(node, marked, as_of_ms)
        for customer_id, running in self._owned():
            self._tell_what_is_there(customer_id, running, node, legs, talking, running.now_ms - age_ms)
        busy = frozenset(talking.values())
        for customer_id, joined in sorted(waiting, key=lambda each: each[1].since_ms or 0):
            gone_ms = self._gone.get(joined.member_id)
            is_back = gone_ms is None or self._clock_ms() - gone_ms > _GONE_MS
            if is_back and joined.member_id not in busy:
                self._join(customer_id, joined)
        if returned:
            self._wanted.set()

    def _tell_what_is_there(
        self,
        customer_id: str,
        running: ContactCentre,
        node: str,
        legs: Mapping[str, bool],
        talking: Mapping[str, str],
        as_of_ms: int,
    ) -> None:
        """To one owner. What may be on another node is not this one's to judge; and a conversation that the
        owner knows nothing of, because its node was away for long, is nobody's to end."""
        state = running.state
        offers: dict[int, bool] = {}
        for leg_id, answered in legs.items():
            number = self._node.offer_of(customer_id, leg_id)
            partner = talking.get(leg_id)
            is_nobodys = number not in state.offers and partner is not None and partner not in state.members
            if number is not None and not is_nobodys:
                offers[number] = answered
        elsewhere = [each for each in state.members if self._places.may_be_elsewhere(each, node)]
        offers_elsewhere = {number for name in elsewhere for number in state.members[name].offers}
        offers_elsewhere |= self._called_back_elsewhere(customer_id, running, node)
        there = frozenset(legs).union(elsewhere)
        running.tell(Compared(there, frozenset(offers) | offers_elsewhere, as_of_ms))
        for number, answered in offers.items():
            offer = state.offers.get(number)
            if answered and offer is not None and offer.state is OfferState.RINGING:
                running.tell(OfferAnswered(number))

    def _called_back_elsewhere(self, customer_id: str, running: ContactCentre, node: str) -> set[int]:
        """Offers to call somebody back are on the node of the owner who made them; the caller is on none."""
        if len(self._looks) == 1:
            return set()
        known = {self._node.offer_of(customer_id, each) for each in self._places.on_others(node)}
        young_ms = running.now_ms - _UNPLACED_MS
        return {
            each.id
            for each in running.state.offers.values()
            if running.state.members[each.member_id].callback
            and (each.id in known or each.made_ms > young_ms)
        }

    def lost(self, node: str) -> None:
        """The connection to the node has ended."""
        self._places.lost(node)

    def answered(self, call_id: str, at: datetime) -> None:
        """Nothing: a caller who waits may be answered or not."""

    def ended(self, call_id: str) -> None:
        """A call is over, whether it waited or talked."""
        self._places.drop(call_id)
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
        self._gone[call_id] = self._clock_ms()
        if len(self._gone) > _GONE_LIMIT:
            self._gone.popitem(last=False)

    def _owned(self) -> list[tuple[str, ContactCentre]]:
        return [(name, each) for name, each in self._centres.items() if each.is_owner]

    def led(self) -> dict[str, ContactCentre]:
        """Those that this controller leads now, by customer."""
        return dict(self._owned())

    # -- greenlets ------------------------------------------------------------------------------

    def _compare(self) -> None:
        """For all new owners together."""
        while self._wanted.wait():
            self._wanted.clear()
            self._ask_all()
            sleep(_LOOK_AGAIN_S)
            self._ask_all()

    def _ask_all(self) -> None:
        """Side by side: a node that hangs must not keep the others waiting."""
        joinall([spawn(self._ask, node) for node in self._looks], timeout=_LOOK_AGAIN_S)

    def _ask(self, node: str) -> None:
        try:
            self._looks[node]()
        except NodeAway as error:
            # It is asked again, and its connection asks by itself when it is back.
            _log.warning("contact centre: a node did not list its calls", node=node, error=str(error))

    def _watch_nodes(self) -> None:
        """Callers on a node that says nothing cannot be joined with anybody: they are out of the queue, until
        the node is back and they are found by their mark, with the place kept."""
        # Two that wait for one flag with a timeout: gevent 26.9 at times wakes neither when it is set (seen).
        while True:
            sleep(_SILENT_S)
            for customer_id, running in self._owned():
                members = running.state.members.values()
                lost = {
                    each.id
                    for each in members
                    if not each.callback and self._places.is_lost(each.id, _patience_ms(each))
                }
                if lost:
                    _log.warning(
                        "contact centre: callers on lost nodes", customer=customer_id, count=len(lost)
                    )
                    there = frozenset(running.state.members) - lost
                    running.tell(Compared(there, frozenset(running.state.offers), running.now_ms))

    def _serve_desk(self) -> None:
        looks = 0
        while not self._stopping.wait(_LOOK_S):
            looks += 1
            if looks % _SCREEN_EVERY == 0 and len(self._looks) > 1:
                self._tell_reach()
            for customer_id, running in self._owned():
                try:
                    self._take_commands(customer_id, running)
                    if looks % _SCREEN_EVERY == 0:
                        self._desk.show(customer_id, running.state, running.now_ms)
                except StoreAway as error:
                    _log.warning("contact centre: no commands, no screens", error=str(error))
                    self._stopping.wait(1.0)

    def _tell_reach(self) -> None:
        owned = {name for name, _ in self._owned()}
        nodes = self._places.reached
        try:
            self._desk.reach(owned, nodes)
            others = self._desk.reached([name for name in self._centres if name not in owned])
        except StoreAway:
            return  # what was said last holds for as long as anybody is said to own the centre
        self._reach = {**others, **dict.fromkeys(owned, nodes)}

    def _take_commands(self, customer_id: str, running: ContactCentre) -> None:
        while (taken := self._desk.command(customer_id)) is not None:
            command_id, wanted = taken
            match wanted:
                case OwnCallBegan(agent_id=agent_id, call_id=call_id) if call_id not in self._gone:
                    self._own_began(customer_id, agent_id, call_id)
                case StatusChosen() | WrapUpExtended() | WrapUpEnded() | CallerMoved() | QueueFlushed():
                    why = refusal(running.state, wanted, running.now_ms)
                    if why is None and not running.tell(wanted):
                        why = "the contact centre is too far behind; try again"
                    self._desk.answer(command_id, "+ok" if why is None else f"-{why}")
                case Supervise():
                    centre = self._configured[customer_id]
                    talk = supervised(running.state, centre.supervisors, wanted)
                    why = talk if isinstance(talk, str) else self._supervisors.begin(centre, talk, wanted)
                    self._desk.answer(command_id, "+ok" if why is None else f"-{why}")


def _patience_ms(member: Member) -> int:
    """How long the member's node may be silent."""
    return GIVEN_UP_MS if member.state is MemberState.ANSWERED else AWAY_MS
