"""Which customers' systems have registered with us, told to the health of trunks: who is registered nowhere
cannot be called."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from dialplan.carrier import Srtp
from dialplan.snapshot import Snapshot

_NOWHERE: Final = "not registered"


class TrunkLogins:
    """freeswitch.registrations.PhoneSink for the trunks that calls reach by a registration.

    `reachable` is told of a trunk, whether its system is registered with any node, and with which. One that
    requires SRTP has to be so by TLS: the keys of calls to it would be heard else (RFC 4568 section 7). Kept
    are the configured systems only; phones pass by.
    """

    def __init__(self, reachable: Callable[[str, bool, str], None]) -> None:
        self._reachable = reachable
        #: Trunk by user name, and whether it has to register by TLS.
        self._trunks: Mapping[str, tuple[str, bool]] = {}
        #: Nodes by user name, and whether it is by TLS.
        self._at: dict[str, dict[str, bool]] = {}

    def watch(self, snapshot: Snapshot) -> None:
        """From now on these trunks."""
        found = {
            name: (trunk.id, trunk.srtp is Srtp.REQUIRED)
            for trunk in snapshot.trunks.values()
            if (name := trunk.registered_as) is not None
        }
        self._at = {name: nodes for name, nodes in self._at.items() if name in found}
        moved = [name for name in self._at if self._trunks.get(name) != found[name]]
        self._trunks = found
        for name in moved:
            self._tell(name)

    def came(self, node: str, username: str, *, tls: bool = False) -> None:
        """The system has registered with the node, or again."""
        if username in self._trunks and self._at.get(username, {}).get(node) is not tls:
            self._at.setdefault(username, {})[node] = tls
            self._tell(username)

    def went(self, node: str, username: str) -> None:
        """It has taken that back, or it has expired."""
        if username in self._trunks:
            self._at.get(username, {}).pop(node, None)
            self._tell(username)

    def listed_phones(self, node: str, usernames: Collection[str], by_tls: Collection[str] = ()) -> None:
        """All that are registered with the node now."""
        for name in self._trunks:
            nodes = self._at.setdefault(name, {})
            if name in usernames:
                nodes[node] = name in by_tls
            else:
                nodes.pop(node, None)
            self._tell(name)

    def _tell(self, username: str) -> None:
        trunk_id, only_tls = self._trunks[username]
        at = self._at.get(username, {})
        good = sorted(node for node, tls in at.items() if tls or not only_tls)
        why = f"registered with {', '.join(good or sorted(at))}" if at else _NOWHERE
        if at and not good:
            why += " without TLS, and its calls must be encrypted"
        self._reachable(trunk_id, bool(good), why)
