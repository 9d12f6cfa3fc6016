"""`fernamt call listen|whisper|barge|take`: supervisors and the conversations of their customer (C5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

import click

from acd.orders import Supervise, Supervision
from cli.bootstrap import acd_desk
from cli.centre.ordering import ordered
from cli.changes import changing
from cli.errors import ContactCentreRefused
from cli.layout import effective
from cli.settings import Settings
from cli.wiring.queue_desk import screens

_AS: Final = click.option(
    "--as", "supervisor", required=True, metavar="AGENT", help="The supervisor, whose phone rings."
)


@click.command()
@click.argument("id")
@_AS
@changing()
def listen(
    settings: Callable[[], Settings],
    id: str,  # noqa: A002 - the argument's name
    supervisor: str,
    at: datetime,
    actor: str,
    reason: str,
) -> None:
    """Let a supervisor hear caller and agent of a call. Unless the customer wants otherwise both hear a tone.

    \b
    Example: fernamt call listen 3f0c2a52-6d5b-4f5e-9a51-0a3c1a4d6c11 --as praxis-leitung
    """
    _attend(settings, id, supervisor, Supervision.LISTEN, actor, reason)


@click.command()
@click.argument("id")
@_AS
@changing()
def whisper(
    settings: Callable[[], Settings],
    id: str,  # noqa: A002 - the argument's name
    supervisor: str,
    at: datetime,
    actor: str,
    reason: str,
) -> None:
    """As listen; the agent hears the supervisor too, the caller does not."""
    _attend(settings, id, supervisor, Supervision.WHISPER, actor, reason)


@click.command()
@click.argument("id")
@_AS
@changing()
def barge(
    settings: Callable[[], Settings],
    id: str,  # noqa: A002 - the argument's name
    supervisor: str,
    at: datetime,
    actor: str,
    reason: str,
) -> None:
    """Let a supervisor talk with caller and agent."""
    _attend(settings, id, supervisor, Supervision.BARGE, actor, reason)


@click.command()
@click.argument("id")
@_AS
@changing()
def take(
    settings: Callable[[], Settings],
    id: str,  # noqa: A002 - the argument's name
    supervisor: str,
    at: datetime,
    actor: str,
    reason: str,
) -> None:
    """Let a supervisor talk with the caller instead of the agent, who is let go."""
    _attend(settings, id, supervisor, Supervision.TAKE, actor, reason)


COMMANDS: Final = (listen, whisper, barge, take)


def _attend(
    settings: Callable[[], Settings],
    call_id: str,
    supervisor: str,
    how: Supervision,
    actor: str,
    reason: str,
) -> None:
    here = effective(settings())
    customer = _customer_of(here, call_id)
    details = {"supervisor": supervisor, "reason": reason}
    wanted = Supervise(call_id, supervisor, how)
    ordered(here, customer, wanted, actor, f"call.{how.value}", ("call", call_id), details)
    click.echo(f"The phone of {supervisor} rings for call {call_id}.")


def _customer_of(settings: Settings, call_id: str) -> str:
    for screen in screens(acd_desk(settings)):
        if call_id in _calls(screen):
            return str(screen["customer"])
    raise ContactCentreRefused(
        f"call {call_id} is in no contact centre now: `fernamt queue show`, `fernamt agent calls`"
    )


def _calls(screen: dict[str, Any]) -> Iterator[str]:
    for agent in screen["agents"]:
        yield from (each["call"] for each in agent["talks"])
