"""Applications on a single leg: prompts, digits, recordings, parking, orders from outside."""

from __future__ import annotations

import wave

import pytest

from lab.robots import Answer, RobotPhone, tone
from tests.integration.lab_switch.switch_process import (
    Controller,
    InboundSocket,
    SwitchUnderTest,
    wait_until,
)
from tests.integration.lab_switch.test_calls import dial

from .conftest import NewPhone


def test_a_prompt_asks_for_digits_until_the_terminator(switch: SwitchUnderTest, caller: RobotPhone) -> None:
    call = dial(switch, caller, "app-digits")
    call.wait_heard(700, min_ms=60)
    call.send_dtmf("123#", 80)
    variables = switch.leg_record(call.wait("ended").sip_call_id)["variables"]
    assert (variables["eingabe"], variables["read_terminator_used"]) == ("123", "#")


def test_too_few_digits_play_the_invalid_prompt(switch: SwitchUnderTest, caller: RobotPhone) -> None:
    call = dial(switch, caller, "app-digits")
    call.wait_heard(700, min_ms=60)
    call.send_dtmf("1#", 80)
    call.wait_heard(1200, min_ms=100)
    call.hangup()
    assert switch.leg_record(call.wait("ended").sip_call_id)["variables"]["eingabe"] == "1"


def test_transfer_starts_anew_in_the_dialplan(switch: SwitchUnderTest, caller: RobotPhone) -> None:
    call = dial(switch, caller, "app-transfer")
    record = switch.leg_record(call.wait("ended").sip_call_id)
    assert record["variables"]["hangup_cause"] == "CALL_REJECTED"
    profiles = [stretch["caller_profile"]["destination_number"] for stretch in record["callflow"]]
    assert profiles == ["hangup-CALL_REJECTED", "app-transfer"]


def test_ring_ready_and_sleep(switch: SwitchUnderTest, caller: RobotPhone) -> None:
    report = dial(switch, caller, "app-sleep").wait("ended")
    assert [one.code for one in report.provisionals] == [100, 180]
    assert report.final_code == 480
    assert report.ended_ms is not None
    assert report.ended_ms >= 150


def test_redirect_names_the_new_contact(switch: SwitchUnderTest, caller: RobotPhone) -> None:
    report = dial(switch, caller, "app-redirect").wait("ended")
    assert report.final_code == 302
    contacts = [value for name, value in report.response_headers if name.lower() == "contact"]
    assert "<sip:anders@127.0.0.1:9" in contacts[0]


def parked(switch: SwitchUnderTest, caller: RobotPhone, events: InboundSocket) -> str:
    """A caller in `park`: the leg's UUID."""
    events.command(
        "event plain CHANNEL_PARK CHANNEL_UNPARK CHANNEL_HANGUP_COMPLETE DTMF BACKGROUND_JOB "
        "CHANNEL_EXECUTE_COMPLETE CHANNEL_BRIDGE PLAYBACK_START PLAYBACK_STOP RECORD_START RECORD_STOP"
    )
    call = dial(switch, caller, "app-park", play=tone(600))
    call.wait("answered")
    return events.event("CHANNEL_PARK")["Unique-ID"]


def test_a_parked_call_is_told_what_to_do(
    switch: SwitchUnderTest, caller: RobotPhone, events: InboundSocket
) -> None:
    uuid = parked(switch, caller, events)
    assert events.api(f"uuid_exists {uuid}") == "true"
    assert events.api(f"uuid_setvar {uuid} farbe blau").startswith("+OK")
    assert events.api(f"uuid_getvar {uuid} farbe") == "blau"
    assert events.api(f"uuid_setvar_multi {uuid} a=1;b=2").startswith("+OK")
    assert events.api(f"uuid_getvar {uuid} b") == "2"
    assert events.api(f"uuid_getvar {uuid} gibtsnicht") == "_undef_"
    reply = events.execute("playback", "tone_stream://%(200,0,800)", uuid, event_uuid="mein-auftrag-1")
    assert reply["Reply-Text"] == "+OK"
    done = events.event("CHANNEL_EXECUTE_COMPLETE", Application_UUID="mein-auftrag-1")
    assert (done["Application"], done["Application-Response"]) == ("playback", "FILE PLAYED")
    assert done["Unique-ID"] == uuid
    assert events.api(f"uuid_kill {uuid} CALL_REJECTED").startswith("+OK")
    ended = events.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=uuid)
    assert (ended["Hangup-Cause"], ended["variable_sip_hangup_disposition"]) == ("CALL_REJECTED", "send_bye")
    wait_until(lambda: events.api(f"uuid_exists {uuid}") == "false", "the channel to go")
    assert events.api(f"uuid_kill {uuid}") == "-ERR No such channel!\n"


