"""Who counts as idle the longest: what an agent has to do with no call does not cost the place (C1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from acd.events import (
    CallbackMissed,
    CallbackWanted,
    CallerLeft,
    OfferAnswered,
    OfferFailed,
    OwnCallBegan,
    OwnCallEnded,
    StatusChosen,
    TalkEnded,
)
from acd.names import AgentStatus, Failure, Strategy
from acd.spec import Callback, QueueSpec
from tests.unit.acd.centre import SECOND, Centre, agent

QUEUE = QueueSpec("verkauf", wrap_up_ms=0, callback=Callback(tries=1))
ALL = replace(QUEUE, id="alle", strategy=Strategy.RING_ALL)


def waiting_agents() -> Centre:
    """anna is idle longer than bernd, bernd longer than clara."""
    staff = [agent(name, "verkauf", "alle") for name in ("clara", "bernd", "anna")]
    centre = Centre([QUEUE, ALL], staff, logged_in=False)
    for name in ("anna", "bernd", "clara"):
        centre.tell(StatusChosen(name, AgentStatus.AVAILABLE))
        centre.after(1)
    return centre


def the_caller_gives_up(centre: Centre) -> None:
    centre.joins("c1")
    centre.after(5)
    centre.tell(CallerLeft("c1"))


def another_phone_wins(centre: Centre) -> None:
    centre.joins("c1", "alle")
    centre.after(5)
    centre.talks("clara")


def the_callback_is_put_off(centre: Centre) -> None:
    centre.joins("c1", number="+4915228817386")
    centre.after(15)
    assert centre.rung() == [("anna", "c1")]
    centre.after(1)
    centre.tell(CallbackWanted("c1", centre.now_ms + 3_600 * SECOND))


def the_called_back_caller_is_not_there(centre: Centre) -> None:
    centre.joins("c1", number="+4915228817386")
    centre.after(15)
    centre.tell(OfferAnswered(centre.offer_to("anna")))
    centre.after(5)
    centre.tell(CallbackMissed("c1"))


@pytest.mark.parametrize(
    "happens",
    [
        the_caller_gives_up,
        another_phone_wins,
        the_callback_is_put_off,
        the_called_back_caller_is_not_there,
    ],
)
def test_without_a_call_the_place_stays(happens: Callable[[Centre], None]) -> None:
    centre = waiting_agents()
    happens(centre)
    centre.after(1)
    centre.joins("next")
    assert centre.rung() == [("anna", "next")]


def a_conversation(centre: Centre) -> None:
    centre.joins("c1")
    centre.tell(TalkEnded(centre.talks("anna")))


def a_call_that_was_not_taken(centre: Centre) -> None:
    centre.joins("c1")
    centre.tell(OfferFailed(centre.offer_to("anna"), Failure.REJECTED))
    centre.tell(CallerLeft("c1"))
    centre.after(11)


def an_own_call(centre: Centre) -> None:
    centre.tell(OwnCallBegan("anna", "out"))
    centre.tell(OwnCallEnded("anna", "out"))


def a_break(centre: Centre) -> None:
    centre.tell(StatusChosen("anna", AgentStatus.ON_BREAK))
    centre.tell(StatusChosen("anna", AgentStatus.AVAILABLE))


@pytest.mark.parametrize("happens", [a_conversation, a_call_that_was_not_taken, an_own_call, a_break])
def test_after_these_others_are_asked_first(happens: Callable[[Centre], None]) -> None:
    centre = waiting_agents()
    happens(centre)
    centre.after(1)
    centre.joins("next")
    assert centre.rung() == [("bernd", "next")]
