"""`fernamt agent`: agents of the contact centre log in and out, pause and go on (C1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click
from rich.table import Table

from acd.names import AgentStatus
from cli.bootstrap import acd_desk, audited
from cli.changes import changing
from cli.errors import ContactCentreRefused
from cli.layout import effective
from cli.queue_desk import command, screens
from cli.settings import Settings
from cli.terminal import console


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
    """Agents with their status and what they do: of all customers, or of one CUSTOMER."""
    rows = _rows(effective(settings()), customer)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not rows:
        click.echo("No contact centre is served now.")
        return
    table = Table("customer", "agent", "status", "state", "calls", "queues", "reason")
    for row in rows:
        table.add_row(
            row["customer"],
            row["agent"],
            row["status"],
            row["state"],
            str(row["calls"]),
            ", ".join(row["queues"]),
            row["reason"] or "",
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
    found = [each["customer"] for each in _rows(here) if each["agent"] == name]
    if not found:
        raise ContactCentreRefused(f"no controller serves an agent {name} now: `fernamt agent list`")
    command(acd_desk(here), found[0], name, status, reason)
    audited(here, actor, f"agent.{action}", "agent", name, {"customer": found[0], "reason": reason})
    click.echo(f"Agent {name} of {found[0]}: {status.value}.")
