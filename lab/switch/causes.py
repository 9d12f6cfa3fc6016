"""Hangup causes by FreeSWITCH's names and numbers, and their SIP codes both ways.

Sources: ITU-T Q.850, FreeSWITCH's switch_types.h (numbers from 142 are its own) and mod_sofia's two tables.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Cause(IntEnum):
    """A hangup cause; up to 127 the value is Q.850's number."""

    NONE = 0
    UNALLOCATED_NUMBER = 1
    NO_ROUTE_TRANSIT_NET = 2
    NO_ROUTE_DESTINATION = 3
    CHANNEL_UNACCEPTABLE = 6
    CALL_AWARDED_DELIVERED = 7
    NORMAL_CLEARING = 16
    USER_BUSY = 17
    NO_USER_RESPONSE = 18
    NO_ANSWER = 19
    SUBSCRIBER_ABSENT = 20
    CALL_REJECTED = 21
    NUMBER_CHANGED = 22
    REDIRECTION_TO_NEW_DESTINATION = 23
    EXCHANGE_ROUTING_ERROR = 25
    DESTINATION_OUT_OF_ORDER = 27
    INVALID_NUMBER_FORMAT = 28
    FACILITY_REJECTED = 29
    RESPONSE_TO_STATUS_ENQUIRY = 30
    NORMAL_UNSPECIFIED = 31
    NORMAL_CIRCUIT_CONGESTION = 34
    NETWORK_OUT_OF_ORDER = 38
    NORMAL_TEMPORARY_FAILURE = 41
    SWITCH_CONGESTION = 42
    ACCESS_INFO_DISCARDED = 43
    REQUESTED_CHAN_UNAVAIL = 44
    PRE_EMPTED = 45
    FACILITY_NOT_SUBSCRIBED = 50
    OUTGOING_CALL_BARRED = 52
    INCOMING_CALL_BARRED = 54
    BEARERCAPABILITY_NOTAUTH = 57
    BEARERCAPABILITY_NOTAVAIL = 58
    SERVICE_UNAVAILABLE = 63
    BEARERCAPABILITY_NOTIMPL = 65
    CHAN_NOT_IMPLEMENTED = 66
    FACILITY_NOT_IMPLEMENTED = 69
    SERVICE_NOT_IMPLEMENTED = 79
    INVALID_CALL_REFERENCE = 81
    INCOMPATIBLE_DESTINATION = 88
    INVALID_MSG_UNSPECIFIED = 95
    MANDATORY_IE_MISSING = 96
    MESSAGE_TYPE_NONEXIST = 97
    WRONG_MESSAGE = 98
    IE_NONEXIST = 99
    INVALID_IE_CONTENTS = 100
    WRONG_CALL_STATE = 101
    RECOVERY_ON_TIMER_EXPIRE = 102
    MANDATORY_IE_LENGTH_ERROR = 103
    PROTOCOL_ERROR = 111
    INTERWORKING = 127
    SUCCESS = 142
    ORIGINATOR_CANCEL = 487
    CRASH = 700
    SYSTEM_SHUTDOWN = 701
    LOSE_RACE = 702
    MANAGER_REQUEST = 703
    BLIND_TRANSFER = 800
    ATTENDED_TRANSFER = 801
    ALLOTTED_TIMEOUT = 802
    USER_CHALLENGE = 803
    MEDIA_TIMEOUT = 804
    PICKED_OFF = 805
    USER_NOT_REGISTERED = 806
    PROGRESS_TIMEOUT = 807
    INVALID_GATEWAY = 808
    GATEWAY_DOWN = 809
    INVALID_URL = 810
    INVALID_PROFILE = 811
    NO_PICKUP = 812
    SRTP_READ_ERROR = 813
    BOWOUT = 814
    BUSY_EVERYWHERE = 815
    DECLINE = 816
    DOES_NOT_EXIST_ANYWHERE = 817
    NOT_ACCEPTABLE = 818
    UNWANTED = 819
    NO_IDENTITY = 820
    BAD_IDENTITY_INFO = 821
    UNSUPPORTED_CERTIFICATE = 822
    INVALID_IDENTITY = 823
    STALE_DATE = 824
    REJECT_ALL = 825

    @property
    def is_q850(self) -> bool:
        return self.value < 128


_C: Final = Cause

