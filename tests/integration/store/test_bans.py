"""Bans in Redis: noted, ended, lifted, bounded; and what the guard of a node tells."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import redis
from sqlalchemy import Engine

from dialplan.strangers.ban import FIRST_BAN, GUARD, REMEMBERED, Ban
from dialplan.strangers.counting import KNOWN_S
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
    store.put(NETWORK, NOW)
    store.note([BAN])
    assert store.all(NOW) == [BAN, NETWORK]
    assert store.all(BAN.until + REMEMBERED) == [NETWORK]
    assert store.all(NOW) == [NETWORK]
    assert redis_client.ttl("fernamt:bans") > 0  # type: ignore[operator]


def test_a_ban_is_lifted_once(redis_client: redis.Redis) -> None:
    store = BanStore(redis_client)
    store.note([BAN])
    assert store.lift(BAN.address)
    assert not store.lift(BAN.address)
    assert store.all(NOW) == []


def test_there_is_room_for_so_many_bans_by_hand(
    redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BY_HAND", 1)
    store = BanStore(redis_client)
    store.note([BAN])
    store.put(NETWORK, NOW)
    store.put(NETWORK, NOW)
    other = Ban("198.51.100.8", NOW, NETWORK.until, "by hand", "op")
    with pytest.raises(LiveStateLimit, match="1 bans by hand are in force"):
        store.put(other, NOW)
    store.put(other, NETWORK.until)


def test_forged_senders_never_fill_the_book(
    redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the guards found by single packets gives way, and what is over is purged all the same."""
    monkeypatch.setattr(module, "MOST_BANS", 3)
    store = BanStore(redis_client)
    forged = [
        Ban(f"10.1.1.{number}", NOW, NOW + FIRST_BAN, "a scanner's User-Agent", GUARD, light=True)
        for number in range(50)
    ]
    store.note([BAN, *forged])
    store.put(NETWORK, NOW)
    found = store.all(NOW)
    assert len(found) == redis_client.hlen("fernamt:bans") == 3
    assert {BAN, NETWORK} < set(found)
    assert store.all(BAN.until + REMEMBERED) == [NETWORK]


def test_a_ban_of_an_older_version_is_read(redis_client: redis.Redis) -> None:
    store = BanStore(redis_client)
    store.note([BAN])
    text = redis_client.hget("fernamt:bans", BAN.address)
    assert isinstance(text, bytes | str)
    plain = json.loads(text)
    del plain["light"]
    redis_client.hset("fernamt:bans", BAN.address, json.dumps(plain))
    assert store.all(NOW) == [BAN]


def test_where_phones_are_is_remembered_for_a_weekend(redis_client: redis.Redis) -> None:
    store = BanStore(redis_client)
    assert store.known_ages_s() == {}
    store.remember(["198.51.100.8", "2001:db8:1::/64"])
    assert store.known_ages_s().keys() == {"198.51.100.8", "2001:db8:1::/64"}
    assert 0 <= store.known_ages_s()["198.51.100.8"] < 60
    assert 0 < redis_client.ttl("fernamt:known-addresses") <= KNOWN_S
    redis_client.zincrby("fernamt:known-addresses", -KNOWN_S - 1, "198.51.100.8")
    assert store.known_ages_s().keys() == {"2001:db8:1::/64"}
    store.remember(["2001:db8:2::/64"])
    assert redis_client.zcard("fernamt:known-addresses") == 2


def test_of_addresses_with_phones_the_last_ones_are_remembered(
    redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_KNOWN", 2)
    store = BanStore(redis_client)
    store.remember(["192.0.2.1"])
    redis_client.zincrby("fernamt:known-addresses", -60, "192.0.2.1")
    store.remember(["192.0.2.2", "192.0.2.3"])
    assert store.known_ages_s().keys() == {"192.0.2.2", "192.0.2.3"}


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
