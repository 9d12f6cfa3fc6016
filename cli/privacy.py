"""`fernamt privacy`: what is deleted when, what was, what is held, and all about one customer (F4, F6)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from cli.auditing import entries, entry_first
from cli.bootstrap import engine, mailbox_messages, now, recording_archive
from cli.carriers.privacy_export import write_export
from cli.changes import changing
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import shown, written
from cli.wiring.this_machine import today
from cli.wiring.trusted_clock import believed_day
from privacy.kinds import KINDS
from privacy.plan import Plan
from store import audit
from store.daily_sweep import DailySweep
from store.known_customers import require_customer
from store.privacy_erasing import MAX_ERASURES, Erasure, PrivacyErasing
from store.privacy_facts import overdue_customers, plan_of
from store.privacy_holds import PrivacyHolds, StoredHold
from store.secret_orders import secret_orders

_NAME = "fernamt privacy"


@click.group()
def privacy() -> None:
    """Deletion on time, holds, and the export of all of a customer's data."""


@privacy.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def kinds(as_json: bool) -> None:
    """Every kind of data about people: how long it is kept, from when on, by which law.

    \b
    Example: fernamt privacy kinds
    """
    if as_json:
        rows = [
            {
                "kind": each.id, "what": each.what, "tables": each.tables, "kept": each.kept(),
                "from": each.clock, "basis": each.basis, "held_by": each.held.value,
                "afterwards": each.afterwards,
            }
            for each in KINDS
        ]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    table = Table("kind", "kept", "from", "by", "held by")
    for each in KINDS:
        table.add_row(each.id, each.kept(), each.clock, each.basis, each.held.value)
    console().print(table)


@privacy.command()
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="As if it were this day. Default: today.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def plan(settings: Callable[[], Settings], on: datetime | None, as_json: bool) -> None:
    """What is due for deletion, and what is due but held. Nothing is changed.

    \b
    Example: fernamt privacy plan --on 2027-06-30
    """
    day = on.date() if on else today()
    database = engine(effective(settings()), _NAME)
    found, overdue = plan_of(database, day), overdue_customers(database, day)
    if as_json:
        click.echo(json.dumps(_planned(found, overdue), ensure_ascii=False, indent=1))
        return
    table = Table("kind", "what began up to this day goes")
    for kind, cutoff in found.cutoffs.items():
        table.add_row(kind, cutoff.isoformat())
    console().print(table)
    for month in found.months:
        bill = f"invoice sent {month.sent_on}" if month.invoiced else "never invoiced"
        click.echo(f"due   {month.customer_id}: calls of {month.month:%Y-%m}, {bill}")
    for customer in found.customers:
        click.echo(f"due   {customer.customer_id}: all customer data, contract ended {customer.ended_on}")
    for kept in found.kept:
        of = f" of {kept.month:%Y-%m}" if kept.month else ""
        click.echo(f"kept  {kept.customer_id}: {kept.kind.id}{of}: {kept.why}")
    for customer_id, ended_on in overdue:
        click.echo(
            f"open  {customer_id}: the contract ended on {ended_on}, it is still in the configuration."
        )
        click.echo("      Remove it and apply: fernamt config plan; its data goes a month after the end")


@privacy.command()
@click.option("--today", "said", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
              help="Which day it is, by your own word: for a clock that is doubted.")  # fmt: skip
@changing(with_reason=False, with_time=False)
def run(settings: Callable[[], Settings], said: datetime | None, actor: str) -> None:
    """Delete what is due now. The intake does it once a day by itself.

    A clock is doubted that differs from the database's, or that is more than two days after the last day's
    work: the exchange was off, or the clock is wrong. Then nothing is deleted until you say with --today
    which day it is; the clock must say the same.

    \b
    Example: fernamt privacy run
             fernamt privacy run --today 2026-12-28
    """
    database = engine(effective(settings()), _NAME)
    moment = now()
    day = believed_day(database, moment, said.date() if said else None)
    if said is not None:
        audit.write(database, actor, "privacy.run", "clock", day.isoformat(), {"said": "today"})
    done = PrivacyErasing(database).run(plan_of(database, day), moment, actor)
    for each in done:
        click.echo(_sentence(each))
    if not done:
        click.echo("Nothing was due.")
    if said is not None:
        sweep = DailySweep(database)
        sweep.forget_ahead(day)
        swept = sweep.run(day, moment, actor)
        click.echo("The clock is believed again." if swept else "The day's work is under way.")


