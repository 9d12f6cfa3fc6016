"""Calls wait in a queue and reach agents' phones, on the lab switch and on FreeSWITCH (C1)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from acd.names import AgentStatus
from cli.demonstration.stage import Stage, staged
from lab.robots import Answer, RobotCall
from tests.e2e.desk import agents, choose, login, owner, waiting
from tests.e2e.exchange import Exchange, eventually, exchange
from tests.patience import slowness

CALLER = "+4915228817386"
MUSIC_HZ, AGENT_HZ, CALLER_HZ = 620, 1000, 700
NUMBER = "+493023125300"


@pytest.fixture(scope="module")
def centre(switch: str) -> Iterator[Exchange]:
    """An exchange of two controllers with a contact centre."""
    with exchange(switch, controllers=2, carrier=Path(__file__).parent / "queues.yaml") as found:
        eventually(lambda: bool(found.json("queue", "list")), 20, "an owner")
        yield found


@pytest.fixture(scope="module")
def stage(centre: Exchange) -> Iterator[Stage]:
    with staged(centre.settings) as found:
        yield found


@pytest.fixture(autouse=True)
def nobody_is_there(centre: Exchange, stage: Stage) -> Iterator[None]:
    """Calls that rang in another test are forgotten; afterwards everybody goes home."""
    for who in ("anna-1", "bert-1", "zentrale", "carrier-a"):
        stage.all_received(who)
    yield
    stage.hang_up()
    choose(centre, AgentStatus.LOGGED_OUT, "anna", "bert")
    eventually(lambda: {each["state"] for each in agents(centre).values()} == {"Idle"}, 10, "idle agents")
    eventually(lambda: waiting(centre) == [], 10, "an empty queue")


def call(stage: Stage) -> RobotCall:
    return stage.call("carrier-a", NUMBER, from_user=CALLER, play=f"%(30000,0,{CALLER_HZ})")


def test_the_longest_idle_agent_answers_and_both_hear_each_other(centre: Exchange, stage: Stage) -> None:
    """C1: anna logged in first; what the caller shows is what her phone shows."""
    stage.robot("anna-1").on_call(Answer(after_ms=300, play=f"%(30000,0,{AGENT_HZ})"))
    centre.run("agent", "login", "anna", "--actor", "tester", "--reason", "early shift")
    login(centre, "bert")
    caller = call(stage)
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    assert {each["status"] for each in centre.json("agent", "list", "kunde")} == {"Available"}
    agent = stage.inbox("anna-1").received("anna-1", 20)
    agent.wait_heard(CALLER_HZ, timeout_s=20)
    assert CALLER in agent.report().from_header
    eventually(lambda: agents(centre)["anna"]["state"] == "In a queue call", 5, "anna to be in a call")
    caller.hangup()
    assert agent.wait("ended", 20).ended_by == "peer"
    assert not stage.has_received("bert-1", "bert-1")


def test_when_the_caller_gives_up_the_agents_phone_stops(centre: Exchange, stage: Stage) -> None:
    """Complaint 3: within 200 ms."""
    stage.robot("anna-1").on_call(Answer(after_ms=20_000))
    login(centre, "anna")
    caller = call(stage)
    agent = stage.inbox("anna-1").received("anna-1", 30)
    caller.wait_heard(MUSIC_HZ)
    began = time.monotonic()
    caller.hangup()
    agent.wait("ended", 20)
    assert time.monotonic() - began < 0.5 * slowness()  # the robots' own report takes its time


def test_who_does_not_answer_is_passed_over(centre: Exchange, stage: Stage) -> None:
    stage.robot("anna-1").on_call(Answer(after_ms=20_000))
    stage.robot("bert-1").on_call(Answer(after_ms=100, play=f"%(30000,0,{AGENT_HZ})"))
    login(centre, "anna", "bert")
    caller = call(stage)
    assert stage.inbox("anna-1").received("anna-1", 30).wait("ended", 30).ended_by == "peer"
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    caller.hangup()
    stage.received("bert-1", "bert-1")


def test_an_agent_transfers_the_caller_with_the_rights_of_the_phone(centre: Exchange, stage: Stage) -> None:
    """B5: as any other phone does."""
    hamburg = "+494066969901"
    stage.robot("anna-1").on_call(Answer(after_ms=50))
    stage.robot("carrier-a").on_call(Answer(after_ms=20, play="%(10000,0,880)"), hamburg)
    login(centre, "anna")
    caller = call(stage)
    agent = stage.inbox("anna-1").received("anna-1", 30)
    eventually(lambda: agents(centre)["anna"]["state"] == "In a queue call", 5, "anna to be in a call")
    node = centre.settings.node
    agent.refer(f"sip:04066969901@{node.sip_ip}:{node.ports.phone}")
    caller.wait_heard(880, timeout_s=30)
    caller.hangup()
    assert "+493023125001" in "".join(stage.received("carrier-a", hamburg).asserted_identities)


def test_without_agents_the_plan_goes_on(centre: Exchange, stage: Stage) -> None:
    """The queue's overflow, and the node that the plan names for it."""
    stage.robot("zentrale").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    caller = call(stage)
    caller.wait_heard(AGENT_HZ, timeout_s=30)
    caller.hangup()
    stage.received("zentrale", "zentrale")


def test_waiting_callers_keep_their_order_when_the_owner_dies(centre: Exchange, stage: Stage) -> None:
    """Guarantee 6: another controller takes over; the music goes on."""
    login(centre, "anna")
    choose(centre, AgentStatus.ON_BREAK, "anna")
    callers = []
    for count in range(1, 4):
        callers.append(call(stage))
        eventually(lambda count=count: len(waiting(centre)) == count, 10, "the caller in the queue")  # type: ignore[misc]
    before = waiting(centre)
    old = owner(centre)
    began = time.monotonic()
    os.kill(old, signal.SIGKILL)
    eventually(lambda: owner(centre) not in (0, old), 10, "another owner")
    assert time.monotonic() - began <= 3.0 * slowness()
    eventually(lambda: waiting(centre) == before, 10, "the same order")
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    login(centre, "anna")
    callers[0].wait_heard(AGENT_HZ, timeout_s=30)
    assert not callers[1].report().heard(AGENT_HZ)
    for each in callers:
        each.hangup()
        each.wait("ended", 30)
    stage.inbox("anna-1").take_all()
