"""Commands of contact centres go to the node that the call is on; phones are found wherever they are (C1)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cli.wiring.drained import Instead
from cli.wiring.phone_homes import PhoneHomes, SwitchNode
from cli.wiring.queue_switch import QueueNodes
from controller.errors import LegFailed, NodeAway
from dialplan.legs import Caller, Leg, leg_to_phone
from freeswitch.errors import CommandFailed, NotConnected
from freeswitch.settings import NodeDoor
from numbering.e164 import E164
from tests.unit.dialplan.carriers import PHONE_1

LEG = leg_to_phone(PHONE_1, Caller(E164("+4915228817386")))
DOORS = {"node-1": NodeDoor("192.0.2.1", 5090), "node-2": NodeDoor("192.0.2.2", 5090)}
PLACES = {"here": "node-1", "there": "node-2"}


class NodeCalls:
    """AgentCalls of one node: `phones` are registered there, `away` when it cannot be commanded."""

    def __init__(self) -> None:
        self.phones: set[str] = set()
        self.doors: set[NodeDoor] = set()
        self.done: list[str] = []
        self.away = False
        self.drained = False

    def takes_calls(self) -> bool:
        self._there()
        return not self.drained

    def ring(
        self,
        customer_id: str,
        offer_id: int,
        leg: Leg,
        ring_s: int,
        facts: Mapping[str, str],
        door: NodeDoor | None = None,
    ) -> None:
        self._there()
        self.done.append(f"ring {offer_id}" + (f" through {door.ip}" if door else ""))
        if door is None and PHONE_1.credentials.username not in self.phones:
            raise CommandFailed("-ERR USER_NOT_REGISTERED")
        if door is not None and door not in self.doors:
            raise CommandFailed("-ERR NO_USER_RESPONSE")

    def has_phone(self, username: str) -> bool:
        self._there()
        return username in self.phones

    def stop(self, customer_id: str, offer_id: int, because: object = None) -> bool:
        self._there()
        self.done.append(f"stop {offer_id}")
        return True

    def join(self, customer_id: str, offer_id: int, call_id: str, leg: Leg | None) -> None:
        self._there()
        self.done.append(f"join {offer_id}")

    def _there(self) -> None:
        if self.away:
            raise NotConnected("no connection")


@pytest.fixture
def switches() -> dict[str, NodeCalls]:
    return {"node-1": NodeCalls(), "node-2": NodeCalls()}


def switch_nodes(switches: dict[str, NodeCalls]) -> dict[str, SwitchNode]:
    def made(name: str) -> SwitchNode:
        return SwitchNode(lambda: switches[name], DOORS[name])  # type: ignore[arg-type, return-value]

    return {name: made(name) for name in switches}


@pytest.fixture
def nodes(switches: dict[str, NodeCalls]) -> QueueNodes:
    both = switch_nodes(switches)
    instead = Instead(both, "node-1").node
    return QueueNodes(both, PhoneHomes(both), "node-1", PLACES.get, {}, instead=instead)


def ring(nodes: QueueNodes, offer_id: int, call_id: str) -> None:
    nodes.ring("kanzlei", offer_id, LEG, 20, {"fernamt_call": call_id})


def registered(switches: dict[str, NodeCalls], name: str) -> None:
    for node, calls in switches.items():
        calls.phones = {PHONE_1.credentials.username} if node == name else set()
        calls.doors = {DOORS[name]}


def test_a_phone_rings_from_the_callers_node(nodes: QueueNodes, switches: dict[str, NodeCalls]) -> None:
    registered(switches, "node-2")
    ring(nodes, 1, "there")
    nodes.join("kanzlei", 1, "there", None)
    nodes.stop("kanzlei", 1)
    assert switches["node-2"].done == ["ring 1", "join 1", "stop 1"]
    assert switches["node-1"].done == []


def test_a_phone_of_another_node_is_found_and_remembered(
    nodes: QueueNodes, switches: dict[str, NodeCalls]
) -> None:
    registered(switches, "node-2")
    ring(nodes, 1, "here")
    ring(nodes, 2, "here")
    ring(nodes, 3, "there")
    assert switches["node-1"].done == ["ring 1", "ring 1 through 192.0.2.2", "ring 2 through 192.0.2.2"]
    assert switches["node-2"].done == ["ring 3"]


def test_a_phone_that_has_moved_is_found_again(nodes: QueueNodes, switches: dict[str, NodeCalls]) -> None:
    registered(switches, "node-2")
    ring(nodes, 1, "here")
    registered(switches, "node-1")
    ring(nodes, 2, "here")
    assert switches["node-1"].done[2:] == ["ring 2 through 192.0.2.2", "ring 2"]


def test_a_phone_that_is_nowhere_is_not_registered(nodes: QueueNodes, switches: dict[str, NodeCalls]) -> None:
    switches["node-2"].away = True
    with pytest.raises(LegFailed, match="USER_NOT_REGISTERED"):
        ring(nodes, 1, "here")


def test_a_node_that_is_away_fails_its_own_calls_only(
    nodes: QueueNodes, switches: dict[str, NodeCalls]
) -> None:
    registered(switches, "node-1")
    switches["node-2"].away = True
    ring(nodes, 1, "here")
    with pytest.raises(NodeAway):
        ring(nodes, 2, "there")


def test_a_successor_ends_legs_wherever_they_are(nodes: QueueNodes, switches: dict[str, NodeCalls]) -> None:
    switches["node-1"].away = True
    assert nodes.stop("kanzlei", 5)
    assert switches["node-2"].done == ["stop 5"]


@pytest.mark.parametrize(
    ("drained", "away", "begins_on"),
    [
        (set(), set(), "node-1"),
        ({"node-1"}, set(), "node-2"),
        (set(), {"node-1"}, "node-2"),
        ({"node-1", "node-2"}, set(), "node-1"),
        ({"node-1"}, {"node-2"}, "node-1"),
    ],
)
def test_a_callback_begins_on_a_node_that_takes_calls(
    nodes: QueueNodes, switches: dict[str, NodeCalls], drained: set[str], away: set[str], begins_on: str
) -> None:
    """Its caller is on no node; the agent's leg and everything about it stay where they began."""
    registered(switches, begins_on)
    for name, calls in switches.items():
        calls.drained, calls.away = name in drained, name in away
    ring(nodes, 1, "nowhere")
    assert switches[begins_on].done == ["ring 1"]
    assert nodes.node_of("kanzlei", 1) == begins_on
    leg_id = nodes.leg_of("kanzlei", 1)
    assert nodes.node_of_channel(leg_id) == begins_on, "whoever attends to the conversation asks there"


