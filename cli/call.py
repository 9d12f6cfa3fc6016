"""`fernamt call`: calls in progress, and calls made by command."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import click
from rich.table import Table

from cli.auditing import entry_first, even_unaudited, writer
from cli.bootstrap import live_calls, node_connection, now
from cli.centre.call_originate import originate
from cli.centre.call_tracing import capture, trace
from cli.centre.supervision import COMMANDS
from cli.changes import changing
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console, visible
from cli.times import shown, written
from dialplan.live import LiveCall
from dialplan.reasons import sentence
from freeswitch import api_calls


@click.group()
def call() -> None:
    """Calls in progress: list, show, hang up, attend to; and have two parties talk."""


for _command in (*COMMANDS, originate, trace, capture):
    call.add_command(_command)


@call.command(name="list")
@click.option("--customer", metavar="ID", help="Only this customer's.")
@click.option("--node", metavar="NAME", help="Only this node's.")
@click.option("--limit", type=click.IntRange(1, 20_000), default=1_000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(
    settings: Callable[[], Settings], customer: str | None, node: str | None, limit: int, as_json: bool
) -> None:
    """Calls in progress on all nodes, longest running first.

    \b
    Example: fernamt call list --customer kunde-bau
    """
    calls = live_calls(effective(settings())).list(customer_id=customer, node=node, limit=limit)
    if as_json:
        click.echo(json.dumps([_plain(each) for each in calls], ensure_ascii=False, indent=1))
        return
    if not calls:
        click.echo("No call in progress.")
        return
    table = Table("call", "node", "customer", "way", "from", "to", "state", "since", "seconds")
    for each in calls:
        since = each.answered_at or each.started_at
        seconds = max(0, int((now() - since) / timedelta(seconds=1)))
        table.add_row(
            each.call_id,
            each.node,
            each.customer_id or "-",
            each.direction,
            each.a_number or "-",
            each.b_number or "-",
            each.state.value,
            shown(since),
            str(seconds),
        )
    console().print(table)


@call.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def show(settings: Callable[[], Settings], id: str, as_json: bool) -> None:  # noqa: A002 - the argument's name
    """One call in progress and why it goes the way it goes. Ended calls: fernamt cdr show ID."""
    found = live_calls(effective(settings())).show(id)
    if found is None:
        raise click.ClickException(f"no call {id!r} is in progress; for an ended one: fernamt cdr show {id}")
    if as_json:
        click.echo(json.dumps(_plain(found), ensure_ascii=False, indent=1))
        return
    for name, value in _plain(found).items():
        click.echo(f"{name:<15} {'-' if value is None else visible(str(value))}")
    if found.reason_id:
        click.echo(f"{'':<15} {sentence(found.reason_id)}")


@call.command()
@click.argument("id")
@click.option(
    "--cause",
    default="NORMAL_CLEARING",
    show_default=True,
    metavar="NAME",
    help="Release cause by FreeSWITCH's name.",
)
@even_unaudited
@changing()
def hangup(
    settings: Callable[[], Settings], id: str, cause: str, even_unaudited: bool,  # noqa: A002
    at: datetime, actor: str, reason: str,
) -> None:  # fmt: skip
    """Hang up a call, whoever controls it. Who does so stands in the audit first.

    \b
    Example: fernamt call hangup 3f0c2a52-6d5b-4f5e-9a51-0a3c1a4d6c11
    """
    known = effective(settings())
    order = api_calls.uuid_kill(id, cause)
    details = {"cause": cause, "reason": reason, "at": at.isoformat()}
    write = writer(known, actor, ("call", id[:64]), even_unaudited=even_unaudited)
    with node_connection(known) as connection, entry_first(write, "call.hangup", details):
        connection.api(order)
    click.echo(f"{id} is hung up ({cause}).")


def _plain(each: LiveCall) -> dict[str, str | int | None]:
    return {
        "call_id": each.call_id,
        "node": each.node,
        "customer_id": each.customer_id,
        "direction": each.direction,
        "a_number": each.a_number,
        "b_number": each.b_number,
        "state": each.state.value,
        "reason_id": each.reason_id,
        "started_at": written(each.started_at),
        "answered_at": written(each.answered_at),
        "config_version": each.config_version,
    }
