"""Whose connections a node's Event Socket takes: it is full control of the node."""

from __future__ import annotations

import ipaddress

from freeswitch.settings import LOOPBACK, SwitchSettings


def admitted(settings: SwitchSettings) -> list[str]:
    """The networks (CIDR); none: FreeSWITCH's own list of the loopback is enough.

    A node's own programs come from the address that they connect to, for Linux takes a local target as source
    too; those of another node from where its own Event Socket listens, a tunnel as a rule, whatever its
    address for SIP is.
    """
    own = ipaddress.ip_address(settings.event_socket.host)
    hosts = {ipaddress.ip_address(host) for host in settings.other_event_sockets}
    if not own.is_unspecified and own not in ipaddress.ip_network(LOOPBACK):
        hosts.add(own)
    if not hosts:
        return []
    return [*sorted(f"{host}/{host.max_prefixlen}" for host in hosts), LOOPBACK]
