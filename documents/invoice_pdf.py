"""An invoice for people: German, on the company's stationery."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from documents.page import PLAIN, Flowable, Stationery, Writer, on_stationery
from rating.invoice import Invoice, InvoiceLine, Kind, Party, Unit
from rating.invoice_notes import german_amount, german_day
from rating.money import written
from rating.vat import Category

#: Never "Gutschrift": that word means an invoice written by the buyer (UStG § 14(2), (4) Nr. 10).
_TITLES: Final = {Kind.INVOICE: "Rechnung", Kind.CREDIT_NOTE: "Rechnungskorrektur"}
_UNITS: Final = {Unit.ONE: "", Unit.MONTH: " Nutzer"}
_GAP: Final = 8


def title(invoice: Invoice) -> str:
    """`Rechnung RE-2026-000042`."""
    return f"{_TITLES[invoice.kind]} {invoice.number}"


def invoice_pdf(invoice: Invoice, stationery: Stationery = PLAIN) -> bytes:
    """The pages; raise GlyphMissing. The same invoice gives the same bytes."""
    write = Writer(stationery)
    story = [*_head(invoice, write), _lines(invoice, write), *_totals(invoice, write)]
    story += [write.text(each, after=_GAP // 2) for each in invoice.notes]
    pages = write.pdf(story, title(invoice), invoice.seller.name, _footer(invoice.seller))
    return on_stationery(pages, stationery)


def _head(invoice: Invoice, write: Writer) -> Iterator[Flowable]:
    seller, buyer = invoice.seller, invoice.buyer
    yield write.text(f"{seller.name}, {seller.street}, {seller.postcode} {seller.city}", size=7, after=2)
    yield write.text(f"{buyer.name}\n{buyer.street}\n{buyer.postcode} {buyer.city}", after=3 * _GAP)
    yield write.text(title(invoice), bold=True, size=13, after=_GAP)
    facts = (
        ("Rechnungsdatum", german_day(invoice.issued_on)),
        ("Leistungszeitraum", f"{german_day(invoice.first_day)} bis {german_day(invoice.last_day)}"),
        ("Kundennummer", buyer.customer_no),
        ("Ihre Referenz", buyer.reference),
        ("Ihre USt-IdNr.", buyer.vat_id),
    )
    yield write.text("\n".join(f"{name}: {value}" for name, value in facts if value), after=_GAP)


def _lines(invoice: Invoice, write: Writer) -> Flowable:
    header = ("Pos.", "Leistung", "Menge", "Einzelpreis", "USt", "Netto")
    rows = (_row(each, write) for each in invoice.lines)
    return write.table(header, rows, (11, 79, 20, 24, 12, 24), frozenset({2, 3, 4, 5}))


def _row(line: InvoiceLine, write: Writer) -> list[Flowable]:
    percent = written(line.vat.percent).removesuffix(".00").replace(".", ",")
    return [
        write.text(str(line.position)),
        [write.text(line.name), write.text(line.details, size=7)],
        write.text(f"{line.quantity}{_UNITS[line.unit]}", right=True),
        write.text(german_amount(line.price), right=True),
        write.text(f"{percent} %", right=True),
        write.text(german_amount(line.net), right=True),
    ]


def _totals(invoice: Invoice, write: Writer) -> Iterator[Flowable]:
    rows = [("Nettosumme", german_amount(invoice.net))]
    for each in invoice.vat:
        percent = written(each.rate.percent).removesuffix(".00").replace(".", ",")
        name = f"Umsatzsteuer {percent} % auf {german_amount(each.net)}"
        if each.rate.category is Category.REVERSE_CHARGE:
            name = f"Umsatzsteuer: Steuerschuldnerschaft des Leistungsempfängers, {german_amount(each.net)}"
        if each.rate.category is Category.DAMAGES:
            name = f"Nicht umsatzsteuerbarer Schadensersatz, {german_amount(each.net)}"
        rows.append((name, german_amount(each.tax)))
    final = "Erstattungsbetrag" if invoice.kind is Kind.CREDIT_NOTE else "Rechnungsbetrag"
    cells = [[write.text(name, right=True), write.text(value, right=True)] for name, value in rows]
    ends = [(final, german_amount(invoice.gross))]
    if invoice.set_off.ticks:
        ends.append(("Verrechnetes Guthaben", german_amount(-invoice.set_off)))
        ends.append(("Zu zahlen", german_amount(invoice.payable)))
    cells += [
        [write.text(each, bold=True, right=True), write.text(last, bold=True, right=True)]
        for each, last in ends
    ]
    yield write.table(("", ""), cells, (136, 34))
    yield write.text("", after=_GAP)


def _footer(seller: Party) -> str:
    """UStG § 14(4) Nr. 2; register as business letters must have it (HGB § 37a, GmbHG § 35a)."""
    parts = (
        seller.name,
        seller.register,
        f"USt-IdNr. {seller.vat_id}" if seller.vat_id else "",
        f"Steuernummer {seller.tax_number}" if seller.tax_number else "",
    )
    return " · ".join(each for each in parts if each)
