"""Counters of limits in a real Redis: all or nothing, each call once, leases that end (B11)."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import redis

from dialplan.limits.agreed import Claim, Counter, Scope
from store.embedded.process import wait_until
from store.errors import LiveStateFull, LiveStateUnavailable
from store.limits import CallCounters
from store.redis_client import LIMITS_TIMEOUT_S, limits_client
from store.spend import MAX_MICRO, SpendCounters, Spender
from tests.patience import slowness

AT = datetime(2026, 11, 30, 22, 59, tzinfo=UTC)


@pytest.fixture
def counters(redis_client: redis.Redis) -> CallCounters:
    return CallCounters(redis_client, controller="controller-1")


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where somebody takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent.getsockname()[1]


def calls(limit: int, owner: str = "bau") -> Claim:
    return Claim(Counter.SIMULTANEOUS_CALLS, Scope.CUSTOMER, owner, limit)


def pace(limit: int, window_ms: int = 1_000) -> Claim:
    return Claim(Counter.CALLS_PER_SECOND, Scope.CUSTOMER, "bau", limit, window_ms=window_ms)


DAY = Claim(Counter.SPEND_PER_DAY, Scope.CUSTOMER, "bau/2026-11-30", 1_000_000)
MONTH = Claim(Counter.SPEND_PER_MONTH, Scope.CUSTOMER, "bau/2026-11", 3_000_000)


def future() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def test_the_call_beyond_the_limit_is_refused_until_another_ends(counters: CallCounters) -> None:
    two = [calls(2)]
    assert counters.take("c1", "node-1", two) is None
    assert counters.take("c2", "node-2", two) is None
    assert counters.take("c3", "node-1", two) is two[0]
    assert counters.release(["c1", "c3", "unknown"]) == 1
    assert counters.take("c3", "node-1", two) is None
    assert counters.counts(two) == (2,)


def test_a_call_that_asks_again_is_counted_once(counters: CallCounters, redis_client: redis.Redis) -> None:
    """The first controller died after it had asked; FreeSWITCH asked the next one."""
    claims = [calls(1), pace(1)]
    other = CallCounters(redis_client, controller="controller-2")
    assert counters.take("c1", "node-1", claims) is None
    assert other.take("c1", "node-1", claims) is None
    assert counters.counts(claims) == (1, 1)


def test_a_call_that_a_plan_goes_on_with_takes_the_pace_once_over_all_controllers(
    counters: CallCounters, redis_client: redis.Redis
) -> None:
    """Somebody who was long in a menu is no new call: not counted, and not refused."""
    slow, on = pace(2, 60_000), replace(pace(2, 60_000), again=True)
    other = CallCounters(redis_client, controller="controller-2")
    assert counters.take("c1", "node-1", [slow]) is None
    redis_client.delete("fernamt:limit:" + slow.key)  # the window is over
    assert counters.take("c2", "node-1", [slow]) is None
    assert other.take("c1", "node-1", [on, calls(5)]) is None
    assert counters.counts([slow, calls(5)]) == (1, 1)
    assert counters.take("c3", "node-1", [slow]) is None
    assert other.take("c1", "node-1", [on]) is None
    assert other.take("c4", "node-1", [on]) is on
    counters.release(["c3"])
    assert counters.take("c3", "node-1", [on]) is None  # still in the window


def test_a_pace_that_the_plan_comes_to_for_the_first_time_is_taken(counters: CallCounters) -> None:
    """A call from outside that a menu forwards: the forwarding is the customer's first call of it."""
    on = replace(pace(1, 60_000), again=True)
    assert counters.take("c1", "node-1", [calls(5)]) is None
    assert counters.take("c1", "node-1", [calls(5), on]) is None
    assert counters.counts([on]) == (1,)
    assert counters.take("c2", "node-1", [on]) is on
    counters.restore("node-1", [("c9", (calls(5), pace(1, 60_000)))])
    assert counters.counts([on, calls(5)]) == (1, 2)


