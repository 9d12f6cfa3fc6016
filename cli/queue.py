"""`fernamt queue`: who waits in the queues of the contact centre (C1)."""

from __future__ import annotations

import json
from collections.abc import Callable

import click
from rich.table import Table

from cli.bootstrap import acd_desk
from cli.errors import ContactCentreRefused
from cli.layout import effective
from cli.queue_desk import screens
from cli.settings import Settings
from cli.terminal import console


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
        table.add_row(each["call"], f"{each['waited_ms'] // 1000} s", ", ".join(each["ringing"]) or "-")
    console().print(table)
    click.echo(f"{found[0]['talking']} talk with an agent.")
