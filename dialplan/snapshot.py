"""The whole carrier as one immutable value: what every decision reads, swapped in whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dialplan.barring.bars import BarringProfile
from dialplan.carrier import AssignedNumber, Customer, Peer, Phone, TeamsEdge, Trunk
from dialplan.emergency.routing import NO_EMERGENCY_ROUTING, EmergencyRouting
from dialplan.limits.agreed import Limits
from dialplan.number_blocks import NumberBlocks
from dialplan.plans.hours import Hours
from dialplan.trunks.routes import NO_ROUTES, RouteTable
from numbering.e164 import E164


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One applied configuration version, indexed for the call path.

    `routes` finds the carrier trunks for a number; `carrier_trunks` (all of them) and `emergency_trunks` are
    ordered by priority, then id. `barring` are the carrier's profiles, which customers name. `peers` finds
    the trunk that a request came from: first by address and port, then by address alone (`Peer(ip, None)`),
    then by `sole_sources` (dialplan/sources.py).
    `limit_profiles` are the carrier's own too.
    `opening_hours` are the carrier's, for plans that name them. `tenants` has the Teams trunk of each
    Microsoft tenant, `teams` Microsoft's side of them all.
    """

    version: int
    customers: Mapping[str, Customer]
    trunks: Mapping[str, Trunk]
    phones: Mapping[str, Phone]
    numbers: Mapping[E164, AssignedNumber]
    blocks: NumberBlocks
    peers: Mapping[Peer, str]
    carrier_trunks: tuple[str, ...]
    emergency_trunks: tuple[str, ...]
    default_area_code: str
    routes: RouteTable = NO_ROUTES
    limit_profiles: Mapping[str, Limits] = field(default_factory=lambda: MappingProxyType({}))
    barring: Mapping[str, BarringProfile] = field(default_factory=lambda: MappingProxyType({}))
    opening_hours: Mapping[str, Hours] = field(default_factory=dict)
    emergency: EmergencyRouting = NO_EMERGENCY_ROUTING
    tenants: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    teams: TeamsEdge | None = None
    sole_sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def trunk_at(self, ip: str, port: int) -> Trunk | None:
        """The trunk whose requests come from this source, or None for a stranger."""
        trunk_id = self.peers.get(Peer(ip, port)) or self.peers.get(Peer(ip)) or self.sole_sources.get(ip)
        return self.trunks[trunk_id] if trunk_id else None

    def trunk_of_login(self, trunk_id: str) -> Trunk | None:
        """The customer's trunk whose system logs in, or None."""
        trunk = self.trunks.get(trunk_id)
        return trunk if trunk is not None and trunk.login is not None and trunk.customer_id else None

    def limits_of(self, limits: Limits | str | None) -> Limits | None:
        """The limits meant: themselves, or the carrier's profile of that name (B11)."""
        return self.limit_profiles.get(limits) if isinstance(limits, str) else limits

    def main_of(self, number: E164) -> E164:
        """The number that an extension is behind (A5); any other number itself."""
        assigned = self.numbers.get(number)
        return assigned.behind or number if assigned is not None else number

    def is_ours(self, number: E164) -> bool:
        """Whether the number is of one of our blocks or assigned to a customer (ported in)."""
        return number in self.numbers or number in self.blocks
