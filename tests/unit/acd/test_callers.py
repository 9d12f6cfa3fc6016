"""What the contact centre remembers of callers and tells them; keys that lead out; callbacks (C1, C10)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from acd.announcing import MAX_PLACE, MINUTES, Announcing, Sentences
from acd.effects import Abandoned, Announce, CallBack, CallbackNoted, Ring, SendAway, Stop
from acd.events import (
    CallbackMissed,
    CallbackReached,
    CallbackWanted,
    CallerJoined,
    CallerLeft,
    Compared,
    OfferAnswered,
    StatusChosen,
    TalkEnded,
)
from acd.journal import checkpoint, restored
from acd.names import AgentStatus, CancelReason, WaitCost
from acd.spec import Callback, Overflow, QueueSpec
from acd.state import REMEMBERED_MS
from tests.unit.acd.centre import SECOND, Centre, agent

QUEUE: Final = QueueSpec("verkauf", wrap_up_ms=0)
PREFERS: Final = replace(QUEUE, preferred_ms=20 * SECOND)
GREETS: Final = replace(QUEUE, greets=True, typical_ms=120 * SECOND)
NUMBER: Final = "+4915228817386"
SENTENCES: Final = Sentences(
    tuple(f"place {n}" for n in range(1, MAX_PLACE + 1)),
    "far",
    tuple(f"{minutes} min" for minutes in MINUTES),
    "long",
    "unknown",
    "free",
    "fixed",
)


def test_a_caller_is_offered_to_the_agent_of_last_time_also_after_a_take_over() -> None:
    """C1: the last agent, known by a pseudonym."""
    centre = Centre([PREFERS], [agent("anna", "verkauf"), agent("bert", "verkauf")])
    centre.joins("c1", preferred="bert", caller="pseudonym")
    centre.tell(TalkEnded(centre.talks("bert")))
    centre.state = restored(checkpoint(centre.state))
    centre.after(3_600)
    centre.joins("c2", caller="pseudonym")
    assert centre.rung() == [("bert", "c2")]
    centre.joins("c3", caller="somebody else")
    assert centre.rung() == [("anna", "c3")]


def test_the_agent_of_long_ago_is_forgotten() -> None:
    centre = Centre([PREFERS], [agent("anna", "verkauf"), agent("bert", "verkauf")])
    centre.joins("c1", preferred="bert", caller="old")
    centre.tell(TalkEnded(centre.talks("bert")))
    centre.now_ms += REMEMBERED_MS + 1
    centre.joins("c2", caller="new")
    centre.tell(TalkEnded(centre.talks("anna")))
    assert list(centre.state.last_agents) == ["new"]


def test_a_caller_with_more_priority_is_served_first() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("talking")
    offer = centre.talks("anna")
    centre.joins("c1")
    centre.joins("c2", priority=5)
    centre.tell(TalkEnded(offer))
    assert centre.rung() == [("anna", "c2")]


def test_who_comes_is_told_place_and_wait_before_any_call_has_shown_how_long_they_take() -> None:
    """C10: the expected wait is known from the first caller on."""
    centre = Centre([GREETS], [agent("anna", "verkauf")])
    centre.joins("c0")
    centre.talks("anna")
    centre.joins("c1", cost=WaitCost.FREE)
    told = Announce("c1", "verkauf", 1, 120 * SECOND, first=True, cost=WaitCost.FREE)
    assert centre.of(Announce) == [told]


def test_the_price_is_told_also_where_the_queue_tells_nothing_and_only_in_the_first() -> None:
    """TKG § 115(2)."""
    full = replace(QUEUE, overflow=Overflow("service", length=0))
    centre = Centre([full, QueueSpec("service")], [agent("anna", "verkauf", "service")], logged_in=False)
    centre.joins("c1", cost=WaitCost.FIXED)
    assert centre.of(Announce) == [Announce("c1", "service", 1, None, first=True, cost=WaitCost.FIXED)]


def test_nobody_is_told_anything_while_an_agent_who_answered_is_joined() -> None:
    centre = Centre([replace(QUEUE, announce_ms=2 * SECOND)], [agent("anna", "verkauf")])
    centre.joins("c1")
    centre.tell(OfferAnswered(centre.offer_to("anna")))
    centre.after(3)
    assert centre.of(Announce) == []


def test_a_caller_who_leaves_by_key_stops_the_phone() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    centre.tell(CallerLeft("c1", CancelReason.EXIT_WITH_KEY))
    assert centre.of(Stop)
    assert centre.of(Abandoned)[0].reason is CancelReason.EXIT_WITH_KEY


def test_a_key_comes_too_late_once_the_agent_has_answered() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    centre.tell(OfferAnswered(centre.offer_to("anna")))
    assert centre.tell(CallerLeft("c1", CancelReason.EXIT_WITH_KEY)) == ()
    assert "c1" in centre.state.members


def called_back(rule: Callback | None = None) -> Centre:
    """anna talks; c1 came first and wants to be called back, c2 waits on the line."""
    queue = replace(QUEUE, callback=rule or Callback(pause_ms=0))
    centre = Centre([queue], [agent("anna", "verkauf")])
    centre.joins("talking")
    centre.talks("anna")
    since_ms = centre.now_ms
    centre.now_ms += SECOND
    centre.joins("c2")
    centre.tell(CallerJoined("c1", "verkauf", since_ms=since_ms, number=NUMBER))
    return centre


def free(centre: Centre) -> None:
    (number,) = centre.state.agents["anna"].offers
    centre.tell(TalkEnded(number))


def test_who_is_called_back_keeps_the_place_and_hanging_up_changes_nothing() -> None:
    """C1: virtual hold; complaint 5."""
    centre = called_back()
    assert centre.of(CallbackNoted) == [CallbackNoted("c1")]
    centre.tell(CallerLeft("c1"))
    free(centre)
    (ring,) = centre.of(Ring)
    assert (ring.member_id, ring.number) == ("c1", NUMBER)
    centre.tell(OfferAnswered(ring.offer_id))
    assert centre.of(CallBack) == [CallBack(ring.offer_id, "c1", "anna", 60_000, "verkauf", NUMBER)]
    centre.tell(CallbackReached("c1"))
    free(centre)
    assert centre.rung() == [("anna", "c2")]


def test_a_conversation_with_one_who_was_called_back_ends_when_the_agents_leg_is_gone() -> None:
    """Complaint 1: his leg has another id than the call that he came with."""
    centre = called_back()
    free(centre)
    number = centre.offer_to("anna")
    centre.tell(OfferAnswered(number))
    centre.tell(CallbackReached("c1"))
    centre.now_ms += SECOND
    centre.tell(Compared(frozenset({"c2"}), frozenset({number}), centre.now_ms))
    assert "c1" in centre.state.members
    centre.tell(Compared(frozenset({"c2"}), frozenset(), centre.now_ms))
    assert "c1" not in centre.state.members


def test_one_who_cannot_be_reached_is_tried_again_and_then_given_up() -> None:
    centre = called_back(Callback(tries=2, retry_ms=60 * SECOND, pause_ms=0))
    free(centre)
    for _ in range(2):
        (ring,) = [each for each in centre.of(Ring) if each.member_id == "c1"]
        centre.tell(OfferAnswered(ring.offer_id))
        centre.tell(CallbackMissed("c1"))
        if centre.state.agents["anna"].offers:  # the next caller has his turn
            centre.talks("anna")
            free(centre)
        if "c1" in centre.state.members:
            centre.after(60)
    assert "c1" not in centre.state.members


def test_a_wish_that_is_too_old_is_given_up() -> None:
    centre = called_back(Callback(pause_ms=0, within_ms=600 * SECOND))
    centre.after(600)
    assert [each.reason for each in centre.of(Abandoned)] == [CancelReason.CALLBACK_FAILED]


def test_a_callback_is_put_off_and_the_next_caller_has_his_turn() -> None:
    """The window: the controller knows the hours, the contact centre the place."""
    centre = called_back()
    free(centre)
    centre.tell(CallbackWanted("c1", centre.now_ms + 3_600 * SECOND))
    assert centre.of(Stop)
    assert centre.rung() == [("anna", "c2")]


def test_a_number_is_noted_once_and_a_queue_notes_so_many_only() -> None:
    centre = called_back(Callback(pause_ms=0, most=1))
    centre.tell(CallerJoined("c3", "verkauf", number=NUMBER))
    assert centre.of(CallbackNoted) == [CallbackNoted("c3")]
    assert "c3" not in centre.state.members
    centre.tell(CallerJoined("c4", "verkauf", number="+493023125100"))
    assert centre.of(SendAway) == [SendAway("c4", "", CancelReason.FULL)]


def test_a_wish_whose_leaving_was_not_told_is_heard_all_the_same() -> None:
    """The owner died between the key and the wish."""
    centre = called_back()
    centre.tell(CallerJoined("c2", "verkauf", number="+493023125100"))
    assert centre.state.members["c2"].callback
    assert centre.of(CallbackNoted) == [CallbackNoted("c2")]
    centre.tell(CallerJoined("c2", "verkauf", number="+493023125100"))
    assert centre.of(CallbackNoted) == [CallbackNoted("c2")]


def test_an_agent_who_is_out_is_not_waited_for() -> None:
    centre = Centre([PREFERS], [agent("anna", "verkauf"), agent("bert", "verkauf")])
    centre.tell(StatusChosen("bert", AgentStatus.LOGGED_OUT))
    centre.joins("c1", preferred="bert")
    assert centre.rung() == [("anna", "c1")]


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        (Announce("c", "q", 3, 61_000), ("place 3", "2 min", "keys")),
        (Announce("c", "q", 21, None), ("far", "unknown", "keys")),
        (Announce("c", "q", 1, 3_700_000, first=True), ("hello", "place 1", "long", "keys")),
        (
            Announce("c", "q", 1, 0, first=True, cost=WaitCost.FREE),
            ("hello", "place 1", "1 min", "free", "keys"),
        ),
    ],
)
def test_what_is_told_becomes_sounds_in_their_order(told: Announce, heard: tuple[str, ...]) -> None:
    queue = Announcing(SENTENCES, "hello", place=True, wait=True, hints=("keys",))
    assert queue.sounds(told) == heard


def test_a_queue_that_tells_nothing_says_what_the_law_asks() -> None:
    """TKG § 115(2)."""
    queue = Announcing(SENTENCES)
    assert queue.sounds(Announce("c", "q", 1, 0, first=True, cost=WaitCost.FIXED)) == ("1 min", "fixed")
    assert queue.sounds(Announce("c", "q", 1, 0)) == ()
    later = Announcing(SENTENCES, "hello", place=True, wait=True, at_once=False)
    assert later.sounds(Announce("c", "q", 1, 0, first=True)) == ("hello",)


def test_who_would_wait_too_long_is_sent_on_at_the_door() -> None:
    """C1: overflow by expected wait; whoever waits already stays."""
    queue = replace(GREETS, overflow=Overflow("", expected_wait_ms=180 * SECOND))
    centre = Centre([queue], [agent("anna", "verkauf")])
    centre.joins("talking")
    centre.talks("anna")
    centre.joins("c1")
    centre.joins("c2")
    assert centre.of(SendAway) == [SendAway("c2", "", CancelReason.EXPECTED_WAIT)]
    assert "c1" in centre.state.members


def test_an_agent_of_several_queues_has_less_time_for_each() -> None:
    """C1: three wait for him in the other queue."""
    other = replace(GREETS, id="service")
    centre = Centre([GREETS, other], [agent("anna", "verkauf", "service")])
    centre.joins("talking")
    centre.talks("anna")
    for name in ("s1", "s2", "s3"):
        centre.joins(name, "service")
    centre.joins("c1")
    assert [each.expected_wait_ms for each in centre.of(Announce)] == [4 * 120 * SECOND]
