"""The highest prices that the law allows for German service numbers, as a table (german-rules 4.1).

The law names prices with VAT, price lists are net: the check adds the VAT of the first day of validity.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from rating.money import MICRO, micro_text
from rating.price import Kind, Price, Zone

#: Longest increment for all numbers of the table (TKG § 112).
MAX_INCREMENT_S: Final = 60
#: Per cent of VAT from a day on (UStG § 12; 16 % for half a year by the second Corona tax act).
VAT: Final = (
    (date(2007, 1, 1), 19),
    (date(2020, 7, 1), 16),
    (date(2021, 1, 1), 19),
)


@dataclass(frozen=True, slots=True)
class Cap:
    """Highest gross price in millionths of a euro, per minute or per call; None: not charged like that.

    `free_s`: seconds at the beginning that must be free.
    """

    prefix: str
    minute: int | None
    call: int | None
    free_s: int
    source: str


_CENT: Final = 10_000
_TKG: Final = "TKG § 112"
_0180: Final = "TKG § 112; 0180 table of the IHK (secondary)"
_0137: Final = "0137 fixed prices, verivox (secondary)"

CAPS: Final = (
    Cap("+49900", 3 * MICRO, 30 * MICRO, 0, _TKG),
    Cap("118", 3 * MICRO, 30 * MICRO, 0, _TKG),
    Cap("+49180", 14 * _CENT, 20 * _CENT, 0, _TKG),
    Cap("+491801", 39_000, None, 0, _0180),
    Cap("+491802", None, 6 * _CENT, 0, _0180),
    Cap("+491803", 9 * _CENT, None, 0, _0180),
    Cap("+491804", None, 20 * _CENT, 0, _0180),
    Cap("+491805", 14 * _CENT, None, 0, _0180),
    Cap("+491806", None, 20 * _CENT, 0, _0180),
    Cap("+491807", 14 * _CENT, None, 30, _0180),
    Cap("+4932", 9 * _CENT, None, 0, _TKG),
    Cap("+49700", 9 * _CENT, None, 0, _TKG),
    *(Cap(f"+49137{digit}", None, 14 * _CENT, 0, _0137) for digit in "12345"),
    Cap("+491376", None, 25 * _CENT, 0, _0137),
    Cap("+491377", None, 100 * _CENT, 0, _0137),
    Cap("+491378", None, 50 * _CENT, 0, _0137),
    Cap("+491379", None, 50 * _CENT, 0, _0137),
)


def vat_percent(day: date) -> int:
    """The standard rate of VAT on a day, in per cent."""
    return next((percent for since, percent in reversed(VAT) if since <= day), VAT[0][1])


def cap_of(prefix: str) -> Cap | None:
    """The cap of the longest prefix of the table that fits."""
    fitting = [cap for cap in CAPS if prefix.startswith(cap.prefix)]
    return max(fitting, key=lambda cap: len(cap.prefix), default=None)


def broken(price: Price, day: date) -> str | None:
    """Why a price is not allowed from this day on, or None."""
    if price.kind is Kind.STANDARD:
        return None
    inside = [
        cap.prefix for cap in CAPS if cap.prefix.startswith(price.prefix) and cap.prefix != price.prefix
    ]
    if inside and price.zone is Zone.SERVICE and not price.exact:
        return f"{price.prefix} has several highest prices: one line for each of {', '.join(inside)}"
    cap = cap_of(price.prefix)
    if cap is None:
        return None
    if price.currency != "EUR":
        return f"a price in {price.currency} cannot be held against the cap in EUR ({cap.source})"
    allowed = cap.minute if price.kind is Kind.MINUTE else cap.call
    if allowed is None:
        wanted = "call" if price.kind is Kind.MINUTE else "minute"
        return f"numbers with {cap.prefix} are charged per {wanted} ({cap.source})"
    percent = 100 + vat_percent(day)
    if price.price * percent > allowed * 100:
        gross = f"{micro_text(price.price)} net is above {micro_text(allowed)} EUR with {percent - 100} % VAT"
        return f"{gross} per {price.kind.value} ({cap.source})"
    return _around(price, cap)


def _around(price: Price, cap: Cap) -> str | None:
    """What beside the price itself would get round the cap."""
    if price.fee or price.minimum:
        return f"no connection fee and no minimum beside a price with a cap ({cap.source})"
    if price.free_s < cap.free_s:
        return f"the first {cap.free_s} seconds are free ({cap.source})"
    longest = max(price.increments.first_s, price.increments.next_s)
    if price.kind is Kind.MINUTE and longest > MAX_INCREMENT_S:
        return f"increments of at most {MAX_INCREMENT_S} seconds ({_TKG})"
    return None
