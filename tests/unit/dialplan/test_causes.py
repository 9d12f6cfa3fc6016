"""Release causes: ITU-T Q.850 table 1, FreeSWITCH's names and the SIP codes it answers with."""

from __future__ import annotations

import pytest

from dialplan.causes import PATH_FAILURES, Cause

#: FreeSWITCH's name, number, SIP code, as its core and its SIP module have them.
TABLE = """
UNALLOCATED_NUMBER          1   404
NO_ROUTE_DESTINATION        3   404
NORMAL_CLEARING             16  480
USER_BUSY                   17  486
NO_USER_RESPONSE            18  408
NO_ANSWER                   19  480
SUBSCRIBER_ABSENT           20  480
CALL_REJECTED               21  603
NUMBER_CHANGED              22  410
EXCHANGE_ROUTING_ERROR      25  483
DESTINATION_OUT_OF_ORDER    27  502
INVALID_NUMBER_FORMAT       28  484
NORMAL_UNSPECIFIED          31  480
NORMAL_CIRCUIT_CONGESTION   34  503
NETWORK_OUT_OF_ORDER        38  503
NORMAL_TEMPORARY_FAILURE    41  503
SWITCH_CONGESTION           42  503
REQUESTED_CHAN_UNAVAIL      44  503
OUTGOING_CALL_BARRED        52  403
SERVICE_UNAVAILABLE         63  480
SERVICE_NOT_IMPLEMENTED     79  501
INCOMPATIBLE_DESTINATION    88  488
RECOVERY_ON_TIMER_EXPIRE    102 504
INTERWORKING                127 480
ORIGINATOR_CANCEL           487 487
ALLOTTED_TIMEOUT            802 480
USER_NOT_REGISTERED         806 480
PROGRESS_TIMEOUT            807 480
INVALID_GATEWAY             808 484
GATEWAY_DOWN                809 503
INVALID_PROFILE             811 502
"""


def test_causes_have_the_numbers_and_codes_of_the_switch() -> None:
    wanted = {
        name: (int(number), int(code)) for name, number, code in map(str.split, TABLE.strip().split("\n"))
    }
    assert {cause.switch_name: (cause.q850, cause.sip_code) for cause in Cause} == wanted


def test_a_cause_is_found_by_the_switchs_name() -> None:
    assert all(Cause[cause.switch_name] is cause for cause in Cause)


@pytest.mark.parametrize(
    "cause",
    [
        Cause.USER_BUSY,
        Cause.NO_ANSWER,
        Cause.CALL_REJECTED,
        Cause.UNALLOCATED_NUMBER,
        Cause.NUMBER_CHANGED,
        Cause.ORIGINATOR_CANCEL,
        Cause.NORMAL_CLEARING,
        Cause.NO_USER_RESPONSE,
        Cause.NO_ROUTE_DESTINATION,
    ],
)
def test_the_word_of_the_called_party_is_final(cause: Cause) -> None:
    assert cause not in PATH_FAILURES
