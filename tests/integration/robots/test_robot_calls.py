"""Robots call each other directly over loopback."""

import wave
from pathlib import Path

import pytest

from lab.robots import (
    Answer,
    BodyPart,
    CallEndedError,
    Ignore,
    Reject,
    Ring,
    RingThenHangup,
    RobotCall,
    RobotPhone,
    RobotsTimeoutError,
    tone,
)

from .conftest import NewPhone

CALLED = "022147110"


def call(caller: RobotPhone, callee: RobotPhone, user: str = CALLED, **options: object) -> RobotCall:
    suffix = ";transport=tcp" if "tcp" in str(options.pop("transport", "")) else ""
    return caller.call(f"sip:{user}@{callee.host}:{callee.port}{suffix}", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_an_answered_call_carries_tones_both_ways_and_digits(new_phone: NewPhone, transport: str) -> None:
    caller, callee = new_phone(transport=transport), new_phone(transport=transport)
    callee.on_call(Answer(after_ms=20, play=tone(440)))
    made = call(caller, callee, transport=transport, play=tone(600))
    made.wait("answered", 5)
    received = callee.incoming(5)
    made.send_dtmf("110#", 60)
    received.send_dtmf("9", 60)
    received.wait_digits("110#")
    made.wait_digits("9")
    made.wait_heard(440)
    received.wait_heard(600)
    assert made.hangup() is True
    there, here = received.wait("ended", 5), made.wait("ended", 5)
    assert (there.digits, here.digits) == ("110#", "9")
    assert (here.ended_by, there.ended_by) == ("us", "peer")
    assert [one.code for one in here.provisionals] == [100, 180]
    assert (here.final_code, there.direction, here.problem, there.problem) == (200, "incoming", None, None)
    assert here.rtp.packets_lost == there.rtp.packets_lost == 0
    assert here.talked_ms > 0


def test_the_callee_hangs_up_after_its_talking_time(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Answer(talk_ms=100, ring=False))
    report = call(caller, callee).wait("ended", 5)
    assert (report.final_code, report.ended_by) == (200, "peer")
    assert 80 <= report.talked_ms < 1000
    assert [one.code for one in report.provisionals] == [100]


def test_a_refusal_shows_code_reason_and_q850_cause(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Reject(404, "Kein Anschluss", headers={"Reason": 'Q.850;cause=1;text="Unallocated"'}))
    report = call(caller, callee).wait("ended", 5)
    assert (report.final_code, report.final_reason, report.q850_cause) == (404, "Kein Anschluss", 1)
    assert (report.ended_by, report.answered_ms, report.talked_ms) == ("peer", None, 0)


def test_rules_for_dialled_numbers_go_before_the_general_one(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Reject(404))
    callee.on_call(Reject(486), dialled="0221*")
    callee.on_call(Reject(480), dialled="022147*")
    callee.on_call(Reject(603), dialled=CALLED)
    codes = [
        call(caller, callee, user).wait("ended", 5).final_code
        for user in ("0302312500", "0221001", "0221470", CALLED)
    ]
    assert codes == [404, 486, 480, 603]


def test_a_caller_who_gives_up_is_answered_487(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Ring())
    made = call(caller, callee)
    made.wait("ringing", 5)
    made.hangup(headers={"Reason": "Q.850;cause=16"})
    here, there = made.wait("ended", 5), callee.incoming(5).wait("ended", 5)
    assert (here.final_code, here.ended_by) == (487, "us")
    assert (there.final_code, there.ended_by, there.q850_cause) == (487, "peer", 16)


def test_an_unanswered_call_is_cancelled_after_its_time(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Ring())
    report = call(caller, callee, timeout_s=0.1).wait("ended", 5)
    assert (report.final_code, report.ended_by) == (487, "us")
    assert report.problem is not None
    assert "100 ms" in report.problem


def test_a_phone_nobody_answers_gives_up_by_itself(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(RingThenHangup(ring_ms=30, code=480))
    report = call(caller, callee).wait("ended", 5)
    assert (report.final_code, [one.code for one in report.provisionals]) == (480, [100, 180])


def test_a_dead_trunk_says_nothing_at_all(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Ignore())
    made = call(caller, callee)
    callee.incoming(5)
    made.hangup()
    report = made.wait("ended", 5)
    assert (report.provisionals, report.final_code) == ((), None)


def test_a_port_where_nobody_listens_ends_a_tcp_call_at_once(new_phone: NewPhone) -> None:
    caller, gone = new_phone(transport="tcp"), new_phone(transport="tcp")
    made = caller.call(f"sip:1@127.0.0.1:{gone.port + 1};transport=tcp", proxy=("127.0.0.1", 1))
    report = made.wait("ended", 10)
    assert report.problem == "no response from 127.0.0.1:1"


def test_early_media_is_heard_before_the_answer(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Ring(early_media=tone(950)))
    made = call(caller, callee)
    report = made.wait_heard(950)
    assert (report.state, report.answered_ms, report.final_code) == ("ringing", None, None)
    assert [(one.code, one.early_media) for one in report.provisionals] == [(100, False), (183, True)]
    callee.incoming(5).answer(play=tone(440))
    made.wait("answered", 5)
    made.wait_heard(440)
    made.hangup()


def test_a_ringing_call_can_be_refused_by_hand(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Ring())
    made = call(caller, callee)
    callee.incoming(5).reject(603, "Nein", {"Retry-After": "60"})
    report = made.wait("ended", 5)
    assert (report.final_code, report.final_reason) == (603, "Nein")
    assert ("Retry-After", "60") in report.response_headers


def test_any_header_and_several_bodies_reach_the_other_side(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Reject())
    location = "<?xml version='1.0'?><presence xmlns='urn:ietf:params:xml:ns:pidf'/>"
    made = call(
        caller,
        callee,
        from_user="+4922147110001",
        from_name='Beispiel "Haus"; tag=falsch',
        headers=[
            ("P-Asserted-Identity", "<sip:+4922147110001@example.org>"),
            ("P-Asserted-Identity", "<tel:+4922147110001>"),
            ("Privacy", "id"),
            ("X-Beispiel", "Grüße"),
        ],
        parts=[BodyPart("application/pidf+xml", location, (("Content-ID", "<loc@example.org>"),))],
    )
    made.wait("ended", 5)
    report = callee.incoming(5).wait("ended", 5)
    assert report.request_uri == f"sip:{CALLED}@127.0.0.1:{callee.port}"
    assert report.asserted_identities == ("<sip:+4922147110001@example.org>", "<tel:+4922147110001>")
    assert (report.privacy, report.header("x-beispiel")) == ("id", "Grüße")
    assert report.from_header.startswith('"Beispiel \\"Haus\\"; tag=falsch" <sip:+4922147110001@')
    assert [part.content_type for part in report.parts] == ["application/sdp", "application/pidf+xml"]
    assert report.parts[1].content == location
    assert report.parts[1].headers == (("Content-ID", "<loc@example.org>"),)


def test_a_recording_holds_what_was_heard(new_phone: NewPhone, tmp_path: Path) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Answer(play=tone(440)))
    path = tmp_path / "call.wav"
    made = call(caller, callee, record=str(path))
    made.wait("answered", 5)
    made.wait_heard(440, 400)
    made.hangup()
    made.wait("ended", 5)
    with wave.open(str(path), "rb") as sound:
        assert sound.getnframes() >= 160 * 15
        assert max(sound.readframes(sound.getnframes())) > 0


def test_what_comes_after_the_end_of_a_call_gives_a_clear_error(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Reject(486))
    made = call(caller, callee)
    made.wait("ended", 5)
    with pytest.raises(CallEndedError, match=r"ended .486 Busy Here. before it could send digits"):
        made.send_dtmf("1")
    with pytest.raises(CallEndedError, match="never answered: it ended with 486"):
        made.wait("answered", 5)
    assert made.hangup() is False


def test_digits_cut_short_by_the_end_give_a_clear_error(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Answer(talk_ms=150))
    made = call(caller, callee)
    made.wait("answered", 5)
    with pytest.raises(CallEndedError):
        made.send_dtmf("1234567890")


def test_a_phone_may_call_itself(new_phone: NewPhone) -> None:
    phone = new_phone()
    made = call(phone, phone)
    made.wait("answered", 5)
    made.hangup()
    assert phone.incoming(5).wait("ended", 5).ended_by == "peer"


def test_a_silent_phone_sends_nothing_while_the_other_one_goes_on(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Answer(play=tone(440)))
    made = call(caller, callee, silent=True)
    made.wait("answered", 5)
    made.wait_heard(440)
    made.hangup()
    assert made.wait("ended", 5).rtp.packets_sent == 0
    assert callee.incoming(5).wait("ended", 5).rtp.packets_received == 0


def test_a_from_header_of_ones_own_keeps_the_call_together(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Answer(talk_ms=50))
    report = call(caller, callee, headers={"From": '"Anonymous" <sip:anonymous@anonymous.invalid>'})
    assert report.wait("ended", 5).ended_by == "peer"
    there = callee.incoming(5).wait("ended", 5)
    assert there.from_header.startswith('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=')


def test_waiting_for_audio_that_does_not_come_says_what_was_heard(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Answer(play=tone(440)))
    made = call(caller, callee)
    made.wait("answered", 5)
    with pytest.raises(RobotsTimeoutError, match=r"waited 200 ms for 600 Hz .* heard tones .*440"):
        made.wait_heard(600, timeout_s=0.2)
    made.hangup()
    with pytest.raises(CallEndedError, match="ended without digits 7"):
        made.wait_digits("7")
