"""The applied configuration as a controller uses it: fetched, compiled customer by customer, cached."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Final

from acd.centre import Centre
from controller.errors import StoreAway, VersionRefused
from dialplan.carrier import AssignedNumber
from dialplan.snapshot import Snapshot
from dialplan.sources import sole_sources
from numbering.e164 import E164
from provisioning.canonical import entry_of
from provisioning.compile import compile_carrier, compile_customer
from provisioning.compiled import CompiledCarrier, CompiledCustomer, assemble, replace_customers
from provisioning.contact_centres import contact_centre
from provisioning.errors import ConfigInvalid
from provisioning.network import AddressBook
from provisioning.number_table import NumberTable
from provisioning.schema import CarrierEntry, CustomerEntry
from provisioning.secrets import SecretSource
from provisioning.service import next_change
from provisioning.sounds import SoundBook, TonesOnly
from store.config_items import CARRIER_KEY, CUSTOMER, ConfigItem, ItemChanges, ItemKey, by_key
from store.config_versions import ConfigStore
from store.errors import StoreError

_NO_NUMBERS: Final[MappingProxyType[E164, AssignedNumber]] = MappingProxyType({})


class Versions:
    """controller.configuration.VersionSource on PostgreSQL, for the controllers of one node."""

    def __init__(self, store: ConfigStore, node: str) -> None:
        self._store = store
        self._node = node

    def current(self) -> int:
        try:
            return self._store.current_at(self._node)
        except StoreError as error:
            raise StoreAway(str(error)) from error

    def changes(self, since: int, to: int) -> ItemChanges:
        """Parts that differ; when the database was set back to before `since`, all parts."""
        try:
            if to < since:
                return ItemChanges(to, self._store.items(to), whole=True)
            return self._store.changes(since, to)
        except StoreError as error:
            raise StoreAway(str(error)) from error


class AppliedCarrier:
    """controller.configuration.Compiler: keeps the parts in force and the snapshot made of them.

    `secrets` gives a fresh source for each compilation, so that a secret which was put in place meanwhile is
    found. `today` gives the day in Germany: numbers and contracts begin and end with it.
    """

    def __init__(
        self,
        network: AddressBook,
        secrets: Callable[[], SecretSource],
        today: Callable[[], date],
        sounds: Callable[[], SoundBook] = TonesOnly,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._network = network
        self._secrets = secrets
        self._today = today
        self._clock = clock
        self._sounds = sounds
        self._day = today()
        self._snapshot: Snapshot | None = None
        self._table = NumberTable()
        self._numbers: dict[str, tuple[E164, ...]] = {}
        #: Customers by the next day on which something of them begins or ends.
        self._due: dict[str, date] = {}
        self.items: dict[ItemKey, ConfigItem] = {}
        #: The contact centres of customers in service, beside the snapshot.
        self.centres: dict[str, Centre] = {}

    @property
    def version(self) -> int:
        """The version of the parts kept; 0 before the first."""
        return self._snapshot.version if self._snapshot is not None else 0

    def compile(self, changes: ItemChanges, breathe: Callable[[], None] = lambda: None) -> Snapshot:
        """The snapshot with these changes; the first time all parts must be among them."""
        new = by_key(changes.changed)
        gone = set(self.items.keys() - new.keys()) if changes.whole else set(changes.removed)
        work = _Compilation(self._network, self._secrets(), self._today(), breathe, self._sounds())
        try:
            carrier = work.carrier(new[CARRIER_KEY]) if CARRIER_KEY in new else None
            if carrier is not None:
                emergency = replace(carrier.emergency, static_at=self._clock())
                carrier = replace(carrier, emergency=emergency)
            customers = [work.customer(item) for key, item in new.items() if key.kind == CUSTOMER]
            ids = [key.id for key in gone]
            snapshot = self._assembled(carrier, customers, ids, changes.version, breathe)
        except ConfigInvalid as error:
            raise VersionRefused(f"version {changes.version}: {error}") from error
        self._keep(snapshot, customers, ids)
        self.items = {key: item for key, item in (self.items | new).items() if key not in gone}
        for key in gone:
            self.centres.pop(key.id, None)
        self._note_due(work)
        return snapshot

    def due(self, breathe: Callable[[], None] = lambda: None) -> Snapshot | None:
        """On a new day: customers of whom something begins or ends today compiled anew. And emergency areas
        that were switched over, for the static dialplan."""
        today = self._today()
        if self._snapshot is not None and (moved := _areas_at(self._snapshot, self._clock())):
            self._snapshot = moved
            return moved
        if today == self._day or self._snapshot is None:
            return None
        ids = [customer_id for customer_id, day in self._due.items() if day <= today]
        work = _Compilation(self._network, self._secrets(), today, breathe, self._sounds())
        try:
            customers = [work.customer(self.items[ItemKey(CUSTOMER, id_)]) for id_ in ids]
            snapshot = self._assembled(None, customers, (), self._snapshot.version, breathe)
        except ConfigInvalid as error:
            raise VersionRefused(str(error)) from error
        self._day = today
        self._note_due(work)
        if not ids:
            return None
        self._keep(snapshot, customers, ())
        return snapshot

    def _note_due(self, work: _Compilation) -> None:
        for customer_id, centre in work.centres.items():
            if centre is None:
                self.centres.pop(customer_id, None)
            else:
                self.centres[customer_id] = centre
        for customer_id, day in work.next_days.items():
            if day is None:
                self._due.pop(customer_id, None)
            else:
                self._due[customer_id] = day

    def _assembled(
        self,
        carrier: CompiledCarrier | None,
        customers: Sequence[CompiledCustomer],
        gone: Sequence[str],
        version: int,
        breathe: Callable[[], None],
    ) -> Snapshot:
        """The numbers, by far the most, go their own way: `NumberTable`."""
        bare = [replace(each, numbers=()) for each in customers]
        ids = [*gone, *(each.customer.id for each in customers)]
        base = self._snapshot
        if base is None:
            if carrier is None:
                raise VersionRefused(
                    f"version {version} has no carrier: apply one with `fernamt config apply`"
                )
            base = assemble(carrier, (), version)
        elif carrier is not None:
            base = replace_customers(base, ids, (), version)
            base = _with_carrier(base, carrier, version)
        rest = replace_customers(replace(base, numbers=_NO_NUMBERS), ids, bare, version)
        came = (entry for each in customers for entry in _each_with_breath(each.numbers, breathe))
        went = (number for id_ in ids for number in self._numbers.get(id_, ()))
        return replace(rest, numbers=self._table.changed(went, came))

    def _keep(self, snapshot: Snapshot, customers: Sequence[CompiledCustomer], gone: Sequence[str]) -> None:
        """What the next change starts from."""
        assert isinstance(snapshot.numbers, NumberTable)  # noqa: S101 - _assembled made it
        self._snapshot, self._table = snapshot, snapshot.numbers
        for id_ in gone:
            self._numbers.pop(id_, None)
            self._due.pop(id_, None)
        for each in customers:
            self._numbers[each.customer.id] = tuple(entry.number for entry in each.numbers)


class _Compilation:
    """Parts compiled one after the other, with a breath after each."""

    def __init__(
        self,
        network: AddressBook,
        secrets: SecretSource,
        today: date,
        breathe: Callable[[], None],
        sounds: SoundBook,
    ) -> None:
        self._network = network
        self._secrets = secrets
        self._today = today
        self._breathe = breathe
        self._sounds = sounds
        self.next_days: dict[str, date | None] = {}
        self.centres: dict[str, Centre | None] = {}

    def carrier(self, item: ConfigItem) -> CompiledCarrier:
        entry = entry_of(item)
        assert isinstance(entry, CarrierEntry)  # noqa: S101 - the key says so
        return compile_carrier(entry, network=self._network, secrets=self._secrets)

    def customer(self, item: ConfigItem) -> CompiledCustomer:
        entry = entry_of(item)
        assert isinstance(entry, CustomerEntry)  # noqa: S101 - the key says so
        self.next_days[entry.id] = next_change(entry, self._today)
        compiled = compile_customer(
            entry, network=self._network, secrets=self._secrets, today=self._today, sounds=self._sounds
        )
        # A customer out of service has no lines, and nobody waits for its agents.
        in_service = bool(compiled.phones or compiled.numbers)
        self.centres[entry.id] = contact_centre(entry, self._sounds) if in_service else None
        self._breathe()
        return compiled


def _areas_at(snapshot: Snapshot, now: datetime) -> Snapshot | None:
    """The snapshot for the switch's static dialplan when emergency areas were switched over, else None."""
    routing = snapshot.emergency
    if not routing.areas.changes(routing.static_at, now):
        return None
    return replace(snapshot, emergency=replace(routing, static_at=now))


def keep_for_long() -> None:
    """What is in memory now is in force and lives long: no garbage collection looks at it again.

    A full one takes 0.2 s for a million numbers, and calls would wait for it.
    """
    gc.collect(1)
    gc.freeze()


def _with_carrier(snapshot: Snapshot, carrier: CompiledCarrier, version: int) -> Snapshot:
    """The snapshot with another carrier's part; tables of customers are shared, not copied."""
    base = assemble(carrier, (), version)
    customers = {each.id: each for each in snapshot.trunks.values() if each.customer_id is not None}
    trunks = {**base.trunks, **customers}
    peers = {peer: trunk_id for peer, trunk_id in snapshot.peers.items() if trunk_id in customers}
    return replace(
        base,
        customers=snapshot.customers,
        phones=snapshot.phones,
        numbers=snapshot.numbers,
        trunks=MappingProxyType(trunks),
        peers=MappingProxyType({**base.peers, **peers}),
        sole_sources=sole_sources(trunks.values()),
        tenants=snapshot.tenants,
    )


def _each_with_breath(
    entries: Sequence[AssignedNumber], breathe: Callable[[], None]
) -> Iterator[AssignedNumber]:
    yield from entries
    breathe()
