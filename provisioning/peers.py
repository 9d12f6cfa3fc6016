"""The sources that are a trunk's when its configuration does not list them."""

from __future__ import annotations

from dialplan.carrier import Peer, Transport
from provisioning.schema import TrunkEntry


def accepted_peers(trunk: TrunkEntry) -> tuple[Peer, ...]:
    """The listed sources, or the trunk's address; none where it proves itself by digest.

    By UDP a peer sends from the port it listens on; by TCP and TLS from any port (RFC 3261 section 18),
    so there the address alone counts.
    """
    if trunk.accepts_from is not None:
        return trunk.accepts_from
    address = trunk.address
    if address is None or trunk.logs_in:
        return ()
    return (Peer(address.host, address.port if address.transport is Transport.UDP else None),)