def test_a_parked_caller_is_bridged_to_an_agent_called_in_the_background(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone, events: InboundSocket
) -> None:
    uuid = parked(switch, caller, events)
    peer.on_call(Answer(play=tone(440)))
    reply = events.command(
        "bgapi originate {origination_caller_id_number=+4922147100}sofia/gateway/gut/agent &park()\n"
        "Job-UUID: auftrag-7"
    )
    assert (reply["Job-UUID"], reply["Reply-Text"]) == ("auftrag-7", "+OK Job-UUID: auftrag-7")
    job = events.event("BACKGROUND_JOB", Job_UUID="auftrag-7")
    assert job["body"].startswith("+OK ")
    agent = job["body"].split()[1]
    assert job["Job-Command"] == "originate"
    assert events.api(f"uuid_bridge {uuid} {agent}") == f"+OK {agent}\n"
    events.event("CHANNEL_BRIDGE", timeout_s=5)
    taken = peer.incoming()
    taken.wait_heard(600)
    listed = events.api("show channels as json")
    assert uuid in listed
    assert agent in listed
    taken.hangup()
    ended = events.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=uuid)
    assert ended["Hangup-Cause"] == "NORMAL_CLEARING"


def test_an_agent_who_does_not_take_the_call_is_a_cause(
    switch: SwitchUnderTest, caller: RobotPhone, events: InboundSocket
) -> None:
    assert events.api("originate sofia/gateway/zu/agent &park()") == "-ERR NORMAL_TEMPORARY_FAILURE\n"
    assert events.api("originate sofia/phone/tisch9%telefone.example &park()") == "-ERR USER_NOT_REGISTERED\n"
    assert events.api("originate error/user_busy &park()") == "-ERR USER_BUSY\n"


def test_a_parked_caller_is_transferred(
    switch: SwitchUnderTest, caller: RobotPhone, events: InboundSocket
) -> None:
    uuid = parked(switch, caller, events)
    assert events.api(f"uuid_transfer {uuid} hangup-USER_BUSY XML carrier").startswith("+OK")
    assert events.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=uuid)["Hangup-Cause"] == "USER_BUSY"


def test_digits_of_a_parked_caller_are_events(
    switch: SwitchUnderTest, caller: RobotPhone, events: InboundSocket
) -> None:
    events.command("event plain CHANNEL_PARK DTMF")
    call = dial(switch, caller, "app-park", play=tone(600))
    call.wait("answered")
    uuid = events.event("CHANNEL_PARK")["Unique-ID"]
    call.send_dtmf("5", 100)
    assert events.event("DTMF", Unique_ID=uuid)["DTMF-Digit"] == "5"


def test_music_is_broadcast_and_broken_off(
    switch: SwitchUnderTest, caller: RobotPhone, events: InboundSocket
) -> None:
    uuid = parked(switch, caller, events)
    sound = "tone_stream://%(1000,0,500);loops=-1"
    assert events.api(f"uuid_broadcast {uuid} {sound} aleg").startswith("+OK")
    assert events.event("PLAYBACK_START", Unique_ID=uuid)["Playback-File-Path"] == sound
    assert events.api(f"uuid_break {uuid} all").startswith("+OK")
    events.event("PLAYBACK_STOP", Unique_ID=uuid)
    assert events.api(f"uuid_exists {uuid}") == "true"


def test_a_call_is_recorded_from_both_sides(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone, events: InboundSocket
) -> None:
    peer.on_call(Answer(play=tone(440)))
    events.command("event plain CHANNEL_BRIDGE RECORD_START RECORD_STOP")
    call = dial(switch, caller, "leg-one-x", play=tone(600))
    call.wait("answered")
    uuid = events.event("CHANNEL_BRIDGE")["Unique-ID"]
    path = switch.folder / f"{uuid}.wav"
    assert events.api(f"uuid_record {uuid} start {path}").startswith("+OK")
    assert events.event("RECORD_START", Unique_ID=uuid)["Record-File-Path"] == str(path)
    call.wait_heard(440, min_ms=600)
    assert events.api(f"uuid_record {uuid} stop {path}").startswith("+OK")
    events.event("RECORD_STOP", Unique_ID=uuid)
    with wave.open(str(path)) as recorded:
        assert recorded.getnframes() / recorded.getframerate() > 0.2


