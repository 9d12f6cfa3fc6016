"""Limits around the call path: what a call asks, what its end gives back, and what holds without Redis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from gevent import idle, sleep
from gevent.event import Event as Flag

from controller import limiting as module
from controller.limiting import Limiting
from dialplan.limits.agreed import Claim, Counter, Scope
from tests.unit.controller.fakes import NOW, MemoryLimits

WAIT_S = 5.0
TWO = (Claim(Counter.SIMULTANEOUS_CALLS, Scope.CUSTOMER, "bau", 2),)
PACE = (Claim(Counter.CALLS_PER_SECOND, Scope.CUSTOMER, "bau", 2),)
MONTH = (Claim(Counter.SPEND_PER_MONTH, Scope.CUSTOMER, "bau/2026-11", 9_000_000),)
MONEY = (Claim(Counter.SPEND_PER_DAY, Scope.CUSTOMER, "bau/2026-11-18", 1_000_000),)


class Clock:
    """Milliseconds that a test sets."""

    def __init__(self) -> None:
        self.ms = 1_000_000.0

    def __call__(self) -> float:
        return self.ms


@pytest.fixture
def store() -> MemoryLimits:
    return MemoryLimits()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiting(store: MemoryLimits, clock: Clock) -> Iterator[Limiting]:
    """Running; `stop` carries out what is queued."""
    made = Limiting(store, clock)
    made.start()
    yield made
    made.stop(WAIT_S)


def taken(limiting: Limiting, *call_ids: str, claims: tuple[Claim, ...] = TWO) -> list[bool]:
    """Whether each call may go on."""
    return [limiting.take(call_id, "node-1", claims) is None for call_id in call_ids]


def test_the_call_beyond_the_limit_is_stopped_until_another_one_ends(
    limiting: Limiting, store: MemoryLimits
) -> None:
    assert taken(limiting, "c1", "c2", "c3") == [True, True, False]
    limiting.ended("c1")
    limiting.stop(WAIT_S)
    assert set(store.calls) == {"c2"}
    assert taken(limiting, "c4", "c5") == [True, False]


def test_a_caller_who_hangs_up_during_the_question_leaves_nothing_behind(
    limiting: Limiting, store: MemoryLimits
) -> None:
    store.meanwhile = lambda: limiting.ended("c1")
    assert taken(limiting, "c1") == [True]
    limiting.stop(WAIT_S)
    assert store.calls == {}


def test_ends_of_calls_are_not_told_while_nobody_has_limits(limiting: Limiting, store: MemoryLimits) -> None:
    store.calls["others"] = ("node-2", TWO)
    limiting.ended("others")
    limiting.stop(WAIT_S)
    assert set(store.calls) == {"others"}


def test_a_heartbeat_renews_and_finds_what_a_dead_controller_left(
    limiting: Limiting, store: MemoryLimits
) -> None:
    """The call was let through by another controller, which is gone: its end is ours to tell."""
    store.calls["others"] = ("node-1", TWO)
    renewed = Flag()
    store.renew = lambda node: (renewed.set(), 1)[1]  # type: ignore[method-assign]
    limiting.heartbeat("node-1")
    assert renewed.wait(WAIT_S)
    limiting.ended("others")
    limiting.stop(WAIT_S)
    assert store.calls == {}


def test_the_switchs_list_ends_ghosts_and_restores_what_redis_forgot(
    limiting: Limiting, store: MemoryLimits, clock: Clock
) -> None:
    taken(limiting, "up", "ghost")
    store.calls.pop("up")
    clock.ms += 10_000
    limiting.channels("node-1", frozenset({"up"}), NOW)
    limiting.stop(WAIT_S)
    assert set(store.calls) == {"up"}


def test_without_redis_every_controller_counts_for_itself(
    store: MemoryLimits, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B11: normal calls go on; what this controller let through before counts too."""
    monkeypatch.setattr(module, "_RETRY_S", 0.01)
    back = Flag()
    limiting = Limiting(store, clock, on_return=back.set)
    assert taken(limiting, "c1") == [True]
    store.away = True
    assert taken(limiting, "c2", "c3") == [True, False]
    assert limiting.away
    assert store.asked == 2  # the third did not wait for Redis
    limiting.ended("c2")
    assert taken(limiting, "c4", "c5") == [True, False]
    store.away = False
    store.calls.clear()  # it lost everything
    limiting.start()
    assert back.wait(WAIT_S)
    assert not limiting.away
    assert set(store.calls) == {"c1", "c4"}
    assert taken(limiting, "c6") == [False]
    limiting.stop(WAIT_S)


