"""Where calls to a customer's number go: trunks in order, or phones in order (B1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dialplan.caller import anonymity_refused
from dialplan.carrier import AssignedNumber, ToPhones, ToTrunks
from dialplan.causes import PATH_FAILURES, Cause
from dialplan.circumstances import Circumstances
from dialplan.decision import CallFacts, Decision, Route, refuse
from dialplan.legs import Caller, Leg, leg_to_phone, leg_to_trunk
from dialplan.reasons import reason
from dialplan.rules import Rule
from dialplan.snapshot import Snapshot
from dialplan.trunk_choice import down_last

#: How FreeSWITCH says that somebody was busy, rejected, or let it ring (our own limit is ALLOTTED_TIMEOUT).
_NOT_THERE: Final = frozenset(
    {
        Cause.USER_BUSY,
        Cause.NO_ANSWER,
        Cause.NO_USER_RESPONSE,
        Cause.ALLOTTED_TIMEOUT,
        Cause.CALL_REJECTED,
    }
)


def to_customer(
    snapshot: Snapshot,
    circumstances: Circumstances,
    assigned: AssignedNumber,
    caller: Caller,
    facts: CallFacts,
    how: str,
) -> Decision:
    """The call to where the number's calls go; `how` is "in" or "onnet", the family of its reasons."""
    if (assigned.behind or assigned.number) in circumstances.blocks.numbers:
        customer = assigned.customer_id if how == "in" else facts.customer_id or ""
        why = reason(f"{how}.number-blocked", number=assigned.number, customer=customer)
        return refuse(snapshot.version, facts, Cause.SUBSCRIBER_ABSENT, why)
    if acr := anonymity_refused(assigned, snapshot.customers[assigned.customer_id], caller):
        customer = assigned.customer_id if how == "in" else facts.customer_id or ""
        why = reason(f"{how}.anonymous", number=assigned.number, customer=customer)
        facts = replace(facts, caller_rules=(*facts.caller_rules, acr.id))
        return refuse(snapshot.version, facts, Cause.CALL_REJECTED, why, 433)
    legs: tuple[Leg, ...]
    match assigned.target:
        case ToTrunks(trunk_ids):
            legs = tuple(
                leg_to_trunk(snapshot.trunks[t], assigned.number, caller)
                for t in down_last(trunk_ids, circumstances)
            )
            causes, kind = PATH_FAILURES, "trunk"
        case ToPhones(phone_ids):
            legs = tuple(leg_to_phone(snapshot.phones[p], caller) for p in phone_ids)
            # The next phone is another person: it rings when the one before is busy or does not answer.
            causes, kind = PATH_FAILURES | _NOT_THERE, "phone"
    why = reason(f"{how}.{kind}", number=assigned.number, customer=assigned.customer_id)
    return Decision(Route(legs, causes), why, facts.past(Rule.CALLED_BLOCKS), snapshot.version)