def test_all_claims_are_taken_or_none(counters: CallCounters) -> None:
    counters.take("c1", "node-1", [calls(1, "bau/GB")])
    both = [pace(5), calls(9), calls(1, "bau/GB")]
    assert counters.take("c2", "node-1", both) is both[2]
    assert counters.counts(both) == (0, 0, 1)
    assert counters.missing(["c1", "c2"]) == ("c2",)


def test_the_pace_counts_new_calls_of_the_window_whether_they_are_up_or_not(counters: CallCounters) -> None:
    slow = pace(2, 1_000)
    assert [counters.take(f"c{n}", "node-1", [slow]) for n in range(3)] == [None, None, slow]
    counters.release(["c0", "c1"])
    assert counters.take("c4", "node-1", [slow]) is slow
    assert wait_until(lambda: counters.take("c5", "node-1", [slow]) is None, timeout_s=20)


def test_money_is_used_up_by_what_was_booked(counters: CallCounters, redis_client: redis.Redis) -> None:
    spend = SpendCounters(redis_client)
    assert counters.take("c1", "node-1", [DAY, MONTH]) is None
    spend.book("bau", AT, 999_999)
    assert counters.take("c2", "node-1", [DAY, MONTH]) is None
    spend.book("bau", AT, 1)
    assert counters.take("c3", "node-1", [DAY, MONTH]) is DAY
    assert counters.counts([DAY, MONTH]) == (1_000_000, 1_000_000)
    spend.book("bau", AT, -1)
    assert counters.take("c4", "node-1", [DAY, MONTH]) is None
    spend.replace(Spender(Scope.CUSTOMER, "bau"), AT, 0, 3_000_000)
    assert counters.take("c5", "node-1", [DAY, MONTH]) is MONTH
    spend.book("bau", AT + timedelta(minutes=1), 5)  # the first of December in Germany
    assert counters.counts([DAY, MONTH]) == (0, 3_000_000)


def test_sums_that_redis_could_not_compare_exactly_are_refused(redis_client: redis.Redis) -> None:
    with pytest.raises(ValueError, match="more than is counted"):
        SpendCounters(redis_client).book("bau", AT, MAX_MICRO + 1)


def test_leases_end_by_themselves_when_nobody_renews_them(redis_client: redis.Redis) -> None:
    short = CallCounters(redis_client, controller="dies", lease_s=1.0)
    claim = calls(1)
    assert short.take("c1", "node-1", [claim]) is None
    assert short.take("c2", "node-1", [claim]) is claim
    assert wait_until(lambda: short.counts([claim]) == (0,), timeout_s=20)
    assert short.take("c2", "node-1", [claim]) is None
    assert wait_until(lambda: not list(redis_client.scan_iter("fernamt:limit:*")), timeout_s=20)


def test_a_node_that_lives_keeps_its_calls_leases_whoever_took_them(redis_client: redis.Redis) -> None:
    claim = calls(5)
    dead = CallCounters(redis_client, controller="dead", lease_s=1.5)
    heir = CallCounters(redis_client, controller="heir", lease_s=30)
    for call_id in ("c1", "c2"):
        dead.take(call_id, "node-1", [claim])
    dead.take("c3", "node-2", [claim])
    assert heir.renew("node-1") == 2
    assert heir.renew("node-1") == 0  # lately enough
    assert wait_until(lambda: heir.counts([claim]) == (2,), timeout_s=20)
    assert heir.missing(["c1", "c2", "c3"]) == ("c3",)
    assert heir.release(["c1", "c2"]) == 2


def test_the_switchs_list_ends_leases_of_calls_that_are_gone(counters: CallCounters) -> None:
    claim = calls(9)
    for call_id, node in (("up", "node-1"), ("gone", "node-1"), ("elsewhere", "node-2")):
        counters.take(call_id, node, [claim])
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    assert counters.replace_node("node-1", ["up"], long_ago) == 0  # it began after the list was made
    assert counters.replace_node("node-1", ["up"], future()) == 1
    assert counters.counts([claim]) == (2,)


def test_what_redis_forgot_is_restored_over_the_limit_too(
    counters: CallCounters, redis_client: redis.Redis
) -> None:
    claim, quick = calls(2), pace(1)
    redis_client.flushdb()
    counters.restore("node-1", [(f"c{n}", (claim, quick)) for n in range(700)])
    assert counters.counts([claim, quick]) == (700, 0)
    assert counters.take("new", "node-1", [claim]) is claim
    assert counters.renew("node-1") == 0
    assert counters.release([f"c{n}" for n in range(700)]) == 700


