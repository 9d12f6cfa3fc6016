"""A caller is called back by the choke point, trunk after trunk, and joined with the agent (C1, B5)."""

from __future__ import annotations

import pytest

from acd.effects import CallBack
from acd.events import CallbackMissed, CallbackReached, Event
from controller.calling_back import CallingBack
from controller.errors import LegFailed, NodeAway
from dialplan.call import CallOffered, Via
from dialplan.decide import decide
from tests.unit.controller.callbacks import CallbackSwitch
from tests.unit.dialplan.carriers import AT, snapshot

LINE = "+492214710300"
BACK = CallBack(7, "c1", "anna", 60_000, "verkauf", "+4915228817386", LINE)


class Centre:
    """What came of a callback: events told, calls that ended."""

    def __init__(self, switch: CallbackSwitch, back: CallBack = BACK) -> None:
        carrier = snapshot()
        self.told: list[Event] = []
        self.ended: list[str] = []
        self.calling = CallingBack("bau", switch, lambda call: decide(call, carrier, AT), self.ended.append)
        self.calling.call(back, "/sounds/back.wav", lambda event: self.told.append(event) is None)


def test_the_agent_is_told_the_caller_called_and_both_are_joined() -> None:
    switch = CallbackSwitch()
    centre = Centre(switch)
    assert switch.done == ["tell 7 /sounds/back.wav", "call bau-7-0 over carrier-a", "join 7 bau-7-0"]
    (offered,) = switch.offered
    assert (offered.via, offered.behalf and offered.behalf.number) == (Via.CALLBACK, LINE)
    assert offered.node == "node-2", "where the agent's leg is"
    assert centre.told == [CallbackReached("c1")]
    assert centre.ended == []
    centre.calling.over("c1")
    assert centre.ended == ["bau-7-0"]


def test_a_trunk_that_finds_no_path_is_followed_by_the_next_one() -> None:
    """Each attempt is a call of its own in the records."""
    switch = CallbackSwitch(LegFailed("NETWORK_OUT_OF_ORDER"))
    centre = Centre(switch)
    assert switch.done[1:3] == ["call bau-7-0 over carrier-a", "call bau-7-1 over carrier-b"]
    assert centre.told == [CallbackReached("c1")]
    assert centre.ended == ["bau-7-0"]


@pytest.mark.parametrize("failure", [LegFailed("USER_BUSY"), LegFailed("NO_ANSWER"), NodeAway("gone")])
def test_one_who_is_not_reached_is_missed(failure: Exception) -> None:
    switch = CallbackSwitch(failure)
    assert Centre(switch).told == [CallbackMissed("c1")]
    assert not any(each.startswith("join") for each in switch.done)


@pytest.mark.parametrize("number", ["+4990012345678", "110", "112", "+49112", None])
def test_no_callback_reaches_a_barred_or_emergency_number(number: str | None) -> None:
    """Guarantee 2, NotrufV § 4(6): whatever is noted, the choke point decides when it is called."""
    switch = CallbackSwitch()
    centre = Centre(switch, CallBack(7, "c1", "anna", 60_000, "verkauf", number, LINE))
    assert switch.offered == []
    assert centre.told == [CallbackMissed("c1")]


def test_when_the_agent_hangs_up_the_callers_phone_stops() -> None:
    class Slow(CallbackSwitch):
        def call_back(self, customer_id, offer_id, offered, decision, leg):  # type: ignore[no-untyped-def]
            super().call_back(customer_id, offer_id, offered, decision, leg)
            self.hang_up()

    switch = Slow()
    told: list[Event] = []
    carrier = snapshot()

    def decided(offered: CallOffered):  # type: ignore[no-untyped-def]
        return decide(offered, carrier, AT)

    calling = CallingBack("bau", switch, decided, lambda _: None)
    switch.hang_up = lambda: calling.over("c1")  # type: ignore[attr-defined]
    calling.call(BACK, "", lambda event: told.append(event) is None)
    assert "end bau-7-0" in switch.done
    assert not any(each.startswith("join") for each in switch.done)
    assert told == [CallbackMissed("c1")]
