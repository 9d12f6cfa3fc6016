"""Which legs of a call somebody pays for, and for how long.

The customer pays for the A leg of a call, by its duration; the carrier trunk that the call left over bills us
for the B leg. A B leg that goes out while its A leg did not was forwarded or asked for by the line that it is
for: that customer pays for it, as for a call of its own.

A transfer (REFER) takes a party out of a call that goes on. Who called out and then left pays until the
carrier's leg ends, for that is what the carrier bills and what the customer made; every further B leg that
goes out in the call was asked for by the party that transferred, who pays for it as for a call of its own.
(Seen on FreeSWITCH: the A leg's record ends with the transfer, blind or attended, the B leg's with the talk.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rating.leg import BillableLeg, Direction

#: Legs of one talk end within milliseconds of each other. What lasts longer was passed on.
_TOGETHER_MS: Final = 1_000


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
    carried = _carried(call)
    for each in call:
        leg = each.leg
        if each.first:
            if leg.customer_id or leg.billed_ms:
                yield _paid(leg, carried)
        elif leg.direction is Direction.OUTGOING and (
            not goes_out or (leg.billed_ms and each is not carried)
        ):
            yield replace(leg, carrier_id=each.trunk_id, carrier_ms=leg.billed_ms)


def _carried(call: Sequence[CallLeg]) -> CallLeg | None:
    """The B leg that was answered first: the one that the A leg's caller talked over."""
    found: CallLeg | None = None
    for each in call:
        if not each.first and each.leg.billed_ms and (found is None or _before(each, found)):
            found = each
    return found


def _before(one: CallLeg, other: CallLeg) -> bool:
    return (one.leg.start_ms, one.leg.leg_id) < (other.leg.start_ms, other.leg.leg_id)


def _paid(leg: BillableLeg, carried: CallLeg | None) -> BillableLeg:
    """The A leg with the trunk that its B leg left over, and until that one's end when it was passed on."""
    if carried is None or leg.direction is Direction.INCOMING or not carried.trunk_id:
        return leg
    billed_ms, other = leg.billed_ms, carried.leg
    # A negative duration is no transfer: such a record goes to quarantine as it is.
    if leg.direction is Direction.OUTGOING and billed_ms > 0:
        longer_ms = other.start_ms + other.billed_ms - leg.start_ms - billed_ms
        if longer_ms >= _TOGETHER_MS:
            billed_ms += longer_ms
    return BillableLeg(
        leg.leg_id, leg.customer_id, leg.direction, leg.called, leg.start_ms, billed_ms, carried.trunk_id,
        other.billed_ms,
    )  # fmt: skip
