"""A decision with all that it puts on the wire, for people and programs: `fernamt route explain`.

Nothing is decided here: the decision is the one that a real call gets, and the legs are read from what the
switch would be told (freeswitch.invite).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from dialplan.call import CallOffered
from dialplan.causes import PATH_FAILURES, Cause
from dialplan.decision import Announce, Converse, Decision, Direction, Reject, Route, Wait
from freeswitch.invite import Invite, invite_of
from numbering.dial import Dialled, Line, normalise

_E164: Final = Line(None)
_CAUSES_TOLD: Final = {
    frozenset(Cause): "every failure",
    PATH_FAILURES: "failures of the path (docs/routing.md), not on the called party's own word",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """`kind`: route, emergency, reject, announcement (then a refusal), menu (of a routing plan) or queue."""

    kind: str
    decision: Decision
    dialled: str
    number_class: str | None
    country: str | None
    legs: tuple[Invite, ...]


def explain(decision: Decision, offered: CallOffered, *, domain: str) -> Explanation:
    """The decision about the offered call; `domain` is the phones' realm."""
    outcome = decision.outcome
    number = normalise(decision.facts.b_number, _E164) if decision.facts.b_number else None
    known = number if isinstance(number, Dialled) else None
    legs = outcome.legs if isinstance(outcome, Route) else ()
    return Explanation(
        _kind(decision),
        decision,
        offered.dialled,
        known.number_class.value if known else None,
        known.country if known else None,
        tuple(invite_of(leg, domain=domain) for leg in legs),
    )


def _kind(decision: Decision) -> str:
    match decision.outcome:
        case Route():
            return "emergency" if decision.facts.direction is Direction.EMERGENCY else "route"
        case Reject():
            return "reject"
        case Announce():
            return "announcement"
        case Converse():
            return "menu"
        case Wait():
            return "queue"


def plain(found: Explanation) -> dict[str, Any]:
    """For programs."""
    decision, facts = found.decision, found.decision.facts
    return {
        "outcome": found.kind,
        "reason": {"id": decision.reason.id, "sentence": decision.reason.sentence},
        "config_version": decision.config_version,
        "direction": facts.direction.value,
        "customer": facts.customer_id,
        "dialled": found.dialled,
        "number": facts.b_number,
        "number_class": found.number_class,
        "country": found.country,
        "caller": {
            "network": facts.a_network,
            "presented": facts.a_presented,
            "rules": list(facts.caller_rules),
        },
        "passed": list(decision.passed),
        "legs": [_leg(each) for each in found.legs],
        "next_leg_causes": _causes(decision),
        "refusal": _refusal(decision),
        "claims": [{**asdict(each), "key": each.key} for each in decision.claims],
        "plan": _plan(decision),
        "queue": _queue(decision),
    }


def _plan(decision: Decision) -> dict[str, Any] | None:
    plan = decision.plan
    if plan is None:
        return None
    return {"id": plan.plan_id, "path": plan.position.path, "sounds": len(plan.sounds)}


def _queue(decision: Decision) -> dict[str, Any] | None:
    """Where the call waits; `paid`: the caller pays while waiting (C10)."""
    wait = decision.outcome
    if not isinstance(wait, Wait):
        return None
    return {"customer": wait.customer_id, "id": wait.queue, "paid": not wait.early}


def _leg(invite: Invite) -> dict[str, Any]:
    return {
        "trunk" if invite.is_trunk else "phone": invite.to,
        "request_uri": invite.request_uri,
        "from": invite.from_header,
        "p_asserted_identity": invite.header("P-Asserted-Identity"),
        "p_preferred_identity": invite.header("P-Preferred-Identity"),
        "privacy": invite.header("Privacy"),
        "headers": [list(pair) for pair in invite.headers],
        "bodies": list(invite.bodies),
        "codecs": list(invite.codecs),
        "no_progress_s": invite.no_progress_s,
        "no_answer_s": invite.no_answer_s,
    }


def _causes(decision: Decision) -> list[str]:
    """Causes after which the next leg is tried, where there is one."""
    outcome = decision.outcome
    if not isinstance(outcome, Route) or len(outcome.legs) < 2:
        return []
    return sorted(cause.switch_name for cause in outcome.next_leg_causes)


def _refusal(decision: Decision) -> dict[str, Any] | None:
    match decision.outcome:
        case Reject(cause, sip_code):
            pass
        case Announce(cause=cause):  # refused after the announcement
            sip_code = cause.sip_code
        case _:
            return None
    # FreeSWITCH's own causes have no number of Q.850; it writes 16 for them.
    q850 = cause.q850 if cause.q850 < 128 else 16
    return {"sip_code": sip_code, "cause": cause.switch_name, "q850": q850}


def lines(found: Explanation, notes: Sequence[str] = ()) -> Iterator[str]:
    """For people."""
    decision, facts = found.decision, found.decision.facts
    yield f"{found.kind}: {decision.reason.sentence}  [{decision.reason.id}]"
    if refusal := _refusal(decision):
        yield _line("refused with", "SIP {sip_code}, Q.850 cause {q850} ({cause})".format_map(refusal))
    known = f"{found.number_class}, {found.country}" if found.number_class else "no number"
    yield _line("dialled", f"{found.dialled} -> {facts.b_number or '-'} ({known})")
    yield _line("direction", f"{facts.direction.value}, customer {facts.customer_id or '-'}")
    rules = f" ({' '.join(facts.caller_rules)})" if facts.caller_rules else ""
    yield _line("caller", f"network {facts.a_network or '-'}, shown {facts.a_presented or 'withheld'}{rules}")
    yield _line("passed", ", ".join(decision.passed) or "nothing")
    if decision.plan:
        yield _line(
            "plan", f"{decision.plan.plan_id} of {decision.plan.number} ({decision.plan.position.path})"
        )
    if queue := _queue(decision):
        pays = "answered, the caller pays" if queue["paid"] else "early media, the caller pays nothing"
        yield _line("queue", f"{queue['id']} of customer {queue['customer']}: {pays}")
    for position, leg in enumerate(found.legs, start=1):
        yield from _leg_lines(position, leg)
    if causes := _causes(decision):
        told = _CAUSES_TOLD.get(frozenset(Cause[each] for each in causes))
        yield _line("next leg on", told or ", ".join(causes))
    for claim in decision.claims:
        yield _line("limit", f"{claim.key}: at most {claim.limit}")
    yield from notes


def _leg_lines(position: int, leg: Invite) -> Iterator[str]:
    noun = "trunk" if leg.is_trunk else "phone"
    yield _line(f"leg {position}", f"{noun} {leg.to}")
    yield f"    INVITE {leg.request_uri}"
    yield f"    From: {leg.from_header}"
    for name, value in leg.headers:
        yield f"    {name}: {value}"
    for body in leg.bodies:
        yield from (f"    | {line}" for line in body.splitlines())
    silent = f"given up after {leg.no_progress_s} s without ringing, {leg.no_answer_s} s without an answer"
    codecs = f"; {', '.join(leg.codecs)}" if leg.codecs else ""
    yield f"    {silent}{codecs}"


def _line(name: str, text: str) -> str:
    return f"{name:<12} {text}"
