"""Over which connections phones and systems have registered: whose end takes a registration away.

Read in sofia.c, nua_i_media_error: when a WebSocket ends (TCP and TLS only with `tcp-unreg-on-socket-close`,
which is off here), FreeSWITCH tells `sofia::unregister` with the user and the Call-ID of the REGISTER, but
without the port. It notices a dead connection late: who has come back by then over another one, with the same
Call-ID as RFC 3261 section 10.2.4 wants it, is still registered, since FreeSWITCH takes away the row of the
old port alone. Its list (`show registrations`) lacks the user all the same: asking does not help.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

#: Of one user that are remembered; an end of an older one is nobody's.
_MOST: Final = 4


class Connection(NamedTuple):
    """What a REGISTER came over, by FreeSWITCH's words; "" where it does not say."""

    call_id: str
    ip: str
    port: str


class PhoneConnections:
    """Those of one node, by user name, the one of the last REGISTER at the end."""

    def __init__(self) -> None:
        self._of: dict[str, list[Connection]] = {}

    def came(self, username: str, connection: Connection) -> None:
        """It has registered over this one, or again."""
        known = [each for each in self._of.get(username, ()) if each != connection]
        self._of[username] = [*known, connection][-_MOST:]

    def unregistered(self, username: str, connection: Connection) -> None:
        """Its registration is no more, and the end of this connection will not be told."""
        self._keep(username, [each for each in self._of.get(username, ()) if each != connection])

    def ended(self, username: str, call_id: str) -> bool:
        """A connection has ended, the oldest with this Call-ID: whether the registration went with it, since
        none is newer."""
        known = self._of.get(username, [])
        gone = next((each for each in known if each.call_id == call_id), None)
        if gone is None:
            return not known
        self._keep(username, [each for each in known if each is not gone])
        return gone is known[-1]

    def listed(self, rows: Iterable[tuple[str, Connection]]) -> None:
        """All that there are now: what was known of others is forgotten."""
        self._of = {username: [connection] for username, connection in rows}

    def _keep(self, username: str, connections: list[Connection]) -> None:
        if connections:
            self._of[username] = connections
        else:
            self._of.pop(username, None)
