"""What the switch, a new configuration or a stranger says of calls that are under way (guarantee 6)."""

from __future__ import annotations

from acd.effects import Because, Join, SendAway, Stop
from acd.events import (
    CallbackMissed,
    CallbackWanted,
    CallerJoined,
    CallerLeft,
    CallerMoved,
    Compared,
    Configured,
    Joined,
    OfferAnswered,
    OfferFailed,
    OwnCallEnded,
    StatusChosen,
    TalkEnded,
    Unjoined,
    WrapUpEnded,
)
from acd.names import AgentState, AgentStatus, CancelReason, Failure
from acd.spec import QueueSpec, TenantSpec
from tests.unit.acd.centre import SECOND, Centre, agent

QUEUE = QueueSpec("verkauf", wrap_up_ms=0)


def test_after_a_reconnect_no_ghost_and_no_stuck_agent_stays() -> None:
    centre = Centre([QUEUE], [agent(name, "verkauf") for name in ("anna", "bernd")])
    centre.joins("gone")
    centre.joins("there")
    number = centre.talks("anna")
    kept = centre.offer_to("bernd")
    centre.now_ms += 10 * SECOND
    centre.tell(Compared(frozenset({"there"}), frozenset({kept, 99}), centre.now_ms))
    assert number not in centre.state.offers
    assert centre.state.agents["anna"].state is AgentState.WAITING
    assert Stop(99, None, Because.UNKNOWN_OFFER) in centre.effects
    assert sorted(centre.state.members) == ["there"]


def test_what_began_after_the_comparison_is_not_judged_by_it() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    taken_ms = centre.now_ms
    centre.now_ms += SECOND
    centre.joins("new")
    centre.tell(Compared(frozenset(), frozenset(), taken_ms))
    assert "new" in centre.state.members
    assert centre.state.agents["anna"].offers


def test_a_new_configuration_takes_effect_without_ending_conversations() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    number = centre.talks("anna")
    centre.joins("c2")
    centre.tell(Configured(TenantSpec("beispiel", (QUEUE,), (agent("bernd", "verkauf"),))))
    assert number in centre.state.offers
    centre.tell(StatusChosen("bernd", AgentStatus.AVAILABLE))
    assert centre.rung() == [("bernd", "c2")]
    centre.tell(TalkEnded(number))
    assert sorted(centre.state.agents) == ["bernd"]


def test_callers_of_a_queue_that_is_gone_are_sent_away() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    centre.tell(Configured(TenantSpec("beispiel")))
    assert [each.reason for each in centre.of(SendAway)] == [CancelReason.UNKNOWN_QUEUE]
    assert centre.state.members == {}
    assert centre.state.offers == {}
    assert centre.state.agents == {}


def test_events_about_strangers_and_doubled_events_change_nothing() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    number = centre.talks("anna")
    before = centre.state
    for event in (
        CallerJoined("c1", "verkauf"),
        OfferAnswered(number),
        Joined(number),
        OfferFailed(77, Failure.BUSY),
        TalkEnded(77),
        CallerLeft("nobody"),
        CallerMoved("nobody", "verkauf"),
        CallbackWanted("c1"),
        CallbackMissed("c1"),
        StatusChosen("nobody", AgentStatus.AVAILABLE),
        OwnCallEnded("anna", "nothing"),
        WrapUpEnded("anna"),
    ):
        centre.tell(event)
        assert (centre.state.members, centre.state.offers, centre.state.agents) == (
            before.members,
            before.offers,
            before.agents,
        )


def test_time_never_runs_backwards() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    centre.now_ms -= 3600 * SECOND
    centre.joins("c2")
    assert centre.state.members["c2"].since_ms == centre.state.members["c1"].since_ms


def test_an_offer_of_a_dead_owner_whose_phone_never_rang_is_made_again_and_the_agent_does_not_rest() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    lost = centre.offer_to("anna")
    centre.now_ms += 10 * SECOND
    there = frozenset({"c1"})
    centre.tell(Compared(there, frozenset(), centre.now_ms, inherited=frozenset({lost})))
    assert centre.rung() == [("anna", "c1")]
    again = centre.offer_to("anna")
    centre.now_ms += 5 * SECOND
    centre.tell(Compared(there, frozenset(), centre.now_ms, inherited=frozenset({lost})))
    assert again not in centre.state.offers
    assert centre.rung() == [], "a phone that this owner rang is not to be reached"


def test_who_was_to_be_joined_by_a_dead_owner_is_joined_by_the_next_with_time_for_it() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    number = centre.offer_to("anna")
    centre.tell(OfferAnswered(number))
    centre.now_ms += 4 * SECOND
    centre.tell(Unjoined(number))
    assert centre.of(Join) == [Join(number, "c1", "anna", "verkauf", 4 * SECOND)]
    centre.after(4)
    centre.tell(Joined(number))
    assert centre.state.agents["anna"].state is AgentState.IN_A_QUEUE_CALL
    for event in (Unjoined(number), Unjoined(77)):
        assert centre.tell(event) == ()


def test_who_is_called_back_is_not_called_twice_when_the_owner_dies() -> None:
    """Another try would be a call of its own, beside the one that may ring."""
    centre = Centre([QUEUE], [agent("anna", "verkauf")], logged_in=False)
    centre.joins("c1")
    centre.tell(CallbackWanted("c1", number="+4915228817386"))
    centre.tell(StatusChosen("anna", AgentStatus.AVAILABLE))
    number = centre.offer_to("anna")
    centre.tell(OfferAnswered(number))
    assert centre.tell(Unjoined(number)) == ()