def test_an_asynchronous_controller_keeps_the_call_and_lingers_for_its_end(
    switch: SwitchUnderTest, caller: RobotPhone, controller: Controller
) -> None:
    call = dial(switch, caller, "async", play=tone(600))
    end, data = controller.take()
    uuid = data["Unique-ID"]
    assert (data["Socket-Mode"], data["Control"]) == ("async", "full")
    assert end.command("linger 5")["Reply-Text"] == "+OK will linger 5 seconds"
    assert end.command("myevents")["Reply-Text"] == "+OK Events Enabled"
    assert end.command("getvar sip_from_user")["Reply-Text"] == "+492214710100"
    assert end.api("uuid_exists " + uuid) == "true"
    end.execute("answer", event_uuid="a-1")
    assert end.event("CHANNEL_EXECUTE_COMPLETE", Application_UUID="a-1")["Answer-State"] == "answered"
    end.execute("playback", "tone_stream://%(150,0,900)", event_uuid="a-2")
    end.event("CHANNEL_EXECUTE_COMPLETE", Application_UUID="a-2")
    call.wait_heard(900, min_ms=80)
    call.hangup()
    headers: dict[str, str] = {}
    while headers.get("Content-Type") != "text/disconnect-notice":
        headers, body = end.read()
        if headers["Content-Type"] == "text/event-plain":
            end._keep(headers, body)
    assert (headers["Content-Disposition"], headers["Linger-Time"]) == ("linger", "5")
    assert end.event("CHANNEL_HANGUP_COMPLETE")["Hangup-Cause"] == "NORMAL_CLEARING"
    end.close()


def test_a_controller_that_dies_leaves_the_call_to_the_next_action(
    switch: SwitchUnderTest, caller: RobotPhone, controller: Controller
) -> None:
    call = dial(switch, caller, "async")
    end, _ = controller.take()
    end.command("myevents")
    end.execute("set", "farbe=rot")
    end.event("CHANNEL_EXECUTE_COMPLETE")
    end.close()
    report = call.wait("ended")
    assert switch.leg_record(report.sip_call_id)["variables"]["hangup_cause"] == "SWITCH_CONGESTION"


@pytest.mark.parametrize("loops", [3])
def test_an_application_runs_in_loops(
    switch: SwitchUnderTest, caller: RobotPhone, events: InboundSocket, loops: int
) -> None:
    uuid = parked(switch, caller, events)
    events.execute("playback", "tone_stream://%(900,0,800)", uuid, loops=str(loops))
    for _ in range(loops):
        events.event("PLAYBACK_STOP", Unique_ID=uuid)
    assert events.api(f"uuid_kill {uuid}").startswith("+OK")


def test_the_caller_alone_is_recorded_until_the_limit(
    switch: SwitchUnderTest, caller: RobotPhone, events: InboundSocket
) -> None:
    uuid = parked(switch, caller, events)
    path = switch.folder / f"{uuid}.wav"
    events.execute("record", f"{path} 1", uuid, event_uuid="aufnahme")
    done = events.event("CHANNEL_EXECUTE_COMPLETE", Application_UUID="aufnahme")
    assert int(done["variable_record_ms"]) >= 800
    with wave.open(str(path)) as recorded:
        assert 0.5 < recorded.getnframes() / recorded.getframerate() < 3
    events.api(f"uuid_kill {uuid}")


def test_a_supervisor_hears_both_sides(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone, new_phone: NewPhone, events: InboundSocket
) -> None:
    peer.on_call(Answer(play=tone(440, on_ms=500, off_ms=500)), "ziel")
    supervisor = new_phone()
    events.command("event plain CHANNEL_BRIDGE")
    call = dial(switch, caller, "leg-one-x", play=tone(800, on_ms=300, off_ms=1000))
    call.wait("answered")
    uuid = events.event("CHANNEL_BRIDGE")["Unique-ID"]
    target = f"sofia/carrier/aufsicht@127.0.0.1:{supervisor.port}"
    assert events.api(f"originate {target} &eavesdrop({uuid})").startswith("+OK")
    listening = supervisor.incoming()
    listening.wait_heard(440, min_ms=100)
    listening.wait_heard(800, min_ms=100)
    call.hangup()


def test_a_bridged_leg_is_transferred_and_the_other_let_go(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone, events: InboundSocket
) -> None:
    events.command("event plain CHANNEL_BRIDGE CHANNEL_PARK")
    call = dial(switch, caller, "leg-one-x", play=tone(600))
    call.wait("answered")
    bridged = events.event("CHANNEL_BRIDGE")
    uuid, other = bridged["Bridge-A-Unique-ID"], bridged["Bridge-B-Unique-ID"]
    assert events.api(f"uuid_transfer {uuid} app-park XML carrier").startswith("+OK")
    assert events.event("CHANNEL_PARK")["Unique-ID"] == uuid
    assert peer.incoming().wait("ended").ended_by == "peer"
    wait_until(lambda: events.api(f"uuid_exists {other}") == "false", "the other leg to go")
    assert events.api(f"uuid_exists {uuid}") == "true"
    events.api(f"uuid_kill {uuid}")
