"""`decide`: what becomes of an offered call. Facts in, one decision with its reason out.

Pure and without waiting: everything it needs is in the call, the snapshot and the circumstances
(architecture.md, "The life of a call as data"). This module finds out whose call it is; the rules are in
`incoming` and `outgoing`. Rows B1, B12 of the requirements.
"""

from __future__ import annotations

from dialplan.call import CallOffered, Entry
from dialplan.caller.identity import Origin, trunk_origin
from dialplan.carrier import Trunk, TrunkSide
from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decision import CallFacts, Decision, Direction, refuse
from dialplan.incoming import incoming
from dialplan.limits.claims import with_claims
from dialplan.outgoing import outgoing
from dialplan.place import place
from dialplan.reasons import reason
from dialplan.snapshot import Snapshot
from dialplan.teams import teams_origin, teams_trunk
from dialplan.trunks.capacity import admitted, beside


def decide(offered: CallOffered, snapshot: Snapshot, circumstances: Circumstances) -> Decision:
    """The decision for this call under this configuration version. Never raises for any input of a caller."""
    if offered.behalf is not None:
        return place(offered, snapshot, circumstances)
    decision = _decided(offered, snapshot, circumstances)
    again = offered.resume is not None
    return with_claims(decision, snapshot, circumstances, offered.phone_id, again=again)


def _decided(offered: CallOffered, snapshot: Snapshot, circumstances: Circumstances) -> Decision:
    match offered.entry:
        case Entry.CARRIER:
            trunk = snapshot.trunk_at(offered.source_ip, offered.source_port)
            if trunk is None or trunk.side is not TrunkSide.CARRIER:
                return _stranger(offered, snapshot)
            return incoming(offered, snapshot, beside(circumstances, trunk), trunk)
        case Entry.TRUNK:
            trunk = snapshot.trunk_at(offered.source_ip, offered.source_port)
            if trunk is None or trunk.customer_id is None:
                return _stranger(offered, snapshot)
            return _of_trunk(offered, snapshot, circumstances, trunk)
        case Entry.TEAMS:
            trunk = teams_trunk(offered, snapshot)
            if trunk is None:
                facts = CallFacts(Direction.NONE)
                why = reason("teams.unknown-tenant", tenant=(offered.tenant_id or "")[:40])
                return refuse(snapshot.version, facts, Cause.CALL_REJECTED, why, 403)
            return _of_trunk(offered, snapshot, circumstances, trunk)
        case Entry.PHONE if offered.login_id is not None:
            trunk = snapshot.trunk_of_login(offered.login_id)
            if trunk is None or offered.phone_id is not None:
                facts = CallFacts(Direction.NONE)
                why = reason("trunk.unknown", trunk=offered.login_id[:64])
                return refuse(snapshot.version, facts, Cause.CALL_REJECTED, why, 403)
            return _of_trunk(offered, snapshot, circumstances, trunk)
        case Entry.PHONE:
            phone = snapshot.phones.get(offered.phone_id or "")
            if phone is None:
                facts = CallFacts(Direction.NONE)
                return refuse(snapshot.version, facts, Cause.CALL_REJECTED, reason("phone.unknown"), 403)
            customer = snapshot.customers[phone.customer_id]
            origin = Origin(customer, phone.number, None, phone.caller_policy)
            return outgoing(offered, snapshot, circumstances, origin)


def _of_trunk(
    offered: CallOffered, snapshot: Snapshot, circumstances: Circumstances, trunk: Trunk
) -> Decision:
    """The decision for a call from a customer's trunk, as far as it has room for the call."""
    origin_of = trunk_origin if trunk.teams is None else teams_origin
    origin = origin_of(offered, snapshot, trunk)
    decision = outgoing(offered, snapshot, beside(circumstances, trunk), origin)
    return admitted(decision, offered, trunk, circumstances)


def _stranger(offered: CallOffered, snapshot: Snapshot) -> Decision:
    peer = f"{offered.source_ip}:{offered.source_port}"
    facts = CallFacts(Direction.NONE)
    return refuse(snapshot.version, facts, Cause.CALL_REJECTED, reason("peer.unknown", peer=peer), 403)
