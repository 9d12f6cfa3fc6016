"""The contact centre of one tenant as one immutable value, and the draft of the next one.

`step` works on a `Draft` and freezes it; a table that no event touched is shared with the state before.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from acd import transitions
from acd.effects import AgentChanged, Effect, WrappedUp
from acd.names import AgentState, AgentStatus, MemberState, OfferState
from acd.spec import TenantSpec
from acd.values import Agent, LastAgent, Member, Offer, Pace, Wait, WrapUp

_NONE: Final[Mapping[Any, Any]] = MappingProxyType({})


class Alarm(StrEnum):
    """What a moment was noted for. The handler looks whether it is still so: alarms are never taken back."""

    OFFER = "offer"
    AGENT = "agent"
    MEMBER = "member"
    PROGRESS = "progress"
    ANNOUNCE = "announce"


#: When it is, a number that keeps equal times in order, what for, and whose (offers by their number's text).
Note = tuple[int, int, Alarm, str]
#: A caller in a line: time of the place, id.
Place = tuple[int, str]
#: Callers whose agent of last time is known, and for how long.
_MOST_REMEMBERED: Final = 5_000
REMEMBERED_MS: Final = 30 * 86_400_000

#: Who comes from one of these to waiting has had no call: the place among the longest idle stays.
_STILL_IDLE: Final = (AgentState.WAITING, AgentState.RECEIVING, AgentState.RESERVED)


@dataclass(frozen=True, slots=True)
class State:
    """Everything. `lines` holds the waiting callers in order, a line for each `Wait`; `turns` is the memory
    of the round robin; `draws` counts the random numbers used; `now_ms` is the time of the last step;
    `last_agents` says who spoke last with a caller, by his pseudonym, who called longest ago first."""

    spec: TenantSpec
    now_ms: int = 0
    agents: Mapping[str, Agent] = field(default_factory=lambda: _NONE)
    members: Mapping[str, Member] = field(default_factory=lambda: _NONE)
    offers: Mapping[int, Offer] = field(default_factory=lambda: _NONE)
    lines: Mapping[str, Mapping[Wait, tuple[Place, ...]]] = field(default_factory=lambda: _NONE)
    paces: Mapping[str, Pace] = field(default_factory=lambda: _NONE)
    turns: Mapping[str, str] = field(default_factory=lambda: _NONE)
    notes: tuple[Note, ...] = ()
    next_offer: int = 1
    next_note: int = 1
    draws: int = 0
    seed: int = 0
    last_agents: Mapping[str, LastAgent] = field(default_factory=lambda: _NONE)

    @property
    def due_ms(self) -> int | None:
        """When `TimePassed` has to come at the latest; None when nothing waits for time."""
        return self.notes[0][0] if self.notes else None


class Draft:
    """The next state in the making, with what it wants done (`effects`).

    `touched_agents` and `touched_members` are those for whom a match may be possible now that was not before.
    """

    def __init__(self, state: State, now_ms: int) -> None:
        self.before = state
        self.now_ms = now_ms
        self.spec = state.spec
        self.agents = state.agents
        self.members = state.members
        self.offers = state.offers
        self.lines = state.lines
        self.paces = state.paces
        self.turns = state.turns
        self.notes: list[Note] | tuple[Note, ...] = state.notes
        self.next_offer = state.next_offer
        self.next_note = state.next_note
        self.draws = state.draws
        self.last_agents = state.last_agents
        self.effects: list[Effect] = []
        self.touched_agents: dict[str, None] = {}
        self.touched_members: dict[str, None] = {}
        #: Callers for whom one more agent may ring, once every waiting caller has had his chance.
        self.progressing: list[str] = []
        self._own: set[str] = set()

    def freeze(self) -> State:
        """The finished state."""
        notes = self.notes if isinstance(self.notes, tuple) else tuple(self.notes)
        return State(
            self.spec,
            self.now_ms,
            self.agents,
            self.members,
            self.offers,
            self.lines,
            self.paces,
            self.turns,
            notes,
            self.next_offer,
            self.next_note,
            self.draws,
            self.before.seed,
            self.last_agents,
        )

    # -- agents ---------------------------------------------------------------------------------

    def put_agent(self, agent: Agent, *, reason: str | None = None) -> None:
        """Keep this agent; the state is worked out from what the agent is doing, and checked."""
        old = self.agents.get(agent.id)
        state = self._doing(agent)
        if old is not None:
            transitions.checked(transitions.AGENT, old.state, state)
        if state is not agent.state:
            agent = replace(agent, state=state)
        if state is AgentState.WAITING and (old is None or old.state not in _STILL_IDLE):
            agent = replace(agent, idle_since_ms=self.now_ms)
        self._table("agents")[agent.id] = agent
        self.touched_agents[agent.id] = None
        if old is None or (old.status, old.state) != (agent.status, agent.state):
            self.effects.append(AgentChanged(agent.id, agent.status, agent.state, reason))

    def drop_agent(self, agent_id: str) -> None:
        """Forget an agent who is no longer configured and has nothing to do: for the log, logged out."""
        agent = self._table("agents").pop(agent_id)
        self.touched_agents.pop(agent_id, None)
        if (agent.status, agent.state) != (AgentStatus.LOGGED_OUT, AgentState.IDLE):
            gone = AgentChanged(agent_id, AgentStatus.LOGGED_OUT, AgentState.IDLE, "no longer configured")
            self.effects.append(gone)
        self.wrapped_up(agent_id, agent.open_wrap_ups, None)

    def wrapped_up(self, agent_id: str, wrap_ups: tuple[WrapUp, ...], code: str | None) -> None:
        """For the log: these are over."""
        for each in wrap_ups:
            self.effects.append(WrappedUp(agent_id, code, each.member_id, each.queue_id))

    def _doing(self, agent: Agent) -> AgentState:
        offers = [self.offers[each] for each in agent.offers]
        if any(each.state is OfferState.TALKING for each in offers):
            return AgentState.IN_A_QUEUE_CALL
        connecting = [each for each in offers if each.state is OfferState.CONNECTING]
        if connecting:
            member = self.members.get(connecting[0].member_id)
            return AgentState.RESERVED if member and member.callback else AgentState.RECEIVING
        if offers:
            return AgentState.RECEIVING
        if agent.own_calls:
            return AgentState.IN_ANOTHER_CALL
        if agent.wrap_up_ms is not None:
            return AgentState.WRAP_UP
        return AgentState.WAITING if agent.status.value.startswith("Available") else AgentState.IDLE

    # -- callers --------------------------------------------------------------------------------

    def put_member(self, member: Member) -> None:
        """Keep this caller, in the line where waiting callers stand."""
        old = self.members.get(member.id)
        if old is not None:
            transitions.checked_member(old.state, member.state)
            if old.state is MemberState.WAITING and (
                member.state is not MemberState.WAITING
                or (old.wait, old.since_ms) != (member.wait, member.since_ms)
            ):
                self._leave_line(old)
                old = replace(old, state=MemberState.TRYING)
        self._table("members")[member.id] = member
        if member.state is MemberState.WAITING:
            if old is None or old.state is not MemberState.WAITING:
                self._enter_line(member)
            self.touched_members[member.id] = None

    def drop_member(self, member_id: str) -> None:
        """The caller is no longer with us."""
        member = self._table("members").pop(member_id)
        if member.state is MemberState.WAITING:
            self._leave_line(member)
        self.touched_members.pop(member_id, None)

    def _enter_line(self, member: Member) -> None:
        lines = self._lines_of(member.wait.queue_id)
        line = list(lines.get(member.wait, ()))
        insort(line, (member.since_ms, member.id))
        lines[member.wait] = tuple(line)

    def _leave_line(self, member: Member) -> None:
        lines = self._lines_of(member.wait.queue_id)
        place = (member.since_ms, member.id)
        line = tuple(each for each in lines[member.wait] if each != place)
        if line:
            lines[member.wait] = line
        else:
            del lines[member.wait]

    def _lines_of(self, queue_id: str) -> dict[Wait, tuple[Place, ...]]:
        table = self._table("lines")
        own = f"lines {queue_id}"
        if own not in self._own:
            self._own.add(own)
            table[queue_id] = dict(table.get(queue_id, ()))
        lines: dict[Wait, tuple[Place, ...]] = table[queue_id]
        return lines

    # -- offers, paces, turns -------------------------------------------------------------------

    def put_offer(self, offer: Offer) -> None:
        """Keep this offer."""
        old = self.offers.get(offer.id)
        if old is not None and old.state is not offer.state:
            transitions.checked_offer(old.state, offer.state)
        self._table("offers")[offer.id] = offer

    def drop_offer(self, offer_id: int) -> Offer:
        """The offer is over."""
        offer: Offer = self._table("offers").pop(offer_id)
        return offer

    def put_pace(self, queue_id: str, pace: Pace) -> None:
        """Keep how fast a queue moves."""
        self._table("paces")[queue_id] = pace

    def put_turn(self, queue_id: str, agent_id: str) -> None:
        """Remember whose turn it was."""
        self._table("turns")[queue_id] = agent_id

    def remember(self, caller: str, agent_id: str) -> None:
        """Who spoke with this caller; of too many the one who called longest ago is forgotten."""
        table = self._table("last_agents")
        table.pop(caller, None)
        table[caller] = LastAgent(agent_id, self.now_ms)
        while len(table) > _MOST_REMEMBERED or self.now_ms - next(iter(table.values())).at_ms > REMEMBERED_MS:
            del table[next(iter(table))]

    # -- time and chance ------------------------------------------------------------------------

    def note(self, at_ms: int, alarm: Alarm, whose: str | int) -> None:
        """Look at this again at that time."""
        if isinstance(self.notes, tuple):
            self.notes = list(self.notes)
        heapq.heappush(self.notes, (at_ms, self.next_note, alarm, str(whose)))
        self.next_note += 1

    def note_next(self, at_ms: int, alarm: Alarm, member_id: str) -> None:
        """The next time of what comes to a caller again and again; a time noted before holds no longer."""
        member = self.members[member_id]
        if alarm is Alarm.ANNOUNCE:
            member = replace(member, announce_ms=at_ms)
        else:
            member = replace(member, progress_ms=at_ms)
        self._table("members")[member_id] = member
        self.note(at_ms, alarm, member_id)

    def next_due(self) -> Note | None:
        """Take the next note whose time has come."""
        if not self.notes or self.notes[0][0] > self.now_ms:
            return None
        if isinstance(self.notes, tuple):
            self.notes = list(self.notes)
        return heapq.heappop(self.notes)

    def draw(self, below: int) -> int:
        """A number from 0 to `below` - 1 (splitmix64 of the seed and a counter): the same in every replay."""
        self.draws += 1
        z = (self.before.seed + self.draws * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        return (z ^ (z >> 31)) % below

    def _table(self, name: str) -> dict[Any, Any]:
        """A table of this draft's own: copied from the state before at the first change."""
        if name not in self._own:
            self._own.add(name)
            setattr(self, name, dict(getattr(self, name)))
        table: dict[Any, Any] = getattr(self, name)
        return table
