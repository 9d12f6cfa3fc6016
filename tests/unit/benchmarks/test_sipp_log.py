"""SIPp's files as figures."""

from __future__ import annotations

import pytest

from benchmarks.calls.errors import ResultUnreadable
from benchmarks.calls.sipp_log import Totals, delays, totals

_HEAD = (
    "StartTime;TargetRate;TotalCallCreated;SuccessfulCall(P);SuccessfulCall(C);"
    "FailedCall(P);FailedCall(C);Retransmissions(C);\n"
)


def _line(at_s: float, direction: str, call: int, sequence: str, first_line: str) -> str:
    return (
        f"2026-01-01\t12:00:00\t{at_s:.6f}\t{direction}\t{call}-7@127.0.0.1\tCSeq:{sequence}\t{first_line}\n"
    )


def _call(at_s: float, number: int, *, ringing_s: float, answered_s: float) -> list[str]:
    return [
        _line(at_s, "S", number, "1 INVITE", "INVITE sip:1@127.0.0.1 SIP/2.0"),
        _line(at_s + 0.001, "R", number, "1 INVITE", "SIP/2.0 100 Trying"),
        _line(at_s + ringing_s, "R", number, "1 INVITE", "SIP/2.0 180 Ringing"),
        _line(at_s + answered_s, "R", number, "1 INVITE", "SIP/2.0 200 OK"),
        _line(at_s + answered_s, "S", number, "1 ACK", "ACK sip:1@127.0.0.1 SIP/2.0"),
        _line(at_s + answered_s + 0.3, "S", number, "2 BYE", "BYE sip:1@127.0.0.1 SIP/2.0"),
        _line(at_s + answered_s + 0.31, "R", number, "2 BYE", "SIP/2.0 200 OK"),
    ]


def test_post_dial_delay_is_from_invite_to_ringing() -> None:
    seen = delays(_call(100.0, 1, ringing_s=0.025, answered_s=0.2))
    assert seen.ringing_ms == pytest.approx([25.0])
    assert seen.answered_ms == pytest.approx([200.0])


def test_a_repeated_invite_does_not_start_the_clock_again() -> None:
    lines = _call(100.0, 1, ringing_s=0.6, answered_s=0.8)
    lines.insert(1, _line(100.5, "S", 1, "1 INVITE", "INVITE sip:1@127.0.0.1 SIP/2.0"))
    lines.append(_line(100.9, "R", 1, "1 INVITE", "SIP/2.0 200 OK"))
    seen = delays(lines)
    assert seen.ringing_ms == pytest.approx([600.0])
    assert seen.answered_ms == pytest.approx([800.0])


def test_a_call_that_is_refused_has_no_delay_but_was_dialled() -> None:
    refused = [
        _line(100.5, "S", 2, "1 INVITE", "INVITE sip:1@127.0.0.1 SIP/2.0"),
        _line(100.6, "R", 2, "1 INVITE", "SIP/2.0 503 Service Unavailable"),
    ]
    seen = delays([*_call(100.0, 1, ringing_s=0.025, answered_s=0.2), *refused])
    assert (seen.dialled, len(seen.ringing_ms)) == (2, 1)


def test_the_achieved_rate_counts_the_gaps_between_calls() -> None:
    lines = [line for n in range(5) for line in _call(100 + n * 0.02, n, ringing_s=0.01, answered_s=0.2)]
    assert delays(lines).achieved_rate == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (["no table at all\n"], "line 1: 1 columns"),
        (["d\tt\tsoon\tS\t1-7@x\tCSeq:1 INVITE\tINVITE sip:1@x SIP/2.0\n"], "line 1: no time"),
        ([], "no INVITE was sent"),
    ],
)
def test_a_log_that_makes_no_sense_is_refused_with_the_place(lines: list[str], place: str) -> None:
    with pytest.raises(ResultUnreadable, match=place):
        delays(lines)


def test_totals_are_the_cumulative_columns_of_the_last_row() -> None:
    rows = [_HEAD, "now;60;30;30;30;0;0;0;\n", "now;60;60;25;55;3;5;2;\n"]
    assert totals(rows) == Totals(created=60, successful=55, failed=5, retransmissions=2)


@pytest.mark.parametrize("rows", [[], [_HEAD], [_HEAD, "now;60\n"], ["Other;Columns\n", "1;2\n"]])
def test_statistics_that_make_no_sense_are_refused(rows: list[str]) -> None:
    with pytest.raises(ResultUnreadable, match="statistics"):
        totals(rows)