def test_a_waiting_caller_of_a_drained_node_is_served_there(
    nodes: QueueNodes, switches: dict[str, NodeCalls]
) -> None:
    """Only there caller and agent can be joined."""
    registered(switches, "node-1")
    switches["node-1"].drained = True
    ring(nodes, 1, "here")
    assert switches["node-1"].done == ["ring 1"]


@pytest.fixture
def homes(switches: dict[str, NodeCalls]) -> PhoneHomes:
    return PhoneHomes(switch_nodes(switches))


def test_a_phone_is_called_where_it_has_registered_last(homes: PhoneHomes) -> None:
    """B1: one that moved tells the node that it leaves nothing, and is listed there until it expires."""
    assert homes.door("anna", "node-1") is None, "nobody knows: its own node says that it is not registered"
    homes.came("node-2", "anna")
    assert homes.door("anna", "node-1") == DOORS["node-2"]
    assert homes.door("anna", "node-2") is None
    homes.came("node-1", "anna")
    homes.listed_phones("node-2", {"anna"})
    assert homes.door("anna", "node-1") is None
    homes.went("node-1", "anna")
    assert homes.door("anna", "node-1") == DOORS["node-2"]
    homes.went("node-2", "anna")
    homes.went("node-2", "anna")
    assert homes.door("anna", "node-1") is None


def test_what_a_node_lists_after_it_was_away_is_all_that_it_has(homes: PhoneHomes) -> None:
    homes.came("node-2", "anna")
    homes.listed_phones("node-2", {"bert"})
    assert homes.door("anna", "node-1") is None
    assert homes.door("bert", "node-1") == DOORS["node-2"]
    homes.listed_phones("node-1", {"bert"})
    assert homes.door("bert", "node-1") is None, "nobody knows which is newer: the caller's own node"


def test_a_phone_that_a_node_has_told_of_is_rung_there_at_once(
    homes: PhoneHomes, switches: dict[str, NodeCalls]
) -> None:
    registered(switches, "node-2")
    homes.came("node-2", PHONE_1.credentials.username)
    queues = QueueNodes(switch_nodes(switches), homes, "node-1", PLACES.get, {})
    ring(queues, 1, "here")
    assert switches["node-1"].done == ["ring 1 through 192.0.2.2"]
