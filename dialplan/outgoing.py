"""Calls of customers: to emergency services, to each other, to the public network (B1, B2, B5, B8).

The order of the rules is the order of this module: what is no number is refused, 110 and 112 pass before
anything can stop them (unless no human dials them, NotrufV § 4(6)), then blocks, then bars, then the way
out. `outgoing` is called for dialled calls by `decide` and for every indirection by `place`.
"""

from __future__ import annotations

from dataclasses import replace

from dialplan.barring.blocks import Blocks
from dialplan.barring.rules import barred
from dialplan.call import CallOffered, Via
from dialplan.caller.identity import IdentityRefused, Origin, customer_identity
from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decision import CallFacts, Decision, Direction, Reason, refuse
from dialplan.diversion import MAX_FORWARDS
from dialplan.emergency.calls import emergency
from dialplan.reasons import reason
from dialplan.rules import Rule
from dialplan.snapshot import Snapshot
from dialplan.targets import to_customer
from dialplan.trunks.choice import to_carriers
from numbering.dial import NotDialable, normalise
from numbering.e164 import E164


def outgoing(
    offered: CallOffered, snapshot: Snapshot, circumstances: Circumstances, origin: Origin
) -> Decision:
    """The decision for a call that a customer's line wants to place."""
    dialled = normalise(offered.dialled, origin.line(snapshot))
    customer = origin.customer.id
    if isinstance(dialled, NotDialable):
        facts = _facts(origin, Direction.OUTGOING, None)
        why = reason("out.not-a-number", customer=customer, why=dialled.sentence)
        return refuse(snapshot.version, facts, Cause.INVALID_NUMBER_FORMAT, why)
    if dialled.emergency:
        facts = _facts(origin, Direction.EMERGENCY, dialled.emergency)
        if offered.via.automatic:
            why = reason(
                "emergency.automatic", customer=customer, number=dialled.emergency, via=offered.via.value
            )
            return refuse(snapshot.version, facts, Cause.OUTGOING_CALL_BARRED, why)
        return emergency(offered, snapshot, circumstances, origin, dialled.emergency, facts)
    facts = _facts(origin, Direction.OUTGOING, dialled.number)
    if origin.refused is not None:
        refused = origin.refused
        return refuse(snapshot.version, facts, refused.cause, refused.why, refused.sip_code)
    if offered.via is Via.DIALLED and offered.diverted > MAX_FORWARDS:
        return looped(snapshot, facts, customer, origin.network_number, offered)
    blocked = _blocked(offered, circumstances.blocks, origin, snapshot)
    if blocked:
        return refuse(snapshot.version, facts, Cause.OUTGOING_CALL_BARRED, blocked)
    phone = snapshot.phones.get(offered.phone_id or "")
    bar = barred(dialled, origin.customer, phone, snapshot, circumstances.now)
    if bar:
        return refuse(snapshot.version, facts.past(Rule.BLOCKS), Cause.OUTGOING_CALL_BARRED, bar)
    identity = customer_identity(origin, offered, dialled, snapshot, circumstances)
    facts = replace(facts, caller_rules=identity.rules).past(Rule.BLOCKS, Rule.BARS)
    if isinstance(identity, IdentityRefused):
        return refuse(snapshot.version, facts, Cause.CALL_REJECTED, identity.reason, 403)
    caller = identity.caller
    facts = replace(facts, a_presented=caller.shown).past(Rule.CALLER)
    if isinstance(dialled.number, E164):
        assigned = snapshot.numbers.get(dialled.number)
        if assigned:
            on_net = replace(facts, direction=Direction.ON_NET)
            return to_customer(offered, snapshot, circumstances, assigned, caller, on_net, "onnet")
        if snapshot.is_ours(dialled.number):
            on_net = replace(facts, direction=Direction.ON_NET)
            why = reason("onnet.unassigned", customer=customer, number=dialled.number)
            return refuse(snapshot.version, on_net, Cause.UNALLOCATED_NUMBER, why)
    return to_carriers(snapshot, circumstances, dialled, caller, facts, call_id=offered.call_id)


def looped(
    snapshot: Snapshot, facts: CallFacts, customer: str, number: str, offered: CallOffered
) -> Decision:
    """A call that was passed on too often. SIP 483, too many hops."""
    times = str(offered.diverted + len(offered.forwarded_by))
    why = reason("forward.loop", customer=customer, number=number, times=times)
    return refuse(snapshot.version, facts, Cause.EXCHANGE_ROUTING_ERROR, why)


def _blocked(offered: CallOffered, blocks: Blocks, origin: Origin, snapshot: Snapshot) -> Reason | None:
    """A7: why this line may place no call but emergency calls, or None."""
    customer, phone, number = origin.customer.id, offered.phone_id or "", origin.network_number
    if origin.customer.blocked or customer in blocks.customers:
        return reason("out.customer-blocked", customer=customer)
    if (customer, phone) in blocks.users:
        return reason("out.user-blocked", customer=customer, phone=phone)
    if snapshot.main_of(number) in blocks.numbers:
        return reason("out.number-blocked", customer=customer, number=number)
    return None


def _facts(origin: Origin, direction: Direction, number: str | None) -> CallFacts:
    return CallFacts(
        direction=direction,
        customer_id=origin.customer.id,
        trunk_in=origin.trunk_id,
        a_network=origin.network_number,
        a_presented=origin.network_number,
        b_number=number,
        passed=(Rule.SOURCE, Rule.NUMBER) if number else (Rule.SOURCE,),
    )
