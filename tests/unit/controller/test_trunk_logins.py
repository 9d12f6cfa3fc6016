"""Trunks whose systems register: up while they are registered somewhere (B1)."""

from __future__ import annotations

from dataclasses import replace

from controller.trunk_logins import TrunkLogins
from tests.unit.dialplan.carriers import snapshot
from tests.unit.dialplan.login_customer import SYSTEM, with_system

USER = "anlage-bau"


class World:
    """What was told of trunks."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bool, str]] = []
        self.logins = TrunkLogins(lambda trunk, up, why: self.told.append((trunk, up, why)))
        self.logins.watch(with_system())


def test_a_trunk_is_up_while_its_system_is_registered_with_any_node() -> None:
    world = World()
    world.logins.came("node-1", USER)
    world.logins.came("node-2", USER)
    world.logins.went("node-1", USER)
    world.logins.went("node-2", USER)
    assert world.told == [
        (SYSTEM.id, True, "registered with node-1"),
        (SYSTEM.id, True, "registered with node-1, node-2"),
        (SYSTEM.id, True, "registered with node-2"),
        (SYSTEM.id, False, "not registered"),
    ]


def test_who_registers_again_tells_nothing_new() -> None:
    world = World()
    world.logins.came("node-1", USER)
    world.logins.came("node-1", USER)
    assert len(world.told) == 1


def test_what_a_node_lists_counts() -> None:
    world = World()
    world.logins.listed_phones("node-1", ["kanzlei-1"])
    world.logins.listed_phones("node-1", ["kanzlei-1", USER])
    assert world.told == [(SYSTEM.id, False, "not registered"), (SYSTEM.id, True, "registered with node-1")]


def test_phones_and_systems_with_an_address_pass_by() -> None:
    world = World()
    world.logins.watch(snapshot())
    world.logins.came("node-1", "kanzlei-1")
    world.logins.came("node-1", USER)
    world.logins.went("node-1", USER)
    assert world.told == []


def test_a_login_that_moves_to_another_trunk_is_told_of_that() -> None:
    world = World()
    world.logins.came("node-1", USER)
    world.logins.watch(with_system(replace(SYSTEM, id="bau-neu")))
    assert world.told[-1] == ("bau-neu", True, "registered with node-1")
