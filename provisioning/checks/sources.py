"""Trunks that share an IP address are told apart by their ports alone: what one loses by another one there.

Who is alone on its address is known from every port (dialplan/sources.py), as a NAT gives them; with a second
trunk there only from the ports that are configured. Its other calls are refused, 110 and 112 too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dialplan.carrier import Peer, SipAddress
from dialplan.sources import sole_sources
from provisioning.checks.trunks import all_trunks
from provisioning.errors import Finding, KeyPath, Severity
from provisioning.peers import accepted_peers
from provisioning.schema import CarrierEntry, CustomerEntry, TrunkEntry
from provisioning.validate import Parts

_WAY_OUT = "accepts_from with the ports that each of them calls from, a login instead, or an address for each"


class _Trunk(NamedTuple):
    id: str
    address: SipAddress | None
    peers: tuple[Peer, ...]


def check_sources(parts: Parts) -> Iterator[Finding]:
    """Two customers (or a customer and a carrier) on one address, and one of them did not say its ports."""
    seen: dict[str, list[tuple[KeyPath, TrunkEntry]]] = {}
    for path, trunk in all_trunks(parts):
        for ip in dict.fromkeys(peer.ip for peer in accepted_peers(trunk)):
            others = seen.setdefault(ip, [])
            for first, other in others:
                if first[:2] != path[:2] and (_by_address(trunk) or _by_address(other)):
                    yield _finding("config.address-shared", path, trunk.id, first, other.id, ip)
                    break
            others.append((path, trunk))


def no_longer_alone(before: Iterable[CarrierEntry | CustomerEntry], after: Parts) -> Iterator[Finding]:
    """Trunks that were alone on an address, and have another one beside them now; with paths of `after`."""
    old = [_sourced(trunk) for entry in before for trunk in entry.trunks]
    placed = {trunk.id: (path, _sourced(trunk)) for path, trunk in all_trunks(after)}
    were = sole_sources(old)
    are = sole_sources(trunk for _, trunk in placed.values())
    lost = {
        ip: placed[id_]
        for ip, id_ in were.items()
        if id_ in placed and are.get(ip) != id_ and any(peer.ip == ip for peer in placed[id_][1].peers)
    }
    for path, trunk in placed.values():
        for ip in dict.fromkeys(peer.ip for peer in trunk.peers):
            if ip in lost and lost[ip][1].id != trunk.id:
                first, other = lost.pop(ip)
                yield _finding("config.no-longer-alone", path, trunk.id, first, other.id, ip)


def _finding(id_: str, path: KeyPath, trunk: str, first: KeyPath, other: str, ip: str) -> Finding:
    return Finding(
        id_,
        path,
        f"only their ports tell calls of the trunks {other!r} and {trunk!r} apart: from a port that is not "
        "configured, as a NAT gives them, they are refused or taken for the other's, 110 and 112 too",
        found=ip,
        allowed=_WAY_OUT,
        severity=Severity.WARNING,
        other=first,
    )


def _by_address(trunk: TrunkEntry) -> bool:
    """Whether its address and port are all that is known of where it calls from, and nobody said so."""
    return trunk.accepts_from is None and any(peer.port is not None for peer in accepted_peers(trunk))


def _sourced(trunk: TrunkEntry) -> _Trunk:
    return _Trunk(trunk.id, trunk.address, accepted_peers(trunk))
