"""Compiled customers, put together to a snapshot, and exchanged in one without compiling the others again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from types import MappingProxyType
from typing import Final, NoReturn, TypeVar

from dialplan.barring.bars import BarringProfile
from dialplan.carrier import AssignedNumber, Customer, NumberBlock, Peer, Phone, TeamsEdge, Trunk
from dialplan.emergency.routing import NO_EMERGENCY_ROUTING, EmergencyRouting
from dialplan.limits.agreed import Limits
from dialplan.number_blocks import NumberBlocks
from dialplan.plans.hours import Hours
from dialplan.snapshot import Snapshot
from dialplan.sources import sole_sources
from dialplan.trunks.routes import route_table
from numbering.e164 import E164
from provisioning.errors import ConfigInvalid, Finding
from provisioning.tree import NoPlaces

K = TypeVar("K")
V = TypeVar("V")

#: Numbers looked at between two breaths: about 2 ms.
SLICE: Final = 25_000


@dataclass(frozen=True, slots=True)
class CompiledCarrier:
    """What the snapshot has of the carrier itself."""

    trunks: tuple[Trunk, ...]
    blocks: tuple[NumberBlock, ...]
    default_area_code: str
    limit_profiles: Mapping[str, Limits] = field(default_factory=lambda: MappingProxyType({}))
    barring: tuple[BarringProfile, ...] = ()
    opening_hours: Mapping[str, Hours] = field(default_factory=dict)
    emergency: EmergencyRouting = NO_EMERGENCY_ROUTING
    teams: TeamsEdge | None = None


@dataclass(frozen=True, slots=True)
class CompiledCustomer:
    """What the snapshot has of one customer. `numbers` are those in service."""

    customer: Customer
    trunks: tuple[Trunk, ...]
    phones: tuple[Phone, ...]
    numbers: tuple[AssignedNumber, ...]

    @property
    def peers(self) -> tuple[tuple[Peer, str], ...]:
        """The sources of its trunks, each with the trunk's id."""
        return tuple(peers_of(self.trunks))


def tenants_of(trunks: Iterable[Trunk]) -> dict[str, str]:
    """The Teams trunk of each Microsoft tenant: the first, where a customer has several."""
    return {trunk.teams.tenant_id: trunk.id for trunk in reversed((*trunks,)) if trunk.teams is not None}


def peers_of(trunks: Iterable[Trunk]) -> Iterator[tuple[Peer, str]]:
    """The sources of trunks, each with the trunk's id."""
    return ((peer, trunk.id) for trunk in trunks for peer in trunk.peers)


def assemble(carrier: CompiledCarrier, customers: Sequence[CompiledCustomer], version: int) -> Snapshot:
    """The snapshot of a carrier and all its customers.

    Raise `ConfigInvalid` when two of them claim the same id, number or source; `load` has refused such a
    configuration before.
    """
    ordered = sorted(carrier.trunks, key=lambda each: (each.priority, each.id))
    snapshot = Snapshot(
        version=version,
        customers=MappingProxyType({}),
        trunks=MappingProxyType({each.id: each for each in carrier.trunks}),
        phones=MappingProxyType({}),
        numbers=MappingProxyType({}),
        blocks=NumberBlocks(carrier.blocks),
        peers=MappingProxyType(dict(peers_of(carrier.trunks))),
        carrier_trunks=tuple(each.id for each in ordered),
        emergency_trunks=tuple(each.id for each in ordered if each.emergency),
        default_area_code=carrier.default_area_code,
        routes=route_table(carrier.trunks),
        limit_profiles=carrier.limit_profiles,
        barring=MappingProxyType({each.id: each for each in carrier.barring}),
        opening_hours=carrier.opening_hours,
        emergency=carrier.emergency,
        teams=carrier.teams,
    )
    return replace_customers(snapshot, (), customers, version)


