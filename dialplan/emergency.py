"""Calls to 110 and 112: always, first, with the number shown (B8, TKG § 164, NotrufV § 4)."""

from __future__ import annotations

from typing import Final

from dialplan.caller import Origin
from dialplan.causes import Cause
from dialplan.decision import CallFacts, Decision, Route, refuse
from dialplan.legs import Caller, emergency_leg
from dialplan.reasons import reason
from dialplan.snapshot import Snapshot

_EVERY_FAILURE: Final = frozenset(Cause)


def emergency(snapshot: Snapshot, origin: Origin, digits: str, facts: CallFacts) -> Decision:
    """Over every emergency trunk, whatever the one before failed with."""
    customer = origin.customer.id
    if not snapshot.emergency_trunks:
        why = reason("emergency.no-trunk", customer=customer)
        return refuse(snapshot.version, facts, Cause.NETWORK_OUT_OF_ORDER, why)
    caller = Caller(origin.network_number)
    legs = tuple(emergency_leg(snapshot.trunks[t], digits, caller) for t in snapshot.emergency_trunks)
    why = reason("emergency.route", customer=customer, number=digits)
    return Decision(Route(legs, _EVERY_FAILURE), why, facts, snapshot.version)
