"""An agent of several queues, callers who need a skill, callers who end in the mailbox, on both switches."""

from __future__ import annotations

import pytest

from acd.names import AgentStatus
from cli.demonstration.stage import Stage
from lab.robots import Answer
from tests.e2e.agents.desk import AGENT_HZ, CALLER, call
from tests.e2e.desk import choose, login, waiting
from tests.e2e.exchange import Exchange, eventually

RUHIG, EILIG, POLNISCH, KURZ = (f"+4930231253{number:02}" for number in (3, 4, 5, 6))
GREETING_HZ, NOW_SPEAK_HZ = 440, 1000


def test_an_agent_of_two_queues_serves_the_heavier_one_first_and_one_caller_at_a_time(
    centre: Exchange, stage: Stage
) -> None:
    """C1, guarantee 6: the weight goes before the waiting time, and nobody is rung twice."""
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    login(centre, "anna")
    choose(centre, AgentStatus.ON_BREAK, "anna")
    early = call(stage, RUHIG)
    eventually(lambda: len(waiting(centre, "ruhig")) == 1, 30, "the first caller in the queue")
    late = call(stage, EILIG)
    eventually(lambda: len(waiting(centre, "eilig")) == 1, 30, "the second caller in the queue")
    login(centre, "anna")
    late.wait_heard(AGENT_HZ, timeout_s=30)
    assert not early.report().heard(AGENT_HZ)
    assert len(waiting(centre, "ruhig")) == 1
    late.hangup()
    early.wait_heard(AGENT_HZ, timeout_s=30)
    early.hangup()
    early.wait("ended", 30)
    assert len(stage.all_received("anna-1")) == 2


def test_less_skill_is_enough_for_who_has_waited(centre: Exchange, stage: Stage) -> None:
    """C1: 80 is wanted, anna has 30; after two seconds 20 is enough."""
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    login(centre, "anna")
    caller = call(stage, POLNISCH)
    eventually(lambda: len(waiting(centre, "polnisch")) == 1, 30, "the caller in the queue")
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    began, rung = caller.report(), stage.inbox("anna-1").received("anna-1", 30).report()
    assert began.answered_ms is not None
    assert rung.began_ms - (began.began_ms + began.answered_ms) >= 1_900
    caller.hangup()


@pytest.mark.long
def test_who_waits_too_long_leaves_a_message(centre: Exchange, stage: Stage) -> None:
    """C1, C3: the overflow leads to the mailbox of the plan."""
    caller = stage.call("carrier-a", KURZ, from_user=CALLER, play="%(30000,0,700)", talk_ms=6_000)
    report = caller.wait("ended", 30)
    assert report.heard(GREETING_HZ)
    assert report.heard(NOW_SPEAK_HZ)
    eventually(lambda: bool(centre.json("mailbox", "list", "kunde")), 30, "the message")
    (message,) = centre.json("mailbox", "list", "kunde")
    assert message["caller"] == CALLER
    centre.run("mailbox", "erase", message["message"], "--reason", "test")
