"""What the contact centre's call benchmark reads out of callers and phones (issue 6)."""

from __future__ import annotations

from benchmarks.acd_calls.figures import figures, overtaken
from benchmarks.acd_calls.phones import Caller, Load, Traffic
from benchmarks.acd_calls.sip import answer, authorization, read, request

LOAD = Load(5, 1, 2, 1, 1.0)


def caller(name: str, joined_s: float, rung_s: float | None, agent: str = "agent-001") -> Caller:
    return Caller(name, "+492214710000", 0, joined_s, rung_s, agent, ended_s=20.0)


def test_who_is_offered_later_than_one_who_came_later_was_overtaken() -> None:
    first, second, third = caller("a", 1.0, 5.0), caller("b", 2.0, 3.0), caller("c", 3.0, 6.0)
    assert overtaken([first, second, third]) == 1
    assert overtaken([second, third]) == 0


def test_who_came_at_the_same_moment_is_not_overtaken() -> None:
    """The 200 to the caller and the switch's event that he waits are of two threads."""
    assert overtaken([caller("a", 1.00, 3.0), caller("b", 1.04, 2.0)]) == 0


def test_other_queues_overtake_nobody() -> None:
    other = caller("b", 2.0, 3.0)
    other.queue = 1
    assert overtaken([caller("a", 1.0, 5.0), other]) == 0


def test_the_delay_counts_from_the_later_of_caller_waits_and_agent_free() -> None:
    traffic = Traffic(LOAD, 1, 2, 3, "phones.example")
    traffic.callers = {each.call_id: each for each in (caller("a", 1.0, 1.01), caller("b", 2.0, 9.02))}
    traffic.free_s = {"agent-001": [0.5, 9.0]}
    found = figures(traffic)
    assert (round(found.median_ms), round(found.longest_wait_s)) == (20, 7)
    assert found.nobody_forgotten


def test_who_never_rang_was_forgotten() -> None:
    traffic = Traffic(LOAD, 1, 2, 3, "phones.example")
    traffic.callers = {"a": caller("a", 1.0, None)}
    assert not figures(traffic).nobody_forgotten


def test_messages_are_read_as_they_were_written() -> None:
    headers = {
        "Via": "SIP/2.0/UDP 127.0.0.1:5;branch=z9hG4bK-1",
        "From": "<sip:+492214710000@127.0.0.1>;tag=a",
        "To": "<sip:+493023125900@127.0.0.1>",
        "Call-ID": "c1",
        "CSeq": "1 INVITE",
        "Contact": "<sip:+492214710000@127.0.0.1:5>",
    }
    invite = read(request("INVITE", "sip:+493023125900@127.0.0.1", headers, "v=0\r\n"))
    assert invite is not None
    assert (invite.method, invite.from_user, invite.contact) == (
        "INVITE",
        "+492214710000",
        "sip:+492214710000@127.0.0.1:5",
    )
    ringing = read(answer(invite, "180 Ringing", "b"))
    assert ringing is not None
    assert (ringing.status, ringing.sequence, ringing.headers["to"][-6:]) == (180, "INVITE", ";tag=b")
    assert read(b"\r\n\r\n") is None


def test_a_phones_answer_to_the_challenge_is_rfc_2617s() -> None:
    challenge = 'Digest realm="phones.example", nonce="abc", algorithm=MD5, qop="auth"'
    proof = authorization(challenge, "agent-001", "geheim", "sip:phones.example")
    assert 'realm="phones.example"' in proof
    assert len(proof.partition('response="')[2].partition('"')[0]) == 32
