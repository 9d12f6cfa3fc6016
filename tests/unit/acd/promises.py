"""What holds after every step of a contact centre, whatever happened (guarantee 6)."""

from __future__ import annotations

from typing import Final

from acd.effects import Effect, Ring
from acd.names import AgentState, AgentStatus, MemberState, OfferState
from acd.state import Alarm, State
from acd.values import Agent, Member, Wait

#: An offer may not live longer than this before somebody talks.
LONGEST_OFFER_MS: Final = 130_000


def watch(before: State, after: State, effects: tuple[Effect, ...]) -> None:
    """Guarantee 6, at every step: no agent has two calls (or more than may be), no call two agents, nobody is
    overtaken within equal priority and skill, no agent or caller is ever stuck."""
    _bound_both_ways(after)
    _agents_have_what_they_may(after)
    _offers_end_in_time(after)
    _lines_hold_who_waits(after)
    if effects:
        _nobody_is_overtaken(before, after, effects)
        _nobody_takes_one_call_and_another(after, effects)
    _nobody_waits_in_vain(after)
    if after.now_ms != before.now_ms or after.spec is not before.spec:
        _limits_are_watched(after)
        _callers_know_who_is_there(after)


def _bound_both_ways(state: State) -> None:
    for number, offer in state.offers.items():
        assert number in state.agents[offer.agent_id].offers
        assert number in state.members[offer.member_id].offers
    for member in state.members.values():
        assert all(number in state.offers for number in member.offers)
        engaged = [n for n in member.offers if state.offers[n].state is not OfferState.RINGING]
        assert len(engaged) <= 1
        if engaged:
            assert len(member.offers) == 1
        expected = MemberState.TRYING if member.offers else MemberState.WAITING
        if engaged and state.offers[engaged[0]].state is OfferState.TALKING:
            expected = MemberState.ANSWERED
        assert member.state is expected


def _agents_have_what_they_may(state: State) -> None:
    for agent in state.agents.values():
        offers = [state.offers[number] for number in agent.offers]
        assert len([each for each in offers if each.state is not OfferState.TALKING]) <= 1
        if any(each.state is OfferState.RINGING for each in offers):
            assert len(offers) <= state.spec.agent[agent.id].capacity
        if agent.state is AgentState.WAITING:
            assert not agent.offers
            assert agent.wrap_up_ms is None
        # Every wrap-up ends: a moment is noted for it.
        for each in agent.open_wrap_ups:
            assert state.now_ms < each.until_ms <= (agent.wrap_up_ms or 0)
            assert any(at == each.until_ms and whose == agent.id for at, _, _, whose in state.notes)
        assert (agent.wrap_up_ms is None) == (not agent.open_wrap_ups)


def _nobody_takes_one_call_and_another(state: State, effects: tuple[Effect, ...]) -> None:
    for effect in effects:
        if isinstance(effect, Ring) and effect.agent_id in state.agents:
            agent = state.agents[effect.agent_id]
            assert agent.status is not AgentStatus.ON_DEMAND or len(agent.offers) == 1


def _offers_end_in_time(state: State) -> None:
    for offer in state.offers.values():
        if offer.state is not OfferState.TALKING:
            assert offer.deadline_ms is not None
            assert offer.deadline_ms > state.now_ms
            assert offer.deadline_ms - offer.made_ms < LONGEST_OFFER_MS
            assert any(at == offer.deadline_ms and whose == str(offer.id) for at, _, _, whose in state.notes)


def _lines_hold_who_waits(state: State) -> None:
    standing = [name for lines in state.lines.values() for line in lines.values() for _, name in line]
    waiting = [each.id for each in state.members.values() if each.state is MemberState.WAITING]
    assert sorted(standing) == sorted(waiting)
    for lines in state.lines.values():
        for wait, line in lines.items():
            assert list(line) == sorted(line)
            assert all(state.members[name].wait == wait for _, name in line)


