"""Which of several servers takes writes: the primary, wherever it is since the last failover.

libpq would go through the servers too. Under gevent its time for each of them is not kept, though (see
store.database), so that a machine that is gone without a word would hide all others for ever.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg2
from sqlalchemy import URL, Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection

from store.server_urls import Server, servers_of, with_servers

USUAL_PORT: Final = 5432
#: libpq's option (PostgreSQL manual, 34.1.2): a standby is left again at once.
_WANTED: Final = "target_session_attrs"


def of_several(url: URL) -> URL:
    """The URL in one form whatever it was written in; with several servers it asks for the one that takes
    writes, unless it says what else it wants. Raises ValueError."""
    servers = servers_of(url, USUAL_PORT)
    if len(servers) == 1:
        return url
    return with_servers(url, servers).update_query_dict({_WANTED: url.query.get(_WANTED, "read-write")})


def alone(url: URL, server: Server) -> URL:
    """One of its servers, whether that takes writes or not."""
    return with_servers(url, (server,)).difference_update_query([_WANTED])


#: Who took writes last, by the servers of a URL: all engines of a program stay together.
_LAST: Final[dict[tuple[Server, ...], Server]] = {}


class FirstThatWrites:
    """Connects to the first of several servers that takes writes, and begins with the one that did last: one
    that is gone costs one connection its time, and an old primary that comes back is not gone over to."""

    def __init__(self, servers: tuple[Server, ...], last: dict[tuple[Server, ...], Server] = _LAST) -> None:
        self._servers = servers
        self._last = last

    def connect(
        self, dialect: Dialect, _record: object, cargs: list[Any], cparams: dict[str, Any]
    ) -> DBAPIConnection:
        """SQLAlchemy's `do_connect`. Raises psycopg2.OperationalError with what each of them said."""
        refused = []
        last = self._last.get(self._servers)
        for server in sorted(self._servers, key=lambda each: each != last):
            host, port = server
            try:
                found: DBAPIConnection = dialect.connect(*cargs, **{**cparams, "host": host, "port": port})
            except psycopg2.OperationalError as error:
                refused.append(f"{host}:{port}: {without_address(str(error))}")
                continue
            self._last[self._servers] = server
            return found
        raise psycopg2.OperationalError("; ".join(refused))


def without_address(error: str) -> str:
    """The first line of what libpq says of a connection."""
    said = (error.strip().splitlines() or ["it failed"])[0]
    return said.partition(" failed: ")[2] or said
