"""What tests know of the contact centre in queues.yaml over two nodes, and what they do in it."""

from __future__ import annotations

from acd.names import AgentStatus
from lab.robots import RobotCall
from tests.e2e.desk import agents, choose, owner, waiting
from tests.e2e.exchange import Exchange, comes_true, eventually
from tests.e2e.two_nodes import Pair, World

CALLER = "+4915228817386"
AGENT_HZ, CALLER_HZ = 1000, 700
NUMBER, RECORDED, BACK = "+493023125300", "+493023125301", "+493023125302"
QUESTION_HZ, OFFER_HZ, NOTED_HZ, TOLD_AGENT_HZ = 520, 2300, 2700, 2800


def states(pair: Pair) -> dict[str, str]:
    """What every agent is doing, as either machine's commands show it."""
    return {name: each["state"] for name, each in agents(pair.first).items()}


def call(robots: World, through: Exchange) -> RobotCall:
    return robots.call(through, NUMBER, from_user=CALLER, play=f"%(60000,0,{CALLER_HZ})")


def is_queued(pair: Pair, robots: World, through: Exchange) -> bool:
    """Whether a caller waits: those of a node that the owner cannot command yet take the overflow."""
    caller = call(robots, through)
    try:
        return comes_true(lambda: len(waiting(pair.first)) == 1, 2)
    finally:
        caller.hangup()
        eventually(lambda: waiting(pair.first) == [], 10, "an empty queue")


def both_served(pair: Pair, robots: World) -> None:
    """Wait until each node has a controller and the owner commands it; anna is logged in and has a break."""
    choose(pair.first, AgentStatus.AVAILABLE, "anna")
    choose(pair.first, AgentStatus.ON_BREAK, "anna")
    for through in pair.both():
        eventually(lambda through=through: is_queued(pair, robots, through), 30, "the owner on this node")  # type: ignore[misc]


def strangers(pair: Pair) -> tuple[Exchange, Exchange]:
    """The machine whose controller owns the contact centre, and the other one."""
    owns = pair.first.processes()["controller-1"] == owner(pair.first)
    return (pair.first, pair.second) if owns else (pair.second, pair.first)


def talk_of(pair: Pair, agent: str) -> str:
    eventually(lambda: states(pair)[agent] == "In a queue call", 30, "the agent to talk")
    return str(agents(pair.first)[agent]["talks"][0]["call"])