def _nobody_is_overtaken(before: State, after: State, effects: tuple[Effect, ...]) -> None:
    for effect in effects:
        if not isinstance(effect, Ring) or effect.member_id not in after.members:
            continue
        served = after.members[effect.member_id]
        line = after.lines.get(served.wait.queue_id, {}).get(served.wait, ())
        for since_ms, name in line:
            if (since_ms, name) < (served.since_ms, served.id):
                assert not _might_take(after, after.members[name], effect.agent_id)


def _might_take(state: State, member: Member, agent_id: str) -> bool:
    """Whether this waiting caller could have been given that agent instead."""
    if member.not_before_ms > state.now_ms:
        return False
    if member.preferred not in (None, agent_id) and state.now_ms < member.preferred_until_ms:
        return False
    return not any(name == agent_id and until > state.now_ms for name, until in member.refused_by)


def _nobody_waits_in_vain(state: State) -> None:
    """No agent who may have a call beside a caller who fits: what the matching promises after every step."""
    for agent in [each for each in state.agents.values() if _may_be_rung(state, each)]:
        for seat in state.spec.agent[agent.id].queues:
            for wait, line in state.lines.get(seat.queue_id, {}).items():
                for _, name in line:
                    member = state.members[name]
                    assert not (
                        _might_take(state, member, agent.id) and _skilled(state, wait, member, agent.id)
                    ), f"{name} waits while {agent.id} is free"


def _may_be_rung(state: State, agent: Agent) -> bool:
    spec = state.spec.agent.get(agent.id)
    if spec is None or agent.own_calls or agent.wrap_up_ms is not None or agent.ready_ms > state.now_ms:
        return False
    if any(state.offers[number].state is not OfferState.TALKING for number in agent.offers):
        return False
    most = {AgentStatus.AVAILABLE: spec.capacity, AgentStatus.ON_DEMAND: 1}
    return len(agent.offers) < most.get(agent.status, 0)


def _limits_are_watched(state: State) -> None:
    """A moment is noted at which a caller who may leave is looked after, no later than his limit passes."""
    watched: dict[str, int] = {}
    for at_ms, _, alarm, whose in state.notes:
        if alarm is Alarm.MEMBER:
            watched[whose] = min(at_ms, watched.get(whose, at_ms))
    for member in _waiting_on_the_line(state):
        overflow = state.spec.queue[member.wait.queue_id].overflow
        if overflow is None or any(state.offers[n].state is not OfferState.RINGING for n in member.offers):
            continue
        limits = [
            since_ms + limit_ms
            for since_ms, limit_ms in (
                (member.joined_ms, overflow.after_ms),
                (member.lonely_since_ms, overflow.no_agents_ms),
            )
            if since_ms is not None and limit_ms is not None
        ]
        if limits:
            assert member.id in watched, f"{member.id} would never be sent on"
            assert watched[member.id] <= max(state.now_ms, min(limits))


def _callers_know_who_is_there(state: State) -> None:
    here = {name for name, each in state.agents.items() if each.status is not AgentStatus.LOGGED_OUT}
    for member in _waiting_on_the_line(state):
        serving = {name for name, _ in state.spec.seats[member.wait.queue_id]} & here
        assert (member.lonely_since_ms is None) == bool(serving)
        if member.preferred is not None and state.now_ms < member.preferred_until_ms:
            assert member.preferred in serving


def _waiting_on_the_line(state: State) -> list[Member]:
    return [
        each
        for each in state.members.values()
        if each.state is not MemberState.ANSWERED and not each.callback
    ]


def _skilled(state: State, wait: Wait, member: Member, agent_id: str) -> bool:
    waited = state.now_ms - member.since_ms
    rules = state.spec.queue[wait.queue_id].relaxations
    lower = max((each.lower_by for each in rules if each.after_ms <= waited), default=0)
    levels = state.spec.levels[agent_id]
    return all(levels.get(skill.name, 0) >= skill.level - lower for skill in wait.skills)
