"""From facts to an invoice. Pure: same facts, same invoice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from rating.berlin import Month
from rating.fx import EURO, Rate
from rating.increments import minutes_and_seconds
from rating.invoice import (
    NOTHING,
    Debit,
    Invoice,
    InvoiceLine,
    Kind,
    Payment,
    SetOff,
    Transfer,
    Unit,
    VatLine,
    total,
    vat_lines,
)
from rating.invoice_bank_days import debit_day
from rating.invoice_facts import Group, InvoiceFacts, Usage, UserFee
from rating.invoice_notes import german_day, notes, owed_note, set_off_note
from rating.money import CENT, Mode, Money, Stage, rounded, ticks_text, written
from rating.totals import net_total
from rating.vat import DAMAGES_RATE, Category, VatRate, vat_on

GROUPS: Final = {
    Group.FIXED: "Verbindungen in das deutsche Festnetz",
    Group.MOBILE: "Verbindungen in deutsche Mobilfunknetze",
    Group.SERVICE: "Verbindungen zu Service- und Sonderrufnummern",
    Group.FOREIGN: "Verbindungen in das Ausland",
}
ROUNDING_LINE: Final = "Rundungsausgleich"
#: Lines of earlier months begin with it.
LATE: Final = "Nachberechnung"
_MONTHS: Final = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
    "November", "Dezember",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Draft:
    """A line before it has its position."""

    name: str
    details: str
    quantity: int
    unit: Unit
    price: Money
    first_day: date
    last_day: date
    vat: VatRate | None = None


def compose(facts: InvoiceFacts) -> Invoice:
    """The month's invoice. Raise CurrencyMismatch without an exchange rate, InvoiceRefused without a line."""
    drafts = [
        *_fees(facts),
        *_one_offs(facts),
        *_usage(facts),
        *_late(facts),
        *_credits(facts),
        *_damages(facts),
    ]
    lines = tuple(_line(index, each, facts) for index, each in enumerate(drafts, 1))
    vat = vat_lines(lines)
    net, tax = total(each.net for each in lines), total(each.tax for each in vat)
    gross = net + tax
    set_off = min(max(-facts.balance.ticks, 0), max(gross.ticks, 0))
    payable = Money.of_ticks(gross.ticks - set_off, EURO)
    payment = _payment(facts, payable)
    texts = notes(
        payment, payable, facts.number, facts.seller, reverse_charge=is_reverse(vat),
        account=tuple(_account(facts, set_off, payable)),
    )  # fmt: skip
    return Invoice(
        Kind.INVOICE, facts.number, facts.issued_on, facts.month.first_day, facts.month.last_day,
        facts.seller, facts.buyer, lines, vat, net, tax, gross, payment, texts,
        set_off=Money.of_ticks(set_off, EURO) if set_off else NOTHING,
    )  # fmt: skip


def _account(facts: InvoiceFacts, set_off: int, payable: Money) -> Iterator[str]:
    if set_off:
        yield set_off_note(Money.of_ticks(set_off, EURO), payable)
    if facts.balance.ticks > 0:
        yield owed_note(facts.balance, facts.issued_on)


def is_reverse(vat: Iterable[VatLine]) -> bool:
    """Whether the buyer owes the tax of a line."""
    return any(each.rate.category is Category.REVERSE_CHARGE for each in vat)


def _payment(facts: InvoiceFacts, payable: Money) -> Payment:
    if payable.ticks <= 0:
        return SetOff()
    if facts.mandate is None:
        return Transfer(facts.issued_on + timedelta(days=facts.payment_days), facts.account)
    due_on = debit_day(facts.issued_on, facts.notice_days)
    return Debit(due_on, facts.mandate.reference, facts.mandate.creditor_id, facts.mandate.debtor)


def _line(position: int, draft: _Draft, facts: InvoiceFacts) -> InvoiceLine:
    """The rate is that of the line's last day: a month's service is done on it (UStG § 13(1))."""
    ticks = rounded(draft.price.ticks * draft.quantity, CENT, Mode.HALF_UP)
    return InvoiceLine(
        position, draft.name, draft.details, draft.quantity, draft.unit, draft.price,
        Money.of_ticks(ticks, EURO),
        draft.vat or vat_on(draft.last_day, reverse_charge=facts.reverse_charge),
        draft.first_day, draft.last_day,
    )  # fmt: skip


def _fees(facts: InvoiceFacts) -> Iterator[_Draft]:
    month = facts.month
    for fee in facts.fees:
        users = max(fee.active, fee.least)
        details = f"Höchste Zahl aktiver Nutzer im Monat: {fee.active}{_least(fee)}"
        yield _Draft(fee.name, details, users, Unit.MONTH, fee.price, month.first_day, month.last_day)


