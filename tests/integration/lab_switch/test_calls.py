"""Calls through the switch: what both sides see, what the record says. FreeSWITCH is the measure."""

from __future__ import annotations

import pytest

from lab.robots import Answer, Ignore, Reject, Ring, RobotCall, RobotPhone, tone
from tests.integration.lab_switch.switch_process import Controller, InboundSocket, SwitchUnderTest

from .conftest import NewPhone


def dial(switch: SwitchUnderTest, caller: RobotPhone, number: str, **options: object) -> RobotCall:
    options.setdefault("from_user", "+492214710100")
    return caller.call(f"sip:{number}@127.0.0.1:{switch.ports.carrier}", **options)  # type: ignore[arg-type]


def test_a_controller_decides_and_leaves_and_the_dialplan_carries_it_out(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone, controller: Controller
) -> None:
    peer.on_call(Answer(after_ms=50))
    call = dial(switch, caller, "controlled", from_name="Beispiel AG")
    end, data = controller.take()
    assert data["Channel-Destination-Number"] == data["Caller-Destination-Number"] == "controlled"
    assert data["variable_sip_network_ip"] == data["Caller-Network-Addr"] == "127.0.0.1"
    assert data["variable_sip_network_port"] == str(caller.port)
    assert data["variable_fernamt_entry"] == "carrier"
    assert (data["variable_sip_from_user"], data["variable_sip_from_display"]) == (
        "+492214710100",
        "Beispiel AG",
    )
    assert data["Socket-Mode"] == "static"
    for text in (
        "fernamt_do=route",
        "continue_on_fail=NORMAL_TEMPORARY_FAILURE",
        "fernamt_leg_1=[fernamt_trunk=zu]sofia/gateway/zu/+49301",
        "fernamt_leg_2=[fernamt_trunk=gut,origination_caller_id_number=+4922147100]sofia/gateway/gut/+49302",
    ):
        assert end.execute("set", text)["Reply-Text"] == "+OK"
    assert end.command("exit")["Reply-Text"] == "+OK bye"
    notice, body = end.read()
    assert notice["Content-Type"] == "text/disconnect-notice"
    assert notice["Controlled-Session-UUID"] == data["Unique-ID"]
    assert body.startswith("Disconnected, goodbye.")
    end.close()
    call.wait("answered")
    taken = peer.incoming()
    assert taken.report().request_uri.startswith(f"sip:+49302@127.0.0.1:{switch.ports.peer}")
    call.hangup()
    ended = taken.wait("ended")
    assert ended.reason_headers == ('Q.850;cause=16;text="NORMAL_CLEARING"',)

    record = switch.leg_record(call.report().sip_call_id)
    variables = record["variables"]
    assert variables["uuid"] == data["Unique-ID"]
    assert (variables["hangup_cause"], variables["sip_hangup_disposition"]) == ("NORMAL_CLEARING", "recv_bye")
    assert variables["originate_disposition"] == "SUCCESS"
    assert int(variables["start_uepoch"]) <= int(variables["answer_uepoch"]) <= int(variables["end_uepoch"])
    assert record["callflow"][-1]["caller_profile"]["destination_number"] == "controlled"
    other = switch.other_leg_record(record)
    assert other["variables"]["fernamt_trunk"] == "gut"
    assert other["variables"]["sip_hangup_disposition"] == "send_bye"
    assert record["channel_data"]["direction"] == "inbound"
    assert other["channel_data"]["direction"] == "outbound"


def test_without_a_controller_the_next_action_runs(switch: SwitchUnderTest, caller: RobotPhone) -> None:
    call = dial(switch, caller, "controlled-by-nobody")
    report = call.wait("ended")
    assert report.final_code == 503
    assert [one.code for one in report.provisionals] == [100, 183]
    variables = switch.leg_record(report.sip_call_id)["variables"]
    assert variables["fernamt_reason"] == "static.no-controller"
    assert variables["hangup_cause"] == "NORMAL_TEMPORARY_FAILURE"


