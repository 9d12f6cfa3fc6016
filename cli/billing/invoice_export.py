"""`fernamt invoice export`: invoices as rows for the bookkeeper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from cli.auditing import entries, entry_first
from cli.billing.invoice_source import Sources, Wanted, with_invoices
from cli.bootstrap import engine
from cli.changes import changing
from cli.layout import effective
from cli.settings import Settings
from cli.whole_files import write_whole
from documents.booking import bookings
from documents.booking_accounts import accounts_of
from store.invoice_sending import Handover, SentInvoices, Way

_FILE: Final = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@with_invoices
@click.option("--accounts", type=_FILE, required=True, help="CSV kind;key;account: revenue S 19, debtor ID.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="CSV to write.")
@click.option("--new", "only_new", is_flag=True, help="With --month: only what was never exported.")
@changing()
def export(
    settings: Callable[[], Settings], wanted: Wanted, accounts: Path, out: Path, only_new: bool, at: datetime,
    actor: str, reason: str,
) -> None:  # fmt: skip
    """Rows for the bookkeeper, in the columns of a DATEV booking batch; all of them or no file.

    It is kept which invoices of the database were exported when and by whom.

    \b
    Examples:
      fernamt invoice export --month 2026-11 --accounts accounts.csv --out 2026-11.csv
      fernamt invoice export --month 2026-11 --new --accounts accounts.csv --out 2026-11-later.csv
      fernamt invoice export november/*.json --accounts accounts.csv --out bookings.csv
    """
    chart = accounts_of(accounts.read_bytes(), accounts.name)
    sources = Sources(settings, wanted)
    if only_new and wanted.month is None:
        raise click.UsageError("--new goes with --month")
    chosen = list(sources.each("reading"))
    stored = any(each.number is not None for each in chosen)
    database = engine(effective(settings()), "fernamt invoice") if stored else None
    sent = SentInvoices(database) if database is not None else None
    if sent is not None and only_new and wanted.month is not None:
        known = sent.of_month(wanted.month, Way.BOOKKEEPING)
        chosen = [each for each in chosen if each.number not in known]
    invoices = sorted((sources.read(each) for each in chosen), key=lambda each: each.number)
    files = [(out, bookings(invoices, chart))]
    numbers = [each.number for each in chosen if each.number is not None]
    if database is None or sent is None or not numbers:
        write_whole(files)
    else:
        note = entries(database, actor, "invoice", numbers[0])
        with entry_first(note, "invoice.export", {"documents": len(numbers), "file": out.name}):
            write_whole(files)
        sent.note([Handover(each, Way.BOOKKEEPING, out.name) for each in numbers], actor=actor, reason=reason)
    click.echo(f"{out}: {len(invoices)} documents")
