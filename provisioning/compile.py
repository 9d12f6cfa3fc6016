"""The checked configuration as a snapshot for the call path: whole, or customer by customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from dialplan.carrier import (
    Credentials,
    Customer,
    NumberBlock,
    Peer,
    Phone,
    Registration,
    TeamsEdge,
    Trunk,
)
from dialplan.snapshot import Snapshot
from provisioning import barring
from provisioning.caller_ids import caller_policy, rejecting_anonymous, rights_of_use
from provisioning.checks.trunks import all_trunks
from provisioning.compile_limits import limits, limits_of
from provisioning.compile_numbers import Lines, idle_numbers
from provisioning.compile_trunks import sip_trunk, teams_trunk
from provisioning.compiled import CompiledCarrier, CompiledCustomer, assemble, peers_of
from provisioning.emergency import Addresses, emergency_routing
from provisioning.errors import Finding, KeyPath, Problems, ProvisioningError
from provisioning.mailbox_access import read_pin
from provisioning.network import AddressBook
from provisioning.peers import accepted_peers
from provisioning.routing_plans import compile_hours, compile_plans
from provisioning.schema import (
    CarrierEntry,
    Config,
    CustomerEntry,
    CustomerTrunkEntry,
    PhoneEntry,
    RegistrationEntry,
    SecretRef,
    TeamsEntry,
    TrunkEntry,
)
from provisioning.secrets import SecretSource
from provisioning.service import of_contract
from provisioning.sounds import SoundBook, TonesOnly
from provisioning.tree import NoPlaces, Places
from provisioning.validate import Parts


def compile_snapshot(
    config: Config,
    *,
    version: int,
    network: AddressBook,
    secrets: SecretSource,
    places: Places | None = None,
    today: date | None = None,
    sounds: SoundBook | None = None,
) -> Snapshot:
    """Compile a configuration that `load` has checked.

    `today` (Europe/Berlin) leaves out what is not in service on that day; without it everything is in. See
    `compile_customer`. Raise `ConfigInvalid` with every secret that cannot be read and every address that
    has no place here; `places` (of `CheckedConfig`) gives these their file and line. Numbers share their
    target, so a million of them take about 250 MB.
    """
    compiler = _Compiler(network, secrets, places or NoPlaces(), today, sounds)
    carrier = compiler.carrier(config.carrier)
    customers = [compiler.customer(each, ("customers", i)) for i, each in enumerate(config.customers)]
    compiler.check_peers(config, carrier, customers)
    compiler.problems.raise_if_any()
    return assemble(carrier, customers, version)


def compile_carrier(
    carrier: CarrierEntry, *, network: AddressBook, secrets: SecretSource, places: Places | None = None
) -> CompiledCarrier:
    """Compile the carrier's own part. Raise `ConfigInvalid` as `compile_snapshot` does."""
    compiler = _Compiler(network, secrets, places or NoPlaces(), None, None)
    compiled = compiler.carrier(carrier)
    compiler.problems.raise_if_any()
    return compiled


def compile_customer(
    customer: CustomerEntry,
    *,
    network: AddressBook,
    secrets: SecretSource,
    today: date | None = None,
    at: KeyPath | None = None,
    places: Places | None = None,
    sounds: SoundBook | None = None,
) -> CompiledCustomer:
    """Compile one customer, for `assemble` and `replace_customers`. Raise `ConfigInvalid` as above.

    Numbers that are not in service on `today` are left out, and phones with such a number. A customer whose
    contract has not begun or is over stays, blocked and without lines; one that is only blocked keeps its
    lines, for emergency calls (A7). `at` is the path that problems name; by default it names the customer by
    its id. `sounds` gives what announcements of routing plans sound like; by default all but tones are
    replaced by a tone.
    """
    compiler = _Compiler(network, secrets, places or NoPlaces(), today, sounds)
    compiled = compiler.customer(customer, at or ("customers", customer.id))
    compiler.problems.raise_if_any()
    return compiled


