"""Whose call it is and which number it may show."""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.call import CallOffered
from dialplan.carrier import Customer
from dialplan.legs import Caller
from dialplan.snapshot import Snapshot
from numbering.dial import Clir, Dialled, Line, normalise
from numbering.e164 import E164
from numbering.plan import ALWAYS_SHOWN_TO, area_code_of

#: RFC 3323 section 4.2: values of the Privacy header that ask to hide the caller's identity.
_HIDING = frozenset({"id", "user", "header"})


@dataclass(frozen=True, slots=True)
class Origin:
    """A customer's side of a call: who pays, the number we vouch for, the line's area code."""

    customer: Customer
    network_number: E164
    trunk_id: str | None

    def line(self, snapshot: Snapshot) -> Line:
        """How numbers dialled on this line are read: local numbers belong to the line's own area."""
        return Line(area_code_of(self.network_number) or snapshot.default_area_code)


def wants_hiding(offered: CallOffered) -> bool:
    """Whether the caller asked to withhold the number (Privacy header, or an anonymous From)."""
    return bool(offered.privacy & _HIDING) or (offered.from_user or "").lower() == "anonymous"


def claimed_number(offered: CallOffered, line: Line) -> E164 | None:
    """The caller's number as the peer states it: P-Asserted-Identity before From; None if neither is one."""
    for claim in (offered.asserted_user, offered.from_user):
        if claim:
            read = normalise(claim, line)
            if isinstance(read, Dialled) and isinstance(read.number, E164):
                return read.number
    return None


def customer_caller(origin: Origin, offered: CallOffered, dialled: Dialled) -> Caller:
    """The identity of a customer's call: always the network-provided number (B2), hidden when asked (B4),
    but not from those who must always see it (TDDDG §15(1))."""
    asked = dialled.clir is Clir.WITHHOLD or wants_hiding(offered)
    return Caller(origin.network_number, offered.from_name, asked and dialled.number not in ALWAYS_SHOWN_TO)


def network_caller(offered: CallOffered, line: Line) -> Caller:
    """The identity of a call from the public network: shown as it came unless withheld (B3)."""
    return Caller(claimed_number(offered, line), offered.from_name, wants_hiding(offered))
