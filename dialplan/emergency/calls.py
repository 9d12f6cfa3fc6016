"""Calls to 110 and 112: always, first, with number and address (B8, B9, TKG § 164, NotrufV § 4).

Nothing here asks for blocks, credit, limits or bars: there is no way from them to an emergency call. What can
refuse one is what the law refuses: an origin abroad, and calls that no human dials (`outgoing`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Final

from dialplan.call import CallOffered
from dialplan.caller.identity import Origin
from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decision import Announce, CallFacts, Decision, Reason, Route, refuse
from dialplan.emergency.invite import EmergencyCall, emergency_number
from dialplan.emergency.routing import EmergencyRoute, EmergencyTarget, LineAddress
from dialplan.legs import MAX_LEGS, Caller, Leg, emergency_leg
from dialplan.reasons import reason
from dialplan.snapshot import Snapshot
from dialplan.trunks.choice import down_last
from numbering.e164 import E164

_EVERY_FAILURE: Final = frozenset(Cause)
#: Seconds of rest before each round over all trunks: peers that are starting again refuse at once, and all
#: would have failed within a tenth of a second. Beside what a long round has cost they are little.
_PAUSES_S: Final = (0, 1, 3)
#: File of freeswitch/sounds that is played (B9).
NO_LINE_ANNOUNCEMENT: Final = "emergency-no-line"


def emergency(
    offered: CallOffered,
    snapshot: Snapshot,
    circumstances: Circumstances,
    origin: Origin,
    digits: str,
    facts: CallFacts,
) -> Decision:
    """Over every emergency trunk, whatever the one before failed with; those known to be down come last."""
    customer = origin.customer.id
    phone = snapshot.phones.get(offered.phone_id or "")
    if phone is not None and not phone.own_line:
        why = reason("emergency.no-line", customer=customer, phone=phone.id)
        return Decision(Announce(NO_LINE_ANNOUNCEMENT), why, facts, snapshot.version)
    address = address_of(snapshot, origin, offered.phone_id)
    trunk_in = snapshot.trunks.get(origin.trunk_id or "")
    if (address is not None and address.abroad) or (trunk_in is not None and trunk_in.abroad):
        why = reason("emergency.abroad", customer=customer, number=digits)
        return refuse(snapshot.version, facts, Cause.OUTGOING_CALL_BARRED, why)
    if not snapshot.emergency_trunks:
        why = reason("emergency.no-trunk", customer=customer)
        return refuse(snapshot.version, facts, Cause.NETWORK_OUT_OF_ORDER, why)
    route = snapshot.emergency.route(address, digits, circumstances.now)
    trunk_ids = down_last(snapshot.emergency_trunks, circumstances)
    line = EmergencyLine(origin.network_number, address, offered.claimed_location)
    legs = emergency_legs(snapshot, trunk_ids, line, digits, route)
    why = _why(snapshot, customer, digits, route)
    return Decision(Route(legs, _EVERY_FAILURE), why, facts, snapshot.version)


@dataclass(frozen=True, slots=True)
class EmergencyLine:
    """Who calls: the line's number, its contract address, and what its own system says of the place."""

    number: E164
    address: LineAddress | None
    claimed_location: str | None = None


def emergency_legs(
    snapshot: Snapshot, trunk_ids: Iterable[str], line: EmergencyLine, digits: str, route: EmergencyRoute
) -> tuple[Leg, ...]:
    """One leg for each of the trunks, in this order, and then all of them twice more, as far as `MAX_LEGS`
    reach, each time after a pause and without haste: a call must not be lost because every path was slow, or
    failed for a moment. Also for the static dialplan (without a controller)."""
    trunks = [snapshot.trunks[each] for each in trunk_ids]
    attempts = max(len(trunks), min(MAX_LEGS, len(_PAUSES_S) * len(trunks)))
    legs = []
    for position, trunk in enumerate(islice(cycle(trunks), attempts)):
        done, in_round = divmod(position, len(trunks))
        form = trunk.emergency_form
        call = EmergencyCall(
            dialled=digits,
            form=form,
            route=route,
            address=line.address,
            provider_id=snapshot.emergency.provider_id,
            claimed_location=line.claimed_location if form.claimed_location else None,
        )
        number = emergency_number(form, digits, route)
        patient = len(trunks) == 1 or done > 0 or position >= MAX_LEGS - 1
        pause_s = 0 if in_round else _PAUSES_S[done]
        legs.append(emergency_leg(trunk, number, Caller(line.number), call, patient=patient, pause_s=pause_s))
    return tuple(legs)


def address_of(snapshot: Snapshot, origin: Origin, phone_id: str | None) -> LineAddress | None:
    """The line's contract address: the phone's own site, the number's, else the customer's only one."""
    phone = snapshot.phones.get(phone_id or "")
    if phone is not None and phone.address is not None:
        return phone.address
    assigned = snapshot.numbers.get(origin.network_number)
    return (assigned.address if assigned else None) or origin.customer.address


def _why(snapshot: Snapshot, customer: str, digits: str, route: EmergencyRoute) -> Reason:
    """Whoever keeps areas wants to know of lines without one; who leaves the routing to carriers does not."""
    trunks = (snapshot.trunks[each] for each in snapshot.emergency_trunks)
    if route.area is not None or not (
        len(snapshot.emergency.areas)
        or any(trunk.emergency_form.target is EmergencyTarget.CODE for trunk in trunks)
    ):
        return reason("emergency.route", customer=customer, number=digits)
    found = "emergency.no-area" if route.code is None else "emergency.default-area"
    return reason(found, customer=customer, number=digits)
