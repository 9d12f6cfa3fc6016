"""`decide`: what becomes of an offered call. Facts in, one decision with its reason out.

Pure and without waiting: everything it needs is in the call, the snapshot and the circumstances
(architecture.md, "The life of a call as data"). This module finds out whose call it is; the rules are in
`incoming` and `outgoing`. Rows B1, B12 of the requirements.
"""

from __future__ import annotations

from dataclasses import replace

from dialplan.call import CallOffered, Entry
from dialplan.caller import Origin, claimed_numbers
from dialplan.carrier import TrunkSide
from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.claims import with_claims
from dialplan.decision import CallFacts, Decision, Direction, refuse
from dialplan.incoming import incoming
from dialplan.outgoing import outgoing
from dialplan.place import place
from dialplan.reasons import reason
from dialplan.snapshot import Snapshot


def decide(offered: CallOffered, snapshot: Snapshot, circumstances: Circumstances) -> Decision:
    """The decision for this call under this configuration version. Never raises for any input of a caller."""
    if offered.behalf is not None:
        return place(offered, snapshot, circumstances)
    return with_claims(_decided(offered, snapshot, circumstances), snapshot, circumstances, offered.phone_id)


def _decided(offered: CallOffered, snapshot: Snapshot, circumstances: Circumstances) -> Decision:
    match offered.entry:
        case Entry.CARRIER:
            trunk = snapshot.trunk_at(offered.source_ip, offered.source_port)
            if trunk is None or trunk.side is not TrunkSide.CARRIER:
                return _stranger(offered, snapshot)
            return incoming(offered, snapshot, circumstances, trunk)
        case Entry.TRUNK:
            trunk = snapshot.trunk_at(offered.source_ip, offered.source_port)
            if trunk is None or trunk.customer_id is None:
                return _stranger(offered, snapshot)
            origin = _trunk_origin(offered, snapshot, trunk.customer_id, trunk.id)
            return outgoing(offered, snapshot, circumstances, origin)
        case Entry.PHONE:
            phone = snapshot.phones.get(offered.phone_id or "")
            if phone is None:
                facts = CallFacts(Direction.NONE)
                return refuse(snapshot.version, facts, Cause.CALL_REJECTED, reason("phone.unknown"), 403)
            origin = Origin(snapshot.customers[phone.customer_id], phone.number, None)
            return outgoing(offered, snapshot, circumstances, origin)


def _stranger(offered: CallOffered, snapshot: Snapshot) -> Decision:
    peer = f"{offered.source_ip}:{offered.source_port}"
    facts = CallFacts(Direction.NONE)
    return refuse(snapshot.version, facts, Cause.CALL_REJECTED, reason("peer.unknown", peer=peer), 403)


def _trunk_origin(offered: CallOffered, snapshot: Snapshot, customer_id: str, trunk_id: str) -> Origin:
    """A customer's trunk may show any number assigned to the customer; else the main number stands in."""
    customer = snapshot.customers[customer_id]
    origin = Origin(customer, customer.main_number, trunk_id)
    line = origin.line(snapshot)
    # Both readings of digits without "+" are safe here: only a number of the customer's own counts.
    for reading in (line, replace(line, plus_optional=True)):
        for claimed in claimed_numbers(offered, reading):
            owner = snapshot.numbers.get(claimed)
            if owner and owner.customer_id == customer_id:
                return Origin(customer, claimed, trunk_id)
    return origin
