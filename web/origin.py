"""Which address a request counts for: the peer's, or behind a proxy on this machine the one that it names."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from typing import Final

from dialplan.strangers.address import source_of

#: Longer than any address is.
_MAX_ADDRESS: Final = 64


def origin(peer: str, forwarded_for: str | None) -> str:
    """A source as `source_of` writes it. `peer` is the socket's other end; `forwarded_for` the header
    X-Forwarded-For, at whose end a proxy writes whom it serves: what stands before may be the client's own.

    Only a proxy on this machine is believed; whoever comes by himself could write anything.
    """
    if forwarded_for and _is_this_machine(peer):
        with suppress(ValueError):
            return source_of(forwarded_for.rpartition(",")[2].strip()[:_MAX_ADDRESS])
    try:
        return source_of(peer)
    except ValueError:
        return peer


def _is_this_machine(peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
