"""A small world around a contact centre that does everything wrong: phones that never answer, events that are
lost, doubled or late, callers who leave in every state, queues and agents that are removed while somebody
waits or talks, restarts that replay the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from acd.effects import CallBack, Effect, Join, Ring, SendAway, Stop
from acd.events import (
    CallbackMissed,
    CallbackReached,
    CallbackWanted,
    CallerJoined,
    CallerLeft,
    CallerMoved,
    CallHeld,
    CallResumed,
    Compared,
    Configured,
    Event,
    Joined,
    OfferAnswered,
    OfferFailed,
    OwnCallBegan,
    OwnCallEnded,
    QueueFlushed,
    StatusChosen,
    TalkEnded,
    TimePassed,
    Unjoined,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.names import (
    AgentStatus,
    CancelReason,
    Failure,
    OfferState,
    Strategy,
    WaitCost,
)
from acd.spec import (
    AgentSpec,
    Callback,
    Membership,
    Overflow,
    QueueSpec,
    Relaxation,
    Skill,
    TenantSpec,
)
from acd.state import State
from acd.step import step
from tests.unit.acd.promises import watch

LOSS: Final = 0.02
DOUBLE: Final = 0.02


def an_overflow(random: Random) -> Overflow | None:
    """Out, or into any queue: also into itself, round in a circle, or into one that is not there."""
    target = random.choice(("out", "q0", "q1", "q2", "q3"))
    return random.choice(
        (
            None,
            Overflow(target, after_ms=random.choice((1_000, 20_000, 120_000))),
            Overflow(target, length=random.choice((0, 8))),
            Overflow(target, no_agents_ms=random.choice((0, 3_000))),
            Overflow(target, expected_wait_ms=30_000),
            Overflow(target, after_ms=40_000, length=8, no_agents_ms=0, expected_wait_ms=90_000),
        )
    )


def another_tenant(random: Random) -> TenantSpec:
    """As an operator changes it: queues and agents come and go, whoever waits or talks there."""
    queues = sorted(random.sample(range(4), random.randint(1, 4)))
    return a_tenant(random, queues, sorted(random.sample(range(7), random.randint(1, 7))))


def a_tenant(
    random: Random, numbers: Sequence[int] = range(3), staff: Sequence[int] = range(6)
) -> TenantSpec:
    """Queues with every strategy, agents in several of them, skills, overflows, callbacks."""
    strategies = list(Strategy)
    queues = tuple(
        QueueSpec(
            f"q{number}",
            strategy=random.choice(strategies),
            weight=random.choice((0, 0, 5)),
            wrap_up_ms=random.choice((0, 5_000)),
            preferred_ms=random.choice((0, 8_000)),
            progress_ms=3_000,
            ring_ms=15_000,
            relaxations=(Relaxation(20_000, 50), Relaxation(40_000, 100)),
            best_skill_first=random.choice((True, False)),
            overflow=an_overflow(random),
            callback=Callback(
                tries=2, retry_ms=10_000, answer_ms=10_000, pause_ms=2_000, within_ms=60_000, most=3
            ),
            greets=random.choice((True, False)),
            announce_ms=random.choice((None, 30_000)),
        )
        for number in numbers
    )
    agents = tuple(
        AgentSpec(
            f"a{number}",
            tuple(
                Membership(queue.id, penalty=random.choice((0, 0, 1)), share=random.choice((1, 3)))
                for queue in queues
                if random.random() < 0.7
            ),
            skills=tuple(
                Skill(name, random.choice((30, 100))) for name in ("en", "fr") if random.random() < 0.5
            ),
            capacity=random.choice((1, 1, 2, 3)),
            max_no_answer=random.choice((0, 3)),
            no_answer_delay_ms=2_000,
            reject_delay_ms=2_000,
            busy_delay_ms=4_000,
            unreachable_delay_ms=4_000,
        )
        for number in staff
    )
    return TenantSpec("beispiel", queues, agents)


@dataclass
class World:
    """Draws what happens next, tells it, and looks at everything after each step."""

    random: Random
    now_ms: int = 1_000_000
    callers: int = 0
    steps: int = 0
    crashes: int = 0
    state: State = field(init=False)
    #: Everything since the last checkpoint, to be replayed.
    journal: list[tuple[Event, int]] = field(default_factory=list)
    checkpoint: State = field(init=False)
    #: Offers that ring at a phone, in the world's own view.
    ringing: set[int] = field(default_factory=set)
    joining: set[int] = field(default_factory=set)
    calling_back: set[str] = field(default_factory=set)
    pending: list[Event] = field(default_factory=list)
    #: Told of every step's effects.
    observe: Callable[[int, tuple[Effect, ...]], None] = lambda at_ms, effects: None

    def __post_init__(self) -> None:
        spec = a_tenant(self.random)
        self.state = self.checkpoint = State(TenantSpec("beispiel"), seed=self.random.getrandbits(60))
        self.tell(Configured(spec))
        for each in spec.agents:
            self.tell(StatusChosen(each.id, AgentStatus.AVAILABLE))

    def run(self, steps: int) -> None:
        """So many random steps."""
        while self.steps < steps:
            self.now_ms += self.random.choice((0, 10, 200, 1_000, 4_000))
            while self.state.due_ms is not None and self.state.due_ms <= self.now_ms:
                self.tell(TimePassed())
            if self.pending and self.random.random() < 0.7:
                self.tell(self.pending.pop(self.random.randrange(len(self.pending))))
            else:
                self.tell(self.something())
            if self.random.random() < 0.002:
                self.crash()

    def tell(self, event: Event) -> None:
        before = self.state
        self.journal.append((event, self.now_ms))
        self.state, effects = step(before, event, self.now_ms)
        self.steps += 1
        watch(before, self.state, effects)
        self.observe(self.now_ms, effects)
        for effect in effects:
            self.carry_out(effect)

    def crash(self) -> None:
        """A successor replays the journal, has the same state, and compares notes with the switch."""
        self.crashes += 1
        state = self.checkpoint
        for event, at_ms in self.journal:
            state, _ = step(state, event, at_ms)
        assert state == self.state
        self.checkpoint, self.journal = state, []
        talking = {each.id for each in state.offers.values() if each.state is OfferState.TALKING}
        legs = talking | self.ringing | self.joining
        lost = {each for each in legs if self.random.random() < 0.05}
        there = {name for name in state.members if self.random.random() > 0.05}
        self.ringing -= lost
        self.joining -= lost
        inherited = state.offers.keys() - talking
        self.tell(Compared(frozenset(there), frozenset(legs - lost), self.now_ms, frozenset(inherited)))
        for number in sorted(self.joining):
            if self.random.random() < 0.5:
                self.joining.discard(number)
                self.tell(Unjoined(number))

    def carry_out(self, effect: Effect) -> None:
        match effect:
            case Ring():
                self.ringing.add(effect.offer_id)
            case Stop():
                self.ringing.discard(effect.offer_id)
                self.joining.discard(effect.offer_id)
            case Join():
                self.ringing.discard(effect.offer_id)
                self.joining.add(effect.offer_id)
            case CallBack():
                self.ringing.discard(effect.offer_id)
                self.calling_back.add(effect.member_id)
            case SendAway():
                pass

    def later(self, event: Event) -> None:
        """The switch says it: perhaps never, perhaps twice, in any order."""
        if self.random.random() >= LOSS:
            self.pending.append(event)
        if self.random.random() < DOUBLE:
            self.pending.append(event)

    def something(self) -> Event:
        return self.random.choice(_HAPPENINGS)(self)

    # -- what may happen ------------------------------------------------------------------------

    def a_call(self) -> Event:
        if len(self.state.members) > 25:
            return self.a_hang_up()
        self.callers += 1
        skills = (Skill("en", 80),) if self.random.random() < 0.3 else ()
        preferred = f"a{self.random.randrange(8)}" if self.random.random() < 0.2 else None
        queue = f"q{self.random.randrange(4)}" if self.random.random() > 0.01 else "unknown"
        since = self.now_ms - 5_000 if self.random.random() < 0.1 else None
        found = since if self.random.random() < 0.5 else None
        return CallerJoined(
            f"c{self.callers}",
            queue,
            self.random.choice((0, 0, 0, 3)),
            skills,
            preferred,
            since,
            caller=f"p{self.random.randrange(20)}" if self.random.random() < 0.3 else None,
            cost=self.random.choice(list(WaitCost)),
            number=f"+49302312510{self.random.randrange(10)}" if self.random.random() < 0.1 else None,
            joined_ms=found,
        )

    def a_hang_up(self) -> Event:
        names = [*self.state.members] or ["nobody"]
        reason = self.random.choice((CancelReason.BREAK_OUT, CancelReason.EXIT_WITH_KEY))
        return CallerLeft(self.random.choice(names), reason)

    def a_phone(self) -> Event:
        if self.joining and self.random.random() < 0.6:
            number = self.random.choice(sorted(self.joining))
            self.joining.discard(number)
            self.later(Joined(number))
            return TimePassed()
        if not self.ringing:
            return TimePassed()
        number = self.random.choice(sorted(self.ringing))
        self.ringing.discard(number)
        if self.random.random() < 0.6:
            self.later(OfferAnswered(number))
        elif self.random.random() < 0.7:
            self.later(OfferFailed(number, self.random.choice(list(Failure))))
        return TimePassed()

    def a_conversation_ends(self) -> Event:
        talking = [each.id for each in self.state.offers.values() if each.state is OfferState.TALKING]
        if talking:
            self.later(TalkEnded(self.random.choice(talking)))
        return TimePassed()

    def a_hold(self) -> Event:
        talking = [each.id for each in self.state.offers.values() if each.state is OfferState.TALKING]
        kind = self.random.choice((CallHeld, CallResumed))
        return kind(self.random.choice(talking or [0]))

    def a_callback(self) -> Event:
        if self.calling_back and self.random.random() < 0.7:
            name = self.random.choice(sorted(self.calling_back))
            self.calling_back.discard(name)
            self.later(self.random.choice((CallbackReached, CallbackMissed))(name))
            return TimePassed()
        waiting = [*self.state.members] or ["nobody"]
        name = self.random.choice(waiting)
        self.later(CallerLeft(name))
        return CallbackWanted(name, self.now_ms + self.random.choice((0, 5_000)))

    def an_agent(self) -> Event:
        name = f"a{self.random.randrange(7)}"
        match self.random.randrange(8):
            case 0:
                return StatusChosen(name, self.random.choice(list(AgentStatus)))
            case 1:
                return OwnCallBegan(name, "own")
            case 2:
                return OwnCallEnded(name, "own")
            case 3:
                return WrapUpExtended(name, self.now_ms + self.random.choice((-1_000, 3_000, 9_000)))
            case 4:
                return WrapUpEnded(name, "done", self.random.choice(("", self.a_wrapped_up_call(name))))
            case _:
                return StatusChosen(name, AgentStatus.AVAILABLE)

    def a_wrapped_up_call(self, agent_id: str) -> str:
        agent = self.state.agents.get(agent_id)
        return (
            self.random.choice(agent.wrap_ups).member_id if agent is not None and agent.wrap_ups else "none"
        )

    def a_supervisor(self) -> Event:
        names = [*self.state.members] or ["nobody"]
        if self.random.random() < 0.1:
            return Configured(another_tenant(self.random))
        if self.random.random() < 0.05:
            return QueueFlushed(f"q{self.random.randrange(4)}", self.random.choice(("q0", "q1", None)))
        return CallerMoved(self.random.choice(names), f"q{self.random.randrange(4)}")


_HAPPENINGS: Final[tuple[Callable[[World], Event], ...]] = (
    *(World.a_call,) * 4,
    *(World.a_phone,) * 10,
    *(World.a_conversation_ends,) * 4,
    World.a_hang_up,
    World.a_hold,
    World.a_callback,
    World.a_callback,
    *(World.an_agent,) * 3,
    World.a_supervisor,
)


def worlds(seed: int) -> Iterator[World]:
    """Ever new worlds, the same for the same seed."""
    random = Random(seed)
    while True:
        yield World(Random(random.getrandbits(60)))
