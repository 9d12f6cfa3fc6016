"""What rating needs to know of a call: the part of a CDR that money hangs on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: Longest call that is rated without a human, in days. What is longer was not measured rightly.
MAX_DAYS: Final = 31
MAX_BILLED_MS: Final = MAX_DAYS * 24 * 3_600_000


class Direction(StrEnum):
    """The call seen from the customer who pays for it; the words are those of the CDR."""

    INCOMING = "in"
    OUTGOING = "out"
    ON_NET = "onnet"
    EMERGENCY = "emergency"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class BillableLeg:
    """A billable leg. Only the carrier's own records count (E1).

    `called` is the normalised B-number: E.164 with "+", or a short code. `start_ms` is the moment of the
    answer (of the attempt, when there was none) in ms since 1970 UTC; it decides month, price and order.
    `billed_ms` is answer to end, 0 when unanswered. `carrier_id` is the trunk that the call left over, ""
    for none; `carrier_ms` the duration there, which the carrier bills.
    """

    leg_id: str
    customer_id: str
    direction: Direction
    called: str
    start_ms: int
    billed_ms: int
    carrier_id: str = ""
    carrier_ms: int = 0
