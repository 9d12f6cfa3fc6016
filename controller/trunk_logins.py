"""Which customers' systems have registered with us, told to the health of trunks: who is registered nowhere
cannot be called."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from dialplan.snapshot import Snapshot

_NOWHERE: Final = "not registered"


class TrunkLogins:
    """freeswitch.registrations.PhoneSink for the trunks that calls reach by a registration.

    `reachable` is told of a trunk, whether its system is registered with any node, and with which. Kept are
    the configured systems only; phones pass by.
    """

    def __init__(self, reachable: Callable[[str, bool, str], None]) -> None:
        self._reachable = reachable
        #: Trunk by user name.
        self._trunks: Mapping[str, str] = {}
        #: Nodes by user name.
        self._at: dict[str, set[str]] = {}

    def watch(self, snapshot: Snapshot) -> None:
        """From now on these trunks."""
        found = {
            trunk.registered_as: trunk.id
            for trunk in snapshot.trunks.values()
            if trunk.registered_as is not None
        }
        self._at = {name: nodes for name, nodes in self._at.items() if name in found}
        moved = [name for name in self._at if self._trunks.get(name) != found[name]]
        self._trunks = found
        for name in moved:
            self._tell(name)

    def came(self, node: str, username: str) -> None:
        """The system has registered with the node, or again."""
        if username in self._trunks and node not in self._at.get(username, ()):
            self._at.setdefault(username, set()).add(node)
            self._tell(username)

    def went(self, node: str, username: str) -> None:
        """It has taken that back, or it has expired."""
        if username in self._trunks:
            self._at.get(username, set()).discard(node)
            self._tell(username)

    def listed_phones(self, node: str, usernames: Collection[str]) -> None:
        """All that are registered with the node now."""
        for name in self._trunks:
            nodes = self._at.setdefault(name, set())
            if name in usernames:
                nodes.add(node)
            else:
                nodes.discard(node)
            self._tell(name)

    def _tell(self, username: str) -> None:
        nodes = self._at.get(username)
        why = f"registered with {', '.join(sorted(nodes))}" if nodes else _NOWHERE
        self._reachable(self._trunks[username], bool(nodes), why)
