"""What a carrier has configured, compiled for look-up: trunks, phones, customers, numbers.

All values are frozen. `provisioning` makes them from YAML, `freeswitch.render` writes the switch's
configuration from them, `dialplan.decide` reads them for every call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from dialplan.barring.bars import LiftedBar, ProfileRef
from dialplan.caller.header_map import PRESETS, HeaderMap, Preset
from dialplan.caller.policy import NO_POLICY, NO_RIGHTS, CallerPolicy, RightOfUse
from dialplan.emergency.routing import DEFAULT_FORM, EmergencyForm, LineAddress
from dialplan.limits.agreed import Limits
from dialplan.plans.nodes import Plan
from dialplan.week import WeekTimes
from numbering.e164 import E164


class Transport(StrEnum):
    """How SIP travels to a peer (RFC 3261 section 18)."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class Srtp(StrEnum):
    """Whether the sound of a trunk's calls is encrypted (SRTP, RFC 3711; keys by SDP, RFC 4568): required,
    offered by us and not required, or taken only where the peer offers it (OFF)."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class TrunkSide(StrEnum):
    """Whose equipment is at the other end of a trunk."""

    CARRIER = "carrier"
    CUSTOMER = "customer"


_HEADERS_OF_SIDE: Final = {
    TrunkSide.CARRIER: PRESETS[Preset.STANDARD],
    TrunkSide.CUSTOMER: PRESETS[Preset.CUSTOMER],
}


@dataclass(frozen=True, slots=True)
class SipAddress:
    """Where requests to a peer are sent: `host` is an IP address or name, `port` 1 to 65535."""

    host: str
    port: int
    transport: Transport = Transport.UDP

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Peer:
    """A source that is accepted as a trunk: an IP address, and a port where several share one address."""

    ip: str
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """Digest user name and password (RFC 8760). The password stays out of repr, logs and the database."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, password=…)"


#: What mod_sofia asks for by itself, and what most registrars grant at most.
REGISTRATION_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class Registration:
    """How we register at a trunk's address (RFC 3261 section 10). `user` at `domain` is our address of record
    there, `domain` None: at the host of the address. `credentials` answer the challenges to REGISTER and to
    calls; their user name may be another. `expires_s`: seconds asked for."""

    user: str
    credentials: Credentials
    domain: str | None = None
    expires_s: int = REGISTRATION_S


#: A peer that says 100 Trying and is at work: mobile and foreign numbers take ten seconds and more.
NO_PROGRESS_S: Final = 20
#: Who is called where it has registered: a phone rings at once, and of a system nothing else tells that it is
#: dead. Its profile waits 32 s for a first response (decision 0044), its registration ends a minute later.
REGISTERED_RINGS_S: Final = 4


@dataclass(frozen=True, slots=True)
class CarrierRoute:
    """Calls that a carrier trunk takes: numbers of any of the prefixes, countries and classes, all numbers
    where none is named; always, or at these times.

    Lower `priority` is tried first, then lower `cost` (net euro a minute, paid by us); equals share the calls
    by `weight`, 1 at least.
    """

    priority: int = 100
    weight: int = 100
    cost: Decimal | None = None
    prefixes: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    times: WeekTimes | None = None

    @property
    def takes_everything(self) -> bool:
        """Whether no kind of number is named."""
        return not (self.prefixes or self.countries or self.classes)


@dataclass(frozen=True, slots=True)
class TeamsLine:
    """A customer's Microsoft Teams: its tenant (A4), and our host name there for this customer, by which
    Microsoft finds the tenant."""

    tenant_id: str
    fqdn: str


@dataclass(frozen=True, slots=True)
class TeamsEdge:
    """Microsoft's side of all Teams trunks: our own host name there, where calls are sent, in this order, and
    the networks that calls come from (CIDR). `ping_s`: seconds between OPTIONS, None for none."""

    fqdn: str
    addresses: tuple[SipAddress, ...]
    networks: tuple[str, ...]
    ping_s: int | None = None


