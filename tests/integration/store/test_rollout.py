"""A version goes from node to node, and stops at the first that cannot use it (issue 7)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import redis
from sqlalchemy import Engine

from cli.carriers.rollout import RollOut, roll_out
from cli.errors import RollOutStopped
from store.audit import AuditLog
from store.config_holds import ConfigHolds, holding
from store.config_items import CARRIER, CUSTOMER, ConfigItem
from store.config_versions import ConfigStore
from store.versions_in_force import TTL_S, InForce, VersionsInForce

NODES = ("node-1", "node-2", "node-3")
LISTEN = "127.0.0.1:8084"
PART = ConfigItem.of(CARRIER, CARRIER, '{"name":"Beispiel-Carrier"}')


def customer(name: str) -> ConfigItem:
    return ConfigItem.of(CUSTOMER, "a", f'{{"id":"a","name":"{name}"}}')


class Controllers(threading.Thread):
    """One for each node: takes what its node is to have, and tells of it."""

    def __init__(self, store: ConfigStore, board: VersionsInForce) -> None:
        super().__init__(daemon=True)
        self._store = store
        self.board = board
        #: Nodes that cannot use a new version, and nodes that tell nothing.
        self.refusing: set[str] = set()
        self.silent: set[str] = set()
        #: Node and version in the order in which they came into force.
        self.taken: list[tuple[str, int]] = []
        self.in_force = dict.fromkeys(NODES, store.current())
        self.enough = threading.Event()

    def run(self) -> None:
        while not self.enough.wait(0.05):
            for node in NODES:
                self._look(node)

    def _look(self, node: str) -> None:
        wanted = self._store.current_at(node)
        refused = node in self.refusing and wanted > self.in_force[node]
        if not refused and wanted != self.in_force[node]:
            self.in_force[node] = wanted
            self.taken.append((node, wanted))
        if node not in self.silent:
            problem = "a secret is missing" if refused else ""
            self.board.put(InForce(LISTEN, node, self.in_force[node], wanted, problem))


@dataclass(frozen=True)
class World:
    store: ConfigStore
    holds: ConfigHolds
    controllers: Controllers

    def apply(self, name: str) -> int:
        """A new version that no node has yet."""
        base = self.store.current()
        return self.store.apply(base, [customer(name)], [], author="beispiel", then=holding(NODES, base))

    def go(self, version: int, patience_s: float = 20.0) -> list[str]:
        """Roll it out; what was told."""
        told: list[str] = []
        plan = RollOut(version, NODES, 0.0, "beispiel", patience_s, settle_s=1.0)
        roll_out(plan, self.holds, self.controllers.board.all, told.append)
        return told


@pytest.fixture
def world(engine: Engine, redis_client: redis.Redis) -> Iterator[World]:
    store = ConfigStore(engine)
    store.apply(0, [PART, customer("Beispiel GmbH")], [], author="beispiel")
    controllers = Controllers(store, VersionsInForce(redis_client))
    controllers.start()
    yield World(store, ConfigHolds(engine), controllers)
    controllers.enough.set()
    controllers.join(10)


def test_a_version_reaches_one_node_after_the_other(world: World, engine: Engine) -> None:
    first, second = world.store.current(), world.apply("Beispiel AG")
    assert [world.store.current_at(node) for node in NODES] == [first] * 3
    assert world.go(second) == [f"{node} has version {second}" for node in NODES]
    assert world.controllers.taken == [(node, second) for node in NODES]
    assert world.holds.all() == {}
    found = AuditLog(engine).latest(object_kind="node")
    assert [(each.action, each.object_id) for each in reversed(found)] == [
        ("config.rollout", node) for node in NODES
    ]


def test_a_node_that_cannot_use_it_stops_the_rest_and_a_second_attempt_goes_on_there(world: World) -> None:
    first, second = world.store.current(), world.apply("Beispiel AG")
    world.controllers.refusing.add("node-2")
    with pytest.raises(RollOutStopped, match=f"node-2: controller {LISTEN}: a secret is missing"):
        world.go(second)
    assert world.holds.all() == {"node-2": first, "node-3": first}
    assert world.controllers.taken == [("node-1", second)]
    world.controllers.refusing.clear()
    assert world.go(second) == [f"{node} has version {second}" for node in NODES[1:]]


def test_a_node_whose_controllers_say_nothing_stops_it_too(world: World, redis_client: redis.Redis) -> None:
    world.controllers.silent.update(NODES)
    first, second = world.store.current(), world.apply("Beispiel AG")
    redis_client.flushdb()
    with pytest.raises(RollOutStopped, match="stopped at node-1: not in force"):
        world.go(second, patience_s=0.3)
    assert world.holds.all() == dict.fromkeys(NODES, first)


def test_a_version_for_all_nodes_at_once_ends_every_hold(world: World) -> None:
    """As `fernamt config rollback` without --node-by-node does."""
    world.apply("Beispiel AG")
    base = world.store.current()
    part, nobody = [customer("Beispiel GmbH")], holding((), base)
    third = world.store.apply(base, part, [], author="beispiel", then=nobody)
    assert world.holds.all() == {}
    assert [world.store.current_at(node) for node in NODES] == [third] * 3


def test_a_node_that_is_held_already_stays_where_it_is(world: World) -> None:
    first = world.store.current()
    world.apply("Beispiel AG")
    world.apply("Beispiel SE")
    assert world.holds.all() == dict.fromkeys(NODES, first)


def test_a_controller_that_is_silent_does_not_count_any_more(redis_client: redis.Redis) -> None:
    board = VersionsInForce(redis_client)
    state = InForce(LISTEN, "node-1", 1, 2, "why")
    board.put(state)
    assert board.all() == (state,)
    left_ms = redis_client.pttl(f"fernamt:versions:node-1/{LISTEN}")
    assert isinstance(left_ms, int)
    assert 0 < left_ms <= TTL_S * 1000