class _Compiler:
    """Collects the problems of one compilation, so that all of them are told together."""

    def __init__(
        self,
        network: AddressBook,
        secrets: SecretSource,
        places: Places | NoPlaces,
        today: date | None,
        sounds: SoundBook | None,
    ) -> None:
        self._network = network
        self._secrets = secrets
        self._places = places
        self._today = today
        self._sounds = sounds or TonesOnly()
        self.problems = Problems()

    def carrier(self, carrier: CarrierEntry) -> CompiledCarrier:
        trunks = self._trunks(("carrier",), carrier.trunks, None)
        blocks = tuple(NumberBlock(each.first, each.last) for each in carrier.number_blocks)
        profiles = {each.id: limits(each) for each in carrier.limit_profiles}
        return CompiledCarrier(
            trunks,
            blocks,
            carrier.default_area_code,
            MappingProxyType(profiles),
            barring.profiles(carrier.barring_profiles),
            {each.id: compile_hours(each) for each in carrier.opening_hours},
            emergency_routing(carrier.emergency),
            self._teams(("carrier", "teams", "addresses"), carrier.teams),
        )

    def customer(self, entry: CustomerEntry, path: KeyPath) -> CompiledCustomer:
        if not of_contract(entry.contract).on(self._today):
            return CompiledCustomer(_customer(entry, blocked=True), (), (), ())
        teams = tuple(teams_trunk(each, entry.id) for each in entry.teams_trunks)
        trunks = (*self._trunks(path, entry.trunks, entry.id), *teams)
        addresses = Addresses(entry)
        idle = idle_numbers(entry, self._today) if entry.phones else frozenset()
        serving = {each.phone: each.id for each in reversed(entry.agents) if each.queues}
        phones = tuple(
            replace(phone, agent_id=serving.get(phone.id))
            for k, each in enumerate(entry.phones)
            if each.number not in idle
            and (phone := self._phone((*path, "phones", k), each, entry, addresses)) is not None
        )
        usable = frozenset([*(each.id for each in trunks), *(each.id for each in phones)])
        customer = _customer(entry, blocked=entry.blocked)
        plans = compile_plans(entry, self._sounds, usable.__contains__, self._pins(path, entry))
        numbers = tuple(Lines(usable, plans, addresses).numbers(entry, self._today))
        return CompiledCustomer(customer, trunks, phones, numbers)

    def _teams(self, path: KeyPath, entry: TeamsEntry | None) -> TeamsEdge | None:
        if entry is None:
            return None
        try:
            addresses = tuple(self._network.address(each) for each in entry.addresses)
        except ProvisioningError as error:
            self._refuse(path, error)
            return None
        return TeamsEdge(entry.fqdn, addresses, self._network.networks(entry.accepts_from), entry.ping_s)

    def check_peers(
        self, config: Config, carrier: CompiledCarrier, customers: Sequence[CompiledCustomer]
    ) -> None:
        """Two trunks that the YAML keeps apart may be moved to one place by the address book."""
        seen: dict[Peer, str] = {}
        twice: dict[str, tuple[Peer, str]] = {}
        for trunks in (carrier.trunks, *(each.trunks for each in customers)):
            for peer, trunk_id in peers_of(trunks):
                other = seen.setdefault(peer, trunk_id)
                if other != trunk_id:
                    twice[trunk_id] = (peer, other)
        if not twice:
            return
        for path, entry in all_trunks(Parts.of(config)):
            if entry.id in twice:
                peer, other = twice[entry.id]
                message = f"calls from {peer.ip} port {peer.port} would belong to {other!r} and {entry.id!r}"
                self.problems.add(self._places.problem(Finding("config.peer-twice", path, message)))

    def _trunks(
        self, path: KeyPath, entries: Sequence[TrunkEntry], customer_id: str | None
    ) -> tuple[Trunk, ...]:
        trunks = (self._trunk((*path, "trunks", k), entry, customer_id) for k, entry in enumerate(entries))
        return tuple(each for each in trunks if each is not None)

    def _trunk(self, path: KeyPath, entry: TrunkEntry, customer_id: str | None) -> Trunk | None:
        at = (*path, "registration", "secret")
        registration = self._registration(at, entry.registration) if entry.registration is not None else None
        login = None
        if isinstance(entry, CustomerTrunkEntry) and entry.login is not None:
            at = (*path, "login", "secret")
            login = self._credentials(at, entry.login.username or entry.id, entry.login.secret)
        try:
            address = self._network.address(entry.address) if entry.address is not None else None
            peers = [peer for each in accepted_peers(entry) for peer in self._network.peers(each)]
        except ProvisioningError as error:
            self._refuse((*path, "address"), error)
            return None
        return sip_trunk(entry, customer_id, address, peers, registration, login)

    def _registration(self, path: KeyPath, entry: RegistrationEntry) -> Registration | None:
        credentials = self._credentials(path, entry.auth_username or entry.username, entry.secret)
        if credentials is None:
            return None
        return Registration(entry.username, credentials, entry.domain, entry.expires_s)

    def _phone(
        self, path: KeyPath, entry: PhoneEntry, customer: CustomerEntry, addresses: Addresses
    ) -> Phone | None:
        credentials = self._credentials((*path, "secret"), entry.username or entry.id, entry.secret)
        if credentials is None:
            return None
        own = limits_of(entry.limits, customer.limit_profiles)
        return Phone(
            entry.id,
            customer.id,
            credentials,
            entry.number,
            entry.no_answer_s,
            limits=own,
            barring=barring.of_phone(customer, entry),
            caller_policy=caller_policy(entry.caller_id),
            address=addresses.of_phone(entry),
            own_line=entry.own_line,
            webrtc=entry.webrtc,
            codecs=entry.codecs or (),
        )

    def _credentials(self, path: KeyPath, username: str, ref: SecretRef) -> Credentials | None:
        try:
            return Credentials(username, self._secrets.read(ref))
        except ProvisioningError as error:
            self._refuse(path, error)
            return None

    def _pins(self, path: KeyPath, customer: CustomerEntry) -> dict[str, str]:
        """The PINs of mailboxes that a plan lets callers listen to; others are not read."""
        wanted = {node.listen for plan in customer.plans for node in plan.nodes}
        found: dict[str, str] = {}
        for index, box in enumerate(customer.mailboxes):
            if box.pin is None or box.id not in wanted:
                continue
            try:
                found[box.id] = read_pin(self._secrets, box.pin)
            except ProvisioningError as error:
                self._refuse((*path, "mailboxes", index, "pin"), error)
        return found

    def _refuse(self, path: KeyPath, error: ProvisioningError) -> None:
        self.problems.add(self._places.problem(Finding(error.id, path, str(error))))


def _customer(entry: CustomerEntry, *, blocked: bool) -> Customer:
    return Customer(
        entry.id,
        entry.name,
        entry.main_number,
        blocked,
        frozenset(entry.carrier_trunks),
        limits=limits_of(entry.limits, entry.limit_profiles),
        barring=barring.of_customer(entry),
        lifted_bars=barring.lifted_bars(entry),
        rights=rights_of_use(entry),
        rejects_anonymous=rejecting_anonymous(entry),
        address=Addresses(entry).only,
    )
