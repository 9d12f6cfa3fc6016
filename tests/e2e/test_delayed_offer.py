"""Callers whose INVITE has no SDP: they are offered sound with the answer, and answer in their ACK (B2, B8,
decision 45)."""

from __future__ import annotations

from datetime import datetime

import pytest

from cli.demonstration.stage import Stage
from lab.robots import Answer, CallReport, Ignore, Reject, RobotCall
from tests.e2e.exchange import Exchange, eventually

MOBILE = "+4915228817386"
CALLED, DIALLED = "+494066969123", "04066969123"
TO_PHONE, PHONE = "+493023125002", "kanzlei-2"
OTHER_PHONE, TO_OTHER = "kanzlei-1", "03023125001"
OURS_HZ, THEIRS_HZ, RINGING_HZ = 440, 770, 425
OURS, THEIRS = f"%(10000,0,{OURS_HZ})", f"%(10000,0,{THEIRS_HZ})"
#: Longer than an emergency trunk that has answered 100 may take until it rings.
LONG_RING_MS = 11_000
#: From the INVITE to the answer when the first trunk is silent (B8).
LIMIT_MS = 4_000
WAIT_S = 30.0
ENTRIES = ["bau-1", "kanzlei-1"]  # a trunk with an address, a phone that logs in


@pytest.fixture(autouse=True)
def nobody_has_called(stage: Stage) -> None:
    forget(stage)


@pytest.fixture
def alone(without_controller: tuple[Exchange, Stage]) -> Stage:
    """The world around an exchange without a controller."""
    return without_controller[1]


def forget(stage: Stage) -> None:
    for who in ("carrier-a", "carrier-b", PHONE, OTHER_PHONE):
        stage.all_received(who)


def late(stage: Stage, who: str, number: str, ack: str = "answered", **options: object) -> RobotCall:
    """A call without SDP in its INVITE."""
    return stage.call(who, number, delayed_offer=ack, play=OURS, **options)


def both_heard(caller: CallReport, called: CallReport) -> None:
    assert caller.heard(THEIRS_HZ, min_ms=300), caller
    assert called.heard(OURS_HZ, min_ms=300), called


def records(running: Exchange, caller: CallReport) -> dict[str, dict[str, object]]:
    """The legs of the call by their side, once both are there."""

    def found() -> dict[str, dict[str, object]]:
        legs = running.legs()
        calls = {leg["call_id"] for leg in legs if leg["sip_call_id"] == caller.sip_call_id}
        return {leg["side"]: leg for leg in legs if leg["call_id"] in calls}

    eventually(lambda: {"a", "b"} <= found().keys(), 15, "the records of both legs")
    return found()


@pytest.mark.parametrize("who", ENTRIES)
def test_both_hear_each_other_from_the_answer_on(running: Exchange, stage: Stage, who: str) -> None:
    """And what is recorded begins with the called party's answer."""
    stage.robot("carrier-a").on_call(Answer(after_ms=1_500, play=THEIRS), CALLED)
    report = late(stage, who, DIALLED, digits="159", talk_ms=2_500).wait("ended", WAIT_S)
    assert report.final_code == 200
    assert (report.answered_ms or 0) >= 1_500
    assert [each.code for each in report.provisionals if each.code > 100] == [180]
    seen = stage.received("carrier-a", CALLED)
    both_heard(report, seen)
    assert seen.digits == "159"
    legs = records(running, report)
    answered = [datetime.fromisoformat(str(legs[side]["answered_at"])) for side in "ab"]
    assert abs((answered[0] - answered[1]).total_seconds()) < 0.5
    assert (legs["a"]["q850"], legs["a"]["sip_code"]) == (16, 200)


def test_a_carriers_call_reaches_a_phone(stage: Stage) -> None:
    stage.robot(PHONE).on_call(Answer(after_ms=200, play=THEIRS))
    report = late(stage, "carrier-a", TO_PHONE, from_user=MOBILE, talk_ms=1_000).wait("ended", WAIT_S)
    assert report.final_code == 200
    both_heard(report, stage.received(PHONE, stage.snapshot.phones[PHONE].credentials.username))


