"""Trunks that fail are tried last, and come back by themselves. B1, guarantee 1."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from controller.errors import StoreAway
from controller.health import TrunkHealth
from controller.trunk_service import (
    FAILURES,
    FIRST_REST,
    LONGEST_REST,
    TRANSITIONS,
    TRIAL,
    WINDOW,
    Service,
    Step,
    TrunkService,
)
from dialplan.carrier import TeamsLine
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Converse, Decision, Route
from dialplan.live import LiveCall
from dialplan.plans.effects import Ask
from dialplan.plans.nodes import Sound
from dialplan.snapshot import Snapshot
from dialplan.trunks.status import TrunkState, TrunkStatus
from tests.unit.controller.fakes import NOW, MemoryBoard, listed
from tests.unit.dialplan.carriers import (
    BAU_1,
    BAU_2,
    CARRIER_A,
    CARRIER_B,
    MOBILE,
    from_carrier,
    from_trunk,
    snapshot,
)

SECOND = timedelta(seconds=1)
CAUSE = "NORMAL_TEMPORARY_FAILURE"


class World:
    """A controller's health with a clock that is set by hand."""

    def __init__(self, capacity: int | None = None) -> None:
        self.now = NOW
        self.board = MemoryBoard()
        self.known: Snapshot = snapshot(
            trunks=(BAU_1, BAU_2, replace(CARRIER_A, capacity=capacity, ping_s=30), CARRIER_B), phones=()
        )
        self.noted: list[LiveCall] | None = []
        self.health = TrunkHealth(self.board, lambda: self.now, self.calls_of)
        self.health.watch(self.known)
        self.calls = 0

    def calls_of(self, node: str) -> list[LiveCall]:
        """What all controllers noted; None: nobody answers."""
        if self.noted is None:
            raise StoreAway("Redis is away")
        return [each for each in self.noted if each.node == node]

    def call(self) -> list[str]:
        """Decide a call: the trunks that it tries."""
        decision = self.decision()
        return [leg.to.id for leg in decision.outcome.legs] if isinstance(decision.outcome, Route) else []

    def decision(self) -> Decision:
        self.calls += 1
        offered = replace(from_trunk(MOBILE), call_id=f"call-{self.calls}")
        at = Circumstances(self.now, trunks_down=self.health.down(self.now), trunk_calls=self.health.calls())
        decision = decide(offered, self.known, at)
        self.health.decided(decision, offered.call_id, offered.node, self.now)
        return decision

    def fail(self, trunk: str, times: int = 1) -> None:
        """Calls that find no path over the trunk, and end."""
        for _ in range(times):
            self.call()
            self.health.path_failed(trunk, f"call-{self.calls}", CAUSE)
            self.health.ended(f"call-{self.calls}")

    def state(self, trunk: str) -> TrunkState:
        return self.status(trunk).state

    def status(self, trunk: str) -> TrunkStatus:
        return next(each for each in self.health.statuses() if each.trunk_id == trunk)


@pytest.fixture
def world() -> World:
    return World()


def test_whose_a_trunk_is_says_who_is_to_be_woken(world: World) -> None:
    """Microsoft's edge carries many customers' calls, though each has a trunk of its own to it."""
    teams = replace(BAU_2, id="bau-teams", teams=TeamsLine("tenant", "bau.sbc.carrier.example"))
    world.health.watch(snapshot(trunks=(BAU_1, BAU_2, CARRIER_A, CARRIER_B, teams), phones=()))
    whose = {each: world.health.whose(each).value for each in ("bau-1", "bau-teams", "carrier-a", "gone")}
    assert whose == {"bau-1": "customer", "bau-teams": "carrier", "carrier-a": "carrier", "gone": "carrier"}


def test_before_anything_is_heard_a_trunk_counts_as_any_other(world: World) -> None:
    assert world.call() == ["carrier-a", "carrier-b"]
    assert world.state("carrier-a") is TrunkState.UNKNOWN


def test_a_trunk_that_does_not_answer_options_is_tried_last_until_it_does(world: World) -> None:
    world.health.reachable("carrier-a", False, "OPTIONS: 408")
    assert world.call() == ["carrier-b", "carrier-a"]
    assert world.status("carrier-a").why == "OPTIONS: 408"
    assert world.status("carrier-a").since == NOW
    world.now += 30 * SECOND
    world.health.reachable("carrier-a", True, "OPTIONS: 200 OK")
    assert world.call() == ["carrier-a", "carrier-b"]
    assert (world.state("carrier-a"), world.status("carrier-a").since) == (TrunkState.UP, world.now)


