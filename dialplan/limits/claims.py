"""Which counters a decided call takes, and what a call is told that a counter refuses (B11).

Emergency calls have no claims ever (guarantee 1, TKG § 164). Everything else that is carried out is counted:
for the customer who places it and for the one who is called, once where both are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from dialplan.carrier import Customer
from dialplan.causes import Cause
from dialplan.circumstances import Circumstances
from dialplan.decision import Announce, Decision, Direction, Reject
from dialplan.limits.agreed import (
    ABROAD,
    CallLimits,
    Claim,
    Counter,
    Limits,
    Scope,
    SpendLimits,
    Throttle,
    spend_day,
    spend_month,
)
from dialplan.reasons import reason
from dialplan.snapshot import Snapshot
from numbering.classes import NumberClass
from numbering.dial import GERMANY, Dialled, Line, NotDialable, normalise
from numbering.e164 import E164

#: Calls that cost the customer nothing go on when the money is used up: free by their class (TKG § 3 Nr. 8
#: for 0800; BNetzA Vfg 61/2004 for 116xyz). Calls inside our network have a direction of their own.
FREE_CLASSES: Final = frozenset(
    {NumberClass.FREEPHONE, NumberClass.HARMONISED_116, NumberClass.SHORT_124124, NumberClass.EMERGENCY}
)
_E164_ONLY: Final = Line(None)


class _Refusal(NamedTuple):
    reason_id: str
    cause: Cause
    sip_code: int


#: How each counter refuses. 480: later, without the peer taking us for broken; 503 (with Q.850 42, "switching
#: equipment congestion"): at once again; 403: not before the day, the month or the limit changes.
_HOW: Final = {
    Counter.SIMULTANEOUS_CALLS: (Cause.NORMAL_CIRCUIT_CONGESTION, 480),
    Counter.CALLS_PER_SECOND: (Cause.SWITCH_CONGESTION, 503),
    Counter.SPEND_PER_DAY: (Cause.OUTGOING_CALL_BARRED, 403),
    Counter.SPEND_PER_MONTH: (Cause.OUTGOING_CALL_BARRED, 403),
}
#: Whose limit it is, as reasons name it.
_WHOSE: Final = {Scope.CUSTOMER: "", Scope.USER: "user-", Scope.COUNTRY: "country-"}
_REFUSALS: Final = {
    (counter, scope): _Refusal(f"limit.{whose}{counter.value}", cause, code)
    for counter, (cause, code) in _HOW.items()
    for scope, whose in _WHOSE.items()
}
#: The called party's own limit: busy, as a telephone system with no line left says it (Q.850 17).
_CALLED: Final = _Refusal("limit.called-party-busy", Cause.USER_BUSY, Cause.USER_BUSY.sip_code)
_THROTTLED: Final = _Refusal("limit.throttled", Cause.SWITCH_CONGESTION, 503)


def with_claims(
    decision: Decision,
    snapshot: Snapshot,
    circumstances: Circumstances,
    user_id: str | None,
    *,
    instead: bool = False,
    again: bool = False,
) -> Decision:
    """The decision with what it takes. `user_id`: the phone that places the call, None for a trunk.

    What was claimed already, for the customer who passed the call on, is kept. `instead`: the call takes the
    place of one that is up until it is there (a transfer), so one line more than the limit may be taken.
    `again`: a plan goes on with the call, which is no new call.
    """
    if isinstance(decision.outcome, Reject | Announce):
        return decision
    known = {claim.key for claim in decision.claims}
    new = [
        claim
        for claim in _claims(decision, snapshot, circumstances, user_id)
        if not known or claim.key not in known
    ]
    if instead:
        new = [_with_spare_line(claim) for claim in new]
    if again:
        new = [
            replace(claim, again=True) if claim.counter is Counter.CALLS_PER_SECOND else claim
            for claim in new
        ]
    return replace(decision, claims=decision.claims + tuple(new)) if new else decision


def _with_spare_line(claim: Claim) -> Claim:
    lines = claim.counter is Counter.SIMULTANEOUS_CALLS and claim.scope is not Scope.COUNTRY
    return replace(claim, limit=claim.limit + 1) if lines and not claim.called else claim


def refused(decision: Decision, claim: Claim) -> Decision:
    """What becomes of the decision when this claim of it is refused; a plan goes no further then."""
    if claim.called:
        row = _CALLED
    elif claim.throttled:
        row = _THROTTLED
    else:
        row = _REFUSALS[claim.counter, claim.scope]
    why = reason(
        row.reason_id,
        customer=claim.customer_id,
        detail=claim.owner.partition("/")[2].replace("/", ", "),
        limit=_shown(claim),
        number=decision.facts.b_number or "-",
    )
    outcome = Reject(row.cause, row.sip_code)
    return replace(decision, outcome=outcome, reason=why, claims=(), plan=None)


def every_claim(
    customer_id: str,
    limits: Limits | None,
    users: Mapping[str, Limits],
    throttle: Throttle | None,
    at: datetime,
) -> Iterator[Claim]:
    """Every counter that has a limit for this customer and its `users`, for `fernamt limit show`."""
    yield from _of_calls(Scope.CUSTOMER, customer_id, limits.calls if limits else None, throttle)
    if limits:
        for country, calls in limits.countries.items():
            yield from _of_calls(Scope.COUNTRY, f"{customer_id}/{country}", calls)
    for user_id, own in users.items():
        yield from _of_calls(Scope.USER, f"{customer_id}/{user_id}", own.calls)
    yield from spend_claims(customer_id, limits, users, at)


def spend_claims(
    customer_id: str, limits: Limits | None, users: Mapping[str, Limits], at: datetime
) -> Iterator[Claim]:
    """Every counter of money that has a limit for this customer and its `users`, those that only warn too."""
    if limits:
        yield from _of_money(Scope.CUSTOMER, customer_id, limits.spend, at, warns=limits.spend_warns)
        for country, spend in limits.country_spend.items():
            owner = f"{customer_id}/{country}"
            yield from _of_money(Scope.COUNTRY, owner, spend, at, warns=limits.spend_warns)
    for user_id, own in users.items():
        owner = f"{customer_id}/{user_id}"
        yield from _of_money(Scope.USER, owner, own.spend, at, warns=own.spend_warns)


def spend_countries(number: str) -> tuple[str, ...]:
    """Keys of `Limits.country_spend` that a call to this B-number (E.164, or a short code) counts for."""
    return _country_keys(normalise(number, _E164_ONLY))


def _claims(
    decision: Decision, snapshot: Snapshot, circumstances: Circumstances, user_id: str | None
) -> Iterator[Claim]:
    facts = decision.facts
    customer = snapshot.customers.get(facts.customer_id or "")
    if customer is None:
        return
    if facts.direction is Direction.INCOMING:
        yield from _to_called(customer, snapshot)
    elif facts.direction is Direction.OUTGOING:
        yield from _of_caller(customer, snapshot, circumstances, user_id)
        yield from _to_network(customer, facts.b_number, snapshot, circumstances, user_id)
    elif facts.direction is Direction.ON_NET:
        yield from _of_caller(customer, snapshot, circumstances, user_id)
        assigned = snapshot.numbers.get(E164(facts.b_number or ""))
        if assigned is not None and assigned.customer_id != customer.id:
            yield from _to_called(snapshot.customers[assigned.customer_id], snapshot)


def _to_called(customer: Customer, snapshot: Snapshot) -> Iterator[Claim]:
    limits = snapshot.limits_of(customer.limits)
    if limits and limits.calls.simultaneous_calls is not None:
        yield Claim(
            Counter.SIMULTANEOUS_CALLS,
            Scope.CUSTOMER,
            customer.id,
            limits.calls.simultaneous_calls,
            called=True,
        )


def _of_caller(
    customer: Customer, snapshot: Snapshot, circumstances: Circumstances, user_id: str | None
) -> Iterator[Claim]:
    limits = snapshot.limits_of(customer.limits)
    throttle = circumstances.blocks.throttled.get(customer.id)
    if limits or throttle:
        yield from _of_calls(Scope.CUSTOMER, customer.id, limits.calls if limits else None, throttle)
    phone = snapshot.phones.get(user_id) if user_id else None
    own = snapshot.limits_of(phone.limits) if phone else None
    if phone and own:
        yield from _of_calls(Scope.USER, f"{phone.customer_id}/{phone.id}", own.calls)


def _to_network(
    customer: Customer,
    number: str | None,
    snapshot: Snapshot,
    circumstances: Circumstances,
    user_id: str | None,
) -> Iterator[Claim]:
    limits = snapshot.limits_of(customer.limits)
    phone = snapshot.phones.get(user_id) if user_id else None
    own = snapshot.limits_of(phone.limits) if phone else None
    spends = bool(limits and limits.has_spend) or bool(own and own.has_spend)
    if not spends and not (limits and limits.countries):
        return
    read = normalise(number or "", _E164_ONLY)
    keys = _country_keys(read)
    if spends and not (isinstance(read, Dialled) and read.number_class in FREE_CLASSES):
        users = {phone.id: own} if phone and own else {}
        for claim in spend_claims(customer.id, limits, users, circumstances.now):
            if not claim.warns and (claim.scope is not Scope.COUNTRY or claim.owner.split("/")[1] in keys):
                yield claim
    for key in keys:
        calls = limits.countries.get(key) if limits else None
        if calls:
            yield from _of_calls(Scope.COUNTRY, f"{customer.id}/{key}", calls)


def _country_keys(read: Dialled | NotDialable) -> tuple[str, ...]:
    country = read.country if isinstance(read, Dialled) else GERMANY
    return (country,) if country == GERMANY else (country, ABROAD)


def _of_calls(
    scope: Scope, owner: str, calls: CallLimits | None, throttle: Throttle | None = None
) -> Iterator[Claim]:
    if throttle:
        yield Claim(
            Counter.CALLS_PER_SECOND,
            scope,
            owner,
            throttle.calls,
            window_ms=throttle.window_ms,
            throttled=True,
        )
    elif calls and calls.calls_per_second is not None:
        yield Claim(Counter.CALLS_PER_SECOND, scope, owner, calls.calls_per_second)
    if calls and calls.simultaneous_calls is not None:
        yield Claim(Counter.SIMULTANEOUS_CALLS, scope, owner, calls.simultaneous_calls)


def _of_money(scope: Scope, owner: str, spend: SpendLimits, at: datetime, *, warns: bool) -> Iterator[Claim]:
    if spend.per_day is not None:
        day = f"{owner}/{spend_day(at)}"
        yield Claim(Counter.SPEND_PER_DAY, scope, day, spend.per_day, warns=warns)
    if spend.per_month is not None:
        month = f"{owner}/{spend_month(at)}"
        yield Claim(Counter.SPEND_PER_MONTH, scope, month, spend.per_month, warns=warns)


def _shown(claim: Claim) -> str:
    if claim.counter in (Counter.SPEND_PER_DAY, Counter.SPEND_PER_MONTH):
        return f"{claim.limit // 1_000_000}.{claim.limit % 1_000_000 // 10_000:02} EUR"
    if claim.window_ms != 1_000:
        return f"{claim.limit} in {claim.window_ms / 1000:g} s"
    return str(claim.limit)
