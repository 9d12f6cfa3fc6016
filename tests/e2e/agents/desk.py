"""What tests know of the contact centre in agents.yaml, and what they do in it."""

from __future__ import annotations

from pathlib import Path

from cli.bootstrap import message_dir
from cli.demonstration.stage import Stage
from lab.robots import RobotCall
from tests.e2e.desk import agents
from tests.e2e.exchange import Exchange

CALLER, FAR = "+4915228817386", "+494066969901"
VERKAUF, ALLE, ANNA, BERT = "+493023125300", "+493023125301", "+493023125001", "+493023125002"
AGENT_HZ, CALLER_HZ = 1000, 700


def state(centre: Exchange, agent: str) -> str:
    return str(agents(centre).get(agent, {}).get("state"))


def status(centre: Exchange, agent: str) -> str:
    return str(agents(centre).get(agent, {}).get("status"))


def call(stage: Stage, number: str = VERKAUF) -> RobotCall:
    return stage.call("carrier-a", number, from_user=CALLER, play=f"%(30000,0,{CALLER_HZ})")


def spooled(centre: Exchange) -> list[Path]:
    """Recordings that are being made, or wait to be stored."""
    return sorted((message_dir(centre.settings) / "recordings").glob("*.wav"))
