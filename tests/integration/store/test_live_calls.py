"""What operators see with `fernamt call list`: every call in progress, and none that is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import redis

from dialplan.live import CallAnswered, CallBegun, CallEnded, LiveCall, LiveState
from store.embedded.process import wait_until
from store.errors import LiveStateFull, LiveStateLimit, LiveStateUnavailable
from store.live_calls import MAX_CALLS_PER_NODE, LiveCalls
from store.redis_client import call_path_client

STARTED = datetime(2026, 3, 2, 9, 0, 0, 5_000, tzinfo=UTC)
RINGING = LiveCall(
    call_id="call-1",
    node="sw1",
    customer_id="beispiel-bau",
    direction="in",
    a_number="+493023125007",
    b_number="+492214710100",
    state=LiveState.RINGING,
    reason_id="route.customer",
    started_at=STARTED,
    answered_at=None,
    config_version=3,
)
ANSWERED = replace(RINGING, state=LiveState.ANSWERED, answered_at=STARTED + timedelta(seconds=4))
#: Nothing is known about it but that it is there: no controller decided, the number is withheld.
BARE = LiveCall("call-0", "sw2", None, "none", None, None, LiveState.RINGING, None, STARTED, None, None)


@pytest.fixture
def live(redis_client: redis.Redis) -> LiveCalls:
    return LiveCalls(redis_client)


def test_a_call_is_listed_from_ringing_to_its_end(live: LiveCalls) -> None:
    live.put(RINGING)
    assert live.list() == (RINGING,)
    assert live.update(ANSWERED)
    assert (live.list(), live.show("call-1")) == ((ANSWERED,), ANSWERED)
    assert live.remove("call-1")
    assert (live.list(), live.list(node="sw1"), live.show("call-1")) == ((), (), None)


def test_a_late_event_does_not_bring_an_ended_call_back(live: LiveCalls) -> None:
    live.put(RINGING)
    live.remove("call-1")
    assert not live.update(ANSWERED)
    assert not live.remove("call-1")
    assert live.list() == ()


def test_calls_are_listed_by_customer_and_node_longest_first(live: LiveCalls) -> None:
    newer = replace(RINGING, call_id="call-2", started_at=STARTED + timedelta(minutes=1))
    for call in (newer, RINGING, BARE):
        live.put(call)
    assert live.list() == (BARE, RINGING, newer)
    assert live.list(customer_id="beispiel-bau") == (RINGING, newer)
    assert live.list(node="sw2") == (BARE,)
    assert live.list(limit=1) == (BARE,)


def test_a_ghost_ends_by_itself_and_a_refreshed_call_does_not(redis_client: redis.Redis) -> None:
    short = LiveCalls(redis_client, ttl_s=0.8)
    short.put(RINGING)
    short.put(BARE)

    def only_the_refreshed_one() -> bool:
        assert short.refresh("sw1") == 1
        return short.list() == (RINGING,)

    assert wait_until(only_the_refreshed_one, timeout_s=20)
    assert wait_until(lambda: short.list() == (), timeout_s=20)
    assert short.refresh("sw1") == 0


def test_after_a_reconnect_the_node_has_exactly_the_switchs_calls(live: LiveCalls) -> None:
    """The controller was gone: one call ended, one was answered, one is new; other nodes are not touched."""
    asked_at = STARTED + timedelta(minutes=5)
    ended = replace(RINGING, call_id="ended-meanwhile")
    new = replace(RINGING, call_id="new")
    later = replace(RINGING, call_id="after-the-question", started_at=asked_at + timedelta(milliseconds=1))
    for call in (RINGING, ended, later, BARE):
        live.put(call)
    assert live.replace_node("sw1", [ANSWERED, new], as_of=asked_at) == 1
    assert set(live.list(node="sw1")) == {ANSWERED, new, later}
    assert set(live.list()) == {ANSWERED, new, later, BARE}
    assert live.replace_node("sw1", [], as_of=asked_at + timedelta(minutes=1)) == 3
    assert live.list() == (BARE,)


def test_a_call_of_another_node_or_too_many_change_nothing(live: LiveCalls) -> None:
    live.put(RINGING)
    with pytest.raises(ValueError, match="of node sw2"):
        live.replace_node("sw1", [BARE], as_of=STARTED)
    with pytest.raises(LiveStateLimit, match="20000 are kept"):
        live.replace_node("sw1", [RINGING] * (MAX_CALLS_PER_NODE + 1), as_of=STARTED)
    assert live.list() == (RINGING,)


def test_an_unreadable_entry_hides_no_other_call(live: LiveCalls, redis_client: redis.Redis) -> None:
    live.put(RINGING)
    for number, rubbish in enumerate((b"\xff", b"[]", b'{"call_id":1}', b"{}", b'"x"')):
        redis_client.set(f"fernamt:live:call:rubbish-{number}", rubbish)
        redis_client.zadd("fernamt:live:calls", {f"rubbish-{number}": 1e15})
    assert live.list() == (RINGING,)
    assert live.show("rubbish-0") is None
    assert live.remove("rubbish-1")


def test_hostile_ids_and_numbers_are_kept_as_they_are(live: LiveCalls) -> None:
    hostile = replace(RINGING, call_id="a b\r\nDEL *", a_number="\u2028\x00\"'{}", node="sw 1\n")
    live.put(hostile)
    assert live.list(node="sw 1\n") == (hostile,)


def test_a_full_redis_refuses_a_new_call_and_forgets_none(redis_client: redis.Redis, live: LiveCalls) -> None:
    live.put(RINGING)
    before = redis_client.config_get("maxmemory")["maxmemory"]
    redis_client.config_set("maxmemory", 1)
    try:
        with pytest.raises(LiveStateFull):
            live.put(replace(RINGING, call_id="call-2"))
        assert live.list() == (RINGING,)
    finally:
        redis_client.config_set("maxmemory", before or 0)


def test_a_dead_redis_is_told_at_once(unused_tcp_port: int) -> None:
    live = LiveCalls(call_path_client(f"redis://127.0.0.1:{unused_tcp_port}/0"))
    for attempt in (lambda: live.put(RINGING), live.list, lambda: live.remove("x")):
        with pytest.raises(LiveStateUnavailable, match="fernamt doctor"):
            attempt()


def test_changes_are_written_to_a_server_that_does_not_know_our_scripts(
    live: LiveCalls, redis_client: redis.Redis
) -> None:
    """It was replaced, or its scripts were flushed, while the controller ran."""
    live.write([CallBegun(RINGING)])
    redis_client.script_flush()
    live.write([CallBegun(BARE), CallAnswered(ANSWERED)])
    assert set(live.list()) == {BARE, ANSWERED}
    redis_client.script_flush()
    live.write([CallEnded("call-1")])
    assert live.list() == (BARE,)
