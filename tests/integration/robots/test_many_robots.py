"""Fifty calls at once."""

from lab.robots import Answer, tone

from .conftest import NewPhone

CALLS = 50


def test_fifty_calls_at_once_all_hear_each_other(new_phone: NewPhone) -> None:
    caller, callee = new_phone(), new_phone()
    callee.on_call(Answer(after_ms=50, play=tone(440), talk_ms=1500))
    calls = [caller.call(callee.uri, play=tone(600), digits="12") for _ in range(CALLS)]
    received = [callee.incoming(10) for _ in range(CALLS)]
    here = [call.wait("ended", 30) for call in calls]
    there = [call.wait("ended", 30) for call in received]
    assert {report.final_code for report in here + there} == {200}
    assert all(report.heard(440) for report in here)
    assert all(report.heard(600) for report in there)
    assert {report.digits for report in there} == {"12"}
    assert [report.problem for report in here + there if report.problem] == []
