"""`decide`: what becomes of an offered call. Facts in, one decision with its reason out.

Pure and without waiting: everything it needs is in the call and the snapshot (architecture.md, "The life
of a call as data"). Rows B1, B2, B3, B5, B8, B12 of the requirements.
"""

from __future__ import annotations

from dataclasses import replace

from dialplan.blocks import NOTHING_BLOCKED, Blocks
from dialplan.call import CallOffered, Entry
from dialplan.caller import Origin, claimed_numbers, customer_caller, network_caller
from dialplan.carrier import AssignedNumber, ToPhones, ToTrunks, TrunkSide
from dialplan.causes import PATH_FAILURES, Cause
from dialplan.decision import CallFacts, Decision, Direction, Reason, Reject, Route
from dialplan.legs import Caller, Leg, emergency_leg, leg_to_phone, leg_to_trunk
from dialplan.reasons import reason
from dialplan.snapshot import Snapshot
from numbering.classes import DEFAULT_POLICY, Policy
from numbering.dial import Dialled, Line, NotDialable, normalise
from numbering.e164 import E164

_EVERY_FAILURE = frozenset(Cause)
#: How FreeSWITCH says that somebody was busy, rejected, or let it ring (our own limit is ALLOTTED_TIMEOUT).
_NOT_THERE = frozenset(
    {
        Cause.USER_BUSY,
        Cause.NO_ANSWER,
        Cause.NO_USER_RESPONSE,
        Cause.ALLOTTED_TIMEOUT,
        Cause.CALL_REJECTED,
    }
)


def decide(offered: CallOffered, snapshot: Snapshot, blocks: Blocks = NOTHING_BLOCKED) -> Decision:
    """The decision for this call under this configuration version. Never raises for any input of a caller."""
    match offered.entry:
        case Entry.CARRIER:
            trunk = snapshot.trunk_at(offered.source_ip, offered.source_port)
            if trunk is None or trunk.side is not TrunkSide.CARRIER:
                return _stranger(offered, snapshot)
            return _incoming(offered, snapshot, blocks, trunk.id)
        case Entry.TRUNK:
            trunk = snapshot.trunk_at(offered.source_ip, offered.source_port)
            if trunk is None or trunk.customer_id is None:
                return _stranger(offered, snapshot)
            origin = _trunk_origin(offered, snapshot, trunk.customer_id, trunk.id)
            return _outgoing(offered, snapshot, blocks, origin)
        case Entry.PHONE:
            phone = snapshot.phones.get(offered.phone_id or "")
            if phone is None:
                facts = CallFacts(Direction.NONE)
                return _refuse(snapshot, facts, Cause.CALL_REJECTED, reason("phone.unknown"), sip_code=403)
            origin = Origin(snapshot.customers[phone.customer_id], phone.number, None)
            return _outgoing(offered, snapshot, blocks, origin)


def _stranger(offered: CallOffered, snapshot: Snapshot) -> Decision:
    peer = f"{offered.source_ip}:{offered.source_port}"
    facts = CallFacts(Direction.NONE)
    return _refuse(snapshot, facts, Cause.CALL_REJECTED, reason("peer.unknown", peer=peer), sip_code=403)


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


def _incoming(offered: CallOffered, snapshot: Snapshot, blocks: Blocks, trunk_id: str) -> Decision:
    line = Line(snapshot.default_area_code, plus_optional=True)
    caller = network_caller(offered, line)
    dialled = normalise(offered.dialled, line)
    number = dialled.number if isinstance(dialled, Dialled) else None
    facts = CallFacts(
        Direction.INCOMING,
        trunk_in=trunk_id,
        a_network=caller.number,
        a_presented=caller.shown,
        b_number=number,
    )
    if isinstance(dialled, NotDialable):
        why = reason("in.not-a-number", why=dialled.sentence)
        return _refuse(snapshot, facts, Cause.INVALID_NUMBER_FORMAT, why)
    if not isinstance(number, E164) or not snapshot.is_ours(number):
        return _refuse(snapshot, facts, Cause.UNALLOCATED_NUMBER, reason("in.not-ours", number=str(number)))
    assigned = snapshot.numbers.get(number)
    if assigned is None:
        return _refuse(snapshot, facts, Cause.UNALLOCATED_NUMBER, reason("in.unassigned", number=number))
    facts = replace(facts, customer_id=assigned.customer_id)
    return _to_customer(snapshot, blocks, assigned, caller, facts, "in")


