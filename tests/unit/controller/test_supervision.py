"""A supervisor's phone rings, hears a conversation, and whatever fails leaves no leg behind (C5, C8)."""

from __future__ import annotations

import pytest

from acd.centre import Centre
from acd.effects import CallBack
from acd.names import OfferState
from acd.orders import Supervise, Supervision
from acd.spec import TenantSpec
from acd.values import Offer
from controller.calling_back import CallingBack
from controller.supervision import Supervisors
from dialplan.decide import decide
from tests.unit.controller.callbacks import CallbackSwitch, nobody_called_back
from tests.unit.controller.centre_world import wait_until
from tests.unit.controller.supervising import SupervisingSwitch
from tests.unit.dialplan.carriers import AT, snapshot

CUSTOMER = "kanzlei"
OFFER = Offer(7, "c1", "anna", "verkauf", OfferState.TALKING, 1, None, 2)


def begun(
    switch: SupervisingSwitch, how: Supervision, *, phone: str = "kanzlei-1", signalled: bool = True
) -> str | None:
    centre = Centre(TenantSpec(CUSTOMER), {}, {}, {"clara": phone}, signalled)
    order = Supervise("c1", "clara", how)
    return supervisors(switch, nobody_called_back(CUSTOMER)).begin(centre, OFFER, order)


def supervisors(switch: SupervisingSwitch, callbacks: CallingBack) -> Supervisors:
    return Supervisors(switch, snapshot, lambda _, offer_id: f"leg-{offer_id}", lambda _: callbacks)


@pytest.mark.parametrize(
    ("how", "done"),
    [
        (Supervision.LISTEN, ["ring kanzlei-1 False False", "signal c1", "watch"]),
        (Supervision.WHISPER, ["ring kanzlei-1 False True", "signal c1", "watch"]),
        (Supervision.BARGE, ["ring kanzlei-1 True True", "signal c1", "watch"]),
        (Supervision.TAKE, ["ring kanzlei-1 True False", "take c1", "stop 7"]),
    ],
)
def test_the_phone_rings_then_both_hear_a_tone_then_the_supervisor_hears_them(
    how: Supervision, done: list[str]
) -> None:
    """TDDDG § 12(3): the tone comes first."""
    switch = SupervisingSwitch()
    assert begun(switch, how) is None
    wait_until(lambda: switch.done == done)
    assert (switch.facts["fernamt_agent"], switch.facts["fernamt_queue"]) == ("clara", "verkauf")


def test_a_customer_may_do_without_the_tone() -> None:
    switch = SupervisingSwitch()
    begun(switch, Supervision.LISTEN, signalled=False)
    wait_until(lambda: switch.done == ["ring kanzlei-1 False False", "watch"])


@pytest.mark.parametrize("fails", ["ring", "signal", "watch"])
def test_where_something_fails_nobody_listens_and_no_leg_is_left(fails: str) -> None:
    switch = SupervisingSwitch(fails)
    begun(switch, Supervision.LISTEN)
    wait_until(lambda: switch.done[-1:] == ["end"])
    assert "watch" not in switch.done


@pytest.mark.parametrize("phone", ["nobodys", "somebody-elses"])
def test_a_phone_out_of_service_or_of_another_customer_never_rings(phone: str) -> None:
    """Guarantee 8."""
    switch = SupervisingSwitch()
    assert begun(switch, Supervision.LISTEN, phone=phone) == "the phone of clara is not in service"
    assert switch.done == []


def called_back(switch: CallbackSwitch) -> CallingBack:
    """The caller of OFFER was called back: the call that wished for it ended long ago."""
    carrier = snapshot()
    calling = CallingBack("bau", switch, lambda call: decide(call, carrier, AT), lambda _: None)
    back = CallBack(OFFER.id, "c1", "anna", 60_000, "verkauf", "+4915228817386", "+492214710300")
    calling.call(back, "", lambda _: True)
    return calling


@pytest.mark.parametrize(
    ("how", "done"),
    [
        (Supervision.LISTEN, ["ring kanzlei-1 False False", "signal leg-7", "watch"]),
        (Supervision.TAKE, ["ring kanzlei-1 True False", "take bau-7-0", "stop 7"]),
    ],
)
def test_a_conversation_with_a_caller_who_was_called_back_is_attended_to_by_the_channels_that_talk(
    how: Supervision, done: list[str]
) -> None:
    """C5: the call that the order names is the wish's, which is over."""
    calls, switch = CallbackSwitch(), SupervisingSwitch(channels=("bau-7-0",))
    calling = called_back(calls)
    centre = Centre(TenantSpec(CUSTOMER), {}, {}, {"clara": "kanzlei-1"})
    order = Supervise("c1", "clara", how)
    assert supervisors(switch, calling).begin(centre, OFFER, order, called_back=True) is None
    wait_until(lambda: switch.done == done)
    calling.over("c1")
    assert ("end bau-7-0" in calls.done) is (how is not Supervision.TAKE), "who was taken over talks on"


def test_a_successor_takes_over_a_caller_who_was_called_back_at_any_attempt() -> None:
    """Only the owner who called him back knows which one reached him."""
    switch = SupervisingSwitch(channels=("kanzlei-7-1",))
    centre = Centre(TenantSpec(CUSTOMER), {}, {}, {"clara": "kanzlei-1"})
    order = Supervise("c1", "clara", Supervision.TAKE)
    supervisors(switch, nobody_called_back(CUSTOMER)).begin(centre, OFFER, order, called_back=True)
    wait_until(lambda: switch.done == ["ring kanzlei-1 True False", "take kanzlei-7-1", "stop 7"])


def test_a_callback_whose_supervisor_did_not_answer_ends_with_its_agent_as_ever() -> None:
    calls, switch = CallbackSwitch(), SupervisingSwitch(channels=())
    calling = called_back(calls)
    centre = Centre(TenantSpec(CUSTOMER), {}, {}, {"clara": "kanzlei-1"})
    order = Supervise("c1", "clara", Supervision.TAKE)
    supervisors(switch, calling).begin(centre, OFFER, order, called_back=True)
    wait_until(lambda: switch.done[-1:] == ["end"])
    calling.over("c1")
    assert calls.done[-1] == "end bau-7-0"
