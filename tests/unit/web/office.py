"""A customer's contact centre behind the interface, in memory: users, a screen, what was ordered."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import falcon
from falcon.testing import TestClient

from acd.orders import Order, Supervise
from dialplan.recording import RecordingEvent
from web.app import make_app
from web.door import Door
from web.errors import Away, Refused
from web.operation import Services
from web.ports import Listener, Period, TokenFacts
from web.rates import Rate
from web.rights import Role, User
from web.stream import Streams

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ANNA = User(1, "kunde", "anna", Role.AGENT, "anna")
LEAD = User(2, "kunde", "lead", Role.SUPERVISOR, "lead-1")
ADMIN = User(3, "kunde", "boss", Role.ADMIN, "boss-1")
STRANGER = User(4, "other", "boss", Role.ADMIN, None)
SCREEN: dict[str, Any] = {
    "customer": "kunde",
    "queues": [
        {
            "queue": "verkauf",
            "strategy": "longest-idle-agent",
            "waiting": [{"call": "c1", "waited_ms": 9_000, "ringing": ["anna"]}],
            "talking": 1,
        },
        {"queue": "technik", "strategy": "ring-all", "waiting": [], "talking": 0},
    ],
    "agents": [
        {
            "agent": name,
            "status": "Available",
            "state": "Waiting",
            "reason": None,
            "calls": 0,
            "queues": [queue],
            "wrap_up_ms": None,
            "wrap_up_codes": [],
        }
        for name, queue in (("anna", "verkauf"), ("bert", "technik"))
    ],
}


@dataclass
class MemoryUsers:
    """`away` as when the database is; after so many `looks` every token is revoked."""

    users: dict[str, User] = field(
        default_factory=lambda: {"t-anna": ANNA, "t-lead": LEAD, "t-boss": ADMIN, "t-other": STRANGER}
    )
    away: bool = False
    looks: int = 10_000

    def of_token(self, token: str) -> User | None:
        if self.away:
            raise Away("the database does not answer", 3)
        self.looks -= 1
        return self.users.get(token) if self.looks >= 0 else None

    def has(self, token: str) -> bool:
        return token in self.users and self.looks > 0

    def tokens(self, customer_id: str) -> Sequence[TokenFacts]:
        return [
            TokenFacts(each.token_id, each.name, each.role.value, each.agent_id, NOW, NOW + timedelta(days=9))
            for each in self.users.values()
            if each.customer_id == customer_id
        ]

    def revoke(self, customer_id: str, token_id: int, actor: str) -> bool:
        return any(each.id == token_id for each in self.tokens(customer_id))


@dataclass
class MemoryCentre:
    """Orders are written down; those about the call `gone` are refused."""

    screens: dict[str, dict[str, Any]] = field(default_factory=lambda: {"kunde": SCREEN})
    ordered: list[tuple[str, str, Order | Supervise]] = field(default_factory=list)
    yes: list[tuple[str, str, str]] = field(default_factory=list)
    recorded: list[tuple[str, str, str, str | None]] = field(default_factory=list)

    def screen(self, customer_id: str) -> Mapping[str, Any] | None:
        return self.screens.get(customer_id)

    def order(self, user: User, action: str, order: Order | Supervise) -> None:
        if getattr(order, "member_id", None) == "gone":
            raise Refused("call gone does not wait in a queue")
        self.ordered.append((user.actor, action, order))

    def agreed(self, user: User, call_id: str, agent_id: str) -> None:
        if call_id == "gone":
            raise Refused("agent anna does not talk with call gone")
        self.yes.append((user.actor, call_id, agent_id))

    def record(self, user: User, call_id: str, event: RecordingEvent, agent_id: str | None) -> None:
        if call_id == "gone":
            raise Refused("call gone has no recording that could be paused")
        self.recorded.append((user.actor, call_id, event.value, agent_id))


@dataclass
class MemoryFigures:
    """Asked for, and two rows of each. `hidden`: agents are not to be told apart."""

    asked: list[tuple[str, Period, str | None]] = field(default_factory=list)
    hidden: bool = False

    def queues(self, customer_id: str, period: Period, queue: str | None) -> Sequence[Mapping[str, Any]]:
        self.asked.append((customer_id, period, queue))
        names = ("answered", "abandoned", "abandoned_short", "sent_on", "moved_on", "service_level")
        names += ("callbacks", "called_back", "transferred")
        names += (
            "speed_of_answer_s",
            "longest_wait_s",
            "talk_s",
            "hold_s",
            "handle_s",
            "repeat_callers",
            "lost",
        )
        blank = dict.fromkeys(names)
        small = {"interval": "2026-11-22T10:00+01:00", "queue": "verkauf", "small": True, "offered": "<5"}
        return [{**blank, **small}, {**dict.fromkeys(names, 1), **small, "small": False, "offered": 5}]

    def agents(self, customer_id: str, period: Period, agent: str | None) -> Sequence[Mapping[str, Any]]:
        self.asked.append((customer_id, period, agent))
        if self.hidden:
            raise Refused("figures of single agents are not shown: the customer has not declared it")
        names = ("not_answered", "talk_s", "hold_s", "wrap_up_s", "ring_s", "other_call_s", "occupancy")
        whole = {"interval": "2026-11-22T10:00+01:00", "agent": "anna", "logged_in_s": 900.0, "paused_s": 0.0}
        return [
            {**whole, **dict.fromkeys(names), "small": True, "calls": "<5"},
            {**whole, **dict.fromkeys(names, 1), "small": False, "calls": 6},
        ]


class MemoryListener:
    """Says what there is, then nothing."""

    def __init__(self, records: Sequence[str]) -> None:
        self.records = deque(records)
        self.closed = False

    def next(self, timeout_s: float) -> str | None:
        return self.records.popleft() if self.records else None

    def close(self) -> None:
        self.closed = True


@dataclass
class MemoryLive:
    records: Sequence[str] = ()
    listeners: list[MemoryListener] = field(default_factory=list)

    def listen(self, customer_id: str) -> Listener:
        self.listeners.append(MemoryListener(self.records if customer_id == "kunde" else ()))
        return self.listeners[-1]


@dataclass
class Parts:
    states: dict[str, str] = field(default_factory=lambda: {"database": "ok", "redis": "ok"})

    def parts(self) -> Mapping[str, str]:
        return self.states


class Office:
    """All of it, with a clock that stands until it is moved."""

    def __init__(self, *, at_once: int = 10_000) -> None:
        self.now_s = 100.0
        self.users, self.centre, self.figures = MemoryUsers(), MemoryCentre(), MemoryFigures()
        self.live, self.health = MemoryLive(), Parts()
        self.stopping = False
        rate = Rate(at_once, 1.0)
        self.streams = Streams(self.live, self.centre, self._clock_s, lambda: self.stopping)
        self.door = Door(self.users, lambda: self.now_s, rate, rate)
        self.app: falcon.App[Any, Any] = make_app(
            Services(self.users, self.centre, self.figures, lambda: NOW),
            self.door,
            self.streams,
            self.health,
        )
        self.client = TestClient(self.app)

    def _clock_s(self) -> float:
        self.now_s += 0.1
        return self.now_s

    def get(self, path: str, token: str | None = "t-lead", **more: Any) -> Any:  # noqa: S107
        return self.client.simulate_get(path, headers=bearer(token), **more)

    def post(self, path: str, body: Any, token: str | None = "t-lead", **more: Any) -> Any:  # noqa: S107
        return self.client.simulate_post(path, headers=bearer(token), json=body, **more)


def bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token is not None else {}