@privacy.command()
@click.option("--customer", metavar="ID", help="Only this customer's.")
@click.option("--limit", type=click.IntRange(1, MAX_ERASURES), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def report(settings: Callable[[], Settings], customer: str | None, limit: int, as_json: bool) -> None:
    """What was deleted when and by whom, the newest first: the proof for the supervisory authority.

    \b
    Example: fernamt privacy report --customer kunde-bau
    """
    found = PrivacyErasing(engine(effective(settings()), _NAME)).erasures(customer, limit)
    if as_json:
        rows = [
            {
                "at": written(each.at), "kind": each.kind, "customer": each.customer_id,
                "month": f"{each.month:%Y-%m}" if each.month else None, "rows": each.rows,
                "actor": each.actor,
            }
            for each in found
        ]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for each in found:
        click.echo(f"{shown(each.at)}  {_sentence(each)} By {each.actor}.")
    if not found:
        click.echo("Nothing was deleted yet.")


@privacy.command()
@click.argument("customer")
@click.option(
    "--to", "target", type=click.Path(path_type=Path, dir_okay=False), required=True, help="ZIP to write."
)
@changing(with_reason=False, with_time=False)
def export(settings: Callable[[], Settings], customer: str, target: Path, actor: str) -> None:
    """All that is kept about a customer as a ZIP: each table as CSV, messages and recordings as WAV.

    The file is readable by its owner alone. Handing it over is the customer's own request (F6, GDPR Art. 15,
    20); that it was made stands in the audit. Of an order that is secret it tells nothing, and you are
    warned (docs/privacy.md, "Secret orders").

    \b
    Example: fernamt privacy export kunde-bau --to kunde-bau.zip
    """
    conf = effective(settings())
    database = engine(conf, _NAME)
    require_customer(database, customer)
    sounds = (mailbox_messages(conf, _NAME), recording_archive(conf, _NAME))
    note = entries(database, actor, "customer", customer)
    with entry_first(note, "privacy.export", {"file": target.name}):
        counts = write_export(target, database, customer, sounds, now(), actor)
    note("privacy.export.done", {"rows": sum(counts.values())})
    if orders := secret_orders(database, customer):
        told = ", ".join(map(str, orders))
        click.echo(
            f"warning: {customer} is under a secret order (hold {told}). The file tells nothing of it, nor "
            "of what only orders keep; what people wrote into reasons is in it: read docs/privacy.md, Secret "
            "orders, before it is handed over",
            err=True,
        )
    full = sum(1 for count in counts.values() if count)
    click.echo(f"{target} written: {sum(counts.values())} rows of {full} tables.")


@privacy.group()
def hold() -> None:
    """Keep a customer's data beyond its time: an objection to an invoice, or an order of an authority."""


@hold.command(name="open")
@click.argument("customer")
@click.option("--month", type=click.DateTime(["%Y-%m"]), help="Month of the disputed invoice. Default: all.")
@click.option("--order", is_flag=True, help="By order of an authority: keeps every kind of data.")
@click.option(
    "--secret",
    is_flag=True,
    help="An order of which the customer must not know: exports do not tell of it while it is open.",
)
@changing(reason_required=True)
def open_(
    settings: Callable[[], Settings], customer: str, month: datetime | None, order: bool,
    secret: bool, at: datetime, actor: str, reason: str,
) -> None:  # fmt: skip
    """Hold a customer's call records and customer data; with --order everything. --at is the day on which it
    was made, where it is entered late.

    \b
      fernamt privacy hold open kunde-bau --month 2026-11 --reason "objection of 3 December"
      fernamt privacy hold open kunde-bau --order --secret --reason "4 Gs 1/26"
    """
    if secret and not order:
        raise click.UsageError("only an order can be secret: give --order too")
    if order and month is not None:
        raise click.UsageError("an order keeps everything: give --order or --month, not both")
    database = engine(effective(settings()), _NAME)
    require_customer(database, customer)
    first = date(month.year, month.month, 1) if month else None
    number = PrivacyHolds(database).open(
        customer, "order" if order else "objection", first, at, actor, reason, secret=secret
    )
    click.echo(f"Hold {number}: nothing of it is deleted until `fernamt privacy hold release {number}`.")


@hold.command()
@click.argument("number", type=click.IntRange(min=1))
@changing(reason_required=True, with_time=False)
def release(settings: Callable[[], Settings], number: int, actor: str, reason: str) -> None:
    """End a hold: what is over its time goes with the next run. With the last secret order of a customer
    exports tell of all its orders.

    \b
    Example: fernamt privacy hold release 3 --reason "settled by credit note"
    """
    database = engine(effective(settings()), _NAME)
    found = PrivacyHolds(database).release(number, now(), actor, reason)
    left = ", ".join(map(str, secret_orders(database, found.customer_id)))
    told = ""
    if left:
        told = f" Exports tell of no order as long as hold {left} is open, which is secret."
    elif found.secret:
        told = " It was secret: exports tell the customer of it from now on."
    click.echo(f"Hold {number} of {found.customer_id} is released.{told}")


@hold.command(name="list")
@click.option("--customer", metavar="ID", help="Only this customer's.")
@click.option("--all", "released", is_flag=True, help="Released holds too.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Callable[[], Settings], customer: str | None, released: bool, as_json: bool) -> None:
    """Holds, the newest first.

    \b
    Example: fernamt privacy hold list --all
    """
    found = PrivacyHolds(engine(effective(settings()), _NAME)).holds(customer, released=released)
    if as_json:
        click.echo(json.dumps([_hold(each) for each in found], ensure_ascii=False, indent=1))
        return
    for each in found:
        over = f", released {shown(each.released_at)}: {each.release_reason}" if each.released_at else ""
        of = f" of {each.month:%Y-%m}" if each.month else " (secret)" if each.secret else ""
        click.echo(f"{each.id}  {each.customer_id}  {each.kind}{of} since {shown(each.opened_at)}: "
                   f"{each.reason}{over}")  # fmt: skip
    if not found:
        click.echo("No hold.")


def _sentence(each: Erasure) -> str:
    of = f" of {each.customer_id}" if each.customer_id else ""
    month = f" in {each.month:%Y-%m}" if each.month else ""
    return f"{each.kind}{of}{month}: {each.rows} rows deleted or made anonymous."


def _hold(each: StoredHold) -> dict[str, Any]:
    return {
        "hold": each.id,
        "customer": each.customer_id,
        "kind": each.kind,
        "secret": each.secret,
        "month": f"{each.month:%Y-%m}" if each.month else None,
        "opened_at": written(each.opened_at),
        "actor": each.actor,
        "reason": each.reason,
        "released_at": written(each.released_at),
        "released_by": each.released_by,
        "release_reason": each.release_reason,
    }


def _planned(found: Plan, overdue: tuple[tuple[str, date], ...]) -> dict[str, Any]:
    return {
        "day": found.today.isoformat(),
        "until": {kind: cutoff.isoformat() for kind, cutoff in found.cutoffs.items()},
        "months": [
            {
                "customer": each.customer_id, "month": f"{each.month:%Y-%m}",
                "sent_on": each.sent_on.isoformat() if each.invoiced else None,
            }
            for each in found.months
        ],
        "customers": [
            {"customer": each.customer_id, "ended_on": each.ended_on.isoformat()} for each in found.customers
        ],
        "kept": [
            {
                "kind": each.kind.id, "customer": each.customer_id,
                "month": f"{each.month:%Y-%m}" if each.month else None, "why": each.why,
            }
            for each in found.kept
        ],
        "still_configured": [{"customer": who, "ended_on": day.isoformat()} for who, day in overdue],
    }  # fmt: skip
