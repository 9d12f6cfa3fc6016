"""From an invoice to credit notes: for all of it, for lines, for parts of lines (E10, UStDV § 31(5))."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from rating.errors import InvoiceRefused
from rating.invoice import Correction, Invoice, InvoiceLine, Kind, SetOff, Unit, total, vat_lines
from rating.invoice_compose import is_reverse
from rating.invoice_notes import notes
from rating.money import Money

#: Net amounts by position of the invoice; of a credited line (quantity -1) they are negative.
Parts = Mapping[int, Money]


def credit_note(
    invoice: Invoice, number: str, issued_on: date, reason: str, parts: Parts | None = None
) -> Invoice:
    """A credit note for net amounts of an invoice's lines, or for all of it (E10).

    For all: the claims of both documents sum to zero, tax included. Several credit notes for parts may differ
    from that by a cent of tax each, as tax is taken on sums. InvoiceRefused for unknown positions, for more
    than a line has, and for the credit note of a credit note.
    """
    if invoice.kind is not Kind.INVOICE:
        raise InvoiceRefused(f"{invoice.number} is a credit note. Correct it by a new invoice")
    if parts is not None and (not parts or not set(parts) <= {each.position for each in invoice.lines}):
        raise InvoiceRefused(f"{invoice.number} has the positions 1 to {len(invoice.lines)}")
    chosen = invoice.lines if parts is None else _lines(invoice, parts)
    lines = tuple(replace(each, position=index) for index, each in enumerate(chosen, 1))
    vat = vat_lines(lines)
    net, tax = total(each.net for each in lines), total(each.tax for each in vat)
    gross = net + tax
    payment = SetOff()
    corrects = Correction(invoice.number, invoice.issued_on, reason)
    texts = notes(payment, gross, number, invoice.seller, reverse_charge=is_reverse(vat), corrects=corrects)
    return replace(
        invoice, kind=Kind.CREDIT_NOTE, number=number, issued_on=issued_on, lines=lines, vat=vat, net=net,
        tax=tax, gross=gross, payment=payment, notes=texts, corrects=corrects, set_off=total(()),
    )  # fmt: skip


def _lines(invoice: Invoice, parts: Parts) -> Iterator[InvoiceLine]:
    """The lines as they are where all of them is credited, else one at the part's amount."""
    for line in invoice.lines:
        part = parts.get(line.position)
        if part is None:
            continue
        if part == line.net:
            yield line
            continue
        beyond = abs(part.ticks) > abs(line.net.ticks) or (part.ticks < 0) != (line.net.ticks < 0)
        if beyond or not part.ticks:
            raise InvoiceRefused(
                f"{invoice.number}: position {line.position} is {line.net} net, {part} cannot be credited"
            )
        quantity, price = (1, part) if part.ticks > 0 else (-1, -part)
        details = f"Teil der Position {line.position}"
        yield replace(line, details=details, quantity=quantity, unit=Unit.ONE, price=price, net=part)


def remaining(invoice: Invoice, credited: Parts) -> dict[int, Money]:
    """What is left of each line after earlier credit notes; lines of which nothing is left are missing."""
    left = {each.position: each.net - credited.get(each.position, total(())) for each in invoice.lines}
    return {position: amount for position, amount in left.items() if amount.ticks}
