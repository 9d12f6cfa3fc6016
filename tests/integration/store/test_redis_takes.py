"""A controller knows whether Redis takes what it writes, for the alarm (docs/runbooks/redis-down.md)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from cli.wiring.configuration_state import TellVersion
from controller.configuration import ConfigurationState
from store.redis_client import call_path_client
from store.versions_in_force import InForce, VersionsInForce

NAME = "127.0.0.1:8084"


def told(client: redis.Redis) -> TellVersion:
    return TellVersion(VersionsInForce(client), NAME, "node-1", lambda: ConfigurationState(7, 7))


def after_a_round(telling: TellVersion) -> bool:
    telling.start()
    telling.stop(5.0)
    return telling.told


@contextmanager
def full(client: redis.Redis) -> Iterator[None]:
    before = client.config_get("maxmemory")["maxmemory"]
    client.config_set("maxmemory", 1)
    try:
        yield
    finally:
        client.config_set("maxmemory", before or 0)


@contextmanager
def replica(client: redis.Redis) -> Iterator[None]:
    client.replicaof("127.0.0.1", 1)
    try:
        yield
    finally:
        client.replicaof("NO", "ONE")


def test_redis_takes_what_a_controller_writes(redis_client: redis.Redis) -> None:
    assert after_a_round(told(redis_client))
    assert VersionsInForce(redis_client).all() == (InForce(NAME, "node-1", 7, 7),)


def test_a_redis_that_answers_and_takes_nothing_is_away(redis_client: redis.Redis) -> None:
    telling = told(redis_client)
    for refusing in (full, replica):
        with refusing(redis_client):
            assert VersionsInForce(redis_client).all() == (), "reading works"
            seen = after_a_round(telling)
        assert not seen, refusing.__name__
        assert after_a_round(telling), "it is heard when it is back"
        redis_client.flushdb()


def test_a_dead_redis_is_away(unused_tcp_port: int) -> None:
    assert not after_a_round(told(call_path_client(f"redis://127.0.0.1:{unused_tcp_port}/0")))
