"""Customers' trunks that are full, with real calls: the next trunk, busy, 480, always 112. B1, B8, B11."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.demonstration.stage import Stage, staged
from lab.robots import Answer, RobotCall
from tests.e2e.exchange import Exchange, eventually, exchange

CARRIER = Path(__file__).parent / "capacity.yaml"
OUTSIDE, CALLER = "+494066969077", "+4915228817386"
BOTH, BY_LOGIN, FORWARDED = "+492214710100", "+492214710110", "+492214710120"
CALLS_112, WHEN_BUSY = "+492214710130", "+494066969046"
CARRIERS, SYSTEMS = ("carrier-a", "carrier-b"), ("bau-1", "bau-2")


@pytest.fixture(scope="module")
def running(switch: str) -> Iterator[Exchange]:
    with exchange(switch, carrier=CARRIER) as found:
        yield found


@pytest.fixture(scope="module")
def stage(running: Exchange) -> Iterator[Stage]:
    with staged(running.settings) as found:
        for trunk in (*CARRIERS, *SYSTEMS):
            found.robot(trunk).on_call(Answer(after_ms=20))
        yield found


@pytest.fixture
def up(running: Exchange, stage: Stage) -> Iterator[list[RobotCall]]:
    """Calls that are up until the test is over; then all is free again."""
    for trunk in (*CARRIERS, *SYSTEMS):
        stage.all_received(trunk)
    calls: list[RobotCall] = []
    yield calls
    for call in calls:
        call.hangup()
        call.wait("ended", 15)
    eventually(lambda: not taken(running), 15, "all trunks to be free again")


def taken(running: Exchange) -> dict[str, int]:
    """Calls on the trunks that have a capacity and carry any, as controllers told last."""
    found = running.json("trunk", "list")
    return {each["trunk"]: each["calls"] for each in found if each["capacity"] is not None and each["calls"]}


def talking(stage: Stage, who: str, dialled: str) -> RobotCall:
    """A call that is up until it is hung up."""
    call = stage.call(who, dialled)
    assert call.wait("answered", 15).final_code in (None, 200)
    return call


def code_of(stage: Stage, who: str, dialled: str) -> int | None:
    """The final code of a call that ends at once if it is answered."""
    return stage.call(who, dialled, talk_ms=20).wait("ended", 20).final_code


def reason_of(running: Exchange, call: RobotCall) -> str:
    """Why the caller's leg went as it did, as its record says."""
    sip_id = call.report().sip_call_id

    def found() -> list[str]:
        legs = [leg for leg in running.legs() if leg["side"] == "a"]
        return [leg["reason_id"] for leg in legs if leg["sip_call_id"] == sip_id]

    eventually(lambda: bool(found()), 15, "the call's record")
    return found()[0]


def test_a_second_call_takes_the_next_trunk_and_a_third_one_finds_the_number_busy(
    running: Exchange, stage: Stage, up: list[RobotCall]
) -> None:
    up.append(talking(stage, "carrier-a", BOTH))
    up.append(talking(stage, "carrier-a", BOTH))
    for system in SYSTEMS:
        assert stage.inbox(system).received(BOTH, 10).report().request_uri.startswith(f"sip:{BOTH}@")
    third = stage.call("carrier-a", BOTH, talk_ms=20)
    assert third.wait("ended", 15).final_code == 486
    assert reason_of(running, third) == "in.trunks-full"
    eventually(lambda: taken(running) == {"bau-1": 1, "bau-2": 1}, 10, "the controllers to tell")
    assert "1 of 1 calls" in running.run("trunk", "show", "bau-1")
    explained = running.json("route", "explain", "--incoming", "--from", CALLER, "--to", BOTH)
    assert explained["reason"]["id"] == "in.trunks-full"
    assert "Trunk bau-2 is full and left out: 1 of 1 calls" in explained["notes"]
    up.pop(0).hangup()
    eventually(lambda: "bau-1" not in taken(running), 10, "the first trunk to be free")
    assert code_of(stage, "carrier-a", BOTH) == 200


