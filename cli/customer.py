"""`fernamt customer`: customers of the applied configuration, and who is blocked (A7)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click
from rich.table import Table

from cli.billing.customer_claims import dunning, open_
from cli.billing.invoice_statement import statement
from cli.bootstrap import engine, now
from cli.changes import changing
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import Moment, shown, written
from store.customer_blocks import CustomerBlock, CustomerBlocks, CustomerStanding
from store.tables import MAX_ID


@click.group()
def customer() -> None:
    """Customers: list, show, block, unblock. They are described in files: `fernamt config apply`."""


def _blocks(settings: Callable[[], Settings]) -> CustomerBlocks:
    return CustomerBlocks(engine(effective(settings()), "fernamt customer"))


@customer.command(name="list")
@click.option("--after", metavar="ID", default="", help="Go on behind this customer.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Callable[[], Settings], after: str, limit: int, as_json: bool) -> None:
    """Customers of the applied configuration with their numbers and blocks."""
    found = _blocks(settings).standings(now(), after=after, limit=limit)
    if as_json:
        click.echo(json.dumps([_row(each) for each in found], ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("No customer is applied. Describe them in files, then: fernamt config apply")
        return
    table = Table("customer", "name", "numbers", "blocked")
    for each in found:
        table.add_row(each.customer.id, each.customer.name, _numbers(each), _standing(each))
    console().print(table)
    if len(found) == limit:
        click.echo(f"There may be more: --after {found[-1].customer.id}")


@customer.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show(settings: Callable[[], Settings], id: str, as_json: bool) -> None:  # noqa: A002 - the argument's name
    """One customer: numbers by state, whether it or a user is blocked, and all blocks there ever were."""
    blocks = _blocks(settings)
    found = blocks.standing(id, now())
    history = blocks.history(id)
    if as_json:
        row = {**_row(found), "block_history": [_block(each) for each in history]}
        click.echo(json.dumps(row, ensure_ascii=False, indent=1))
        return
    click.echo(f"customer   {found.customer.id}")
    click.echo(f"name       {found.customer.name}")
    click.echo(f"numbers    {_numbers(found)}")
    click.echo(f"blocked    {_standing(found)}")
    if history:
        table = Table("since", "who", "by", "reason", "until", "lifted", "by", "reason")
        for each in history:
            table.add_row(
                shown(each.since),
                each.user_id or "all",
                each.actor,
                each.reason,
                shown(each.until),
                shown(each.lifted_at),
                each.lifted_by or "-",
                each.lift_reason or "-",
            )
        console().print(table)


@customer.command()
@click.argument("id")
@click.option("--user", metavar="ID", default="", help="Only this user: a phone or an agent of the customer.")
@click.option("--until", type=Moment(), help="When it ends by itself. Default: when it is unblocked.")
@changing(reason_required=True)
def block(
    settings: Callable[[], Settings], id: str, user: str, until: datetime | None, at: datetime, actor: str,  # noqa: A002
    reason: str,
) -> None:  # fmt: skip
    """Block a customer or a user: only 110 and 112 are reached. Invoices go on (A7).

    \b
    Example: fernamt customer block kunde-bau --reason "two months unpaid"
    """
    _fits(user)
    if until is not None and until <= at:
        raise click.BadParameter("the end must lie ahead", param_hint="--until")
    _blocks(settings).block(id, at, actor, reason, user_id=user, until=until)
    click.echo(f"{_who(id, user)} is blocked. 110 and 112 are still reached, invoices go on.")


@customer.command()
@click.argument("id")
@click.option("--user", metavar="ID", default="", help="Only this user.")
@changing(reason_required=True)
def unblock(
    settings: Callable[[], Settings], id: str, user: str, at: datetime, actor: str, reason: str  # noqa: A002
) -> None:  # fmt: skip
    """Lift the block of a customer or a user."""
    _fits(user)
    _blocks(settings).unblock(id, at, actor, reason, user_id=user)
    click.echo(f"{_who(id, user)} is no longer blocked.")


def _fits(user: str) -> None:
    if len(user) > MAX_ID or not user.isprintable():
        raise click.BadParameter(f"at most {MAX_ID} characters in one line", param_hint="--user")


def _who(customer_id: str, user: str) -> str:
    return f"User {user} of {customer_id}" if user else f"Customer {customer_id}"


def _numbers(standing: CustomerStanding) -> str:
    states = (f"{count} {state.replace('_', '-')}" for state, count in standing.numbers.items())
    return ", ".join(states) or "none"


def _standing(standing: CustomerStanding) -> str:
    said = ["by the configuration"] if standing.customer.blocked else []
    for each in standing.blocks:
        who = f"user {each.user_id}" if each.user_id else "yes"
        end = f" until {shown(each.until)}" if each.until else ""
        said.append(f"{who}, since {shown(each.since)}{end}: {each.reason}")
    return "; ".join(said) or "no"


def _row(standing: CustomerStanding) -> dict[str, Any]:
    return {
        "customer": standing.customer.id,
        "name": standing.customer.name,
        "numbers": standing.numbers,
        "blocked_by_configuration": standing.customer.blocked,
        "blocks": [_block(each) for each in standing.blocks],
    }


def _block(block: CustomerBlock) -> dict[str, Any]:
    return {
        "user": block.user_id or None,
        "since": written(block.since),
        "until": written(block.until),
        "actor": block.actor,
        "reason": block.reason,
        "lifted_at": written(block.lifted_at),
        "lifted_by": block.lifted_by,
        "lift_reason": block.lift_reason,
    }


customer.add_command(statement)
customer.add_command(open_)
customer.add_command(dunning)
