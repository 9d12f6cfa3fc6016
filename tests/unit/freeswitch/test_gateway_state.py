"""What FreeSWITCH tells of a gateway, by event and when asked (texts as FreeSWITCH 1.11 writes them)."""

from __future__ import annotations

import pytest

from freeswitch.events import Event
from freeswitch.gateway_state import GatewayState, state_of_event, state_of_status

STATUS = """=================
Name    \tcarrier-a
Profile \tcarrier
Realm   \t192.0.2.10
Ping    \t1795333860
PingFreq\t30
PingTime\t{time}
PingState\t0/{count}/1
State   \t{state}
Status  \tUP{pinging}
Uptime  \t24s
=================
"""


def event(**headers: str) -> Event:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Event({"Gateway": "carrier-a", "State": "NOREG", "Ping-Status": "UP", **names}, b"")


@pytest.mark.parametrize(
    ("headers", "up", "why"),
    [
        ({"Status": "200", "Phrase": "OK"}, True, "OPTIONS: 200 OK"),
        ({"Status": "405", "Phrase": "Method Not Allowed"}, True, "OPTIONS: 405 Method Not Allowed"),
        ({"Status": "408", "Phrase": "Request Timeout"}, False, "OPTIONS: 408 Request Timeout"),
        ({"Status": "503"}, False, "OPTIONS: 503"),
        ({"State": "REGED"}, True, "registered"),
        ({"State": "FAIL_WAIT", "Status": "403"}, False, "not registered (FAIL_WAIT)"),
    ],
)
def test_an_event_says_whether_the_peer_is_there(headers: dict[str, str], up: bool, why: str) -> None:
    assert state_of_event(event(**headers)) == GatewayState("carrier-a", up, why)


@pytest.mark.parametrize("gateway", ["carrier-a.R", "carrier-a"])
def test_the_gateway_that_registers_tells_of_its_trunk(gateway: str) -> None:
    """Nodes that an earlier release rendered have it under the trunk's own name."""
    found = GatewayState("carrier-a", False, "not registered (FAIL_WAIT)")
    assert state_of_event(event(Gateway=gateway, State="FAIL_WAIT")) == found
    told = STATUS.format(time="0.00", count=0, state="FAIL_WAIT", pinging="")
    assert state_of_status(told.replace("carrier-a", gateway)) == found


@pytest.mark.parametrize(
    "headers", [{}, {"Status": "100"}, {"Status": "x"}, {"State": "TRYING"}, {"Gateway": ""}]
)
def test_other_events_say_nothing_yet(headers: dict[str, str]) -> None:
    assert state_of_event(event(**headers)) is None


@pytest.mark.parametrize(
    ("state", "count", "time", "expected"),
    [
        ("NOREG", "1", "0.31", True),
        ("NOREG", "0", "0.31", False),
        ("NOREG", "0", "0.00", None),
        ("REGED", "0", "0.00", True),
        ("FAIL_WAIT", "0", "0.00", False),
        ("TRYING", "0", "0.00", None),
    ],
)
def test_the_status_says_the_same(state: str, count: str, time: str, expected: bool | None) -> None:
    found = state_of_status(STATUS.format(state=state, count=count, time=time, pinging=" (ping)"))
    assert (found.up if found else None) is expected
    assert found is None or found.trunk_id == "carrier-a"


def test_a_gateway_that_the_switch_does_not_know_says_nothing() -> None:
    assert state_of_status("Invalid Gateway!\n") is None
