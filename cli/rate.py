"""`fernamt rate`: what calls cost, and why."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from cli.billing.rate_cdrs import Cdrs, read_cdrs
from cli.billing.rate_charges import explain_, quarantine, rerate
from cli.billing.rate_quota import quota
from cli.billing.rate_rows import COLUMNS, row, with_rate
from cli.billing.rate_worker import run
from cli.billing.tariff_directory import CONFIG, NOTICE, read_tariff
from cli.terminal import console
from cli.whole_files import written_whole
from rating.batch import rate_all
from rating.book import Books
from rating.charge import Charge, Unrated
from rating.explain import Language
from rating.fx import EURO
from rating.money import Rounding, ticks_text
from rating.tariff import Tariff
from rating.totals import Total, totals

_LANGUAGES: Final = {"de": Language.GERMAN, "en": Language.ENGLISH}
#: Exit status when legs wait in quarantine: the others are rated.
_SOME_WAIT: Final = 3


@click.group()
def rate() -> None:
    """What calls cost, and why."""


@rate.command()
@CONFIG
@click.option(
    "--cdrs",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="CSV of `fernamt cdr export`: whole months of the customers in it.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="CSV to write.")
@click.option("--language", type=click.Choice(sorted(_LANGUAGES)), default="de", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The summary for programs.")
@NOTICE
@click.pass_context
def batch(
    ctx: click.Context, directory: Path, cdrs: Path, out: Path, language: str, as_json: bool, notice_days: int
) -> None:
    """Rate a file of CDRs by a directory of tariff files, without a database.

    Every leg that somebody pays for becomes a line of --out: charged, free, or unrated with the reason. The
    file appears when all of it is written. Exit status 3: some legs are unrated.

    \b
    Example:
      fernamt rate batch --config examples/tariffs --cdrs november.csv --out charges.csv
    """
    tariff = read_tariff(directory, notice_days)
    found = read_cdrs(cdrs)
    summary = _Summary(found)
    with written_whole(out) as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for result in _results(tariff, found):
            final, exchange = with_rate(result, tariff.rates)
            summary.add(final)
            writer.writerow(row(final, exchange, _LANGUAGES[language]))
    if as_json:
        click.echo(json.dumps(summary.document(), ensure_ascii=False, indent=1))
    else:
        summary.show(out)
    ctx.exit(_SOME_WAIT if summary.waiting else 0)


def _results(tariff: Tariff, found: Cdrs) -> Iterator[Charge | Unrated]:
    results = chain(found.unreadable, rate_all(found.legs, Books(tariff)))
    yield from track(
        results,
        description="rating",
        total=len(found.legs) + len(found.unreadable),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )


class _Summary:
    """What a run came to, added up as it goes: sums by customer, reasons of what waits."""

    def __init__(self, cdrs: Cdrs) -> None:
        self._not_billable = cdrs.not_billable
        self._states: Counter[str] = Counter()
        self._sums: dict[tuple[str, str, Rounding], Total] = {}
        self.waiting: Counter[str] = Counter()

    def add(self, result: Charge | Unrated) -> None:
        """One leg more."""
        if isinstance(result, Unrated):
            self.waiting[result.why.value] += 1
            return
        self._states["free" if result.free else "charged"] += 1
        for (currency, rounding), total in totals((result,)).items():
            key = (result.leg.customer_id, currency, rounding)
            self._sums[key] = self._sums[key] + total if key in self._sums else total

    def document(self) -> dict[str, object]:
        """For programs."""
        return {
            "charged": self._states["charged"],
            "free": self._states["free"],
            "unrated": dict(sorted(self.waiting.items())),
            "not_billable": self._not_billable,
            "customers": list(self._rows()),
        }

    def _rows(self) -> Iterable[dict[str, object]]:
        """`sum`: of the charges as they are; `line`: as an invoice line, to the cent, when it is in euro."""
        for (customer, currency, _), total in sorted(self._sums.items(), key=lambda item: item[0][:2]):
            yield {
                "customer": customer,
                "calls": total.calls,
                "seconds": total.seconds,
                "bundle_s": total.bundle_s,
                "paid_s": total.paid_s,
                "sum": ticks_text(total.ticks),
                "currency": currency,
                "line": str(total.line()) if currency == EURO else None,
            }

    def show(self, out: Path) -> None:
        """For people."""
        table = Table("customer", "calls", "seconds", "in quotas (s)", "paid (s)", "sum of charges", "line")
        for each in self._rows():
            values = [str(each[name]) for name in ("customer", "calls", "seconds", "bundle_s", "paid_s")]
            table.add_row(*values, f"{each['sum']} {each['currency']}", str(each["line"] or "-"))
        console().print(table)
        for why, count in sorted(self.waiting.items()):
            click.echo(f"{count} unrated: {why}")
        click.echo(
            f"{self._states['charged']} charged, {self._states['free']} free, "
            f"{self.waiting.total()} unrated, {self._not_billable} legs that nobody pays for. "
            f"Written to {out}"
        )


for _command in (run, rerate, explain_, quarantine, quota):
    rate.add_command(_command)
