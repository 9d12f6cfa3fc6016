"""Whose call it is and which number it may show."""

from __future__ import annotations

from collections.abc import Iterator
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
    """Whether the caller asked to withhold the number: by the Privacy header, or by an anonymous From, of
    which peers write any one part (RFC 3323 section 4.1.1.3: "Anonymous" <sip:anonymous@anonymous.invalid>).
    """
    return (
        bool(offered.privacy & _HIDING)
        or (offered.from_user or "").lower() == "anonymous"
        or (offered.from_name or "").lower() == "anonymous"
        or (offered.from_host or "").lower() == "anonymous.invalid"
    )


def claimed_numbers(offered: CallOffered, line: Line) -> Iterator[E164]:
    """The numbers that the peer states as the caller's: P-Asserted-Identity before From."""
    for claim in (offered.asserted_user, offered.from_user):
        if claim:
            read = normalise(claim, line)
            if isinstance(read, Dialled) and isinstance(read.number, E164):
                yield read.number


def customer_caller(origin: Origin, offered: CallOffered, dialled: Dialled) -> Caller:
    """The identity of a customer's call: always the network-provided number (B2), hidden when asked (B4),
    but not from those who must always see it (TDDDG §15(1))."""
    asked = dialled.clir is Clir.WITHHOLD or wants_hiding(offered)
    return Caller(origin.network_number, offered.from_name, asked and dialled.number not in ALWAYS_SHOWN_TO)


def network_caller(offered: CallOffered, line: Line) -> Caller:
    """The identity of a call from the public network: shown as it came unless withheld (B3)."""
    return Caller(next(claimed_numbers(offered, line), None), offered.from_name, wants_hiding(offered))
