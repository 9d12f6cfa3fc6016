"""Call records as rating wants them: the billable legs of whole calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from rating.berlin import Month
from rating.billable import CallLeg, billable
from rating.leg import BillableLeg, Direction

_COLUMNS: Final = (
    "call_id, leg_id, side, coalesce(customer_id, ''), direction, coalesce(trunk_id, ''),"
    " coalesce(b_number, ''),"
    # Milliseconds fit into 53 bits with room for the fraction that rounding takes away.
    " (date_part('epoch', coalesce(answered_at, started_at)) * 1000)::bigint, billed_ms"
)
_OF_CALLS: Final = f"SELECT {_COLUMNS} FROM cdr WHERE call_id = ANY(%s) ORDER BY call_id"  # noqa: S608
#: Ringing takes less than a day: a leg that is answered in a month began not earlier than the day before.
_OF_MONTH: Final = (
    "SELECT DISTINCT call_id FROM cdr WHERE customer_id = %s AND started_at >= to_timestamp(%s / 1000.0)"
    " AND started_at < to_timestamp(%s / 1000.0)"
)
_DAY_MS: Final = 86_400_000
_DIRECTIONS: Final = {each.value: each for each in Direction}
#: Normalised B-numbers; anything else cannot be priced.
_CALLED: Final = re.compile(r"(?:\+[1-9][0-9]{1,14}|[1-9][0-9]{1,5})?", re.ASCII)
#: Calls of one reading.
_PORTION: Final = 10_000


def billable_legs(cursor: Any, call_ids: Sequence[str]) -> Iterator[tuple[str, BillableLeg]]:
    """(call, leg) of these calls; calls whose A leg is not there yet give nothing."""
    cursor.execute(_OF_CALLS, (list(call_ids),))
    call: list[CallLeg] = []
    for call_id, leg_id, side, customer_id, direction, trunk_id, called, begins_ms, billed_ms in cursor:
        if call and call[0].call_id != call_id:
            yield from _of_call(call)
            call = []
        leg = BillableLeg(leg_id, customer_id, _DIRECTIONS[direction], called, begins_ms, billed_ms)
        call.append(CallLeg(call_id, side == "a", trunk_id, leg))
    if call:
        yield from _of_call(call)


def _of_call(call: list[CallLeg]) -> Iterator[tuple[str, BillableLeg]]:
    # A call that a program asked for has no caller's leg: the first that we made bears the call's id.
    if any(each.first or each.leg.leg_id == each.call_id for each in call):
        for leg in billable(call):
            yield call[0].call_id, leg


def legs_of_month(cursor: Any, customer_id: str, month: Month) -> list[tuple[str, BillableLeg]]:
    """All billable legs of a customer that began in a month."""
    cursor.execute(_OF_MONTH, (customer_id, month.start_ms - _DAY_MS, month.end_ms))
    calls = [call_id for (call_id,) in cursor]
    found: list[tuple[str, BillableLeg]] = []
    for start in range(0, len(calls), _PORTION):
        found += [
            (call_id, leg)
            for call_id, leg in billable_legs(cursor, calls[start : start + _PORTION])
            if leg.customer_id == customer_id and month.start_ms <= leg.start_ms < month.end_ms
        ]
    return found


def readable(leg: BillableLeg) -> bool:
    """Whether its B-number is one."""
    return _CALLED.fullmatch(leg.called) is not None
