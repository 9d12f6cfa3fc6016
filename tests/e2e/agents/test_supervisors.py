"""Supervisors listen, whisper, barge and take over; the robot phones hear who hears whom (C5, C8)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from acd.names import AgentStatus
from acd.orders import Supervise, Supervision
from cli.bootstrap import acd_desk, engine
from cli.demonstration.stage import Stage
from cli.errors import ContactCentreRefused
from cli.wiring.queue_desk import order
from lab.robots import Answer, RobotCall
from store.audit import AuditLog
from tests.e2e.agents.desk import AGENT_HZ, CALLER, CALLER_HZ, VERKAUF, state
from tests.e2e.desk import agents, choose, login
from tests.e2e.exchange import Exchange, eventually

SUPERVISOR_HZ, SIGNAL_HZ = 1600, 1400
#: Each is heard alone now and then: a mixture of tones is no tone.
CALLER_PLAYS, AGENT_PLAYS, SUPERVISOR_PLAYS = (
    f"%(400,{rest},{hz});loops=60" for hz, rest in ((CALLER_HZ, 700), (AGENT_HZ, 1000), (SUPERVISOR_HZ, 1300))
)


@contextmanager
def conversation(centre: Exchange, stage: Stage) -> Iterator[tuple[RobotCall, RobotCall, str]]:
    """Caller, agent, and the call's id."""
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=AGENT_PLAYS))
    stage.robot("clara-1").on_call(Answer(after_ms=50, play=SUPERVISOR_PLAYS))
    login(centre, "anna")
    caller = stage.call("carrier-a", VERKAUF, from_user=CALLER, play=CALLER_PLAYS)
    agent = stage.inbox("anna-1").received("anna-1", 30)
    eventually(lambda: state(centre, "anna") == "In a queue call", 10, "anna to talk")
    (talk,) = agents(centre)["anna"]["talks"]
    try:
        yield caller, agent, talk["call"]
    finally:
        caller.hangup()
        caller.wait("ended", 20)
        choose(centre, AgentStatus.LOGGED_OUT, "anna")


def attend(centre: Exchange, stage: Stage, how: Supervision, call_id: str) -> RobotCall:
    order(acd_desk(centre.settings), "kunde", Supervise(call_id, "clara", how))
    return stage.inbox("clara-1").received("clara-1", 30)


def test_who_listens_hears_both_and_is_heard_by_nobody(centre: Exchange, stage: Stage) -> None:
    """C5; TDDDG § 12(3): both hear a tone. Keys of the listener do nothing. The audit knows."""
    with conversation(centre, stage) as (caller, agent, call_id):
        centre.run("call", "listen", call_id, "--as", "clara", "--actor", "tester", "--reason", "coaching")
        supervisor = stage.inbox("clara-1").received("clara-1", 30)
        for each in (caller, agent):
            each.wait_heard(SIGNAL_HZ, min_ms=200, timeout_s=20)
        supervisor.send_dtmf("3", 80)
        supervisor.wait_heard(CALLER_HZ, min_ms=200, timeout_s=30)
        supervisor.wait_heard(AGENT_HZ, min_ms=200, timeout_s=30)
        assert not any(each.report().heard(SUPERVISOR_HZ, 100) for each in (caller, agent))
    assert supervisor.wait("ended", 20).ended_by == "peer"
    entry = AuditLog(engine(centre.settings, "test")).latest(object_kind="call", object_id=call_id)[0]
    assert (entry.actor, entry.action, entry.details["supervisor"]) == ("tester", "call.listen", "clara")


def test_a_whisper_is_heard_by_the_agent_alone_and_who_barges_in_by_both(
    centre: Exchange, stage: Stage
) -> None:
    with conversation(centre, stage) as (caller, agent, call_id):
        supervisor = attend(centre, stage, Supervision.WHISPER, call_id)
        agent.wait_heard(SUPERVISOR_HZ, min_ms=200, timeout_s=30)
        assert not caller.report().heard(SUPERVISOR_HZ, 100)
        supervisor.hangup()
        supervisor.wait("ended", 20)
        supervisor = attend(centre, stage, Supervision.BARGE, call_id)
        caller.wait_heard(SUPERVISOR_HZ, min_ms=200, timeout_s=30)
        supervisor.hangup()
        caller.wait_heard(AGENT_HZ, min_ms=300, timeout_s=30)


def test_who_takes_over_talks_with_the_caller_and_the_agent_is_let_go(centre: Exchange, stage: Stage) -> None:
    with conversation(centre, stage) as (caller, agent, call_id):
        supervisor = attend(centre, stage, Supervision.TAKE, call_id)
        caller.wait_heard(SUPERVISOR_HZ, min_ms=200, timeout_s=30)
        supervisor.wait_heard(CALLER_HZ, min_ms=200, timeout_s=30)
        assert agent.wait("ended", 20).ended_by == "peer"
        eventually(lambda: state(centre, "anna") == "Wrap-up", 5, "anna's wrap-up")
        supervisor.hangup()
        assert caller.wait("ended", 20).ended_by == "peer"


def test_only_supervisors_of_the_customer_may(centre: Exchange, stage: Stage) -> None:
    """C8, guarantee 8."""
    with (
        conversation(centre, stage) as (_, _, call_id),
        pytest.raises(ContactCentreRefused, match="bert is no supervisor of kunde"),
    ):
        order(acd_desk(centre.settings), "kunde", Supervise(call_id, "bert", Supervision.LISTEN))
    assert not stage.has_received("bert-1", "bert-1")
