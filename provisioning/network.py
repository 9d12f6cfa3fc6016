"""Where the configured addresses are in this installation.

In production they are where they say. The lab moves each to a free port on 127.0.0.1, so the very same
YAML runs on a laptop.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from dialplan.carrier import Peer, SipAddress
from provisioning.errors import ProvisioningError

if TYPE_CHECKING:  # who only asks for addresses, secrets or sounds needs no schema
    from provisioning.schema import Config, TrunkEntry

#: Well-known port of SIP over UDP and TCP (RFC 3261 section 19.1.2).
SIP_PORT: Final = 5060


class AddressUnknown(ProvisioningError):
    """A configured address has no place in this installation."""

    id = "config.address-unknown"


class AddressBook(Protocol):
    """Maps what the YAML says to what this machine uses. Both raise `AddressUnknown`."""

    def address(self, configured: SipAddress) -> SipAddress:
        """Where to send calls for this address."""
        ...

    def peers(self, configured: Peer) -> tuple[Peer, ...]:
        """The sources that stand for this one; one without a port may be several with ports."""
        ...

    def networks(self, configured: tuple[str, ...]) -> tuple[str, ...]:
        """The networks (CIDR) that stand for these."""
        ...


class RealNetwork:
    """Production: every address is itself."""

    def address(self, configured: SipAddress) -> SipAddress:
        return configured

    def peers(self, configured: Peer) -> tuple[Peer, ...]:
        return (configured,)

    def networks(self, configured: tuple[str, ...]) -> tuple[str, ...]:
        return configured


class MovedNetwork:
    """The lab: each configured (host, port) is at another (ip, port), the transport stays.

    `places` must have every address that is used, so nothing of a lab ever reaches the real network.
    """

    def __init__(self, places: Mapping[tuple[str, int], tuple[str, int]]) -> None:
        self._places = dict(places)

    def address(self, configured: SipAddress) -> SipAddress:
        place = self._places.get((configured.host, configured.port))
        if place is None:
            raise AddressUnknown(f"{configured} has no place in this network: add it to the address book")
        return SipAddress(*place, configured.transport)

    def peers(self, configured: Peer) -> tuple[Peer, ...]:
        wanted = [
            Peer(*place)
            for (host, port), place in self._places.items()
            if host == configured.ip and configured.port in (None, port)
        ]
        if not wanted:
            source = configured.ip if configured.port is None else f"{configured.ip}:{configured.port}"
            raise AddressUnknown(f"{source} has no place in this network: add it to the address book")
        return tuple(wanted)

    def networks(self, configured: tuple[str, ...]) -> tuple[str, ...]:
        return ("127.0.0.0/8",)


def configured_addresses(config: Config) -> tuple[tuple[str, int], ...]:
    """Every (host, port) that a lab has to find a place for, in the order of the configuration.

    A source without a port is met by the addresses of its host; one of an unknown host gets port 5060.
    """
    trunks: list[TrunkEntry] = [*config.carrier.trunks]
    for customer in config.customers:
        trunks.extend(customer.trunks)
    addresses = [each.address for each in trunks if each.address is not None]
    found = dict.fromkeys((each.host, each.port) for each in addresses)
    teams = config.carrier.teams
    found |= dict.fromkeys((each.host, each.port) for each in (teams.addresses if teams else ()))
    for trunk in trunks:
        for peer in trunk.accepts_from or ():
            if peer.port is not None:
                found[peer.ip, peer.port] = None
            elif all(host != peer.ip for host, _ in found):
                found[peer.ip, SIP_PORT] = None
    return tuple(found)
