"""Agents are reached over two nodes, whatever their phones answer, and nobody is left stuck (C1)."""

from __future__ import annotations

import pytest

from acd.names import AgentStatus
from lab.robots import Answer, Ignore, Reject, RingThenHangup
from tests.e2e.desk import choose, waiting
from tests.e2e.exchange import eventually
from tests.e2e.queue_nodes.desk import AGENT_HZ, CALLER, CALLER_HZ, NUMBER, call, states
from tests.e2e.two_nodes import Pair, World
from tests.patience import slowness


@pytest.mark.parametrize(("agent", "through"), [("anna", "second"), ("bert", "first"), ("bert", "second")])
def test_an_agent_is_reached_wherever_the_phone_is_registered_and_the_caller_waits(
    pair: Pair, robots: World, agent: str, through: str
) -> None:
    """C1: with the caller's number; both hear each other; the agent's phone stops with the caller."""
    robots.phones[f"{agent}-1"].on_call(Answer(after_ms=100, play=f"%(60000,0,{AGENT_HZ})"))
    choose(pair.first, AgentStatus.AVAILABLE, agent)
    caller = call(robots, getattr(pair, through))
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    answered = robots.inbox(f"{agent}-1").received(f"{agent}-1", 20)
    answered.wait_heard(CALLER_HZ, timeout_s=20)
    assert CALLER in answered.report().from_header
    eventually(lambda: states(pair)[agent] == "In a queue call", 5, "the agent to be in a call")
    caller.hangup()
    assert answered.wait("ended", 20).ended_by == "peer"


def test_a_call_over_two_nodes_has_the_records_of_one_call(pair: Pair, robots: World) -> None:
    """Guarantee 4: what one node asks of a phone of the other is no call of its own."""
    robots.phones["anna-1"].on_call(Answer(after_ms=50))
    choose(pair.first, AgentStatus.AVAILABLE, "anna")
    caller = call(robots, pair.second)
    eventually(lambda: states(pair)["anna"] == "In a queue call", 10, "the agent to be in a call")
    caller.hangup()
    sip_id = caller.wait("ended", 20).sip_call_id
    eventually(lambda: sip_id in {each["sip_call_id"] for each in pair.second.legs()}, 15, "its record")
    records = pair.second.legs()
    (own,) = [each for each in records if each["sip_call_id"] == sip_id]
    assert own["node"] == "node-2"
    assert [each["side"] for each in records if each["call_id"] == own["call_id"]].count("a") == 1
    assert {
        each["node"] for each in records if each["side"] == "a" and each["call_id"] == own["call_id"]
    } == {"node-2"}
    assert "NODE" not in {each.get("entry") for each in records}


def test_phones_that_send_no_sound_leave_no_ghosts(pair: Pair, robots: World) -> None:
    """Complaint 1: both sides silent; both are joined, and both end with the other within 5 s."""
    for hangs_up in ("caller", "agent"):
        robots.phones["anna-1"].on_call(Answer(after_ms=50, silent=True))
        choose(pair.first, AgentStatus.AVAILABLE, "anna")
        caller = robots.call(pair.second, NUMBER, from_user=CALLER, silent=True)
        agent = robots.inbox("anna-1").received("anna-1", 30)
        eventually(lambda: states(pair)["anna"] == "In a queue call", 5, "the agent to be in a call")
        ends, stays = (caller, agent) if hangs_up == "caller" else (agent, caller)
        ends.hangup()
        assert stays.wait("ended", 5 * slowness()).ended_by == "peer"
        eventually(lambda: states(pair)["anna"] == "Waiting", 5, "the agent to be free")


@pytest.mark.parametrize(
    "behaviour",
    [
        Reject(486),
        *(
            pytest.param(each, marks=pytest.mark.long)
            for each in (Reject(480), Reject(603), Ignore(), RingThenHangup(300))
        ),
    ],
    ids=repr,
)
def test_whatever_a_phone_answers_the_caller_reaches_the_next_agent(
    pair: Pair, robots: World, behaviour: Reject | Ignore | RingThenHangup
) -> None:
    """Also by way of another node: anna's phone is registered with the first one."""
    robots.phones["anna-1"].on_call(behaviour)
    robots.phones["bert-1"].on_call(Answer(after_ms=50, play=f"%(60000,0,{AGENT_HZ})"))
    choose(pair.first, AgentStatus.AVAILABLE, "anna", "bert")
    caller = call(robots, pair.second)
    caller.wait_heard(AGENT_HZ, timeout_s=15)
    eventually(lambda: states(pair) == {"anna": "Waiting", "bert": "In a queue call"}, 5, "anna to be free")
    caller.hangup()


def test_a_caller_who_goes_as_the_agent_answers_leaves_nobody_stuck(pair: Pair, robots: World) -> None:
    """CANCEL and 200 cross on the wire: whoever is first, both phones end and the agent is free."""
    choose(pair.first, AgentStatus.AVAILABLE, "anna")
    for after_ms in (0, 5, 10, 20, 40, 80):
        robots.phones["anna-1"].on_call(Answer(after_ms=after_ms))
        caller = call(robots, pair.second)
        agent = robots.inbox("anna-1").received("anna-1", 30)
        caller.hangup()
        agent.wait("ended", 20)
        caller.wait("ended", 20)
        eventually(
            lambda: states(pair)["anna"] == "Waiting" and not waiting(pair.first), 5, "anna to be free"
        )
