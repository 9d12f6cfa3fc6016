"""The words of the contact centre: those of FreeSWITCH's mod_callcenter where it has them (C1)."""

from __future__ import annotations

from enum import StrEnum


class AgentStatus(StrEnum):
    """What an agent (or a supervisor) has chosen."""

    LOGGED_OUT = "Logged Out"
    AVAILABLE = "Available"
    #: Takes one call, then pauses.
    ON_DEMAND = "Available (On Demand)"
    ON_BREAK = "On Break"


class AgentState(StrEnum):
    """What an agent is doing. Who talks with a caller of a queue is in a queue call, whatever rings or is to
    be wrapped up beside it."""

    IDLE = "Idle"
    WAITING = "Waiting"
    #: Held for a caller who is being called back.
    RESERVED = "Reserved"
    RECEIVING = "Receiving"
    IN_A_QUEUE_CALL = "In a queue call"
    WRAP_UP = "Wrap-up"
    #: A call of the agent's own, which no queue gave.
    IN_ANOTHER_CALL = "In another call"


class MemberState(StrEnum):
    """What becomes of a caller."""

    WAITING = "Waiting"
    TRYING = "Trying"
    ANSWERED = "Answered"
    ABANDONED = "Abandoned"


class CancelReason(StrEnum):
    """Why a caller left the queue without an agent."""

    NONE = "NONE"
    #: The caller hung up.
    BREAK_OUT = "BREAK_OUT"
    #: The longest wait was over.
    TIMEOUT = "TIMEOUT"
    #: Nobody was logged in for too long.
    NO_AGENT_TIMEOUT = "NO_AGENT_TIMEOUT"
    #: The caller pressed the key that leads out.
    EXIT_WITH_KEY = "EXIT_WITH_KEY"
    #: The queue was full, or the expected wait too long, when the caller came.
    FULL = "FULL"
    EXPECTED_WAIT = "EXPECTED_WAIT"
    #: A caller who was to be called back could not be reached.
    CALLBACK_FAILED = "CALLBACK_FAILED"
    #: There is no such queue (any more).
    UNKNOWN_QUEUE = "UNKNOWN_QUEUE"
    #: A supervisor emptied the queue.
    FLUSHED = "FLUSHED"
    #: The switch no longer knows the call.
    LOST = "LOST"


class WaitCost(StrEnum):
    """What the caller must be told about the price of the wait in the first queue (TKG § 115(2))."""

    #: Nothing: a free, geographic or mobile number.
    UNTOLD = ""
    #: The wait costs nothing, the call does.
    FREE = "free"
    #: The call has a fixed price, however long it takes.
    FIXED = "fixed"


class Strategy(StrEnum):
    """In which order free agents are offered a caller; penalties of the queue come first."""

    LONGEST_IDLE = "longest-idle-agent"
    ROUND_ROBIN = "round-robin"
    TOP_DOWN = "top-down"
    RING_ALL = "ring-all"
    RING_PROGRESSIVELY = "ring-progressively"
    FEWEST_CALLS = "agent-with-fewest-calls"
    LEAST_TALK_TIME = "agent-with-least-talk-time"
    RANDOM = "random"
    WEIGHTED = "weighted"


class OfferState(StrEnum):
    """How far an offer of a caller to an agent has come."""

    RINGING = "ringing"
    #: The agent answered; caller and agent are being joined (or the caller is being called back).
    CONNECTING = "connecting"
    TALKING = "talking"


class Failure(StrEnum):
    """Why an agent did not take a call."""

    NO_ANSWER = "no-answer"
    REJECTED = "rejected"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
