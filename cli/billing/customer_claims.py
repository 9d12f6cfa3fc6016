"""`fernamt customer open|dunning`: what customers owe, and who owes for two months (E11)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import click
from rich.table import Table

from cli.billing.claims_state import held, open_items
from cli.bootstrap import engine, now
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import GERMANY
from rating.invoice import NOTHING, total
from rating.invoice_claims import unpaid_for_two_months
from rating.money import Money
from store.claims import Claims, OpenClaim
from store.return_fees import ReturnFees
from store.settling import euro

_MEANS = {"58": "transfer", "59": "debit", "97": "set off"}


@click.command(name="open")
@click.argument("customer", required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def open_(settings: Callable[[], Settings], customer: str | None, as_json: bool) -> None:
    """Open items: invoices that are not settled, what is overdue, disputed, or came back; credits too.

    A claim that is with the bank is not open; `fernamt sepa runs` has it.

    \b
    Examples:
      fernamt customer open
      fernamt customer open kunde-bau --json
    """
    database = engine(effective(settings()), "fernamt customer")
    claims = Claims(database)
    found = claims.open_claims(customer)
    today = _today()
    parts = held(claims, (each.invoice.number for each in found), today)
    rows = [_row(each, parts.get(each.invoice.number, NOTHING), today) for each in found]
    fees = [each for each in ReturnFees(database).every() if each.billed_by is None and each.waived is None]
    fees = [each for each in fees if customer in (None, each.customer_id)]
    sums = {
        "open": total(euro(each.invoice.open_cents) for each in found),
        "overdue": total(euro(each.invoice.open_cents) for each in found if _overdue_days(each, today) > 0),
        "disputed": total(parts.values()),
    }
    if as_json:
        document = {
            "items": rows,
            "sums": {name: str(amount) for name, amount in sums.items()},
            "fees_not_invoiced": [
                {"customer": each.customer_id, "debit": each.end_to_end, "fee": str(each.amount)}
                for each in fees
            ],
        }
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    table = Table("customer", "invoice", "month", "due", "open", "disputed", "overdue", "paid by", "")
    for row in rows:
        late = f"{row['overdue_days']} days" if row["overdue_days"] else "-"
        back = f"came back: {row['came_back']}" if row["came_back"] else ""
        values = [str(row[name]) for name in ("customer", "invoice", "month", "due_on", "open", "disputed")]
        table.add_row(*values, late, str(row["means"]), back)
    console().print(table)
    click.echo(", ".join(f"{name} {amount}" for name, amount in sums.items()))
    for each in fees:
        click.echo(f"{each.customer_id}: return-debit fee of {each.amount} goes onto the next invoice")


def _row(claim: OpenClaim, disputed: Money, today: date) -> dict[str, Any]:
    invoice = claim.invoice
    return {
        "customer": invoice.customer_id,
        "invoice": invoice.number,
        "month": f"{invoice.month:%Y-%m}",
        "due_on": str(claim.due_on),
        "open": str(euro(invoice.open_cents)),
        "disputed": str(disputed),
        "overdue_days": _overdue_days(claim, today),
        "means": _MEANS.get(claim.means, claim.means),
        "came_back": claim.came_back,
    }


def _overdue_days(claim: OpenClaim, today: date) -> int:
    """Days since it was due; 0 for what is not due, and for credits."""
    return max((today - claim.due_on).days, 0) if claim.invoice.open_cents > 0 else 0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def dunning(settings: Callable[[], Settings], as_json: bool) -> None:
    """Customers who owe undisputed, overdue amounts of two months: their contract may be ended (E11, TC 17).

    This is a report. It blocks nobody and sends nothing; a person decides.

    \b
    Example: fernamt customer dunning
    """
    claims = Claims(engine(effective(settings()), "fernamt customer"))
    found, today = claims.open_claims(), _today()
    parts = held(claims, (each.invoice.number for each in found), today)
    late = unpaid_for_two_months(open_items(found, parts), today)
    rows = [
        {
            "customer": each.customer_id,
            "months": [str(month) for month in each.months],
            "owed": str(each.owed),
        }
        for each in late
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not rows:
        click.echo("Nobody owes undisputed amounts of two months.")
        return
    table = Table("customer", "unpaid months", "owed, overdue and undisputed")
    for each in late:
        table.add_row(each.customer_id, ", ".join(map(str, each.months)), str(each.owed))
    console().print(table)
    click.echo(
        'Nobody is blocked by this. If you decide so: fernamt customer block ID --reason "two months unpaid"'
    )


def _today() -> date:
    return now().astimezone(GERMANY).date()
