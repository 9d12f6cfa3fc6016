"""Synthetic calls over trunks: through the choke point, over the trunk that is meant, once a minute (F1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import gevent
import pytest

from controller.errors import NodeAway, StoreAway
from controller.probing import Probed, ProbePlan, Probing
from dialplan.call import Behalf, CallOffered, Via
from dialplan.decide import decide
from dialplan.decision import Decision, Route
from dialplan.legs import Leg
from dialplan.place import asked_for
from tests.unit.dialplan.carriers import AT, NOW, snapshot

CUSTOMER = "kanzlei"
TARGET = "0152 28817386"


@dataclass
class Book:
    """Turns and results in memory."""

    kept: list[Probed] = field(default_factory=list)
    mine: bool = True
    away: bool = False

    def my_turn(self, trunk_id: str, minute: int) -> bool:
        if self.away:
            raise StoreAway("Redis")
        return self.mine

    def keep(self, results: Sequence[Probed]) -> None:
        if self.away:
            raise StoreAway("PostgreSQL")
        self.kept += results


@dataclass
class Switch:
    """Ends every call with `cause`, or is away."""

    cause: str = "NORMAL_CLEARING"
    rung: list[tuple[str, str]] = field(default_factory=list)

    def call(self, offered: CallOffered, decision: Decision, leg: Leg, ring_s: int) -> tuple[str, int]:
        if self.cause == "away":
            raise NodeAway("gone")
        self.rung.append((leg.to.id, leg.number))
        return self.cause, 120


@dataclass
class Decider:
    """Decides as a controller does; counts what was noted as a call."""

    noted: list[Decision] = field(default_factory=list)

    def think(self, offered: CallOffered) -> Decision:
        return decide(offered, snapshot(), AT)

    def decide(self, offered: CallOffered) -> Decision:
        self.noted.append(self.think(offered))
        return self.noted[-1]


@dataclass
class World:
    book: Book = field(default_factory=Book)
    switch: Switch = field(default_factory=Switch)
    decider: Decider = field(default_factory=Decider)
    ended: list[str] = field(default_factory=list)
    at: datetime = NOW

    def probing(self, **targets: str) -> Probing:
        trunks = {name.replace("_", "-"): target for name, target in targets.items()}
        plan = ProbePlan(CUSTOMER, trunks, 15)
        ids = iter(f"probe-{n}" for n in range(1_000))
        return Probing(
            plan, self.book, self.switch, self.decider, self.ended.append, lambda: next(ids), "node-1",
            lambda: self.at,
        )  # fmt: skip


def carried(world: World) -> list[str]:
    """The carrier trunks that such a call takes, in their order."""
    asked = asked_for(TARGET, Via.API, Behalf(CUSTOMER), call_id="x", node="node-1")
    outcome = world.decider.think(asked).outcome
    assert isinstance(outcome, Route)
    return [leg.to.id for leg in outcome.legs]


def test_each_trunk_is_rung_by_itself_whatever_stands_first() -> None:
    world = World()
    trunks = carried(world)
    assert len(trunks) > 1
    probing = world.probing(x=TARGET)
    for trunk in trunks:
        probing.probe(trunk, TARGET, 7)
    assert [trunk for trunk, _ in world.switch.rung] == trunks
    probing.look()
    assert [(each.trunk_id, each.reached, each.minute) for each in world.book.kept] == [
        (trunk, True, 7) for trunk in trunks
    ]
    assert len(world.ended) == len(trunks), "what a probe took of limits is free again"


@pytest.mark.parametrize(
    ("cause", "reached"),
    [
        ("NORMAL_CLEARING", True),
        ("USER_BUSY", True),
        ("UNALLOCATED_NUMBER", True),
        ("NO_ANSWER", True),
        ("CALL_REJECTED", False),
        ("INCOMPATIBLE_DESTINATION", False),
        ("OUTGOING_CALL_BARRED", False),
        ("NO_USER_RESPONSE", False),
        ("words that nobody knows", False),
        ("NETWORK_OUT_OF_ORDER", False),
        ("PROGRESS_TIMEOUT", False),
        ("GATEWAY_DOWN", False),
        ("away", False),
    ],
)
def test_a_word_of_the_called_line_is_a_way_through_silence_and_a_carriers_refusal_are_not(
    cause: str, reached: bool
) -> None:
    world = World(switch=Switch(cause))
    trunk = carried(world)[0]
    probing = world.probing(x=TARGET)
    probing.probe(trunk, TARGET, 7)
    assert probing.last[trunk].reached is reached


@pytest.mark.parametrize("target", ["112", "110", "0900 512345"])
def test_what_no_program_may_dial_is_never_rung_or_noted(target: str) -> None:
    """Guarantee 2; NotrufV § 4(6): no alarm of an emergency call each minute either."""
    world = World()
    trunk = carried(World())[0]
    world.probing(x=target).probe(trunk, target, 7)
    assert (world.switch.rung, world.decider.noted) == ([], [])


def test_only_one_controller_probes_and_all_do_when_nobody_can_take_turns() -> None:
    world = World(book=Book(mine=False))
    trunk = carried(world)[0]
    world.probing(x=TARGET).probe(trunk, TARGET, 7)
    assert world.switch.rung == []
    world.book.away = True
    world.probing(x=TARGET).probe(trunk, TARGET, 7)
    assert len(world.switch.rung) == 1


def test_results_wait_while_the_database_is_away() -> None:
    world = World()
    trunk = carried(world)[0]
    probing = world.probing()
    world.book.away = True
    probing.probe(trunk, TARGET, 7)
    probing.look()
    assert world.book.kept == []
    world.book.away = False
    probing.look()
    probing.look()
    assert [each.minute for each in world.book.kept] == [7]


def test_a_minute_is_probed_once_however_often_the_clock_is_looked_at() -> None:
    world = World()
    trunk = carried(world)[0]
    probing = world.probing(**{trunk.replace("-", "_"): TARGET})
    for seconds in (0, 1, 59, 60):
        world.at = NOW.replace(second=0) + timedelta(seconds=seconds)
        probing.look()
        gevent.sleep(0)
    gevent.idle()
    assert len(world.switch.rung) == 2
    assert replace(probing.last[trunk], took_ms=0).reached


def test_a_controller_without_a_turn_says_nothing_after_some_minutes() -> None:
    """F1: what it saw when all was well must not hide what the other one sees since."""
    world = World()
    trunk = carried(world)[0]
    probing = world.probing(**{trunk.replace("-", "_"): TARGET, "never": TARGET})
    minute = int(NOW.timestamp()) // 60
    assert probing.recent() == {trunk: None, "never": None}
    probing.probe(trunk, TARGET, minute)
    said = []
    for minutes in range(5):
        world.at = NOW + timedelta(minutes=minutes)
        said.append(probing.recent()[trunk] is not None)
    assert said == [True, True, True, False, False]
    probing.probe(trunk, TARGET, minute + 4)
    assert probing.recent()[trunk] == probing.last[trunk]
    assert probing.recent()["never"] is None
