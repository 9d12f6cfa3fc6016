"""`fernamt invoice draft|issue|show|credit` and `fernamt customer statement`: the database's side."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import Engine

from cli.bootstrap import engine, now
from cli.changes import changing
from cli.invoice_facts import credited, maker
from cli.invoice_parties import InvoiceFactsMissing
from cli.layout import effective
from cli.number_orders import GermanDay
from cli.rate_terms import ConfiguredTariff
from cli.rate_worker import MonthOption
from cli.settings import Settings
from cli.terminal import console
from cli.times import GERMANY, shown
from documents.invoice_json import from_json
from rating.berlin import Month
from rating.errors import RatingError
from rating.fx import Rates
from rating.invoice import Invoice
from rating.money import ticks_text
from store.config_items import CUSTOMER
from store.config_versions import ConfigStore
from store.errors import BillingError
from store.invoice_sending import SentInvoices
from store.invoices import Invoices, Issued, refuse_open

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
    made = make(_DRAFT, invoices.usage(customer, month))
    _print(made.invoice, made.document, as_json=as_json)


@click.command()
@_MONTH
@click.option("--customer", metavar="ID", help="Only this customer's invoice.")
@click.option("--all", "everybody", is_flag=True, help="Of all customers who have none for that month.")
@_ON
@_JSON
@changing()
@click.pass_context
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
    invoices, rates = Invoices(database), _rates(database)
    made: list[Invoice] = []
    failed: dict[str, str] = {}
    for each in _chosen(database, invoices, month, customer):
        try:
            make = maker(database, invoices, rates, each, month, day)
            if everybody and not make.worth_it(invoices.usage(each, month)):
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


def _chosen(database: Engine, invoices: Invoices, month: Month, customer: str | None) -> Iterable[str]:
    if customer is not None:
        return [customer]
    store = ConfigStore(database)
    applied = {key.id for key in store.digests(store.current()) if key.kind == CUSTOMER}
    return track(
        sorted(applied.union(invoices.customers_with_usage(month)) - invoices.invoiced(month)),
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


@click.command()
@click.argument("number")
@_ON
@_JSON
@changing(reason_required=True)
def credit(
    settings: Callable[[], Settings], number: str, issued_on: date | None, as_json: bool, at: datetime,
    actor: str, reason: str,
) -> None:  # fmt: skip
    """Credit the whole of an invoice by a note with a number of its own; its month can be issued anew.

    \b
    Example: fernamt invoice credit R2026-000001 --reason "records came in late"
    """
    day = issued_on or at.astimezone(GERMANY).date()
    invoices = Invoices(engine(effective(settings()), "fernamt invoice"))

    def make(note: str, found: Issued) -> Any:
        return credited(found, note, day, reason)

    made = invoices.credit(number, day.year, make, actor=actor, reason=reason)
    if as_json:
        click.echo(made.document, nl=False)
        return
    click.echo(f"{made.invoice.number} credits {number}: {made.invoice.gross}")


@click.command()
@click.argument("customer")
@_JSON
@click.pass_obj
def statement(settings: Callable[[], Settings], customer: str, as_json: bool) -> None:
    """Invoices and credit notes of a customer, and what was used since that no invoice has.

    \b
    Example: fernamt customer statement kunde-bau
    """
    invoices = Invoices(engine(effective(settings()), "fernamt customer"))
    found = invoices.of_customer(customer)
    months = sorted({each.month for each in found})
    rows = [_issued_row(each) for each in found]
    unbilled = {
        f"{day:%Y-%m}": {code: ticks_text(ticks) for code, ticks in left.items()}
        for day in [*months, *_not_yet(months)]
        if (left := invoices.unbilled(customer, Month(day.year, day.month)))
    }
    if as_json:
        document = {"customer": customer, "documents": rows, "unbilled": unbilled}
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    table = Table("number", "month", "of", "net", "VAT", "gross", "")
    for row in rows:
        table.add_row(*(str(value or "") for value in row.values()))
    console().print(table)
    for name, sums in unbilled.items():
        click.echo(
            f"Not invoiced of {name}: {', '.join(f'{sum_} {code}' for code, sum_ in sums.items())} net"
        )


def _not_yet(months: list[date]) -> Iterator[date]:
    """This month and the last one, where no invoice is."""
    first = _today().replace(day=1)
    before = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
    yield from (each for each in (before, first) if each not in months)


def _issued_row(each: Issued) -> dict[str, str | None]:
    sign = "-" if each.kind == "credit_note" else ""
    amounts = (each.net_cents, each.vat_cents, each.gross_cents)
    net, vat, gross = (f"{sign}{cents // 100}.{cents % 100:02} EUR" for cents in amounts)
    remark = f"credits {each.corrects}" if each.corrects else None
    if each.credited_by:
        remark = f"credited by {each.credited_by}"
    return {
        "number": each.number, "month": f"{each.month:%Y-%m}", "issued_on": str(each.issued_on), "net": net,
        "vat": vat, "gross": gross, "remark": remark,
    }  # fmt: skip


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


def _row(found: Invoice) -> dict[str, str]:
    return {
        "number": found.number, "net": str(found.net), "vat": str(found.tax), "gross": str(found.gross),
    }  # fmt: skip


def _rates(database: Engine) -> Rates:
    return ConfiguredTariff(database).current().tariff.rates


def _today() -> date:
    return now().astimezone(GERMANY).date()
