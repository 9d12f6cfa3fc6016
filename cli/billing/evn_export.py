"""`fernamt evn export|counselling`: itemised bills of issued invoices, from the database."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import track
from sqlalchemy import Engine

from cli.auditing import entries, entry_first
from cli.billing.evn_orders import order_of, ordering_customers
from cli.billing.months import MonthOption
from cli.billing.rate_terms import ConfiguredTariff
from cli.billing.stationery import stationery_of, with_stationery
from cli.bootstrap import engine, now
from cli.changes import changing
from cli.errors import ProgramError
from cli.layout import effective
from cli.settings import Settings
from cli.times import shown
from cli.whole_files import write_whole
from documents.errors import DocumentError
from documents.evn_csv import evn_csv
from documents.evn_pdf import evn_pdf
from documents.invoice_json import from_json
from documents.page import Stationery
from rating.berlin import Month
from rating.errors import RatingError
from rating.evn import Counselling, Detail, Evn, Order, itemise
from rating.evn_agreement import billed_lines, check_agreement, itemised_lines
from rating.evn_list import counselling_of
from rating.fx import Rates
from rating.invoice import Invoice, total
from rating.money import Money
from store.counselling_tables import MAX_LIST_BYTES
from store.errors import StoreError
from store.evn import EvnStore
from store.invoices import Invoices, Issued

#: The list is fetched once a quarter (TDDDG § 11(6)); an older one must not be relied on.
OLDEST: Final = timedelta(days=100)
#: Exit status of --all when some customers have none: they are named, the others have theirs.
_SOME_FAILED: Final = 3


class ListMissing(ProgramError):
    """The counselling lines are not known, or not as of this quarter."""

    id = "program.counselling-list"


class NothingInvoiced(ProgramError):
    """An itemised bill belongs to an issued invoice."""

    id = "program.not-invoiced"


@dataclass(frozen=True, slots=True)
class Exported:
    """A customer's itemised bill with its invoice. `usage`: the sum of the invoice's lines of calls, net;
    `itemised`: that of the itemised bill's sections, rounded as the lines are."""

    evn: Evn
    invoice: Invoice
    usage: Money
    itemised: Money

    @property
    def stem(self) -> str:
        """The files' name, without its ending."""
        return f"EVN-{self.evn.invoice_number}"

    def files(self, directory: Path, paper: Stationery) -> list[tuple[Path, bytes]]:
        """Both files, with their paths."""
        pdf = evn_pdf(self.evn, self.invoice.seller, self.invoice.buyer, paper)
        return [(directory / f"{self.stem}.pdf", pdf), (directory / f"{self.stem}.csv", evn_csv(self.evn))]


class Exporter:
    """Makes itemised bills as their customers ordered them."""

    def __init__(self, database: Engine, hidden: Counselling, rates: Rates) -> None:
        self._database = database
        self._store = EvnStore(database)
        self._invoices = Invoices(database)
        self._hidden = hidden
        self._rates = rates

    def export(self, customer_id: str, month: Month, ordered: Order | None = None) -> Exported:
        """As the configuration has it, or by this order. Raise NothingInvoiced, NoOrder, EvnRefused,
        RecordsGone; sums are checked with the invoice's."""
        order = ordered or order_of(self._database, customer_id, month)
        issued = self._issued(customer_id, month)
        invoice = from_json(issued.document.encode())
        calls = self._store.calls(customer_id, month, issued.number)
        evn = itemise(order, month, issued.number, customer_id, calls, self._hidden)
        check_agreement(evn, invoice, self._rates)
        billed = total(net for _, net in billed_lines(invoice))
        return Exported(evn, invoice, billed, total(net for _, net in itemised_lines(evn, self._rates)))

    def _issued(self, customer_id: str, month: Month) -> Issued:
        for each in self._invoices.of_customer(customer_id, month):
            if each.kind == "invoice" and each.credited_by is None:
                return each
        raise NothingInvoiced(
            f"{customer_id} has no invoice of {month}: fernamt invoice issue --customer {customer_id} "
            f"--month {month}"
        )


def exporter(database: Engine, moment: datetime) -> Exporter:
    """Raise ListMissing without a counselling list of this quarter."""
    imported = EvnStore(database).counselling()
    if imported is None:
        raise ListMissing(
            "no list of counselling lines was imported. Fetch the Bundesnetzagentur's and import it: "
            "fernamt evn counselling FILE (TDDDG § 11(5))"
        )
    if moment - imported.imported_at > OLDEST:
        raise ListMissing(
            f"the list of counselling lines is of {shown(imported.imported_at)}. Fetch it every quarter and "
            "import it: fernamt evn counselling FILE (TDDDG § 11(6))"
        )
    hidden = counselling_of(imported.content, "counselling lines")
    return Exporter(database, hidden, ConfiguredTariff(database).current().tariff.rates)


