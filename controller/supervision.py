"""Supervisors attend to conversations of their customer: listen, whisper, barge, take over (C5, C8).

The owner of the contact centre has checked that they may. Their phone rings as a leg of the choke point's;
nobody waits for it but a greenlet of its own. Every attempt is logged; who asked writes its audit entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import uuid4

import structlog
from gevent import spawn

from acd.centre import Centre
from acd.orders import Supervise, Supervision
from acd.values import Offer
from controller.errors import LegFailed, NodeAway
from dialplan.legs import Caller, Leg
from dialplan.ringing import to_phones
from dialplan.snapshot import Snapshot

_log = structlog.get_logger(__name__)

#: Seconds that a supervisor's phone rings.
RING_S: Final = 20
#: Who hears the supervisor: the caller, the agent.
_HEARD: Final[Mapping[Supervision, tuple[bool, bool]]] = {
    Supervision.LISTEN: (False, False),
    Supervision.WHISPER: (False, True),
    Supervision.BARGE: (True, True),
    Supervision.TAKE: (True, False),
}


class SupervisorNode(Protocol):
    """Commands to the switch; `at` is a channel of the conversation. All raise NodeAway and LegFailed."""

    def ring_supervisor(
        self,
        at: str,
        customer_id: str,
        offer_id: int,
        leg: Leg,
        leg_id: str,
        ring_s: int,
        facts: Mapping[str, str],
        *,
        heard_by_caller: bool,
        heard_by_agent: bool,
    ) -> None: ...
    def signal(self, at: str) -> None: ...
    def watch(self, at: str, leg_id: str) -> None: ...
    def take(self, at: str, call_id: str, leg: Leg, leg_id: str) -> None: ...
    def end(self, at: str, leg_id: str) -> None: ...
    def stop(self, customer_id: str, offer_id: int) -> bool: ...


class Callbacks(Protocol):
    """controller.calling_back.CallingBack: the legs to callers who were called back."""

    def legs(self, member_id: str, offer_id: int) -> Sequence[str]:
        """The leg to this caller; where only the owner before knew it, all that it can be."""
        ...

    def let_go(self, member_id: str) -> Callable[[], None]:
        """Somebody else takes the caller: the leg stays when the agent's part ends. Call what is returned
        when that failed."""
        ...


@dataclass(frozen=True, slots=True)
class _Talk:
    """A conversation on the switch: a channel of it, and those of which one is the caller's."""

    offer: Offer
    at: str
    callers: Sequence[str]


class Supervisors:
    """`snapshot` gives what is in force, `leg_of` the agent's leg of an offer, `callbacks` those of a
    customer."""

    def __init__(
        self,
        node: SupervisorNode,
        snapshot: Callable[[], Snapshot],
        leg_of: Callable[[str, int], str],
        callbacks: Callable[[str], Callbacks],
    ) -> None:
        self._node = node
        self._snapshot = snapshot
        self._leg_of = leg_of
        self._callbacks = callbacks

    def begin(
        self, centre: Centre, offer: Offer, order: Supervise, *, called_back: bool = False
    ) -> str | None:
        """Ring the supervisor, in the background; a sentence when there is no phone to ring. `called_back`:
        the call that the order names ended long ago, the caller was called back since."""
        snapshot = self._snapshot()
        phone = snapshot.phones.get(centre.supervisors.get(order.supervisor_id, ""))
        if phone is None or phone.customer_id != centre.spec.id:
            return f"the phone of {order.supervisor_id} is not in service"
        (leg,) = to_phones(snapshot, (phone.id,), Caller(None, withheld=True)).legs
        _log.info(
            "contact centre: a supervisor attends",
            customer=centre.spec.id,
            supervisor=order.supervisor_id,
            how=order.how.value,
            call=order.member_id,
            agent=offer.agent_id,
            signalled=centre.signalled,
        )
        spawn(self._attend, centre, self._talk(centre, offer, order, called_back=called_back), order, leg)
        return None

    def _talk(self, centre: Centre, offer: Offer, order: Supervise, *, called_back: bool) -> _Talk:
        if not called_back:
            return _Talk(offer, order.member_id, (order.member_id,))
        legs = self._callbacks(centre.spec.id).legs(order.member_id, offer.id)
        return _Talk(offer, self._leg_of(centre.spec.id, offer.id), legs)

    def _attend(self, centre: Centre, talk: _Talk, order: Supervise, leg: Leg) -> None:
        leg_id = str(uuid4())
        try:
            self._ring(centre, talk, order, leg, leg_id)
            if order.how is Supervision.TAKE:
                self._take(centre.spec.id, talk, order.member_id, leg, leg_id)
                return
            if centre.signalled:
                self._node.signal(talk.at)
            self._node.watch(talk.at, leg_id)
        except (LegFailed, NodeAway) as error:
            _log.warning("a supervisor could not attend", call=order.member_id, error=str(error))
            self._end(talk.at, leg_id)

    def _take(self, customer_id: str, talk: _Talk, member_id: str, leg: Leg, leg_id: str) -> None:
        """The agent's leg ends as soon as the caller is somebody else's, so the callback is let go before."""
        hold_again = self._callbacks(customer_id).let_go(member_id)
        try:
            self._take_one_of(talk, leg, leg_id)
        except (LegFailed, NodeAway):
            hold_again()
            raise
        self._node.stop(customer_id, talk.offer.id)

    def _take_one_of(self, talk: _Talk, leg: Leg, leg_id: str) -> None:
        *others, last = talk.callers
        for each in others:
            try:
                self._node.take(talk.at, each, leg, leg_id)
            except LegFailed:
                continue  # this attempt to call back reached nobody
            return
        self._node.take(talk.at, last, leg, leg_id)

    def _ring(self, centre: Centre, talk: _Talk, order: Supervise, leg: Leg, leg_id: str) -> None:
        heard_by_caller, heard_by_agent = _HEARD[order.how]
        facts = {
            "fernamt_call": talk.callers[0],
            "fernamt_reason": "queue.supervisor",
            "fernamt_version": str(self._snapshot().version),
            "fernamt_direction": "in",
            "fernamt_queue": talk.offer.queue_id,
            "fernamt_agent": order.supervisor_id,
        }
        self._node.ring_supervisor(
            talk.at,
            centre.spec.id,
            talk.offer.id,
            leg,
            leg_id,
            RING_S,
            facts,
            heard_by_caller=heard_by_caller,
            heard_by_agent=heard_by_agent,
        )

    def _end(self, at: str, leg_id: str) -> None:
        try:
            self._node.end(at, leg_id)
        except (LegFailed, NodeAway):
            return  # it is gone already, or ends by itself where it waits