_SIP_CODES: Final = {
    404: (_C.UNALLOCATED_NUMBER, _C.NO_ROUTE_TRANSIT_NET, _C.NO_ROUTE_DESTINATION),
    486: (_C.USER_BUSY,),
    408: (_C.NO_USER_RESPONSE,),
    603: (_C.CALL_REJECTED, _C.DECLINE, _C.REJECT_ALL),
    410: (_C.NUMBER_CHANGED, _C.REDIRECTION_TO_NEW_DESTINATION),
    502: (_C.DESTINATION_OUT_OF_ORDER, _C.INVALID_PROFILE),
    484: (_C.INVALID_NUMBER_FORMAT, _C.INVALID_URL, _C.INVALID_GATEWAY),
    501: (_C.FACILITY_REJECTED, _C.FACILITY_NOT_IMPLEMENTED, _C.SERVICE_NOT_IMPLEMENTED),
    503: (
        _C.REQUESTED_CHAN_UNAVAIL,
        _C.NORMAL_CIRCUIT_CONGESTION,
        _C.NETWORK_OUT_OF_ORDER,
        _C.NORMAL_TEMPORARY_FAILURE,
        _C.SWITCH_CONGESTION,
        _C.GATEWAY_DOWN,
        _C.BEARERCAPABILITY_NOTAVAIL,
    ),
    403: (
        _C.OUTGOING_CALL_BARRED,
        _C.INCOMING_CALL_BARRED,
        _C.BEARERCAPABILITY_NOTAUTH,
        _C.STALE_DATE,
    ),
    488: (_C.BEARERCAPABILITY_NOTIMPL, _C.INCOMPATIBLE_DESTINATION),
    504: (_C.RECOVERY_ON_TIMER_EXPIRE,),
    487: (_C.ORIGINATOR_CANCEL,),
    483: (_C.EXCHANGE_ROUTING_ERROR,),
    600: (_C.BUSY_EVERYWHERE,),
    604: (_C.DOES_NOT_EXIST_ANYWHERE,),
    606: (_C.NOT_ACCEPTABLE,),
    607: (_C.UNWANTED,),
    428: (_C.NO_IDENTITY,),
    429: (_C.BAD_IDENTITY_INFO,),
    437: (_C.UNSUPPORTED_CERTIFICATE,),
    438: (_C.INVALID_IDENTITY,),
}
_SIP_OF_CAUSE: Final = {cause: code for code, causes in _SIP_CODES.items() for cause in causes}

_CAUSE_OF_SIP: Final = {
    code: cause
    for cause, codes in {
        _C.NORMAL_CLEARING: (200,),
        _C.CALL_REJECTED: (401, 402, 403, 407, 603, 608),
        _C.UNWANTED: (607,),
        _C.UNALLOCATED_NUMBER: (404,),
        _C.NO_ROUTE_DESTINATION: (485, 604),
        _C.RECOVERY_ON_TIMER_EXPIRE: (408, 504),
        _C.NUMBER_CHANGED: (410,),
        _C.INTERWORKING: (413, 414, 416, 420, 421, 423, 505, 513),
        _C.NO_USER_RESPONSE: (480,),
        _C.NORMAL_TEMPORARY_FAILURE: (400, 481, 500, 503),
        _C.USER_BUSY: (486, 600),
        _C.INVALID_NUMBER_FORMAT: (484,),
        _C.INCOMPATIBLE_DESTINATION: (488, 606),
        _C.NETWORK_OUT_OF_ORDER: (502,),
        _C.SERVICE_UNAVAILABLE: (405,),
        _C.SERVICE_NOT_IMPLEMENTED: (406, 415, 501),
        _C.EXCHANGE_ROUTING_ERROR: (482, 483),
        _C.ORIGINATOR_CANCEL: (487,),
        _C.NO_IDENTITY: (428,),
        _C.BAD_IDENTITY_INFO: (429,),
        _C.UNSUPPORTED_CERTIFICATE: (437,),
        _C.INVALID_IDENTITY: (438,),
    }.items()
    for code in codes
}


def sip_code(cause: Cause) -> int:
    """The code that refuses an INVITE for this cause; 480 for causes without one of their own."""
    return _SIP_OF_CAUSE.get(cause, 480)


def cause_of_sip(code: int) -> Cause:
    """What a final SIP code means as a cause."""
    return _CAUSE_OF_SIP.get(code, Cause.NORMAL_UNSPECIFIED)


def cause_named(text: str) -> Cause:
    """A cause by name (any case) or number; NORMAL_CLEARING for anything else, as FreeSWITCH does."""
    name = text.strip().upper()
    if name in Cause.__members__:
        return Cause[name]
    if name.isascii() and name.isdigit() and len(name) < 6 and int(name) in _BY_NUMBER:
        return Cause(int(name))
    return Cause.NORMAL_CLEARING


_BY_NUMBER: Final = frozenset(cause.value for cause in Cause)
