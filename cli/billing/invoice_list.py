"""`fernamt invoice list`: a month's invoices at one look, and what of them is still to be done."""

from __future__ import annotations

import json
from collections.abc import Callable

import click
from rich.table import Table

from cli.billing.months import MonthOption
from cli.bootstrap import engine
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from rating.berlin import Month
from rating.invoice import total
from rating.money import CENT, Money
from store.invoice_sending import SentInvoices, Way
from store.invoices import Invoices, Issued


@click.command(name="list")
@click.option("--month", type=MonthOption(), required=True, help="German calendar month: 2026-11.")
@click.option("--customer", metavar="ID", help="Only this customer's.")
@click.option("--unsent", is_flag=True, help="Only what was never sent by e-mail.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(
    settings: Callable[[], Settings], month: Month, customer: str | None, unsent: bool, as_json: bool
) -> None:
    """Invoices and credit notes of a month: sums, whether sent, whether exported.

    \b
    Example: fernamt invoice list --month 2026-11 --unsent
    """
    database = engine(effective(settings()), "fernamt invoice")
    sent = SentInvoices(database)
    by_mail, exported = sent.of_month(month, Way.EMAIL), sent.of_month(month, Way.BOOKKEEPING)
    found = Invoices(database).of_month(month, customer)
    chosen = [each for each in found if not unsent or each.number not in by_mail]
    rows = [
        {
            "number": each.number,
            "customer": each.customer_id,
            "issued_on": str(each.issued_on),
            "net": _euro(each, each.net_cents),
            "vat": _euro(each, each.vat_cents),
            "gross": _euro(each, each.gross_cents),
            "sent": each.number in by_mail,
            "exported": each.number in exported,
            "credited_by": each.credited_by,
            "corrects": each.corrects,
        }
        for each in chosen
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    table = Table("number", "customer", "of", "net", "VAT", "gross", "sent", "exported", "")
    for row, each in zip(rows, chosen, strict=True):
        remark = f"credited by {each.credited_by}" if each.credited_by else ""
        remark = f"credits {each.corrects}" if each.corrects else remark
        flags = ["yes" if row[name] else "no" for name in ("sent", "exported")]
        sums = [str(row[name]) for name in ("number", "customer", "issued_on", "net", "vat", "gross")]
        table.add_row(*sums, *flags, remark)
    console().print(table)
    net, gross = (
        total(_money(each, cents) for each, cents in pairs)
        for pairs in ([(one, one.net_cents) for one in chosen], [(one, one.gross_cents) for one in chosen])
    )
    missing = sum(1 for row in rows if not row["sent"])
    click.echo(f"{len(rows)} documents, net {net}, gross {gross}; {missing} not sent")


def _money(each: Issued, cents: int) -> Money:
    return Money.of_ticks((-cents if each.kind == "credit_note" else cents) * CENT, "EUR")


def _euro(each: Issued, cents: int) -> str:
    return str(_money(each, cents))