def _outgoing(offered: CallOffered, snapshot: Snapshot, blocks: Blocks, origin: Origin) -> Decision:
    dialled = normalise(offered.dialled, origin.line(snapshot))
    customer = origin.customer.id
    if isinstance(dialled, NotDialable):
        facts = _facts(origin, Direction.OUTGOING, None)
        why = reason("out.not-a-number", customer=customer, why=dialled.sentence)
        return _refuse(snapshot, facts, Cause.INVALID_NUMBER_FORMAT, why)
    if dialled.emergency:
        return _emergency(snapshot, origin, dialled.emergency)
    facts = _facts(origin, Direction.OUTGOING, dialled.number)
    blocked = _blocked(offered, blocks, origin)
    if blocked:
        return _refuse(snapshot, facts, Cause.OUTGOING_CALL_BARRED, blocked)
    barred = _barred(snapshot, facts, dialled)
    if barred:
        return barred
    caller = customer_caller(origin, offered, dialled)
    facts = replace(facts, a_presented=caller.shown)
    if isinstance(dialled.number, E164):
        assigned = snapshot.numbers.get(dialled.number)
        if assigned:
            on_net = replace(facts, direction=Direction.ON_NET)
            return _to_customer(snapshot, blocks, assigned, caller, on_net, "onnet")
        if snapshot.is_ours(dialled.number):
            on_net = replace(facts, direction=Direction.ON_NET)
            why = reason("onnet.unassigned", customer=customer, number=dialled.number)
            return _refuse(snapshot, on_net, Cause.UNALLOCATED_NUMBER, why)
    return _to_carriers(snapshot, dialled.number, caller, facts)


def _blocked(offered: CallOffered, blocks: Blocks, origin: Origin) -> Reason | None:
    """A7: why this line may place no call but emergency calls, or None."""
    customer, phone, number = origin.customer.id, offered.phone_id or "", origin.network_number
    if origin.customer.blocked or customer in blocks.customers:
        return reason("out.customer-blocked", customer=customer)
    if (customer, phone) in blocks.users:
        return reason("out.user-blocked", customer=customer, phone=phone)
    if number in blocks.numbers:
        return reason("out.number-blocked", customer=customer, number=number)
    return None


def _barred(snapshot: Snapshot, facts: CallFacts, dialled: Dialled) -> Decision | None:
    """B5: classes that are barred by default or can never be reached."""
    policy = DEFAULT_POLICY[dialled.number_class]
    if policy is Policy.ALLOWED:
        return None
    reason_id = "out.barred" if policy is Policy.BARRED else "out.unreachable"
    why = reason(
        reason_id,
        customer=facts.customer_id or "",
        number=dialled.number,
        class_name=dialled.number_class.value,
    )
    return _refuse(snapshot, facts, Cause.OUTGOING_CALL_BARRED, why)


def _emergency(snapshot: Snapshot, origin: Origin, digits: str) -> Decision:
    """B8: always, first, number shown; over every emergency trunk whatever the one before failed with."""
    facts = _facts(origin, Direction.EMERGENCY, digits)
    customer = origin.customer.id
    if not snapshot.emergency_trunks:
        why = reason("emergency.no-trunk", customer=customer)
        return _refuse(snapshot, facts, Cause.NETWORK_OUT_OF_ORDER, why)
    caller = Caller(origin.network_number)
    legs = tuple(emergency_leg(snapshot.trunks[t], digits, caller) for t in snapshot.emergency_trunks)
    why = reason("emergency.route", customer=customer, number=digits)
    return Decision(Route(legs, _EVERY_FAILURE), why, facts, snapshot.version)


def _to_carriers(snapshot: Snapshot, number: str, caller: Caller, facts: CallFacts) -> Decision:
    customer = facts.customer_id or ""
    if not snapshot.carrier_trunks:
        why = reason("out.no-carrier", customer=customer, number=number)
        return _refuse(snapshot, facts, Cause.NO_ROUTE_DESTINATION, why)
    legs = tuple(leg_to_trunk(snapshot.trunks[t], number, caller) for t in snapshot.carrier_trunks)
    why = reason("out.carrier", customer=customer, number=number)
    return Decision(Route(legs), why, facts, snapshot.version)


def _to_customer(
    snapshot: Snapshot, blocks: Blocks, assigned: AssignedNumber, caller: Caller, facts: CallFacts, how: str
) -> Decision:
    """To where the number's calls go: the customer's trunks in order, or phones in order."""
    if assigned.number in blocks.numbers:
        customer = assigned.customer_id if how == "in" else facts.customer_id or ""
        why = reason(f"{how}.number-blocked", number=assigned.number, customer=customer)
        return _refuse(snapshot, facts, Cause.SUBSCRIBER_ABSENT, why)
    legs: tuple[Leg, ...]
    match assigned.target:
        case ToTrunks(trunk_ids):
            legs = tuple(leg_to_trunk(snapshot.trunks[t], assigned.number, caller) for t in trunk_ids)
            causes, kind = PATH_FAILURES, "trunk"
        case ToPhones(phone_ids):
            legs = tuple(leg_to_phone(snapshot.phones[p], caller) for p in phone_ids)
            # The next phone is another person: it rings when the one before is busy or does not answer.
            causes, kind = PATH_FAILURES | _NOT_THERE, "phone"
    why = reason(f"{how}.{kind}", number=assigned.number, customer=assigned.customer_id)
    return Decision(Route(legs, causes), why, facts, snapshot.version)


def _facts(origin: Origin, direction: Direction, number: str | None) -> CallFacts:
    return CallFacts(
        direction=direction,
        customer_id=origin.customer.id,
        trunk_in=origin.trunk_id,
        a_network=origin.network_number,
        a_presented=origin.network_number,
        b_number=number,
    )


def _refuse(
    snapshot: Snapshot, facts: CallFacts, cause: Cause, why: Reason, *, sip_code: int | None = None
) -> Decision:
    return Decision(Reject(cause, sip_code or cause.sip_code), why, facts, snapshot.version)
