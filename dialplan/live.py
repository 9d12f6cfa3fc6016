"""A call in progress, as operators see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LiveState(StrEnum):
    """How far a call has come."""

    RINGING = "ringing"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class LiveCall:
    """One call in progress. `call_id` is its A leg's id; times are UTC with millisecond precision.

    `direction` is dialplan.decision.Direction's value. `a_number` is the number shown, `b_number` the one
    called. `answered_at` is None while it rings. `reason_id` and `config_version` are None when no
    controller decided about the call. `trunk_ids`: the trunk it came in on and the first one it was sent to.
    """

    call_id: str
    node: str
    customer_id: str | None
    direction: str
    a_number: str | None
    b_number: str | None
    state: LiveState
    reason_id: str | None
    started_at: datetime
    answered_at: datetime | None
    config_version: int | None
    trunk_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallBegun:
    """Note the call."""

    call: LiveCall


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """Bring the call up to date, if it is noted: a late event must not bring an ended one back."""

    call: LiveCall


@dataclass(frozen=True, slots=True)
class CallEnded:
    """Forget the call."""

    call_id: str


@dataclass(frozen=True, slots=True)
class NodeSeen:
    """The node gave a sign of life, and so did its calls."""

    node: str


LiveChange = CallBegun | CallAnswered | CallEnded | NodeSeen