def test_a_phone_redirects_such_a_caller(stage: Stage) -> None:
    """302: by our rules, and not to the host that the phone named."""
    port = stage.robot("carrier-b").port
    stage.robot(PHONE).on_call(Reject(302, headers={"Contact": f"<sip:{CALLED}@127.0.0.1:{port}>"}))
    stage.robot("carrier-a").on_call(Answer(after_ms=20, play=THEIRS), CALLED)
    report = late(stage, "carrier-a", TO_PHONE, from_user=MOBILE, talk_ms=1_000).wait("ended", WAIT_S)
    assert report.final_code == 200
    both_heard(report, stage.received("carrier-a", CALLED))
    assert stage.all_received("carrier-b") == []


@pytest.mark.long
@pytest.mark.parametrize(("who", "number"), [(OTHER_PHONE, TO_OTHER), ("carrier-a", DIALLED)])
def test_a_phone_transfers_such_a_caller_to_one_who_rings_long(stage: Stage, who: str, number: str) -> None:
    """Longer than a leg may take that says nothing: its 180 is dropped to the end of such a caller's call."""
    answer = Answer(after_ms=LIMIT_MS + 2_000, play=THEIRS)
    stage.robot(who).on_call(answer, *([CALLED] if who == "carrier-a" else []))
    stage.robot(PHONE).on_call(Answer(after_ms=20))
    call = late(stage, "carrier-a", TO_PHONE, from_user=MOBILE)
    call.wait("answered", WAIT_S)
    (leg,) = stage.all_received(PHONE)
    leg.refer(f"sip:{number}@{stage.settings.node.sip_ip}")
    call.wait_heard(RINGING_HZ, timeout_s=WAIT_S)
    call.wait_heard(THEIRS_HZ, min_ms=300, timeout_s=WAIT_S)
    (seen,) = stage.all_received(who)
    seen.wait_heard(OURS_HZ, min_ms=300, timeout_s=WAIT_S)
    call.hangup()
    both_heard(call.wait("ended", WAIT_S), seen.wait("ended", WAIT_S))


def test_a_carrier_redirects_nobody(stage: Stage) -> None:
    """Least of all to a host of its choice: the next trunk is tried."""
    contact = {"Contact": f"<sip:{CALLED}@127.0.0.1:{stage.robot(PHONE).port}>"}
    stage.all_received(PHONE)
    stage.robot("carrier-a").on_call(Reject(302, headers=contact), CALLED)
    stage.robot("carrier-b").on_call(Answer(after_ms=20, play=THEIRS), CALLED)
    report = late(stage, "bau-1", DIALLED, talk_ms=1_000).wait("ended", WAIT_S)
    assert report.final_code == 200
    both_heard(report, stage.received("carrier-b", CALLED))
    assert stage.all_received(PHONE) == []


@pytest.mark.parametrize("code", [486, 404, 603])
def test_who_is_not_reached_hears_why(stage: Stage, code: int) -> None:
    for carrier in ("carrier-a", "carrier-b"):
        stage.robot(carrier).on_call(Reject(code, ring=True), CALLED)
    report = late(stage, "bau-1", DIALLED).wait("ended", WAIT_S)
    assert (report.final_code, report.answered_ms) == (code, None)


def test_the_next_trunk_takes_the_call(stage: Stage) -> None:
    stage.robot("carrier-a").on_call(Reject(503), CALLED)
    stage.robot("carrier-b").on_call(Answer(after_ms=20, play=THEIRS), CALLED)
    report = late(stage, "bau-1", DIALLED, talk_ms=1_000).wait("ended", WAIT_S)
    assert report.final_code == 200
    both_heard(report, stage.received("carrier-b", CALLED))


def test_sound_before_the_answer_becomes_a_180(stage: Stage) -> None:
    """There is no way to offer it to this caller."""
    answer = Answer(after_ms=1_000, early_media=THEIRS, play=THEIRS)
    stage.robot("carrier-a").on_call(answer, CALLED)
    report = late(stage, "bau-1", DIALLED, talk_ms=1_000).wait("ended", WAIT_S)
    assert report.final_code == 200
    assert [each.code for each in report.provisionals if each.code > 100] == [180]
    both_heard(report, stage.received("carrier-a", CALLED))


