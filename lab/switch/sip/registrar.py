"""Who is registered where: phones' contacts with their expiry (RFC 3261 section 10)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from aiosipua.headers import Address as NameAddr
from aiosipua.headers import stringify_uri
from aiosipua.message import SipRequest

from lab.switch.config.settings import User, whole
from lab.switch.sip.building import is_ip
from lab.switch.sip.name_addr import parse_address
from lab.switch.sip.reading import first
from lab.switch.sip.wire import Address

DEFAULT_EXPIRES_S: Final = 3600
MAX_EXPIRES_S: Final = 86_400
MAX_REGISTRATIONS: Final = 20_000
#: `sip-force-contact` of a user who is called where the REGISTER came from, and how long such a registration
#: lasts by UDP when its Contact does not show a NAT by itself (sofia_reg.c).
AT_SOURCE: Final = "NDLB-connectile-dysfunction-2.0"
_AT_SOURCE_S: Final = 30


@dataclass(frozen=True, slots=True)
class Registration:
    """One contact of one user. `expires_at` is monotonic seconds. `at_source`: it is called, and all of its
    calls go, to where the REGISTER came from."""

    user: str
    domain: str
    contact: str
    reach: Address
    call_id: str
    agent: str
    expires_at: float
    profile: str
    at_source: bool

    @property
    def aor(self) -> tuple[str, str]:
        return self.user, self.domain


class Registrar:
    """The table of all profiles; a new contact replaces a user's old one, as FreeSWITCH's default is."""

    def __init__(self, on_change: Callable[[str, Registration], None]) -> None:
        self._by_aor: dict[tuple[str, str], Registration] = {}
        self._on_change = on_change
        self._sweeper: asyncio.TimerHandle | None = None

    def find(self, user: str, domain: str) -> Registration | None:
        found = self._by_aor.get((user, domain.lower()))
        return found if found and found.expires_at > time.monotonic() else None

    def all(self) -> Iterable[Registration]:
        now = time.monotonic()
        return [entry for entry in self._by_aor.values() if entry.expires_at > now]

    def register(
        self,
        request: SipRequest,
        user: User,
        source: Address,
        profile: str,
        is_inside: Callable[[str], bool],
    ) -> tuple[str, int] | None:
        """Take a REGISTER: the contact and its seconds, (…, 0) for a removal, None for a mere question.
        `is_inside`: a Contact with this host is of a network behind a NAT.

        Raises ValueError for a contact that cannot be read.
        """
        contacts = request.headers.get("contact")
        if not contacts:
            return None
        if contacts[0].strip() == "*":
            self.remove(user.id, user.domain)
            return "*", 0
        address = parse_address(contacts[0])
        contact = stringify_uri(address.uri)
        expires_s = _expires_s(request, address)
        if expires_s == 0:
            self.remove(user.id, user.domain)
            return contact, 0
        if len(self._by_aor) >= MAX_REGISTRATIONS:
            raise ValueError("too many registrations")
        transport = str(address.uri.params.get("transport") or source.transport).lower()
        inside = is_inside(address.uri.host)
        at_source = inside or user.variables.get("sip-force-contact") == AT_SOURCE
        direct = (
            source.transport == "udp" and transport == "udp" and is_ip(address.uri.host) and not at_source
        )
        if at_source and not inside and source.transport == "udp":
            expires_s = _AT_SOURCE_S
        expires_s = whole(user.variables.get("sip-force-expires"), 0) or expires_s
        reach = Address(address.uri.host, address.uri.port or 5060) if direct else source
        self._by_aor[user.id, user.domain] = Registration(
            user.id,
            user.domain,
            contact,
            reach,
            first(request, "call-id"),
            first(request, "user-agent"),
            time.monotonic() + expires_s,
            profile,
            at_source,
        )
        self._on_change("register", self._by_aor[user.id, user.domain])
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(1.0, self._sweep)
        return contact, expires_s

    def remove(self, user: str, domain: str) -> None:
        gone = self._by_aor.pop((user, domain.lower()), None)
        if gone is not None:
            self._on_change("unregister", gone)

    def close(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()

    def _sweep(self) -> None:
        now = time.monotonic()
        for entry in list(self._by_aor.values()):
            if entry.expires_at <= now:
                del self._by_aor[entry.aor]
                self._on_change("expire", entry)
        self._sweeper = asyncio.get_running_loop().call_later(1.0, self._sweep) if self._by_aor else None


def _expires_s(request: SipRequest, address: NameAddr) -> int:
    text = str(
        address.params.get("expires") or address.uri.params.get("expires") or first(request, "expires")
    )
    if not text.strip():
        return DEFAULT_EXPIRES_S
    if not (text.strip().isascii() and text.strip().isdigit()):
        raise ValueError(f"expires {text[:20]!r}")
    return min(int(text.strip()[:9]), MAX_EXPIRES_S)
