"""What the chaos and soak programs read out of SIPp's logs, callers and processes (issue 7)."""

from __future__ import annotations

import pytest

from benchmarks.acd_calls.phones import Caller
from benchmarks.calls.errors import ResultUnreadable
from benchmarks.chaos.calls import Calls, became, failed_over
from benchmarks.chaos.queues import takeovers
from benchmarks.exchange_load.seen import Dialled, dialled, offered
from benchmarks.exchange_load.sides import Load
from benchmarks.soak.watching import Held, Sample, growth


def line(at_s: float, direction: str, call: str, first_line: str, sequence: str = "1 INVITE") -> str:
    return f"2026-01-01\t12:00:00\t{at_s:.6f}\t{direction}\t{call}\tCSeq:{sequence}\t{first_line}\n"


def log(call: str, number: str, at_s: float, *answers: tuple[float, str]) -> list[str]:
    sent = line(at_s, "S", call, f"INVITE sip:{number}@127.0.0.1:5070 SIP/2.0")
    return [sent, *(line(at_s + after_s, "R", call, f"SIP/2.0 {answer}") for after_s, answer in answers)]


def test_a_call_is_what_its_first_final_answer_says() -> None:
    (call,) = dialled(log("a", "112", 10.0, (0.1, "180 Ringing"), (0.3, "200 OK"), (0.8, "200 OK")))
    assert (call.number, call.emergency, call.answered) == ("112", True, True)
    assert call.waited_s == pytest.approx(0.1)
    assert call.final_s == pytest.approx(10.3)


def test_a_repeated_invite_is_the_same_call_and_the_answer_to_bye_is_none() -> None:
    lines = [*log("a", "110", 1.0), *log("a", "110", 1.5, (0.5, "503 Service Unavailable"))]
    lines.append(line(3.0, "R", "a", "SIP/2.0 200 OK", "2 BYE"))
    (call,) = dialled(lines)
    assert (call.sent_s, call.final) == (1.0, 503)
    assert call.waited_s == pytest.approx(1.0)


def test_calls_that_reach_a_callee_count_once_each() -> None:
    came = line(1.0, "R", "a", "INVITE sip:1@127.0.0.1 SIP/2.0")
    assert offered([came, came, line(2.0, "S", "b", "SIP/2.0 200 OK")]) == ["a"]


def test_a_line_that_is_none_is_named() -> None:
    with pytest.raises(ResultUnreadable, match="line 1"):
        dialled(["nonsense\n"])


def test_refused_calls_and_calls_without_any_answer_are_told_apart() -> None:
    calls = [
        Dialled("a", "1", 0.0, 0.1, 200, 0.3),
        Dialled("b", "1", 0.0, None, 503, 4.0),
        Dialled("c", "1", 0.0),
    ]
    assert became(calls) == Calls(calls=3, answered=1, refused=1, silent=1, longest_s=4.0)


def test_the_failover_of_a_kill_is_the_longest_wait_of_the_calls_around_it() -> None:
    calls = [
        Dialled("before", "1", 5.0, 9.0, 200, 9.2),
        Dialled("at", "1", 9.5, 10.1, 200, 10.3),
        Dialled("after", "1", 10.5, 10.53, 200, 10.7),
        Dialled("refused", "1", 21.0, None, 503, 22.0),
    ]
    found = failed_over(calls, [10.0, 20.0])
    assert (found.kills, found.calls, found.answered) == (2, 3, 2)
    first, second = found.worst_s
    assert first == pytest.approx(0.6)
    assert second == float("inf")


def test_a_caller_who_never_reached_an_agent_waited_for_ever() -> None:
    callers = [
        Caller("a", "1", 0, joined_s=10.0, rung_s=12.5),
        Caller("b", "1", 0, joined_s=31.0),
        Caller("c", "1", 0, joined_s=50.0, rung_s=70.0),
    ]
    first, second = takeovers(callers, [(9.8, 2.1), (30.8, 2.2)])
    assert (first.lease_s, first.worst_s, first.callers) == (2.1, 2.5, 1)
    assert (second.worst_s, second.callers) == (float("inf"), 1)


def test_emergency_calls_come_on_top_of_the_ordinary_ones() -> None:
    load = Load(20_000, 1_000, 15)
    assert (load.outgoing, load.incoming) == (11_000, 10_000)


def test_growth_is_counted_from_a_quarter_of_the_time_for_who_was_there_all_along() -> None:
    def sample(rss_kib: int, *others: str) -> Sample:
        return Sample(
            1.0, {"controller-1": Held(rss_kib, 20, 3, 40), **{each: Held(1, 1, 1) for each in others}}
        )

    (one,) = growth([sample(100), sample(150, "gone"), sample(151), sample(152)])
    assert (one.name, one.rss_kib, one.files) == ("controller-1", 2, 0)
