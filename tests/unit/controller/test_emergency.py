"""Emergency calls in the controller: room on full trunks, the alarm, a record that nothing loses (B8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import gevent
import pytest
from structlog.testing import capture_logs

from controller.emergency import Emergency
from controller.errors import NodeAway, StoreAway
from dialplan.call import CallOffered
from dialplan.carrier import Trunk
from dialplan.decide import decide
from dialplan.emergency.attempt import EmergencyAttempt, SentLeg
from dialplan.emergency.room import Occupant
from dialplan.legs import Leg
from dialplan.snapshot import Snapshot
from tests.unit.dialplan.carriers import (
    AT,
    BAU_1,
    BAU_2,
    CARRIER_A,
    CARRIER_B,
    KOELN_HUNT,
    NOW,
    from_trunk,
    snapshot,
)


@dataclass
class World:
    """Trunks with calls, a node that ends them, files and a store: all in memory."""

    calls: dict[str, list[Occupant]] = field(default_factory=dict)
    elsewhere: dict[str, int] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    files: dict[str, EmergencyAttempt] = field(default_factory=dict)
    kept: list[EmergencyAttempt] = field(default_factory=list)
    store_away: bool = False
    node_away: bool = False
    disk_full: bool = False

    def calls_on(self, trunk_id: str) -> int:
        return len(self.calls.get(trunk_id, ())) + self.elsewhere.get(trunk_id, 0)

    def occupants(self, trunk_id: str) -> Iterable[Occupant]:
        return list(self.calls.get(trunk_id, ()))

    def release(self, call_id: str) -> None:
        if self.node_away:
            raise NodeAway("the node does not answer")
        self.ended.append(call_id)

    def write(self, attempt: EmergencyAttempt) -> None:
        if self.disk_full:
            raise OSError("no space left on device")
        self.files[attempt.call_id] = attempt

    def pending(self) -> Sequence[EmergencyAttempt]:
        return list(self.files.values())

    def remove(self, call_id: str) -> None:
        del self.files[call_id]

    def insert(self, attempts: Sequence[EmergencyAttempt]) -> None:
        if self.store_away:
            raise StoreAway("the database is away")
        self.kept += attempts


def sent(leg: Leg) -> SentLeg:
    return SentLeg(leg.to.id, f"sip:{leg.number}@x", (), ())


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def emergency(world: World) -> Iterator[Emergency]:
    made = Emergency(world, world.release, sent, world, world)
    made.start()
    yield made
    made.stop(1.0)


FULL = snapshot(
    trunks=(
        replace(CARRIER_A, capacity=2),
        replace(CARRIER_B, capacity=2),
        BAU_1,
        BAU_2,
    )
)


def occupied(*names: str, emergency: bool = False) -> list[Occupant]:
    return [
        Occupant(name, "node-1", NOW + timedelta(seconds=number), emergency)
        for number, name in enumerate(names)
    ]


def call(emergency: Emergency, offered: CallOffered | None = None, carrier: Snapshot = FULL) -> None:
    """An emergency call, decided and told."""
    offered = offered or from_trunk("112")
    emergency.decided(offered, decide(offered, carrier, AT), carrier, NOW)


def until_written(emergency: Emergency) -> None:
    """Everything that is queued has been looked at."""
    with gevent.Timeout(5):
        while emergency._queue.qsize():
            gevent.sleep(0)
    gevent.idle()


def test_a_full_trunk_loses_its_youngest_other_call(emergency: Emergency, world: World) -> None:
    world.calls = {"carrier-a": occupied("old", "young"), "carrier-b": occupied("only")}
    call(emergency)
    assert world.ended == ["young"]


def test_every_full_trunk_makes_room_because_the_first_one_may_fail(
    emergency: Emergency, world: World
) -> None:
    world.calls = {"carrier-a": occupied("a-1", "a-2"), "carrier-b": occupied("b-1", "b-2")}
    call(emergency)
    assert sorted(world.ended) == ["a-2", "b-2"]


def test_a_call_that_is_on_both_trunks_is_ended_once(emergency: Emergency, world: World) -> None:
    both = occupied("one", "two")
    world.calls = {"carrier-a": both, "carrier-b": both}
    call(emergency)
    assert sorted(world.ended) == ["one", "two"]


def test_two_emergency_calls_at_one_moment_get_a_place_each(emergency: Emergency, world: World) -> None:
    """TKG § 164: the switch still lists the call that was ended for the first one."""
    world.calls = {"carrier-a": occupied("old", "young")}
    call(emergency)
    call(emergency, replace(from_trunk("110"), call_id="call-2"))
    assert world.ended == ["young", "old"]


def test_a_call_that_could_not_be_ended_is_tried_again_for_the_next(
    emergency: Emergency, world: World
) -> None:
    world.calls, world.node_away = {"carrier-a": occupied("old", "young")}, True
    call(emergency)
    world.node_away = False
    call(emergency, replace(from_trunk("110"), call_id="call-2"))
    assert world.ended == ["young"]


def test_calls_of_other_controllers_count_though_they_cannot_be_ended_here(
    emergency: Emergency, world: World
) -> None:
    world.calls, world.elsewhere = {"carrier-a": occupied("mine")}, {"carrier-a": 1}
    call(emergency)
    assert world.ended == ["mine"]


def test_emergency_calls_are_never_ended_and_the_call_goes_out_all_the_same(
    emergency: Emergency, world: World
) -> None:
    world.calls = {"carrier-a": occupied("112-1", "112-2", emergency=True)}
    with capture_logs() as logs:
        call(emergency)
    assert world.ended == []
    assert "no call can make room for an emergency call" in [each["event"] for each in logs]


def test_other_calls_end_nobody_and_alarm_nobody(emergency: Emergency, world: World) -> None:
    world.calls = {"carrier-a": occupied("a", "b")}
    with capture_logs() as logs:
        call(emergency, from_trunk("015228817386"))
    assert (world.ended, world.files, logs) == ([], {}, [])


def test_a_node_that_cannot_end_a_call_does_not_hold_up_the_emergency_call(
    emergency: Emergency, world: World
) -> None:
    world.calls, world.node_away = {"carrier-a": occupied("a", "b")}, True
    with capture_logs() as logs:
        call(emergency)
    assert logs[-1]["event"] == "emergency call"


def test_every_attempt_alarms_with_all_that_was_sent(emergency: Emergency) -> None:
    with capture_logs() as logs:
        call(emergency, from_trunk("112555", claimed_location="<presence/>"))
    (alarm,) = logs
    assert (alarm["event"], alarm["log_level"]) == ("emergency call", "error")
    assert (alarm["dialled"], alarm["written"], alarm["number"]) == ("112", "112555", KOELN_HUNT)
    assert [each["trunk"] for each in alarm["sent"]] == ["carrier-a", "carrier-b"], "once each"


def test_a_refused_attempt_alarms_and_is_kept_too(emergency: Emergency, world: World) -> None:
    abroad: Trunk = replace(BAU_1, abroad=True)
    with capture_logs() as logs:
        call(emergency, carrier=snapshot(trunks=(CARRIER_A, abroad)))
    until_written(emergency)
    assert logs[0]["outcome"] == "refuse"
    assert [each.reason_id for each in world.kept] == ["emergency.abroad"]


def test_the_record_reaches_the_store_and_its_file_goes(emergency: Emergency, world: World) -> None:
    call(emergency)
    until_written(emergency)
    assert [each.call_id for each in world.kept] == ["call-1"]
    assert world.files == {}


def test_while_the_store_is_away_the_files_wait_for_it(emergency: Emergency, world: World) -> None:
    world.store_away = True
    call(emergency)
    call(emergency, replace(from_trunk("110"), call_id="call-2"))
    until_written(emergency)
    assert sorted(world.files) == ["call-1", "call-2"]
    world.store_away = False
    call(emergency, replace(from_trunk("110"), call_id="call-3"))
    until_written(emergency)
    assert sorted(each.call_id for each in world.kept) == ["call-1", "call-2", "call-3"]
    assert world.files == {}


def test_without_a_disk_the_record_goes_straight_to_the_store(emergency: Emergency, world: World) -> None:
    world.disk_full = True
    call(emergency)
    until_written(emergency)
    assert [each.call_id for each in world.kept] == ["call-1"]


def test_without_disk_and_store_attempts_wait_in_memory_for_whichever_is_back_first(
    emergency: Emergency, world: World
) -> None:
    """Issue 7, full disk: nothing lost while the program lives."""
    for number, back in enumerate(("disk_full", "store_away")):
        world.disk_full = world.store_away = True
        with capture_logs() as logs:
            for name in ("a", "b"):
                call(emergency, replace(from_trunk("112"), call_id=f"{name}-{number}"))
            until_written(emergency)
        assert emergency.in_memory == 2
        assert [each["event"] for each in logs].count("emergency attempts have no file") == 1
        setattr(world, back, False)
        call(emergency, replace(from_trunk("110"), call_id=f"c-{number}"))
        until_written(emergency)
        assert emergency.in_memory == 0
        assert len(world.files) == (3 if back == "disk_full" else 0)
        world.disk_full = world.store_away = False
        call(emergency, replace(from_trunk("110"), call_id=f"d-{number}"))
        until_written(emergency)
    assert sorted(each.call_id for each in world.kept) == sorted(
        f"{name}-{number}" for name in "abcd" for number in range(2)
    )
    assert world.files == {}


def test_no_defect_in_what_is_told_costs_the_call(world: World) -> None:
    def broken(leg: Leg) -> SentLeg:
        raise ValueError("a defect")

    with capture_logs() as logs:
        call(Emergency(world, world.release, broken, world, world))
    assert [each["log_level"] for each in logs] == ["error"]
