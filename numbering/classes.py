"""What kind of number a number is, and what may be done with each kind by default."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class NumberClass(StrEnum):
    """The class of a number: what barring, tariffs and explanations speak of.

    The German classes follow the numbering authority's list of ranges and TKG § 3; the foreign ones follow
    libphonenumber's number types. The value is stable: it is stored in CDRs and written in configuration.
    """

    EMERGENCY = "emergency"
    GEOGRAPHIC = "geographic"
    MOBILE = "mobile"
    FREEPHONE = "freephone"
    SHARED_COST = "shared_cost"
    PERSONAL = "personal"
    NATIONAL_SUBSCRIBER = "national_subscriber"
    PREMIUM = "premium"
    DIRECTORY = "directory"
    MASS_CALLING = "mass_calling"
    TELEDIALOG_0138 = "teledialog_0138"
    UIFN = "uifn"
    VPN = "vpn"
    CALL_BY_CALL = "call_by_call"
    ROUTING_0198_0199 = "routing_0198_0199"
    ONLINE_019X = "online_019x"
    PAGING = "paging"
    HARMONISED_116 = "harmonised_116"
    AUTHORITY_115 = "authority_115"
    SHORT_124124 = "short_124124"
    TEST_031 = "test_031"
    UNASSIGNED = "unassigned"

    FOREIGN_FIXED = "foreign_fixed"
    FOREIGN_MOBILE = "foreign_mobile"
    #: One range for both, as in North America: the prefix cannot tell them apart.
    FOREIGN_FIXED_OR_MOBILE = "foreign_fixed_or_mobile"
    FOREIGN_FREEPHONE = "foreign_freephone"
    FOREIGN_SHARED_COST = "foreign_shared_cost"
    FOREIGN_PREMIUM = "foreign_premium"
    FOREIGN_VOIP = "foreign_voip"
    FOREIGN_CORPORATE = "foreign_corporate"
    FOREIGN_PERSONAL = "foreign_personal"
    FOREIGN_PAGING = "foreign_paging"
    #: No range of the country's plan as our metadata knows it.
    FOREIGN_UNASSIGNED = "foreign_unassigned"
    SATELLITE = "satellite"
    INTERNATIONAL_NETWORK = "international_network"
    INTERNATIONAL_PERSONAL = "international_personal"
    INTERNATIONAL_PREMIUM = "international_premium"
    INTERNATIONAL_SHARED_COST = "international_shared_cost"


class Policy(StrEnum):
    """What holds for a class when nobody has agreed otherwise."""

    #: Reachable unless a customer's own bar says no.
    ALLOWED = "allowed"
    #: Refused until an operator lifts the bar for a customer (TC 6.7: "standardmäßig nicht unterstützt").
    BARRED = "barred"
    #: Cannot be reached from here; no bar to lift.
    NEVER = "never"


_BARRED: Final = frozenset(
    {
        # TC 6.7
        NumberClass.PREMIUM,
        NumberClass.DIRECTORY,
        NumberClass.MASS_CALLING,
        NumberClass.TELEDIALOG_0138,
        NumberClass.UIFN,
        # Our decision: arbitrage and premium abroad (TC 8.5e), ranges that no tariff knows (TC 6.5), and
        # foreign personal numbers (+44 70 and its like), which cost like premium without saying so.
        NumberClass.FOREIGN_PREMIUM,
        NumberClass.FOREIGN_PERSONAL,
        NumberClass.FOREIGN_PAGING,
        NumberClass.FOREIGN_UNASSIGNED,
        NumberClass.SATELLITE,
        NumberClass.INTERNATIONAL_NETWORK,
        NumberClass.INTERNATIONAL_PERSONAL,
        NumberClass.INTERNATIONAL_PREMIUM,
        NumberClass.INTERNATIONAL_SHARED_COST,
    }
)
_NEVER: Final = frozenset(
    {
        NumberClass.VPN,  # TC 6.7: "nicht möglich"
        NumberClass.ROUTING_0198_0199,  # BNetzA: must not be diallable from subscriber lines
        NumberClass.CALL_BY_CALL,
        NumberClass.ONLINE_019X,
        NumberClass.PAGING,
        NumberClass.TEST_031,
        NumberClass.UNASSIGNED,
    }
)


def _policy_of(number_class: NumberClass) -> Policy:
    if number_class in _NEVER:
        return Policy.NEVER
    return Policy.BARRED if number_class in _BARRED else Policy.ALLOWED


#: The default for every class; emergency calls are allowed whatever a profile says (TKG § 164).
DEFAULT_POLICY: Final[dict[NumberClass, Policy]] = {c: _policy_of(c) for c in NumberClass}
