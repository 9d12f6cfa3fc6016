"""A routing plan carried to a decision: legs, a refusal, or a conversation with the caller (C2).

Straight nodes are walked here, so that a call without a menu is decided and left. Legs of a plan are made
like any others: phones and trunks by `ringing`, other numbers by `place`, the choke point.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from dialplan.call import Behalf, CallOffered, Via
from dialplan.carrier import AssignedNumber
from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decision import (
    CallBack,
    CallFacts,
    Converse,
    Decision,
    PlanTrace,
    Reason,
    Reject,
    Route,
    Wait,
    refuse,
)
from dialplan.legs import Caller
from dialplan.plans.effects import (
    Ask,
    AskForCallback,
    End,
    Enqueue,
    Forward,
    KeepPlace,
    Last,
    Listen,
    Play,
    Record,
    Ring,
)
from dialplan.plans.interpret import Facts, begin, step
from dialplan.plans.nodes import Plan, QueueNode
from dialplan.plans.position import ARRIVED, BUSY, NOT_REACHED, OVERFLOWED, Happened, Position, Resume
from dialplan.plans.waiting import has_fixed_price, waits_unpaid
from dialplan.reasons import reason
from dialplan.ringing import to_phones, to_trunks
from dialplan.snapshot import Snapshot
from dialplan.trunks.choice import of_customer, refusal_of_customer

#: While the plan has a way for it, whatever kept a leg from being reached.
_EVERY_FAILURE: Final = frozenset(Cause)
#: How a caller leaves a queue for the node behind it.
_OUT_OF_A_QUEUE: Final = (Happened.KEYS, Happened.OVERFLOWED)


@dataclass(frozen=True, slots=True)
class _Call:
    """The call that follows the plan; what does not change on the way."""

    plan: Plan
    offered: CallOffered
    snapshot: Snapshot
    circumstances: Circumstances
    assigned: AssignedNumber
    caller: Caller
    facts: CallFacts

    def why(self, reason_id: str, position: Position, **more: str) -> Reason:
        return reason(
            reason_id,
            number=self.assigned.number,
            plan=self.plan.id,
            customer=self.plan.customer_id,
            path=position.path,
            **more,
        )


def along(
    plan: Plan,
    offered: CallOffered,
    snapshot: Snapshot,
    circumstances: Circumstances,
    assigned: AssignedNumber,
    caller: Caller,
    facts: CallFacts,
) -> Decision:
    """What becomes of the call, from the plan's beginning or from where it stood (`offered.resume`)."""
    call = _Call(plan, offered, snapshot, circumstances, assigned, caller, facts)
    position, given = begin(plan), ARRIVED
    if (resume := offered.resume) is not None:
        if resume.number != assigned.number:
            # The call stands in the plan of another number, which this one had forwarded it to.
            return _forwarded(call, resume)
        position, given = resume.position, resume.given
    looked_at = Facts(offered.call_id, caller.shown, circumstances.now, snapshot.opening_hours)
    plays: tuple[Play, ...] = ()
    waits_already = given.what in _OUT_OF_A_QUEUE and isinstance(plan.nodes.get(position.node), QueueNode)
    # Each round comes to another node, and `step` counts them.
    while True:
        position, (more, last) = step(plan, position, given, looked_at)
        plays += more
        if isinstance(last, Enqueue | AskForCallback | KeepPlace) and not circumstances.serves_queues(
            plan.customer_id
        ):
            given = OVERFLOWED
            continue
        decision = _decision(call, position, last)
        if waits_already and not plays and isinstance(wait := decision.outcome, Wait):
            decision = replace(decision, outcome=replace(wait, goes_on=True))
        goes_on = isinstance(last, Ring | Forward) and last.goes_on
        if not (goes_on and isinstance(decision.outcome, Reject)):
            return _with_trace(call, decision, position, plays, goes_on)
        given = BUSY if decision.outcome.cause is Cause.USER_BUSY else NOT_REACHED


