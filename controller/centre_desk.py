"""Commands of people to the contact centres that this controller owns, and what they see (C4, C5, C8)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol

import structlog
from gevent import Greenlet, spawn
from gevent.event import Event as Flag

from acd.events import (
    CallerMoved,
    Event,
    OwnCallBegan,
    QueueFlushed,
    StatusChosen,
    WrapUpEnded,
)
from acd.orders import ExtendWrapUp, InHand, Supervise, event_of, in_hand, refusal, supervised
from acd.state import State
from controller.contact_centre import ContactCentre
from controller.errors import StoreAway
from controller.own_calls import OwnCalls
from controller.places import Places
from controller.supervision import Supervisors
from controller.tenants import Tenants

_log = structlog.get_logger(__name__)

#: Between two looks for commands; screens are written every `_SCREEN_EVERY` looks.
_LOOK_S: Final = 0.1
_SCREEN_EVERY: Final = 5


class Desk(Protocol):
    """Commands of people and what they see. All methods raise StoreAway."""

    def command(self, customer_id: str) -> tuple[str, Event | Supervise | ExtendWrapUp | InHand] | None:
        """What somebody wants to happen next, and the id that the answer is asked for by, "" by nobody."""
        ...

    def pass_on(self, customer_id: str, event: Event) -> None:
        """Something that this controller knows and the owner has to hear; nobody waits for an answer."""
        ...

    def answer(self, command_id: str, text: str) -> None:
        """ "+ok", "+" and the call that was asked for, or "-" and why not."""
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


class DeskService:
    """`nodes`, ours first."""

    def __init__(
        self,
        tenants: Tenants,
        places: Places,
        own_calls: OwnCalls,
        supervisors: Supervisors,
        desk: Desk,
        nodes: Sequence[str],
    ) -> None:
        self._tenants = tenants
        self._places = places
        self._own_calls = own_calls
        self._supervisors = supervisors
        self._desk = desk
        self._home, *self._others = nodes
        #: Nodes that the owner of a centre can command: a call on another one would wait in vain.
        self._reach: Mapping[str, frozenset[str]] = {}
        self._stopping = Flag()
        self._server: Greenlet[[], None] | None = None

    def start(self) -> None:
        """Begin to serve."""
        self._server = spawn(self._serve)

    def stop_soon(self) -> None:
        """After the round at hand."""
        self._stopping.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the end that `stop_soon` asked for."""
        if self._server is not None:
            self._server.join(timeout=timeout_s)

    def served(self) -> frozenset[str]:
        """Customers whose centre takes calls of our node now, here or at another controller."""
        configured = self._tenants.configured
        serving = (name for name, each in self._tenants.running.items() if each.serves and name in configured)
        if not self._others:
            return frozenset(serving)
        return frozenset(name for name in serving if self._home in self._reach.get(name, (self._home,)))

    def _serve(self) -> None:
        looks = 0
        while not self._stopping.wait(_LOOK_S):
            looks += 1
            if looks % _SCREEN_EVERY == 0 and self._others:
                self._tell_reach()
            for customer_id, running in self._tenants.owned():
                try:
                    self._take_commands(customer_id, running)
                    if looks % _SCREEN_EVERY == 0 and customer_id in self._tenants.configured:
                        self._desk.show(customer_id, running.state, running.now_ms)
                except StoreAway as error:
                    _log.warning("contact centre: no commands, no screens", error=str(error))
                    self._stopping.wait(1.0)

    def _tell_reach(self) -> None:
        owned = {name for name, _ in self._tenants.owned()}
        nodes = self._places.reached
        try:
            self._desk.reach(owned, nodes)
            others = self._desk.reached([name for name in self._tenants.running if name not in owned])
        except StoreAway:
            return  # what was said last holds for as long as anybody is said to own the centre
        self._reach = {**others, **dict.fromkeys(owned, nodes)}

    def _take_commands(self, customer_id: str, running: ContactCentre) -> None:
        while (taken := self._desk.command(customer_id)) is not None:
            command_id, wanted = taken
            match wanted:
                case OwnCallBegan(agent_id=agent_id, call_id=call_id):
                    self._own_calls.heard(customer_id, agent_id, call_id)
                case StatusChosen() | ExtendWrapUp() | WrapUpEnded() | CallerMoved() | QueueFlushed():
                    why = refusal(running.state, wanted)
                    if why is None and not running.tell(event_of(wanted, running.now_ms)):
                        why = "the contact centre is too far behind; try again"
                    self._desk.answer(command_id, "+ok" if why is None else f"-{why}")
                case Supervise():
                    why = self._attended(customer_id, running.state, wanted)
                    self._desk.answer(command_id, "+ok" if why is None else f"-{why}")
                case InHand():
                    talk = in_hand(running.state, wanted)
                    said = f"-{talk}" if isinstance(talk, str) else f"+{talk.member_id}"
                    self._desk.answer(command_id, said)

    def _attended(self, customer_id: str, state: State, wanted: Supervise) -> str | None:
        """A sentence for the one who asked, None when the supervisor's phone will ring."""
        centre = self._tenants.configured.get(customer_id)
        if centre is None:
            return f"{customer_id} has no queues any more"
        talk = supervised(state, centre.supervisors, wanted)
        if isinstance(talk, str):
            return talk
        called_back = state.members[talk.member_id].callback
        return self._supervisors.begin(centre, talk, wanted, called_back=called_back)
