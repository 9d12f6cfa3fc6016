"""How a synthetic call ended, by the switch's own name of the cause (F1)."""

from __future__ import annotations

from typing import cast

import pytest

from dialplan.call import Behalf, Via
from dialplan.causes import PATH_FAILURES
from dialplan.decide import decide
from dialplan.decision import Route
from dialplan.place import asked_for
from freeswitch.commands import ApiCall
from freeswitch.errors import CommandFailed
from freeswitch.inbound import InboundConnection
from freeswitch.probe_calls import ProbeCalls
from tests.unit.dialplan.carriers import AT, snapshot

CALL = "3f0c2a52-6d5b-4f5e-9a51-0a3c1a4d6c11"


class Switch:
    """Says one thing to every command."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.said: list[str] = []

    def bgapi(self, call: ApiCall, timeout_s: float) -> str:
        self.said.append(str(call))
        if self.answer.startswith("-ERR"):
            raise CommandFailed(self.answer)
        return self.answer


@pytest.mark.parametrize(
    ("answer", "cause"),
    [(f"+OK {CALL}\n", "NORMAL_CLEARING"), ("-ERR NORMAL_TEMPORARY_FAILURE\n", "NORMAL_TEMPORARY_FAILURE")],
)
def test_the_cause_is_the_switchs_word_alone(answer: str, cause: str) -> None:
    offered = asked_for("0152 28817386", Via.API, Behalf("kanzlei"), call_id=CALL, node="node-1")
    decision = decide(offered, snapshot(), AT)
    assert isinstance(decision.outcome, Route)
    switch = Switch(answer)
    calls = ProbeCalls(cast(InboundConnection, switch), "phones.example")
    found = calls.call(offered, decision, decision.outcome.legs[0], 15)
    assert found.cause == cause
    assert "hangup(NORMAL_CLEARING)" in switch.said[0]
    assert "NORMAL_TEMPORARY_FAILURE" in {each.switch_name for each in PATH_FAILURES}