@dataclass(frozen=True, slots=True)
class Trunk:
    """A SIP connection to a carrier or to a customer's equipment.

    `address`: where calls to it are sent; None: to where it has registered with us. `login`: a customer's
    system proves itself with these credentials, whatever its address. `priority`: lower is tried first.
    `registration`: we register there (else the peer is known by its address).
    `emergency`: may carry 110/112 calls. `no_answer_s` ends ringing, `no_progress_s` gives a peer up that
    does not ring by then and lets the next trunk try (one without any response goes earlier: legs.py).
    `routes`: which calls leave over a carrier's trunk; none named: all. `capacity`: calls at once, both ways
    (trunks/capacity.py).
    `ping_s`: seconds between OPTIONS.
    `foreign_entry`: its calls come from foreign networks (TKG § 120(4)).
    `emergency_form`: how the peer wants 110/112. `abroad`: a customer's calls over it begin outside Germany.
    `srtp`: whether its sound is encrypted. `teams`: it is a customer's Microsoft Teams; `address` is then one
    of the edge's, `way` its position among them, from 1.
    """

    id: str
    side: TrunkSide
    address: SipAddress | None
    peers: tuple[Peer, ...]
    customer_id: str | None = None
    registration: Registration | None = None
    login: Credentials | None = None
    priority: int = 100
    emergency: bool = False
    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    no_progress_s: int = NO_PROGRESS_S
    no_answer_s: int = 120
    routes: tuple[CarrierRoute, ...] = ()
    capacity: int | None = None
    ping_s: int | None = None
    own_header_map: HeaderMap | None = None
    caller_policy: CallerPolicy = NO_POLICY
    foreign_entry: bool = False
    emergency_form: EmergencyForm = DEFAULT_FORM
    abroad: bool = False
    srtp: Srtp = Srtp.OFF
    teams: TeamsLine | None = None
    way: int = 0

    @property
    def sip_domain(self) -> str | None:
        """The SIP domain that calls to it are addressed to, where that is not its address: they still go to
        the address (RFC 3261 section 8.1.2, outbound proxy)."""
        return self.registration.domain if self.registration is not None else None

    @property
    def registered_as(self) -> str | None:
        """The user name under which calls find it, None where they are sent to its address."""
        return self.login.username if self.login is not None and self.address is None else None

    @property
    def only_by_tls(self) -> bool:
        """Whether calls find it by its registration and may leave for it by TLS alone: who hears the INVITE
        has the keys of its sound (RFC 4568 section 7)."""
        return self.srtp is Srtp.REQUIRED and self.registered_as is not None

    @property
    def header_map(self) -> HeaderMap:
        """How callers are shown to the peer: as configured, else by whose equipment it is."""
        return self.own_header_map or _HEADERS_OF_SIDE[self.side]


@dataclass(frozen=True, slots=True)
class Phone:
    """A device that registers with us. `number` is its own line number (network-provided number).

    `limits`: a profile, or the name of one of the carrier's (B11). `barring`: what it cannot call, beside
    what the customer cannot (B6). `address` is where the line is; `own_line` is False for a softphone of the
    contact centre that only shows a number: it has no place that help could be sent to (B9). `agent_id`: who
    takes calls of queues with it (C1). `webrtc`: a browser, with WSS and DTLS-SRTP (C6). `codecs`: what it
    may speak; none named: what phones or browsers do.
    """

    id: str
    customer_id: str
    credentials: Credentials
    number: E164
    no_answer_s: int = 60
    limits: Limits | str | None = None
    barring: tuple[ProfileRef, ...] = ()
    caller_policy: CallerPolicy = NO_POLICY
    address: LineAddress | None = None
    own_line: bool = True
    agent_id: str | None = None
    webrtc: bool = False
    codecs: tuple[str, ...] = ()

    @property
    def header_map(self) -> HeaderMap:
        """How callers are shown to it: as to all equipment of customers."""
        return PRESETS[Preset.CUSTOMER]


@dataclass(frozen=True, slots=True)
class Customer:
    """A company. `main_number` is shown when a call carries no number of its own. `carrier_trunks`: its calls
    leave over these only (but emergency calls); none named: over all. `limits`: a profile, or the name of one
    of the carrier's (B11). `barring`: what none of its lines can
    call; `lifted_bars`: what they can although it is barred by default (B6). `rights`: numbers that it may
    show beside those assigned to it (TKG § 120(2)). `rejects_anonymous`: of its numbers those whose callers
    get 433 when they withhold theirs (ACR, TDDDG § 15(1)). `address`: of its only site (B8)."""

    id: str
    name: str
    main_number: E164
    blocked: bool = False
    carrier_trunks: frozenset[str] = frozenset()
    limits: Limits | str | None = None
    barring: tuple[ProfileRef, ...] = ()
    lifted_bars: tuple[LiftedBar, ...] = ()
    rights: Mapping[E164, RightOfUse] = field(default_factory=lambda: NO_RIGHTS, hash=False)
    rejects_anonymous: frozenset[E164] = frozenset()
    address: LineAddress | None = None


@dataclass(frozen=True, slots=True)
class ToTrunks:
    """Calls to the number go to these trunks of the customer, in this order."""

    trunk_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToPhones:
    """Calls to the number ring these phones, in this order."""

    phone_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToPlan:
    """Calls to the number follow this routing plan of the customer (C2)."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class AssignedNumber:
    """A number of ours that belongs to a customer, and where its calls go. `behind`: it is the extension of
    a user behind this number (A5). `address`: where the line is (B8). `tenant_id`: of the Microsoft tenant
    that it is linked to (A4)."""

    number: E164
    customer_id: str
    target: ToTrunks | ToPhones | ToPlan
    behind: E164 | None = None
    address: LineAddress | None = None
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True)
class NumberBlock:
    """A range of numbers of ours, both ends included, all of one length."""

    first: E164
    last: E164

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, str) or len(number) != len(self.first):
            return False
        return self.first <= number <= self.last
