"""Session timers (RFC 4028) on FreeSWITCH: who asks for them gets them, who does not is left in peace.

The lab switch keeps none, and answers calls that ask for them as it answers others."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from cli.demonstration.stage import Stage
from lab.robots import Answer, CallReport, RobotCall
from tests.e2e.exchange import Exchange, eventually

pytestmark = [
    pytest.mark.freeswitch,
    pytest.mark.parametrize("switch", ["freeswitch"], indirect=True, scope="session"),
]

CALLER, ABROAD = "+4915228817386", "+4915228817387"
OURS = "+492214710160"
#: The shortest interval that RFC 4028 section 5 allows.
INTERVAL_S = 90
#: FreeSWITCH hangs up a tenth before the end. It refreshes between 5 s before and 5 s after the half; who has
#: heard of none a third before the end may hang up (RFC 4028 section 10).
ENDS_S, REFRESHES_S = 81, 60


def asking(refresher: str = "", seconds: int = INTERVAL_S) -> dict[str, str]:
    """The headers of who wants a session timer."""
    role = f";refresher={refresher}" if refresher else ""
    return {"Supported": "timer", "Session-Expires": f"{seconds}{role}"}


def wanting(refresher: str) -> dict[str, str]:
    """The same of who answers."""
    return {**asking(refresher), "Require": "timer"}


def called(stage: Stage, number: str, headers: Mapping[str, str]) -> RobotCall:
    """A call from a carrier to the customer's trunk, answered there without a word about timers."""
    stage.robot("bau-1").on_call(Answer(after_ms=20), number)
    call = stage.call("carrier-a", number, from_user=CALLER, headers=headers)
    call.wait("answered", 20)
    return call


def of_answer(report: CallReport, name: str) -> str | None:
    """A header of the final response."""
    return next((value for key, value in report.response_headers if key.lower() == name.lower()), None)


def legs_of(running: Exchange, report: CallReport) -> list[dict[str, Any]]:
    """Both records of the call, the caller's first."""
    found: list[dict[str, Any]] = []

    def recorded() -> bool:
        legs = running.legs()
        ids = {leg["call_id"] for leg in legs if leg["sip_call_id"] == report.sip_call_id}
        found[:] = sorted((leg for leg in legs if leg["call_id"] in ids), key=lambda leg: str(leg["side"]))
        return len(found) == 2

    eventually(recorded, 20, "both records")
    return found


@pytest.mark.parametrize(
    ("headers", "answer", "required"),
    [
        pytest.param(asking("uac"), "90;refresher=uac", "timer", id="he refreshes"),
        pytest.param(asking("uas"), "90;refresher=uas", None, id="we refresh"),
        pytest.param(asking(), "90;refresher=uac", "timer", id="he leaves it to us, and refreshes"),
        pytest.param({**asking("uac"), "Require": "timer"}, "90;refresher=uac", "timer", id="he insists"),
        pytest.param({"Supported": "timer"}, None, None, id="he could, and does not ask"),
        pytest.param({}, None, None, id="he knows nothing of it"),
    ],
)
def test_a_caller_is_answered_as_he_asks(
    stage: Stage, headers: dict[str, str], answer: str | None, required: str | None
) -> None:
    call = called(stage, "+492214710161", headers)
    report = call.report()
    call.hangup()
    assert report.final_code == 200
    assert of_answer(report, "Session-Expires") == answer
    assert of_answer(report, "Require") == required


def test_an_interval_below_the_rfcs_is_refused_with_ours(stage: Stage) -> None:
    call = stage.call("carrier-a", "+492214710162", from_user=CALLER, headers=asking("uac", 60))
    report = call.wait("ended", 20)
    assert report.final_code == 422
    assert of_answer(report, "Min-SE") == "90"


def test_whom_we_call_hears_that_we_could_and_is_asked_for_nothing(stage: Stage) -> None:
    stage.robot("bau-1").on_call(Answer(after_ms=20, talk_ms=100), "+492214710163")
    assert stage.call("carrier-a", "+492214710163", from_user=CALLER).wait("ended", 20).final_code == 200
    seen = stage.received("bau-1", "+492214710163")
    assert "timer" in (seen.header("Supported") or "")
    assert seen.header("Session-Expires") is None


@pytest.mark.parametrize("update", [True, False], ids=["UPDATE", "re-INVITE"])
def test_a_refresh_is_answered_and_the_other_side_hears_nothing_of_it(stage: Stage, update: bool) -> None:
    number = "+492214710164" if update else "+492214710165"
    call = called(stage, number, asking("uac"))
    call.refresh(INTERVAL_S, update=update)
    call.wait("refreshed", 20)
    call.hangup()
    other = stage.received("bau-1", number)
    assert call.wait("ended", 20).problem is None
    assert other.offers == 0


@pytest.mark.parametrize("update", [True, False], ids=["UPDATE", "re-INVITE"])
def test_so_is_one_of_the_called_party(stage: Stage, update: bool) -> None:
    number = "+492214710166" if update else "+492214710167"
    stage.robot("bau-1").on_call(Answer(after_ms=20, headers=wanting("uas")), number)
    caller = stage.call("carrier-a", number, from_user=CALLER)
    other = stage.inbox("bau-1").received(number, 20)
    caller.wait("answered", 20)
    other.refresh(INTERVAL_S, update=update)
    other.wait("refreshed", 20)
    caller.hangup()
    assert other.wait("ended", 20).problem is None
    assert caller.wait("ended", 20).offers == 0


@pytest.mark.long
def test_who_refreshes_is_kept_whom_we_refresh_too_and_who_falls_silent_is_hung_up(
    running: Exchange, stage: Stage
) -> None:
    """Five calls at once, for a little longer than the interval."""
    silent = called(stage, "+492214710170", asking("uac"))
    speaking = called(stage, "+492214710171", asking("uac"))
    began = time.monotonic()
    passive = called(stage, "+492214710172", asking("uas"))
    robot = stage.robot("bau-1")
    robot.on_call(Answer(after_ms=20, headers=wanting("uac")), "+492214710173")
    robot.on_call(Answer(after_ms=20, headers=wanting("uas")), "+492214710174")
    to_passive = stage.call("carrier-a", "+492214710173", from_user=CALLER)
    to_speaking = stage.call("carrier-a", "+492214710174", from_user=CALLER)
    called_passive = stage.inbox("bau-1").received("+492214710173", 20)
    called_speaking = stage.inbox("bau-1").received("+492214710174", 20)

    for each in (passive, called_passive):
        each.wait("refreshed", began + REFRESHES_S - time.monotonic())
    speaking.refresh(INTERVAL_S, update=False)
    called_speaking.refresh(INTERVAL_S, update=True)

    ended = silent.wait("ended", ENDS_S)
    assert (ended.ended_by, ended.reason_headers) == ("peer", ('SIP;cause=408;text="Session timeout"',))
    first, second = legs_of(running, ended)
    assert abs(first["billed_ms"] - 1_000 * ENDS_S) < 3_000
    assert [leg["hung_up_by"] for leg in (first, second)] == ["switch", "switch"]

    kept = (speaking, passive, to_passive, to_speaking)
    assert [call.report().state for call in kept] == ["answered"] * 4
    for call in kept:
        report = call.report()
        assert report.rtp.packets_received > 45 * ENDS_S
        call.hangup()
    assert stage.received("bau-1", "+492214710171").offers == 0
    assert (to_passive.wait("ended", 20).offers, to_speaking.wait("ended", 20).offers) == (0, 0)