def test_the_caller_gives_up(stage: Stage) -> None:
    stage.robot("carrier-a").on_call(Answer(after_ms=20_000), CALLED)
    report = late(stage, "bau-1", DIALLED, timeout_s=1.0).wait("ended", WAIT_S)
    assert report.final_code == 487
    assert stage.received("carrier-a", CALLED).ended_by == "peer"


@pytest.mark.parametrize("ack", ["unanswered", "unacknowledged"])
def test_who_does_not_answer_the_offer_is_hung_up(
    running: Exchange, stage: Stage, switch: str, ack: str
) -> None:
    """ACK without SDP: at once. No ACK: after timer H, 3 s here. The called party does not stay behind."""
    if switch == "lab" and ack == "unacknowledged":
        pytest.skip("the lab switch waits for an ACK as long as the RFC says, 32 s")
    stage.robot("carrier-a").on_call(Answer(after_ms=20), CALLED)
    report = late(stage, "bau-1", DIALLED, ack).wait("ended", WAIT_S)
    assert report.ended_by == "peer"
    assert stage.received("carrier-a", CALLED, 5.0).ended_by == "peer"
    if switch == "freeswitch":  # the lab switch counts it as answered when it offers
        assert records(running, report)["a"]["answered_at"] is None


@pytest.mark.parametrize("who", ENTRIES)
def test_an_emergency_call_arrives_with_its_place(stage: Stage, who: str) -> None:
    stage.robot("carrier-a").on_call(Answer(after_ms=200, play=THEIRS), "112")
    report = late(stage, who, "112", digits="1", talk_ms=1_500).wait("ended", WAIT_S)
    assert report.final_code == 200
    seen = stage.received("carrier-a", "112")
    both_heard(report, seen)
    assert seen.digits == "1"
    assert [part for part in seen.parts if part.content_type.startswith("application/pidf+xml")]


@pytest.mark.parametrize("who", ENTRIES)
def test_without_a_controller_too(alone: Stage, who: str) -> None:
    forget(alone)
    alone.robot("carrier-a").on_call(Reject(503), "112")
    alone.robot("carrier-b").on_call(Answer(after_ms=200, early_media=THEIRS, play=THEIRS), "112")
    report = late(alone, who, "112", talk_ms=1_000).wait("ended", WAIT_S)
    assert report.final_code == 200
    seen = alone.received("carrier-b", "112")
    both_heard(report, seen)
    assert [part for part in seen.parts if part.content_type.startswith("application/pidf+xml")]


def test_without_a_controller_any_other_call_is_refused_as_a_passing_fault(alone: Stage) -> None:
    assert late(alone, "bau-1", DIALLED).wait("ended", WAIT_S).final_code == 503


@pytest.mark.long
def test_a_control_centre_that_rings_long_is_not_given_up(stage: Stage, alone: Stage) -> None:
    """And a dead trunk is: its 180 is heard, or missed, though nothing of it may reach this caller."""
    for each in (stage, alone):
        forget(each)
        each.robot("carrier-a").on_call(Answer(after_ms=LONG_RING_MS), "112")
        each.robot("carrier-a").on_call(Ignore(), "110")
        each.robot("carrier-b").on_call(Answer(after_ms=20), "110")
    long = [late(each, "bau-1", "112", talk_ms=20) for each in (stage, alone)]
    dead = [late(each, "bau-2", "110", talk_ms=20).wait("ended", WAIT_S) for each in (stage, alone)]
    assert [each.final_code for each in dead] == [200, 200]
    assert max(each.answered_ms or LIMIT_MS for each in dead) < LIMIT_MS
    assert [each.wait("ended", WAIT_S).final_code for each in long] == [200, 200]
    assert not any(each.has_received("carrier-b", "112") for each in (stage, alone))
