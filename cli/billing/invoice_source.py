"""Which invoices a command is about: files, numbers in the database, or all documents of a month."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from rich.console import Console
from rich.progress import track
from sqlalchemy import Engine

from cli.billing.months import MonthOption
from cli.bootstrap import engine
from cli.errors import ProgramError
from cli.layout import effective
from cli.settings import Settings
from documents.errors import DocumentError, DocumentUnreadable
from documents.invoice_json import MAX_BYTES, from_json
from rating.berlin import Month
from rating.errors import RatingError
from rating.invoice import Invoice
from store.errors import BillingError
from store.invoices import Invoices

Command = TypeVar("Command", bound=Callable[..., Any])
_NUMBER: Final = re.compile(r"[RG][0-9]{4}-[0-9]{6,}", re.ASCII)
#: Exit status when some of several could not be done: they are named, the others are done.
SOME_FAILED: Final = 3
#: So many failures in a row end a run: what all of them need is broken.
_MOST_IN_A_ROW: Final = 3


class SourceUnclear(ProgramError):
    """What a command was given is neither a file nor an invoice that was issued."""

    id = "program.invoice-source"


@dataclass(frozen=True, slots=True)
class Source:
    """A stored invoice before it is read: `number` in the database, else `path`."""

    number: str | None
    path: Path | None

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.number or str(self.path)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was given on the command line; `sources` are numbers and files."""

    sources: tuple[str, ...]
    month: Month | None
    customer: str | None


class Sources:
    """The invoices of a command, read one by one. Raise UsageError, SourceUnclear, StoreError's children."""

    def __init__(self, settings: Callable[[], Settings], wanted: Wanted) -> None:
        if (wanted.month is None) is not bool(wanted.sources):
            raise click.UsageError("give invoices (numbers or files), or --month")
        if wanted.customer is not None and wanted.month is None:
            raise click.UsageError("--customer goes with --month")
        self._settings = settings
        self._database: Engine | None = None
        #: Several were asked for: one that fails does not stop the others.
        self.many = wanted.month is not None or len(wanted.sources) > 1
        if wanted.month is not None:
            numbers = self.invoices().numbers(wanted.month, wanted.customer)
            self.found: Sequence[Source] = [Source(number, None) for number in numbers]
        else:
            self.found = [_source(text) for text in dict.fromkeys(wanted.sources)]

    def database(self) -> Engine:
        """Opened when it is first needed: files need none."""
        if self._database is None:
            self._database = engine(effective(self._settings()), "fernamt invoice")
        return self._database

    def invoices(self) -> Invoices:
        """What was issued."""
        return Invoices(self.database())

    def read(self, source: Source) -> Invoice:
        """The invoice as it was issued. Raise InvoiceUnknown, DocumentUnreadable, OSError."""
        if source.number is not None:
            return from_json(self.invoices().find(source.number).document.encode())
        path = source.path
        if path is None or path.stat().st_size > MAX_BYTES:
            raise DocumentUnreadable(f"{path}: larger than {MAX_BYTES >> 20} MiB")
        return from_json(path.read_bytes())

    def each(self, what: str) -> Iterator[Source]:
        """All of them, with a progress bar where there are many."""
        return iter(
            track(
                self.found,
                description=what,
                console=Console(stderr=True),
                disable=len(self.found) < 2 or not sys.stderr.isatty(),
                transient=True,
            )
        )

    def do(self, what: str, work: Callable[[Source], None]) -> dict[str, str]:
        """The work for each. What one cannot is raised; of several the failed ones come back, with why.

        Ends early when several in a row fail: then those behind them are not tried, and are told so.
        """
        failed: dict[str, str] = {}
        in_a_row = 0
        for source in self.each(what):
            if in_a_row == _MOST_IN_A_ROW:
                failed[source.name] = f"not tried, {_MOST_IN_A_ROW} before it failed"
                continue
            try:
                work(source)
                in_a_row = 0
            except (DocumentError, RatingError, ProgramError, BillingError, OSError) as error:
                if not self.many:
                    raise
                failed[source.name] = str(error)
                in_a_row += 1
        for name, why in failed.items():
            click.echo(f"{name}: {why}", err=True)
        return failed


def _source(text: str) -> Source:
    path = Path(text)
    if path.is_file():
        return Source(None, path)
    if _NUMBER.fullmatch(text):
        return Source(text, None)
    raise SourceUnclear(
        f"{text[:100]!r} is no file, and no number such as R2026-000001. See `fernamt invoice list --month`"
    )


def with_invoices(command: Command) -> Command:
    """`[NUMBER|FILE]...`, `--month`, `--customer` as one argument `wanted`."""

    @functools.wraps(command)
    def wrapped(
        *args: Any, sources: tuple[str, ...], month: Month | None, customer: str | None, **others: Any
    ) -> Any:
        return command(*args, wanted=Wanted(sources, month, customer), **others)

    argument = click.argument("sources", metavar="[NUMBER|FILE.json]...", nargs=-1)
    of_month = click.option("--month", type=MonthOption(), help="All invoices and credit notes of a month.")
    of_customer = click.option("--customer", metavar="ID", help="With --month: only this customer's.")
    decorated: Any = argument(of_month(of_customer(wrapped)))
    return decorated  # type: ignore[no-any-return]
