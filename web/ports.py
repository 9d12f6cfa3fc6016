"""What the interface needs of the rest of the program; wired in cli/run_web.py. Every method raises
web.errors.Away when what it asks does not answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from acd.orders import Order, Supervise
from dialplan.recording import RecordingEvent
from web.rights import User


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A token as admins see it; the token itself is nowhere."""

    id: int
    name: str
    role: str
    agent: str | None
    created_at: datetime
    expires_at: datetime


class Users(Protocol):
    """Who has tokens."""

    def of_token(self, token: str) -> User | None:
        """None: there is no such token, or no longer."""
        ...

    def has(self, token: str) -> bool:
        """Whether it was somebody's token a few seconds ago: as cheap for a guess as for a token, and raises
        nothing."""
        ...

    def tokens(self, customer_id: str) -> Sequence[TokenFacts]:
        """Those that are valid, of one customer."""
        ...

    def revoke(self, customer_id: str, token_id: int, actor: str) -> bool:
        """False: the customer has no such token."""
        ...


class Centre(Protocol):
    """The contact centre of a customer, wherever its owner runs."""

    def screen(self, customer_id: str) -> Mapping[str, Any] | None:
        """Agents and queues as the owner sees them; None while nobody serves the customer."""
        ...

    def order(self, user: User, action: str, order: Order | Supervise) -> None:
        """Have it done, with an entry in the audit before. Raises Refused with the owner's word."""
        ...

    def agreed(self, user: User, call_id: str, agent_id: str) -> None:
        """Record this call of the customer's, whose caller said yes to the agent; with an entry in the audit
        before. Raises Refused."""
        ...

    def record(self, user: User, call_id: str, event: RecordingEvent, agent_id: str | None) -> None:
        """Pause, resume or stop the recording of this call of the customer's, which `agent_id` talks with
        (None: whoever); with an entry in the audit before. Raises Refused."""
        ...


class FigureSource(Protocol):
    """Key figures of one customer; the database itself keeps customers apart."""

    def queues(self, customer_id: str, period: Period, queue: str | None) -> Sequence[Mapping[str, Any]]: ...
    def agents(self, customer_id: str, period: Period, agent: str | None) -> Sequence[Mapping[str, Any]]:
        """Raises Refused where agents may not be told apart."""
        ...


@dataclass(frozen=True, slots=True)
class Period:
    """Of figures. `interval`: 15m, 1h or day."""

    begin: datetime
    end: datetime
    interval: str
    target_s: int


class Listener(Protocol):
    """Hears what happens in one contact centre, as records of acd.journal; bounded."""

    def next(self, timeout_s: float) -> str | None:
        """The next record, None when none came in time. Raises TooOften when the listener is too slow, Away
        when nothing can be heard."""
        ...

    def close(self) -> None: ...


class Live(Protocol):
    """What happens, as it happens."""

    def listen(self, customer_id: str) -> Listener: ...


class Health(Protocol):
    """What the interface depends on."""

    def parts(self) -> Mapping[str, str]:
        """By name: "ok", or a sentence what is wrong."""
        ...