@pytest.mark.parametrize(
    ("number", "code", "reason", "cause"),
    [
        ("hangup-USER_BUSY", 486, 'Q.850;cause=17;text="USER_BUSY"', "USER_BUSY"),
        ("hangup-UNALLOCATED_NUMBER", 404, 'Q.850;cause=1;text="UNALLOCATED_NUMBER"', "UNALLOCATED_NUMBER"),
        ("hangup-CALL_REJECTED", 603, 'Q.850;cause=21;text="CALL_REJECTED"', "CALL_REJECTED"),
        ("hangup-34", 503, 'Q.850;cause=34;text="NORMAL_CIRCUIT_CONGESTION"', "NORMAL_CIRCUIT_CONGESTION"),
        ("hangup-GATEWAY_DOWN", 503, 'SIP;cause=809;text="GATEWAY_DOWN"', "GATEWAY_DOWN"),
        ("respond-404", 404, 'Q.850;cause=1;text="UNALLOCATED_NUMBER"', "UNALLOCATED_NUMBER"),
        ("respond-484", 484, 'Q.850;cause=28;text="INVALID_NUMBER_FORMAT"', "INVALID_NUMBER_FORMAT"),
        ("gibtsnicht", 404, 'Q.850;cause=3;text="NO_ROUTE_DESTINATION"', "NO_ROUTE_DESTINATION"),
    ],
)
def test_a_refusal_has_its_sip_code_and_its_q850_reason(
    switch: SwitchUnderTest, caller: RobotPhone, number: str, code: int, reason: str, cause: str
) -> None:
    report = dial(switch, caller, number).wait("ended")
    assert (report.final_code, report.reason_headers) == (code, (reason,))
    if number.startswith("respond"):
        assert report.final_reason == "Eigener Text"
    variables = switch.leg_record(report.sip_call_id)["variables"]
    assert (variables["hangup_cause"], variables["sip_hangup_disposition"]) == (cause, "send_refuse")
    assert (variables["answer_uepoch"], variables["billsec"]) == ("0", "0")


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (486, "USER_BUSY"),
        (603, "CALL_REJECTED"),
        (404, "UNALLOCATED_NUMBER"),
        (480, "NO_USER_RESPONSE"),
        (503, "NORMAL_TEMPORARY_FAILURE"),
        (408, "RECOVERY_ON_TIMER_EXPIRE"),
        (410, "NUMBER_CHANGED"),
        (600, "USER_BUSY"),
    ],
)
def test_the_peers_refusal_reaches_the_caller(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone, code: int, cause: str
) -> None:
    peer.on_call(Reject(code))
    report = dial(switch, caller, "leg-one-x").wait("ended")
    a_leg = switch.leg_record(report.sip_call_id)
    b_leg = switch.other_leg_record(a_leg)["variables"]
    assert (b_leg["hangup_cause"], b_leg["sip_hangup_disposition"]) == (cause, "recv_refuse")
    assert (b_leg["sip_invite_failure_status"], b_leg["sip_term_status"]) == (str(code), str(code))
    variables = a_leg["variables"]
    assert variables["last_bridge_proto_specific_hangup_cause"] == f"sip:{code}"
    assert variables["originate_disposition"] == cause
    assert variables["sip_invite_failure_status"] == str(code)
    assert report.final_code == code


def test_a_reason_header_of_the_peer_is_believed_and_passed_on(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone
) -> None:
    peer.on_call(Reject(500, headers={"Reason": 'Q.850;cause=38;text="x"'}))
    report = dial(switch, caller, "leg-one-x").wait("ended")
    a_leg = switch.leg_record(report.sip_call_id)
    assert switch.other_leg_record(a_leg)["variables"]["hangup_cause"] == "NETWORK_OUT_OF_ORDER"
    assert a_leg["variables"]["hangup_cause"] == "NETWORK_OUT_OF_ORDER"
    assert report.final_code == 500


def test_a_caller_who_gives_up_cancels_the_peer(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone
) -> None:
    peer.on_call(Ring())
    call = dial(switch, caller, "leg-one-x")
    call.wait("ringing")
    ringing = peer.incoming()
    call.hangup()
    assert call.wait("ended").final_code == 487
    assert ringing.wait("ended").ended_by == "peer"
    a_leg = switch.leg_record(call.report().sip_call_id)
    variables = a_leg["variables"]
    assert (variables["hangup_cause"], variables["sip_hangup_disposition"]) == (
        "ORIGINATOR_CANCEL",
        "recv_cancel",
    )
    assert variables["progress_uepoch"] != "0"
    b_leg = switch.other_leg_record(a_leg)["variables"]
    assert (b_leg["hangup_cause"], b_leg["sip_hangup_disposition"]) == ("ORIGINATOR_CANCEL", "send_cancel")