def _least(fee: UserFee) -> str:
    return f", mindestens {fee.least}" if fee.active < fee.least else ""


def _one_offs(facts: InvoiceFacts) -> Iterator[_Draft]:
    for each in facts.one_offs:
        yield _Draft(each.name, "Einmalig", each.quantity, Unit.ONE, each.price, each.done_on, each.done_on)


def _credits(facts: InvoiceFacts) -> Iterator[_Draft]:
    for each in facts.credits:
        yield _Draft(
            each.name, "Erstattung", -each.quantity, Unit.ONE, each.amount, each.done_on, each.done_on
        )


def _damages(facts: InvoiceFacts) -> Iterator[_Draft]:
    for each in facts.damages:
        details = f"{each.details}. Schadensersatz, nicht umsatzsteuerbar"
        day = each.done_on
        yield _Draft(each.name, details, 1, Unit.ONE, each.amount, day, day, DAMAGES_RATE)


def _usage(facts: InvoiceFacts) -> Iterator[_Draft]:
    """A line for each group that costs something or used a quota; quantity 1 at its sum.

    Calls are rounded one by one, so minutes times price would not give the line (german-rules 4.3). Where the
    price model rounds the total only, the difference to the rounded lines is a line of its own.
    """
    shown = [each for each in facts.usage if each.group is not Group.FREE]
    for each in shown:
        rate = facts.rates.get(each.total.currency)
        yield _usage_draft(facts, GROUPS[each.group], _details(each, rate), each.total.line(rate))
    last = [each for each in shown if each.total.rounding.stage is Stage.INVOICE]
    if last:
        pairs = [(each.total, facts.rates.get(each.total.currency)) for each in last]
        difference = net_total(pairs) - total(one.line(rate) for one, rate in pairs)
        if difference.ticks:
            details = "Gerundet wird nach Vertrag erst die Summe aller Verbindungen"
            yield _usage_draft(facts, ROUNDING_LINE, details, difference)


def late_name(month: Month, group: Group) -> str:
    """The name of a line of an earlier month."""
    return f"{LATE} {_MONTHS[month.month - 1]} {month.year}: {GROUPS[group]}"


def _late(facts: InvoiceFacts) -> Iterator[_Draft]:
    """What came after an earlier month's invoice, with that month and its VAT; in the currency's rate of this
    invoice's month (TC 11.6)."""
    for late in facts.late:
        used = late.usage
        if not used.total.ticks:
            continue
        rate = facts.rates.get(used.total.currency)
        amount = used.total.line(rate)
        name = late_name(late.month, used.group)
        quantity, price = (1, amount) if amount.ticks >= 0 else (-1, -amount)
        first, last = late.month.first_day, late.month.last_day
        yield _Draft(name, _details(used, rate), quantity, Unit.ONE, price, first, last)


def _usage_draft(facts: InvoiceFacts, name: str, details: str, amount: Money) -> _Draft:
    month = facts.month
    quantity, price = (1, amount) if amount.ticks >= 0 else (-1, -amount)
    return _Draft(name, details, quantity, Unit.ONE, price, month.first_day, month.last_day)


def _details(usage: Usage, rate: Rate | None) -> str:
    sums = usage.total
    calls = "1 Verbindung" if sums.calls == 1 else f"{sums.calls} Verbindungen"
    parts = [calls, f"Dauer {_minutes(sums.seconds)}"]
    if sums.calls < 1:
        parts = ["Neu berechnete Verbindungen"]
    if sums.bundle_s > 0:
        parts.append(f"davon inklusive {_minutes(sums.bundle_s)}")
    exact = ticks_text(sums.ticks).replace(".", ",")
    parts.append(f"Summe {exact} {sums.currency}")
    if rate is not None and sums.currency != EURO:
        per_euro = written(rate.per_euro).replace(".", ",")
        parts.append(f"Kurs vom {german_day(rate.day)}: 1 EUR = {per_euro} {sums.currency}")
    return ", ".join(parts)


def _minutes(seconds: int) -> str:
    minutes, rest = minutes_and_seconds(seconds)
    return f"{minutes}:{rest:02} min"


def is_usage(name: str) -> bool:
    """Whether a line is one of calls, and not of fees."""
    return name in _CALLS or name.startswith(f"{LATE} ")


_CALLS: Final = frozenset({*GROUPS.values(), ROUNDING_LINE})
