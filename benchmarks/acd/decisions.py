"""How long one decision takes in a large contact centre: 1,000 callers wait, 500 agents, 100 queues.

Callers come as fast as conversations end, so that the number of those who wait stays. CPU time of the thread:
a decision waits for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from time import thread_time_ns
from typing import Final

from acd.effects import Ring
from acd.events import (
    CallerJoined,
    CallerLeft,
    Configured,
    Event,
    Joined,
    OfferAnswered,
    StatusChosen,
    TalkEnded,
)
from acd.names import AgentStatus, Strategy
from acd.spec import AgentSpec, Membership, QueueSpec, Relaxation, Skill, TenantSpec
from acd.state import State
from acd.step import step

WAITING: Final = 1_000
AGENTS: Final = 500
QUEUES: Final = 100
_SEATS: Final = 5
#: Strategies that offer a caller to one agent: with ring-all every answer would be a dozen phones.
_STRATEGIES: Final = (
    Strategy.LONGEST_IDLE,
    Strategy.ROUND_ROBIN,
    Strategy.TOP_DOWN,
    Strategy.FEWEST_CALLS,
    Strategy.LEAST_TALK_TIME,
    Strategy.WEIGHTED,
)


def large_centre(random: Random) -> TenantSpec:
    """The tenant: agents in five queues each, a third of the callers needs a skill that half of them have."""
    queues = tuple(
        QueueSpec(
            f"q{n}",
            strategy=random.choice(_STRATEGIES),
            wrap_up_ms=0,
            announce_ms=30_000,
            relaxations=(Relaxation(30_000, 50),),
        )
        for n in range(QUEUES)
    )
    agents = tuple(
        AgentSpec(
            f"a{n}",
            tuple(Membership(f"q{queue}") for queue in random.sample(range(QUEUES), _SEATS)),
            skills=(Skill("en", random.choice((30, 100))),),
        )
        for n in range(AGENTS)
    )
    return TenantSpec("beispiel", queues, agents)


def a_caller(random: Random, number: int) -> CallerJoined:
    """The next one, for a queue drawn by chance."""
    skills = (Skill("en", 80),) if random.random() < 0.3 else ()
    return CallerJoined(f"c{number}", f"q{random.randrange(QUEUES)}", 0, skills)


@dataclass
class Crowd:
    """The centre with phones that answer at once and conversations that end when they are told to."""

    random: Random
    state: State = field(init=False)
    now_ms: int = 1_000_000
    callers: int = 0
    talking: list[int] = field(default_factory=list)
    took_us: list[float] = field(default_factory=list)
    assigned: int = 0

    def __post_init__(self) -> None:
        spec = large_centre(self.random)
        self.state = State(TenantSpec(spec.id), seed=1)
        self.tell(Configured(spec))
        for each in spec.agents:
            self.tell(StatusChosen(each.id, AgentStatus.AVAILABLE))
        while self.waiting < WAITING:
            self.comes()
        self.took_us.clear()

    @property
    def waiting(self) -> int:
        """Callers without an agent."""
        return len(self.state.members) - len(self.state.offers)

    def comes(self) -> None:
        """Another caller."""
        self.callers += 1
        self.now_ms += 7
        self.tell(a_caller(self.random, self.callers))

    def ends(self) -> None:
        """One of the conversations ends: somebody's turn comes."""
        self.now_ms += 7
        self.tell(TalkEnded(self.talking.pop(self.random.randrange(len(self.talking)))))

    def gives_up(self) -> None:
        """One who waits hangs up."""
        self.tell(CallerLeft(next(each.id for each in self.state.members.values() if not each.offers)))

    def tell(self, event: Event) -> None:
        began = thread_time_ns()
        self.state, effects = step(self.state, event, self.now_ms)
        self.took_us.append((thread_time_ns() - began) / 1000)
        for each in effects:
            if isinstance(each, Ring):
                self.assigned += 1
                self.tell(OfferAnswered(each.offer_id))
                self.tell(Joined(each.offer_id))
                self.talking.append(each.offer_id)


@dataclass(frozen=True, slots=True)
class Decisions:
    """CPU time of every step, whatever the event; assignments are offers that led to a conversation."""

    steps: int
    assignments: int
    median_us: float
    p99_us: float
    longest_us: float


def measure(rounds: int, progress: Callable[[str], None]) -> Decisions:
    """So many conversations end and so many callers come."""
    progress(f"decisions: {WAITING} callers wait, {AGENTS} agents, {QUEUES} queues")
    crowd = Crowd(Random(20261122))
    crowd.assigned = 0
    for _ in range(rounds):
        crowd.comes()
        crowd.ends()
        while crowd.waiting > WAITING:
            crowd.gives_up()
    took = sorted(crowd.took_us)
    return Decisions(len(took), crowd.assigned, took[len(took) // 2], took[int(len(took) * 0.99)], took[-1])