def replace_customers(
    snapshot: Snapshot,
    removed_ids: Collection[str],
    added: Iterable[CompiledCustomer],
    version: int,
    *,
    breathe: Callable[[], None] | None = None,
) -> Snapshot:
    """The snapshot without the removed customers and with the added ones, which replace those of their id.

    The given snapshot is not changed. The cost is a copy of the tables and one look at each number (about
    0.1 s for a million); `breathe` is called after every `SLICE` of them, for a controller to take calls
    between. Raise `ConfigInvalid` when an added customer claims what another one has.
    """
    new = tuple(added)
    gone = (frozenset(removed_ids) | {each.customer.id for each in new}) & snapshot.customers.keys()
    customers = _copy(snapshot.customers)
    trunks = _copy(snapshot.trunks)
    phones = _copy(snapshot.phones)
    numbers = _copy(snapshot.numbers)
    peers = _copy(snapshot.peers)
    tenants = _copy(snapshot.tenants)
    if gone:
        for name in gone:
            del customers[name]
        _drop(trunks, [each.id for each in snapshot.trunks.values() if each.customer_id in gone])
        _drop(phones, [each.id for each in snapshot.phones.values() if each.customer_id in gone])
        _drop(peers, [peer for peer, trunk_id in snapshot.peers.items() if trunk_id not in trunks])
        _drop(tenants, [tenant for tenant, trunk_id in tenants.items() if trunk_id not in trunks])
        _drop(numbers, _numbers_of(gone, snapshot.numbers, breathe))
    seen = 0
    for each in new:
        name = each.customer.id
        _add(customers, ((name, each.customer),), name, "id-twice", "the customer")
        _add(trunks, ((trunk.id, trunk) for trunk in each.trunks), name, "id-twice", "the trunk")
        _add(phones, ((phone.id, phone) for phone in each.phones), name, "id-twice", "the phone")
        _add(peers, each.peers, name, "peer-twice", "the source")
        _add(tenants, tenants_of(each.trunks).items(), name, "tenant-twice", "the tenant")
        _add(numbers, ((entry.number, entry) for entry in each.numbers), name, "number-twice", "the number")
        seen += len(each.numbers)
        if breathe is not None and seen >= SLICE:
            seen = 0
            breathe()
    return replace(
        snapshot,
        version=version,
        customers=MappingProxyType(customers),
        trunks=MappingProxyType(trunks),
        phones=MappingProxyType(phones),
        numbers=MappingProxyType(numbers),
        peers=MappingProxyType(peers),
        tenants=MappingProxyType(tenants),
        sole_sources=sole_sources(trunks.values()),
    )


def _copy(table: Mapping[K, V]) -> dict[K, V]:
    """`dict(proxy)` would ask the proxy for each key; its `copy` is ten times as fast."""
    return table.copy() if isinstance(table, MappingProxyType) else dict(table)


def _drop(table: dict[K, V], keys: Iterable[K]) -> None:
    for key in keys:
        del table[key]


def _numbers_of(
    gone: frozenset[str], numbers: Mapping[E164, AssignedNumber], breathe: Callable[[], None] | None
) -> list[E164]:
    found: list[E164] = []
    entries = iter(numbers.values())
    while batch := list(islice(entries, SLICE)):
        found += [each.number for each in batch if each.customer_id in gone]
        if breathe is not None:
            breathe()
    return found


def _add(table: dict[K, V], entries: Iterable[tuple[K, V]], customer: str, id_: str, noun: str) -> None:
    for key, value in entries:
        if table.setdefault(key, value) is not value:
            _refuse(key, customer, id_, noun)


def _refuse(key: object, customer: str, id_: str, noun: str) -> NoReturn:
    shown = f"{key.ip}:{key.port}" if isinstance(key, Peer) else key
    message = f"{noun} {shown} is another one's already"
    raise ConfigInvalid([NoPlaces().problem(Finding(f"config.{id_}", ("customers", customer), message))])
