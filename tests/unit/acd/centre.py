"""A contact centre in the hands of a test: events in, the effects of the last one beside the state."""

from __future__ import annotations

from typing import TypeVar

from acd.effects import Effect, Ring
from acd.events import CallerJoined, Configured, Event, Joined, OfferAnswered, StatusChosen, TimePassed
from acd.names import AgentStatus
from acd.spec import AgentSpec, Membership, QueueSpec, Skill, TenantSpec
from acd.state import State
from acd.step import step

T = TypeVar("T")
SECOND = 1_000
START = 1_000_000


def agent(name: str, *queues: str, skills: dict[str, int] | None = None, **more: int) -> AgentSpec:
    """An agent who serves these queues, without penalty."""
    levels = tuple(Skill(key, level) for key, level in (skills or {}).items())
    return AgentSpec(name, tuple(Membership(each) for each in queues), levels, **more)


class Centre:
    """Steps and remembers. Time stands still unless `after` moves it."""

    def __init__(self, queues: list[QueueSpec], agents: list[AgentSpec], *, logged_in: bool = True) -> None:
        self.now_ms = START
        self.state = State(TenantSpec("beispiel"), seed=7)
        self.effects: tuple[Effect, ...] = ()
        self.journal: list[tuple[Event, int]] = []
        #: Every effect with its time, as the log of figures has it.
        self.log: list[tuple[int, Effect]] = []
        self.tell(Configured(TenantSpec("beispiel", tuple(queues), tuple(agents))))
        for each in agents if logged_in else ():
            self.tell(StatusChosen(each.id, AgentStatus.AVAILABLE))

    def tell(self, event: Event) -> tuple[Effect, ...]:
        self.journal.append((event, self.now_ms))
        self.state, self.effects = step(self.state, event, self.now_ms)
        self.log += [(self.now_ms, each) for each in self.effects]
        return self.effects

    def after(self, seconds: float) -> tuple[Effect, ...]:
        """Let time pass, as the controller does: each time something is due."""
        until = self.now_ms + int(seconds * SECOND)
        effects: list[Effect] = []
        while self.state.due_ms is not None and self.state.due_ms <= until:
            self.now_ms = max(self.now_ms, self.state.due_ms)
            effects += self.tell(TimePassed())
        self.now_ms = until
        effects += self.tell(TimePassed())
        self.effects = tuple(effects)
        return self.effects

    def joins(self, name: str, queue: str = "verkauf", **more: object) -> tuple[Effect, ...]:
        return self.tell(CallerJoined(name, queue, **more))  # type: ignore[arg-type]

    def of(self, kind: type[T]) -> list[T]:
        """The last effects of this kind."""
        return [each for each in self.effects if isinstance(each, kind)]

    def rung(self) -> list[tuple[str, str]]:
        """Agent and caller of the last offers."""
        return [(each.agent_id, each.member_id) for each in self.of(Ring)]

    def offer_to(self, agent_id: str) -> int:
        (number,) = self.state.agents[agent_id].offers
        return number

    def talks(self, agent_id: str) -> int:
        """The agent answers and is joined; the offer's number."""
        number = self.offer_to(agent_id)
        self.tell(OfferAnswered(number))
        self.tell(Joined(number))
        return number
