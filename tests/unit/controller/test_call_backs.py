"""A control centre reaches whoever has just called it, also anonymously (B8, B3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from controller.call_backs import WINDOW, CallBacks
from dialplan.causes import Cause
from dialplan.decide import decide
from dialplan.decision import CallFacts, Decision, Direction, Reason, Reject
from numbering.e164 import E164
from tests.unit.dialplan.carriers import AT, BERLIN, NOW, from_phone, snapshot


def emergency_of(number: E164) -> Decision:
    """An emergency call of this number, whatever became of it."""
    facts = CallFacts(Direction.EMERGENCY, a_network=number)
    return Decision(Reject(Cause.NETWORK_OUT_OF_ORDER, 503), Reason("x", "x"), facts, 1)


def test_a_number_is_called_back_for_an_hour_after_its_emergency_call() -> None:
    call_backs = CallBacks()
    call_backs.decided(decide(from_phone("112"), snapshot(), AT), NOW)
    assert call_backs.expected(NOW + WINDOW - timedelta(seconds=1)) == {BERLIN}
    assert call_backs.expected(NOW + WINDOW) == frozenset()


def test_a_second_emergency_call_begins_the_hour_anew() -> None:
    call_backs = CallBacks()
    other = E164("+493023125002")
    call_backs.decided(emergency_of(BERLIN), NOW)
    call_backs.decided(emergency_of(other), NOW + timedelta(minutes=10))
    call_backs.decided(emergency_of(BERLIN), NOW + timedelta(minutes=30))
    assert call_backs.expected(NOW + timedelta(minutes=75)) == {BERLIN}


def test_other_calls_are_not_remembered() -> None:
    call_backs = CallBacks()
    call_backs.decided(decide(from_phone(), snapshot(), AT), NOW)
    known = emergency_of(BERLIN)
    call_backs.decided(replace(known, facts=replace(known.facts, a_network=None)), NOW)
    assert call_backs.expected(NOW) == frozenset()


def test_of_a_flood_of_emergency_calls_the_latest_are_remembered() -> None:
    call_backs = CallBacks(most=3)
    numbers = [E164(f"+4922147{n:05}") for n in range(10)]
    for number in numbers:
        call_backs.decided(emergency_of(number), NOW)
    assert call_backs.expected(NOW) == set(numbers[-3:])
