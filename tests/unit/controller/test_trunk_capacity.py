"""Calls on customers' trunks are counted where they are, whoever sends them on. B1, B11."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.calls import CallDecider
from controller.following import Following
from controller.health import TrunkHealth
from controller.limiting import Limiting
from dialplan.call import Behalf, CallOffered, Via
from dialplan.decision import Reject, Route
from dialplan.limits.agreed import CallLimits, Limits
from dialplan.place import asked_for, onward
from dialplan.trunks.status import TrunkState
from numbering.e164 import E164
from tests.unit.controller.fakes import NOW, MemoryBoard, MemoryLimits, MemoryLive
from tests.unit.dialplan.carriers import (
    BAU,
    BAU_1,
    BAU_2,
    CARRIER_A,
    CARRIER_B,
    KANZLEI,
    KOELN,
    MOBILE,
    from_carrier,
    from_trunk,
    snapshot,
)

TRUNKS = (CARRIER_A, CARRIER_B, replace(BAU_1, capacity=1), replace(BAU_2, capacity=2))


class World:
    """A controller whose carrier has two customers' trunks with a capacity: bau-1 of one, bau-2 of two."""

    def __init__(self) -> None:
        self.board, self.limits = MemoryBoard(), MemoryLimits()
        self.health = TrunkHealth(self.board, lambda: NOW)
        following = Following(MemoryLive(), lambda: NOW)
        self.decider = CallDecider(following, Limiting(self.limits, lambda: 0.0), self.health, lambda: NOW)
        limited = replace(BAU, limits=Limits(CallLimits(simultaneous_calls=100)))
        self.decider.swap(snapshot(customers=(limited, KANZLEI), trunks=TRUNKS, phones=()))

    def call(self, offered: CallOffered, call_id: str = "call-1") -> str | list[str]:
        """The trunks that the call tries, or why it is refused."""
        decision = self.decider.decide(replace(offered, call_id=call_id))
        if isinstance(decision.outcome, Reject):
            return decision.reason.id
        assert isinstance(decision.outcome, Route)
        return [leg.to.id for leg in decision.outcome.legs]

    def on(self, *trunks: str) -> tuple[int, ...]:
        return tuple(self.health.calls_on(each) for each in trunks)


@pytest.fixture
def world() -> World:
    return World()


def test_calls_to_a_customers_trunk_count_until_they_end(world: World) -> None:
    assert world.call(from_carrier(KOELN), "one") == ["bau-1", "bau-2"]
    assert world.call(from_carrier(KOELN), "two") == ["bau-2"]
    assert world.call(from_carrier(KOELN), "three") == ["bau-2"]
    assert world.call(from_carrier(KOELN), "four") == "in.trunks-full"
    world.health.ended("one")
    assert world.call(from_carrier(KOELN), "five") == ["bau-1"]


def test_calls_both_ways_take_the_same_places_and_112_needs_none(world: World) -> None:
    """B8: though a place is taken for others by the emergency call too."""
    assert world.call(from_trunk(), "out") == ["carrier-a", "carrier-b"]
    assert world.call(from_carrier(KOELN), "in") == ["bau-2"]
    assert world.call(from_trunk(), "beyond") == "limit.trunk-simultaneous-calls"
    assert world.call(from_trunk("112"), "help") == 3 * ["carrier-a", "carrier-b"]
    assert world.on("bau-1") == (2,)
    world.health.ended("out")
    assert world.call(from_trunk(), "later") == "limit.trunk-simultaneous-calls"
    assert world.call(from_trunk("110"), "more help") == 3 * ["carrier-a", "carrier-b"]


def test_a_refused_call_that_has_ended_meanwhile_takes_no_place(world: World) -> None:
    """Redis is asked for its limits while its caller hangs up; what takes its place back comes after."""
    world.call(from_carrier(KOELN), "one")
    offered = replace(from_carrier(KOELN), call_id="one", round=1)
    sent_on = onward(offered, MOBILE, Via.TRANSFER, Behalf("bau", KOELN, None, "bau-1"))
    decision = world.decider.think(sent_on)
    undo = world.health.takes_place(decision, "one", "node-1", NOW, Via.TRANSFER)
    assert world.on("carrier-a", "bau-1") == (2, 0)
    undo()
    assert world.on("carrier-a", "bau-1") == (1, 1)
    undo = world.health.takes_place(decision, "one", "node-1", NOW, Via.TRANSFER)
    world.health.ended("one")
    undo()
    assert world.on("carrier-a", "bau-1") == (0, 0)


def test_a_call_over_the_next_trunk_leaves_the_first_one(world: World) -> None:
    world.call(from_carrier(KOELN), "one")
    world.health.path_failed("bau-1", "one", "NORMAL_TEMPORARY_FAILURE")
    assert world.on("bau-1", "bau-2") == (0, 1)


def test_a_call_that_is_asked_about_again_does_not_stand_in_its_own_way(world: World) -> None:
    """Another decision about it, or the first one again after a broken connection."""
    assert world.call(from_trunk()) == ["carrier-a", "carrier-b"]
    assert world.call(from_trunk()) == ["carrier-a", "carrier-b"]
    assert world.call(from_carrier(KOELN), "in") == ["bau-2"]
    assert world.call(replace(from_carrier(KOELN), round=1), "in") == ["bau-2"]
    assert world.on("bau-1", "bau-2") == (1, 1)


