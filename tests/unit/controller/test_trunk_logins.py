"""Trunks whose systems register: up while they are registered somewhere (B1)."""

from __future__ import annotations

from dataclasses import replace

from controller.trunk_logins import TrunkLogins
from dialplan.carrier import Srtp
from tests.unit.dialplan.carriers import snapshot
from tests.unit.dialplan.login_customer import SYSTEM, with_system

USER = "anlage-bau"
AT_HOME = "203.0.113.9:40000"


class World:
    """What was told of trunks."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bool, str]] = []
        self.in_clear: list[str] = []
        self.logins = TrunkLogins(self.reachable)
        self.logins.watch(with_system())

    def reachable(self, trunk: str, up: bool, why: str, in_clear: bool) -> None:
        self.told.append((trunk, up, why))
        self.in_clear = [trunk] if in_clear else []


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


def test_a_system_whose_calls_must_be_encrypted_has_to_register_by_tls() -> None:
    """RFC 4568 section 7: its keys would be heard else."""
    world = World()
    world.logins.watch(with_system(replace(SYSTEM, srtp=Srtp.REQUIRED)))
    in_clear = "registered with node-1 without TLS, and its calls must be encrypted: it is not called"
    world.logins.came("node-1", USER)
    assert world.in_clear == [SYSTEM.id]
    world.logins.came("node-2", USER, tls=AT_HOME)
    assert world.in_clear == []
    world.logins.listed_phones("node-2", [])
    world.logins.listed_phones("node-1", [USER], {USER: AT_HOME})
    world.logins.came("node-1", USER)
    world.logins.went("node-1", USER)
    assert world.told == [
        (SYSTEM.id, False, in_clear),
        (SYSTEM.id, True, "registered with node-2"),
        (SYSTEM.id, False, in_clear),
        (SYSTEM.id, True, "registered with node-1"),
        (SYSTEM.id, False, in_clear),
        (SYSTEM.id, False, "not registered"),
    ]
    assert world.in_clear == [], "who is registered nowhere is called by nobody anyway"


def test_a_system_is_called_over_the_connection_that_it_has_registered_on_last() -> None:
    """It may have come by another one since, which nothing new is to be told of."""
    world = World()
    world.logins.watch(with_system(replace(SYSTEM, srtp=Srtp.REQUIRED)))
    assert world.logins.by_tls(USER) is None
    world.logins.came("node-1", USER, tls=AT_HOME)
    world.logins.came("node-2", USER, tls="203.0.113.9:41000")
    world.logins.came("node-1", USER, tls="203.0.113.9:42000")
    assert world.logins.by_tls(USER) == ("node-1", "203.0.113.9:42000")
    assert len(world.told) == 2
    world.logins.came("node-1", USER)
    assert world.logins.by_tls(USER) == ("node-2", "203.0.113.9:41000")
    world.logins.went("node-2", USER)
    assert world.logins.by_tls(USER) is None


def test_what_a_new_configuration_demands_is_told_at_once() -> None:
    world = World()
    world.logins.came("node-1", USER)
    world.logins.watch(with_system(replace(SYSTEM, srtp=Srtp.REQUIRED)))
    assert world.told[-1][:2] == (SYSTEM.id, False)
    world.logins.watch(with_system(replace(SYSTEM, srtp=Srtp.OPTIONAL)))
    assert world.told[-1] == (SYSTEM.id, True, "registered with node-1")
