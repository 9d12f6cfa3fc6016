"""Limits with real calls: the call beyond is refused until another one ends, 112 always passes (B11, B8)."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from cli.demonstration.stage import Stage, staged
from lab.robots import Answer, RobotCall
from tests.e2e.exchange import Exchange, eventually, exchange

OUTSIDE = "+494066969077"
#: kanzlei-1 may have four calls, the whole customer six (examples/carrier/kunde-kanzlei.yaml).
OF_PHONE, OF_CUSTOMER = 4, 6


def talking(stage: Stage, who: str, dialled: str = "04066969077") -> RobotCall:
    """A call that is up until it is hung up."""
    call = stage.call(who, dialled)
    call.wait("answered", 15)
    return call


def refusal(stage: Stage, who: str, dialled: str = "04066969077") -> int | None:
    """The final code of a call that ends at once if it is answered."""
    return stage.call(who, dialled, talk_ms=20).wait("ended", 20).final_code


def taken(running: Exchange) -> dict[str, tuple[int, int]]:
    """Simultaneous calls now and at most, by whom they are counted for."""
    found = running.json("limit", "show", "kunde-kanzlei")["limits"]
    return {each["owner"]: (each["now"], each["limit"]) for each in found if each["unit"] == "calls"}


def reason_of(running: Exchange, call: RobotCall) -> str:
    """Why the caller's leg went as it did, as its record says."""
    sip_id = call.report().sip_call_id

    def found() -> list[str]:
        legs = [leg for leg in running.legs() if leg["side"] == "a"]
        return [leg["reason_id"] for leg in legs if leg["sip_call_id"] == sip_id]

    eventually(lambda: bool(found()), 15, "the call's record")
    return found()[0]


@pytest.fixture
def up(running: Exchange, stage: Stage) -> Iterator[list[RobotCall]]:
    """As many calls of kanzlei-1 as it may have; all is free again afterwards."""
    for trunk in ("carrier-a", "carrier-b"):
        stage.robot(trunk).on_call(Answer(after_ms=20), OUTSIDE)
        stage.robot(trunk).on_call(Answer(after_ms=20), "112")
    calls = [talking(stage, "kanzlei-1") for _ in range(OF_PHONE)]
    yield calls
    for call in calls:
        call.hangup()
        call.wait("ended", 15)
    eventually(lambda: taken(running)["kunde-kanzlei"][0] == 0, 15, "the limits to be free again")


def test_a_phone_at_its_limit_reaches_112_and_nobody_else_until_a_call_ends(
    running: Exchange, stage: Stage, up: list[RobotCall]
) -> None:
    """B11; guarantee 1."""
    assert taken(running) == {"kunde-kanzlei": (OF_PHONE, OF_CUSTOMER), "kanzlei-1": (OF_PHONE, OF_PHONE)}
    beyond = stage.call("kanzlei-1", "04066969077", talk_ms=20)
    assert beyond.wait("ended", 15).final_code == 480
    assert reason_of(running, beyond) == "limit.user-simultaneous-calls"
    assert refusal(stage, "kanzlei-1", "112") == 200
    up.pop().hangup()
    eventually(lambda: taken(running)["kanzlei-1"][0] == OF_PHONE - 1, 10, "the call to be given back")
    assert refusal(stage, "kanzlei-1") == 200


def test_a_customer_at_its_limit_is_busy_for_callers_and_still_reaches_112(
    running: Exchange, stage: Stage, up: list[RobotCall]
) -> None:
    """B11; guarantee 1."""
    stage.robot("kanzlei-3").on_call(Answer(after_ms=20))
    up += [talking(stage, "kanzlei-2"), talking(stage, "carrier-a", "+493023125003")]
    assert taken(running)["kunde-kanzlei"] == (OF_CUSTOMER, OF_CUSTOMER)
    called = stage.call("carrier-a", "+493023125003", talk_ms=20)
    assert called.wait("ended", 15).final_code == 486
    assert reason_of(running, called) == "limit.called-party-busy"
    assert refusal(stage, "bau-1", "03023125003") == 486
    assert refusal(stage, "kanzlei-2") == 480
    assert refusal(stage, "kanzlei-2", "112") == 200
    up.pop().hangup()
    eventually(lambda: taken(running)["kunde-kanzlei"][0] == OF_CUSTOMER - 1, 10, "the line to be free")
    assert refusal(stage, "carrier-a", "+493023125003") == 200


def test_a_call_is_transferred_at_the_limit_and_counts_until_it_ends(
    running: Exchange, stage: Stage, up: list[RobotCall]
) -> None:
    """The leg that goes on is one of ours, to the carrier: the transferor's own line is free, its is not. The
    transferor does not wait until the other side has answered."""
    target = "+494066969078"
    for trunk in ("carrier-a", "carrier-b"):
        stage.robot(trunk).on_call(Answer(after_ms=1_500), target)
        stage.all_received(trunk)
    transferor = up.pop()
    transferor.refer(f"sip:04066969078@{stage.settings.node.sip_ip}")
    assert transferor.wait("referred", 15).refer_code == 202
    found: list[RobotCall] = []

    def arrived() -> bool:
        found.extend(each for trunk in ("carrier-a", "carrier-b") for each in stage.all_received(trunk))
        return bool(found)

    eventually(arrived, 15, "the transferred call to arrive")
    transferor.hangup()
    transferor.wait("ended", 15)
    eventually(lambda: taken(running)["kanzlei-1"][0] == OF_PHONE, 10, "one lease for one call")
    assert refusal(stage, "kanzlei-1") == 480
    found[0].hangup()
    eventually(lambda: taken(running)["kanzlei-1"][0] == OF_PHONE - 1, 15, "the lease to be given back")


@pytest.mark.long
def test_limits_hold_when_controllers_die_and_when_redis_is_away(switch: str) -> None:
    """kill -9 of the controller that took the leases, a frozen Redis, kill -9 of Redis (B11)."""
    with exchange(switch, controllers=2) as running, staged(running.settings) as stage:
        for trunk in ("carrier-a", "carrier-b"):
            stage.robot(trunk).on_call(Answer(after_ms=20))
        calls = [talking(stage, "kanzlei-1") for _ in range(OF_PHONE)]
        running.kill_part("controller-1")
        assert refusal(stage, "kanzlei-1") == 480

        calls.pop().hangup()  # whoever took its lease is dead
        eventually(lambda: taken(running)["kanzlei-1"][0] == OF_PHONE - 1, 15, "the lease to be given back")
        calls.append(talking(stage, "kanzlei-1"))
        assert refusal(stage, "kanzlei-1") == 480

        redis = running.processes()["redis"]
        os.kill(redis, signal.SIGSTOP)
        try:
            assert refusal(stage, "kanzlei-2") == 200  # normal calls go on
            assert refusal(stage, "kanzlei-1", "112") == 200
            findings = {each["name"]: each for each in running.doctor()}
            assert findings["limits"]["state"] == "warning"
            assert "each controller counts for itself" in findings["limits"]["seen"]
        finally:
            os.kill(redis, signal.SIGCONT)
        running.kill_part("redis")
        # The controllers tell Redis what is up before they ask it again.
        eventually(lambda: taken(running)["kanzlei-1"][0] == OF_PHONE, 30, "the leases to be there again")
        eventually(lambda: refusal(stage, "kanzlei-1") == 480, 10, "the limit to hold again")
        for call in calls:
            call.hangup()
        eventually(lambda: taken(running)["kanzlei-1"][0] == 0, 15, "all to be given back")