def test_a_lowered_limit_holds_for_new_calls_and_ends_none(counters: CallCounters) -> None:
    for number in range(3):
        counters.take(f"c{number}", "node-1", [calls(5)])
    assert counters.take("c3", "node-1", [calls(2)]) == calls(2)
    assert counters.counts([calls(2)]) == (3,)


def test_a_full_redis_takes_nothing_by_halves(counters: CallCounters, redis_client: redis.Redis) -> None:
    both = [calls(5), calls(5, "bau/GB")]
    counters.take("c1", "node-1", both)
    before = redis_client.config_get("maxmemory")["maxmemory"]
    redis_client.config_set("maxmemory", 1)
    try:
        with pytest.raises(LiveStateFull):
            counters.take("c2", "node-1", both)
        assert counters.counts(both) == (1, 1)
        assert counters.release(["c1"]) == 1
    finally:
        redis_client.config_set("maxmemory", before or 0)


def test_hostile_ids_are_kept_as_they_are(counters: CallCounters) -> None:
    hostile = 'a b\r\n"DEL" *{}'
    claim = calls(1)
    assert counters.take(hostile, 'node "1"\n', [claim]) is None
    assert counters.renew('node "1"\n') == 0
    assert counters.release([hostile]) == 1
    assert counters.counts([claim]) == (0,)


def test_a_silent_redis_holds_a_call_up_for_a_moment_only(unused_tcp_port: int, silent_port: int) -> None:
    for port in (unused_tcp_port, silent_port):
        client = limits_client(f"redis://127.0.0.1:{port}/0")
        quick = CallCounters(client, quick=client, controller="c")
        began = time.monotonic()
        with pytest.raises(LiveStateUnavailable):
            quick.take("c1", "node-1", [calls(1)])
        assert time.monotonic() - began < 4 * LIMITS_TIMEOUT_S * slowness()


def test_a_call_that_is_passed_on_keeps_what_it_held(counters: CallCounters) -> None:
    """An on-net call that the called customer forwards: both customers' lines are taken to the end."""
    caller, forwarder = calls(5, "caller"), calls(5, "forwarder")
    counters.take("c1", "node-1", [caller])
    counters.take("c1", "node-1", [forwarder])
    assert counters.counts([caller, forwarder]) == (1, 1)
    counters.release(["c1"])
    assert counters.counts([caller, forwarder]) == (0, 0)


def test_a_clock_of_redis_that_is_set_back_holds_up_nobodys_calls(
    counters: CallCounters, redis_client: redis.Redis
) -> None:
    """Issue 7, clock steps: an hour back, as the counters see it; the pace is not used up for an hour."""
    two, lines = pace(2), calls(3)
    for name in ("c1", "c2"):
        assert counters.take(name, "node-1", [two, lines]) is None
    for key in redis_client.scan_iter("fernamt:limit:calls-per-second:*"):
        for name, began_ms in redis_client.zrange(key, 0, -1, withscores=True):
            redis_client.zadd(key, {name: began_ms + 3_600_000})
        redis_client.persist(key)
    assert counters.counts([two, lines]) == (0, 2)
    assert counters.take("c3", "node-1", [pace(1, 60_000), lines]) is None
    assert counters.take("c4", "node-1", [pace(1, 60_000)]) is not None
    assert counters.take("c4", "node-1", [lines]) is lines


def test_a_clock_of_redis_that_is_set_forward_forgets_lines_until_the_next_heartbeat(
    counters: CallCounters, redis_client: redis.Redis
) -> None:
    """Every lease has ended then, with its key: what the node has is restored, over the limit too."""
    line = calls(1)
    assert counters.take("c1", "node-1", [line]) is None
    for key in redis_client.scan_iter("fernamt:limit:*"):
        redis_client.delete(key)
    assert counters.missing(["c1"]) == ("c1",)
    counters.restore("node-1", [("c1", (line,))])
    assert counters.take("c2", "node-1", [line]) is line
