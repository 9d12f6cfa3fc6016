"""Which number a trunk wants in which header, and how numbers are written there.

Practice differs from carrier to carrier, so the mapping is data of the trunk, with presets for the kinds that
are met in Germany (german-rules.md section 2.3). Pure data; `freeswitch.identity` writes the headers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Which(StrEnum):
    """One of the two numbers of a caller (TKG § 120)."""

    #: The number that we vouch for: assigned to the line that calls.
    NETWORK = "network"
    #: The number that the called party is to see: user-provided where there is one, else the same.
    SHOWN = "shown"


class NumberFormat(StrEnum):
    """How a number is written in the user part of a URI; short codes and 110, 112 are written as they are."""

    #: +49221… with user=phone (RFC 3261 section 19.1.1; 3GPP TS 29.165 section 8.1).
    E164 = "e164"
    #: +49221… without the parameter.
    PLUS = "plus"
    #: 49221…
    DIGITS = "digits"
    #: 0049221…
    INTERNATIONAL = "international"
    #: 0221…; 00 and the country code for foreign numbers.
    NATIONAL = "national"


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """The identity headers of a trunk. None: the header is not written.

    `trusted`: the peer belongs to our trust domain (RFC 3325 section 3), so a withheld number goes along in
    the identity headers with Privacy: id; others get neither. `host` stands in the URIs, None: the trunk's
    own address.
    """

    from_header: Which = Which.SHOWN
    asserted: Which | None = Which.NETWORK
    preferred: Which | None = None
    diversion: bool = True
    history_info: bool = True
    trusted: bool = True
    number_format: NumberFormat = NumberFormat.E164
    host: str | None = None


class Preset(StrEnum):
    """The kinds of trunks that are met; the names are those of the configuration."""

    STANDARD = "standard"
    FROM_NETWORK = "from-network"
    FROM_NETWORK_PREFERRED = "from-network-preferred"
    SHOWN_ASSERTED = "shown-asserted"
    CUSTOMER = "customer"


PRESETS: Final[Mapping[Preset, HeaderMap]] = {
    # RFC 3325 and German practice: P-Asserted-Identity vouches, From shows. Also trunks of the Swyx kind,
    # which compare P-Asserted-Identity with the account.
    Preset.STANDARD: HeaderMap(),
    # Telekom kind: From is the billing number, the number to be shown is asserted ...
    Preset.FROM_NETWORK: HeaderMap(from_header=Which.NETWORK, asserted=Which.SHOWN),
    # ... or, where the carrier asserts by itself, preferred (RFC 3325 section 9.2).
    Preset.FROM_NETWORK_PREFERRED: HeaderMap(from_header=Which.NETWORK, asserted=None, preferred=Which.SHOWN),
    # NFON kind: the number to be shown stands in both.
    Preset.SHOWN_ASSERTED: HeaderMap(asserted=Which.SHOWN),
    # Customers' equipment, outside the trust domain: it learns what may be shown and nothing else.
    Preset.CUSTOMER: HeaderMap(
        asserted=Which.SHOWN,
        diversion=False,
        history_info=False,
        trusted=False,
        number_format=NumberFormat.PLUS,
    ),
}
