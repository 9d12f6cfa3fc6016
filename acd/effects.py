"""What a step wants done. Imperative; the controller carries them out in order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from acd.names import AgentState, AgentStatus, CancelReason, Failure, WaitCost


class Because(StrEnum):
    """Why an agent's phone stops ringing or is hung up."""

    CALLER_GONE = "caller gone"
    ANSWERED_ELSEWHERE = "answered elsewhere"
    TIMEOUT = "not answered in time"
    AGENT_UNAVAILABLE = "agent no longer available"
    CALLER_MOVED = "caller moved"
    UNKNOWN_OFFER = "offer is over"


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring the agent for at most `ring_ms`; the leg carries `offer_id`. `number`: of a caller who is not on
    the line but to be called back."""

    offer_id: int
    agent_id: str
    member_id: str
    queue_id: str
    waited_ms: int
    ring_ms: int
    number: str | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """End the agent's leg of this offer, ringing or answered; tell the agent why."""

    offer_id: int
    agent_id: str | None
    because: Because


@dataclass(frozen=True, slots=True)
class Join:
    """Join caller and agent, who is told first what comes."""

    offer_id: int
    member_id: str
    agent_id: str
    queue_id: str = ""
    waited_ms: int = 0


@dataclass(frozen=True, slots=True)
class CallBack:
    """The agent has answered: call the caller back through the choke point, `answer_ms` at most."""

    offer_id: int
    member_id: str
    agent_id: str
    answer_ms: int
    queue_id: str = ""
    number: str | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class CallbackNoted:
    """Tell the caller that he will be called back; then he is released. For the log too."""

    member_id: str


@dataclass(frozen=True, slots=True)
class SendAway:
    """The caller leaves the queue for `target` (a name of the routing plan)."""

    member_id: str
    target: str
    reason: CancelReason


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the caller the place in the queue (1 is next) and the expected wait, None when unknown. `first`:
    he has just come; then also what is to be said of the price."""

    member_id: str
    queue_id: str
    position: int
    expected_wait_ms: int | None
    first: bool = False
    cost: WaitCost = WaitCost.UNTOLD


@dataclass(frozen=True, slots=True)
class AgentChanged:
    """For screens and the log: an agent's status or state is new."""

    agent_id: str
    status: AgentStatus
    state: AgentState
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class OfferEnded:
    """For the log: an offer that led to no conversation, None: withdrawn."""

    offer_id: int
    agent_id: str
    member_id: str
    failure: Failure | None
    rang_ms: int


@dataclass(frozen=True, slots=True)
class Entered:
    """For the log: a caller stands in a queue; `came_from` another one of the tenant, or from outside."""

    member_id: str
    queue_id: str
    came_from: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """For the log: caller and agent talk, after this wait."""

    member_id: str
    agent_id: str
    queue_id: str
    waited_ms: int


@dataclass(frozen=True, slots=True)
class HoldEnded:
    """For the log: the caller was on hold for so long; a part of the conversation."""

    member_id: str
    agent_id: str
    queue_id: str
    held_ms: int


@dataclass(frozen=True, slots=True)
class Ended:
    """For the log: the conversation is over."""

    member_id: str
    agent_id: str
    queue_id: str
    talked_ms: int


@dataclass(frozen=True, slots=True)
class Abandoned:
    """For the log: a caller left without an agent."""

    member_id: str
    queue_id: str
    waited_ms: int
    reason: CancelReason


@dataclass(frozen=True, slots=True)
class WrappedUp:
    """For the log: the wrap-up is over, with its code if the agent gave one. Of an agent who may have several
    calls it says of which conversation."""

    agent_id: str
    code: str | None
    member_id: str = ""
    queue_id: str = ""


#: What key figures are made of; kept in the order in which it happened.
Logged = (
    AgentChanged | OfferEnded | Entered | CallbackNoted | Answered | HoldEnded | Ended | Abandoned | WrappedUp
)

Effect = Ring | Stop | Join | CallBack | SendAway | Announce | Logged
