"""The invoice as a value: who, what, how much, and the texts that the law asks for. Never changed once made.

Amounts of lines and totals have two decimals (EN 16931, BR-DEC); the totals are checked when an invoice is
made, so that none exists whose lines do not add up. A credit note has the amounts of what it gives back,
positive, and names the invoice; `claim` is what the customer owes by the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal

from rating.errors import InvoiceRefused
from rating.fx import EURO
from rating.money import CENT, Mode, Money, rounded
from rating.vat import Category, VatRate

#: More lines than any invoice of ours has: a limit against runaway input.
MAX_LINES: Final = 10_000
NOTHING: Final = Money(Decimal("0.00"))


class Kind(StrEnum):
    """Document types of EN 16931 (UNTDID 1001)."""

    INVOICE = "380"
    CREDIT_NOTE = "381"


class Unit(StrEnum):
    """Units of quantities (UN/ECE Recommendation 20)."""

    ONE = "C62"
    MONTH = "MON"


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer as UStG § 14(4) Nr. 1 and 2 ask: full name and address, tax number or VAT id.

    `customer_no` is empty for the seller. `phone` of the seller is the hotline, geographic or free
    (TKG § 62(1)). `register`: court and number, as `Amtsgericht Köln, HRB 12345`. `email` is the electronic
    address too (BT-34, BT-49). `reference` is the buyer's own (BT-10); default: the customer number.
    """

    name: str
    street: str
    postcode: str
    city: str
    country: str = "DE"
    vat_id: str = ""
    tax_number: str = ""
    customer_no: str = ""
    contact: str = ""
    email: str = ""
    phone: str = ""
    web: str = ""
    register: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A bank account; `bic` may be empty within the European Economic Area."""

    holder: str
    iban: str
    bic: str = ""


@dataclass(frozen=True, slots=True)
class Debit:
    """Paid by SEPA direct debit on `due_on`; the invoice is the pre-notification (E9)."""

    due_on: date
    mandate: str
    creditor_id: str
    debtor: Account
    means: Literal["59"] = "59"


@dataclass(frozen=True, slots=True)
class Transfer:
    """Paid by the customer until `due_on` to our account."""

    due_on: date
    account: Account
    means: Literal["58"] = "58"


@dataclass(frozen=True, slots=True)
class SetOff:
    """Nothing is to be paid: the amount is set off against claims (E10), or paid out on demand."""

    means: Literal["97"] = "97"


#: `means` of each is its code of UNTDID 4461.
Payment = Debit | Transfer | SetOff


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One position. `net` is quantity times price, to the cent; `details` explains it to a reader.

    A credit on an invoice is a line of quantity -1: prices are never negative (BR-27).
    """

    position: int
    name: str
    details: str
    quantity: int
    unit: Unit
    price: Money
    net: Money
    vat: VatRate
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class VatLine:
    """The tax of one rate on the sum of its lines (BR-CO-17)."""

    rate: VatRate
    net: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class Correction:
    """Which invoice a credit note corrects, and why (UStG § 14(6), UStDV § 31(5))."""

    number: str
    issued_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice or credit note. Raise InvoiceRefused when its parts do not add up."""

    kind: Kind
    number: str
    issued_on: date
    first_day: date
    last_day: date
    seller: Party
    buyer: Party
    lines: tuple[InvoiceLine, ...]
    vat: tuple[VatLine, ...]
    net: Money
    tax: Money
    gross: Money
    payment: Payment
    notes: tuple[str, ...]
    corrects: Correction | None = None
    #: What credit of the customer from earlier documents pays of it (BT-113).
    set_off: Money = NOTHING

    def __post_init__(self) -> None:
        wrong = next(_wrong(self), None)
        if wrong:
            raise InvoiceRefused(f"invoice {self.number}: {wrong}")

    @property
    def claim(self) -> Money:
        """What the customer owes by this document: negative for a credit note."""
        return -self.gross if self.kind is Kind.CREDIT_NOTE else self.gross

    @property
    def payable(self) -> Money:
        """What is left to be paid (BT-115)."""
        return self.gross - self.set_off


def total(amounts: Iterable[Money]) -> Money:
    """A sum of euro amounts; two decimals when it is 0."""
    found = NOTHING
    for each in amounts:
        found += each
    return found


def vat_lines(lines: Iterable[InvoiceLine]) -> tuple[VatLine, ...]:
    """One for each rate, on the sum of its lines; highest rate first."""
    nets: dict[VatRate, Money] = {}
    for each in lines:
        nets[each.vat] = nets.get(each.vat, NOTHING) + each.net
    return tuple(VatLine(rate, net, rate.on(net)) for rate, net in sorted(nets.items(), reverse=True))


def _wrong(invoice: Invoice) -> Iterator[str]:
    """What is wrong, with the rule of EN 16931 that says so."""
    lines = invoice.lines
    if not 1 <= len(lines) <= MAX_LINES:
        yield f"{len(lines)} lines. Allowed are 1 to {MAX_LINES} (BR-16)"
    if [each.position for each in lines] != list(range(1, len(lines) + 1)):
        yield "positions are not 1, 2, 3 ... (BR-21)"
    amounts = (invoice.net, invoice.tax, invoice.gross, invoice.set_off, *(each.net for each in lines))
    for amount in amounts:
        if amount.currency != EURO or not _whole_cents(amount):
            yield f"{amount} is no amount in euro and cents (BR-DEC)"
    for each in lines:
        if each.net.ticks != rounded(each.quantity * each.price.ticks, CENT, Mode.HALF_UP):
            yield f"line {each.position} is {each.net}, not {each.quantity} times {each.price}"
        if each.price.ticks < 0:
            yield f"line {each.position} has a negative price. Write a negative quantity (BR-27)"
    if invoice.vat != vat_lines(lines):
        yield "the VAT is not that of the sum of the lines (BR-CO-17)"
    if invoice.net != total(each.net for each in lines):
        yield "the net total is not the sum of the lines (BR-CO-10)"
    if invoice.tax != total(each.tax for each in invoice.vat):
        yield "the tax is not the sum of the VAT lines (BR-CO-14)"
    if invoice.gross != invoice.net + invoice.tax:
        yield "the gross total is not net and tax (BR-CO-15)"
    most = NOTHING if invoice.kind is Kind.CREDIT_NOTE else max(invoice.gross, NOTHING, key=_ticks)
    if not 0 <= invoice.set_off.ticks <= most.ticks:
        yield f"{invoice.set_off} is set off, allowed are 0.00 to {most} (BR-CO-16)"
    if (invoice.kind is Kind.CREDIT_NOTE) != (invoice.corrects is not None):
        yield "a credit note names the invoice that it corrects, and nothing else does (BR-55)"
    reverse = any(each.rate.category is Category.REVERSE_CHARGE for each in invoice.vat)
    if reverse and not (invoice.buyer.vat_id and invoice.seller.vat_id):
        yield "reverse charge needs the VAT ids of seller and buyer (BR-AE-02)"
    if not (invoice.seller.vat_id or invoice.seller.tax_number):
        yield "the seller needs a VAT id or tax number (BR-CO-26, UStG § 14(4) Nr. 2)"


def _ticks(amount: Money) -> int:
    return amount.ticks


def _whole_cents(amount: Money) -> bool:
    return rounded(amount.ticks, CENT, Mode.UP) == amount.ticks
