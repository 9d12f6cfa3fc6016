"""A supervisor's phone rings, hears a conversation, and whatever fails leaves no leg behind (C5, C8)."""

from __future__ import annotations

import pytest

from acd.centre import Centre
from acd.names import OfferState
from acd.orders import Supervise, Supervision
from acd.spec import TenantSpec
from acd.values import Offer
from controller.supervision import Supervisors
from tests.unit.controller.supervising import SupervisingSwitch
from tests.unit.controller.test_centres import wait_until
from tests.unit.dialplan.carriers import snapshot

CUSTOMER = "kanzlei"
OFFER = Offer(7, "c1", "anna", "verkauf", OfferState.TALKING, 1, None, 2)


def begun(
    switch: SupervisingSwitch, how: Supervision, *, phone: str = "kanzlei-1", signalled: bool = True
) -> str | None:
    centre = Centre(TenantSpec(CUSTOMER), {}, {}, {"clara": phone}, signalled)
    order = Supervise("c1", "clara", how)
    return Supervisors(switch, snapshot).begin(centre, OFFER, order)


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
