"""Bans in Redis: noted, ended, lifted, bounded; and what the guard of a node tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import redis
from sqlalchemy import Engine

from dialplan.strangers.ban import FIRST_BAN, REMEMBERED, Ban
from store import bans as module
from store.applied_trunks import applied_teams, applied_trunks
from store.bans import BanStore
from store.config_items import ConfigItem
from store.config_versions import ConfigStore
from store.errors import LiveStateLimit, StoreError
from store.redis_client import call_path_client

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BAN = Ban("198.51.100.7", NOW, NOW + FIRST_BAN, "too many requests", "guard", 2)
NETWORK = Ban("2001:db8::/64", NOW, NOW + timedelta(days=1), "by hand", "op")


def test_a_ban_is_read_as_it_was_noted_and_forgotten_in_time(redis_client: redis.Redis) -> None:
    store = BanStore(redis_client)
    store.put(NETWORK)
    store.put(BAN)
    assert store.all(NOW) == [BAN, NETWORK]
    assert store.all(BAN.until + REMEMBERED) == [NETWORK]
    assert store.all(NOW) == [NETWORK]
    assert redis_client.ttl("fernamt:bans") > 0  # type: ignore[operator]


def test_a_ban_is_lifted_once(redis_client: redis.Redis) -> None:
    store = BanStore(redis_client)
    store.put(BAN)
    assert store.lift(BAN.address)
    assert not store.lift(BAN.address)
    assert store.all(NOW) == []


def test_there_is_room_for_so_many(redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BANS", 1)
    store = BanStore(redis_client)
    store.put(BAN)
    store.put(BAN)
    with pytest.raises(LiveStateLimit, match="remembered already"):
        store.put(NETWORK)


def test_what_cannot_be_read_bans_nobody(redis_client: redis.Redis) -> None:
    redis_client.hset("fernamt:bans", "198.51.100.9", "{}")
    assert BanStore(redis_client).all(NOW) == []


def test_the_guard_is_silent_some_seconds_after_it_told(redis_client: redis.Redis) -> None:
    store = BanStore(redis_client)
    assert store.told("node-1") is None
    store.tell("node-1", {"problem": ""})
    assert store.told("node-1") == {"problem": ""}
    assert 0 < redis_client.ttl("fernamt:guard:node-1") <= module.TOLD_S  # type: ignore[operator]


def test_a_dead_redis_is_an_error_of_ours(unused_tcp_port: int) -> None:
    with pytest.raises(StoreError):
        BanStore(call_path_client(f"redis://127.0.0.1:{unused_tcp_port}")).all(NOW)


def test_trunks_of_all_parts_in_force_are_found(engine: Engine) -> None:
    store = ConfigStore(engine)
    parts = [
        ConfigItem.of("carrier", "carrier", '{"trunks": [{"id": "carrier-a"}]}'),
        ConfigItem.of("customer", "kunde-bau", '{"trunks": [{"id": "bau-1"}, {"id": "bau-2"}]}'),
        ConfigItem.of("customer", "kunde-praxis", '{"phones": []}'),
    ]
    store.apply(0, parts, [], author="test")
    assert [each["id"] for each in applied_trunks(engine)] == ["carrier-a", "bau-1", "bau-2"]
    assert applied_teams(engine) is None
    store.apply(1, [], [parts[1].key], author="test")
    assert [each["id"] for each in applied_trunks(engine)] == ["carrier-a"]
