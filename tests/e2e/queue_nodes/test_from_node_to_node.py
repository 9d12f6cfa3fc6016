"""Supervisors, recordings and callbacks reach from one node to the other (C1, C4, C5)."""

from __future__ import annotations

import pytest

from acd.names import AgentStatus
from cli.bootstrap import message_dir
from lab.robots import Answer
from tests.e2e.desk import choose, waiting
from tests.e2e.exchange import eventually
from tests.e2e.queue_nodes.desk import (
    AGENT_HZ,
    BACK,
    CALLER,
    CALLER_HZ,
    NOTED_HZ,
    NUMBER,
    OFFER_HZ,
    QUESTION_HZ,
    RECORDED,
    TOLD_AGENT_HZ,
    states,
    strangers,
    talk_of,
)
from tests.e2e.two_nodes import Pair, World


@pytest.mark.long
def test_a_supervisor_attends_from_a_phone_of_another_node(pair: Pair, robots: World) -> None:
    """C5: the phone is registered with the second node, the call is on the first."""
    robots.phones["anna-1"].on_call(Answer(after_ms=50, play=f"%(400,1000,{AGENT_HZ});loops=60"))
    robots.phones["zentrale"].on_call(Answer(after_ms=50, play="%(400,1300,1600);loops=60"))
    choose(pair.first, AgentStatus.AVAILABLE, "anna")
    caller = robots.call(pair.first, NUMBER, from_user=CALLER, play=f"%(400,700,{CALLER_HZ});loops=60")
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    pair.second.run("call", "barge", talk_of(pair, "anna"), "--as", "leitung")
    supervisor = robots.inbox("zentrale").received("zentrale", 30)
    caller.wait_heard(1600, timeout_s=30)
    for hertz in (AGENT_HZ, CALLER_HZ):
        supervisor.wait_heard(hertz, timeout_s=30)
    caller.hangup()
    assert supervisor.wait("ended", 30).ended_by == "peer"


@pytest.mark.long
def test_a_conversation_on_another_machine_than_the_owners_is_recorded_there(
    pair: Pair, robots: World
) -> None:
    """C4: where the call is; a command of the other machine finds it."""
    home, other = strangers(pair)
    robots.phones["anna-1"].on_call(Answer(after_ms=50, play=f"%(60000,0,{AGENT_HZ})"))
    choose(pair.first, AgentStatus.AVAILABLE, "anna")
    caller = robots.call(other, RECORDED, from_user=CALLER, play=f"%(60000,0,{CALLER_HZ})")
    caller.wait_heard(QUESTION_HZ, timeout_s=30)
    caller.send_dtmf("1", 80)
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    spools = [message_dir(each.settings) / "recordings" for each in (home, other)]
    eventually(lambda: bool([*spools[1].glob("*.wav")]), 30, "the recording to begin")
    caller.wait_heard(AGENT_HZ, min_ms=2_000, timeout_s=30)  # what is shorter than half a second is not kept
    call_id = talk_of(pair, "anna")
    home.run("record", "pause", call_id)
    assert [*spools[0].glob("*")] == []
    caller.hangup()
    eventually(lambda: bool(home.json("record", "list", "--call", call_id)), 30, "the recording")
    (row,) = home.json("record", "list", "--call", call_id)
    assert (row["agent"], row["consent_key"]) == ("anna", "1")
    eventually(lambda: [*spools[1].glob("*")] == [], 30, "an empty spool")


@pytest.mark.long
def test_a_wish_heard_on_one_node_is_called_back_with_an_agent_of_the_other(
    pair: Pair, robots: World
) -> None:
    """C1: by the owner's node, wherever the wish was noted and the agent's phone is registered."""
    _, other = strangers(pair)
    agent = "anna" if other is pair.first else "bert"
    robots.phones[f"{agent}-1"].on_call(Answer(after_ms=50, play=f"%(60000,0,{AGENT_HZ})"))
    robots.carrier.on_call(Answer(after_ms=2_500, play="%(60000,0,1150)"), CALLER)
    choose(pair.first, AgentStatus.AVAILABLE, agent)
    choose(pair.first, AgentStatus.ON_BREAK, agent)
    wish = robots.call(other, BACK, from_user=CALLER)
    wish.wait_heard(OFFER_HZ, timeout_s=30)
    wish.send_dtmf("1", 80)
    wish.wait_heard(NOTED_HZ, timeout_s=30)
    wish.wait("ended", 30)
    eventually(lambda: len(waiting(pair.first)) == 1, 30, "the wish")
    choose(pair.first, AgentStatus.AVAILABLE, agent)
    rung = robots.inbox(f"{agent}-1").received(f"{agent}-1", 30)
    rung.wait_heard(TOLD_AGENT_HZ, timeout_s=30)
    rung.wait_heard(1150, timeout_s=30)
    rung.hangup()
    eventually(
        lambda: states(pair)[agent] == "Waiting" and waiting(pair.first) == [], 30, "the agent to be free"
    )
