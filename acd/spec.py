"""What a customer has configured for the contact centre: queues, agents, who serves what.

All times are whole milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from acd.errors import SpecRefused
from acd.names import Strategy


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill and how much of it: 0 (none) to 100. With a caller: what is needed at least."""

    name: str
    level: int


@dataclass(frozen=True, slots=True)
class Relaxation:
    """After this wait a caller needs `lower_by` less of every skill."""

    after_ms: int
    lower_by: int


@dataclass(frozen=True, slots=True)
class Overflow:
    """Where callers go when a limit is passed. None: that limit does not exist.

    `target` is the name that the routing plan gives the way out; another queue of the tenant keeps the
    caller's place in time.
    """

    target: str
    after_ms: int | None = None
    length: int | None = None
    no_agents_ms: int | None = None
    expected_wait_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """How callers are called back who keep their place: tries, and the rest between two.

    `pause_ms` before the first one, `within_ms` from the wish until it is given up. `most` callers of a queue
    wait for it at a time.
    """

    tries: int = 3
    retry_ms: int = 300_000
    answer_ms: int = 60_000
    pause_ms: int = 15_000
    within_ms: int = 14_400_000
    most: int = 50


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue. `weight` and a caller's priority add up; `ageing_per_min` is what a minute of waiting adds.

    `greets`: a caller who comes is told something at once, else only what the law asks; then every
    `announce_ms`. `whisper_ms`: what telling the agent may take before both are joined. `typical_ms`: what a
    call takes, wrap-up included, until the queue's own calls have shown it.
    """

    id: str
    strategy: Strategy = Strategy.LONGEST_IDLE
    weight: int = 0
    ageing_per_min: int = 1
    ring_ms: int = 20_000
    progress_ms: int = 5_000
    wrap_up_ms: int = 10_000
    best_skill_first: bool = False
    preferred_ms: int = 0
    relaxations: tuple[Relaxation, ...] = ()
    overflow: Overflow | None = None
    callback: Callback = Callback()
    announce_ms: int | None = None
    wrap_up_codes: tuple[str, ...] = ()
    whisper_ms: int = 0
    greets: bool = False
    typical_ms: int = 240_000


@dataclass(frozen=True, slots=True)
class Membership:
    """An agent serves a queue: a higher penalty is offered later; `share` counts for `weighted`."""

    queue_id: str
    penalty: int = 0
    share: int = 1


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """An agent. After `max_no_answer` unanswered offers in a row the agent is paused (0: never).

    The delays are the rest after an offer that failed so. `capacity`: calls at the same time, of which one
    at most rings.
    """

    id: str
    queues: tuple[Membership, ...]
    skills: tuple[Skill, ...] = ()
    capacity: int = 1
    wrap_up_ms: int = 0
    max_no_answer: int = 3
    no_answer_delay_ms: int = 10_000
    reject_delay_ms: int = 10_000
    busy_delay_ms: int = 30_000
    unreachable_delay_ms: int = 30_000


@dataclass(frozen=True, slots=True)
class TenantSpec:
    """One customer's contact centre. `seats`: for every queue its agents in order of configuration."""

    id: str
    queues: tuple[QueueSpec, ...] = ()
    agents: tuple[AgentSpec, ...] = ()
    queue: Mapping[str, QueueSpec] = field(init=False, repr=False, compare=False)
    agent: Mapping[str, AgentSpec] = field(init=False, repr=False, compare=False)
    seats: Mapping[str, tuple[tuple[str, Membership], ...]] = field(init=False, repr=False, compare=False)
    levels: Mapping[str, Mapping[str, int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        queues = {each.id: each for each in self.queues}
        agents = {each.id: each for each in self.agents}
        if len(queues) != len(self.queues) or len(agents) != len(self.agents):
            raise SpecRefused(f"tenant {self.id}: a queue or an agent stands there twice")
        seats: dict[str, list[tuple[str, Membership]]] = {name: [] for name in queues}
        for each in self.agents:
            if each.capacity < 1:
                raise SpecRefused(f"agent {each.id}: a capacity of {each.capacity}; 1 is the least")
            for membership in each.queues:
                if membership.queue_id not in seats:
                    raise SpecRefused(f"agent {each.id}: there is no queue {membership.queue_id}")
                seats[membership.queue_id].append((each.id, membership))
        made = {name: tuple(entries) for name, entries in seats.items()}
        levels = {each.id: {skill.name: skill.level for skill in each.skills} for each in self.agents}
        object.__setattr__(self, "queue", MappingProxyType(queues))
        object.__setattr__(self, "agent", MappingProxyType(agents))
        object.__setattr__(self, "seats", MappingProxyType(made))
        object.__setattr__(self, "levels", MappingProxyType(levels))
