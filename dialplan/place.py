"""Asking for a leg that nobody dials directly: transfer, forwarding, queue, callback, mailbox, API.

The same rules as for a dialled call hold (guarantee 2): number, emergency, blocks, bars, caller id, trunks,
all with the rights and the money of the customer who asks. A part of the program that wants a leg to a free
destination makes the request with `onward` (from a call in hand) or `asked_for` (nobody calls yet) and takes
the decision from `place`. There is no other way out.
"""

from __future__ import annotations

from dataclasses import replace

from dialplan.call import Behalf, CallOffered, Entry, Via
from dialplan.caller.claims import CARRIER_LINE, claim
from dialplan.caller.identity import Origin
from dialplan.caller.policy import NO_POLICY
from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decision import CallFacts, Decision, Direction, refuse
from dialplan.diversion import MAX_FORWARDS
from dialplan.legs import Caller
from dialplan.limits.claims import with_claims
from dialplan.outgoing import looped, outgoing
from dialplan.reasons import reason
from dialplan.snapshot import Snapshot
from dialplan.teams import taken_back
from numbering.e164 import E164


def onward(
    offered: CallOffered, destination: str, via: Via, behalf: Behalf, original: Caller | None = None
) -> CallOffered:
    """The request to send a call in hand on to `destination` (any spelling; untrusted) for `behalf`.

    The call keeps its own caller; a forwarding is noted in `forwarded_by`. `original` is that caller as
    decided when the call came in: shown when the call is forwarded or overflows (TKG § 120(2)).
    """
    passed_on = offered.forwarded_by
    if via is Via.FORWARD and behalf.number is not None:
        passed_on = (*passed_on, behalf.number)
    return replace(
        offered,
        dialled=destination,
        via=via,
        behalf=behalf,
        phone_id=behalf.phone_id,
        forwarded_by=passed_on,
        original=original or offered.original,
    )


def asked_for(destination: str, via: Via, behalf: Behalf, *, call_id: str, node: str) -> CallOffered:
    """The request for a leg that no call stands behind yet (callback, mailbox call-back, API, dialler).

    `call_id` is the id that the leg shall have, `node` where it is to be made.
    """
    return CallOffered(
        call_id=call_id,
        node=node,
        entry=Entry.PHONE if behalf.phone_id else Entry.TRUNK,
        source_ip="",
        source_port=0,
        dialled=destination,
        phone_id=behalf.phone_id,
        via=via,
        behalf=behalf,
    )


def place(offered: CallOffered, snapshot: Snapshot, circumstances: Circumstances) -> Decision:
    """The decision for a request made by `onward` or `asked_for`. Never raises for any input of a caller."""
    behalf = offered.behalf
    customer = snapshot.customers.get(behalf.customer_id) if behalf else None
    if behalf is None or customer is None:
        name = behalf.customer_id if behalf else ""
        why = reason("place.no-customer", customer=name, via=offered.via.value)
        return refuse(snapshot.version, CallFacts(Direction.NONE), Cause.CALL_REJECTED, why)
    if offered.refer_to is not None and (back := taken_back(offered, snapshot)):
        return back
    phone = snapshot.phones.get(behalf.phone_id or "")
    trunk = snapshot.trunks.get(behalf.trunk_id or "")
    line = phone if phone is not None and phone.customer_id == customer.id else trunk
    number = _number_of(behalf, snapshot, customer.main_number)
    policy = line.caller_policy if line is not None else NO_POLICY
    origin = Origin(customer, number, behalf.trunk_id, policy)
    if offered.via is Via.FORWARD and offered.forwarded_by and _is_loop(offered):
        facts = CallFacts(Direction.OUTGOING, customer.id, behalf.trunk_id, origin.network_number)
        return looped(snapshot, facts, customer.id, offered.forwarded_by[-1], offered)
    decision = outgoing(offered, snapshot, circumstances, origin)
    instead = offered.via is Via.TRANSFER
    again = offered.resume is not None
    return with_claims(decision, snapshot, circumstances, offered.phone_id, instead=instead, again=again)


def _is_loop(offered: CallOffered) -> bool:
    """Passed on too often, by networks before us too, or by the same number of ours again: inside our
    network, or with a way through others in between."""
    numbers = offered.forwarded_by
    if offered.diverted + len(numbers) > MAX_FORWARDS or len(set(numbers)) < len(numbers):
        return True
    before = (claim(text, CARRIER_LINE) for text in offered.diverting_users)
    return any(each is not None and each.number in numbers for each in before)


def _number_of(behalf: Behalf, snapshot: Snapshot, main_number: E164) -> E164:
    """The line's number when it is the customer's, else the phone's, else the main number."""
    if behalf.number is not None:
        assigned = snapshot.numbers.get(behalf.number)
        if assigned is not None and assigned.customer_id == behalf.customer_id:
            return behalf.number
    phone = snapshot.phones.get(behalf.phone_id or "")
    if phone is not None and phone.customer_id == behalf.customer_id:
        return phone.number
    return main_number
