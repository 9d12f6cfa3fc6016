"""Agents with their phones and commands, on the lab switch and on FreeSWITCH (C1)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acd.names import AgentStatus
from cli.bootstrap import acd_desk
from cli.queue_desk import command, screens
from cli.stage import Stage, staged
from lab.robots import Answer, RobotCall
from tests.e2e.exchange import Exchange, eventually, exchange

CALLER, FAR = "+4915228817386", "+494066969901"
VERKAUF, ALLE, ANNA, BERT = "+493023125300", "+493023125301", "+493023125001", "+493023125002"
AGENT_HZ, CALLER_HZ = 1000, 700


@pytest.fixture(scope="module")
def centre(switch: str) -> Iterator[Exchange]:
    """Two controllers, so that the one that decides a call is often not the owner."""
    with exchange(switch, controllers=2, carrier=Path(__file__).parent / "agents.yaml") as found:
        eventually(lambda: bool(found.json("queue", "list")), 20, "an owner")
        yield found


@pytest.fixture(scope="module")
def stage(centre: Exchange) -> Iterator[Stage]:
    with staged(centre.settings) as found:
        yield found


@pytest.fixture(autouse=True)
def everybody_goes_home(centre: Exchange, stage: Stage) -> Iterator[None]:
    for who in ("anna-1", "bert-1", "clara-1", "carrier-a"):
        stage.all_received(who)
    yield
    choose(centre, AgentStatus.LOGGED_OUT, "anna", "bert")
    eventually(lambda: {each["state"] for each in agents(centre).values()} == {"Idle"}, 10, "idle agents")


def agents(centre: Exchange) -> dict[str, Any]:
    found = screens(acd_desk(centre.settings), "kunde")
    return {each["agent"]: each for each in found[0]["agents"]} if found else {}


def state(centre: Exchange, agent: str) -> str:
    return str(agents(centre).get(agent, {}).get("state"))


def choose(centre: Exchange, status: AgentStatus, *names: str) -> None:
    for name in names:
        command(acd_desk(centre.settings), "kunde", name, status)


def login(centre: Exchange, *names: str) -> None:
    choose(centre, AgentStatus.AVAILABLE, *names)


def call(stage: Stage, number: str = VERKAUF) -> RobotCall:
    return stage.call("carrier-a", number, from_user=CALLER, play=f"%(30000,0,{CALLER_HZ})")


def test_who_places_a_call_is_rung_by_no_queue_until_it_is_over(centre: Exchange, stage: Stage) -> None:
    """C1: agents' own outgoing calls count as busy."""
    stage.robot("carrier-a").on_call(Answer(after_ms=20, play="%(10000,0,880)"), FAR)
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    login(centre, "anna")
    own = stage.call("anna-1", "04066969901")
    own.wait_heard(880, timeout_s=10)
    eventually(lambda: state(centre, "anna") == "In another call", 5, "anna to be busy")
    caller = call(stage)
    eventually(lambda: queued(centre, "verkauf") == 1, 5, "the caller in the queue")
    assert not stage.has_received("anna-1", "anna-1")
    own.hangup()
    caller.wait_heard(AGENT_HZ, timeout_s=10)
    caller.hangup()


def test_who_is_called_directly_is_rung_by_no_queue_until_it_is_over(centre: Exchange, stage: Stage) -> None:
    """C1: direct calls count as busy from the first ringing."""
    stage.robot("anna-1").on_call(Answer(after_ms=600, play=f"%(30000,0,{AGENT_HZ})"))
    login(centre, "anna")
    direct = call(stage, ANNA)
    eventually(lambda: state(centre, "anna") == "In another call", 5, "anna to be busy")
    caller = call(stage)
    eventually(lambda: queued(centre, "verkauf") == 1, 5, "the caller in the queue")
    direct.wait_heard(AGENT_HZ, timeout_s=10)
    direct.hangup()
    caller.wait_heard(AGENT_HZ, timeout_s=10)
    caller.hangup()
    assert len(stage.all_received("anna-1")) == 2


def test_a_wrap_up_is_extended_and_ended_with_a_code(centre: Exchange, stage: Stage) -> None:
    """C1, complaint 4."""
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    login(centre, "anna")
    caller = call(stage)
    caller.wait_heard(AGENT_HZ, timeout_s=10)
    eventually(lambda: state(centre, "anna") == "In a queue call", 5, "anna to talk")
    caller.hangup()
    eventually(lambda: state(centre, "anna") == "Wrap-up", 5, "the wrap-up")
    centre.run("agent", "wrap-up", "anna", "--extend", "300")
    eventually(lambda: agents(centre)["anna"]["wrap_up_ms"] > 200_000, 5, "a longer wrap-up")
    centre.run("agent", "wrap-up", "anna", "--code", "frage")
    eventually(lambda: state(centre, "anna") == "Waiting", 5, "anna to be free")


def queued(centre: Exchange, queue: str) -> int:
    found = screens(acd_desk(centre.settings), "kunde")
    return sum(len(each["waiting"]) for each in found[0]["queues"] if each["queue"] == queue) if found else 0
