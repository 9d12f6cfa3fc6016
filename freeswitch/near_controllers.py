"""Which controllers are on a node's own machine, and what one on another machine may cost.

FreeSWITCH's application `socket` connects without a limit of its own (read: mod_event_socket.c,
`socket_function`; `connect()` on a blocking socket): an address whose machine is off, or that a firewall
drops, keeps every call until the kernel gives up. Where the machine runs and the process is not there it is
refused at once.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Sequence
from typing import Final

#: Until the first SYN is sent again (RFC 6298 section 2).
_INITIAL_S: Final = 1


def is_near(host: str, own: Collection[str]) -> bool:
    """Whether a controller at `host` is on the machine whose addresses are `own`. A name other than
    `localhost` counts as another machine: nobody knows where it leads tomorrow."""
    if host in own or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def near_first(controllers: Sequence[tuple[str, int]], own: Collection[str]) -> tuple[tuple[str, int], ...]:
    """The same in the same order, with those of the own machine in front."""
    return tuple(sorted(controllers, key=lambda each: not is_near(each[0], own)))


def silence_s(syn_retries: int) -> int:
    """Seconds at least until the kernel gives a silent machine up (tcp(7), `tcp_syn_retries`; seen with 1, 2
    and 3 on Linux 6.18: 3, 7 and 15 to 20 s). Without a router between, ARP may end it after three."""
    return _INITIAL_S * ((1 << (syn_retries + 1)) - 1)
