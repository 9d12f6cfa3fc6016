"""Calling a caller back once an agent has answered for him: by the choke point, trunk after trunk (C1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import structlog

from acd.effects import CallBack
from acd.events import CallbackMissed, CallbackReached, Event
from controller.errors import LegFailed, NodeAway
from dialplan.call import Behalf, CallOffered, Via
from dialplan.decision import Decision, Route
from dialplan.legs import Leg
from dialplan.place import asked_for
from numbering.e164 import E164

_log = structlog.get_logger(__name__)

#: Tries of one callback, each a call of its own in the records.
MAX_TRIES: Final = 4
#: Legs that are remembered, to be ended.
MOST_LEGS: Final = 1_000


class CallbackNode(Protocol):
    """Commands to the switch. All methods raise NodeAway; those about a leg LegFailed with the cause."""

    def callback_leg(self, customer_id: str, offer_id: int, attempt: int) -> str:
        """The id that the leg to the caller gets."""
        ...

    def tell_agent(self, customer_id: str, offer_id: int, sound: str) -> None:
        """Play to the agent, then ringing, until the caller is there."""
        ...

    def node_of(self, customer_id: str, offer_id: int) -> str:
        """The name of the node that the agent's leg is on: the caller's is made there too."""
        ...

    def call_back(
        self, customer_id: str, offer_id: int, offered: CallOffered, decision: Decision, leg: Leg
    ) -> None:
        """Call until the caller answers."""
        ...

    def join_called_back(self, customer_id: str, offer_id: int, leg_id: str) -> None:
        """Caller and agent hear each other."""
        ...

    def end(self, customer_id: str, offer_id: int, leg_id: str) -> None:
        """End the caller's leg, ringing or answered."""
        ...


class CallingBack:
    """For one customer. `decide` is the decider's, `ended` is told of calls that hold nothing of limits any
    more, `tell` takes the result."""

    def __init__(
        self,
        customer_id: str,
        node: CallbackNode,
        decide: Callable[[CallOffered], Decision],
        ended: Callable[[str], None],
    ) -> None:
        self._customer_id = customer_id
        self._node = node
        self._decide = decide
        self._ended = ended
        #: Legs to callers, by the caller: ringing, or talking with the agent.
        self._legs: dict[str, tuple[int, str]] = {}

    def call(self, back: CallBack, sound: str, tell: Callable[[Event], bool]) -> None:
        """Call and join; then it is told whether the caller was reached."""
        reached = False
        try:
            reached = self._called(back, sound)
        except NodeAway as error:
            _log.warning("a caller could not be called back", call=back.member_id, error=str(error))
        tell(CallbackReached(back.member_id) if reached else CallbackMissed(back.member_id))

    def knows(self, member_id: str) -> bool:
        """Whether a leg to this caller is up."""
        return member_id in self._legs

    def legs(self, member_id: str, offer_id: int) -> tuple[str, ...]:
        """The leg to this caller; where only the owner before knew it, all that it can be, the last first."""
        if (known := self._legs.get(member_id)) is not None:
            return (known[1],)
        attempts = reversed(range(MAX_TRIES))
        return tuple(self._node.callback_leg(self._customer_id, offer_id, each) for each in attempts)

    def let_go(self, member_id: str) -> Callable[[], None]:
        """Somebody else takes the caller: the leg stays when the agent's part ends, and so does what it holds
        of limits, until its node lists it no more. Call what is returned when that failed."""
        known = self._legs.pop(member_id, None)

        def hold_again() -> None:
            if known is not None:
                self._legs[member_id] = known

        return hold_again

    def over(self, member_id: str) -> None:
        """The conversation has ended, or nobody waits for this callback any more: stop what still rings."""
        known = self._legs.pop(member_id, None)
        if known is None:
            return
        offer_id, leg_id = known
        self._ended(leg_id)
        try:
            self._node.end(self._customer_id, offer_id, leg_id)
        except LegFailed:
            pass  # it is gone already
        except NodeAway as error:
            _log.warning("a called-back leg could not be ended", call=leg_id, error=str(error))

    def _called(self, back: CallBack, sound: str) -> bool:
        if back.number is None:
            return False
        try:
            self._node.tell_agent(self._customer_id, back.offer_id, sound)
        except LegFailed:
            return False  # the agent has hung up already
        for attempt in range(MAX_TRIES):
            answered = self._tried(back, attempt)
            if answered is not None:
                return answered
        return False

    def _tried(self, back: CallBack, attempt: int) -> bool | None:
        """Whether the caller was reached; None: another trunk may reach him."""
        leg_id = self._node.callback_leg(self._customer_id, back.offer_id, attempt)
        line = E164(back.line) if back.line is not None else None
        behalf = Behalf(self._customer_id, line)
        node = self._node.node_of(self._customer_id, back.offer_id)
        offered = asked_for(back.number or "", Via.CALLBACK, behalf, call_id=leg_id, node=node)
        decision = self._decide(offered)
        route = decision.outcome
        if not isinstance(route, Route) or attempt >= len(route.legs):
            _log.info("no callback", call=back.member_id, reason=decision.reason.id)
            self._ended(leg_id)
            return False
        self._legs[back.member_id] = (back.offer_id, leg_id)
        while len(self._legs) > MOST_LEGS:  # of callers whose owner this is no longer
            del self._legs[next(iter(self._legs))]
        try:
            self._node.call_back(self._customer_id, back.offer_id, offered, decision, route.legs[attempt])
        except LegFailed as error:
            self._legs.pop(back.member_id, None)
            self._ended(leg_id)
            again = {cause.switch_name for cause in route.next_leg_causes}
            return None if error.cause in again else False
        if self._legs.get(back.member_id) != (back.offer_id, leg_id):
            return False  # nobody waits for it any more
        try:
            self._node.join_called_back(self._customer_id, back.offer_id, leg_id)
        except LegFailed:
            self.over(back.member_id)
            return False
        return True