def test_a_call_from_a_full_trunk_is_refused_and_112_is_not(
    running: Exchange, stage: Stage, up: list[RobotCall]
) -> None:
    """Guarantee 1, B8: the emergency call is the second one on a trunk of one."""
    up.append(talking(stage, "bau-1", OUTSIDE))
    beyond = stage.call("bau-1", OUTSIDE, talk_ms=20)
    assert beyond.wait("ended", 15).final_code == 480
    assert reason_of(running, beyond) == "limit.trunk-simultaneous-calls"
    for number in ("112", "110"):
        call = stage.call("bau-1", number, from_user=CALLS_112, talk_ms=20)
        assert call.wait("ended", 15).final_code == 200
        assert reason_of(running, call) == "emergency.route"
    assert "ended" not in stage.robots.milestones(up[0].id), "no call was cut off for it"
    # The control centre may call back, whatever number it has; to others the trunk is busy.
    assert code_of(stage, "carrier-a", CALLS_112) == 200
    assert code_of(stage, "carrier-a", FORWARDED) == 200
    assert not stage.has_received("bau-1", FORWARDED)


def test_a_full_trunk_is_busy_for_the_numbers_forwarding(
    running: Exchange, stage: Stage, up: list[RobotCall]
) -> None:
    up.append(talking(stage, "bau-1", OUTSIDE))
    call = stage.call("carrier-a", FORWARDED, talk_ms=20)
    assert call.wait("ended", 15).final_code == 200
    assert stage.received("carrier-a", WHEN_BUSY).final_code == 200
    assert reason_of(running, call) == "plan.forward"
    assert not stage.has_received("bau-1", FORWARDED)


def test_a_system_that_logs_in_has_its_capacity_too(
    running: Exchange, stage: Stage, up: list[RobotCall]
) -> None:
    node = stage.settings.node
    at = (node.sip_ip, node.ports.phone)
    system = stage.robots.phone("anlage", username="anlage", password="nur-im-labor-1")
    system.on_call(Answer(after_ms=20))
    system.register(at, node.domain, 300)

    def dial(number: str) -> RobotCall:
        return system.call(f"sip:{number}@{at[0]}:{at[1]}", from_user=BY_LOGIN)

    up.append(dial(OUTSIDE))
    up[0].wait("answered", 15)
    called = stage.call("carrier-a", BY_LOGIN, talk_ms=20)
    assert called.wait("ended", 15).final_code == 486
    assert reason_of(running, called) == "in.trunks-full"
    beyond, emergency = dial(OUTSIDE), dial("112")
    assert beyond.wait("ended", 15).final_code == 480
    emergency.wait("answered", 15)
    up.append(emergency)


def test_an_idle_trunk_is_shown_with_its_capacity(running: Exchange, stage: Stage) -> None:
    """Controllers tell of those with calls; the configuration knows the others."""
    eventually(lambda: "bau-2" not in taken(running), 10, "no call to be on the trunk")
    shown = running.json("trunk", "show", "bau-2")
    assert (shown["calls"], shown["capacity"], shown["state"]) == (0, 1, "unknown")
    assert "0 of 1 calls" in running.run("trunk", "show", "bau-2")
    gone = running.tried("trunk", "show", "no-such-trunk")
    assert gone.returncode != 0
    assert "no controller tells of a trunk" in gone.stderr + gone.stdout


def test_a_changed_capacity_is_told_and_holds_for_the_next_call(
    running: Exchange, stage: Stage, up: list[RobotCall], tmp_path: Path
) -> None:
    up.append(talking(stage, "bau-1", OUTSIDE))
    wider = tmp_path / "capacity.yaml"
    wider.write_text(CARRIER.read_text().replace('20:5060", capacity: 1', '20:5060", capacity: 2'))
    try:
        assert "capacity" in running.run("config", "plan", str(wider))
        running.run("config", "apply", str(wider), "--yes")
        eventually(lambda: code_of(stage, "bau-1", OUTSIDE) == 200, 15, "the new capacity to hold")
    finally:
        running.run("config", "apply", str(CARRIER), "--yes")
    eventually(lambda: code_of(stage, "bau-1", OUTSIDE) == 480, 15, "the old capacity to hold again")
