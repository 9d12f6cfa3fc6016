"""After a transfer the right customer pays for the right legs, by the records of real calls."""

from __future__ import annotations

from datetime import datetime
from threading import Event
from typing import Any

from cli.demonstration.stage import Stage
from lab.robots import Answer
from rating.berlin import to_ms
from rating.billable import CallLeg, billable
from rating.leg import BillableLeg, Direction
from tests.e2e.exchange import Exchange, eventually
from tests.patience import slowness

WAIT_S = 40.0
#: How long the parties talk on after the transfer: longer than legs of one talk differ at their ends.
TALK_S = 1.6
HAMBURG = "+494066969{}"
MOBILE = "+4915228817386"


def _answering(stage: Stage, number: str) -> None:
    stage.robot("carrier-a").on_call(Answer(after_ms=20, play="%(10000,0,620)"), number)


def _talk(seconds: float) -> None:
    Event().wait(seconds)


def _target(stage: Stage, number: str) -> str:
    return f"sip:{number}@{stage.settings.node.sip_ip}"


def _legs(running: Exchange, number: str, wanted: int) -> list[dict[str, Any]]:
    """All legs of the call that a leg with this called number belongs to."""

    def found() -> list[dict[str, Any]]:
        legs = running.legs()
        calls = {each["call_id"] for each in legs if each["b_number"] == number}
        return [each for each in legs if each["call_id"] in calls]

    eventually(lambda: len(found()) >= wanted, WAIT_S, f"{wanted} records of the call to {number}")
    return found()


def _paid(legs: list[dict[str, Any]]) -> dict[str, BillableLeg]:
    """What is paid for of a call, by called number."""
    call = [
        CallLeg(each["call_id"], each["side"] == "a", each["trunk_id"] or "", BillableLeg(
            each["leg_id"], each["customer_id"] or "", Direction(each["direction"]), each["b_number"] or "",
            to_ms(datetime.fromisoformat(each["answered_at"] or each["started_at"])), each["billed_ms"],
        ))
        for each in legs
    ]  # fmt: skip
    return {each.called: each for each in billable(call)}


def test_a_caller_who_transfers_pays_for_both_calls_to_their_end(running: Exchange, stage: Stage) -> None:
    """E1: the first call goes on at the carrier's, and so does the customer's charge for it."""
    first, second = HAMBURG.format("050"), HAMBURG.format("051")
    _answering(stage, first)
    _answering(stage, second)
    call = stage.call("kanzlei-1", first)
    call.wait("answered", WAIT_S)
    called = stage.inbox("carrier-a").received(first, WAIT_S)
    call.refer(_target(stage, second))
    assert call.wait("referred", WAIT_S).refer_code == 202
    stage.inbox("carrier-a").received(second, WAIT_S).wait("answered", WAIT_S)
    _talk(TALK_S)
    called.hangup()
    legs = _legs(running, first, wanted=3)
    paid = _paid(legs)
    carried = {each["b_number"]: each["billed_ms"] for each in legs if each["trunk_id"] == "carrier-a"}
    for number in (first, second):
        assert paid[number].customer_id == "kunde-kanzlei"
        assert paid[number].carrier_id == "carrier-a"
        assert abs(paid[number].billed_ms - carried[number]) < 500 * slowness()
        assert paid[number].billed_ms >= TALK_S * 1000


def test_a_consultation_call_is_paid_until_the_joined_parties_end(running: Exchange, stage: Stage) -> None:
    """RFC 3891: the phone is out of both calls; the one that it made is its customer's to the end."""
    number = HAMBURG.format("052")
    _answering(stage, number)
    stage.robot("kanzlei-1").on_call(Answer(after_ms=20))
    stage.all_received("kanzlei-1")
    call = stage.call("carrier-a", "+493023125001", from_user=MOBILE)
    call.wait("answered", WAIT_S)
    (leg,) = stage.all_received("kanzlei-1")
    consult = stage.call("kanzlei-1", number)
    consult.wait("answered", WAIT_S)
    leg.refer(_target(stage, number), replaces=consult)
    assert leg.wait("referred", WAIT_S).refer_code == 202
    call.wait_heard(620, timeout_s=WAIT_S)
    _talk(TALK_S)
    call.hangup()
    legs = _legs(running, number, wanted=2)
    (carried,) = (each["billed_ms"] for each in legs if each["trunk_id"] == "carrier-a")
    paid = _paid(legs)[number]
    assert (paid.customer_id, paid.direction) == ("kunde-kanzlei", Direction.OUTGOING)
    assert abs(paid.billed_ms - carried) < 500 * slowness()
    assert paid.billed_ms >= TALK_S * 1000
