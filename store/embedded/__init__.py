"""A real PostgreSQL and a real Redis under a state directory, each replaceable by a URL."""

from __future__ import annotations

from store.embedded.postgres import EmbeddedPostgres
from store.embedded.redis_server import EmbeddedRedis
from store.embedded.supervisor import ServerState, supervise

__all__ = ["EmbeddedPostgres", "EmbeddedRedis", "ServerState", "supervise"]