def test_trunks_of_which_the_switch_knows_are_to_be_asked_for(world: World) -> None:
    """One with OPTIONS and one with a registration; the others are silent."""
    assert world.health.asked() == ("carrier-a",)


def test_calls_that_find_no_path_put_a_trunk_last_for_a_while(world: World) -> None:
    world.fail("carrier-a", FAILURES - 1)
    assert world.call() == ["carrier-a", "carrier-b"]
    world.fail("carrier-a")
    assert world.state("carrier-a") is TrunkState.RESTING
    assert world.call() == ["carrier-b", "carrier-a"]
    world.now += FIRST_REST
    assert world.state("carrier-a") is TrunkState.TRIAL


def test_an_answered_call_between_ends_the_row(world: World) -> None:
    world.fail("carrier-a", FAILURES - 1)
    world.call()
    world.health.answered(f"call-{world.calls}", world.now)
    world.fail("carrier-a", FAILURES - 1)
    assert world.call() == ["carrier-a", "carrier-b"]
    assert (world.status("carrier-a").failures, world.status("carrier-a").in_row) == (8, 4)


def test_failures_far_apart_are_no_row(world: World) -> None:
    for _ in range(3 * FAILURES):
        world.fail("carrier-a")
        world.now += WINDOW / 2
    assert world.call() == ["carrier-a", "carrier-b"]


def test_after_the_rest_one_call_tries_it_and_the_others_do_not(world: World) -> None:
    world.fail("carrier-a", FAILURES)
    world.now += FIRST_REST
    assert world.call() == ["carrier-a", "carrier-b"]
    assert world.call() == ["carrier-b", "carrier-a"]
    world.now += TRIAL
    assert world.call() == ["carrier-a", "carrier-b"]
    trial = f"call-{world.calls}"
    world.health.answered(trial, world.now)
    assert world.call() == ["carrier-a", "carrier-b"]
    assert world.call() == ["carrier-a", "carrier-b"]


def test_a_failed_trial_makes_it_rest_twice_as_long(world: World) -> None:
    world.fail("carrier-a", FAILURES)
    rest = FIRST_REST
    for _ in range(6):
        world.now += rest
        assert world.call()[0] == "carrier-a"
        world.health.path_failed("carrier-a", f"call-{world.calls}", CAUSE)
        rest = min(2 * rest, LONGEST_REST)
        world.now += rest - SECOND
        assert world.state("carrier-a") is TrunkState.RESTING
        world.now += SECOND
        assert world.state("carrier-a") is TrunkState.TRIAL
        world.now -= rest
    assert rest == LONGEST_REST


def test_a_peer_that_comes_back_by_options_need_not_rest_on(world: World) -> None:
    world.health.reachable("carrier-a", False, "OPTIONS: 503")
    world.fail("carrier-a", FAILURES)
    world.health.reachable("carrier-a", True, "OPTIONS: 200 OK")
    assert world.call() == ["carrier-a", "carrier-b"]


def test_with_all_trunks_failing_the_order_is_as_configured(world: World) -> None:
    """Guarantee 1: nothing is left out."""
    world.fail("carrier-a", FAILURES)
    world.health.reachable("carrier-b", False, "OPTIONS: 408")
    assert world.call() == ["carrier-a", "carrier-b"]


def test_calls_beyond_a_trunks_capacity_take_the_next_one_until_one_ends() -> None:
    world = World(capacity=2)
    assert [world.call()[0] for _ in range(3)] == ["carrier-a", "carrier-a", "carrier-b"]
    world.health.ended("call-1")
    assert world.call() == ["carrier-a", "carrier-b"]
    assert world.status("carrier-a").calls == 2


def test_a_call_that_came_in_over_a_trunk_takes_room_there() -> None:
    world = World(capacity=1)
    offered = from_carrier()
    world.health.decided(decide(offered, world.known, Circumstances(NOW)), offered.call_id, offered.node, NOW)
    assert world.status("carrier-a").calls == 1
    assert world.call() == ["carrier-b"]


def test_a_call_in_a_menu_takes_room_where_it_came_in_and_later_where_it_goes() -> None:
    """C2: a routing plan decides about one call several times."""
    world = World()
    offered = from_carrier()
    routed = decide(offered, world.known, Circumstances(NOW))
    menu = Converse(Ask(Sound("menu.wav"), 5, 1), early=False)
    for outcome in (menu, routed.outcome):
        world.health.decided(replace(routed, outcome=outcome), offered.call_id, offered.node, NOW)
        assert world.status("carrier-a").calls == 1
    world.health.ended(offered.call_id)
    assert world.status("carrier-a").calls == 0


