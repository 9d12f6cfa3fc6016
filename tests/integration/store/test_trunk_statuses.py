"""How controllers see the trunks, shared in Redis."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import redis

from dialplan.trunks.status import TrunkState, TrunkStatus, calls_on_trunks
from store.errors import StoreError
from store.redis_client import call_path_client
from store.trunk_statuses import TTL_S, TrunkStatuses

SINCE = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
DOWN = TrunkStatus("carrier-a", TrunkState.DOWN, SINCE, "OPTIONS: 408", 3, 7, 5, "PROGRESS_TIMEOUT")
UNKNOWN = TrunkStatus("carrier-b", TrunkState.UNKNOWN)
IN_CLEAR = TrunkStatus("anlage", TrunkState.DOWN, SINCE, "without TLS", in_clear=True)


def test_each_controllers_view_is_read_as_it_was_told(redis_client: redis.Redis) -> None:
    board = TrunkStatuses(redis_client)
    assert board.all() == {}
    board.put("one", [DOWN, UNKNOWN])
    board.put("two", [DOWN, IN_CLEAR])
    assert board.all() == {"one": (DOWN, UNKNOWN), "two": (DOWN, IN_CLEAR)}
    assert calls_on_trunks(board.all().values()) == {"carrier-a": 6, "carrier-b": 0, "anlage": 0}


def test_a_controller_that_is_silent_does_not_count_any_more(redis_client: redis.Redis) -> None:
    board = TrunkStatuses(redis_client)
    board.put("one", [DOWN])
    left_ms = redis_client.pttl("fernamt:trunks:one")
    assert isinstance(left_ms, int)
    assert 0 < left_ms <= TTL_S * 1000
    redis_client.delete("fernamt:trunks:one")  # as its end does
    assert board.all() == {}
    assert redis_client.smembers("fernamt:trunks") == set()


def test_what_cannot_be_read_says_nothing(redis_client: redis.Redis) -> None:
    board = TrunkStatuses(redis_client)
    board.put("one", [DOWN])
    redis_client.set("fernamt:trunks:one", '[{"trunk_id": "carrier-a"}]', keepttl=True)
    assert board.all() == {"one": ()}


def test_a_dead_redis_is_an_error_of_ours(unused_tcp_port: int) -> None:
    board = TrunkStatuses(call_path_client(f"redis://127.0.0.1:{unused_tcp_port}"))
    with pytest.raises(StoreError):
        board.put("one", [])
