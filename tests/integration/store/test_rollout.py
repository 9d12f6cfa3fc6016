"""A version goes from node to node, and stops at the first that cannot use it (issue 7)."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from cli.carriers.rollout import RollOut, roll_out
from cli.errors import RollOutStopped
from cli.lab_settings import lab_settings
from cli.layout import EXAMPLE_CARRIER
from cli.main import fernamt
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
        #: Nodes whose machine is off.
        self.dead: set[str] = set()
        #: Node and version in the order in which they came into force.
        self.taken: list[tuple[str, int]] = []
        self.in_force = dict.fromkeys(NODES, store.current())
        self.enough = threading.Event()

    def run(self) -> None:
        while not self.enough.wait(0.05):
            for node in [each for each in NODES if each not in self.dead]:
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


@pytest.fixture
def config(tmp_path: Path, database_url: str, redis_url: str) -> Callable[..., Result]:
    """`fernamt config ...` on node-1's machine."""
    secret = tmp_path / "event_socket_password"
    secret.write_text("4f3a1c9be2d7")
    others = [
        {
            "name": name,
            "event_socket": "127.0.0.1:8021",
            "event_socket_password": {"file": str(secret)},
            "sip": "127.0.0.1:5090",
        }
        for name in NODES[1:]
    ]
    tree = lab_settings(tmp_path, EXAMPLE_CARRIER).model_dump(mode="json", exclude_none=True)
    servers = {"database": {"url": database_url}, "redis": {"url": redis_url}}
    path = tmp_path / "fernamt.json"
    path.write_text(json.dumps(tree | servers | {"other_nodes": others}))
    return lambda *words: CliRunner().invoke(fernamt, ["--settings", str(path), "config", *words])


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


def test_a_dead_node_can_be_left_out_and_comes_back_with_the_version_that_it_had(
    world: World, config: Callable[..., Result]
) -> None:
    first, second = world.store.current(), world.apply("Beispiel AG")
    world.controllers.dead.add("node-2")
    done = config("rollout", "--without", "node-2", "--rest", "0", "--json")
    assert done.exit_code == 0, done.output
    assert f"warning: node-2 is left out: it keeps version {first} and comes back with it" in done.stderr
    assert {each["node"]: each["held_at"] for each in json.loads(done.stdout)["nodes"]} == {
        "node-1": None,
        "node-2": first,
        "node-3": None,
    }
    assert world.controllers.taken == [("node-1", second), ("node-3", second)]

    world.controllers.dead.clear()
    assert world.store.current_at("node-2") == first
    done = config("rollout", "--rest", "0")
    assert done.exit_code == 0, done.output
    assert world.controllers.taken[2:] == [("node-2", second)]
    assert world.holds.all() == {}


def test_the_word_about_a_node_that_is_not_held_says_that_it_takes_the_version_by_itself(
    world: World, config: Callable[..., Result]
) -> None:
    version = world.store.current()
    done = config("rollout", "--without", "node-3")
    assert f"node-3 is not held: it takes version {version} by itself" in done.stderr


def test_a_node_that_nobody_knows_is_not_left_out(world: World, config: Callable[..., Result]) -> None:
    held = world.apply("Beispiel AG") - 1
    done = config("rollout", "--without", "node-4")
    assert "there is no node 'node-4' to leave out; there are node-1, node-2, node-3" in done.output
    assert world.holds.all() == dict.fromkeys(NODES, held)


def test_a_new_version_leaves_a_dead_node_out_from_the_start(
    engine: Engine, config: Callable[..., Result], tmp_path: Path
) -> None:
    files = Path(shutil.copytree(EXAMPLE_CARRIER, tmp_path / "carrier"))
    assert config("apply", str(files), "--yes").exit_code == 0
    text = (files / "kunde-bau.yaml").read_text()
    (files / "kunde-bau.yaml").write_text(text.replace('"0221 4710-199"', '"0221 4710-209"'))
    refused = config("apply", str(files), "--yes", "--without", "node-2")
    assert (refused.exit_code, "--without goes with --node-by-node" in refused.output) == (2, True)
    refused = config("apply", str(files), "--yes", "--node-by-node", "--without", "node-4")
    assert "there is no node 'node-4' to leave out" in refused.output
    assert ConfigStore(engine).current() == 1

    all_of_them = [word for node in NODES for word in ("--without", node)]
    done = config("apply", str(files), "--yes", "--node-by-node", *all_of_them)
    assert done.exit_code == 0, done.output
    assert done.stderr.count("is left out: it keeps version 1") == len(NODES)
    assert ConfigHolds(engine).all() == dict.fromkeys(NODES, 1)


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
