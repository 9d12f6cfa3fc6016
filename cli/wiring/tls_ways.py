"""By which way systems are called that must be called by TLS."""

from __future__ import annotations

from collections.abc import Mapping

from cli.wiring.phone_homes import SwitchNode
from controller.trunk_logins import TrunkLogins
from freeswitch.registrations import TlsOf, TlsWay


def tls_ways(logins: TrunkLogins, nodes: Mapping[str, SwitchNode]) -> TlsOf:
    """Over the connection that they registered on, through the door of the node that has it."""

    def way(username: str, node: str) -> TlsWay | None:
        found = logins.by_tls(username)
        if found is None:
            return None
        at, address = found
        return TlsWay(address, nodes[at].door if at != node else None)

    return way
