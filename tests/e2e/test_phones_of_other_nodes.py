"""A phone is registered with one of two nodes and reached from both, with the rights it has (B1, B2, B5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acd.names import AgentStatus
from cli.bootstrap import acd_desk
from cli.wiring.queue_desk import command, screens
from lab.robots import Answer, Reject, RobotCall
from tests.e2e.exchange import Exchange, eventually
from tests.e2e.queue_nodes.desk import both_served
from tests.e2e.two_nodes import Pair, World, two_nodes, world

#: What goes from node to node is tested in every run with agents' phones (tests/e2e/queue_nodes).
pytestmark = pytest.mark.long

CALLER = "+4915228817386"
ANNA, BERT, QUEUE = "+493023125001", "+493023125002", "+493023125300"
HAMBURG = "+494066969901"
PREMIUM = "0900512345"
CALLER_HZ, ANNA_HZ, BERT_HZ, HAMBURG_HZ = 700, 1000, 1300, 1600


@pytest.fixture(scope="module")
def pair(switch: str) -> Iterator[Pair]:
    with two_nodes(switch, Path(__file__).parent / "queues.yaml") as found:
        eventually(lambda: acd_desk(found.first.settings).owner("kunde") is not None, 20, "an owner")
        yield found


@pytest.fixture(scope="module")
def robots(pair: Pair) -> Iterator[World]:
    """anna's phone is registered with the first node, the others with the second."""
    homes = {"anna-1": pair.first, "bert-1": pair.second, "zentrale": pair.second}
    with world(pair, homes) as found:
        both_served(pair, found)
        command(acd_desk(pair.first.settings), "kunde", "anna", AgentStatus.LOGGED_OUT)
        yield found


@pytest.fixture(autouse=True)
def nobody_talks(pair: Pair, robots: World) -> Iterator[None]:
    """Every phone answers with a tone of its own; afterwards all calls are over."""
    for name, hertz in (("anna-1", ANNA_HZ), ("bert-1", BERT_HZ), ("zentrale", BERT_HZ)):
        robots.inbox(name).take_all()
        robots.inbox(name).drain()
        robots.phones[name].on_call(Answer(after_ms=50, play=f"%(60000,0,{hertz})"))
    robots.carrier.on_call(Answer(after_ms=50, play=f"%(60000,0,{HAMBURG_HZ})"), HAMBURG)
    yield
    robots.end_calls()
    command(acd_desk(pair.first.settings), "kunde", "anna", AgentStatus.LOGGED_OUT)
    eventually(lambda: _legs_up(pair) == 0, 20, "all legs to end")


def _legs_up(pair: Pair) -> int:
    return sum(each["legs"] for each in pair.first.json("node", "status"))


def _call(robots: World, through: Exchange, number: str = ANNA) -> RobotCall:
    return robots.call(through, number, from_user=CALLER, play=f"%(60000,0,{CALLER_HZ})")


def _talking(robots: World, through: Exchange, number: str = ANNA) -> tuple[RobotCall, RobotCall]:
    """A call from the network to anna, answered: the caller's leg and hers."""
    caller = _call(robots, through, number)
    caller.wait_heard(ANNA_HZ, timeout_s=30)
    return caller, robots.inbox("anna-1").received("anna-1", 20)


def _state(pair: Pair, agent: str) -> str | None:
    found = screens(acd_desk(pair.first.settings), "kunde")
    states: dict[str, str] = {each["agent"]: each["state"] for each in found[0]["agents"]} if found else {}
    return states.get(agent)


def _target(pair: Pair, number: str) -> str:
    return f"sip:{number}@{pair.first.settings.node.sip_ip}"


def _records(pair: Pair, caller: RobotCall) -> list[dict[str, Any]]:
    """Of the call that the caller made over the second node, once its own record is there."""
    sip_id = caller.report().sip_call_id
    eventually(lambda: sip_id in {each["sip_call_id"] for each in pair.second.legs()}, 20, "its record")
    records = pair.second.legs()
    (own,) = [each for each in records if each["sip_call_id"] == sip_id]
    return [each for each in records if each["call_id"] == own["call_id"]]


def test_a_phone_is_called_from_the_other_node(pair: Pair, robots: World) -> None:
    """B1, guarantee 4: with the caller's number, and one call in the records."""
    caller, anna = _talking(robots, pair.second)
    anna.wait_heard(CALLER_HZ, timeout_s=20)
    assert CALLER in anna.report().from_header
    caller.hangup()
    assert anna.wait("ended", 20).ended_by == "peer"
    legs = sorted((each["side"], each["node"], each["phone_id"]) for each in _records(pair, caller))
    assert legs == [("a", "node-2", None), ("b", "node-2", "anna-1")]


def test_phones_of_two_nodes_call_each_other(pair: Pair, robots: World) -> None:
    """Both ways; who is busy is busy."""
    node = pair.second.settings.node
    bert = robots.phones["bert-1"].call(f"sip:{ANNA}@{node.sip_ip}:{node.ports.phone}")
    bert.wait_heard(ANNA_HZ, timeout_s=30)
    assert BERT in robots.inbox("anna-1").received("anna-1", 20).report().from_header
    bert.hangup()
    robots.phones["bert-1"].on_call(Reject(486))
    node = pair.first.settings.node
    anna = robots.phones["anna-1"].call(f"sip:{BERT}@{node.sip_ip}:{node.ports.phone}")
    assert anna.wait("ended", 20).final_code == 486


