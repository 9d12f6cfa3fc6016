"""Distribution of calls to agents (C1), and what users complain about elsewhere and must not see here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acd.effects import (
    Abandoned,
    AgentChanged,
    Announce,
    Answered,
    Because,
    CallBack,
    Ended,
    Join,
    SendAway,
    Stop,
)
from acd.events import (
    CallbackMissed,
    CallbackReached,
    CallbackWanted,
    CallerJoined,
    CallerLeft,
    CallerMoved,
    Compared,
    Configured,
    Joined,
    OfferAnswered,
    OfferFailed,
    OwnCallBegan,
    OwnCallEnded,
    StatusChosen,
    TalkEnded,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.names import AgentState, AgentStatus, CancelReason, Failure, MemberState, Strategy
from acd.spec import Callback, Membership, Overflow, QueueSpec, Relaxation, Skill, TenantSpec
from tests.unit.acd.centre import SECOND, Centre, agent

QUEUE = QueueSpec("verkauf", wrap_up_ms=0)


def test_a_caller_is_offered_to_a_free_agent_and_talks() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    assert centre.rung() == [("anna", "c1")]
    number = centre.offer_to("anna")
    centre.tell(OfferAnswered(number))
    assert centre.of(Join) == [Join(number, "c1", "anna", "verkauf", 0)]
    centre.now_ms += 2 * SECOND
    centre.tell(Joined(number))
    assert centre.of(Answered) == [Answered("c1", "anna", "verkauf", 2 * SECOND)]
    assert centre.state.agents["anna"].state is AgentState.IN_A_QUEUE_CALL
    centre.now_ms += 60 * SECOND
    centre.tell(TalkEnded(number))
    assert centre.of(Ended) == [Ended("c1", "anna", "verkauf", 60 * SECOND)]
    assert centre.state.members == {}
    assert centre.state.offers == {}
    assert centre.state.agents["anna"].state is AgentState.WAITING


def test_callers_are_served_in_the_order_in_which_they_came() -> None:
    """Complaint 3: callers overtaken."""
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    for number in range(5):
        centre.now_ms += SECOND
        centre.joins(f"c{number}")
    served = []
    for _ in range(5):
        offer = centre.talks("anna")
        served.append(centre.state.offers[offer].member_id)
        centre.tell(TalkEnded(offer))
    assert served == ["c0", "c1", "c2", "c3", "c4"]


def test_a_caller_with_more_priority_comes_first_and_waiting_ages_the_others() -> None:
    queue = replace(QUEUE, ageing_per_min=1)
    centre = Centre([queue], [agent("anna", "verkauf")])
    centre.joins("talking")
    offer = centre.talks("anna")
    centre.joins("old")
    centre.now_ms += 3 * 60 * SECOND
    centre.joins("important", priority=2)
    centre.now_ms += SECOND
    centre.joins("very-important", priority=4)
    centre.tell(TalkEnded(offer))
    assert centre.rung() == [("anna", "very-important")]
    centre.tell(TalkEnded(centre.talks("anna")))
    assert centre.rung() == [("anna", "old")]


def test_a_caller_who_gives_up_stops_the_agents_phone_at_once() -> None:
    """Complaint 3: the agent rings on after the caller left."""
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    number = centre.offer_to("anna")
    centre.now_ms += 5 * SECOND
    centre.tell(CallerLeft("c1"))
    assert centre.of(Stop) == [Stop(number, "anna", Because.CALLER_GONE)]
    assert centre.of(Abandoned) == [Abandoned("c1", "verkauf", 5 * SECOND, CancelReason.BREAK_OUT)]
    assert centre.state.agents["anna"].state is AgentState.WAITING


def test_an_agent_who_answers_too_late_hears_why() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    number = centre.offer_to("anna")
    centre.tell(CallerLeft("c1"))
    centre.tell(OfferAnswered(number))
    assert centre.of(Stop) == [Stop(number, None, Because.UNKNOWN_OFFER)]


def test_of_two_answers_the_first_wins_and_the_other_hears_why() -> None:
    """Complaint 3: two agents answer one call."""
    queue = replace(QUEUE, strategy=Strategy.RING_ALL)
    centre = Centre([queue], [agent("anna", "verkauf"), agent("bernd", "verkauf")])
    centre.joins("c1")
    assert centre.rung() == [("anna", "c1"), ("bernd", "c1")]
    first, second = centre.offer_to("bernd"), centre.offer_to("anna")
    centre.tell(OfferAnswered(first))
    assert centre.of(Join) == [Join(first, "c1", "bernd", "verkauf", 0)]
    assert centre.of(Stop) == [Stop(second, "anna", Because.ANSWERED_ELSEWHERE)]
    centre.tell(OfferAnswered(second))
    assert centre.of(Join) == []
    assert centre.of(Stop) == [Stop(second, None, Because.UNKNOWN_OFFER)]


def test_an_agent_who_does_not_answer_is_paused_after_the_third_time() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf", no_answer_delay_ms=1)])
    centre.joins("c1")
    for _ in range(3):
        centre.tell(OfferFailed(centre.offer_to("anna"), Failure.NO_ANSWER))
        last = centre.effects
        centre.after(1)
    assert AgentChanged("anna", AgentStatus.ON_BREAK, AgentState.IDLE, "3 calls not answered") in last
    assert centre.state.members["c1"].state is MemberState.WAITING
    centre.tell(StatusChosen("anna", AgentStatus.AVAILABLE))
    assert centre.rung() == [("anna", "c1")]


@pytest.mark.parametrize(
    ("failure", "rest_s"),
    [(Failure.NO_ANSWER, 10), (Failure.REJECTED, 10), (Failure.BUSY, 30), (Failure.UNREACHABLE, 30)],
)
def test_each_failure_has_its_own_rest_and_the_next_agent_is_asked(failure: Failure, rest_s: int) -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf"), agent("bernd", "verkauf")])
    centre.joins("c1")
    centre.tell(OfferFailed(centre.offer_to("anna"), failure))
    assert centre.rung() == [("bernd", "c1")]
    centre.talks("bernd")
    centre.joins("c2")
    assert centre.rung() == []
    centre.after(rest_s - 1)
    assert centre.rung() == []
    centre.after(1)
    assert ("anna", "c2") in centre.rung()


def test_an_offer_ends_in_time_when_the_switch_says_nothing() -> None:
    """Complaint 1: agents stuck in "receiving"."""
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    number = centre.offer_to("anna")
    centre.after(QUEUE.ring_ms / SECOND + 3)
    assert Stop(number, "anna", Because.TIMEOUT) in centre.effects
    assert centre.state.agents["anna"].state is AgentState.WAITING


def test_joining_that_never_succeeds_frees_both() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf"), agent("bernd", "verkauf")])
    centre.joins("c1")
    centre.tell(OfferAnswered(centre.offer_to("anna")))
    centre.after(6)
    assert ("bernd", "c1") in centre.rung()


def test_wrap_up_is_extended_but_never_shortened() -> None:
    """Complaint 4: wrap-up ended early for agents in several queues."""
    centre = Centre([replace(QUEUE, wrap_up_ms=30 * SECOND)], [agent("anna", "verkauf")])
    centre.joins("c1")
    centre.tell(TalkEnded(centre.talks("anna")))
    assert centre.state.agents["anna"].state is AgentState.WRAP_UP
    centre.joins("c2")
    assert centre.rung() == []
    end = centre.now_ms + 30 * SECOND
    centre.tell(WrapUpExtended("anna", end - 20 * SECOND))
    assert centre.state.agents["anna"].wrap_up_ms == end
    centre.tell(WrapUpExtended("anna", end + 10 * SECOND))
    centre.after(35)
    assert centre.state.agents["anna"].state is AgentState.WRAP_UP
    centre.after(5)
    assert centre.rung() == [("anna", "c2")]


def test_an_agent_ends_the_wrap_up_with_a_code() -> None:
    centre = Centre([replace(QUEUE, wrap_up_ms=30 * SECOND)], [agent("anna", "verkauf")])
    centre.joins("c1")
    centre.tell(TalkEnded(centre.talks("anna")))
    centre.tell(WrapUpEnded("anna", "verkauft"))
    assert centre.state.agents["anna"].state is AgentState.WAITING


def test_an_agents_own_call_counts_as_busy_and_takes_back_what_rings() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    centre.tell(OwnCallBegan("anna", "out-1"))
    assert centre.of(Stop)[0].because is Because.AGENT_UNAVAILABLE
    assert centre.state.agents["anna"].state is AgentState.IN_ANOTHER_CALL
    centre.tell(OwnCallEnded("anna", "out-1"))
    assert centre.rung() == [("anna", "c1")]


def test_an_agent_who_logs_out_keeps_the_call_and_gets_no_other() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("c1")
    number = centre.talks("anna")
    centre.joins("c2")
    centre.tell(StatusChosen("anna", AgentStatus.LOGGED_OUT))
    assert centre.state.agents["anna"].state is AgentState.IN_A_QUEUE_CALL
    centre.tell(TalkEnded(number))
    assert centre.state.agents["anna"].state is AgentState.IDLE
    assert centre.rung() == []


def test_on_demand_takes_one_call_and_pauses() -> None:
    centre = Centre([QUEUE], [agent("anna", "verkauf")], logged_in=False)
    centre.tell(StatusChosen("anna", AgentStatus.ON_DEMAND))
    centre.joins("c1")
    centre.joins("c2")
    centre.tell(TalkEnded(centre.talks("anna")))
    assert centre.state.agents["anna"].status is AgentStatus.ON_BREAK
    assert centre.rung() == []


def test_skills_are_needed_and_relax_with_waiting() -> None:
    queue = replace(QUEUE, relaxations=(Relaxation(30 * SECOND, 40), Relaxation(60 * SECOND, 100)))
    centre = Centre(
        [queue],
        [agent("anna", "verkauf", skills={"englisch": 50}), agent("bernd", "verkauf")],
    )
    centre.joins("c1", skills=(Skill("englisch", 80),))
    assert centre.rung() == []
    centre.after(29)
    assert centre.rung() == []
    centre.after(1)
    assert centre.rung() == [("anna", "c1")]
    centre.talks("anna")
    centre.joins("c2", skills=(Skill("englisch", 100),))
    centre.after(59)
    assert ("bernd", "c2") not in centre.rung()
    centre.after(1)
    assert centre.rung() == [("bernd", "c2")]


def test_the_preferred_agent_is_waited_for_but_not_for_ever() -> None:
    queue = replace(QUEUE, preferred_ms=20 * SECOND)
    centre = Centre([queue], [agent("anna", "verkauf"), agent("bernd", "verkauf")])
    centre.tell(OwnCallBegan("anna", "out-1"))
    centre.joins("c1", preferred="anna")
    assert centre.rung() == []
    centre.joins("c2")
    assert centre.rung() == [("bernd", "c2")]
    centre.tell(TalkEnded(centre.talks("bernd")))
    assert centre.rung() == []
    centre.after(20)
    assert centre.rung() == [("bernd", "c1")]


STRATEGIES = {
    Strategy.TOP_DOWN: ["anna", "bernd", "anna", "bernd"],
    Strategy.ROUND_ROBIN: ["anna", "bernd", "clara", "anna"],
    Strategy.LONGEST_IDLE: ["anna", "bernd", "clara", "anna"],
    Strategy.FEWEST_CALLS: ["anna", "bernd", "clara", "anna"],
    Strategy.LEAST_TALK_TIME: ["anna", "bernd", "clara", "clara"],
}


@pytest.mark.parametrize("strategy", [s for s in STRATEGIES if s is not Strategy.TOP_DOWN])
def test_strategies_choose_in_their_order(strategy: Strategy) -> None:
    """Complaint 3: the first agent is always picked."""
    centre = Centre(
        [replace(QUEUE, strategy=strategy)], [agent(name, "verkauf") for name in ("anna", "bernd", "clara")]
    )
    talks_s = iter((30, 20, 10, 5))
    chosen = []
    for number in range(4):
        centre.now_ms += SECOND
        centre.joins(f"c{number}")
        ((name, _),) = centre.rung()
        chosen.append(name)
        offer = centre.talks(name)
        centre.now_ms += next(talks_s) * SECOND
        centre.tell(TalkEnded(offer))
    assert chosen == STRATEGIES[strategy]


def test_top_down_asks_in_the_order_of_the_list_and_penalties_go_before() -> None:
    last = replace(agent("anna"), queues=(Membership("verkauf", penalty=5),))
    centre = Centre(
        [replace(QUEUE, strategy=Strategy.TOP_DOWN)],
        [last, agent("bernd", "verkauf"), agent("clara", "verkauf")],
    )
    for number in range(3):
        centre.joins(f"c{number}")
    assert [centre.state.members[f"c{n}"].offers for n in range(3)] == [(1,), (2,), (3,)]
    assert [centre.state.offers[n].agent_id for n in (1, 2, 3)] == ["bernd", "clara", "anna"]


def test_weighted_and_random_reach_everybody_by_share() -> None:
    seats = {"anna": 3, "bernd": 1}
    agents = [
        replace(agent(name), queues=(Membership("verkauf", share=share),)) for name, share in seats.items()
    ]
    centre = Centre([replace(QUEUE, strategy=Strategy.WEIGHTED)], agents)
    counts = dict.fromkeys(seats, 0)
    for number in range(400):
        centre.joins(f"c{number}")
        ((name, _),) = centre.rung()
        counts[name] += 1
        centre.tell(TalkEnded(centre.talks(name)))
    assert 260 < counts["anna"] < 340


def test_ring_progressively_adds_an_agent_at_a_time() -> None:
    queue = replace(QUEUE, strategy=Strategy.RING_PROGRESSIVELY, progress_ms=5 * SECOND)
    centre = Centre([queue], [agent(name, "verkauf") for name in ("anna", "bernd", "clara")])
    centre.joins("c1")
    assert centre.rung() == [("anna", "c1")]
    centre.after(5)
    assert centre.rung() == [("bernd", "c1")]
    centre.after(5)
    assert centre.rung() == [("clara", "c1")]


def test_an_agent_of_two_queues_takes_the_weightier_one_first() -> None:
    centre = Centre(
        [QUEUE, replace(QUEUE, id="notdienst", weight=50)], [agent("anna", "verkauf", "notdienst")]
    )
    centre.joins("c0")
    offer = centre.talks("anna")
    centre.joins("c1")
    centre.now_ms += 60 * SECOND
    centre.joins("c2", "notdienst")
    centre.tell(TalkEnded(offer))
    assert centre.rung() == [("anna", "c2")]


@pytest.mark.parametrize(
    ("overflow", "reason"),
    [
        (Overflow("mailbox", after_ms=30 * SECOND), CancelReason.TIMEOUT),
        (Overflow("mailbox", no_agents_ms=20 * SECOND), CancelReason.NO_AGENT_TIMEOUT),
    ],
)
def test_who_waits_too_long_is_sent_on(overflow: Overflow, reason: CancelReason) -> None:
    centre = Centre([replace(QUEUE, overflow=overflow)], [agent("anna", "verkauf")], logged_in=False)
    centre.joins("c1")
    centre.after(31)
    assert centre.of(SendAway) == [SendAway("c1", "mailbox", reason)]
    assert centre.state.members == {}


def test_loneliness_counts_from_when_the_last_agent_left_and_ends_when_one_comes() -> None:
    centre = Centre(
        [replace(QUEUE, overflow=Overflow("mailbox", no_agents_ms=20 * SECOND))], [agent("anna", "verkauf")]
    )
    centre.tell(StatusChosen("anna", AgentStatus.ON_BREAK))
    centre.joins("c1")
    centre.after(60)
    assert centre.of(SendAway) == []
    centre.tell(StatusChosen("anna", AgentStatus.LOGGED_OUT))
    centre.after(10)
    centre.tell(StatusChosen("anna", AgentStatus.ON_BREAK))
    centre.after(30)
    assert centre.of(SendAway) == []
    centre.tell(StatusChosen("anna", AgentStatus.LOGGED_OUT))
    centre.after(21)
    assert [each.reason for each in centre.of(SendAway)] == [CancelReason.NO_AGENT_TIMEOUT]


def test_a_full_queue_sends_the_next_caller_on() -> None:
    queue = replace(QUEUE, overflow=Overflow("mailbox", length=2))
    centre = Centre([queue], [agent("anna", "verkauf")], logged_in=False)
    centre.joins("c1")
    centre.joins("c2")
    centre.joins("c3")
    assert centre.of(SendAway) == [SendAway("c3", "mailbox", CancelReason.FULL)]
    assert sorted(centre.state.members) == ["c1", "c2"]


def test_overflow_into_another_queue_keeps_the_place_in_time() -> None:
    queues = [
        replace(QUEUE, overflow=Overflow("reserve", after_ms=30 * SECOND)),
        replace(QUEUE, id="reserve"),
    ]
    centre = Centre(queues, [agent("bernd", "reserve")])
    centre.tell(OwnCallBegan("bernd", "out"))
    centre.joins("early")
    centre.now_ms += 20 * SECOND
    centre.joins("late", "reserve")
    centre.after(15)
    assert centre.state.members["early"].wait.queue_id == "reserve"
    centre.tell(OwnCallEnded("bernd", "out"))
    assert centre.rung() == [("bernd", "early")]


def test_two_full_queues_do_not_pass_a_caller_back_and_forth() -> None:
    queues = [
        replace(QUEUE, overflow=Overflow("reserve", length=0)),
        replace(QUEUE, id="reserve", overflow=Overflow("verkauf", length=0)),
    ]
    centre = Centre(queues, [agent("anna", "verkauf")], logged_in=False)
    centre.joins("c1")
    assert centre.state.members["c1"].wait.queue_id == "reserve"


def test_a_caller_who_is_called_back_keeps_the_place() -> None:
    """Complaint 5: no callback."""
    centre = Centre([QUEUE], [agent("anna", "verkauf")])
    centre.joins("talking")
    offer = centre.talks("anna")
    centre.joins("c1")
    centre.now_ms += SECOND
    centre.joins("c2")
    centre.tell(CallbackWanted("c1"))
    centre.tell(CallerLeft("c1"))
    centre.tell(TalkEnded(offer))
    assert centre.rung() == [("anna", "c1")]
    number = centre.offer_to("anna")
    centre.tell(OfferAnswered(number))
    assert centre.of(CallBack) == [CallBack(number, "c1", "anna", 60_000, "verkauf")]
    assert centre.state.agents["anna"].state is AgentState.RESERVED
    centre.tell(CallbackReached("c1"))
    assert centre.state.agents["anna"].state is AgentState.IN_A_QUEUE_CALL
    centre.tell(CallerLeft("c1"))
    assert [each.member_id for each in centre.of(Ended)] == ["c1"]


def test_callbacks_are_tried_again_later_and_given_up_in_the_end() -> None:
    queue = replace(QUEUE, callback=Callback(tries=2, retry_ms=60 * SECOND))
    centre = Centre([queue], [agent("anna", "verkauf")])
    centre.tell(OwnCallBegan("anna", "out"))
    centre.joins("c1")
    centre.tell(CallbackWanted("c1"))
    centre.tell(OwnCallEnded("anna", "out"))
    centre.tell(OfferAnswered(centre.offer_to("anna")))
    centre.tell(CallbackMissed("c1"))
    assert centre.state.agents["anna"].state is AgentState.WAITING
    centre.after(59)
    assert centre.rung() == []
    centre.after(1)
    assert centre.rung() == [("anna", "c1")]
    centre.tell(OfferAnswered(centre.offer_to("anna")))
    centre.tell(CallbackMissed("c1"))
    assert [each.reason for each in centre.of(Abandoned)] == [CancelReason.CALLBACK_FAILED]


def test_a_moved_caller_keeps_the_place_in_time() -> None:
    centre = Centre([QUEUE, replace(QUEUE, id="technik")], [agent("bernd", "technik")])
    centre.joins("c1")
    centre.now_ms += SECOND
    centre.tell(CallerMoved("c1", "technik"))
    assert centre.rung() == [("bernd", "c1")]
    assert centre.state.members["c1"].since_ms == centre.now_ms - SECOND


def test_position_and_expected_wait_are_announced() -> None:
    """Complaint 5: no position, no expected wait."""
    centre = Centre([replace(QUEUE, announce_ms=30 * SECOND)], [agent("anna", "verkauf")])
    centre.joins("c0")
    number = centre.talks("anna")
    centre.now_ms += 120 * SECOND
    centre.tell(TalkEnded(number))
    centre.joins("c1")
    centre.talks("anna")
    centre.joins("c2")
    centre.joins("c3")
    centre.after(30)
    assert centre.of(Announce) == [
        Announce("c2", "verkauf", 1, 120 * SECOND),
        Announce("c3", "verkauf", 2, 240 * SECOND),
    ]


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