def _decision(call: _Call, position: Position, last: Last) -> Decision:
    version = call.snapshot.version
    match last:
        case Ask():
            outcome = Converse(last, waits_unpaid(call.assigned.number))
            return Decision(outcome, call.why("plan.menu", position), call.facts, version)
        case Record(mailbox):
            why = call.why("plan.mailbox", position, mailbox=mailbox.id)
            return Decision(Converse(last, early=False), why, call.facts, version)
        case Enqueue():
            why = call.why("plan.queue", position, queue=last.queue)
            return Decision(_waiting(call, last), why, call.facts, version)
        case AskForCallback():
            why = call.why("plan.callback-offered", position, queue=last.queue)
            outcome = Converse(last, waits_unpaid(call.assigned.number))
            return Decision(outcome, why, call.facts, version)
        case KeepPlace(queue, number, noted):
            why = call.why("plan.callback", position, queue=queue)
            back = CallBack(number, call.assigned.number, noted)
            wait = replace(_waiting(call, Enqueue(queue, noted)), back=back)
            return Decision(wait, why, call.facts, version)
        case Listen(mailbox):
            why = call.why("plan.listen", position, mailbox=mailbox.id)
            return Decision(Converse(last, early=False), why, call.facts, version)
        case Ring():
            return _rung(call, position, last)
        case Forward(number):
            behind = replace(position, node="")
            return _forwarded(call, Resume(number, behind, ARRIVED))
        case End(cause, overrun):
            why = call.why("plan.too-long" if overrun else "plan.end", position)
            return refuse(version, call.facts, cause, why)


def _waiting(call: _Call, last: Enqueue) -> Wait:
    number = call.assigned.number
    kept_ms = call.offered.resume.queued_ms if call.offered.resume is not None else None
    return Wait(
        call.plan.customer_id,
        last.queue,
        last.music,
        waits_unpaid(number),
        int(call.circumstances.now.timestamp() * 1000) if kept_ms is None else kept_ms,
        kept_ms is not None,
        last.keys,
        last.priority,
        last.agent,
        last.remembers,
        has_fixed_price(number),
    )


def _rung(call: _Call, position: Position, ring: Ring) -> Decision:
    version = call.snapshot.version
    if ring.phone_ids:
        route = to_phones(call.snapshot, ring.phone_ids, call.caller)
    elif ring.trunk_ids:
        choice = of_customer(ring.trunk_ids, call.snapshot, call.circumstances, call.assigned.number)
        if not choice.trunk_ids:
            which, cause = refusal_of_customer(choice)
            why = call.why(f"plan.{which}", position, trunk=", ".join(choice.full or ring.trunk_ids))
            return refuse(version, call.facts, cause, why)
        route = to_trunks(call.snapshot, choice.trunk_ids, call.assigned.number, call.caller)
    else:
        return refuse(version, call.facts, Cause.SUBSCRIBER_ABSENT, call.why("plan.nobody", position))
    return Decision(route, call.why("plan.ring", position), call.facts, version)


def _forwarded(call: _Call, resume: Resume) -> Decision:
    """On the customer's behalf and by the rules of its own calls (B5); in the plan of one of our numbers the
    nodes go on being counted."""
    # Here: the plan of a number may forward to a number with a plan, so each module needs the other.
    from dialplan.place import onward, place

    assigned = call.assigned
    behalf = Behalf(assigned.customer_id, assigned.number, trunk_id=call.facts.trunk_in)
    request = onward(call.offered, resume.number, Via.FORWARD, behalf, original=call.caller)
    decision = place(replace(request, resume=resume), call.snapshot, call.circumstances)
    if decision.plan is not None or not isinstance(decision.outcome, Route):
        return decision
    why = call.why("plan.forward", resume.position, why=decision.reason.sentence)
    return replace(decision, reason=why)


def _with_trace(
    call: _Call, decision: Decision, position: Position, plays: tuple[Play, ...], goes_on: bool
) -> Decision:
    sounds = tuple(each.sound for each in plays)
    answer = any(each.answer for each in plays) and not waits_unpaid(call.assigned.number)
    outcome = decision.outcome
    if goes_on and isinstance(outcome, Route):
        outcome = Route(outcome.legs, _EVERY_FAILURE)
    if (inner := decision.plan) is not None:
        # The plan of the number that the call was forwarded to has the word; what was to be heard is first.
        trace = replace(inner, sounds=sounds + inner.sounds, answer=answer or inner.answer)
    else:
        trace = PlanTrace(call.plan.id, call.assigned.number, position, sounds, answer, goes_on)
    return replace(decision, outcome=outcome, plan=trace)
