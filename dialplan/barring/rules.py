"""Which numbers a line cannot call: never reachable, barred by default, barred by a profile (B5, B6, B7).

What can never be reached cannot be lifted; a default bar is lifted by an operator, for a class and for days;
profiles of the customer and of the phone bar more. 110 and 112 have passed before (`outgoing`).
"""

from __future__ import annotations

from datetime import datetime

from dialplan.barring.bars import ProfileRef
from dialplan.carrier import Customer, Phone
from dialplan.decision import Reason
from dialplan.reasons import reason
from dialplan.snapshot import Snapshot
from numbering.classes import DEFAULT_POLICY, NumberClass, Policy
from numbering.dial import Dialled


def barred(
    dialled: Dialled, customer: Customer, phone: Phone | None, snapshot: Snapshot, now: datetime
) -> Reason | None:
    """Why this line may not call this number at this time, or None."""
    policy = DEFAULT_POLICY[dialled.number_class]
    if policy is Policy.NEVER:
        return _by_class("out.unreachable", dialled, customer)
    if policy is Policy.BARRED and not _lifted(dialled.number_class, customer, now):
        return _by_class("out.barred", dialled, customer)
    if customer.barring and (found := _by_profile(dialled, customer.barring, customer, snapshot, now)):
        return found
    if phone is not None and phone.barring:
        return _by_profile(dialled, phone.barring, customer, snapshot, now)
    return None


def _lifted(number_class: NumberClass, customer: Customer, now: datetime) -> bool:
    return any(each.number_class is number_class and each.holds(now) for each in customer.lifted_bars)


def _by_class(reason_id: str, dialled: Dialled, customer: Customer) -> Reason:
    class_name = dialled.number_class.value
    return reason(reason_id, customer=customer.id, number=dialled.number, class_name=class_name)


def _by_profile(
    dialled: Dialled, refs: tuple[ProfileRef, ...], customer: Customer, snapshot: Snapshot, now: datetime
) -> Reason | None:
    for ref in refs:
        profile = snapshot.barring.get(ref) if isinstance(ref, str) else ref
        # A profile that is gone bars everything until the configuration is whole: never less than asked.
        part = profile.bars(dialled, now) if profile is not None else "missing profile"
        if part is not None:
            name = profile.id if profile is not None else str(ref)
            return reason(
                "out.barred-by-profile",
                customer=customer.id,
                number=dialled.number,
                profile=name,
                part=part,
            )
    return None
