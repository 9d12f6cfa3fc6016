"""What is kept of a call for a short while: never waited for, never without a bound (B12)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from controller import tracing
from controller.errors import StoreAway
from controller.tracing import TraceStep, Tracing
from dialplan.decide import decide
from tests.unit.dialplan.carriers import AT, MOBILE, NOW, from_phone, snapshot

CALL = "3f0c2a52-6d5b-4f5e-9a51-0a3c1a4d6c11"
OTHER = "5ed4e19c-0000-4f5e-9a51-0a3c1a4d6c11"


@dataclass
class MemoryStore:
    """What was written; or a store that is away."""

    steps: list[TraceStep] = field(default_factory=list)
    away: bool = False

    def write(self, steps: Sequence[TraceStep]) -> None:
        if self.away:
            raise StoreAway("Redis")
        self.steps += steps


def kept(store: MemoryStore) -> Tracing:
    return Tracing(store, "127.0.0.1:8084", lambda: NOW)


def test_a_decision_is_told_with_its_reason_and_trunks() -> None:
    store = MemoryStore()
    found = kept(store)
    offered = from_phone(MOBILE)
    decision = decide(offered, snapshot(), AT)
    found.decided(offered, decision, 0.0004)
    found.write()
    came, decided = store.steps
    assert (came.what, came.at) == ("offered", NOW - timedelta(seconds=0.0004))
    assert decided.id == offered.call_id
    assert f"[{decision.reason.id}]" in decided.words
    assert "(0.4 ms)" in decided.words


def test_a_command_is_told_to_each_call_it_names_without_the_dial_string() -> None:
    store = MemoryStore()
    found = kept(store)
    found.commanded("uuid_bridge", f"{CALL} {OTHER}", "+OK", 0.01)
    found.commanded(
        "originate", f"{{x=y}}[origination_uuid={CALL},secret=1]sofia/gateway/a/1 &park", "-ERR BUSY", 1
    )
    found.commanded("uuid_getvar", f"{CALL} fernamt_pin", "1234", 0.01)
    found.write()
    assert [(step.id, step.what) for step in store.steps] == [
        (CALL, "commanded"),
        (OTHER, "commanded"),
        (CALL, "commanded"),
    ]
    assert "secret" not in store.steps[2].words
    assert "-> -ERR BUSY" in store.steps[2].words


def test_events_say_how_late_they_were_heard() -> None:
    store = MemoryStore()
    found = kept(store)
    found.answered(CALL, NOW - timedelta(milliseconds=30))
    found.ended(CALL)
    found.write()
    assert [(step.what, step.words) for step in store.steps] == [
        ("heard answered", "30 ms after it happened"),
        ("heard ended", ""),
    ]


def test_steps_are_lost_and_counted_while_the_store_is_away() -> None:
    store = MemoryStore(away=True)
    found = kept(store)
    found.ended(CALL)
    found.write()
    assert found.lost == 1
    store.away = False
    found.ended(OTHER)
    found.write()
    assert [step.id for step in store.steps] == [OTHER]


def test_no_more_than_so_many_steps_wait() -> None:
    found = kept(MemoryStore())
    for _ in range(tracing._MOST_WAITING + 5):
        found.ended(CALL)
    assert found.lost == 5


def test_a_call_pays_microseconds_for_its_trace() -> None:
    """docs/trace.md: under 20 us of the call path; here the best of many, for a busy machine."""
    found = kept(MemoryStore())
    offered = from_phone(MOBILE)
    decision = decide(offered, snapshot(), AT)
    best_s = 1.0
    for _ in range(2_000):
        began = time.perf_counter()
        found.decided(offered, decision, 0.0004)
        best_s = min(best_s, time.perf_counter() - began)
    assert best_s < 20e-6
