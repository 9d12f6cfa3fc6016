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

_LISTEN: Final = """Let a supervisor hear caller and agent of a call. Unless the customer wants otherwise both
hear a tone.

\b
Example: fernamt call listen 3f0c2a52-6d5b-4f5e-9a51-0a3c1a4d6c11 --as praxis-leitung
"""
#: What a supervisor may do, as the commands' help says it.
_HELP: Final = {
    Supervision.LISTEN: _LISTEN,
    Supervision.WHISPER: "As listen; the agent hears the supervisor too, the caller does not.",
    Supervision.BARGE: "Let a supervisor talk with caller and agent.",
    Supervision.TAKE: "Let a supervisor talk with the caller instead of the agent, who is let go.",
}


def _command(how: Supervision, told: str) -> click.Command:
    """The command of this name, with `told` as its help."""

    @click.command(how.value, help=told)
    @click.argument("id")
    @_AS
    @changing()
    def attend(
        settings: Callable[[], Settings],
        id: str,  # noqa: A002 - the argument's name
        supervisor: str,
        at: datetime,
        actor: str,
        reason: str,
    ) -> None:
        here = effective(settings())
        customer = _customer_of(here, id)
        details = {"supervisor": supervisor, "reason": reason}
        wanted = Supervise(id, supervisor, how)
        ordered(here, customer, wanted, actor, f"call.{how.value}", ("call", id), details)
        click.echo(f"The phone of {supervisor} rings for call {id}.")

    return attend


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


COMMANDS: Final = tuple(_command(how, told) for how, told in _HELP.items())
