"""Release causes: Q.850 numbers with FreeSWITCH's names, the SIP codes it sends, and where retrying helps.

Sources: ITU-T Q.850 table 1; FreeSWITCH's own names, numbers and SIP codes (it is the one that answers),
which differ from RFC 3398 section 7.2 in places: 807 (its own, no Q.850) goes out as 480.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
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


#: Causes after which another trunk is tried, each with why: the path failed there, not the called party. What
#: is not here is the called party's own word, and final: busy, no answer, rejected, unknown, changed or
#: incomplete numbers, media that nobody understands; NO_USER_RESPONSE and NO_ROUTE_DESTINATION too, which
#: FreeSWITCH makes of a received 480, and of 485 and 604.
#: Teams' own rule (408, 503, 504 or silence) lies within; FreeSWITCH cannot tell 503 from 400, 481 and 500.
#: SIP codes: mod_sofia's table of what a received final answer means, which follows RFC 3398 section 8.2.6.1.
RETRY_ELSEWHERE: Final[Mapping[Cause, str]] = MappingProxyType(
    {
        Cause.EXCHANGE_ROUTING_ERROR: "482, 483: a loop in that network (RFC 3261 section 16.3)",
        Cause.DESTINATION_OUT_OF_ORDER: "the trunk cannot be reached at all (Q.850 no. 27)",
        Cause.NORMAL_CIRCUIT_CONGESTION: "no channel free there (Q.850 no. 34)",
        Cause.NETWORK_OUT_OF_ORDER: "502: the network behind it fails (Q.850 no. 38)",
        Cause.NORMAL_TEMPORARY_FAILURE: "400, 481, 500, 503: that server cannot now (RFC 3263 section 4.3)",
        Cause.SWITCH_CONGESTION: "that switch is overloaded (Q.850 no. 42)",
        Cause.REQUESTED_CHAN_UNAVAIL: "no channel of that trunk (Q.850 no. 44)",
        Cause.RECOVERY_ON_TIMER_EXPIRE: "no response, not even 100; 408, 504 (RFC 3263 section 4.3)",
        Cause.USER_NOT_REGISTERED: "no connection to that phone or trunk is known",
        Cause.PROGRESS_TIMEOUT: "100 perhaps, but no ringing, early media or answer in no_progress_s",
        Cause.GATEWAY_DOWN: "FreeSWITCH holds the gateway to be down, which none of ours for calls is",
        Cause.INVALID_GATEWAY: "FreeSWITCH does not know the trunk yet (configuration under way)",
        Cause.INVALID_PROFILE: "FreeSWITCH does not run the SIP profile",
        Cause.SERVICE_UNAVAILABLE: "405: that server takes no INVITE",
        Cause.SERVICE_NOT_IMPLEMENTED: "406, 415, 501: that server cannot do it, another may",
        Cause.INTERWORKING: "413 to 423, 505, 513: that server does not understand us, another may",
    }
)
PATH_FAILURES: Final = frozenset(RETRY_ELSEWHERE)
