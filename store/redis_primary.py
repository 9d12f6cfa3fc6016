"""Which of several Redis servers is the primary: the one that says so itself (ROLE), at each connection.

Whoever promotes a replica (an operator, Sentinel) tells nobody; the connections of the old primary end, and
the next ones find the new one. Replication waits for nobody, so the new one may lack the last writes: each
client fails once when it meets another primary than before, as after an outage, and whoever keeps something
there tells it again (docs/decisions/0008).
"""

from __future__ import annotations

from typing import Any, Final

import redis

from store.server_urls import Server

USUAL_PORT: Final = 6379


#: Who was the primary last, by the servers of a URL: all clients of a program stay together.
_LAST: Final[dict[tuple[Server, ...], Server]] = {}


class KnownPrimary:
    """The servers of one client. The one that was the primary last is asked first: one that is gone costs its
    time once, and an old primary that comes back is not gone over to."""

    def __init__(self, servers: tuple[Server, ...]) -> None:
        self._servers = servers
        self._mine: Server | None = None

    def in_order(self) -> list[Server]:
        """Whom to ask."""
        last = _LAST.get(self._servers)
        return sorted(self._servers, key=lambda each: each != last)

    def found(self, server: Server) -> bool:
        """It is the primary. Whether this client had another one before."""
        before, self._mine = self._mine, server
        _LAST[self._servers] = server
        return before is not None and before != server

    def lost(self) -> None:
        """It is the primary no more, and whoever asked was told so."""
        self._mine = None
        _LAST.pop(self._servers, None)


class PrimaryConnection(redis.Connection):
    """A connection to the primary, or none. Raises redis.ConnectionError with what each server said."""

    def __init__(self, *, known: KnownPrimary, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._known = known

    def connect_check_health(self, check_health: bool = True, retry_socket_connect: bool = True) -> None:
        """redis-py's one way to a connection."""
        if self.is_connected:
            return
        refused = []
        for server in self._known.in_order():
            self.host, self.port = server
            try:
                super().connect_check_health(check_health, retry_socket_connect)
                self._require_primary()
            except (redis.AuthenticationError, redis.ResponseError):
                self._leave()
                raise  # it is there, and does not want us
            except (redis.ConnectionError, redis.TimeoutError) as error:
                self._leave()
                refused.append(f"{self.host}:{self.port}: {error}")
                continue
            if self._known.found(server):
                self._leave()
                raise redis.ConnectionError(f"{self.host}:{self.port} is the primary now")
            return
        raise redis.ConnectionError("; ".join(refused))

    def read_response(self, *given: Any, **options: Any) -> Any:
        """A primary that was made a replica keeps its connections, and refuses what is written."""
        try:
            return super().read_response(*given, **options)
        except redis.ReadOnlyError:
            self._leave()
            self._known.lost()
            raise redis.ConnectionError(f"{self.host}:{self.port} has become a replica") from None

    def _leave(self) -> None:
        self.disconnect()  # type: ignore[no-untyped-call]

    def _require_primary(self) -> None:
        self.send_command("ROLE", check_health=False)  # type: ignore[no-untyped-call]
        if self.read_response()[0] not in (b"master", "master"):
            raise redis.ConnectionError("it is a replica")


class PrimaryTlsConnection(PrimaryConnection, redis.SSLConnection):
    """The same by TLS; each server's certificate has its own name."""
