"""What the caller rules look at: the facts of one call, gathered before any rule is asked."""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.caller.policy import CallerPolicy, RightOfUse
from numbering.dial import Clir
from numbering.e164 import E164


@dataclass(frozen=True, slots=True)
class Claim:
    """A number that a call claims as its caller's. `number` is None when the text is none of E.164.

    `forbidden`: of a class that may never be a caller's number (TKG § 120(1)). `country` is ISO 3166-1.
    """

    text: str
    number: E164 | None
    forbidden: bool = False
    mobile: bool = False
    country: str = ""

    @property
    def german(self) -> bool:
        """Whether the number is of the German number space."""
        return self.number is not None and self.number.startswith("+49")


@dataclass(frozen=True, slots=True)
class CustomerCall:
    """A customer's call on its way to the network or to another customer.

    `network`: the number that stands for the line. `claimed`: one of the call's own claims is assigned to the
    customer; `claims`: it claims a number at all. `asked` is the user-provided number, None without one
    beside the network-provided one; `own`, `right` and `right_holds` are about it. `original`: the call is
    passed on for somebody whose number was checked when it came in; `diverted`: the customer's own equipment
    says so. `always_shown`: the called party must see the number (TDDDG § 15(1)).
    """

    policy: CallerPolicy
    network: E164
    claims: bool
    claimed: bool
    asked: Claim | None
    own: bool
    right: RightOfUse | None
    right_holds: bool
    original: bool
    diverted: bool
    advertising: bool
    clir: Clir | None
    hides: bool
    always_shown: bool
    destination_country: str


@dataclass(frozen=True, slots=True)
class NetworkCall:
    """A call from the public network. `shown` is From's number, `asserted` P-Asserted-Identity's."""

    foreign_entry: bool
    asserted: Claim | None
    shown: Claim | None
    hides: bool

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Both, as far as they are there."""
        return tuple(each for each in (self.asserted, self.shown) if each is not None)


@dataclass(frozen=True, slots=True)
class CalledNumber:
    """A call to a number of ours, seen from its holder."""

    rejects_anonymous: bool
    called_emergency: bool
    withheld: bool
    unknown: bool