def test_the_phones_of_a_plan_ring_wherever_they_are_registered(pair: Pair, robots: World) -> None:
    """C2: nobody serves the queue, so its plan goes on to a phone of the other node."""
    caller = _call(robots, pair.first, QUEUE)
    caller.wait_heard(BERT_HZ, timeout_s=30)
    caller.hangup()


def test_a_phone_that_moves_is_found_at_once(pair: Pair, robots: World) -> None:
    """It tells the node that it leaves nothing."""
    node = pair.second.settings.node
    robots.phones["anna-1"].register((node.sip_ip, node.ports.phone), node.domain, 3_600)
    try:
        for through in pair.both():
            caller = _call(robots, through)
            caller.wait_heard(ANNA_HZ, timeout_s=30)
            caller.hangup()
            caller.wait("ended", 20)
    finally:
        robots.register("anna-1")


def test_a_program_has_a_phone_of_the_other_node_rung(pair: Pair, robots: World) -> None:
    """Click to dial, asked for while the phone's node is drained: the call begins on the other one."""
    pair.first.run("node", "drain", "node-1", "--reason", "new kernel")
    try:
        numbers = ["--customer", "kunde", "--from", ANNA, "--to", HAMBURG]
        done = pair.first.json("call", "originate", *numbers, "--actor", "crm", "--reason", "asked")
        anna = robots.inbox("anna-1").received("anna-1", 30)
        anna.wait_heard(HAMBURG_HZ, timeout_s=30)
        assert pair.first.json("call", "show", done["call_id"])["node"] == "node-2"
        anna.hangup()
    finally:
        pair.first.run("node", "undrain", "node-1")


@pytest.mark.parametrize("through", ["direct", "queue"])
def test_a_phone_transfers_a_caller_of_the_other_node(pair: Pair, robots: World, through: str) -> None:
    """B5: with the rights, the caller id and the money of its customer; the agent is free again."""
    if through == "queue":
        command(acd_desk(pair.first.settings), "kunde", "anna", AgentStatus.AVAILABLE)
    caller, anna = _talking(robots, pair.second, QUEUE if through == "queue" else ANNA)
    anna.refer(_target(pair, HAMBURG))
    assert anna.wait("referred", 20).refer_code == 202
    caller.wait_heard(HAMBURG_HZ, timeout_s=30)
    if through == "queue":
        eventually(lambda: _state(pair, "anna") == "Waiting", 10, "the agent to be free")
    caller.hangup()
    onward = [each for each in _records(pair, caller) if each["b_number"] == HAMBURG and each["side"] == "b"]
    assert [(each["customer_id"], each["phone_id"], each["direction"]) for each in onward] == [
        ("kunde", "anna-1", "out")
    ]


def test_a_phone_does_not_transfer_a_caller_of_the_other_node_to_a_barred_number(
    pair: Pair, robots: World
) -> None:
    """Guarantee 2."""
    caller, anna = _talking(robots, pair.second)
    anna.refer(_target(pair, PREMIUM))
    anna.wait("referred", 20)
    caller.wait("ended", 30)
    called = [each["phone_id"] for each in _records(pair, caller) if each["side"] == "b"]
    assert called == ["anna-1"], "nobody else was called"


@pytest.mark.parametrize("number", [ANNA, QUEUE], ids=["direct", "queue"])
def test_an_attended_transfer_over_two_nodes_joins_both_and_frees_the_agent(
    pair: Pair, robots: World, number: str
) -> None:
    """The caller came over the other node; who was joined has no rights of the agent's."""
    command(acd_desk(pair.first.settings), "kunde", "anna", AgentStatus.AVAILABLE)
    eventually(lambda: _state(pair, "anna") == "Waiting", 10, "the agent to be there")
    caller, anna = _talking(robots, pair.second, number)
    eventually(lambda: _state(pair, "anna") != "Waiting", 10, "the agent to be busy")
    node = pair.first.settings.node
    consult = robots.phones["anna-1"].call(f"sip:{BERT}@{node.sip_ip}:{node.ports.phone}")
    consult.wait_heard(BERT_HZ, timeout_s=30)
    bert = robots.inbox("bert-1").received("bert-1", 20)
    anna.refer(_target(pair, BERT), replaces=consult)
    assert anna.wait("referred", 20).refer_code == 202
    caller.wait_heard(BERT_HZ, timeout_s=30)
    eventually(lambda: _state(pair, "anna") == "Waiting", 10, "the agent to be free")
    assert bert.report().ended_ms is None
    bert.refer(_target(pair, HAMBURG))
    caller.wait("ended", 30)
    assert not caller.report().heard(HAMBURG_HZ)


def test_a_phone_redirects_a_call_of_the_other_node(pair: Pair, robots: World) -> None:
    """B5: a 302 is decided where the call is, as this phone's forwarding."""
    robots.phones["anna-1"].on_call(Reject(302, headers={"Contact": f"<{_target(pair, HAMBURG)}>"}))
    caller = _call(robots, pair.second)
    caller.wait_heard(HAMBURG_HZ, timeout_s=30)
    caller.hangup()
    onward = [each for each in _records(pair, caller) if each["b_number"] == HAMBURG and each["side"] == "b"]
    assert [each["customer_id"] for each in onward] == ["kunde"]
