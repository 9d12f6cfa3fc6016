"""Calls from the public network to numbers of ours (B1, B3)."""

from __future__ import annotations

from dataclasses import replace

from dialplan.call import CallOffered
from dialplan.caller.identity import IdentityRefused, network_identity
from dialplan.carrier import Srtp, Trunk
from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decision import CallFacts, Decision, Direction, refuse
from dialplan.reasons import reason
from dialplan.rules import Rule
from dialplan.snapshot import Snapshot
from dialplan.targets import to_customer
from numbering.dial import Dialled, Line, NotDialable, normalise
from numbering.e164 import E164


def incoming(
    offered: CallOffered, snapshot: Snapshot, circumstances: Circumstances, trunk: Trunk
) -> Decision:
    """The decision for a call that `trunk`, a carrier's, handed over to us."""
    line = Line(snapshot.default_area_code, plus_optional=True)
    identity = network_identity(offered, trunk)
    dialled = _called(offered, line, snapshot)
    number = dialled.number if isinstance(dialled, Dialled) else None
    facts = CallFacts(
        Direction.INCOMING,
        trunk_in=trunk.id,
        b_number=number,
        caller_rules=identity.rules,
        passed=(Rule.SOURCE, Rule.NUMBER) if number else (Rule.SOURCE,),
    )
    if trunk.srtp is Srtp.REQUIRED and not offered.encrypted:
        why = reason("in.not-encrypted", trunk=trunk.id)
        return refuse(snapshot.version, facts, Cause.INCOMPATIBLE_DESTINATION, why)
    if isinstance(identity, IdentityRefused):
        return refuse(snapshot.version, facts, Cause.CALL_REJECTED, identity.reason, 403)
    caller = identity.caller
    facts = replace(facts, a_network=caller.number, a_presented=caller.shown)
    if isinstance(dialled, NotDialable):
        why = reason("in.not-a-number", why=dialled.sentence)
        return refuse(snapshot.version, facts, Cause.INVALID_NUMBER_FORMAT, why)
    if not isinstance(number, E164) or not snapshot.is_ours(number):
        why = reason("in.not-ours", number=str(number))
        return refuse(snapshot.version, facts, Cause.UNALLOCATED_NUMBER, why)
    assigned = snapshot.numbers.get(number)
    if assigned is None:
        why = reason("in.unassigned", number=number)
        return refuse(snapshot.version, facts.past(Rule.OURS), Cause.UNALLOCATED_NUMBER, why)
    facts = replace(facts, customer_id=assigned.customer_id).past(Rule.OURS, Rule.ASSIGNED)
    return to_customer(offered, snapshot, circumstances, assigned, caller, facts, "in")


def _called(offered: CallOffered, line: Line, snapshot: Snapshot) -> Dialled | NotDialable:
    """What was dialled. Of a call that others passed on to us To may still name whom they were; the number of
    ours is then in P-Called-Party-ID."""
    dialled = normalise(offered.dialled, line)
    if offered.called_party is None or _is_ours(dialled, snapshot):
        return dialled
    named = normalise(offered.called_party, line)
    return named if _is_ours(named, snapshot) else dialled


def _is_ours(dialled: Dialled | NotDialable, snapshot: Snapshot) -> bool:
    if not isinstance(dialled, Dialled) or not isinstance(dialled.number, E164):
        return False
    return snapshot.is_ours(dialled.number)
