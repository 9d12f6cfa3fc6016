"""Over which carrier trunks a call to the public network goes, in which order (B1)."""

from __future__ import annotations

from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decision import CallFacts, Decision, Route, refuse
from dialplan.legs import Caller, leg_to_trunk
from dialplan.reasons import reason
from dialplan.snapshot import Snapshot


def to_carriers(
    snapshot: Snapshot, circumstances: Circumstances, number: str, caller: Caller, facts: CallFacts
) -> Decision:
    """The call over the carrier's trunks in order of priority; those known to be down are tried last."""
    customer = facts.customer_id or ""
    if not snapshot.carrier_trunks:
        why = reason("out.no-carrier", customer=customer, number=number)
        return refuse(snapshot.version, facts, Cause.NO_ROUTE_DESTINATION, why)
    down = circumstances.trunks_down
    trunk_ids = snapshot.carrier_trunks
    if down:
        trunk_ids = tuple(sorted(trunk_ids, key=lambda trunk_id: trunk_id in down))
    legs = tuple(leg_to_trunk(snapshot.trunks[t], number, caller) for t in trunk_ids)
    why = reason("out.carrier", customer=customer, number=number)
    return Decision(Route(legs), why, facts, snapshot.version)
