"""The checked configuration as a snapshot for the call path."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from dialplan.carrier import (
    AssignedNumber,
    Credentials,
    Customer,
    NumberBlock,
    Peer,
    Phone,
    ToPhones,
    ToTrunks,
    Trunk,
    TrunkSide,
)
from dialplan.snapshot import Snapshot
from numbering.e164 import E164
from provisioning.checks.numbers import phones_apart
from provisioning.checks.trunks import all_trunks
from provisioning.errors import Finding, KeyPath, Problems, ProvisioningError
from provisioning.network import AddressBook
from provisioning.peers import accepted_peers
from provisioning.schema import CarrierTrunkEntry, Config, CustomerEntry, PhoneEntry, SecretRef, TrunkEntry
from provisioning.secrets import SecretSource
from provisioning.tree import NoPlaces, Places
from provisioning.validate import Parts


def compile_snapshot(
    config: Config,
    *,
    version: int,
    network: AddressBook,
    secrets: SecretSource,
    places: Places | None = None,
) -> Snapshot:
    """Compile a configuration that `load` has checked.

    Raise `ConfigInvalid` with every secret that cannot be read and every address that has no place here;
    `places` (of `CheckedConfig`) gives these their file and line. Numbers share their target, so a million
    of them take about 250 MB.
    """
    compiler = _Compiler(config, network, secrets, places or NoPlaces())
    trunks = compiler.trunks()
    phones = compiler.phones()
    peers = compiler.peers
    compiler.problems.raise_if_any()
    carriers = sorted(
        (each for each in trunks.values() if each.side is TrunkSide.CARRIER),
        key=lambda each: (each.priority, each.id),
    )
    return Snapshot(
        version=version,
        customers=MappingProxyType(
            {
                each.id: Customer(each.id, each.name, each.main_number, each.blocked)
                for each in config.customers
            }
        ),
        trunks=MappingProxyType(trunks),
        phones=MappingProxyType(phones),
        numbers=MappingProxyType(
            {entry.number: entry for customer in config.customers for entry in _numbers(customer)}
        ),
        blocks=tuple(NumberBlock(each.first, each.last) for each in config.carrier.number_blocks),
        peers=MappingProxyType(peers),
        carrier_trunks=tuple(each.id for each in carriers),
        emergency_trunks=tuple(each.id for each in carriers if each.emergency),
        default_area_code=config.carrier.default_area_code,
    )


class _Compiler:
    """Collects the problems of one compilation, so that all of them are told together."""

    def __init__(
        self, config: Config, network: AddressBook, secrets: SecretSource, places: Places | NoPlaces
    ) -> None:
        self._config = config
        self._network = network
        self._secrets = secrets
        self._places = places
        self.problems = Problems()
        self.peers: dict[Peer, str] = {}

    def trunks(self) -> dict[str, Trunk]:
        """All trunks; fills `peers`."""
        trunks: dict[str, Trunk] = {}
        for path, entry in all_trunks(Parts.of(self._config)):
            trunk = self._trunk(path, entry)
            if trunk is None:
                continue
            trunks[trunk.id] = trunk
            for peer in trunk.peers:
                self._add_peer(path, peer, trunk.id)
        return trunks

    def phones(self) -> dict[str, Phone]:
        """All phones."""
        phones: dict[str, Phone] = {}
        for i, customer in enumerate(self._config.customers):
            for j, entry in enumerate(customer.phones):
                phone = self._phone(("customers", i, "phones", j), entry, customer.id)
                if phone is not None:
                    phones[phone.id] = phone
        return phones

    def _trunk(self, path: KeyPath, entry: TrunkEntry) -> Trunk | None:
        registration = None
        if entry.registration is not None:
            at = (*path, "registration", "secret")
            registration = self._credentials(at, entry.registration.username, entry.registration.secret)
        carrier = entry if isinstance(entry, CarrierTrunkEntry) else None
        try:
            address = self._network.address(entry.address)
            peers = tuple(peer for each in accepted_peers(entry) for peer in self._network.peers(each))
        except ProvisioningError as error:
            self._refuse((*path, "address"), error)
            return None
        return Trunk(
            id=entry.id,
            side=TrunkSide.CARRIER if carrier else TrunkSide.CUSTOMER,
            address=address,
            peers=tuple(dict.fromkeys(peers)),
            customer_id=None if carrier else self._config.customers[_index(path)].id,
            registration=registration,
            priority=carrier.priority if carrier else 100,
            emergency=carrier.emergency if carrier else False,
            codecs=entry.codecs,
            no_progress_s=entry.no_progress_s,
            no_answer_s=entry.no_answer_s,
        )

    def _add_peer(self, path: KeyPath, peer: Peer, trunk_id: str) -> None:
        other = self.peers.setdefault(peer, trunk_id)
        if other != trunk_id:
            message = f"calls from {peer.ip} port {peer.port} would belong to {other!r} and {trunk_id!r}"
            self.problems.add(self._places.problem(Finding("config.peer-twice", path, message)))

    def _phone(self, path: KeyPath, entry: PhoneEntry, customer_id: str) -> Phone | None:
        credentials = self._credentials((*path, "secret"), entry.username or entry.id, entry.secret)
        if credentials is None:
            return None
        return Phone(entry.id, customer_id, credentials, entry.number, entry.no_answer_s)

    def _credentials(self, path: KeyPath, username: str, ref: SecretRef) -> Credentials | None:
        try:
            return Credentials(username, self._secrets.read(ref))
        except ProvisioningError as error:
            self._refuse(path, error)
            return None

    def _refuse(self, path: KeyPath, error: ProvisioningError) -> None:
        self.problems.add(self._places.problem(Finding(error.id, path, str(error))))


def _index(path: KeyPath) -> int:
    index = path[1]
    assert isinstance(index, int)  # noqa: S101 - ("customers", index, "trunks", …)
    return index


def _numbers(customer: CustomerEntry) -> Iterator[AssignedNumber]:
    """Every number of the customer; those of phones that no entry has ring all phones that share them."""
    for entry in customer.numbers:
        target = ToTrunks(entry.trunks) if entry.trunks is not None else ToPhones(entry.phones or ())
        for first, last in entry.spans():
            for digits in range(first, last + 1):
                yield AssignedNumber(E164(f"+{digits}"), customer.id, target)
    shared: dict[int, list[str]] = {}
    for index, digits in phones_apart(customer):
        shared.setdefault(digits, []).append(customer.phones[index].id)
    for digits, phone_ids in shared.items():
        yield AssignedNumber(E164(f"+{digits}"), customer.id, ToPhones(tuple(phone_ids)))
