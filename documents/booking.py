"""Invoices as rows for the bookkeeper, in the columns of a DATEV booking batch (Buchungsstapel).

Columns and forms are DATEV's (decimal comma, DDMM, S and H, cp1252, CR LF); the head line with the
consultant's numbers is left to the import, which knows them ("ASCII-Import" with these column names).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from documents.errors import DocumentUnreadable
from rating.invoice import Invoice, Kind, SetOff
from rating.money import written
from rating.vat import VatRate

COLUMNS: Final = (
    "Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Konto",
    "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum", "Belegfeld 1", "Belegfeld 2",
    "Buchungstext", "Leistungsdatum",
)  # fmt: skip
_TEXT: Final = 60
_FIELD: Final = 36


@dataclass(frozen=True, slots=True)
class Accounts:
    """Numbers of the chart of accounts. `revenue`: by VAT rate, automatic accounts, so no tax key is needed.

    `debtors`: the debtor account of each customer number.
    """

    revenue: Mapping[VatRate, str]
    debtors: Mapping[str, str]


def bookings(invoices: Iterable[Invoice], accounts: Accounts) -> bytes:
    """One row for each VAT rate of each document; raise DocumentUnreadable for a missing account."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for invoice in invoices:
        writer.writerows(_rows(invoice, accounts))
    return out.getvalue().encode("cp1252", "replace")


def _rows(invoice: Invoice, accounts: Accounts) -> Iterator[tuple[str, ...]]:
    debtor = accounts.debtors.get(invoice.buyer.customer_no)
    if debtor is None:
        raise DocumentUnreadable(
            f"customer {invoice.buyer.customer_no} has no debtor account. Name one (invoice {invoice.number})"
        )
    for each in invoice.vat:
        revenue = accounts.revenue.get(each.rate)
        if revenue is None:
            rate = f"{each.rate.category.value} {each.rate.percent} %"
            raise DocumentUnreadable(f"VAT rate {rate} has no revenue account (invoice {invoice.number})")
        gross = each.net + each.tax
        owed = (gross.ticks >= 0) == (invoice.kind is Kind.INVOICE)
        yield (
            written(gross.amount).lstrip("-").replace(".", ","),
            "S" if owed else "H",
            gross.currency,
            debtor,
            revenue,
            "",
            f"{invoice.issued_on:%d%m}",
            invoice.number[:_FIELD],
            _due(invoice),
            invoice.buyer.name[:_TEXT],
            _day(invoice.last_day),
        )


def _due(invoice: Invoice) -> str:
    """Belegfeld 2 holds the due day (DDMMYY)."""
    payment = invoice.payment
    if isinstance(payment, SetOff):
        return ""
    return f"{payment.due_on:%d%m%y}"


def _day(day: date) -> str:
    return f"{day:%d%m%Y}"
