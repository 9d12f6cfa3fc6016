"""What tests know of the contact centre in agents.yaml, and what they do in it."""

from __future__ import annotations

from typing import Any

from acd.names import AgentStatus
from cli.bootstrap import acd_desk
from cli.demonstration.stage import Stage
from cli.wiring.queue_desk import command, screens
from lab.robots import RobotCall
from tests.e2e.exchange import Exchange

CALLER, FAR = "+4915228817386", "+494066969901"
VERKAUF, ALLE, ANNA, BERT = "+493023125300", "+493023125301", "+493023125001", "+493023125002"
AGENT_HZ, CALLER_HZ = 1000, 700


def agents(centre: Exchange) -> dict[str, Any]:
    found = screens(acd_desk(centre.settings), "kunde")
    return {each["agent"]: each for each in found[0]["agents"]} if found else {}


def state(centre: Exchange, agent: str) -> str:
    return str(agents(centre).get(agent, {}).get("state"))


def status(centre: Exchange, agent: str) -> str:
    return str(agents(centre).get(agent, {}).get("status"))


def choose(centre: Exchange, status: AgentStatus, *names: str) -> None:
    for name in names:
        command(acd_desk(centre.settings), "kunde", name, status)


def login(centre: Exchange, *names: str) -> None:
    choose(centre, AgentStatus.AVAILABLE, *names)


def call(stage: Stage, number: str = VERKAUF) -> RobotCall:
    return stage.call("carrier-a", number, from_user=CALLER, play=f"%(30000,0,{CALLER_HZ})")


def queued(centre: Exchange, queue: str) -> int:
    found = screens(acd_desk(centre.settings), "kunde")
    return sum(len(each["waiting"]) for each in found[0]["queues"] if each["queue"] == queue) if found else 0
