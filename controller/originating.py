"""Calls that a program asks for (click to dial): one party's phone rings first, then the other is called.

Both legs pass the choke point, on the customer's behalf and as the phone that was named: bars, blocks, caller
id and limits hold as for a dialled call, and 110 and 112 are refused, for no human dials them now (NotrufV
§ 4(6)). The second one is looked at before anything rings, and decided when the first has answered.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

import structlog
from gevent import spawn

from controller.errors import LegFailed, NodeAway, StoreAway
from controller.rounds import Rounds
from dialplan.call import Behalf, CallOffered, Via
from dialplan.carrier import Phone
from dialplan.decision import Decision, Reason, Reject, Route
from dialplan.legs import Leg
from dialplan.place import asked_for
from dialplan.reasons import reason
from dialplan.snapshot import Snapshot

_log = structlog.get_logger(__name__)

POLL_S: Final = 0.2
#: First parties that ring at a time for one controller; further requests wait for the others.
MAX_RINGING: Final = 100
#: So long a controller whose node is drained leaves a request to those of other nodes.
LEFT_TO_OTHERS_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class CallRequest:
    """Ring `first`, then call `second` (any spelling; untrusted), for a customer, as its phone `user_id`."""

    id: str
    customer_id: str
    user_id: str | None
    first: str
    second: str


class Progress(StrEnum):
    """How far a call has come. `ringing` is followed by another word, the others are the last one."""

    RINGING = "ringing"
    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CallProgress:
    """`call_id`: that of the first party's leg. `reason` of what was decided last; `cause`: why the first
    party was not reached, by FreeSWITCH's name."""

    progress: Progress
    reason: Reason
    call_id: str | None = None
    cause: str | None = None


class Desk(Protocol):
    """Where requests come from. All methods raise StoreAway."""

    def oldest(self) -> str | None:
        """Stands for the request that waits longest."""
        ...

    def take(self, text: str) -> CallRequest | None:
        """That one, None when another controller was faster."""
        ...

    def tell(self, request_id: str, word: CallProgress) -> None: ...


class Decider(Protocol):
    """controller.calls.CallDecider."""

    @property
    def snapshot(self) -> Snapshot | None: ...
    def decide(self, offered: CallOffered) -> Decision: ...
    def think(self, offered: CallOffered) -> Decision: ...


class Node(Protocol):
    """The switch. Raises NodeAway, and LegFailed with the cause when the leg is not answered."""

    def ring(
        self, offered: CallOffered, decision: Decision, leg: Leg, behalf: Behalf, second: str
    ) -> None: ...


