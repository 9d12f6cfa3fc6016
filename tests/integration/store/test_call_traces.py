"""Steps of calls in Redis: in their order, bounded, and gone by themselves (TDDDG § 9(1))."""

from __future__ import annotations

from typing import cast

import pytest
import redis

from store.call_traces import MOST_STEPS, CallTraces
from store.errors import LiveStateUnavailable
from store.redis_client import call_path_client


def test_steps_come_back_in_their_order_and_end_by_themselves(redis_client: redis.Redis) -> None:
    traces = CallTraces(redis_client, keep_s=600)
    traces.add_steps([("call-1", b"1"), ("call-2", b"x"), ("call-1", b"2")])
    traces.add_messages([("call-1", b"INVITE")])
    assert traces.steps(["call-1", "call-1", "nobody"]) == (b"1", b"2")
    assert traces.messages(["call-1"]) == (b"INVITE",)
    for kind in ("trace", "sip"):
        assert 0 < cast(int, redis_client.ttl(f"fernamt:{kind}:call-1")) <= 600


def test_a_call_has_so_many_steps_at_most_the_newest_stay(redis_client: redis.Redis) -> None:
    traces = CallTraces(redis_client, keep_s=600)
    traces.add_steps([("call-1", str(n).encode()) for n in range(MOST_STEPS + 1_000)])
    found = traces.steps(["call-1"])
    assert len(found) == MOST_STEPS
    assert found[-1] == str(MOST_STEPS + 999).encode()


def test_redis_that_is_away_is_told_as_ours() -> None:
    traces = CallTraces(call_path_client("redis://127.0.0.1:1/0"), keep_s=1)
    with pytest.raises(LiveStateUnavailable):
        traces.add_steps([("call-1", b"1")])
