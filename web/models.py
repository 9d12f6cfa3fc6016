"""What comes in and goes out, as the description of the interface names it. Unknown fields are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

#: Names of agents, queues and customers, as provisioning has them.
NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"
#: The switch's ids of calls.
CALL_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=64)]
Interval = Literal["15m", "1h", "day"]


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 60.0 is 60 (JSON Schema, "integer")."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


#: Up to an hour.
Seconds = Annotated[int, Field(ge=1, le=3_600), BeforeValidator(_whole)]


class Incoming(BaseModel):
    """What somebody sends: exactly the fields that are described."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Outgoing(BaseModel):
    """What is answered: built from what the contact centre shows, which may show more."""

    model_config = ConfigDict(extra="ignore")


class Problem(Outgoing):
    """Why something was not done."""

    error: str = Field(description="A stable id for programs.")
    sentence: str = Field(description="For people: what is wrong, and what to do.")


class Me(Outgoing):
    """Whose token this is."""

    customer: str
    user: str
    role: str
    agent: str | None
    rights: list[str]


class Talk(Outgoing):
    """A call at an agent."""

    call: str
    queue: str
    state: str = Field(description="ringing, connecting, talking")
    ms: int = Field(description="Since when: of the conversation, or of the ringing.")
    held_ms: int | None = Field(None, description="How long the caller has been on hold.")


class WrapUpNow(Outgoing):
    """A conversation that an agent wraps up."""

    call: str
    queue: str
    ms: int = Field(description="What is left of it.")


class AgentNow(Outgoing):
    """An agent and what he does."""

    agent: str
    status: str = Field(description="Logged Out, Available, Available (On Demand), On Break")
    state: str = Field(
        description="Idle, Waiting, Reserved, Receiving, In a queue call, Wrap-up, In another call"
    )
    reason: str | None = None
    calls: int = Field(description="Calls of queues since the last login of the centre.")
    queues: list[str]
    capacity: int = Field(1, description="Calls of queues that this agent may have at a time.")
    talks: list[Talk] = Field(default=[], description="Calls of queues at this agent now.")
    wrap_up_ms: int | None = Field(None, description="What is left of the wrap-up, of the last of several.")
    wrap_ups: list[WrapUpNow] = Field(
        default=[],
        description="Of an agent who may have several calls: what is wrapped up, the newest at the end.",
    )
    wrap_up_codes: list[str] = Field(
        default=[], description="Codes to end it with; none: no code is asked for."
    )


class WaitingCall(Outgoing):
    """A caller in a queue; nothing says who."""

    call: str
    waited_ms: int
    ringing: list[str] = Field(description="Agents whose phones ring for this call.")


class QueueNow(Outgoing):
    """A queue and who waits."""

    queue: str
    strategy: str | None
    waiting: list[WaitingCall] = Field(description="The longest wait first; empty for agents.")
    waiting_count: int
    longest_wait_ms: int
    talking: int


class Agents(Outgoing):
    """Agents of the contact centre."""

    agents: list[AgentNow]


class Queues(Outgoing):
    """Queues of the contact centre."""

    queues: list[QueueNow]


class StatusWanted(Incoming):
    """A new status."""

    status: Literal["Logged Out", "Available", "Available (On Demand)", "On Break"]
    reason: str | None = Field(None, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")


class WrapUpWanted(Incoming):
    """An end of the wrap-up, with a code where the queues have some; or more time for it."""

    extend_s: Seconds | None = Field(None, description="From now. Left out: the wrap-up is over.")
    code: Name | None = None
    call: str | None = Field(
        None,
        min_length=1,
        max_length=128,
        pattern=CALL_PATTERN,
        description="Of several wrap-ups: of which call. Left out: of the call that ended last.",
    )


class MoveWanted(Incoming):
    """Where a waiting caller is to wait on, with the place kept."""

    queue: Name


class SupervisionWanted(Incoming):
    """What to do with a conversation: the user's own phone rings for it."""

    how: Literal["listen", "whisper", "barge", "take"]


class ConsentWanted(Incoming):
    """How the caller agreed to be recorded."""

    how: Literal["spoken"]


class RecordingWanted(Incoming):
    """What becomes of the recording of a conversation: silence for a while, as for the number of a card; what
    is said again; its end, behind which nothing begins again without the caller's consent."""

    do: Literal["pause", "resume", "stop"]


class FlushWanted(Incoming):
    """Where the waiting callers of a queue go."""

    to_queue: Name | None = Field(
        None, description="Another queue, with their places kept. Left out: as at the queue's overflow."
    )


class QueueFigures(Outgoing):
    """A queue in an interval (docs/figures.md). `small`: fewer than 5 callers came, nothing else is told."""

    interval: str
    queue: str
    small: bool
    offered: int | str
    answered: int | None
    abandoned: int | None
    abandoned_short: int | None
    sent_on: int | None
    moved_on: int | None
    lost: int | None
    callbacks: int | None
    called_back: int | None
    transferred: int | None
    service_level: float | None
    speed_of_answer_s: float | None
    longest_wait_s: float | None
    talk_s: float | None
    hold_s: float | None
    handle_s: float | None
    repeat_callers: int | None


class AgentFigures(Outgoing):
    """An agent in an interval (docs/figures.md). `small`: fewer than 5 calls, only time at work is told."""

    interval: str
    agent: str
    small: bool
    calls: int | str
    not_answered: int | None
    logged_in_s: float
    paused_s: float
    talk_s: float | None
    hold_s: float | None
    wrap_up_s: float | None
    ring_s: float | None
    other_call_s: float | None
    occupancy: float | None


class FiguresOfQueues(Outgoing):
    """Figures by interval and queue."""

    figures: list[QueueFigures]


class FiguresOfAgents(Outgoing):
    """Figures by interval and agent."""

    figures: list[AgentFigures]


class Token(Outgoing):
    """A token that is valid; its text is kept nowhere."""

    id: int
    name: str
    role: str
    agent: str | None
    created_at: datetime
    expires_at: datetime


class Tokens(Outgoing):
    """Tokens of the customer's users."""

    tokens: list[Token]


class Status(Outgoing):
    """The interface and what it depends on."""

    ok: bool
    parts: dict[str, str]