def test_a_call_that_the_called_system_sends_on_stays_where_it_came_in(world: World) -> None:
    """REFER and 302: the system that does so has it no more, and has not brought it."""
    world.call(from_carrier(KOELN), "one")
    assert world.on("carrier-a", "bau-1") == (1, 1)
    behalf = Behalf("bau", KOELN, None, "bau-1")
    offered = replace(from_carrier(KOELN), call_id="one", round=1)
    for via in (Via.TRANSFER, Via.FORWARD):
        world.decider.decide(onward(offered, MOBILE, via, behalf))
        assert world.on("carrier-a", "bau-1") == (2, 0)
    world.health.ended("one")
    assert world.on("carrier-a", "bau-1") == (0, 0)


def test_a_transfer_to_another_line_of_the_same_system_finds_the_place_that_it_leaves(world: World) -> None:
    world.call(from_carrier(KOELN), "one")
    offered = replace(from_carrier(KOELN), call_id="one", round=1)
    decision = world.decider.decide(onward(offered, KOELN, Via.TRANSFER, Behalf("bau", KOELN, None, "bau-1")))
    assert isinstance(decision.outcome, Route)
    assert decision.outcome.legs[0].to.id == "bau-1"
    assert world.on("carrier-a", "bau-1") == (1, 1)


def test_the_first_party_of_a_call_that_a_program_asked_for_keeps_its_trunk(world: World) -> None:
    request = asked_for(KOELN, Via.API, Behalf("bau"), call_id="dialled", node="node-1")
    world.decider.decide(request)
    assert world.on("bau-1") == (1,)
    world.decider.decide(replace(request, dialled=MOBILE, round=1))
    assert world.on("bau-1", "carrier-a") == (1, 1)


def test_two_calls_at_the_same_moment_do_not_take_the_last_place_both(world: World) -> None:
    """Others are decided while Redis is asked for the customer's limit."""
    second: list[str | list[str]] = []

    def meanwhile() -> None:
        world.limits.meanwhile = lambda: None
        second.append(world.call(from_carrier(KOELN), "second"))

    world.limits.meanwhile = meanwhile
    assert world.call(from_carrier(KOELN), "first") == ["bau-1", "bau-2"]
    assert second == [["bau-2"]]


def test_a_call_that_a_limit_refuses_takes_no_place(world: World) -> None:
    world.limits.spent = {claim.key for claim in world.decider.think(from_carrier(KOELN)).claims}
    assert world.call(from_carrier(KOELN)) == "limit.called-party-busy"
    assert world.on("carrier-a", "bau-1", "bau-2") == (0, 0, 0)


def test_a_transfer_that_a_limit_refuses_leaves_the_call_where_it_is(world: World) -> None:
    world.call(from_carrier(KOELN), "one")
    offered = replace(from_carrier(KOELN), call_id="one", round=1)
    wanted = onward(offered, MOBILE, Via.TRANSFER, Behalf("bau", KOELN, None, "bau-1"))
    world.limits.spent = {claim.key for claim in world.decider.think(wanted).claims}
    assert world.decider.decide(wanted).reason.id == "limit.simultaneous-calls"
    assert world.on("carrier-a", "bau-1") == (1, 1)


def test_other_controllers_calls_count_and_alone_the_own_ones(world: World) -> None:
    """Decision 0047: as of carriers' trunks, told once a second, and alone while Redis is away."""
    world.board.others = {"bau-1": 1, "bau-2": 2}
    world.health.tell()
    assert world.call(from_carrier(KOELN), "one") == "in.trunks-full"
    assert world.call(from_trunk(), "two") == "limit.trunk-simultaneous-calls"
    world.board.away = True
    world.health.tell()
    assert world.call(from_carrier(KOELN), "one") == ["bau-1", "bau-2"]


def test_operators_see_each_and_controllers_are_told_of_those_with_calls(world: World) -> None:
    """There may be thousands, and most are idle."""
    shown = {each.trunk_id: (each.calls, each.capacity, each.state) for each in world.health.statuses()}
    assert shown["bau-1"] == (0, 1, TrunkState.UNKNOWN)
    assert shown["bau-2"] == (0, 2, TrunkState.UNKNOWN)
    world.health.tell()
    assert [each.trunk_id for each in world.board.told] == ["carrier-a", "carrier-b"]
    world.call(from_carrier(KOELN))
    world.health.tell()
    assert [(each.trunk_id, each.calls) for each in world.board.told] == [
        ("bau-1", 1),
        ("carrier-a", 1),
        ("carrier-b", 0),
    ]


def test_a_smaller_capacity_ends_no_call(world: World) -> None:
    for call_id in ("one", "two", "three"):
        world.call(from_carrier(E164("+492214710101")), call_id)
    assert world.on("bau-1", "bau-2") == (1, 2)
    smaller = (CARRIER_A, CARRIER_B, BAU_1, replace(BAU_2, capacity=1))
    world.decider.swap(snapshot(trunks=smaller, phones=()))
    assert world.on("bau-1", "bau-2") == (1, 2)
    assert world.call(from_carrier(E164("+492214710101")), "four") == ["bau-1"]
