"""A call as it is offered to us, before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dialplan.legs import Caller
from dialplan.plans.position import Resume
from numbering.e164 import E164

#: Longest user part, display name or header text taken from a call; what is longer is cut before use.
MAX_TEXT = 256


class Entry(StrEnum):
    """Which side of the switch a call came in on: the SIP profile, one for each kind of peer."""

    CARRIER = "carrier"
    TRUNK = "trunk"
    PHONE = "phone"
    TEAMS = "teams"


class Via(StrEnum):
    """How somebody came to ask for a leg: by dialling it now, or by one of the indirections (guarantee 2)."""

    DIALLED = "dialled"
    #: REFER, blind or attended (RFC 3515, RFC 3891): a person pressed the key.
    TRANSFER = "transfer"
    #: Call forwarding of a number, and a phone's own by 302 (RFC 3261 section 21.3).
    FORWARD = "forward"
    CALLBACK = "callback"
    QUEUE = "queue"
    MAILBOX = "mailbox"
    API = "api"
    DIALLER = "dialler"

    @property
    def automatic(self) -> bool:
        """No human dials this now. NotrufV § 4(6): such calls must not reach 110 and 112."""
        return self not in _BY_A_PERSON


_BY_A_PERSON: Final = frozenset({Via.DIALLED, Via.TRANSFER})


@dataclass(frozen=True, slots=True)
class Behalf:
    """Whose rights and money a leg uses that nobody dials directly: of this customer, this line.

    `number` is the line's own number: shown as network-provided number, and its area code reads local
    numbers; None (or a number that is not the customer's) means the main number. `phone_id`: the phone whose
    bars and blocks hold too. `trunk_id`: the trunk that the call in hand came in on, for the record.
    """

    customer_id: str
    number: E164 | None = None
    phone_id: str | None = None
    trunk_id: str | None = None


@dataclass(frozen=True, slots=True)
class CallOffered:
    """The facts of an INVITE, untrusted as they came, and how we came to ask for a leg.

    `call_id` is the channel's UUID. `source_ip`/`source_port` are the network source of the request.
    `phone_id` and `login_id` (the trunk of a customer's system) are set by the switch after digest
    authentication, never by the caller, and at most one of them. `dialled` is the
    user part of the Request-URI, or of To where the Request-URI is the Contact that we registered; then
    `called_party` is that of P-Called-Party-ID (RFC 7315 section 4.2). `from_user`, `from_name`, `from_host`
    and `asserted_user` (from P-Asserted-Identity, RFC 3325) are None when absent; `privacy` holds the values
    of Privacy (RFC 3323).
    `preferred_user` is of P-Preferred-Identity, `diverting_users` are of Diversion and History-Info, which
    say that others passed the call on `diverted` times before it came (MAX_DIVERTED and more are that);
    `advertising`: the caller marks the call as such.

    A leg that nobody dials directly has `via` and `behalf`, which no peer can write; `dialled` is then where
    it shall go, `forwarded_by` the numbers of ours that have passed the call on, the first one first, and
    `original` the caller as decided when the call came in (see `dialplan.place`). `behalf` is None exactly
    when `via` is DIALLED. `round` counts how often the switch asked again about this channel.

    `refer_to`: the URI that a transfer (REFER) goes to when it names no number, `referred_by` the header that
    came with it: both are for the transferor's own system. `tenant_id`: the Microsoft tenant that a call from
    Teams is of (X-MS-TenantID), None on every other side.

    `resume`: the call stands in a routing plan already; written by us alone. `claimed_location`: the PIDF-LO
    (RFC 4119) of the body, as Teams sends it. `encrypted`: keys for SRTP were agreed on with the caller, by
    TLS where that is a system that logs in.
    `codecs`: those that the caller may speak, the preferred one first; one where it is chosen already, none
    where that is unknown. `without_offer`: the INVITE had no SDP. `awaits_offer`: and is not answered yet, so
    that the caller can hear nothing.
    """

    call_id: str
    node: str
    entry: Entry
    source_ip: str
    source_port: int
    dialled: str
    phone_id: str | None = None
    from_user: str | None = None
    from_name: str | None = None
    from_host: str | None = None
    asserted_user: str | None = None
    privacy: frozenset[str] = frozenset()
    preferred_user: str | None = None
    diverting_users: tuple[str, ...] = ()
    diverted: int = 0
    advertising: bool = False
    via: Via = Via.DIALLED
    behalf: Behalf | None = None
    forwarded_by: tuple[E164, ...] = ()
    original: Caller | None = None
    resume: Resume | None = None
    claimed_location: str | None = None
    encrypted: bool = False
    codecs: tuple[str, ...] = ()
    without_offer: bool = False
    awaits_offer: bool = False
    tenant_id: str | None = None
    login_id: str | None = None
    refer_to: str | None = None
    referred_by: str | None = None
    round: int = 0
    called_party: str | None = None
