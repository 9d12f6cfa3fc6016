"""`fernamt evn`: itemised bills (Einzelverbindungsnachweis); `render` from files, without a database."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Final

import click

from cli.billing.evn_export import counselling, export
from cli.billing.rate_cdrs import read_cdrs
from cli.billing.stationery import stationery_of, with_stationery
from cli.billing.tariff_directory import CONFIG, read_tariff
from cli.carriers.number_orders import GermanDay
from cli.errors import ProgramError
from documents.evn_csv import evn_csv
from documents.evn_pdf import evn_pdf
from documents.invoice_json import from_json
from rating.batch import rate_all
from rating.berlin import Month, month_of
from rating.book import Books
from rating.charge import Charge, Unrated
from rating.evn import Counselling, Detail, EvnCall, Order, itemise
from rating.evn_agreement import check_agreement
from rating.evn_list import counselling_of
from rating.invoice import Invoice


class MonthUnrated(ProgramError):
    """Calls of the month wait for a price: the itemised bill would not add up."""

    id = "program.month-unrated"


@click.group()
def evn() -> None:
    """Itemised bills: every call of an invoice, as far as ordered and allowed."""


_FILE: Final = click.Path(path_type=Path, dir_okay=False, exists=True)
_TO: Final = click.Path(path_type=Path, dir_okay=False)


@evn.command("render")
@CONFIG
@click.option("--cdrs", type=_FILE, required=True, help="CSV of `fernamt cdr export`: the whole month.")
@click.option("--invoice", "invoice_path", type=_FILE, required=True, help="The stored invoice, JSON.")
@click.option("--ordered", type=GermanDay(), required=True, help="Day of the customer's order.")
@click.option("--declared", type=GermanDay(), help="Day of the declaration that employees know.")
@click.option("--detail", type=click.Choice([each.value for each in Detail]), default="shortened",
              show_default=True, help="Called numbers in full, or without three digits.")  # fmt: skip
@click.option("--flat-rate", is_flag=True, help="With calls that cost nothing more: on the customer's wish.")
@click.option("--counselling", type=_FILE, required=True, help="CSV of lines that must not be shown.")
@click.option("--pdf", type=_TO, help="For people.")
@click.option("--csv", "csv_path", type=_TO, help="For programs.")
@with_stationery
def render(
    directory: Path, cdrs: Path, invoice_path: Path, ordered: date, declared: date | None, detail: str,
    flat_rate: bool, counselling: Path, pdf: Path | None, csv_path: Path | None, background: Path | None,
    font: Path | None, font_bold: Path | None,
) -> None:  # fmt: skip
    """The itemised bill of an invoice: the month's calls are rated again and shown as ordered (TDDDG § 11).

    \b
    Example:
      fernamt evn render --config examples/tariffs --cdrs november.csv --invoice RE-2026-000042.json \\
        --ordered 2026-10-01 --declared 2026-10-01 --counselling lines.csv --pdf evn.pdf
    """
    if not (pdf or csv_path):
        raise click.UsageError("nothing to make. Give --pdf or --csv")
    invoice = from_json(invoice_path.read_bytes())
    hidden: Counselling = counselling_of(counselling.read_bytes(), counselling.name)
    month = Month(invoice.first_day.year, invoice.first_day.month)
    order = Order(ordered, Detail(detail), declared, flat_rate)
    calls = _calls(directory, cdrs, invoice, month)
    found = itemise(order, month, invoice.number, invoice.buyer.customer_no, calls, hidden)
    check_agreement(found, invoice, read_tariff(directory).rates)
    made = []
    if pdf:
        paper = stationery_of(background, font, font_bold)
        made.append((pdf, evn_pdf(found, invoice.seller, invoice.buyer, paper)))
    if csv_path:
        made.append((csv_path, evn_csv(found)))
    for path, content in made:
        path.write_bytes(content)
        click.echo(f"{path}: {len(content)} bytes")


def _calls(directory: Path, cdrs: Path, invoice: Invoice, month: Month) -> list[EvnCall]:
    read = read_cdrs(cdrs)
    own = _own_numbers(cdrs)
    results = [
        each
        for each in rate_all(read.legs, Books(read_tariff(directory)))
        if each.leg.customer_id == invoice.buyer.customer_no and month_of(each.leg.start_ms) == month
    ]
    waiting = [each for each in (*results, *read.unreadable) if isinstance(each, Unrated)]
    waiting = [each for each in waiting if each.leg.customer_id == invoice.buyer.customer_no]
    if waiting:
        raise MonthUnrated(f"{len(waiting)} calls wait, the first: {waiting[0].sentence}. Mend them first")
    return [EvnCall(each, own.get(each.leg.leg_id, "")) for each in results if isinstance(each, Charge)]


def _own_numbers(cdrs: Path) -> dict[str, str]:
    """The customer's own number of each leg: the caller's, or the one that was called and forwarded.

    Never the number of somebody else whose call was forwarded.
    """
    with cdrs.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    called = {
        row["call_id"]: row["b_number"] for row in rows if (row["side"], row["direction"]) == ("a", "in")
    }
    return {row["leg_id"]: called.get(row["call_id"], row.get("a_network") or "") for row in rows}


for _command in (export, counselling):
    evn.add_command(_command)
