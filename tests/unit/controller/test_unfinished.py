"""What a dead owner had noted and not done any more is done by the next one (guarantee 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from acd.effects import Ring
from acd.events import CallerJoined, Configured, Event, Joined, OfferAnswered, StatusChosen, TimePassed
from acd.journal import written
from acd.names import AgentState, AgentStatus, MemberState, OfferState
from acd.spec import AgentSpec, Membership, Overflow, QueueSpec, TenantSpec
from acd.state import State
from acd.step import step
from controller.unfinished import left_undone
from tests.unit.controller.centre_world import CENTRE, CUSTOMER, World, moment, quickly, running, wait_until

__all__ = ["quickly"]

QUEUE: Final = QueueSpec("verkauf", overflow=Overflow("out", after_ms=600_000))
SPEC: Final = TenantSpec(CUSTOMER, (QUEUE,), (AgentSpec("anna", (Membership("verkauf"),)),))
BUSY: Final = replace(CENTRE, spec=SPEC)
#: The owner died so long before the next one began.
DEAD_MS: Final = 2_500
NOW: Final = 1_000_000 - DEAD_MS
BEGUN: Final[tuple[Event, ...]] = (Configured(SPEC), StatusChosen("anna", AgentStatus.AVAILABLE))
C1: Final = CallerJoined("c1", "verkauf", since_ms=NOW)


def journal(*events: Event) -> tuple[list[str], State]:
    """The records, and the state that the owner died with."""
    state = State(SPEC, seed=1)
    happened: tuple[Event, ...] = (*BEGUN, *events)
    for event in happened:
        state, _ = step(state, event, NOW)
    return [written(each, NOW) for each in happened], state


def offer_number(*events: Event) -> int:
    (number,) = journal(*events)[1].offers
    return number


RUNG: Final = offer_number(C1)


def offer_state(world: World, number: int = RUNG) -> OfferState | None:
    offer = world.desk.screen.offers.get(number) if world.desk.screen is not None else None
    return offer.state if offer is not None else None


def test_who_has_answered_and_hears_nobody_is_joined_with_the_caller(quickly: None) -> None:
    """Two lists have to say so: one may lag behind."""
    records, _ = journal(C1, OfferAnswered(RUNG))
    with running(BUSY, records) as world:
        world.lists("node-1", ("c1", NOW), more=(f"leg-{RUNG}",))
        assert world.node.joined == []
        world.lists("node-1", ("c1", NOW), more=(f"leg-{RUNG}",))
        wait_until(lambda: offer_state(world) is OfferState.TALKING)
        world.lists("node-1", talking={f"leg-{RUNG}": "c1"}, more=("c1",))
        wait_until(lambda: offer_state(world) is OfferState.TALKING)
        assert world.node.joined == [(RUNG, "c1")]
        assert world.node.stopped == []


def test_who_talks_already_is_not_joined_again(quickly: None) -> None:
    """The owner died after he had joined them, before he could note it."""
    records, _ = journal(C1, OfferAnswered(RUNG))
    with running(BUSY, records) as world:
        for _ in range(3):
            world.lists("node-1", talking={f"leg-{RUNG}": "c1"}, more=("c1",))
        wait_until(lambda: offer_state(world) is OfferState.TALKING)
        assert world.node.joined == []


def test_a_phone_that_was_never_rung_is_rung_at_once_and_its_agent_does_not_rest(quickly: None) -> None:
    records, _ = journal(C1)
    with running(BUSY, records) as world:
        world.lists("node-1", ("c1", NOW))
        wait_until(lambda: world.node.rung == ["c1"])
        assert world.desk.screen is not None
        wait_until(lambda: offer_state(world) is None)
        assert world.desk.screen.agents["anna"].state is AgentState.RECEIVING
        assert world.desk.screen.members["c1"].state is MemberState.TRYING


def test_a_phone_that_the_dead_owner_rang_is_heard_when_it_answers(quickly: None) -> None:
    """Its own command would have told him alone."""
    records, _ = journal(C1)
    with running(BUSY, records) as world:
        ringing = f"leg-{RUNG}"
        world.centres.listed("node-1", [], {"c1": True, ringing: False}, {}, [], moment(world.wall_clock()))
        world.centres.agent_leg_answered(ringing)
        wait_until(lambda: world.node.joined == [(RUNG, "c1")])
        world.centres.agent_leg_answered(ringing)  # off hold
        wait_until(lambda: offer_state(world) is OfferState.TALKING)


def test_a_phone_that_the_dead_owner_rang_and_that_declines_keeps_nobody_waiting(quickly: None) -> None:
    records, _ = journal(C1)
    with running(BUSY, records) as world:
        ringing = f"leg-{RUNG}"
        world.centres.listed("node-1", [], {"c1": True, ringing: False}, {}, [], moment(world.wall_clock()))
        world.centres.agent_leg_ended(ringing)
        wait_until(lambda: offer_state(world) is None)
        wait_until(lambda: world.waiting() == ["c1"])


def test_who_was_sent_on_and_waits_still_is_sent_on(quickly: None) -> None:
    """Not asked, nor let in, nor counted once more."""
    spec = replace(SPEC, queues=(replace(QUEUE, overflow=Overflow("out", length=0)),))
    events: tuple[Event, ...] = (Configured(spec), CallerJoined("c1", "verkauf", since_ms=NOW))
    with running(replace(CENTRE, spec=spec), [written(each, NOW) for each in events]) as world:
        world.lists("node-1", ("c1", NOW))
        wait_until(lambda: world.node.sent_on == ["c1"])
        assert world.waiting() == []
        world.lists("node-1", ("c1", NOW))  # the list lags behind
        assert world.centres.led()[CUSTOMER].happened["Abandoned"] == 0


def test_who_came_back_to_the_queue_after_he_was_sent_on_is_let_wait(quickly: None) -> None:
    """By a plan that leads there once more; or he was sent on long ago."""
    spec = replace(SPEC, queues=(replace(QUEUE, overflow=Overflow("out", length=0)),))

    def kept(sent_ms: int) -> Sequence[str]:
        events: tuple[Event, ...] = (Configured(spec), CallerJoined("c1", "verkauf"), Configured(SPEC))
        return [*(written(each, sent_ms) for each in events), written(TimePassed(), NOW)]

    with running(BUSY, kept(NOW)) as world:
        world.lists("node-1", ("c1", NOW + 1_500))
        wait_until(lambda: world.waiting() == ["c1"])
    with running(BUSY, kept(NOW - 60_000)) as world:
        world.lists("node-1", ("c1", NOW - 60_000))
        wait_until(lambda: world.waiting() == ["c1"])


def test_an_agent_for_whom_somebody_is_called_back_is_left_to_the_offers_own_time() -> None:
    """The caller's phone may ring already; he is not to be called twice."""
    wish = CallerJoined("c1", "verkauf", number="+4915228817386", line="+493023125300")
    state = State(SPEC, seed=1)
    events: tuple[Event, ...] = (*BEGUN, wish)
    for event in events:
        state, _ = step(state, event, NOW)
    state, effects = step(state, TimePassed(), NOW + 60_000)
    (ring,) = (each for each in effects if isinstance(each, Ring))
    assert left_undone(state, {}).offers == {ring.offer_id}
    state, _ = step(state, OfferAnswered(ring.offer_id), NOW + 60_000)
    assert left_undone(state, {}).offers == frozenset()
    state, _ = step(state, Joined(ring.offer_id), NOW + 60_000)
    assert left_undone(state, {}).offers == frozenset()
