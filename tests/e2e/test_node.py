"""Taking a node out of service without dropping a call (F1)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.demonstration.stage import Stage
from lab.robots import Answer
from tests.e2e.exchange import Exchange, eventually

MOBILE = "015228817386"


@pytest.fixture
def drained(running: Exchange, stage: Stage) -> Iterator[None]:
    stage.robot("carrier-a").on_call(Answer(after_ms=20))
    yield
    running.run("node", "undrain", "node-1")


@pytest.mark.usefixtures("drained")
def test_a_drained_node_refuses_new_calls_keeps_those_that_are_up_and_takes_112(
    running: Exchange, stage: Stage
) -> None:
    talks = stage.call("bau-1", MOBILE, talk_ms=60_000)
    talks.wait("answered", 15)
    running.run("node", "drain", "node-1", "--even-the-last", "--reason", "new kernel")
    (seen,) = running.json("node", "status")
    assert (seen["takes_calls"], seen["drained"]) == (False, True)
    assert seen["legs"] >= 2
    for who, dialled in (("bau-2", MOBILE), ("carrier-b", "+492214710100"), ("kanzlei-1", MOBILE)):
        refused = stage.call(who, dialled).wait("ended", 15)
        assert refused.final_code == 503, who
    for who in ("bau-2", "kanzlei-1"):
        assert stage.call(who, "112", talk_ms=50).wait("ended", 15).final_code == 200
    assert talks.report().ended_ms is None
    talks.hangup()
    assert talks.wait("ended", 10).final_code == 200
    again = ("--even-the-last", "--reason", "the last call", "--wait", "60")
    assert "no calls left" in running.run("node", "drain", "node-1", *again)
    found = {each["name"]: each for each in running.doctor()}
    assert (found["switch"]["state"], found["switch"]["next_step"]) == (
        "warning",
        "fernamt node undrain node-1, when it is to take calls again",
    )
    sip_id = refused.sip_call_id

    def records() -> list[str]:
        return [leg["reason_id"] for leg in running.legs() if leg["sip_call_id"] == sip_id]

    eventually(lambda: records() == ["static.drained"], 20, "the refused call's record")
    running.run("node", "undrain", "node-1")
    assert stage.call("bau-2", MOBILE, talk_ms=50).wait("ended", 15).final_code == 200
