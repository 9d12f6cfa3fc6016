"""Release causes: Q.850 numbers with FreeSWITCH's names, the SIP codes it sends, and where retrying helps.

Sources: ITU-T Q.850 table 1; FreeSWITCH's own names, numbers and SIP codes (it is the one that answers),
which differ from RFC 3398 section 7.2 in places: 807 (its own, no Q.850) goes out as 480.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class Cause(Enum):
    """A release cause: (FreeSWITCH name, Q.850 number, SIP code of a refusal with it)."""

    UNALLOCATED_NUMBER = ("UNALLOCATED_NUMBER", 1, 404)
    NO_ROUTE_DESTINATION = ("NO_ROUTE_DESTINATION", 3, 404)
    NORMAL_CLEARING = ("NORMAL_CLEARING", 16, 480)
    USER_BUSY = ("USER_BUSY", 17, 486)
    NO_USER_RESPONSE = ("NO_USER_RESPONSE", 18, 408)
    NO_ANSWER = ("NO_ANSWER", 19, 480)
    SUBSCRIBER_ABSENT = ("SUBSCRIBER_ABSENT", 20, 480)
    CALL_REJECTED = ("CALL_REJECTED", 21, 603)
    NUMBER_CHANGED = ("NUMBER_CHANGED", 22, 410)
    EXCHANGE_ROUTING_ERROR = ("EXCHANGE_ROUTING_ERROR", 25, 483)
    DESTINATION_OUT_OF_ORDER = ("DESTINATION_OUT_OF_ORDER", 27, 502)
    INVALID_NUMBER_FORMAT = ("INVALID_NUMBER_FORMAT", 28, 484)
    NORMAL_UNSPECIFIED = ("NORMAL_UNSPECIFIED", 31, 480)
    NORMAL_CIRCUIT_CONGESTION = ("NORMAL_CIRCUIT_CONGESTION", 34, 503)
    NETWORK_OUT_OF_ORDER = ("NETWORK_OUT_OF_ORDER", 38, 503)
    NORMAL_TEMPORARY_FAILURE = ("NORMAL_TEMPORARY_FAILURE", 41, 503)
    SWITCH_CONGESTION = ("SWITCH_CONGESTION", 42, 503)
    REQUESTED_CHAN_UNAVAIL = ("REQUESTED_CHAN_UNAVAIL", 44, 503)
    OUTGOING_CALL_BARRED = ("OUTGOING_CALL_BARRED", 52, 403)
    SERVICE_UNAVAILABLE = ("SERVICE_UNAVAILABLE", 63, 480)
    SERVICE_NOT_IMPLEMENTED = ("SERVICE_NOT_IMPLEMENTED", 79, 501)
    INCOMPATIBLE_DESTINATION = ("INCOMPATIBLE_DESTINATION", 88, 488)
    RECOVERY_ON_TIMER_EXPIRE = ("RECOVERY_ON_TIMER_EXPIRE", 102, 504)
    INTERWORKING = ("INTERWORKING", 127, 480)
    ORIGINATOR_CANCEL = ("ORIGINATOR_CANCEL", 487, 487)
    ALLOTTED_TIMEOUT = ("ALLOTTED_TIMEOUT", 802, 480)
    USER_NOT_REGISTERED = ("USER_NOT_REGISTERED", 806, 480)
    PROGRESS_TIMEOUT = ("PROGRESS_TIMEOUT", 807, 480)
    INVALID_GATEWAY = ("INVALID_GATEWAY", 808, 484)
    GATEWAY_DOWN = ("GATEWAY_DOWN", 809, 503)
    INVALID_PROFILE = ("INVALID_PROFILE", 811, 502)

    def __init__(self, switch_name: str, q850: int, sip_code: int) -> None:
        self.switch_name = switch_name
        self.q850 = q850
        self.sip_code = sip_code


#: The path failed, not the called party: another trunk may succeed. Busy, no answer, rejected and unknown
#: numbers are the called party's own word and are final; so are NO_USER_RESPONSE and NO_ROUTE_DESTINATION,
#: which FreeSWITCH makes of a received 480, and of 485 and 604.
PATH_FAILURES: Final = frozenset(
    {
        Cause.EXCHANGE_ROUTING_ERROR,
        Cause.DESTINATION_OUT_OF_ORDER,
        Cause.NORMAL_CIRCUIT_CONGESTION,
        Cause.NETWORK_OUT_OF_ORDER,
        Cause.NORMAL_TEMPORARY_FAILURE,
        Cause.SWITCH_CONGESTION,
        Cause.REQUESTED_CHAN_UNAVAIL,
        Cause.RECOVERY_ON_TIMER_EXPIRE,
        Cause.USER_NOT_REGISTERED,
        Cause.PROGRESS_TIMEOUT,
        Cause.GATEWAY_DOWN,
        Cause.INVALID_GATEWAY,
        Cause.INVALID_PROFILE,
        Cause.SERVICE_UNAVAILABLE,
        Cause.SERVICE_NOT_IMPLEMENTED,
        Cause.INTERWORKING,
    }
)