def test_a_call_that_went_on_to_the_next_trunk_takes_room_there() -> None:
    world = World(capacity=1)
    assert world.call() == ["carrier-a", "carrier-b"]
    world.health.path_failed("carrier-a", "call-1", CAUSE)
    assert (world.status("carrier-a").calls, world.status("carrier-b").calls) == (0, 1)
    assert world.call() == ["carrier-a", "carrier-b"]


def test_calls_of_other_controllers_count() -> None:
    world = World(capacity=2)
    world.board.others = {"carrier-a": 1}
    world.health.tell()
    assert [world.call()[0] for _ in range(2)] == ["carrier-a", "carrier-b"]
    assert {each.trunk_id: each.calls for each in world.board.told}["carrier-a"] == 0


def test_while_redis_is_away_only_the_own_calls_count() -> None:
    world = World(capacity=1)
    world.board.others = {"carrier-a": 1}
    world.health.tell()
    assert world.call() == ["carrier-b"]
    world.board.away = True
    world.health.tell()
    assert world.call() == ["carrier-a", "carrier-b"]


def test_calls_that_a_dead_controller_decided_take_room_until_they_end() -> None:
    """TKG § 164: they can make room for an emergency call too."""
    world = World(capacity=1)
    theirs = replace(listed("theirs"), trunk_ids=("bau-1", "carrier-a"))
    world.noted = None
    world.health.resync("node-1", [theirs], NOW)
    world.health.learn()
    assert not list(world.health.occupants("carrier-a"))
    world.noted = [theirs, replace(theirs, call_id="not-listed")]
    world.health.learn()
    assert [each.call_id for each in world.health.occupants("carrier-a")] == ["theirs"]
    assert world.call() == ["carrier-b"]
    world.board.others = {"carrier-a": 1}  # it lives after all, and counts the same call
    world.health.tell()
    assert world.health.calls_on("carrier-a") == 1
    world.board.others = {}
    world.health.tell()
    world.health.ended("theirs")
    assert world.call() == ["carrier-a", "carrier-b"]


def test_a_call_that_is_decided_again_here_takes_room_once() -> None:
    world = World(capacity=5)
    theirs = replace(listed("call-1"), trunk_ids=("carrier-a",))
    world.noted = [theirs]
    world.health.resync("node-1", [theirs], NOW)
    world.health.learn()
    world.call()
    assert world.health.calls_on("carrier-a") == 1
    world.health.resync("node-1", [theirs], NOW)
    world.health.learn()
    assert world.health.calls_on("carrier-a") == 1


def test_calls_whose_end_was_missed_are_found_by_the_switchs_list() -> None:
    world = World(capacity=2)
    for _ in range(2):
        world.call()
    world.health.resync("node-1", [listed("call-2")], NOW + SECOND)
    assert world.status("carrier-a").calls == 1
    world.health.resync("node-2", [], NOW + SECOND)
    assert world.status("carrier-a").calls == 1


def test_a_trunk_that_left_the_configuration_is_forgotten(world: World) -> None:
    world.fail("carrier-a", FAILURES)
    world.health.watch(snapshot(trunks=(BAU_1, CARRIER_B), phones=()))
    assert [each.trunk_id for each in world.health.statuses()] == ["carrier-b"]


@pytest.mark.parametrize("step", Step)
def test_every_step_has_its_place_in_the_table(step: Step) -> None:
    assert {after for (_, each), after in TRANSITIONS.items() if each is step} <= set(Service)
    assert any(each is step for _, each in TRANSITIONS)


def test_a_step_that_cannot_happen_is_an_error() -> None:
    service = TrunkService(Service.WELL)
    moment: datetime = NOW
    with pytest.raises(KeyError):
        service._go(Step.REST_OVER, moment)


def test_a_system_that_may_not_be_called_in_clear_is_told_of_and_known_to_each_decision() -> None:
    """B1: `TrunkLogins` says so; its board and decisions hear of it until it has registered by TLS."""
    world = World()
    assert world.health.in_clear() == frozenset()
    world.health.reachable("bau-1", False, "registered with node-1 without TLS", True)
    assert world.health.in_clear() == {"bau-1"}
    assert (world.status("bau-1").state, world.status("bau-1").in_clear) == (TrunkState.DOWN, True)
    world.health.reachable("bau-1", False, "not registered")
    assert world.health.in_clear() == frozenset()
    assert world.status("bau-1").state is TrunkState.DOWN
    world.health.reachable("bau-1", False, "registered with node-1 without TLS", True)
    world.health.reachable("bau-1", True, "registered with node-1")
    assert world.health.in_clear() == frozenset()
    assert not world.status("bau-1").in_clear
