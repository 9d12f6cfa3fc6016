"""Supervisors attend to conversations of their customer: listen, whisper, barge, take over (C5, C8).

The owner of the contact centre has checked that they may. Their phone rings as a leg of the choke point's;
nobody waits for it but a greenlet of its own. Every attempt is logged; who asked writes its audit entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    """Commands to the switch. All methods raise NodeAway and LegFailed."""

    def ring_supervisor(
        self,
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
    def signal(self, call_id: str) -> None: ...
    def watch(self, call_id: str, leg_id: str) -> None: ...
    def take(self, call_id: str, leg: Leg, leg_id: str) -> None: ...
    def end(self, call_id: str, leg_id: str) -> None: ...
    def stop(self, customer_id: str, offer_id: int) -> bool: ...


class Supervisors:
    """`snapshot` gives what is in force."""

    def __init__(self, node: SupervisorNode, snapshot: Callable[[], Snapshot]) -> None:
        self._node = node
        self._snapshot = snapshot

    def begin(self, centre: Centre, offer: Offer, order: Supervise) -> str | None:
        """Ring the supervisor, in the background; a sentence when there is no phone to ring."""
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
        spawn(self._attend, centre, offer, order, leg)
        return None

    def _attend(self, centre: Centre, offer: Offer, order: Supervise, leg: Leg) -> None:
        leg_id = str(uuid4())
        try:
            self._ring(centre, offer, order, leg, leg_id)
            if order.how is Supervision.TAKE:
                self._node.take(order.member_id, leg, leg_id)
                self._node.stop(centre.spec.id, offer.id)
                return
            if centre.signalled:
                self._node.signal(order.member_id)
            self._node.watch(order.member_id, leg_id)
        except (LegFailed, NodeAway) as error:
            _log.warning("a supervisor could not attend", call=order.member_id, error=str(error))
            self._end(order.member_id, leg_id)

    def _ring(self, centre: Centre, offer: Offer, order: Supervise, leg: Leg, leg_id: str) -> None:
        heard_by_caller, heard_by_agent = _HEARD[order.how]
        facts = {
            "fernamt_call": order.member_id,
            "fernamt_reason": "queue.supervisor",
            "fernamt_version": str(self._snapshot().version),
            "fernamt_direction": "in",
            "fernamt_queue": offer.queue_id,
            "fernamt_agent": order.supervisor_id,
        }
        self._node.ring_supervisor(
            centre.spec.id,
            offer.id,
            leg,
            leg_id,
            RING_S,
            facts,
            heard_by_caller=heard_by_caller,
            heard_by_agent=heard_by_agent,
        )

    def _end(self, call_id: str, leg_id: str) -> None:
        try:
            self._node.end(call_id, leg_id)
        except (LegFailed, NodeAway):
            return  # it is gone already, or ends by itself where it waits
