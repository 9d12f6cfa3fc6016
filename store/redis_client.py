"""Redis clients: a short one for the call path, a patient one for blocking reads.

redis-py 8 waits 5 s and tries again with pauses: a dead server would cost a caller 4.6 s, and a blocking
read that timed out would be sent a second time. Neither happens here: nothing is retried.

A URL of several servers, `redis://:password@a:6379,b:6379/0`, leads to their primary (store.redis_primary).
"""

from __future__ import annotations

from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.connection import BlockingConnectionPool
from redis.retry import Retry
from sqlalchemy.exc import ArgumentError

from store.errors import LiveStateAddressInvalid
from store.redis_primary import USUAL_PORT, KnownPrimary, PrimaryConnection, PrimaryTlsConnection
from store.server_urls import Server, read_url, servers_of

#: On the call path: longest wait for a connection, an answer, or a free place in the pool.
CALL_PATH_TIMEOUT_S: Final = 0.5
CALL_PATH_CONNECTIONS: Final = 16
#: Longest wait of a call for its limits: beyond that the controller counts for itself (docs/decisions).
LIMITS_TIMEOUT_S: Final = 0.05
LIMITS_CONNECTIONS: Final = 32
#: What a blocking read may take longer than the time it asked the server to block for.
BLOCKING_MARGIN_S: Final = 2.0
BLOCKING_CONNECTIONS: Final = 8
_HINT: Final = "Write redis://:password@host:port/0"


def call_path_client(url: str) -> redis.Redis:
    """For commands that answer at once: fails after CALL_PATH_TIMEOUT_S. Connects at the first use.

    Raises LiveStateAddressInvalid.
    """
    return _client(url, CALL_PATH_TIMEOUT_S, CALL_PATH_CONNECTIONS)


def limits_client(url: str) -> redis.Redis:
    """For the one question of a call about its limits: fails after LIMITS_TIMEOUT_S.

    Raises LiveStateAddressInvalid.
    """
    return _client(url, LIMITS_TIMEOUT_S, LIMITS_CONNECTIONS)


def blocking_client(url: str, longest_block_s: float) -> redis.Redis:
    """For XREAD, BLPOP and the like, which must ask for at most `longest_block_s`; never re-sent."""
    return _client(url, longest_block_s + BLOCKING_MARGIN_S, BLOCKING_CONNECTIONS)


def _client(url: str, timeout_s: float, connections: int) -> redis.Redis:
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise LiveStateAddressInvalid("Redis URL", "it is none of redis://, rediss://, unix://", _HINT)
    try:
        apart = each_alone(url)
        pool = BlockingConnectionPool.from_url(
            apart[0][1] if apart else url,
            max_connections=connections,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=min(timeout_s, CALL_PATH_TIMEOUT_S),
            socket_keepalive=True,
            retry=Retry(NoBackoff(), 0),
            retry_on_timeout=False,
            health_check_interval=0,
            **_to_primary(url, tuple(server for server, _ in apart)),
        )
    except ValueError as error:
        raise LiveStateAddressInvalid("Redis URL", str(error)[:200], _HINT) from None
    return redis.Redis.from_pool(pool)


def each_alone(text: str) -> tuple[tuple[Server, str], ...]:
    """Several servers of a URL, each with a URL of its own; none of one. Raises ValueError."""
    try:
        url = read_url(text)
    except (ArgumentError, ValueError):
        return ()  # redis-py says what is wrong with it
    servers = servers_of(url, USUAL_PORT) if url.host is None else ()
    if len(servers) < 2:
        return ()
    bare = url.difference_update_query(["host", "port"])
    return tuple(
        (server, bare.set(host=server[0], port=server[1]).render_as_string(hide_password=False))
        for server in servers
    )


def _to_primary(url: str, servers: tuple[Server, ...]) -> dict[str, Any]:
    """How connections find the primary of several servers."""
    if not servers:
        return {}
    kind = PrimaryTlsConnection if url.startswith("rediss:") else PrimaryConnection
    return {"connection_class": kind, "known": KnownPrimary(servers)}
