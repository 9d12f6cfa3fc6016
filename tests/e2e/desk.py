"""What the contact centre of a test's customer shows, and what is ordered there."""

from __future__ import annotations

from typing import Any

from acd.names import AgentStatus
from cli.bootstrap import acd_desk
from cli.wiring.queue_desk import command, screens
from tests.e2e.exchange import Exchange


def screen(centre: Exchange) -> dict[str, Any]:
    """What the owner shows; nothing while there is none."""
    found = screens(acd_desk(centre.settings), "kunde")
    return found[0] if found else {"agents": [], "queues": []}


def owner(centre: Exchange) -> int:
    """The process of the controller that owns the contact centre; 0 while nobody does."""
    holder = acd_desk(centre.settings).owner("kunde")
    return int(holder.split("/")[-2]) if holder is not None else 0


def agents(centre: Exchange) -> dict[str, Any]:
    return {each["agent"]: each for each in screen(centre)["agents"]}


def waiting(centre: Exchange, queue: str = "verkauf") -> list[str]:
    """The callers of the queue, the longest wait first."""
    rows = [each["waiting"] for each in screen(centre)["queues"] if each["queue"] == queue]
    return [each["call"] for row in rows for each in row]


def choose(centre: Exchange, status: AgentStatus, *names: str) -> None:
    for name in names:
        command(acd_desk(centre.settings), "kunde", name, status)


def login(centre: Exchange, *names: str) -> None:
    choose(centre, AgentStatus.AVAILABLE, *names)
