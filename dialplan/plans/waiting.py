"""Where waiting, menus included, must cost the caller nothing (C10, TKG § 115).

A queue (Warteschleife, TKG § 3 Nr. 73: it begins with ringing and includes menus) is allowed for free
numbers, geographic and mobile ones, at a fixed price for the call, and else only as long as the caller is not
charged. So for numbers that are paid by the minute everything happens in early media, until somebody answers.
"""

from __future__ import annotations

from typing import Final

from numbering.e164 import E164

#: Prefix -> why the caller pays by the minute. 0180-2, -4 and -6 have a fixed price and are not here.
PAID_BY_THE_MINUTE: Final = {
    "+491801": "Service-Dienst, 3.9 ct/min (TKG § 3 Nr. 51)",
    "+491803": "Service-Dienst, 9 ct/min (TKG § 3 Nr. 51)",
    "+491805": "Service-Dienst, 14 ct/min (TKG § 3 Nr. 51)",
    "+491807": "Service-Dienst, 14 ct/min after 30 s (TKG § 3 Nr. 51)",
    "+49700": "Persönliche Rufnummer, up to 9 ct/min (TKG § 112(5))",
    "+4932": "Nationale Teilnehmerrufnummer, up to 9 ct/min (TKG § 112(5))",
}
#: Prefix -> why the call has a fixed price: waiting is allowed, and the first queue has to say so.
FIXED_PRICE: Final = {
    "+491802": "Service-Dienst, 6 ct/call (TKG § 3 Nr. 51)",
    "+491804": "Service-Dienst, 20 ct/call (TKG § 3 Nr. 51)",
    "+491806": "Service-Dienst, 20 ct/call (TKG § 3 Nr. 51)",
}
_PREFIXES: Final = tuple(PAID_BY_THE_MINUTE)
_FIXED: Final = tuple(FIXED_PRICE)


def has_fixed_price(number: E164) -> bool:
    """Whether callers of this number pay once, however long they wait."""
    return number.startswith(_FIXED)


def waits_unpaid(number: E164) -> bool:
    """Whether callers of this number must not be charged while they wait."""
    return number.startswith(_PREFIXES)
