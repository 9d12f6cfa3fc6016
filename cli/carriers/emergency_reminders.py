"""`fernamt emergency reminders`: customers with phones that reach no emergency service are told so regularly.

CC 6, B9: users of the contact centre without a line of their own cannot call 110 and 112. Every six months is
our figure; the terms say "regularly".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import click
from rich.table import Table

from cli.bootstrap import engine, now
from cli.changes import changing
from cli.errors import NobodyToRemind
from cli.explaining.answer import snapshot_in_force
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import shown, written
from dialplan.snapshot import Snapshot
from store.emergency_reminders import EmergencyReminders

EVERY: Final = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Reminder:
    """A customer with phones that have no line of their own; `told`: when it was told last."""

    customer_id: str
    phones: tuple[str, ...]
    told: datetime | None
    due: bool


@click.group()
def reminders() -> None:
    """Customers whose phones without a line of their own cannot call 110 and 112 (own_line: false)."""


@reminders.command(name="list")
@click.option(
    "--every",
    type=click.IntRange(1, 3_650),
    default=EVERY.days,
    show_default=True,
    metavar="DAYS",
    help="Due again after so many days.",
)
@click.option("--all", "not_due", is_flag=True, help="Customers who are not due too.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Callable[[], Settings], every: int, not_due: bool, as_json: bool) -> None:
    """Who has to be told (again), and about which phones.

    \b
    Example: fernamt emergency reminders list --every 90 --json
    """
    known = effective(settings())
    store = EmergencyReminders(engine(known, "fernamt emergency"))
    moment = now()
    phones = without_line(snapshot_in_force(known, moment))
    found = reminders_of(phones, store.last(), moment, timedelta(days=every))
    found = [each for each in found if each.due or not_due]
    if as_json:
        click.echo(json.dumps([_row(each) for each in found], ensure_ascii=False, indent=1))
        return
    if not found:
        who = "No customer has phones without a line of their own" if not phones else "Nobody is due"
        click.echo(f"{who}.")
        return
    table = Table("customer", "phones without a line", "told last", "due")
    for each in found:
        table.add_row(each.customer_id, ", ".join(each.phones), shown(each.told), "yes" if each.due else "no")
    console().print(table)


@reminders.command()
@click.argument("customer")
@changing(reason_required=True)
def told(settings: Callable[[], Settings], customer: str, at: datetime, actor: str, reason: str) -> None:
    """Record that CUSTOMER was told, and how; it stands in the audit.

    \b
    Example: fernamt emergency reminders told kunde-bau --at 2026-11-20 --reason "e-mail to it@bau.example"
    """
    known = effective(settings())
    phones = without_line(snapshot_in_force(known, now())).get(customer, ())
    if not phones:
        raise NobodyToRemind(
            f"customer {customer}: no phone has own_line: false, so there is nothing to remind of; "
            "see `fernamt emergency reminders list --all`"
        )
    EmergencyReminders(engine(known, "fernamt emergency")).told(customer, at, actor, reason, phones)
    click.echo(f"Customer {customer} was told on {shown(at)} about {', '.join(phones)}.")


def without_line(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Phones without a line of their own, by customer."""
    found: dict[str, tuple[str, ...]] = {}
    for phone in sorted(snapshot.phones.values(), key=lambda each: each.id):
        if not phone.own_line:
            found[phone.customer_id] = (*found.get(phone.customer_id, ()), phone.id)
    return found


def reminders_of(
    phones: dict[str, tuple[str, ...]], last: dict[str, datetime], at: datetime, every: timedelta = EVERY
) -> list[Reminder]:
    """Every customer that has such phones, by id."""
    found = []
    for customer_id, ids in sorted(phones.items()):
        told = last.get(customer_id)
        found.append(Reminder(customer_id, ids, told, told is None or told + every <= at))
    return found


def _row(each: Reminder) -> dict[str, Any]:
    return {
        "customer": each.customer_id,
        "phones": list(each.phones),
        "told": written(each.told),
        "due": each.due,
    }
