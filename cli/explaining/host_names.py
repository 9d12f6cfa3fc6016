"""Host names that the DNS knows no address of."""

from __future__ import annotations

import socket
from collections.abc import Iterable


def without_address(hosts: Iterable[str]) -> list[str]:
    """Those of the hosts (names, IP addresses) that nothing is found for, in the resolver's own time."""
    return [host for host in dict.fromkeys(hosts) if not _found(host)]


def _found(host: str) -> bool:
    try:
        return bool(socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM))
    except OSError:
        return False
