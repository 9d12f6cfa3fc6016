"""`fernamt invoice credit`: an invoice taken back as a whole, by lines, or in part (E10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

import click

from cli.billing.bookings import booking
from cli.bootstrap import engine
from cli.carriers.number_orders import GermanDay
from cli.changes import changing
from cli.layout import effective
from cli.settings import Settings
from cli.times import GERMANY
from documents.invoice_json import from_json, to_json
from rating.errors import FieldRefused, InvoiceRefused
from rating.fields import micro
from rating.invoice import Invoice
from rating.invoice_credit import Parts, credit_note, remaining
from rating.money import TICKS_PER_MICRO, Money
from store.invoices import Invoices, Issued, Made

_MOST_LINES: Final = 10_000


class CreditedLine(click.ParamType[tuple[int, Money | None]]):
    """`3`, or `3=5.00`: a position, and how much of it, net."""

    name = "N[=AMOUNT]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, Money | None]:
        position, given, amount = str(value).partition("=")
        if not position.isascii() or not position.isdigit() or not 1 <= int(position) <= _MOST_LINES:
            self.fail(f"{str(value)[:40]!r} is no position such as 3, or 3=5.00", param, ctx)
        if not given:
            return int(position), None
        try:
            ticks = micro(amount) * TICKS_PER_MICRO
        except FieldRefused as error:
            self.fail(str(error), param, ctx)
        if not ticks or ticks % (TICKS_PER_MICRO * 10_000):
            self.fail(f"{amount[:40]!r} is no amount in euro and cents above 0.00", param, ctx)
        return int(position), Money.of_ticks(ticks, "EUR")


@click.command()
@click.argument("number")
@click.option(
    "--line", "lines", type=CreditedLine(), multiple=True,
    help="Only this position, or so much net of it. May be given several times.",
)  # fmt: skip
@click.option("--on", "issued_on", type=GermanDay(), help="Day of the credit note. Default: today.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@changing(reason_required=True)
@booking("`fernamt invoice list`", anew=True)
def credit(
    settings: Callable[[], Settings], number: str, lines: tuple[tuple[int, Money | None], ...],
    issued_on: date | None, as_json: bool, at: datetime, actor: str, reason: str,
) -> None:  # fmt: skip
    """Credit an invoice by a note with a number of its own; the note names it and says the reason.

    Without --line the whole of it, or what earlier notes have left: then what it billed is not invoiced any
    more, and its month can be issued anew. With --line only those positions or amounts; the invoice stands.
    The amount is set off against what the customer owes, else on the next invoice.

    \b
    Examples:
      fernamt invoice credit R2026-000001 --reason "wrong price list"
      fernamt invoice credit R2026-000001 --line 3 --reason "never installed"
      fernamt invoice credit R2026-000001 --line 1=5.00 --line 4=0.50 --reason "outage of 5 November"
    """
    if len({position for position, _ in lines}) < len(lines):
        raise click.UsageError("a position is given twice")
    day = issued_on or at.astimezone(GERMANY).date()
    invoices = Invoices(engine(effective(settings()), "fernamt invoice"))

    def make(note: str, found: Issued, before: Parts) -> tuple[Made, Parts | None]:
        invoice = from_json(found.document.encode())
        parts = _parts(invoice, dict(lines), before)
        made = credit_note(invoice, note, day, reason, parts)
        return Made(made, to_json(made).decode()), parts

    made = invoices.credit(number, day.year, make, whole=not lines, actor=actor, reason=reason)
    if as_json:
        click.echo(made.document, nl=False)
        return
    click.echo(f"{made.invoice.number} credits {number}: {made.invoice.gross}")


def _parts(invoice: Invoice, asked: Mapping[int, Money | None], before: Parts) -> Parts | None:
    """Amounts by position; None for all of an invoice of which nothing was credited. Raise InvoiceRefused."""
    if not asked and not before:
        return None
    left = remaining(invoice, before)
    if not asked:
        if not left:
            raise InvoiceRefused(f"{invoice.number}: earlier credit notes have given back all of it")
        return left
    found: dict[int, Money] = {}
    for position, amount in asked.items():
        if not 1 <= position <= len(invoice.lines):
            raise InvoiceRefused(f"{invoice.number} has the positions 1 to {len(invoice.lines)}")
        rest = left.get(position)
        if rest is None:
            raise InvoiceRefused(f"{invoice.number}: nothing is left of position {position}")
        wanted = rest if amount is None else amount if rest.ticks > 0 else -amount
        if abs(wanted.ticks) > abs(rest.ticks):
            raise InvoiceRefused(f"{invoice.number}: {rest} net is left of position {position}, not {amount}")
        found[position] = wanted
    return found
