"""What the guard needs of the stores, the kernel and the settings; and whom it must never shut out."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Engine

from cli.errors import NeverBanned
from cli.settings import Settings
from cli.wiring.adapters import store_errors
from cli.wiring.this_machine import address_book
from controller.errors import BarrierFailed, StoreAway
from controller.guard_meters import GuardMeters, Part
from dialplan.strangers.address import source_of
from dialplan.strangers.ban import Ban
from dialplan.strangers.counting import ALLOWANCES, Allowance, Evidence, Rules
from firewall.attach import SocketBarrier
from firewall.errors import FirewallError
from firewall.nftables import NftablesBarrier
from provisioning.network import AddressUnknown
from provisioning.peers import accepted_peers
from provisioning.schema import CarrierTrunkEntry, CustomerTrunkEntry, TeamsEntry
from store.applied_trunks import applied_teams, applied_trunks
from store.bans import BanStore
from store.config_versions import ConfigStore
from store.errors import StoreError

_log = structlog.get_logger(__name__)
_TRUNKS: Final[TypeAdapter[CarrierTrunkEntry | CustomerTrunkEntry]] = TypeAdapter(
    CarrierTrunkEntry | CustomerTrunkEntry
)
#: Names are asked again so often: what a carrier's DNS says may change. And so soon when it says nothing.
_AGAIN_S: Final = 300.0
_SOON_S: Final = 30.0
#: An address belongs to a name so long after DNS said so last (while it answers), and so many do at most.
_KEPT_S: Final = 24 * 3600.0
_MOST_OF_A_NAME: Final = 256
_BURST: Final = 10
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def sip_ports(settings: Settings) -> tuple[int, ...]:
    """Every port of the node where SIP comes in."""
    ports = settings.node.ports
    node = (ports.node,) if settings.other_nodes else ()
    tls = (ports.carrier_tls, ports.trunk_tls, ports.phone_tls, ports.teams, ports.wss)
    return ports.carrier, ports.trunk, ports.phone, *node, *(tls if settings.node.tls is not None else ())


def rules_of(settings: Settings) -> Rules:
    """The buckets as the settings want them."""
    if settings.guard is None:
        return Rules()
    rate, most = settings.guard.requests_per_s, settings.guard.failures
    changed = {
        Evidence.REQUEST: Allowance(rate, rate * _BURST, rate * _BURST * 2),
        Evidence.FAILURE: Allowance(ALLOWANCES[Evidence.FAILURE].drains_per_s, most, most),
    }
    return Rules({**ALLOWANCES, **changed})


class OwnAddresses:
    """Why an address is never banned: it is a trunk's, a node's, this machine's, or the settings name it.

    `look` reads it anew; what was known stays while the database or DNS is away. Before the first look
    everybody is ours: nobody is banned for what we do not know yet.
    """

    def __init__(self, settings: Settings, engine: Engine, steady_s: Callable[[], float]) -> None:
        self._settings = settings
        self._engine = engine
        self._versions = ConfigStore(engine)
        self._steady_s = steady_s
        self._names = Names(steady_s)
        self._never = settings.guard.never if settings.guard is not None else ()
        self._trunks: dict[str, str] | None = None
        self._microsoft: Sequence[IpNetwork] = ()
        self._version = -1
        self._looked_at = float("-inf")

    def look(self) -> None:
        """Read the applied trunks where they may have changed. Raises StoreAway."""
        with store_errors():
            version = self._versions.current()
            now_s = self._steady_s()
            again_s = _AGAIN_S if self._names.complete else _SOON_S
            if version == self._version and now_s - self._looked_at < again_s:
                return
            trees = applied_trunks(self._engine)
            microsoft = _microsofts(applied_teams(self._engine))
        hosts = [(host, f"trunk {trunk}") for tree in trees for trunk, host in _hosts(tree, self._settings)]
        found = self._names.sources([*_fixed(self._settings), *hosts])
        self._microsoft = microsoft
        self._trunks, self._version, self._looked_at = found, version, now_s

    def why(self, source: str) -> str:
        """Whose it is, or ""."""
        if self._trunks is None:
            return "nothing is known yet"
        return self._trunks.get(source) or self._named(source)

    def _named(self, source: str) -> str:
        address = ipaddress.ip_network(source)
        named = [(each, "guard.never") for each in self._never]
        for each, where in (*named, *((each, "Microsoft Teams") for each in self._microsoft)):
            if address.version == each.version and address.overlaps(each):
                return f"{each} in {where}"
        return ""


def refuse_own(own: OwnAddresses, source: str) -> None:
    """Raises NeverBanned for an address that calls depend on, StoreAway when the database does not say."""
    own.look()
    if why := own.why(source):
        raise NeverBanned(f"{source} is never banned: {why}. Take it out of the configuration first")


def _fixed(settings: Settings) -> Sequence[tuple[str, str]]:
    """(host, whose it is) of what the settings name."""
    nodes = [(each.sip[0], f"node {each.name}") for each in settings.other_nodes]
    return [
        (settings.node.sip_ip, "this node"),
        *nodes,
        *((host, "a controller") for host, _ in settings.controllers),
    ]


def _hosts(tree: Any, settings: Settings) -> Sequence[tuple[str, str]]:
    """(trunk, host name or address) of a trunk as it is applied."""
    book = address_book(settings)
    try:
        trunk = _TRUNKS.validate_python(tree, strict=False)
        peers = [peer.ip for each in accepted_peers(trunk) for peer in book.peers(each)]
        hosts = [book.address(trunk.address).host] if trunk.address is not None else []
        return [(trunk.id, host) for host in (*hosts, *peers)]
    except (ValidationError, AddressUnknown) as error:
        _log.error("a trunk's addresses are not known to the guard", error=str(error)[:200])
        return []


def _microsofts(tree: Any) -> Sequence[IpNetwork]:
    """The networks that calls of Teams come from."""
    if tree is None:
        return ()
    try:
        entry = TeamsEntry.model_validate(tree, strict=False)
    except ValidationError as error:
        _log.error("Microsoft's networks are not known to the guard", error=str(error)[:200])
        return ()
    return tuple(ipaddress.ip_network(each) for each in entry.accepts_from)


class Names:
    """The sources behind addresses and host names. What DNS said of a name stays while it does not answer."""

    def __init__(self, steady_s: Callable[[], float]) -> None:
        self._steady_s = steady_s
        self._said_at_s: dict[str, dict[str, float]] = {}
        #: Whether every name of the last time had an answer.
        self.complete = False

    def sources(self, hosts: Sequence[tuple[str, str]]) -> dict[str, str]:
        """source -> whose it is, of (host, whose it is); the first one counts where two share an address."""
        self.complete = True
        self._said_at_s = {host: self._said_at_s.get(host, {}) for host, _ in hosts}
        found: dict[str, str] = {}
        for host in self._said_at_s:
            self._ask(host)
        for host, whose in hosts:
            for source in self._said_at_s[host]:
                found.setdefault(source, whose)
        return found

    def _ask(self, host: str) -> None:
        try:
            answer = _looked_up(host)
        except (OSError, ValueError) as error:
            self.complete = False
            kept = len(self._said_at_s[host])
            _log.warning("a name has no address now", name=host, kept=kept, error=str(error))
            return
        now_s = self._steady_s()
        said = {**self._said_at_s[host], **dict.fromkeys(sorted(answer), now_s)}
        young = [source for source, at_s in said.items() if now_s - at_s < _KEPT_S]
        last = sorted(young, key=said.__getitem__, reverse=True)[:_MOST_OF_A_NAME]
        self._said_at_s[host] = {source: said[source] for source in last}


def _looked_up(host: str) -> set[str]:
    """Raises OSError or ValueError."""
    with suppress(ValueError):
        return {source_of(host)}
    found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    return {source_of(str(each[4][0])) for each in found}


class Kept:
    """controller.guard.BanBook and controller.known_addresses.AddressMemory on Redis."""

    def __init__(self, bans: BanStore, clock: Callable[[], datetime]) -> None:
        self._bans = bans
        self._clock = clock

    def all(self) -> Sequence[Ban]:
        with store_errors():
            return self._bans.all(self._clock())

    def put(self, bans: Sequence[Ban]) -> None:
        with store_errors():
            self._bans.note(bans)

    def lift(self, address: str) -> None:
        with store_errors():
            self._bans.lift(address)

    def remember(self, sources: Sequence[str]) -> None:
        with store_errors():
            self._bans.remember(sources)

    def ages_s(self) -> Mapping[str, float]:
        with store_errors():
            return self._bans.known_ages_s()


class KernelBarrier:
    """controller.guard.Barrier: one of the two, with its errors as the guard knows them."""

    def __init__(self, settings: Settings) -> None:
        wanted = settings.guard.barrier if settings.guard is not None else "sockets"
        ports = sip_ports(settings)
        self.name = wanted
        self._barrier = NftablesBarrier(ports) if wanted == "nftables" else SocketBarrier(ports)

    def put(self, banned: Sequence[str], slowed: Sequence[str]) -> int:
        try:
            return self._barrier.put(banned, slowed)
        except (FirewallError, OSError) as error:
            raise BarrierFailed(str(error)) from error

    def lift_all(self) -> None:
        """At the end of the program: nobody stays shut out by nobody."""
        try:
            self._barrier.lift_all()
        except (FirewallError, OSError) as error:
            _log.warning("the barrier could not be taken away", error=str(error))


def looking(own: OwnAddresses, meters: GuardMeters) -> Callable[[], None]:
    """`own.look` for rounds: what was known stays while the database is away."""

    def look() -> None:
        try:
            own.look()
            meters.done(Part.TRUNKS)
        except (StoreAway, StoreError) as error:
            meters.errors[Part.TRUNKS] += 1
            _log.warning("trunks are not read anew: the database is away", error=str(error))

    return look


def steady_s() -> float:
    """A clock that nobody sets, in seconds."""
    return time.monotonic()
