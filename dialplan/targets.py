"""Where calls to a customer's number go: trunks or phones in order (B1), or a routing plan (C2)."""

from __future__ import annotations

from dataclasses import replace

from dialplan.call import CallOffered
from dialplan.caller.identity import anonymity_refused
from dialplan.carrier import AssignedNumber, ToPhones, ToPlan, ToTrunks
from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decision import CallFacts, Decision, refuse
from dialplan.legs import Caller
from dialplan.plans.outcome import along
from dialplan.reasons import reason
from dialplan.ringing import to_phones, to_trunks
from dialplan.rules import Rule
from dialplan.snapshot import Snapshot
from dialplan.trunks.choice import of_customer, refusal_of_customer


def to_customer(
    offered: CallOffered,
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
    called = snapshot.customers[assigned.customer_id]
    if acr := anonymity_refused(assigned, called, caller, circumstances.call_backs):
        customer = assigned.customer_id if how == "in" else facts.customer_id or ""
        why = reason(f"{how}.anonymous", number=assigned.number, customer=customer)
        facts = replace(facts, caller_rules=(*facts.caller_rules, acr.id))
        return refuse(snapshot.version, facts, Cause.CALL_REJECTED, why, 433)
    facts = facts.past(Rule.CALLED_BLOCKS)
    match assigned.target:
        case ToTrunks(trunk_ids):
            choice = of_customer(trunk_ids, snapshot, circumstances, assigned.number)
            if not choice.trunk_ids:
                which, cause = refusal_of_customer(choice)
                customer, left_out = assigned.customer_id, ", ".join(choice.full or trunk_ids)
                why = reason(f"{how}.{which}", number=assigned.number, customer=customer, trunk=left_out)
                return refuse(snapshot.version, facts, cause, why)
            route, kind = to_trunks(snapshot, choice.trunk_ids, assigned.number, caller), "trunk"
        case ToPhones(phone_ids):
            route, kind = to_phones(snapshot, phone_ids, caller), "phone"
        case ToPlan(plan):
            return along(plan, offered, snapshot, circumstances, assigned, caller, facts)
    why = reason(f"{how}.{kind}", number=assigned.number, customer=assigned.customer_id)
    return Decision(route, why, facts, snapshot.version)
