"""One Redis for all tests here, empty for each."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import redis

from store.embedded.home import free_port
from store.limits import CallCounters
from store.redis_client import call_path_client
from tests.servers import redis_server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    client = call_path_client(redis_url)
    client.flushdb()
    yield client
    client.close()


@pytest.fixture
def counters(redis_client: redis.Redis) -> CallCounters:
    return CallCounters(redis_client, controller="controller-1")


@pytest.fixture
def unused_port() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    return free_port()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where somebody takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent.getsockname()[1]
