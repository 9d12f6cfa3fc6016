"""Which phones are registered with a node: what it lists, and mod_sofia's events from then on.

Read in sofia_reg.c: `sofia::register` comes for every REGISTER that was accepted, refreshes too; the account
stands in `from-user`, in `sofia::expire` in `user`. A node that ends tells nothing: it lists anew when it is
back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, Protocol

from dialplan.call import Entry
from freeswitch import api_calls
from freeswitch.commands import ApiCall
from freeswitch.events import Event
from freeswitch.replies import rows_of
from freeswitch.settings import NodeDoor

_CAME: Final = "sofia::register"
_WENT: Final = ("sofia::unregister", "sofia::expire")
#: In the `status` of a registration whose Contact asks for TLS (read: sofia_reg.c).
_BY_TLS: Final = "(TLS"
#: CUSTOM events that tell of it.
SUBCLASSES: Final = (_CAME, *_WENT)

#: From a phone's user name and the node that calls it: the door of the node that it is registered with, None
#: when that is the same one, or nobody knows.
DoorOf = Callable[[str, str], NodeDoor | None]


def no_door(_username: str, _node: str) -> NodeDoor | None:
    """For an exchange of one node."""
    return None


class PhoneSink(Protocol):
    """Who wants to know. Called in order, from one greenlet for each node; must not wait. By TLS is who is
    called by it too."""

    def came(self, node: str, username: str, *, tls: bool = False) -> None: ...
    def went(self, node: str, username: str) -> None: ...
    def listed_phones(self, node: str, usernames: Collection[str], by_tls: Collection[str] = ()) -> None: ...


class Registrations:
    """Tells the sink of one node. Without a sink nothing is asked for and nothing subscribed."""

    def __init__(self, node: str, sink: PhoneSink | None) -> None:
        self._node = node
        self._sink = sink
        self.subclasses = SUBCLASSES if sink is not None else ()

    def ask(self, ask: Callable[[ApiCall], str]) -> None:
        """All that there are now. Raises what `ask` raises."""
        if self._sink is not None:
            rows = rows_of(ask(api_calls.show_registrations()))
            by_tls = {row.get("reg_user", "") for row in rows if row.get("network_proto") == "tls"}
            self._sink.listed_phones(self._node, {row.get("reg_user", "") for row in rows}, by_tls)

    def told(self, event: Event) -> None:
        """An event of one of `subclasses`."""
        if self._sink is None or event.get("profile-name") != Entry.PHONE:
            return
        username = event.get("from-user") or event.get("user")
        if not username:
            return
        if event.subclass == _CAME:
            self._sink.came(self._node, username, tls=_BY_TLS in (event.get("status") or ""))
        else:
            self._sink.went(self._node, username)
