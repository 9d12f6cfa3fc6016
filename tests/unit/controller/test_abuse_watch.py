"""Who is looked at, when, and what becomes of what the rules see (B10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.abuse_watch import REST_S, AbuseRules, AbuseWatch
from controller.errors import StoreAway
from dialplan.abuse.cases import (
    AbuseRule,
    Action,
    EndedCall,
    Sighting,
    ThresholdChange,
    ThrottlePolicy,
    changed,
)
from dialplan.abuse.rules import DEFAULTS
from dialplan.cdr import LegRecord, LegSide
from tests.unit.controller.fakes import leg

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
PINGS = [
    EndedCall(
        f"c{number}",
        f"+4940669690{number * 7 % 100:02}",
        NOW - timedelta(seconds=100 - number),
        NOW - timedelta(seconds=100 - number),
        None,
        NOW - timedelta(seconds=98 - number),
        True,
    )
    for number in range(30)
]
ABROAD = [replace(each, number=f"+44207946{number:04}") for number, each in enumerate(PINGS)]


@dataclass
class MemoryAbuse:
    """One customer's calls for everybody."""

    traffic: Sequence[EndedCall] = ()
    rules_of: AbuseRules = field(default_factory=lambda: AbuseRules(DEFAULTS, ThrottlePolicy()))
    released: dict[AbuseRule, datetime] = field(default_factory=dict)
    away: bool = False
    looked_at: list[str] = field(default_factory=list)
    asked_past: int = 0
    cases: list[tuple[str, AbuseRule, Action]] = field(default_factory=list)
    #: What others do while the answer is on its way.
    meanwhile: Callable[[], None] = lambda: None

    def rules(self, customer_id: str) -> AbuseRules:
        if self.away:
            raise StoreAway("the database is away")
        self.looked_at.append(customer_id)
        return self.rules_of

    def calls(self, customer_id: str, since: datetime) -> Sequence[EndedCall]:
        self.meanwhile()
        return [each for each in self.traffic if each.started_at > since]

    def costly(self, customer_id: str, since: datetime, until: datetime) -> Sequence[datetime]:
        assert until - since == timedelta(days=28)
        self.asked_past += 1
        return ()

    def releases(self, customer_id: str) -> Mapping[AbuseRule, datetime]:
        return self.released

    def seen(
        self, customer_id: str, found: Sighting, action: Action, policy: ThrottlePolicy, at: datetime
    ) -> bool:
        self.cases.append((customer_id, found.rule, action))
        return True


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def store() -> MemoryAbuse:
    return MemoryAbuse(PINGS)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(store: MemoryAbuse, clock: Clock) -> AbuseWatch:
    return AbuseWatch(store, clock)


def outgoing(customer_id: str | None = "bau", direction: str = "out", side: LegSide = LegSide.A) -> LegRecord:
    return replace(leg("l"), customer_id=customer_id, direction=direction, side=side)


def test_what_a_rule_sees_becomes_a_case_with_its_action(watch: AbuseWatch, store: MemoryAbuse) -> None:
    watch.note([outgoing()])
    watch.look()
    assert store.cases == [("bau", AbuseRule.PING_CALLS, Action.THROTTLE)]


def test_only_customers_who_placed_calls_are_looked_at(watch: AbuseWatch, store: MemoryAbuse) -> None:
    legs = [
        outgoing("incoming", "in"),
        outgoing("emergency", "emergency"),
        replace(outgoing("b-leg", side=LegSide.B), call_id="its-caller"),
        outgoing(None),
        outgoing("on-net", "onnet"),
        outgoing("asked for by a program", side=LegSide.B),
    ]
    watch.note(legs)
    watch.look()
    assert store.looked_at == ["on-net", "asked for by a program"]


def test_a_busy_customer_is_left_alone_for_a_while_but_not_forgotten(
    watch: AbuseWatch, store: MemoryAbuse, clock: Clock
) -> None:
    for _ in range(3):
        watch.note([outgoing()])
        watch.look()
    assert store.looked_at == ["bau"]
    clock.now += timedelta(seconds=REST_S + 1)
    watch.look()
    assert store.looked_at == ["bau", "bau"]
    clock.now += timedelta(seconds=REST_S + 1)
    watch.look()
    assert store.looked_at == ["bau", "bau"]


def test_a_record_that_comes_during_a_look_is_looked_at_too(
    watch: AbuseWatch, store: MemoryAbuse, clock: Clock
) -> None:
    store.meanwhile = lambda: watch.note([outgoing()])
    watch.note([outgoing()])
    watch.look()
    store.meanwhile = lambda: None
    clock.now += timedelta(seconds=REST_S + 1)
    watch.look()
    assert store.looked_at == ["bau", "bau"]


def test_a_database_that_is_away_keeps_customers_waiting(watch: AbuseWatch, store: MemoryAbuse) -> None:
    watch.note([outgoing()])
    store.away = True
    watch.look()
    store.away = False
    watch.look()
    assert store.looked_at == ["bau"]


def test_the_weeks_before_are_asked_for_only_when_a_rule_needs_them(
    watch: AbuseWatch, store: MemoryAbuse
) -> None:
    watch.note([outgoing()])
    watch.look()
    assert store.asked_past == 0
    store.traffic = ABROAD
    watch.note([outgoing("night")])
    watch.look()
    assert store.asked_past == 1
    assert ("night", AbuseRule.COSTLY_OUT_OF_HOURS, Action.THROTTLE) in store.cases


def test_without_rules_nothing_is_read(watch: AbuseWatch, store: MemoryAbuse) -> None:
    off = changed(DEFAULTS, [ThresholdChange(each, action=Action.OFF) for each in AbuseRule])
    store.rules_of = AbuseRules(off, ThrottlePolicy())
    watch.note([outgoing()])
    watch.look()
    assert store.cases == []


def test_stopping_what_never_started_is_no_error(watch: AbuseWatch) -> None:
    watch.stop(1.0)