@click.command()
@click.option("--month", type=MonthOption(), required=True, help="German calendar month: 2026-11.")
@click.option("--customer", metavar="ID", help="Only this customer's.")
@click.option("--all", "everybody", is_flag=True, help="Of all customers who ordered one.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False, exists=True), default=".",
              help="Directory for the files. Default: here.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_stationery
@changing(with_reason=False)
@click.pass_context
def export(
    ctx: click.Context, settings: Callable[[], Settings], month: Month, customer: str | None, everybody: bool,
    out: Path, as_json: bool, background: Path | None, font: Path | None, font_bold: Path | None,
    at: datetime, actor: str,
) -> None:  # fmt: skip
    """The itemised bill of an issued invoice as it was ordered: EVN-NUMBER.pdf for people, .csv for programs.

    Its sums are those of the invoice's lines, or it is not made. With --all customers whose bill cannot be
    made are named, exit status 3.

    \b
    Examples:
      fernamt evn export --customer kunde-bau --month 2026-11 --out bills
      fernamt evn export --all --month 2026-11 --out bills
    """
    if (customer is None) is not everybody:
        raise click.UsageError("give --customer ID or --all")
    database = engine(effective(settings()), "fernamt evn")
    make, paper = exporter(database, at), stationery_of(background, font, font_bold)
    done: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    for each in _chosen(database, customer, month):
        try:
            made = make.export(each, month)
            files = made.files(out, paper)
        except (ProgramError, RatingError, StoreError, DocumentError) as error:
            if not everybody:
                raise
            failed[each] = str(error)
            continue
        write = entries(database, actor, "invoice", made.evn.invoice_number)
        with entry_first(write, "evn.export", {"customer": each}):
            write_whole(files)
        done.append(_row(made, [path for path, _ in files]))
    _tell(done, failed, as_json=as_json)
    ctx.exit(_SOME_FAILED if failed else 0)


def _chosen(database: Engine, customer: str | None, month: Month) -> list[str]:
    if customer is not None:
        return [customer]
    invoiced = Invoices(database).invoiced(month)
    found = [each for each in ordering_customers(database, month) if each in invoiced]
    shown_to = Console(stderr=True)
    hidden = not sys.stderr.isatty()
    return list(track(found, description="itemising", console=shown_to, disable=hidden, transient=True))


def _row(made: Exported, paths: list[Path]) -> dict[str, Any]:
    entries = [each for section in made.evn.sections for each in section.entries]
    return {
        "customer": made.evn.customer_id,
        "invoice": made.evn.invoice_number,
        "calls": len(entries),
        "numbers": made.evn.detail.value,
        "usage": str(made.usage),
        "files": [str(path) for path in paths],
    }


def _tell(done: list[dict[str, Any]], failed: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"exported": done, "failed": failed}, ensure_ascii=False, indent=1))
        return
    for row in done:
        numbers = "full" if row["numbers"] == Detail.FULL else "shortened by three digits"
        click.echo(
            f"{row['invoice']}: {row['customer']}, {row['calls']} calls, numbers {numbers}, "
            f"{row['usage']} net as on the invoice"
        )
        for path in row["files"]:
            click.echo(f"  {path}")
    if not done and not failed:
        click.echo("Nobody with an invoice of this month ordered itemised bills.")
    for who, why in failed.items():
        click.echo(f"{who}: none made. {why}", err=True)


@click.command()
@click.argument(
    "source", metavar="[FILE]", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@changing(with_reason=False)
def counselling(settings: Callable[[], Settings], source: Path | None, at: datetime, actor: str) -> None:
    """The counselling lines that no itemised bill shows: import the Bundesnetzagentur's list, or see its age.

    CSV `number;valid_from;valid_until;name`; fetch it every quarter (TDDDG § 11(5), (6)). It takes effect at
    once; days before a line's valid_from, and after its valid_until, show it.

    \b
    Examples:
      fernamt evn counselling lines.csv
      fernamt evn counselling
    """
    store = EvnStore(engine(effective(settings()), "fernamt evn"))
    if source is not None:
        content = source.read_bytes()
        if len(content) > MAX_LIST_BYTES:
            raise ListMissing(f"{source}: larger than {MAX_LIST_BYTES >> 20} MiB: this is not the list")
        lines = len(counselling_of(content, source.name).numbers)
        store.import_counselling(content, lines, at, actor)
    imported = store.counselling()
    if imported is None:
        click.echo("No list was imported: no itemised bill can be made.")
        return
    count = len(counselling_of(imported.content, "counselling lines").numbers)
    click.echo(f"{count} lines, imported {shown(imported.imported_at)} by {imported.author}")
    if now() - imported.imported_at > OLDEST:
        click.echo("That is more than a quarter ago. Fetch the new list, none is made with this one.")