@pytest.mark.parametrize(
    ("number", "behaviour", "cause", "b_cause", "code"),
    [
        ("leg-short-x", Ring(), "ALLOTTED_TIMEOUT", "ALLOTTED_TIMEOUT", 480),
        ("leg-silent-x", Ignore(), "PROGRESS_TIMEOUT", "PROGRESS_TIMEOUT", 480),
        ("leg-one-x", Ignore(), "RECOVERY_ON_TIMER_EXPIRE", "RECOVERY_ON_TIMER_EXPIRE", 408),
        ("leg-calltimeout-x", Ring(), "NORMAL_CLEARING", "NO_ANSWER", 480),
    ],
)
def test_nobody_answers_in_time(
    switch: SwitchUnderTest,
    caller: RobotPhone,
    peer: RobotPhone,
    number: str,
    behaviour: Ring | Ignore,
    cause: str,
    b_cause: str,
    code: int,
) -> None:
    peer.on_call(behaviour)
    report = dial(switch, caller, number).wait("ended")
    a_leg = switch.leg_record(report.sip_call_id)
    assert a_leg["variables"]["hangup_cause"] == cause
    assert switch.other_leg_record(a_leg)["variables"]["hangup_cause"] == b_cause
    assert report.final_code == code


def test_a_dead_trunk_fails_over_to_the_next(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone
) -> None:
    call = dial(switch, caller, "leg-failover-x")
    call.wait("answered", 3)
    peer.incoming().hangup()
    report = call.wait("ended")
    assert report.ended_by == "peer"
    assert report.reason_headers == ('Q.850;cause=16;text="NORMAL_CLEARING"',)
    variables = switch.leg_record(report.sip_call_id)["variables"]
    assert variables["originate_causes"].count("NORMAL_TEMPORARY_FAILURE") == 1
    assert variables["sip_hangup_disposition"] == "send_bye"


def test_a_busy_peer_ends_the_failover(switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone) -> None:
    peer.on_call(Reject(486))
    report = dial(switch, caller, "leg-failover-x").wait("ended")
    assert report.final_code == 486
    assert switch.leg_record(report.sip_call_id)["variables"]["hangup_cause"] == "USER_BUSY"


def test_alternatives_are_tried_whatever_the_one_before_failed_with(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone
) -> None:
    call = dial(switch, caller, "leg-sequence-x")
    call.wait("answered", 3)
    assert peer.incoming().report().request_uri.startswith("sip:ziel@")


def test_of_two_ringing_together_the_first_to_answer_gets_the_call(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone
) -> None:
    peer.on_call(Ring(), "erster")
    peer.on_call(Answer(after_ms=150), "zweiter")
    call = dial(switch, caller, "leg-together-x")
    call.wait("answered")
    legs = {leg.report().request_uri.split("@")[0]: leg for leg in (peer.incoming(), peer.incoming())}
    loser = legs["sip:erster"].wait("ended")
    assert loser.reason_headers == ('SIP;cause=200;text="Call completed elsewhere"',)
    assert legs["sip:zweiter"].report().state == "answered"


def test_all_of_those_ringing_together_are_busy(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone
) -> None:
    peer.on_call(Reject(486))
    report = dial(switch, caller, "leg-together-x").wait("ended")
    assert report.final_code == 486


def test_an_unknown_gateway_is_a_cause(switch: SwitchUnderTest, caller: RobotPhone) -> None:
    report = dial(switch, caller, "leg-nogateway-x").wait("ended")
    assert switch.leg_record(report.sip_call_id)["variables"]["hangup_cause"] == "INVALID_GATEWAY"
    assert report.final_code == 484


def test_audio_and_digits_pass_through_both_ways(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone
) -> None:
    peer.on_call(Answer(play=tone(440)))
    call = dial(switch, caller, "leg-one-x", play=tone(600))
    call.wait("answered")
    taken = peer.incoming()
    call.wait_heard(440)
    taken.wait_heard(600)
    call.send_dtmf("12#", 100)
    taken.send_dtmf("9", 100)
    taken.wait_digits("12#")
    call.wait_digits("9")
    call.hangup()
    record = switch.leg_record(call.wait("ended").sip_call_id)
    figures = record["callStats"]["audio"]["inbound"]
    assert figures["media_packet_count"] > 10
    assert 1 <= float(record["variables"]["rtp_audio_in_mos"]) <= 4.5
    assert record["variables"]["digits_dialed"] == "12#"


