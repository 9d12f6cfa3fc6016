"""What can happen to a contact centre. Past tense; what is about nobody we know is ignored, never an error:
the switch and the bus may say things late, twice or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from acd.names import AgentStatus, CancelReason, Failure, WaitCost
from acd.spec import Skill, TenantSpec


@dataclass(frozen=True, slots=True)
class Configured:
    """A new configuration holds. Agents and queues that are gone are emptied; calls in progress go on."""

    spec: TenantSpec


@dataclass(frozen=True, slots=True)
class StatusChosen:
    """An agent (or a supervisor) chose a status; `reason` for breaks. Calls in progress go on."""

    agent_id: str
    status: AgentStatus
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class OwnCallBegan:
    """The agent is in a call that no queue gave: outgoing or direct."""

    agent_id: str
    call_id: str


@dataclass(frozen=True, slots=True)
class OwnCallEnded:
    """That call is over."""

    agent_id: str
    call_id: str


@dataclass(frozen=True, slots=True)
class WrapUpExtended:
    """The agent needs longer; an end before the present one changes nothing. `member_id`: for which
    conversation, empty: for the one that ended last."""

    agent_id: str
    until_ms: int
    member_id: str = ""


@dataclass(frozen=True, slots=True)
class WrapUpEnded:
    """The agent is done, with a code where the customer wants one. `member_id`: with which conversation,
    empty: with the one that ended last, of those whose queue has the code where one of them has it."""

    agent_id: str
    code: str | None = None
    member_id: str = ""


@dataclass(frozen=True, slots=True)
class CallerJoined:
    """A call reached a queue. `since_ms`: its place in time when it comes from another queue or node.

    `preferred`: an agent; None leaves it to the queue, which knows a `caller` (a pseudonym, never the number)
    by the agent of last time. `cost`: what is to be said of the price of the wait. `number`: the caller wants
    to be called back there, on behalf of the customer's `line`, and hangs up when that is noted.

    `joined_ms`: he is found in the queue again, which he came to then: he was asked at its door and told what
    is said first, and what counts from then goes on.
    """

    member_id: str
    queue_id: str
    priority: int = 0
    skills: tuple[Skill, ...] = ()
    preferred: str | None = None
    since_ms: int | None = None
    caller: str | None = None
    cost: WaitCost = WaitCost.UNTOLD
    number: str | None = None
    line: str | None = None
    joined_ms: int | None = None


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """The caller's leg ended, or the caller pressed the key that leads out (`EXIT_WITH_KEY`)."""

    member_id: str
    reason: CancelReason = CancelReason.BREAK_OUT


@dataclass(frozen=True, slots=True)
class CallerMoved:
    """A supervisor or an overflow moves a waiting caller to another queue; the place in time stays."""

    member_id: str
    queue_id: str


@dataclass(frozen=True, slots=True)
class QueueFlushed:
    """A supervisor empties a queue: its waiting callers go into another one, with their places in time, or to
    where the queue's overflow points."""

    queue_id: str
    to_queue: str | None = None


@dataclass(frozen=True, slots=True)
class CallbackWanted:
    """The waiting caller wants to be called back and hangs up; the place stays. Of one who wants it already:
    not before then, whatever was to happen now."""

    member_id: str
    not_before_ms: int = 0
    number: str | None = None


@dataclass(frozen=True, slots=True)
class CallbackReached:
    """The called-back caller answered and is with the agent."""

    member_id: str


@dataclass(frozen=True, slots=True)
class CallbackMissed:
    """The called-back caller did not answer, or could not be reached."""

    member_id: str


@dataclass(frozen=True, slots=True)
class OfferAnswered:
    """The agent's phone answered this offer."""

    offer_id: int


@dataclass(frozen=True, slots=True)
class OfferFailed:
    """The agent's phone did not take this offer."""

    offer_id: int
    failure: Failure


@dataclass(frozen=True, slots=True)
class Joined:
    """Caller and agent hear each other."""

    offer_id: int


@dataclass(frozen=True, slots=True)
class CallHeld:
    """The agent has put the caller on hold."""

    offer_id: int


@dataclass(frozen=True, slots=True)
class CallResumed:
    """The agent speaks with the caller again."""

    offer_id: int


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """The conversation is over, whoever hung up."""

    offer_id: int


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing happened but time: send it when `State.due_ms` has come."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What the switch has: callers' legs, and offers whose agent's leg lives. Taken at `as_of_ms`; what
    began later is not judged. `inherited`: offers of an owner who is gone; that one of them has no leg is no
    fault of the agent's."""

    member_ids: frozenset[str]
    offer_ids: frozenset[int]
    as_of_ms: int
    inherited: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Unjoined:
    """The agent has answered and hears nobody: the owner who was to join them is gone."""

    offer_id: int


Event = (
    Configured
    | StatusChosen
    | OwnCallBegan
    | OwnCallEnded
    | WrapUpExtended
    | WrapUpEnded
    | CallerJoined
    | CallerLeft
    | CallerMoved
    | QueueFlushed
    | CallbackWanted
    | CallbackReached
    | CallbackMissed
    | OfferAnswered
    | OfferFailed
    | Joined
    | CallHeld
    | CallResumed
    | TalkEnded
    | TimePassed
    | Compared
    | Unjoined
)
