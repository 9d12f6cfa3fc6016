"""Agents' own calls keep the queues' calls away from them, and no longer than they last (C1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from acd.events import OwnCallBegan, StatusChosen
from acd.names import AgentStatus
from dialplan.call import Entry, Via
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from freeswitch.own_calls import own_call, own_mark
from tests.unit.controller.centre_world import CENTRE, CUSTOMER, World, running, wait_until
from tests.unit.dialplan.carriers import NOW, from_phone, snapshot


@pytest.fixture
def world() -> Iterator[World]:
    with running() as found:
        found.desk.commands.append(("1", StatusChosen("anna", AgentStatus.AVAILABLE)))
        wait_until(lambda: "1" in found.desk.answers)
        yield found


def busy(world: World) -> bool:
    screen = world.desk.screen
    return screen is not None and bool(screen.agents["anna"].own_calls)


def test_who_is_called_directly_is_rung_by_no_queue_until_it_is_over(world: World) -> None:
    world.centres.own_call("node-1", CUSTOMER, "anna", "leg-a", up=True)
    wait_until(lambda: busy(world))
    world.comes("c1")
    wait_until(lambda: world.waiting() == ["c1"])
    assert world.node.rung == []
    world.centres.own_call("node-1", CUSTOMER, "anna", "leg-a", up=False)
    wait_until(lambda: world.node.rung == ["c1"])


def test_a_call_that_another_controller_decided_is_passed_on_to_the_owner(world: World) -> None:
    world.desk.commands.append(("", OwnCallBegan("anna", "call-1")))
    wait_until(lambda: busy(world))
    world.centres.ended("call-1")
    wait_until(lambda: not busy(world))


def test_a_call_whose_end_nobody_told_is_found_to_be_over(world: World) -> None:
    """Complaint 1: no agent is stuck."""
    world.centres.own_call("node-1", CUSTOMER, "anna", "lost", up=True)
    wait_until(lambda: busy(world))
    world.lists("node-1")
    assert busy(world), "it began after the list was made"
    world.now_ms += 1_000
    world.lists("node-2")
    assert busy(world), "another node says nothing about it"
    world.lists("node-1")
    wait_until(lambda: not busy(world))


def test_a_call_that_nobody_told_of_is_found_in_the_list(world: World) -> None:
    world.lists("node-2", more=("call-1",), own=[("call-1", CUSTOMER, "anna")])
    wait_until(lambda: busy(world))


def test_a_call_from_an_agents_phone_is_the_agents_own(world: World) -> None:
    agents = snapshot()
    phone = replace(agents.phones["kanzlei-1"], agent_id="anna")
    agents = replace(agents, phones={**agents.phones, phone.id: phone})
    world.centres.swap(agents, {CUSTOMER: CENTRE})  # the same centre with the agent's phone
    offered = from_phone("0170 1234567", phone_id="kanzlei-1", call_id="call-2")
    decision = decide(offered, agents, Circumstances(NOW))
    assert world.centres.decided(offered, decision) == (CUSTOMER, "anna")
    wait_until(lambda: busy(world))
    passed_on = replace(offered, via=Via.TRANSFER)
    assert world.centres.decided(passed_on, decision) is None
    assert world.centres.decided(replace(offered, phone_id=None, entry=Entry.TRUNK), decision) is None


@pytest.mark.parametrize("mark", [None, "", "agent", "queue/kanzlei/verkauf/1", "own/kanzlei", "own/a/b/c"])
def test_no_other_mark_is_taken_for_an_own_call(mark: str | None) -> None:
    assert own_call(mark) is None
    assert own_call(own_mark("kanzlei", "anna")) == ("kanzlei", "anna")
