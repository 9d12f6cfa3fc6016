"""Callers whom an owner did not know, or had lost, and finds in what the nodes list (guarantee 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from acd.events import CallerJoined, Configured, TimePassed
from acd.journal import written
from acd.spec import Overflow, QueueSpec, TenantSpec
from tests.unit.controller.centre_world import CENTRE, CUSTOMER, World, moment, quickly, running, wait_until

__all__ = ["quickly"]

#: One caller may wait; who comes then goes on.
FULL: Final = QueueSpec("verkauf", overflow=Overflow("out", length=1))
SPEC: Final = TenantSpec(CUSTOMER, (FULL, QueueSpec("technik", overflow=Overflow("out", length=0))))
SMALL: Final = replace(CENTRE, spec=SPEC)


def settled(world: World) -> None:
    """Who comes now is asked now."""
    world.now_ms += 600


def test_whose_node_was_silent_is_let_wait_since_when_he_came(quickly: None) -> None:
    """Somebody else has had the last place meanwhile."""
    with running(SMALL) as world:
        settled(world)
        world.comes("there", "node-2")
        wait_until(lambda: world.waiting() == ["there"])
        world.centres.lost("node-2")
        world.now_ms += 5_100
        wait_until(lambda: world.waiting() == [])
        world.comes("here", "node-1")
        wait_until(lambda: world.waiting() == ["here"])
        world.lists("node-2", ("there", 1_000_600))
        wait_until(lambda: world.waiting() == ["there", "here"])
        assert world.desk.screen is not None
        assert world.desk.screen.members["there"].joined_ms == 1_000_600
        assert world.node.sent_on == []


def test_who_came_while_his_node_was_silent_is_asked_at_the_door(quickly: None) -> None:
    with running(SMALL) as world:
        settled(world)
        world.comes("here", "node-1")
        wait_until(lambda: world.waiting() == ["here"])
        world.centres.lost("node-2")
        world.now_ms += 2_000
        world.lists("node-2", ("unheard", 1_001_000))
        wait_until(lambda: world.node.sent_on == ["unheard"])


def test_an_owner_without_a_journal_lets_everybody_wait_who_waits(quickly: None) -> None:
    """A Redis that lost all: nobody is asked twice, and the time until the overflow goes on."""
    with running(SMALL) as world:
        world.lists("node-1", ("late", 900_200), ("early", 900_100))
        wait_until(lambda: world.waiting() == ["early", "late"])
        assert world.desk.screen is not None
        assert [each.joined_ms for each in world.desk.screen.members.values()] == [900_100, 900_200]
        assert world.node.sent_on == []


def test_a_successor_asks_those_alone_who_came_while_nobody_was_the_owner(quickly: None) -> None:
    """What Redis lost of the last moments was asked already."""
    records = [
        written(Configured(SPEC), 990_000),
        written(CallerJoined("early", "verkauf", since_ms=997_000), 997_000),
        written(TimePassed(), 998_000),
    ]
    with running(SMALL, records) as world:
        world.lists("node-1", ("early", 997_000), ("forgotten", 997_500), ("between", 999_000))
        wait_until(lambda: world.node.sent_on == ["between"])
        wait_until(lambda: world.waiting() == ["early", "forgotten"])


def test_who_went_to_another_queue_while_his_node_was_silent_is_asked_there(quickly: None) -> None:
    with running(SMALL) as world:
        settled(world)
        world.comes("c1", "node-2")
        wait_until(lambda: world.waiting() == ["c1"])
        world.centres.lost("node-2")
        world.now_ms += 5_100
        wait_until(lambda: world.waiting() == [])
        there = (CUSTOMER, CallerJoined("c1", "technik", since_ms=1_000_600))
        world.centres.listed("node-2", [there], {"c1": True}, {}, [], moment(world.wall_clock()))
        wait_until(lambda: world.node.sent_on == ["c1"])
