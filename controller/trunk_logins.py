"""Which customers' systems have registered with us, told to the health of trunks: who is registered nowhere
cannot be called, and who must be called by TLS is called over the connection that it registered on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Final

from dialplan.snapshot import Snapshot

_NOWHERE: Final = "not registered"
_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})


class TrunkLogins:
    """freeswitch.registrations.PhoneSink for the trunks that calls reach by a registration.

    `reachable` is told of a trunk, whether its system is registered with any node, with which, and whether it
    may not be called for want of TLS: one that requires SRTP has to register by TLS, the keys of calls to it
    would be heard else (RFC 4568 section 7). Kept are the configured systems only; phones pass by.
    """

    def __init__(self, reachable: Callable[[str, bool, str, bool], None]) -> None:
        self._reachable = reachable
        #: Trunk by user name, and whether it has to register by TLS.
        self._trunks: Mapping[str, tuple[str, bool]] = {}
        #: Nodes by user name, the last one that was heard of at the end: the address that it registered from
        #: by TLS, "" when it was by anything else.
        self._at: dict[str, dict[str, str]] = {}

    def watch(self, snapshot: Snapshot) -> None:
        """From now on these trunks."""
        found = {
            name: (trunk.id, trunk.only_by_tls)
            for trunk in snapshot.trunks.values()
            if (name := trunk.registered_as) is not None
        }
        self._at = {name: nodes for name, nodes in self._at.items() if name in found}
        moved = [name for name in self._at if self._trunks.get(name) != found[name]]
        self._trunks = found
        for name in moved:
            self._tell(name)

    def by_tls(self, username: str) -> tuple[str, str] | None:
        """The node that the system has registered with by TLS, the last one if there are several, and the
        address that it did so from (`IP:PORT`). None: there is none."""
        found = [(node, address) for node, address in self._at.get(username, _NOBODY).items() if address]
        return found[-1] if found else None

    def came(self, node: str, username: str, *, tls: str = "") -> None:
        """The system has registered with the node, or again."""
        if username not in self._trunks:
            return
        nodes = self._at.setdefault(username, {})
        before = nodes.pop(node, None)
        nodes[node] = tls
        if before is None or bool(before) is not bool(tls):
            self._tell(username)

    def went(self, node: str, username: str) -> None:
        """It has taken that back, or it has expired."""
        if username in self._trunks:
            self._at.get(username, {}).pop(node, None)
            self._tell(username)

    def listed_phones(
        self, node: str, usernames: Collection[str], by_tls: Mapping[str, str] = _NOBODY
    ) -> None:
        """All that are registered with the node now."""
        for name in self._trunks:
            nodes = self._at.setdefault(name, {})
            if name in usernames:
                nodes[node] = by_tls.get(name, "")
            else:
                nodes.pop(node, None)
            self._tell(name)

    def _tell(self, username: str) -> None:
        trunk_id, only_tls = self._trunks[username]
        at = self._at.get(username, {})
        good = sorted(node for node, tls in at.items() if tls or not only_tls)
        why = f"registered with {', '.join(good or sorted(at))}" if at else _NOWHERE
        in_clear = bool(at) and not good
        if in_clear:
            why += " without TLS, and its calls must be encrypted: it is not called"
        self._reachable(trunk_id, bool(good), why, in_clear)
