"""Which numbers cannot be called: classes barred by default, and those that can never be reached (B5)."""

from __future__ import annotations

from dialplan.decision import Reason
from dialplan.reasons import reason
from numbering.classes import DEFAULT_POLICY, Policy
from numbering.dial import Dialled


def barred(dialled: Dialled, customer_id: str) -> Reason | None:
    """Why the customer may not call this number, or None."""
    policy = DEFAULT_POLICY[dialled.number_class]
    if policy is Policy.ALLOWED:
        return None
    reason_id = "out.barred" if policy is Policy.BARRED else "out.unreachable"
    return reason(
        reason_id, customer=customer_id, number=dialled.number, class_name=dialled.number_class.value
    )
