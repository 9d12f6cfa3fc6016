"""`fernamt rate rerate`, `explain`, `quarantine`: charges that are there, and legs that have none yet."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import click
from rich.table import Table

from cli.auditing import entries, entry_first
from cli.billing.months import MonthOption
from cli.billing.rate_worker import rebuild, worker_of
from cli.bootstrap import engine
from cli.changes import changing
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import shown, written
from rating.berlin import Month
from rating.explain import Language, explain
from rating.fx import EURO
from rating.money import ticks_text
from store.foreign_errors import database_errors
from store.rating_waiting import ExplainedCharge, WaitingLegs

_LANGUAGES: Final = {"de": Language.GERMAN, "en": Language.ENGLISH}


@click.command()
@click.option("--customer", metavar="ID", required=True, help="Whose month.")
@click.option("--month", type=MonthOption(), required=True, help="German calendar month: 2026-11.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@changing()
def rerate(
    settings: Callable[[], Settings], customer: str, month: Month, as_json: bool, at: datetime, actor: str,
    reason: str,
) -> None:  # fmt: skip
    """Rate a customer's month again with the tariff of today; what differs becomes corrections.

    A correction takes the old charge back and books the new one; nothing is overwritten, and a second time
    changes nothing.

    \b
    Example: fernamt rate rerate --customer kunde-bau --month 2026-11 --reason "price list mended"
    """
    known = effective(settings())
    database = engine(known, "fernamt rate")
    worker = worker_of(known, database, 0)
    write = entries(database, actor, "customer", customer)
    with entry_first(write, "rate.rerate", {"month": str(month), "reason": reason}):
        done = worker.run.rerate(customer, month, reason or "rated again")
    write("rate.rerate.done", {"month": str(month), "corrected": done.corrected, "added": done.added})
    if done.booked:
        with database_errors("counting what was booked"), database.connect() as connection:
            rebuild(worker, connection)
    difference = Counter[str]()
    for each in done.booked:
        difference[each.currency] += each.ticks
    if as_json:
        document = {
            **{name: getattr(done, name) for name in ("legs", "added", "corrected", "waiting")},
            "kept": list(done.kept),
            "difference": {currency: ticks_text(ticks) for currency, ticks in sorted(difference.items())},
        }
        click.echo(json.dumps(document, indent=1))
        return
    sums = ", ".join(f"{ticks_text(ticks)} {currency}" for currency, ticks in sorted(difference.items()))
    click.echo(
        f"{done.legs} legs of {customer} in {month}: {done.corrected} corrected, {done.added} new, "
        f"{done.waiting} wait. Difference: {sums or '0.00 ' + EURO} net"
    )
    for leg_id in done.kept[:10]:
        click.echo(f"{leg_id} could not be rated now and keeps its charge")


@click.command(name="explain")
@click.argument("leg")
@click.option("--language", type=click.Choice(sorted(_LANGUAGES)), default="de", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def explain_(settings: Callable[[], Settings], leg: str, language: str, as_json: bool) -> None:
    """Why a leg costs what it costs, as sentences for the customer: every figure of the calculation.

    \b
    Example: fernamt rate explain 3f0c2a52-6d5b-4f5e-9a51-0a3c1a4d6c11
    """
    found = WaitingLegs(engine(effective(settings()), "fernamt rate")).explained(leg)
    chosen = _LANGUAGES[language]
    if as_json:
        click.echo(json.dumps([_explained(each, chosen) for each in found], ensure_ascii=False, indent=1))
        return
    for each in found:
        if each.reason:
            click.echo(f"\nCorrection {each.number} of {shown(each.rated_at)}: {each.reason}")
        click.echo(explain(each.charge, chosen))


def _explained(each: ExplainedCharge, language: Language) -> dict[str, Any]:
    charge = each.charge
    return {
        "leg_id": charge.leg.leg_id,
        "correction": each.number,
        "reason": each.reason,
        "rated_at": written(each.rated_at),
        "tariff_revision": each.tariff_revision,
        "amount": ticks_text(charge.ticks),
        "currency": charge.currency,
        "bundle": charge.bundle,
        "bundle_s": charge.bundle_s,
        "cost": ticks_text(charge.cost.ticks) if charge.cost else None,
        "margin": ticks_text(charge.margin) if charge.margin is not None else None,
        "explanation": explain(charge, language),
    }


@click.group()
def quarantine() -> None:
    """Legs without a charge, with the reason: never free, never lost."""


@quarantine.command(name="list")
@click.option("--customer", metavar="ID", help="Only this customer's. Default: all.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Callable[[], Settings], customer: str | None, limit: int, as_json: bool) -> None:
    """What waits and why, oldest first."""
    found = WaitingLegs(engine(effective(settings()), "fernamt rate")).quarantined(customer, limit)
    if as_json:
        rows = [
            {
                **asdict(each), "month": f"{each.month:%Y-%m}", "since": written(each.since),
                "tried_at": written(each.tried_at),
            }
            for each in found
        ]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("Every record that came in is rated.")
        return
    table = Table("leg", "customer", "month", "reason", "what to do", "invoices")
    for each in found:
        aside = f"go without it, says {each.aside_by}: {each.aside_why}" if each.aside_by else "wait"
        month = f"{each.month:%Y-%m}"
        table.add_row(each.leg_id, each.customer_id or "-", month, each.why, each.sentence, aside)
    console().print(table)


@quarantine.command(name="set-aside")
@click.argument("leg")
@changing(reason_required=True)
def set_aside(settings: Callable[[], Settings], leg: str, at: datetime, actor: str, reason: str) -> None:
    """Let invoices go without a leg that can never be rated, such as one whose called number is missing.

    It stays in the list with your name and reason. When it is rated after all, it is on the next invoice.

    \b
    Example: fernamt rate quarantine set-aside 5f2c-a --reason "number lost, 12 s, ticket 4711"
    """
    WaitingLegs(engine(effective(settings()), "fernamt rate")).set_aside(leg, actor=actor, reason=reason)
    click.echo(f"Invoices do not wait for {leg} any more.")


@quarantine.command()
@click.option("--customer", metavar="ID", help="Only this customer's. Default: all.")
@changing()
def retry(
    settings: Callable[[], Settings], customer: str | None, at: datetime, actor: str, reason: str
) -> None:
    """Try again what waits, after its cause was mended. `fernamt rate run` does it, or the worker at once."""
    calls = WaitingLegs(engine(effective(settings()), "fernamt rate")).retry(actor, customer)
    click.echo(f"{calls} calls are due again.")
