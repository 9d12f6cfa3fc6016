"""What nodes have, compared with what the owners of contact centres know (C1).

A new owner asks all nodes; each node lists its calls by itself once a minute and when it is back. A node that
says nothing is watched: nobody can be joined with the callers that it has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from gevent import Greenlet, joinall, killall, sleep, spawn
from gevent.event import Event as Flag

from acd.events import CallerJoined, Compared, Joined, OfferAnswered, Unjoined
from acd.names import MemberState, OfferState
from acd.values import Member
from controller.contact_centre import ContactCentre
from controller.errors import NodeAway
from controller.own_calls import OwnCalls
from controller.places import AWAY_MS, GIVEN_UP_MS, UNPLACED_MS, Places
from controller.tenants import Tenants
from controller.waiting_callers import WaitingCallers

_log = structlog.get_logger(__name__)

#: After a take-over, and when a node is back, the nodes are asked at once and after each of these pauses: who
#: came just before may be missing in the first list (seen: 0.1 s), what ended just before may still be in it.
_LOOK_AGAIN_S: Final = (0.3, 0.7, 2.0)
#: How long a node may take to say what it has.
_ANSWER_S: Final = 3.0
#: Between two looks at nodes that are silent.
_SILENT_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Listed:
    """What a node has: all legs and whether they are answered, agents' legs that talk and with whom."""

    node: str
    legs: Mapping[str, bool]
    talking: Mapping[str, str]
    age_ms: int


class NodeLists:
    """`looks` ask each node for what it has, which comes as `listed`; they raise NodeAway. `offer_of` names
    the offer that a leg of the customer belongs to. Clocks as WaitingCallers has them."""

    def __init__(
        self,
        tenants: Tenants,
        places: Places,
        callers: WaitingCallers,
        own_calls: OwnCalls,
        offer_of: Callable[[str, str], int | None],
        looks: Mapping[str, Callable[[], None]],
        clock_ms: Callable[[], int],
        wall_ms: Callable[[], int],
    ) -> None:
        self._tenants = tenants
        self._places = places
        self._callers = callers
        self._own_calls = own_calls
        self._offer_of = offer_of
        self._looks = looks
        self._clock_ms = clock_ms
        self._wall_ms = wall_ms
        self._wanted = Flag()
        self._watchers: list[Greenlet[[], None]] = []

    def start(self) -> None:
        """Ask and watch from now on."""
        self._watchers = [spawn(self._compare), spawn(self._watch_nodes)]

    def stop(self) -> None:
        """At once: they only ask."""
        killall(self._watchers)

    def want(self) -> None:
        """A new owner has to know what there is: ask all nodes soon."""
        self._wanted.set()

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
        self._own_calls.listed(node, own, legs, as_of_ms)  # before: by what was known of their places
        unheard_ms = self._places.silent_since_ms(node)
        returned = self._places.listed(node, marked, as_of_ms)
        there = Listed(node, legs, talking, age_ms)
        for customer_id, running in self._tenants.owned():
            self._tell_what_is_there(customer_id, running, there)
        busy = frozenset(talking.values())
        for customer_id, joined in sorted(waiting, key=lambda each: each[1].since_ms or 0):
            if joined.member_id not in busy:
                self._callers.found(customer_id, joined, unheard_ms)
        if returned:
            self._wanted.set()

    def _tell_what_is_there(self, customer_id: str, running: ContactCentre, listed: Listed) -> None:
        """To one owner. What may be on another node is not this one's to judge; and a conversation that the
        owner knows nothing of, because its node was away for long, is nobody's to end."""
        state, node = running.state, listed.node
        offers: dict[int, bool] = {}
        for leg_id, answered in listed.legs.items():
            number = self._offer_of(customer_id, leg_id)
            partner = listed.talking.get(leg_id)
            is_nobodys = number not in state.offers and partner is not None and partner not in state.members
            if number is not None and not is_nobodys:
                offers[number] = answered
        elsewhere = [each for each in state.members if self._places.may_be_elsewhere(each, node)]
        offers_elsewhere = {number for name in elsewhere for number in state.members[name].offers}
        offers_elsewhere |= self._called_back_elsewhere(customer_id, running, node)
        there = frozenset(listed.legs).union(elsewhere)
        as_of_ms = running.now_ms - listed.age_ms
        legs_of = frozenset(offers) | offers_elsewhere
        inherited = frozenset(running.unfinished.offers & state.offers.keys())
        running.tell(Compared(there, legs_of, as_of_ms, inherited))
        for number, answered in offers.items():
            offer = state.offers.get(number)
            if answered and offer is not None and offer.state is OfferState.RINGING:
                running.tell(OfferAnswered(number))
        self._tell_who_is_alone(customer_id, running, listed)

    def _tell_who_is_alone(self, customer_id: str, running: ContactCentre, listed: Listed) -> None:
        """Agents who had answered when the owner before died, of those whose legs this node has: with their
        caller, or still to be joined."""
        joins = running.unfinished.joins
        if not joins:
            return
        for leg_id, answered in listed.legs.items():
            number = self._offer_of(customer_id, leg_id)
            if number is None or number not in joins or not answered:
                continue
            offer = running.state.offers.get(number)
            if offer is None or offer.state is not OfferState.CONNECTING:
                del joins[number]
            elif listed.talking.get(leg_id) == offer.member_id:
                del joins[number]
                running.tell(Joined(number))
            elif running.unfinished.is_alone(number):
                del joins[number]
                running.tell(Unjoined(number))

    def _called_back_elsewhere(self, customer_id: str, running: ContactCentre, node: str) -> set[int]:
        """Offers to call somebody back are on the node of the owner who made them; the caller is on none."""
        if len(self._looks) == 1:
            return set()
        known = {self._offer_of(customer_id, each) for each in self._places.on_others(node)}
        young_ms = running.now_ms - UNPLACED_MS
        return {
            each.id
            for each in running.state.offers.values()
            if running.state.members[each.member_id].callback
            and (each.id in known or each.made_ms > young_ms)
        }

    def _compare(self) -> None:
        """For all new owners together."""
        while self._wanted.wait():
            self._wanted.clear()
            self._ask_all()
            for pause_s in _LOOK_AGAIN_S:
                if self._wanted.wait(timeout=pause_s):
                    break  # a newer owner does not wait for the looks of one before
                self._ask_all()

    def _ask_all(self) -> None:
        """Side by side: a node that hangs must not keep the others waiting."""
        joinall([spawn(self._ask, node) for node in self._looks], timeout=_ANSWER_S)

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
            for customer_id, running in self._tenants.owned():
                members = running.state.members.values()
                lost = {
                    each.id
                    for each in members
                    if not each.callback and self._places.is_lost(each.id, _patience_ms(each))
                }
                for name in lost:
                    member = running.state.members[name]
                    self._callers.lost(name, member.wait.queue_id, member.joined_ms)
                if lost:
                    _log.warning(
                        "contact centre: callers on lost nodes", customer=customer_id, count=len(lost)
                    )
                    there = frozenset(running.state.members) - lost
                    running.tell(Compared(there, frozenset(running.state.offers), running.now_ms))


def _patience_ms(member: Member) -> int:
    """How long the member's node may be silent."""
    return GIVEN_UP_MS if member.state is MemberState.ANSWERED else AWAY_MS