def test_a_call_does_not_wait_for_what_has_no_limit_of_its_own(
    store: MemoryLimits, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that is away: the address of Redis takes seconds, 5 for each that is asked."""
    monkeypatch.setattr(module, "_ASK_S", 0.01)
    store.meanwhile = partial(sleep, WAIT_S)
    limiting = Limiting(store, clock)
    assert taken(limiting, "c1", "c2", "c3") == [True, True, False]
    assert limiting.away
    assert store.asked == 1


def test_a_call_that_ended_while_redis_was_away_holds_nothing_when_it_is_back(
    store: MemoryLimits, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Redis that answered too late once, on a busy machine, kept its data: a line must not stay taken."""
    monkeypatch.setattr(module, "_RETRY_S", 0.01)
    back = Flag()
    limiting = Limiting(store, clock, on_return=back.set)
    limiting.start()
    assert taken(limiting, "c1", "c2") == [True, True]
    store.away = True
    limiting.ended("c1")
    while not limiting.away:
        idle()
    limiting.ended("c2")
    store.away = False
    assert back.wait(WAIT_S)
    assert store.calls == {}
    limiting.stop(WAIT_S)


def test_without_redis_the_pace_is_kept_over_a_second(
    limiting: Limiting, store: MemoryLimits, clock: Clock
) -> None:
    store.away = True
    assert taken(limiting, "c1", "c2", "c3", claims=PACE) == [True, True, False]
    clock.ms += 1_001
    assert taken(limiting, "c4", "c5", "c6", claims=PACE) == [True, True, False]


def test_without_redis_a_call_that_a_plan_goes_on_with_takes_the_pace_once(
    limiting: Limiting, store: MemoryLimits, clock: Clock
) -> None:
    """Somebody who was long in a menu is no new call: not counted, and not refused."""
    store.away = True
    on = tuple(replace(claim, again=True) for claim in PACE)
    assert taken(limiting, "c1", claims=PACE) == [True]
    clock.ms += 5000
    assert taken(limiting, "c2", "c3", "c4", claims=PACE) == [True, True, False]
    assert taken(limiting, "c1", "c1", claims=on) == [True, True]
    clock.ms += 5000
    assert taken(limiting, "c1", "c1", "c5", "c6", "c7", claims=on) == [True, True, True, True, False]


def test_without_redis_spent_money_stays_spent(limiting: Limiting, store: MemoryLimits) -> None:
    store.spent.add(MONEY[0].key)
    assert taken(limiting, "c1", claims=MONEY) == [False]
    store.away = True
    assert taken(limiting, "c2", claims=MONEY) == [False]
    assert taken(limiting, "c3", claims=MONTH) == [True]


def test_calls_whose_end_nobody_heard_stop_counting_by_the_switchs_list(
    limiting: Limiting, store: MemoryLimits, clock: Clock
) -> None:
    store.away = True
    assert taken(limiting, "c1", "c2") == [True, True]
    limiting.channels("node-1", frozenset({"c1"}), NOW)
    assert taken(limiting, "c3") == [False]  # too young to be missed in the list
    clock.ms += 10_000
    limiting.channels("node-1", frozenset({"c1"}), NOW)
    assert taken(limiting, "c4", "c5") == [True, False]


def test_what_does_not_fit_in_the_queue_is_dropped(
    store: MemoryLimits, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_QUEUE_LIMIT", 2)
    limiting = Limiting(store, clock)
    for _ in range(5):
        limiting.heartbeat("node-1")
    assert limiting.dropped == 3
    limiting.start()
    limiting.stop(WAIT_S)
    assert store.renewed == ["node-1"]


def test_without_redis_a_call_that_is_passed_on_keeps_what_it_held(
    limiting: Limiting, store: MemoryLimits
) -> None:
    store.away = True
    gb = (Claim(Counter.SIMULTANEOUS_CALLS, Scope.COUNTRY, "bau/GB", 1),)
    assert taken(limiting, "c1") == taken(limiting, "c1", claims=gb) == taken(limiting, "c1") == [True]
    assert taken(limiting, "c2", claims=gb) == [False]
    limiting.ended("c1")
    assert taken(limiting, "c2", claims=gb) == taken(limiting, "c3", "c4")[:1] == [True]
    assert taken(limiting, "c5") == [False]


def test_a_keeper_with_nothing_to_do_notices_that_redis_is_back(
    store: MemoryLimits, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No heartbeat and no end of a call comes: a call alone found Redis away."""
    monkeypatch.setattr(module, "_RETRY_S", 0.01)
    back = Flag()
    limiting = Limiting(store, clock, on_return=back.set)
    limiting.start()
    idle()
    store.away = True
    assert taken(limiting, "c1") == [True]
    store.away = False
    assert back.wait(WAIT_S)
    assert set(store.calls) == {"c1"}
    limiting.stop(WAIT_S)
