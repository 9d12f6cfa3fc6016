"""docs/invoices.md is true: its worked month is recomputed from the example files."""

from __future__ import annotations

from datetime import date

from rating.invoice import Debit
from rating.money import written
from tests.unit.documents.test_commands import november
from tests.unit.rating.files import EXAMPLES

PAGE = (EXAMPLES.parents[1] / "docs" / "invoices.md").read_text()


def test_the_worked_month_is_the_invoice_that_is_made() -> None:
    part = PAGE.split("<!-- worked invoice: begin -->")[1].split("<!-- worked invoice: end -->")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.strip().splitlines()[2:]]
    invoice = november()
    expected = [(str(each.position), each.name, written(each.net.amount)) for each in invoice.lines]
    assert [(row[0], row[1], row[3]) for row in rows[:-3]] == expected
    totals = [written(each.amount) for each in (invoice.net, invoice.tax, invoice.gross)]
    assert [row[3] for row in rows[-3:]] == totals
    assert isinstance(invoice.payment, Debit)
    assert invoice.payment.due_on == date(2026, 12, 7)
