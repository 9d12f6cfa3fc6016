"""Facts of an invoice of an invented customer, for tests of invoices and documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from rating.berlin import Month
from rating.fx import Rate
from rating.invoice import Account, Party
from rating.invoice_facts import Credit, Group, InvoiceFacts, Mandate, OneOff, Usage, UserFee
from rating.money import Money, Rounding
from rating.totals import Total

SELLER: Final = Party(
    name="Beispiel Telefon GmbH", street="Domkloster 4", postcode="50667", city="Köln", vat_id="DE123456788",
    tax_number="214/5000/0000", contact="Kundenbetreuung", email="rechnung@carrier.example",
    phone="0221 4710-100", web="www.carrier.example", register="Amtsgericht Köln, HRB 12345",
)  # fmt: skip
BUYER: Final = Party(
    name="Beispiel Bäckerei GmbH", street="Hohe Straße 1", postcode="50667", city="Köln",
    vat_id="DE111111125", customer_no="kunde-baecker", email="buchhaltung@baeckerei.example",
)  # fmt: skip
OURS: Final = Account("Beispiel Telefon GmbH", "DE93999999990000000001", "ZZZZDEZZXXX")
THEIRS: Final = Account("Beispiel Bäckerei GmbH", "DE66999999990000000002")
MANDATE: Final = Mandate("M-2026-0001", "DE98ZZZ09999999999", THEIRS)
NOVEMBER: Final = Month(2026, 11)


def euro(amount: str, currency: str = "EUR") -> Money:
    """`3.90`."""
    return Money(Decimal(amount), currency)


def usage(
    group: Group, amount: str, currency: str = "EUR", calls: int = 10, rounding: Rounding | None = None
) -> Usage:
    """Calls of a group that cost so much together."""
    ticks = Money(Decimal(amount), currency).ticks
    return Usage(group, Total(currency, rounding or Rounding(), calls, 1_234, 600, 634, ticks, 0, calls))


FACTS: Final = InvoiceFacts(
    number="RE-2026-000042",
    month=NOVEMBER,
    issued_on=date(2026, 11, 30),
    seller=SELLER,
    buyer=BUYER,
    account=OURS,
    mandate=MANDATE,
    fees=(UserFee("Telefonie für Teams, Preismodell Medium", euro("6.90"), active=3),),
    one_offs=(OneOff("Einrichtung", euro("99.00"), date(2026, 11, 3)),),
    usage=(
        usage(Group.FIXED, "1.2345"),
        usage(Group.MOBILE, "12.3456"),
        usage(Group.FOREIGN, "2.50"),
        usage(Group.FOREIGN, "10.00", "USD"),
        usage(Group.FREE, "0"),
    ),
    credits=(Credit("Störung vom 05.10.2026", euro("5.00"), date(2026, 11, 30)),),
    rates={"USD": Rate("USD", date(2026, 11, 30), Decimal("1.0823"))},
)


def facts(**others: Any) -> InvoiceFacts:
    """The same with some of it replaced."""
    return replace(FACTS, **others)
