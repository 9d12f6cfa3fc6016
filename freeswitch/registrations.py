"""Which phones are registered with a node: what it lists, and mod_sofia's events from then on.

Read in sofia_reg.c: `sofia::register` comes for every REGISTER that was accepted, refreshes too; the account
stands in `from-user`, in `sofia::expire` in `user`. A node that ends tells nothing: it lists anew when it is
back. That a connection ended is told as a registration's end, and is none where another one is newer
(phone_connections.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from types import MappingProxyType
from typing import Final, Protocol

from dialplan.call import Entry
from dialplan.carrier import Trunk
from dialplan.legs import Leg
from freeswitch import api_calls
from freeswitch.commands import ApiCall
from freeswitch.events import Event
from freeswitch.phone_connections import Connection, PhoneConnections
from freeswitch.replies import rows_of
from freeswitch.settings import NodeDoor

_CAME: Final = "sofia::register"
_WENT: Final = ("sofia::unregister", "sofia::expire")
#: Why `sofia::unregister` came, where it was not asked for.
_ENDED: Final = "socket-disconnection"
#: In the `status` of a registration whose Contact asks for TLS (read: sofia_reg.c).
_BY_TLS: Final = "(TLS"
#: CUSTOM events that tell of it.
SUBCLASSES: Final = (_CAME, *_WENT)
_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})

#: From a phone's user name and the node that calls it: the door of the node that it is registered with, None
#: when that is the same one, or nobody knows.
DoorOf = Callable[[str, str], NodeDoor | None]


def no_door(_username: str, _node: str) -> NodeDoor | None:
    """For an exchange of one node."""
    return None


@dataclass(frozen=True, slots=True)
class TlsWay:
    """Where a system has registered by TLS: its address (`IP:PORT`, an IPv6 address in brackets), and the
    door of the node, None when that is the one that calls it."""

    address: str
    door: NodeDoor | None = None


#: From a system's user name and the node that calls it: by which way it is called by TLS, None when it has
#: not registered so.
TlsOf = Callable[[str, str], TlsWay | None]


def no_tls(_username: str, _node: str) -> TlsWay | None:
    """Nobody has registered by TLS."""
    return None


def tls_way(leg: Leg, node: str, tls_of: TlsOf) -> TlsWay | None:
    """By which way a leg leaves that may do so by TLS alone; None for all others, and where there is none."""
    to = leg.to
    if not isinstance(to, Trunk) or not to.only_by_tls or to.registered_as is None:
        return None
    return tls_of(to.registered_as, node)


class PhoneSink(Protocol):
    """Who wants to know. Called in order, from one greenlet for each node; must not wait. By TLS, from which
    address (as in `TlsWay`), is who is called by it too."""

    def came(self, node: str, username: str, *, tls: str = "") -> None: ...
    def went(self, node: str, username: str) -> None: ...
    def listed_phones(
        self, node: str, usernames: Collection[str], by_tls: Mapping[str, str] = _NOBODY
    ) -> None: ...


class Registrations:
    """Tells the sink of one node. Without a sink nothing is asked for and nothing subscribed."""

    def __init__(self, node: str, sink: PhoneSink | None) -> None:
        self._node = node
        self._sink = sink
        self._connections = PhoneConnections()
        self.subclasses = SUBCLASSES if sink is not None else ()

    def ask(self, ask: Callable[[ApiCall], str]) -> None:
        """All that there are now. Raises what `ask` raises."""
        if self._sink is not None:
            rows = rows_of(ask(api_calls.show_registrations()))
            by_tls = {
                row.get("reg_user", ""): _address(row.get("network_ip"), row.get("network_port"))
                for row in rows
                if row.get("network_proto") == "tls"
            }
            self._connections.listed((row.get("reg_user", ""), _listed_over(row)) for row in rows)
            self._sink.listed_phones(self._node, {row.get("reg_user", "") for row in rows}, by_tls)

    def told(self, event: Event) -> None:
        """An event of one of `subclasses`."""
        if self._sink is None or event.get("profile-name") != Entry.PHONE:
            return
        username = event.get("from-user") or event.get("user")
        if not username:
            return
        connection = _over(event)
        if event.subclass == _CAME:
            self._connections.came(username, connection)
            tls = _BY_TLS in (event.get("status") or "")
            address = _address(event.get("network-ip"), event.get("network-port")) if tls else ""
            self._sink.came(self._node, username, tls=address)
        elif event.get("reason") == _ENDED:
            if self._connections.ended(username, connection.call_id):
                self._sink.went(self._node, username)
        else:
            self._connections.unregistered(username, connection)
            self._sink.went(self._node, username)


def _over(event: Event) -> Connection:
    told = (event.get(name) or "" for name in ("call-id", "network-ip", "network-port"))
    return Connection(*told)


def _listed_over(row: Mapping[str, str]) -> Connection:
    return Connection(*(row.get(name, "") for name in ("token", "network_ip", "network_port")))


def _address(ip: str | None, port: str | None) -> str:
    """As in `TlsWay`; "" for what is none, and then nobody is called there."""
    try:
        known, number = ip_address(ip or ""), int(port or "")
    except ValueError:
        return ""
    if not 0 < number < 65_536 or "%" in str(known):
        return ""
    return f"[{known}]:{number}" if isinstance(known, IPv6Address) else f"{known}:{number}"