class Originating(Rounds):
    """`start` it to take requests. `new_id` gives the id of a leg; `ended` is told of legs that never were a
    call, so that what they took of limits is free again. `elsewhere`: whether this node is drained and
    another one takes calls; asked when there are requests alone. `clock_s` does not jump."""

    def __init__(
        self,
        desk: Desk,
        node: Node,
        decider: Decider,
        ended: Callable[[str], None],
        new_id: Callable[[], str],
        node_name: str,
        elsewhere: Callable[[], bool] = lambda: False,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(self.look, POLL_S, "taking requests for calls failed")
        self._desk = desk
        self._node = node
        self._decider = decider
        self._ended = ended
        self._new_id = new_id
        self._node_name = node_name
        self._elsewhere = elsewhere
        self._clock_s = clock_s
        self._ringing = 0
        #: A request that is left to others, and since when.
        self._left: tuple[str, float] | None = None

    def look(self) -> None:
        """Take what was asked for, each request in a greenlet of its own."""
        try:
            while self._ringing < MAX_RINGING and (request := self._request()) is not None:
                self._ringing += 1
                spawn(self._serve, request)
        except StoreAway:
            return  # nobody can ask either

    def _request(self) -> CallRequest | None:
        """The oldest one, unless it is for another node's controllers; one that they do not take is ours."""
        oldest = self._desk.oldest()
        if oldest is None:
            return None
        if self._elsewhere():
            if self._left is None or self._left[0] != oldest:
                self._left = oldest, self._clock_s()
            if self._clock_s() - self._left[1] < LEFT_TO_OTHERS_S:
                return None
        return self._desk.take(oldest)

    def _serve(self, request: CallRequest) -> None:
        try:
            word = self._carried_out(request)
            _log.info("call asked for", request=request.id, progress=word.progress, reason=word.reason.id)
            self._desk.tell(request.id, word)
        except StoreAway as error:
            _log.warning("who asked for a call is not told", request=request.id, error=str(error))
        finally:
            self._ringing -= 1

    def _carried_out(self, request: CallRequest) -> CallProgress:
        """The last word about the request."""
        behalf, why = self._behalf(request)
        if why is not None:
            return CallProgress(Progress.REFUSED, why)
        first = self._asked(request.first, behalf)
        thought = self._decider.think(first)
        if not isinstance(thought.outcome, Route):
            return self._refused(first, thought, request)
        behalf = _as_the_phone_that_rings(behalf, thought.outcome.legs[0])
        second = self._asked(request.second, behalf)
        wanted = self._decider.think(second)
        if isinstance(wanted.outcome, Reject):
            return self._refused(second, wanted, request)
        return self._rung(request, behalf, wanted.facts.b_number or "")

    def _behalf(self, request: CallRequest) -> tuple[Behalf, Reason | None]:
        behalf = Behalf(request.customer_id, phone_id=request.user_id)
        snapshot = self._decider.snapshot
        if request.user_id is None or snapshot is None:
            return behalf, None
        phone = snapshot.phones.get(request.user_id)
        if phone is None or phone.customer_id != request.customer_id:
            return behalf, reason("place.no-user", customer=request.customer_id, phone=request.user_id)
        return Behalf(request.customer_id, phone.number, phone.id), None

    def _asked(self, destination: str, behalf: Behalf) -> CallOffered:
        return asked_for(destination, Via.API, behalf, call_id=self._new_id(), node=self._node_name)

    def _refused(self, offered: CallOffered, thought: Decision, request: CallRequest) -> CallProgress:
        """Noted as every refusal is: an emergency call among them raises its alarm."""
        if isinstance(thought.outcome, Reject):
            return CallProgress(Progress.REFUSED, self._decider.decide(offered).reason)
        number = thought.facts.b_number or "-"
        why = reason("place.no-phone", number=number, customer=request.customer_id)
        return CallProgress(Progress.REFUSED, why)

    def _rung(self, request: CallRequest, behalf: Behalf, second: str) -> CallProgress:
        """One phone of the first party after the other, as their decision says; each try is a call of its own
        in the records."""
        position = 0
        while True:
            offered = self._asked(request.first, behalf)
            decision = self._decider.decide(offered)
            route = decision.outcome
            if not isinstance(route, Route) or position >= len(route.legs):
                return CallProgress(Progress.REFUSED, decision.reason)
            ringing = CallProgress(Progress.RINGING, decision.reason, offered.call_id)
            self._desk.tell(request.id, ringing)
            try:
                self._node.ring(offered, decision, route.legs[position], behalf, second)
            except LegFailed as error:
                self._ended(offered.call_id)
                again = {cause.switch_name for cause in route.next_leg_causes}
                if error.cause in again and position + 1 < len(route.legs):
                    position += 1
                    continue
                return CallProgress(Progress.FAILED, decision.reason, offered.call_id, error.cause)
            except NodeAway as error:
                self._ended(offered.call_id)
                return CallProgress(Progress.FAILED, decision.reason, offered.call_id, str(error))
            return CallProgress(Progress.ANSWERED, decision.reason, offered.call_id)


def _as_the_phone_that_rings(behalf: Behalf, leg: Leg) -> Behalf:
    """Without a named phone the call shows the number of the customer's phone that rings first."""
    to = leg.to
    if behalf.phone_id is None and isinstance(to, Phone) and to.customer_id == behalf.customer_id:
        return Behalf(behalf.customer_id, to.number, to.id)
    return behalf
