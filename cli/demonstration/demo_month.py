"""The demo's rated month: the example calls of November 2026, rated, invoiced, itemised."""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.table import Table
from sqlalchemy import Engine

from cli.billing.evn_export import exporter
from cli.billing.invoice_facts import maker
from cli.billing.rate_terms import ConfiguredTariff
from cli.demonstration.demo_rating import EXAMPLE_TARIFF
from cli.terminal import console
from cli.whole_files import write_whole
from dialplan.cdr import HungUpBy, LegRecord, LegSide, Quality
from documents.hybrid import zugferd
from documents.invoice_json import from_json
from documents.page import PLAIN
from rating.berlin import Month
from rating.evn import Detail, Order
from rating.explain import Language, explain
from rating.invoice import Invoice
from store.cdr_records import LegWithRaw
from store.cdr_repository import CdrRepository
from store.evn import EvnStore
from store.invoices import Invoices
from store.rating_run import RatingRun
from store.rating_waiting import WaitingLegs

_CALLS: Final = EXAMPLE_TARIFF / "cdrs" / "november-2026.csv"
_COUNSELLING: Final = EXAMPLE_TARIFF.parent / "evn" / "counselling.csv"
#: The worked month of docs/rating.md and docs/invoices.md: a reader can add it up.
MONTH: Final = Month(2026, 11)
CUSTOMER: Final = "kunde-kanzlei"
#: How long rating may take.
_RATED_S: Final = 15.0
#: The example customer ordered none: here it is as if it had.
_ORDER: Final = Order(MONTH.first_day, Detail.SHORTENED, MONTH.first_day)
#: Calls that are explained: one across the edge of the quota, one with free seconds, one by a new price.
_EXPLAINED: Final = ("example-02-a", "example-07-a", "example-06-a")


@dataclass(frozen=True, slots=True)
class RatedMonth:
    """What became of the month. `usage`: the invoice's lines of calls, net; `itemised`: the other's sum."""

    customer: str
    month: str
    calls: int
    explained: tuple[str, ...]
    invoice: str
    net: str
    vat: str
    gross: str
    usage: str
    itemised: str
    files: tuple[str, ...]


def rated_month(database: Engine, directory: Path, moment: datetime) -> RatedMonth:
    """Rate, invoice and itemise the example month, and write the documents into a directory."""
    legs = _legs()
    CdrRepository(database).insert_legs([LegWithRaw(each, b"{}") for each in legs])
    tariff = ConfiguredTariff(database)
    invoices, rates = Invoices(database), tariff.current().tariff.rates
    _rate(RatingRun(database, tariff), invoices)
    make = maker(database, invoices, rates, CUSTOMER, MONTH, MONTH.last_day)
    made = invoices.issue(CUSTOMER, MONTH, MONTH.year, make, actor="fernamt demo").invoice
    EvnStore(database).import_counselling(_COUNSELLING.read_bytes(), 1, moment, "fernamt demo")
    exported = exporter(database, moment).export(CUSTOMER, MONTH, _ORDER)
    pdf = directory / f"{made.number}.pdf"
    files = [(pdf, zugferd(_stored(invoices, made.number))), *exported.files(directory, PLAIN)]
    write_whole(files)
    waiting = WaitingLegs(database)
    return RatedMonth(
        customer=CUSTOMER,
        month=str(MONTH),
        calls=sum(each.customer_id == CUSTOMER and each.side is LegSide.A for each in legs),
        explained=tuple(explain(waiting.explained(leg)[-1].charge, Language.ENGLISH) for leg in _EXPLAINED),
        invoice=made.number,
        net=str(made.net),
        vat=str(made.tax),
        gross=str(made.gross),
        usage=str(exported.usage),
        itemised=str(exported.itemised),
        files=tuple(str(path) for path, _ in files),
    )


def _rate(run: RatingRun, invoices: Invoices) -> None:
    """Until nothing of the month waits: another worker may have some of it in its hands."""
    deadline = time.monotonic() + _RATED_S
    while run.batch().calls or invoices.open_legs(CUSTOMER, MONTH):
        if time.monotonic() > deadline:
            return  # the invoice says which legs wait
        time.sleep(0.05)


def _stored(invoices: Invoices, number: str) -> Invoice:
    """As anybody makes it later: from the stored document."""
    return from_json(invoices.find(number).document.encode())


def show(month: RatedMonth) -> None:
    """For people."""
    click.echo(f"\nA rated month: {month.month} of {month.customer}, {month.calls} calls (docs/rating.md)")
    for sentence in month.explained:
        click.echo(f"· {sentence}")
    table = Table("invoice", "net", "VAT", "gross", "its calls", "itemised bill", "")
    same = "the same to the cent" if month.usage == month.itemised else "they differ"
    table.add_row(month.invoice, month.net, month.vat, month.gross, month.usage, month.itemised, same)
    console().print(table)
    click.echo("Invoice (ZUGFeRD: the PDF has the XML inside) and itemised bill:")
    for path in month.files:
        click.echo(f"  {path}")


def document(month: RatedMonth) -> dict[str, Any]:
    """For programs."""
    return asdict(month)


def _legs() -> list[LegRecord]:
    with _CALLS.open(encoding="utf-8", newline="") as file:
        return [_leg(row) for row in csv.DictReader(file, strict=True)]


def _leg(row: Mapping[str, str]) -> LegRecord:
    """A line of the example file; its calls are named after their A legs, as the switch does it."""
    return LegRecord(
        leg_id=row["leg_id"],
        call_id=f"{row['call_id']}-a",
        side=LegSide(row["side"]),
        node=row["node"],
        customer_id=row["customer_id"] or None,
        direction=row["direction"],
        trunk_id=row["trunk_id"] or None,
        phone_id=row["phone_id"] or None,
        a_network=row["a_network"] or None,
        a_presented=row["a_presented"] or None,
        b_dialled=row["b_dialled"],
        b_number=row["b_number"] or None,
        started_at=_moment(row["started_at"]),
        ringing_at=None,
        answered_at=_moment(row["answered_at"]) if row["answered_at"] else None,
        ended_at=_moment(row["ended_at"]),
        billed_ms=int(row["billed_ms"]),
        q850=int(row["q850"]),
        cause=row["cause"],
        sip_code=None,
        hung_up_by=HungUpBy(row["hung_up_by"]),
        reason_id=row["reason_id"] or None,
        config_version=int(row["config_version"]),
        sip_call_id=None,
        quality=Quality(),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
