"""`fernamt invoice object|objections|settle`: objections to invoices, and what they hold (E10, TKG § 67)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import click
from rich.table import Table
from sqlalchemy import Engine

from cli.billing.claims_state import objection_of
from cli.bootstrap import engine, now
from cli.carriers.number_orders import GermanDay
from cli.changes import changing
from cli.errors import ProgramError
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import GERMANY
from documents.invoice_json import from_json
from rating.invoice import Invoice, Kind
from rating.invoice_claims import OBJECTION_DAYS, Objection, data_until, disputed, is_in_time
from store.claims import Claims, StoredObjection
from store.invoice_sending import SentInvoices, Way
from store.invoices import Invoices

_JSON = click.option("--json", "as_json", is_flag=True, help="For programs.")
_OUTCOMES = {"upheld": "upheld", "partly": "upheld in part", "rejected": "rejected"}


class ObjectionRefused(ProgramError):
    """An objection that cannot be kept as it was given."""

    id = "program.objection"


@click.command(name="object")
@click.argument("number")
@click.option("--position", "positions", type=click.IntRange(1, 10_000), multiple=True,
              help="A position of the invoice. Default: all of it.")  # fmt: skip
@click.option("--on", "raised_on", type=GermanDay(), help="Day it came. Default: today.")
@click.option("--late", is_flag=True, help="Keep it although the eight weeks are over.")
@_JSON
@changing(reason_required=True)
def object_(
    settings: Callable[[], Settings], number: str, positions: tuple[int, ...], raised_on: date | None,
    late: bool, as_json: bool, at: datetime, actor: str, reason: str,
) -> None:  # fmt: skip
    """Keep a customer's objection. What it disputes, with its tax, is neither debited nor dunned until it is
    settled, and the month's call records are kept.

    \b
    Example: fernamt invoice object R2026-000007 --position 4 --reason "was never called, says the customer"
    """
    day = raised_on or at.astimezone(GERMANY).date()
    database = engine(effective(settings()), "fernamt invoice")
    invoice = _invoice(database, number)
    wanted = frozenset(positions)
    if not wanted <= {each.position for each in invoice.lines}:
        raise ObjectionRefused(
            f"{number} has the positions 1 to {len(invoice.lines)}: fernamt invoice show {number}"
        )
    received = _received(database, invoice)
    if not is_in_time(received, max(day, received)) and not late:
        last = received + timedelta(days=OBJECTION_DAYS)
        raise ObjectionRefused(
            f"{day} is not within eight weeks of {number}, which end on {last} (TKG § 67(1)). "
            "Keep it all the same: --late"
        )
    stored = Claims(database).object(number, day, wanted, actor=actor, reason=reason)
    part = disputed(invoice, [objection_of(stored)], day)
    if as_json:
        click.echo(
            json.dumps(
                {**_row(stored, invoice, received, day), "held": str(part)}, ensure_ascii=False, indent=1
            )
        )
        return
    click.echo(f"objection {stored.id} to {number}: {part} of {invoice.gross} is held until it is settled")


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also those that are settled.")
@_JSON
@click.pass_obj
def objections(settings: Callable[[], Settings], everything: bool, as_json: bool) -> None:
    """Objections that are open, with what each holds, and until when the call data may be kept.

    \b
    Example: fernamt invoice objections
    """
    database = engine(effective(settings()), "fernamt invoice")
    claims, today = Claims(database), now().astimezone(GERMANY).date()
    found = claims.objections(only_open=not everything)
    documents = claims.documents(sorted({each.number for each in found}))
    invoices = {number: from_json(document.encode()) for number, document in documents.items()}
    received = {number: _received(database, each) for number, each in invoices.items()}
    rows = [_row(each, invoices[each.number], received[each.number], today) for each in found]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not rows:
        click.echo("No objection is open.")
        return
    table = Table("id", "invoice", "customer", "raised", "positions", "held", "reason", "state", "data until")
    for row in rows:
        positions = ", ".join(map(str, row["positions"])) or "all"
        told = [str(row[name]) for name in ("id", "invoice", "customer", "raised_on")]
        until = row["data_until"] or "it is settled"
        table.add_row(*told, positions, row["held"], row["reason"], row["state"], until)
    console().print(table)


@click.command()
@click.argument("objection", type=int)
@click.option("--outcome", type=click.Choice(sorted(_OUTCOMES)), required=True,
              help="upheld: the customer was right; partly; rejected.")  # fmt: skip
@changing(reason_required=True)
def settle(
    settings: Callable[[], Settings], objection: int, outcome: str, at: datetime, actor: str, reason: str
) -> None:
    """End an objection: what was held is due again. What the customer was right about is credited by a note.

    \b
    Example: fernamt invoice settle 3 --outcome rejected --reason "checked: all calls were made"
    """
    database = engine(effective(settings()), "fernamt invoice")
    day = at.astimezone(GERMANY).date()
    stored = Claims(database).settle(objection, day, outcome, actor=actor, answer=reason)
    click.echo(f"objection {stored.id} to {stored.number} is settled: {_OUTCOMES[outcome]}")
    if outcome != "rejected":
        click.echo(f"Give back what the customer was right about: fernamt invoice credit {stored.number}")


def _invoice(database: Engine, number: str) -> Invoice:
    found = from_json(Invoices(database).find(number).document.encode())
    if found.kind is not Kind.INVOICE:
        raise ObjectionRefused(f"{number} is a credit note: object to the invoice that it corrects")
    return found


def _received(database: Engine, invoice: Invoice) -> date:
    """The day on which the customer got it: by e-mail, the first time; else that of the invoice."""
    sent = [each.at for each in SentInvoices(database).of_number(invoice.number) if each.way == Way.EMAIL]
    return max(invoice.issued_on, min(sent).astimezone(GERMANY).date()) if sent else invoice.issued_on


def _row(stored: StoredObjection, invoice: Invoice, received: date, today: date) -> dict[str, Any]:
    rule: Objection = objection_of(stored)
    until = data_until(received, [rule])
    state = f"{_OUTCOMES[stored.outcome]}: {stored.answer}" if stored.outcome else "open"
    return {
        "id": stored.id,
        "invoice": stored.number,
        "customer": stored.customer_id,
        "raised_on": str(stored.raised_on),
        "positions": list(stored.positions),
        "held": str(disputed(invoice, [rule], today)),
        "reason": stored.reason,
        "state": state,
        "settled_on": str(stored.settled_on) if stored.settled_on else None,
        "data_until": str(until) if until else None,
    }
