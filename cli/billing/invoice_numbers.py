"""`fernamt invoice pass-over`: after a restore, numbers that were given out before are never given again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import click

from cli.billing.bookings import booking
from cli.bootstrap import engine
from cli.changes import actor_option
from cli.layout import effective
from cli.settings import Settings
from rating.invoice import Kind
from store.invoice_numbers import InvoiceNumbers

_KINDS: Final = {"R": Kind.INVOICE, "G": Kind.CREDIT_NOTE}
_NUMBER: Final = re.compile(r"(?P<letter>[RG])(?P<year>20[0-9]{2})-(?P<place>[0-9]{6})")


class Number(click.ParamType[tuple[Kind, int, int]]):
    """`R2026-000017` of an invoice, `G2026-000003` of a credit note."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Kind, int, int]:
        found = _NUMBER.fullmatch(str(value))
        if found is None:
            self.fail(f"{str(value)[:40]!r} is no number such as R2026-000017 or G2026-000003", param, ctx)
        return _KINDS[found["letter"]], int(found["year"]), int(found["place"])


@click.command("pass-over")
@click.argument("last", metavar="NUMBER", type=Number())
@click.option("--reason", metavar="TEXT", required=True, help="Why; stands in the audit.")
@actor_option
@click.pass_obj
@booking("`fernamt audit list --action invoice.numbers-passed-over`")
def pass_over(settings: Callable[[], Settings], last: tuple[Kind, int, int], actor: str, reason: str) -> None:
    """Never give the numbers up to NUMBER, the last one that a customer has.

    A database that was restored does not know what was issued since the backup, and would give the same
    numbers to others. The gap stands in the audit with its reason.

    \b
    Example:
      fernamt invoice pass-over R2026-000017 --reason "restored from the backup of 2026-11-22"
    """
    numbers = InvoiceNumbers(engine(effective(settings()), "fernamt invoice"))
    kind, year, place = last
    passed = numbers.pass_over(kind, year, place, actor=actor, reason=reason)
    if passed:
        click.echo(f"{passed[0]} to {passed[-1]} are not given any more ({len(passed)} numbers)")
    else:
        click.echo("all numbers up to this one were given already: nothing to pass over")
