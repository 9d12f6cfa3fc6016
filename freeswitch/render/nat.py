"""Phones behind a NAT: how FreeSWITCH tells them, and what keeps the way to them open.

Read in sofia_reg.c and sofia.c: with `apply-nat-acl` a REGISTER whose Contact is of such a network is stored
with the address and port that it came from (`fs_path`, `fs_nat`), and calls and all that follows in them goes
there. An INVITE whose Via is of such a network, and its source of none, is answered there for its whole call.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Final

from freeswitch.settings import SwitchSettings

#: The access list.
INSIDE: Final = "phone-inside"
#: RFC 1918, RFC 6598 section 7: an address of these leads nowhere from outside.
_NETWORKS: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
#: Seconds between two OPTIONS. NATs forget a way of UDP after 30 s and more; RFC 5626 section 4.4.2 has 24 to
#: 29 s.
_PING_S: Final = 25


def nat_params() -> Mapping[str, str | int | bool]:
    """Of the profile that phones log in at.

    OPTIONS go to the phones behind a NAT by UDP alone, and what they answer, if anything, changes nothing: a
    phone that takes no OPTIONS, or lost three, would be away until it registers again
    (`unregister-on-options-fail`).
    """
    return {
        "apply-nat-acl": INSIDE,
        # Else a customer whose NAT is in the node's own network would have none.
        "local-network-acl": "none",
        "nat-options-ping": "udp-only",
        "ping-mean-interval": _PING_S,
    }


def inside(settings: SwitchSettings) -> Iterator[tuple[str, str]]:
    """The list's entries (type, CIDR). FreeSWITCH refuses a list that has the profile's own address."""
    yield from (("allow", cidr) for cidr in _NETWORKS)
    own = ipaddress.ip_address(settings.sip_ip)
    if own.version == 4 and any(own in ipaddress.ip_network(cidr) for cidr in _NETWORKS):
        yield "deny", f"{own}/32"
