"""`fernamt queue`: who waits in the queues of the contact centre (C1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import click
from rich.table import Table

from acd.events import CallerMoved, QueueFlushed
from cli.bootstrap import acd_desk
from cli.centre.ordering import ordered
from cli.centre.queue_watch import watch
from cli.changes import changing
from cli.errors import ContactCentreRefused
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.wiring.queue_desk import screens


@click.group()
def queue() -> None:
    """Queues of the contact centre. They are described in files: `fernamt config apply`."""


@queue.command(name="list")
@click.argument("customer", required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Callable[[], Settings], customer: str | None, as_json: bool) -> None:
    """Queues with callers waiting and talking: of all customers, or of one CUSTOMER.

    A customer whose contact centre no controller serves at the moment is not in it.
    """
    rows = [
        {"customer": screen["customer"], **each}
        for screen in screens(acd_desk(effective(settings())), customer)
        for each in screen["queues"]
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not rows:
        click.echo("No contact centre is served now.")
        return
    table = Table("customer", "queue", "strategy", "waiting", "longest", "talking")
    for row in rows:
        longest = max((each["waited_ms"] for each in row["waiting"]), default=0)
        table.add_row(
            row["customer"],
            row["queue"],
            row["strategy"],
            str(len(row["waiting"])),
            f"{longest // 1000} s" if row["waiting"] else "-",
            str(row["talking"]),
        )
    console().print(table)


@queue.command()
@click.argument("customer")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show(settings: Callable[[], Settings], customer: str, name: str, as_json: bool) -> None:
    """The callers of one queue, the longest wait first, and whose phone rings for them.

    \b
    Example: fernamt queue show kunde-praxis anmeldung
    """
    found = [
        each
        for screen in screens(acd_desk(effective(settings())), customer)
        for each in screen["queues"]
        if each["queue"] == name
    ]
    if not found:
        raise ContactCentreRefused(
            f"no controller serves a queue {name} of {customer} now: `fernamt queue list`"
        )
    if as_json:
        click.echo(json.dumps({"customer": customer, **found[0]}, ensure_ascii=False, indent=1))
        return
    table = Table("call", "waits", "rings at")
    for each in found[0]["waiting"]:
        wait = f"{each['waited_ms'] // 1000} s" + (", to be called back" if each["callback"] else "")
        table.add_row(each["call"], wait, ", ".join(each["ringing"]) or "-")
    console().print(table)
    click.echo(f"{found[0]['talking']} talk with an agent.")


@queue.command()
@click.argument("customer")
@click.argument("call")
@click.argument("to_queue", metavar="QUEUE")
@changing()
def move(
    settings: Callable[[], Settings],
    customer: str,
    call: str,
    to_queue: str,
    at: datetime,
    actor: str,
    reason: str,
) -> None:
    """Move the waiting CALL of CUSTOMER into another QUEUE; its place in time stays.

    \b
    Example: fernamt queue move kunde-praxis 3f0c2a52-6d5b-4f5e-9a51-0a3c1a4d6c11 rezepte
    """
    here = effective(settings())
    details = {"queue": to_queue, "reason": reason}
    wanted = CallerMoved(call, to_queue)
    ordered(here, customer, wanted, actor, "queue.move", ("call", call), details)
    click.echo(f"Call {call} waits in {to_queue}.")


@queue.command()
@click.argument("customer")
@click.argument("name", metavar="QUEUE")
@click.option("--to", "to_queue", metavar="QUEUE", help="Into this queue. Default: as at its overflow.")
@changing()
def flush(
    settings: Callable[[], Settings],
    customer: str,
    name: str,
    to_queue: str | None,
    at: datetime,
    actor: str,
    reason: str,
) -> None:
    """Empty a QUEUE of CUSTOMER: whoever waits goes into another one, with the places in time, or to where
    the queue's overflow points. Conversations go on; who was promised a callback stays.

    \b
    Examples:
      fernamt queue flush kunde-praxis anmeldung --to rezepte
      fernamt queue flush kunde-praxis anmeldung --reason "fire drill"
    """
    here = effective(settings())
    details = {"to": to_queue or "", "reason": reason}
    wanted = QueueFlushed(name, to_queue)
    ordered(here, customer, wanted, actor, "queue.flush", ("queue", name), details)
    click.echo(f"Queue {name} of {customer} is emptied" + (f" into {to_queue}." if to_queue else "."))


queue.add_command(watch)
