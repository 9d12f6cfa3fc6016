"""`fernamt invoice draft|issue|show`: made from the database, issued once, shown as stored."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Final

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import Engine

from cli.billing.bookings import booking
from cli.billing.invoice_facts import maker
from cli.billing.invoice_parties import InvoiceFactsMissing
from cli.billing.months import MonthOption
from cli.billing.rate_terms import ConfiguredTariff
from cli.bootstrap import engine, now
from cli.carriers.number_orders import GermanDay
from cli.changes import changing
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import GERMANY, shown
from documents.invoice_json import from_json
from rating.berlin import Month
from rating.errors import RatingError
from rating.fx import Rates
from rating.invoice import Invoice
from store.errors import BillingError
from store.invoice_sending import SentInvoices
from store.invoices import Invoices, refuse_open
from store.rating_run import RatingRun

_DRAFT: Final = "ENTWURF"
#: Exit status of --all when some customers have no invoice: they are named, the others have theirs.
_SOME_FAILED: Final = 3

_MONTH = click.option("--month", type=MonthOption(), required=True, help="German calendar month: 2026-11.")
_JSON = click.option("--json", "as_json", is_flag=True, help="For programs.")
_ON = click.option("--on", "issued_on", type=GermanDay(), help="Day of the invoice. Default: today.")


@click.command()
@_MONTH
@click.option("--customer", metavar="ID", required=True, help="Whose invoice.")
@_ON
@_JSON
@click.pass_obj
def draft(
    settings: Callable[[], Settings], month: Month, customer: str, issued_on: date | None, as_json: bool
) -> None:
    """What the invoice would be now; nothing is stored, no number taken. The same day, the same draft.

    Refused while a call of the month is not rated.

    \b
    Example: fernamt invoice draft --customer kunde-bau --month 2026-11
    """
    database = engine(effective(settings()), "fernamt invoice")
    invoices = Invoices(database)
    refuse_open(f"draft for {customer} of {month}", invoices.open_legs(customer, month))
    make = maker(database, invoices, _rates(database), customer, month, issued_on or _today())
    if make.counts_users and invoices.quota_used_up(customer, month):
        click.echo("Minutes are counted for each user: issuing rates the month again first", err=True)
    made = make(_DRAFT, invoices.due(customer, month))
    _print(made.invoice, made.document, as_json=as_json)


@click.command()
@_MONTH
@click.option("--customer", metavar="ID", help="Only this customer's invoice.")
@click.option("--all", "everybody", is_flag=True, help="Of all customers who have none for that month.")
@_ON
@_JSON
@changing()
@click.pass_context
@booking("`fernamt invoice list`", anew=True)
def issue(
    ctx: click.Context, settings: Callable[[], Settings], month: Month, customer: str | None, everybody: bool,
    issued_on: date | None, as_json: bool, at: datetime, actor: str, reason: str,
) -> None:  # fmt: skip
    """Issue the month's invoice: number, ledger, for ever. Blocked while a call of the month is not rated.

    With --all customers that cannot be invoiced are named and left out, exit status 3; those that have their
    invoice for the month are left alone, so it may simply be run again.

    \b
    Examples:
      fernamt invoice issue --month 2026-11 --customer kunde-bau
      fernamt invoice issue --month 2026-11 --all
    """
    if (customer is None) is not everybody:
        raise click.UsageError("give --customer ID or --all")
    day = issued_on or at.astimezone(GERMANY).date()
    if day < month.last_day:
        raise click.BadParameter(f"{month} ends on {month.last_day}: issue it then or later (TC 11.2)")
    database = engine(effective(settings()), "fernamt invoice")
    invoices, source = Invoices(database), ConfiguredTariff(database)
    rates, rating = source.current().tariff.rates, RatingRun(database, source)
    made: list[Invoice] = []
    failed: dict[str, str] = {}
    for each in _chosen(invoices, month, customer):
        try:
            make = maker(database, invoices, rates, each, month, day)
            if make.counts_users and invoices.quota_used_up(each, month):
                # The quota of the whole month: users who came later bring minutes for calls before them.
                rating.rerate(each, month, "minutes for the month's highest number of users")
            if everybody and not make.has_fees and not make.worth_it(invoices.due(each, month)):
                continue
            made.append(invoices.issue(each, month, day.year, make, actor=actor, reason=reason).invoice)
        except (BillingError, RatingError, InvoiceFactsMissing) as error:
            if not everybody:
                raise
            failed[each] = str(error)
    if as_json:
        issued = [{"customer": each.buyer.customer_no, **_row(each)} for each in made]
        click.echo(json.dumps({"issued": issued, "failed": failed}, ensure_ascii=False, indent=1))
    else:
        for each_made in made:
            click.echo(f"{each_made.number}: {each_made.buyer.customer_no}, {each_made.gross}")
        for who, why in failed.items():
            click.echo(f"{who}: not issued. {why}", err=True)
    ctx.exit(_SOME_FAILED if failed else 0)


def _chosen(invoices: Invoices, month: Month, customer: str | None) -> Iterable[str]:
    if customer is not None:
        return [customer]
    return track(
        sorted(invoices.customers(month) - invoices.invoiced(month)),
        description="issuing",
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )


@click.command()
@click.argument("number")
@_JSON
@click.pass_obj
def show(settings: Callable[[], Settings], number: str, as_json: bool) -> None:
    """An issued invoice or credit note. --json gives its stored document, byte for byte.

    \b
    Example: fernamt invoice show R2026-000001 --json > R2026-000001.json
    """
    database = engine(effective(settings()), "fernamt invoice")
    found = Invoices(database).find(number)
    _print(from_json(found.document.encode()), found.document, as_json=as_json)
    if as_json:
        return
    if found.credited_by:
        click.echo(f"Credited by {found.credited_by}")
    for each in SentInvoices(database).of_number(number):
        sealed = ", encrypted" if each.encrypted else ""
        click.echo(f"{shown(each.at)} {each.way}: {each.recipient}{sealed}, by {each.actor}")


def _print(found: Invoice, document: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(document, nl=False)
        return
    click.echo(f"{found.number} of {found.issued_on} for {found.buyer.name}, {found.first_day:%Y-%m}")
    table = Table("", "what", "details", "quantity", "price", "net")
    for line in found.lines:
        values = (line.position, line.name, line.details, line.quantity, line.price, line.net)
        table.add_row(*(str(value) for value in values))
    console().print(table)
    click.echo(f"net {found.net}, VAT {found.tax}, gross {found.gross}")
    if found.set_off.ticks:
        click.echo(f"set off {found.set_off}, to be paid {found.payable}")


def _row(found: Invoice) -> dict[str, str]:
    return {
        "number": found.number, "net": str(found.net), "vat": str(found.tax), "gross": str(found.gross),
    }  # fmt: skip


def _rates(database: Engine) -> Rates:
    return ConfiguredTariff(database).current().tariff.rates


def _today() -> date:
    return now().astimezone(GERMANY).date()
