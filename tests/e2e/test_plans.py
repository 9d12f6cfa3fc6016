"""Routing plans with real calls, on the lab switch and on FreeSWITCH (C2, C10)."""

from __future__ import annotations

import json
import os
import signal
import socket
import wave
from array import array
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.bootstrap import engine, now
from cli.demonstration.stage import Stage, staged
from cli.times import GERMANY
from lab.media.detect import energy_share
from lab.robots import Answer, CallEndedError, CallReport, Reject, RobotCall
from store.cdr_repository import CdrRepository
from tests.e2e.exchange import Exchange, eventually, exchange

CALLER = "+4915228817386"
ASKED_HZ, WRONG_HZ, CLOSED_HZ, TALK_HZ = 620, 880, 440, 1000
RINGING_HZ = 425
SPOKEN_HZ, NOW_SPEAK_HZ = 700, 1000
#: Where no voice is installed, three short tones stand for each text.
NO_VOICE_HZ = 880
TALK = f"%(10000,0,{TALK_HZ})"


@pytest.fixture(scope="module")
def planned(switch: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """An exchange of two controllers with the plans."""
    carrier = tmp_path_factory.mktemp("carrier") / "plans.yaml"
    text = (Path(__file__).parent / "plans.yaml").read_text()
    carrier.write_text(text.replace("TODAY", str(datetime.now(GERMANY).date())))
    with exchange(switch, controllers=2, carrier=carrier) as found:
        yield found


@pytest.fixture(scope="module")
def world(planned: Exchange) -> Iterator[Stage]:
    with staged(planned.settings) as found:
        yield found


def called(world: Stage, extension: str, digits: str | None = None, talk_ms: int = 1500) -> CallReport:
    """Call a number of the customer's from the public network and wait for the end."""
    options = {"digits": digits} if digits else {}
    call = world.call("carrier-a", f"+493023125{extension}", from_user=CALLER, talk_ms=talk_ms, **options)
    return call.wait("ended", 40)


def path_of(planned: Exchange, report: CallReport) -> str:
    """The nodes that the call came through, as its record tells (B12)."""
    return variables_of(planned, report)["fernamt_plan_path"]


def variables_of(planned: Exchange, report: CallReport) -> dict[str, str]:
    """The variables of the call as its record keeps them."""
    repository = CdrRepository(engine(planned.settings, "fernamt test"))
    until = now() + timedelta(minutes=1)
    found: list[str] = []

    def recorded() -> bool:
        legs = repository.stream(until - timedelta(minutes=10), until)
        found[:] = [leg.leg_id for leg in legs if leg.sip_call_id == report.sip_call_id]
        return bool(found)

    eventually(recorded, 15, "the call's record")
    (stored,) = [each for each in repository.show(found[0]) if each.leg.leg_id == found[0]]
    return {name: str(value) for name, value in json.loads(stored.raw)["variables"].items()}


def test_a_caller_outside_the_hours_hears_that_and_pays_nothing(planned: Exchange, world: Stage) -> None:
    """C2, C10: the announcement is early media."""
    report = called(world, "300")
    assert report.final_code == 480
    assert report.heard(CLOSED_HZ)
    assert path_of(planned, report) == "zeiten=closed,zu"


def test_a_holiday_has_a_way_of_its_own(planned: Exchange, world: Stage) -> None:
    """C2."""
    report = called(world, "302")
    assert report.final_code == 603
    assert report.heard(CLOSED_HZ)


def test_a_key_rings_the_phone_that_it_stands_for(planned: Exchange, world: Stage) -> None:
    """C2."""
    world.robot("empfang").on_call(Answer(after_ms=100, play=TALK))
    call = world.call("carrier-a", "+493023125301", from_user=CALLER)
    call.wait_heard(ASKED_HZ)
    call.send_dtmf("1")
    call.wait_heard(TALK_HZ)
    call.hangup()
    report = call.wait("ended", 30)
    callee = world.received("empfang", "empfang")
    assert CALLER in callee.from_header
    assert path_of(planned, report) == "frage=1,empfang"


def test_who_presses_nothing_is_asked_again_and_then_rings_elsewhere(world: Stage) -> None:
    """C2."""
    world.robot("werkstatt").on_call(Answer(after_ms=50, play=TALK))
    call = world.call("carrier-a", "+493023125301", from_user=CALLER)
    call.wait_heard(TALK_HZ, timeout_s=15)
    call.hangup()
    report = call.wait("ended", 30)
    assert report.heard(ASKED_HZ, min_ms=1100)  # the question of 0.7 s twice
    assert world.received("werkstatt", "werkstatt").final_code == 200


def test_wrong_keys_are_told_and_end_where_the_plan_says(planned: Exchange, world: Stage) -> None:
    """C2."""
    call = world.call("carrier-a", "+493023125301", from_user=CALLER)
    call.wait_heard(ASKED_HZ)
    call.send_dtmf("5")
    call.wait_heard(WRONG_HZ)
    with suppress(CallEndedError):  # it may be gone while the key is still down
        call.send_dtmf("7")
    report = call.wait("ended", 20)
    assert report.ended_by == "peer"
    assert report.q850_cause == 17
    assert path_of(planned, report) == "frage=wrong,zu"


def test_a_storm_of_keys_ends_the_call_and_harms_nobody(planned: Exchange, world: Stage) -> None:
    call = world.call("carrier-a", "+493023125301", from_user=CALLER)
    call.wait("answered", 30)
    call.send_dtmf("9" * 20, duration_ms=40)
    call.hangup()
    assert call.wait("ended", 30).ended_by == "us"
    assert called(world, "300").final_code == 480


def test_a_forward_to_a_number_that_is_barred_takes_the_other_way(planned: Exchange, world: Stage) -> None:
    """Guarantee 2, B5, B6."""
    world.robot("werkstatt").on_call(Answer(after_ms=50))
    report = called(world, "303", talk_ms=200)
    assert report.final_code == 200
    assert world.received("werkstatt", "werkstatt").final_code == 200
    assert not world.has_received("carrier-a", "+494066969100")
    assert not world.has_received("carrier-b", "+494066969100")
    assert path_of(planned, report) == "hamburg=none,werkstatt"


def test_a_forwarded_call_leaves_over_the_carrier(world: Stage) -> None:
    """C2."""
    munich = "+498999998500"
    world.robot("carrier-a").on_call(Answer(after_ms=50), munich)
    assert called(world, "304", talk_ms=200).final_code == 200
    assert world.received("carrier-a", munich).final_code == 200


def test_when_nobody_is_there_the_plan_goes_on(planned: Exchange, world: Stage) -> None:
    """C2."""
    world.robot("empfang").on_call(Reject(486))
    world.robot("carrier-a").on_call(Reject(486), CALLER)
    world.robot("carrier-b").on_call(Reject(486), CALLER)
    report = called(world, "305")
    assert report.final_code == 480
    assert report.heard(CLOSED_HZ)
    assert path_of(planned, report) == "empfang=none,mobil=none,zu"


def test_an_announcement_may_answer_and_the_phone_rings_behind_it(world: Stage) -> None:
    """C2."""
    world.robot("empfang").on_call(Answer(after_ms=300, play=TALK))
    call = world.call("carrier-a", "+493023125306", from_user=CALLER)
    call.wait("answered", 30)
    call.wait_heard(CLOSED_HZ)
    call.wait_heard(TALK_HZ)
    call.hangup()
    call.wait("ended", 30)


def called_late(world: Stage, extension: str) -> RobotCall:
    """A call whose INVITE has no SDP (decision 45)."""
    return world.call("carrier-a", f"+493023125{extension}", from_user=CALLER, delayed_offer="answered")


@pytest.mark.long
def test_a_caller_without_sdp_hears_who_rings_long_behind_a_greeting(world: Stage) -> None:
    """Longer than a leg may take that says nothing."""
    world.robot("lange").on_call(Answer(after_ms=6_000, play=TALK))
    call = called_late(world, "309")
    call.wait_heard(CLOSED_HZ)
    call.wait_heard(RINGING_HZ)
    call.wait_heard(TALK_HZ, timeout_s=15)
    call.hangup()
    call.wait("ended", 30)
    assert world.received("lange", "lange").final_code == 200


@pytest.mark.long
def test_a_caller_without_sdp_hears_what_comes_after_a_menu(world: Stage) -> None:
    world.robot("lange").on_call(Answer(after_ms=6_000, play=TALK))
    call = called_late(world, "310")
    call.wait_heard(ASKED_HZ)
    call.send_dtmf("1")
    call.wait_heard(WRONG_HZ)
    call.wait_heard(RINGING_HZ)
    call.wait_heard(TALK_HZ, timeout_s=15)
    call.hangup()
    call.wait("ended", 30)
    assert world.received("lange", "lange").final_code == 200


def test_a_caller_without_sdp_who_presses_nothing_hears_why_the_call_ends(world: Stage) -> None:
    report = called_late(world, "310").wait("ended", 30)
    assert report.heard(ASKED_HZ)
    assert report.heard(CLOSED_HZ)
    assert report.q850_cause == 17


def test_who_pays_by_the_minute_is_asked_without_an_answer(world: Stage) -> None:
    """C10, TKG § 115: the menu of a 0180 number is early media until somebody answers."""
    world.robot("werkstatt").on_call(Answer(after_ms=50, play=TALK))
    call = world.call("carrier-a", "+491805123456", from_user=CALLER)
    call.wait_heard(ASKED_HZ)
    assert call.report().answered_ms is None
    call.wait("answered", 20)
    call.wait_heard(TALK_HZ)
    call.hangup()
    call.wait("ended", 30)


def test_a_message_is_left_and_heard(planned: Exchange, world: Stage, tmp_path: Path) -> None:
    """C3: what the caller says is in the file that an operator gets; in clear it never stays on the disk."""
    spoken = f"%(10000,0,{SPOKEN_HZ})"
    call = world.call("carrier-a", "+493023125307", from_user=CALLER, play=spoken, talk_ms=3500)
    report = call.wait("ended", 20)
    assert report.heard(CLOSED_HZ)
    assert report.heard(NOW_SPEAK_HZ)

    def left() -> list[dict[str, Any]]:
        return [each for each in planned.json("mailbox", "list", "kunde") if each["caller"] == CALLER]

    eventually(lambda: len(left()) == 1, 20, "the message")
    (message,) = left()
    assert message["mailbox"] == "box"
    assert message["duration_ms"] >= 1000
    assert not list((planned.directory / "messages").iterdir())
    target = tmp_path / "message.wav"
    planned.run("mailbox", "play", message["message"], "--output", str(target), "--actor", "tester")
    with wave.open(str(target), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        heard = array("h", file.readframes(file.getnframes()))
    # Half a second of it at least: a busy machine loses a packet now and then, a jump of the phase each time.
    halves = (heard[at : at + 4000] for at in range(0, len(heard) - 3999, 2000))
    assert max(energy_share(half, SPOKEN_HZ) for half in halves) > 0.9
    planned.run("mailbox", "erase", message["message"], "--reason", "test")
    assert left() == []


def guided(call: RobotCall) -> int:
    """Tones that the caller heard in the place of texts."""
    return sum(each.frequency_hz == NO_VOICE_HZ for each in call.report().tones)


def wait_guided(call: RobotCall) -> None:
    """Wait for the next text, also behind one that is just ending."""
    before = guided(call)
    eventually(lambda: guided(call) > before + 1, 10, "a text")


@pytest.mark.long
def test_a_message_is_heard_by_phone_with_the_pin_and_deleted(planned: Exchange, world: Stage) -> None:
    """C3: three wrong PINs end the call, the right one opens; no PIN is kept, no sound stays in clear."""
    spoken = f"%(10000,0,{SPOKEN_HZ})"
    world.call("carrier-a", "+493023125307", from_user=CALLER, play=spoken, talk_ms=3500).wait("ended", 20)
    eventually(lambda: len(planned.json("mailbox", "list", "kunde")) == 1, 20, "the message")

    wrong = world.call("carrier-a", "+493023125308", from_user=CALLER)
    for _ in range(3):
        wait_guided(wrong)
        wrong.send_dtmf("9876#")
    report = wrong.wait("ended", 20)
    assert report.ended_by == "peer"
    assert not report.heard(SPOKEN_HZ)
    kept = variables_of(planned, report)
    assert kept["fernamt_plan_path"] == "box"
    assert set(kept["digits_dialed"]) == {"X"}
    assert not kept.get("fernamt_pin")

    right = world.call("carrier-a", "+493023125308", from_user=CALLER)
    right.wait_heard(NO_VOICE_HZ, timeout_s=30)
    right.send_dtmf("4711#")
    right.wait_heard(SPOKEN_HZ, min_ms=500, timeout_s=15)
    (message,) = planned.json("mailbox", "list", "kunde")
    assert message["heard_at"]
    right.send_dtmf("3")
    report = right.wait("ended", 20)
    assert report.ended_by == "peer"
    assert planned.json("mailbox", "list", "kunde") == []
    assert not list((planned.directory / "messages").iterdir())
    assert set(variables_of(planned, report)["digits_dialed"]) == {"X"}


def listens(address: tuple[str, int]) -> bool:
    """Whether somebody takes connections there."""
    with suppress(OSError):
        socket.create_connection(address, 1.0).close()
        return True
    return False


def test_a_caller_in_a_menu_goes_on_when_the_controller_dies(planned: Exchange, world: Stage) -> None:
    """Another controller goes on, also with a key that was pressed meanwhile."""
    eventually(lambda: listens(planned.settings.controllers[1]), 30, "the second controller")
    world.robot("empfang").on_call(Answer(after_ms=50, play=TALK))
    call = world.call("carrier-a", "+493023125301", from_user=CALLER)
    call.wait_heard(ASKED_HZ)
    os.kill(planned.processes()["controller-1"], signal.SIGKILL)
    call.send_dtmf("1")
    call.wait_heard(TALK_HZ, timeout_s=15)
    call.hangup()
    call.wait("ended", 30)
