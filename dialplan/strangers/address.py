"""Who counts as one: an IPv4 address, or the /64 of an IPv6 address, which is one site's (RFC 6177)."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Final

_HOSTS_NETWORK: Final = 64


@lru_cache(maxsize=8_192)
def source_of(text: str) -> str:
    """The source that an address belongs to, as text: "192.0.2.1" or "2001:db8::/64".

    An IPv4 address inside an IPv6 one is itself. Raises ValueError for what is no address of a host.
    """
    if text.endswith(f"/{_HOSTS_NETWORK}") and ":" in text:
        text = text.rpartition("/")[0]
    address = ipaddress.ip_address(text.strip("[]"))
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((address, _HOSTS_NETWORK), strict=False))
        address = address.ipv4_mapped
    if address.is_unspecified or address.is_multicast:
        raise ValueError(f"{text!r} is no address of a host")
    return str(address)
