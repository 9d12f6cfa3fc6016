"""Calls that are captured for what becomes of their records; the demo does not play them."""

from __future__ import annotations

from threading import Event
from typing import Final

from cli.demonstration.scenario import Played, Scenario
from cli.demonstration.stage import Stage
from lab.robots import Answer

_WAIT_S: Final = 30.0
#: How long the two called parties talk after the caller has left.
_TALK_S: Final = 2.0
_MOBILE: Final = "+4915228817386"
_HAMBURG: Final = "+4940669699088"


def _transferred(stage: Stage) -> Played:
    """A phone calls a mobile number and sends it on to Hamburg; those two talk on without the phone."""
    for number in (_MOBILE, _HAMBURG):
        stage.robot("carrier-a").on_call(Answer(after_ms=100, play="%(10000,0,620)"), number)
    call = stage.call("kanzlei-1", "015228817386")
    call.wait("answered", _WAIT_S)
    mobile = stage.inbox("carrier-a").received(_MOBILE, _WAIT_S)
    call.refer(f"sip:{_HAMBURG}@{stage.settings.node.sip_ip}")
    stage.inbox("carrier-a").received(_HAMBURG, _WAIT_S).wait("answered", _WAIT_S)
    Event().wait(_TALK_S)
    mobile.hangup()
    return Played(call.wait("ended", _WAIT_S))


OWN_SCENARIOS: Final = (
    Scenario("transferred", "200, then two go on without the caller", 200, "out.carrier", 3, _transferred),
)
