"""A call as it is offered to us, before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: Longest user part, display name or header text taken from a call; what is longer is cut before use.
MAX_TEXT = 256


class Entry(StrEnum):
    """Which side of the switch a call came in on: the SIP profile, one for each kind of peer."""

    CARRIER = "carrier"
    TRUNK = "trunk"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class CallOffered:
    """The facts of an INVITE, untrusted as they came.

    `call_id` is the channel's UUID. `source_ip`/`source_port` are the network source of the request.
    `phone_id` is set by the switch after digest authentication, never by the caller. `dialled` is the
    user part of the Request-URI; `from_user`, `from_name`, `from_host` and `asserted_user` (from
    P-Asserted-Identity, RFC 3325) are None when absent; `privacy` holds the values of Privacy (RFC 3323).
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
