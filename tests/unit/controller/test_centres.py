"""Contact centres of all customers in one controller: what the switch lists, commands of people (C1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acd.announcing import Announcing
from acd.events import StatusChosen
from acd.names import AgentStatus
from acd.orders import InHand
from acd.spec import TenantSpec
from controller import tenants
from tests.unit.acd.test_callers import SENTENCES
from tests.unit.controller.centre_world import CENTRE, CUSTOMER, World, quickly, running, wait_until
from tests.unit.controller.centre_world import world as world
from tests.unit.dialplan.carriers import snapshot

__all__ = ["quickly"]


def test_a_new_owner_asks_what_the_switch_has(world: World) -> None:
    wait_until(lambda: world.looks[0] >= 1)
    assert world.centres.served() == {CUSTOMER}


def test_callers_who_came_while_nobody_was_the_owner_are_found_in_their_order(world: World) -> None:
    """Guarantee 6."""
    world.lists("node-1", ("late", 900_200), ("early", 900_100))
    wait_until(lambda: world.waiting() == ["early", "late"])


def test_who_comes_before_a_new_owner_knows_all_who_wait_does_not_overtake_them(world: World) -> None:
    """Guarantee 6: those who came while there was no owner are known when the nodes have listed them."""
    world.desk.commands.append(("1", StatusChosen("anna", AgentStatus.AVAILABLE)))
    wait_until(lambda: "1" in world.desk.answers)
    world.comes("after")
    world.lists("node-1", ("before", 999_000), ("after", 1_000_000))
    wait_until(lambda: bool(world.node.rung))
    assert world.node.rung == ["before"]
    wait_until(lambda: world.waiting() == ["before", "after"])


def test_a_caller_who_just_left_and_is_still_listed_is_no_ghost(world: World) -> None:
    world.comes("c1")
    world.comes("c2")
    wait_until(lambda: len(world.waiting()) == 2)
    world.centres.ended("c1")
    world.now_ms += 500
    world.lists("node-1", ("c1", 999_000), ("c2", 999_000))
    wait_until(lambda: world.waiting() == ["c2"])
    world.now_ms += 11_000  # no list lags so long: c1 never went
    world.lists("node-1", ("c1", 999_000), ("c2", 999_000))
    wait_until(lambda: world.waiting() == ["c1", "c2"])


def test_a_caller_who_goes_by_key_and_comes_to_another_queue_is_no_ghost_and_keeps_the_place(
    world: World,
) -> None:
    world.comes("c1")
    wait_until(lambda: world.waiting() == ["c1"])
    world.now_ms += 5_000
    world.comes("c2")
    world.centres.left_by_key("c1", CUSTOMER)
    wait_until(lambda: world.waiting() == ["c2"])
    world.lists("node-1", ("c1", 999_000), more=("c2",))
    world.comes("c1", kept=True)
    wait_until(lambda: world.waiting() == ["c1", "c2"])


def test_a_caller_of_an_unknown_customer_is_nobodys(world: World) -> None:
    """Guarantee 8."""
    world.comes("c1", customer_id="somebody")
    world.comes("c2")
    wait_until(lambda: world.waiting() == ["c2"])


def test_commands_of_agents_are_answered_and_the_phone_rings(world: World) -> None:
    world.comes("c1")
    world.desk.commands = [
        ("1", StatusChosen("nobody", AgentStatus.AVAILABLE)),
        ("2", StatusChosen("anna", AgentStatus.ON_BREAK)),
        ("3", StatusChosen("anna", AgentStatus.AVAILABLE)),
        ("4", InHand("anna")),
    ]
    wait_until(lambda: world.node.rung == ["c1"] and "4" in world.desk.answers)
    assert world.desk.answers["3"] == "+ok"
    assert "no agent nobody" in world.desk.answers["1"]
    assert "logged out" in world.desk.answers["2"]
    assert world.desk.answers["4"] == "-agent anna is in no conversation"


def test_with_redis_away_new_calls_are_not_taken(world: World) -> None:
    """The static overflow of the plan; who waits stays."""
    world.comes("c1")
    wait_until(lambda: world.waiting() == ["c1"])
    world.journal.away = True
    world.now_ms += 3_000
    assert world.centres.served() == frozenset()
    assert world.waiting() == ["c1"]


def test_callers_of_a_customer_whose_last_queue_is_gone_go_on_in_their_plan(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with any queue: those who wait, and those who come by what was decided before."""
    monkeypatch.setattr(tenants, "_LOOK_S", 0.01)
    world.comes("c1")
    wait_until(lambda: world.waiting() == ["c1"])
    world.centres.swap(snapshot(), {})
    assert world.centres.served() == frozenset()
    wait_until(lambda: world.node.sent_on == ["c1"])
    world.comes("late")
    wait_until(lambda: world.node.sent_on == ["c1", "late"])


def test_a_customer_whose_queues_are_gone_is_led_no_longer_once_nobody_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenants, "_LOOK_S", 0.01)
    monkeypatch.setattr(tenants, "_CLOSING_S", 0.05)
    world.centres.swap(snapshot(), {})
    wait_until(lambda: world.centres.led() == {})
    world.centres.swap(snapshot(), {CUSTOMER: CENTRE})
    wait_until(lambda: world.centres.served() == {CUSTOMER})
    world.comes("c1")
    wait_until(lambda: world.waiting() == ["c1"])