def test_legs_with_different_laws_are_transcoded(
    switch: SwitchUnderTest, new_phone: NewPhone, peer: RobotPhone
) -> None:
    caller = new_phone(codecs=("PCMU",))
    peer.on_call(Answer(play=tone(440)))
    call = dial(switch, caller, "leg-one-x", play=tone(600))
    call.wait("answered")
    call.wait_heard(440)
    peer.incoming().wait_heard(600)


def test_early_media_is_heard_before_the_answer(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone
) -> None:
    peer.on_call(Ring(early_media=tone(450)))
    call = dial(switch, caller, "leg-one-x")
    call.wait("ringing")
    call.wait_heard(450)
    assert any(one.early_media for one in call.report().provisionals)
    peer.incoming().answer(play=tone(700))
    call.wait("answered")
    call.wait_heard(700)


def test_a_peer_that_refuses_after_early_media_ends_the_call_with_its_cause(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone
) -> None:
    peer.on_call(Ring(early_media=tone(450)))
    call = dial(switch, caller, "leg-one-x")
    call.wait_heard(450)
    peer.incoming().reject(486)
    report = call.wait("ended")
    assert report.final_code == 486
    assert switch.leg_record(report.sip_call_id)["variables"]["hangup_cause"] == "USER_BUSY"


def test_the_caller_hears_a_ringback_tone(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone
) -> None:
    peer.on_call(Ring())
    call = dial(switch, caller, "leg-ringback-x")
    call.wait_heard(425)
    peer.incoming().answer(play=tone(700))
    call.wait("answered")
    call.wait_heard(700)


def test_the_legs_identity_privacy_and_headers_are_on_the_wire(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone
) -> None:
    call = dial(switch, caller, "leg-headers-x", headers={"X-Herkunft": "test", "P-Early-Media": "supported"})
    call.wait("answered")
    report = peer.incoming().report()
    assert report.asserted_identities == ('"Beispiel GmbH" <sip:+4922147100@127.0.0.1>',)
    assert report.header("Privacy") == "id"
    assert report.from_header.startswith('"Beispiel GmbH" <sip:+4922147100@127.0.0.1>')
    assert (report.header("X-Weiter"), report.header("X-Mandant")) == ("ja", "42")
    assert report.header("X-Herkunft") == "test"
    assert report.header("Max-Forwards") == "69"


def test_conditions_breaks_and_slices_are_read_as_freeswitch_does(
    switch: SwitchUnderTest, caller: RobotPhone
) -> None:
    report = dial(switch, caller, "parts").wait("ended")
    assert report.final_code == 486
    assert switch.leg_record(report.sip_call_id)["variables"]["sliced"] == "art"


def test_events_tell_the_life_of_a_call_in_order(
    switch: SwitchUnderTest, caller: RobotPhone, peer: RobotPhone, events: InboundSocket
) -> None:
    events.command(
        "event plain CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE "
        "CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_DESTROY CHANNEL_ORIGINATE"
    )
    peer.on_call(Answer(after_ms=80))
    call = dial(switch, caller, "leg-one-x")
    call.wait("answered")
    created = events.event("CHANNEL_CREATE", Call_Direction="inbound")
    uuid = created["Unique-ID"]
    assert created["Channel-Call-State"] in ("DOWN", "RINGING")
    outgoing = events.event("CHANNEL_ORIGINATE", Call_Direction="outbound")
    assert outgoing["Other-Leg-Unique-ID"] == uuid
    assert events.event("CHANNEL_PROGRESS", Unique_ID=uuid)["Answer-State"] == "ringing"
    assert events.event("CHANNEL_ANSWER", Unique_ID=uuid)["Answer-State"] == "answered"
    bridged = events.event("CHANNEL_BRIDGE", Unique_ID=uuid)
    assert (bridged["Bridge-A-Unique-ID"], bridged["Bridge-B-Unique-ID"]) == (uuid, outgoing["Unique-ID"])
    assert bridged["Other-Leg-Unique-ID"] == outgoing["Unique-ID"]
    call.hangup()
    hangup = events.event("CHANNEL_HANGUP", Unique_ID=uuid)
    assert (hangup["Hangup-Cause"], hangup["Answer-State"]) == ("NORMAL_CLEARING", "hangup")
    complete = events.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=uuid)
    assert complete["variable_hangup_cause_q850"] == "16"
    assert int(complete["variable_billmsec"]) >= 0
    events.event("CHANNEL_UNBRIDGE", Unique_ID=uuid)
    events.event("CHANNEL_DESTROY", Unique_ID=uuid)
    events.event("CHANNEL_DESTROY", Unique_ID=outgoing["Unique-ID"])
