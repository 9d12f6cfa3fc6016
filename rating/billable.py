"""Which legs of a call somebody pays for.

The customer pays for the A leg of a call, by its duration; the carrier trunk that the call left over bills us
for the B leg. A B leg that goes out while its A leg did not was forwarded or asked for by the line that it is
for: that customer pays for it, as for a call of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rating.leg import BillableLeg, Direction


@dataclass(frozen=True, slots=True)
class CallLeg:
    """A leg as its record has it: `first` for the A leg; `trunk_id` "" for none. `leg` has no carrier yet."""

    call_id: str
    first: bool
    trunk_id: str
    leg: BillableLeg


def billable(call: Sequence[CallLeg]) -> Iterator[BillableLeg]:
    """The legs of one call that are paid for, with their carrier; all legs of the call must be there."""
    first = next((each for each in call if each.first), None)
    goes_out = first is not None and first.leg.direction is Direction.OUTGOING
    for each in call:
        leg = each.leg
        if each.first:
            if leg.customer_id or leg.billed_ms:
                yield _carried(leg, call)
        elif leg.direction is Direction.OUTGOING and not goes_out:
            yield replace(leg, carrier_id=each.trunk_id, carrier_ms=leg.billed_ms)


def _carried(leg: BillableLeg, call: Sequence[CallLeg]) -> BillableLeg:
    """The A leg with the trunk that its answered B leg left over."""
    if leg.direction is Direction.INCOMING:
        return leg
    for each in call:
        if not each.first and each.leg.billed_ms:
            if not each.trunk_id:
                return leg
            return BillableLeg(
                leg.leg_id, leg.customer_id, leg.direction, leg.called, leg.start_ms, leg.billed_ms,
                each.trunk_id, each.leg.billed_ms,
            )  # fmt: skip
    return leg