def test_a_customer_whose_queues_come_back_at_once_is_served_again(world: World) -> None:
    world.centres.swap(snapshot(), {})
    world.centres.swap(snapshot(), {CUSTOMER: CENTRE})
    assert world.centres.served() == {CUSTOMER}
    world.comes("c1")
    wait_until(lambda: world.waiting() == ["c1"])
    assert world.node.sent_on == []


def test_a_node_that_lists_its_calls_says_nothing_about_another_ones(world: World) -> None:
    world.comes("here", "node-1")
    world.comes("there", "node-2")
    wait_until(lambda: len(world.waiting()) == 2)
    world.now_ms += 5_000
    world.lists("node-1")
    wait_until(lambda: world.waiting() == ["there"])


def test_callers_of_a_node_that_says_nothing_are_out_of_the_queue_until_it_is_back(world: World) -> None:
    """Guarantee 6: nobody rings for a caller who cannot be joined; the place is kept."""
    world.comes("there", "node-2")
    wait_until(lambda: world.waiting() == ["there"])
    world.now_ms += 1_000
    world.comes("here", "node-1")
    wait_until(lambda: world.waiting() == ["there", "here"])
    world.centres.lost("node-2")
    world.now_ms += 5_100
    wait_until(lambda: world.waiting() == ["here"])
    world.lists("node-2", ("there", 1_000_000))
    wait_until(lambda: world.waiting() == ["there", "here"])


def test_a_caller_whose_node_was_silent_is_not_greeted_again(quickly: None) -> None:
    greeting = TenantSpec(CUSTOMER, (replace(CENTRE.spec.queues[0], greets=True),), CENTRE.spec.agents)
    told = {"verkauf": Announcing(SENTENCES, place=True, wait=True)}
    with running(replace(CENTRE, spec=greeting, announcing=told)) as world:
        world.comes("there", "node-2")
        wait_until(lambda: world.node.said_to == ["there"])
        world.now_ms += 1_000
        world.comes("here", "node-1")
        wait_until(lambda: world.node.said_to == ["there", "here"])
        world.centres.lost("node-2")
        world.now_ms += 5_100
        wait_until(lambda: world.waiting() == ["here"])
        world.lists("node-2", ("there", 1_000_000))
        wait_until(lambda: world.waiting() == ["there", "here"])
        assert world.node.said_to == ["there", "here"]


@pytest.mark.parametrize("set_ms", [3_600_000, -3_600_000])
def test_who_sets_the_wall_clock_changes_nobodys_place(world: World, set_ms: int) -> None:
    """Guarantee 6: neither that of one who is found again, nor that of one who comes from another queue."""
    for at_ms, (name, node) in enumerate((("c1", "node-1"), ("c2", "node-2"), ("c3", "node-1"))):
        world.now_ms = 1_000_000 + at_ms * 1_000
        world.comes(name, node)
        wait_until(lambda name=name: name in world.waiting())  # type: ignore[misc]
    world.set_ms = set_ms
    world.centres.lost("node-2")
    world.now_ms += 5_100
    wait_until(lambda: world.waiting() == ["c1", "c3"])
    world.lists("node-2", ("c2", 1_001_000))
    wait_until(lambda: world.waiting() == ["c1", "c2", "c3"])
    world.centres.left_by_key("c2", CUSTOMER)
    wait_until(lambda: world.waiting() == ["c1", "c3"])
    world.comes("c2", "node-2", kept=True)
    wait_until(lambda: world.waiting() == ["c1", "c2", "c3"])


def test_a_node_that_is_back_is_asked_again(world: World) -> None:
    """What ended just before may still be listed the first time."""
    wait_until(lambda: world.looks[0] >= 2)
    before = world.looks[0]
    world.centres.lost("node-2")
    world.lists("node-2")
    wait_until(lambda: world.looks[0] > before)


def test_who_talks_with_an_agent_is_not_taken_for_a_waiting_caller(world: World) -> None:
    """Nor is a conversation ended that the owner knows nothing of: it began before a Redis that lost all."""
    world.lists("node-1", ("talks", 999_000), ("waits", 999_000), talking={"leg-77": "talks"})
    wait_until(lambda: world.waiting() == ["waits"])
    assert world.node.stopped == []
    world.lists("node-1", ("waits", 999_000), more=("leg-78",))
    wait_until(lambda: world.node.stopped == [78])


def test_calls_of_a_node_that_the_owner_cannot_command_are_not_taken(world: World) -> None:
    """They would wait in vain: the plan's overflow takes them."""
    world.centres.lost("node-2")
    world.now_ms += 5_100
    wait_until(lambda: world.desk.noted == {CUSTOMER: frozenset({"node-1"})})
    assert world.centres.served() == {CUSTOMER}
    world.centres.lost("node-1")
    world.now_ms += 5_100
    wait_until(lambda: world.centres.served() == frozenset())
    world.lists("node-1")
    wait_until(lambda: world.centres.served() == {CUSTOMER})


def test_a_controller_that_is_not_the_owner_takes_no_calls_that_the_owner_cannot_reach(world: World) -> None:
    world.journal.held_by_another = True
    wait_until(lambda: world.centres.led() == {})
    world.desk.noted = {CUSTOMER: frozenset({"node-2"})}
    wait_until(lambda: world.centres.served() == frozenset())
    world.desk.noted = {CUSTOMER: frozenset({"node-1", "node-2"})}
    wait_until(lambda: world.centres.served() == {CUSTOMER})
