"""`fernamt agent`: agents of the contact centre log in and out, pause and go on (C1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click
from rich.table import Table

from acd.events import StatusChosen, WrapUpEnded
from acd.names import AgentStatus
from acd.orders import ExtendWrapUp, Order
from cli.bootstrap import acd_desk
from cli.centre.ordering import ordered
from cli.centre.queue_watch import calls_now
from cli.changes import changing
from cli.errors import ContactCentreRefused
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.wiring.queue_desk import screens


@click.group()
def agent() -> None:
    """Agents of the contact centre. They are described in files: `fernamt config apply`."""


def _rows(settings: Settings, customer: str | None = None) -> list[dict[str, Any]]:
    return [
        {"customer": screen["customer"], **each}
        for screen in screens(acd_desk(settings), customer)
        for each in screen["agents"]
    ]


@agent.command(name="list")
@click.argument("customer", required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Callable[[], Settings], customer: str | None, as_json: bool) -> None:
    """Agents with their status and what they do: of all customers, or of one CUSTOMER.

    "now": calls of queues that the agent has, of how many at a time; "calls": how many there were.
    """
    rows = _rows(effective(settings()), customer)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not rows:
        click.echo("No contact centre is served now.")
        return
    table = Table("customer", "agent", "status", "state", "now", "calls", "queues", "reason")
    for row in rows:
        table.add_row(
            row["customer"],
            row["agent"],
            row["status"],
            row["state"],
            calls_now(row),
            str(row["calls"]),
            ", ".join(row["queues"]),
            row["reason"] or "",
        )
    console().print(table)


@agent.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def calls(settings: Callable[[], Settings], name: str | None, as_json: bool) -> None:
    """Calls of queues that ring at agents or are talked with: of all agents, or of agent NAME."""
    rows = [
        {"customer": row["customer"], "agent": row["agent"], **talk}
        for row in _rows(effective(settings()))
        if name in (None, row["agent"])
        for talk in row["talks"]
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not rows:
        click.echo("No agent has a call of a queue now.")
        return
    table = Table("customer", "agent", "queue", "state", "seconds", "call")
    for row in rows:
        table.add_row(
            row["customer"],
            row["agent"],
            row["queue"],
            row["state"] if row["held_ms"] is None else "on hold",
            str(row["ms"] // 1000),
            row["call"],
        )
    console().print(table)


@agent.command()
@click.argument("name")
@changing()
def login(settings: Callable[[], Settings], name: str, at: datetime, actor: str, reason: str) -> None:
    """Agent NAME takes calls from now on.

    \b
    Example: fernamt agent login praxis-empfang
    """
    _choose(settings, name, AgentStatus.AVAILABLE, "login", actor, reason)


@agent.command()
@click.argument("name")
@changing()
def logout(settings: Callable[[], Settings], name: str, at: datetime, actor: str, reason: str) -> None:
    """Agent NAME takes no more calls; one in progress goes on."""
    _choose(settings, name, AgentStatus.LOGGED_OUT, "logout", actor, reason)


@agent.command()
@click.argument("name")
@changing()
def pause(settings: Callable[[], Settings], name: str, at: datetime, actor: str, reason: str) -> None:
    """Agent NAME has a break.

    \b
    Example: fernamt agent pause praxis-empfang --reason lunch
    """
    _choose(settings, name, AgentStatus.ON_BREAK, "pause", actor, reason)


@agent.command()
@click.argument("name")
@changing()
def resume(settings: Callable[[], Settings], name: str, at: datetime, actor: str, reason: str) -> None:
    """Agent NAME is back from a break."""
    _choose(settings, name, AgentStatus.AVAILABLE, "resume", actor, reason)


def _choose(
    settings: Callable[[], Settings], name: str, status: AgentStatus, action: str, actor: str, reason: str
) -> None:
    here = effective(settings())
    customer = _customer_of(here, name)
    wanted = StatusChosen(name, status, reason or None)
    ordered(here, customer, wanted, actor, f"agent.{action}", ("agent", name), {"reason": reason})
    click.echo(f"Agent {name} of {customer}: {status.value}.")


@agent.command(name="wrap-up")
@click.argument("name")
@click.option("--extend", type=click.IntRange(1, 3_600), metavar="SECONDS", help="At least so long from now.")
@click.option("--code", metavar="CODE", help="End it, with one of the queue's codes.")
@click.option("--done", is_flag=True, help="End it without a code.")
@click.option("--call", metavar="CALL", default="", help="Of which call. Default: the one that ended last.")
@changing(with_reason=False)
def wrap_up(
    settings: Callable[[], Settings],
    name: str,
    extend: int | None,
    code: str | None,
    done: bool,
    call: str,
    at: datetime,
    actor: str,
) -> None:
    """The wrap-up of agent NAME: longer, or over. It never gets shorter but by --code or --done.

    \b
    Examples:
      fernamt agent wrap-up praxis-empfang --extend 120
      fernamt agent wrap-up praxis-empfang --code termin
    """
    if sum((extend is not None, code is not None, done)) != 1:
        raise click.UsageError("give one of --extend, --code, --done")
    here = effective(settings())
    customer = _customer_of(here, name)
    wanted: Order = WrapUpEnded(name, code, call)
    if extend is not None:
        wanted = ExtendWrapUp(name, extend * 1000, call)
    details = {"extend_s": str(extend or ""), "code": code or "", "call": call}
    ordered(here, customer, wanted, actor, "agent.wrap-up", ("agent", name), details)
    click.echo(f"Agent {name} of {customer}: " + (f"{extend} s more." if extend else "wrap-up over."))


def _customer_of(here: Settings, name: str) -> str:
    found = [each["customer"] for each in _rows(here) if each["agent"] == name]
    if not found:
        raise ContactCentreRefused(f"no controller serves an agent {name} now: `fernamt agent list`")
    return str(found[0])
