"""A caller who hangs up in the moment in which he is joined with an agent (guarantee 6)."""

from __future__ import annotations

import pytest

from acd.events import StatusChosen
from acd.names import AgentState, AgentStatus
from controller.errors import LegFailed
from dialplan.legs import Leg
from tests.unit.controller.centre_world import World, quickly, wait_until
from tests.unit.controller.centre_world import world as world

__all__ = ["quickly"]


def test_the_agent_does_not_rest_for_a_caller_who_hung_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that joins them fails before the switch tells that he is gone."""

    def ring(customer_id: str, offer_id: int, leg: Leg, ring_s: int, facts: dict[str, str]) -> None:
        world.node.rung.append(facts["fernamt_call"])

    def join(customer_id: str, offer_id: int, call_id: str, leg: Leg | None) -> None:
        if call_id == "gone":
            raise LegFailed("CALL NOT FOUND")
        world.node.joined.append((offer_id, call_id))

    monkeypatch.setattr(world.node, "ring", ring)
    monkeypatch.setattr(world.node, "join", join)
    world.now_ms += 600
    world.desk.commands.append(("1", StatusChosen("anna", AgentStatus.AVAILABLE)))
    world.comes("gone")
    wait_until(lambda: world.node.rung == ["gone"])
    world.centres.ended("gone")
    world.comes("next")
    wait_until(lambda: [call_id for _, call_id in world.node.joined] == ["next"])
    screen = world.centres.led()["kanzlei"].state
    assert screen.agents["anna"].state in (AgentState.RECEIVING, AgentState.IN_A_QUEUE_CALL)
