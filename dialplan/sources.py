"""Which trunk calls from an address where the port does not say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol

from dialplan.carrier import Peer, SipAddress


class Sourced(Protocol):
    """A trunk with what is known of where its calls come from."""

    @property
    def id(self) -> str: ...
    @property
    def address(self) -> SipAddress | None: ...
    @property
    def peers(self) -> tuple[Peer, ...]: ...


def sole_sources(trunks: Iterable[Sourced]) -> Mapping[str, str]:
    """The addresses that calls of one trunk alone come from, each with its id: also from another port
    than the one that the trunk listens on (its NAT, or its system, has chosen that for this call).

    Only where the trunk's own address is all that is known of its sources: a port that `accepts_from` adds
    stands for itself. One look at each trunk.
    """
    at: dict[str, set[str]] = {}
    own: dict[str, str] = {}
    for trunk in trunks:
        for peer in trunk.peers:
            at.setdefault(peer.ip, set()).add(trunk.id)
            if trunk.address is not None and peer == Peer(trunk.address.host, trunk.address.port):
                own[peer.ip] = trunk.id
    return MappingProxyType({ip: trunk_id for ip, trunk_id in own.items() if len(at[ip]) == 1})
