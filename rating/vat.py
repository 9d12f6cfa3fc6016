"""Value added tax of a service: 19 %, or the buyer's to pay (reverse charge), on sums of lines (E8).

The rate is that of the day on which the service was done (UStG § 27(1)); that of a month's service is done on
the month's last day. Rates are dated data in rating/caps.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from rating.caps import vat_percent
from rating.fx import EURO
from rating.money import CENT, Mode, Money, rounded

_HUNDRED_PER_CENT: Final = 10_000


class Category(StrEnum):
    """VAT category codes of EN 16931 (UNTDID 5305) that we use."""

    STANDARD = "S"
    #: Telecommunications to resellers: the buyer owes the tax (UStG § 13b(2) Nr. 12, (5)).
    REVERSE_CHARGE = "AE"
    #: Damages, such as the fee for a returned debit: no service is exchanged, so there is no tax (UStAE 1.3).
    #: The code that EN 16931 has for it, O, may stand beside no other on an invoice (BR-O-11): exempt, with
    #: the reason.
    DAMAGES = "E"


@dataclass(frozen=True, slots=True, order=True)
class VatRate:
    """A category with its percentage; 0 % for reverse charge."""

    category: Category
    percent: Decimal

    def on(self, net: Money) -> Money:
        """The tax on a sum, half-up to the cent."""
        hundredths = int(self.percent * 100)
        ticks = rounded(net.ticks * hundredths, CENT, Mode.HALF_UP, _HUNDRED_PER_CENT)
        return Money.of_ticks(ticks, EURO)


DAMAGES_RATE: Final = VatRate(Category.DAMAGES, Decimal(0))


def vat_on(day: date, *, reverse_charge: bool) -> VatRate:
    """The rate of a service that was done on this day."""
    if reverse_charge:
        return VatRate(Category.REVERSE_CHARGE, Decimal(0))
    return VatRate(Category.STANDARD, Decimal(vat_percent(day)))
