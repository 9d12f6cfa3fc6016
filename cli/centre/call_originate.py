"""`fernamt call originate`: a call for a customer, one party first, then the other (B5, B12)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import click

from cli.auditing import entries, entry_first
from cli.bootstrap import call_requests, engine
from cli.changes import changing
from cli.layout import effective
from cli.settings import Settings
from cli.wiring.call_requests import Asked, ask

_MAX_NUMBER = 128


def _spelling(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    if not value.strip() or len(value) > _MAX_NUMBER or not value.isprintable():
        raise click.BadParameter(f"a number, at most {_MAX_NUMBER} characters")
    return value


@click.command()
@click.option("--customer", required=True, metavar="ID", help="Whose call it is, at whose cost.")
@click.option(
    "--user", metavar="ID", help="The customer's phone on whose behalf. Default: the one that rings."
)
@click.option("--from", "first", required=True, metavar="NUMBER", callback=_spelling, help="Rings first.")
@click.option("--to", "second", required=True, metavar="NUMBER", callback=_spelling, help="Called then.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@changing()
def originate(
    settings: Callable[[], Settings],
    customer: str,
    user: str | None,
    first: str,
    second: str,
    as_json: bool,
    at: datetime,
    actor: str,
    reason: str,
) -> None:
    """Have two parties talk: FROM rings first, and when it answers TO is called (click to dial).

    Both are called with the customer's rights: bars, limits and caller id hold as if FROM's phone had dialled
    TO. 110 and 112 are refused, for a human must dial them. Ends when FROM has answered.

    \b
    Examples:
      fernamt call originate --customer kunde-kanzlei --from "030 23125-001" --to 015228817386
      fernamt call originate --customer kunde-kanzlei --user kanzlei-2 --from 015228817386 --to 02214710100
    """
    here = effective(settings())
    details = {"from": first, "to": second, "user": user or "", "reason": reason}
    requests = call_requests(here)

    def rings() -> None:
        if not as_json:
            click.echo(f"{first} rings", err=True)

    write = entries(engine(here, "fernamt call"), actor, "customer", customer)
    with entry_first(write, "call.originate", details):
        done = ask(requests, Asked(customer, user, first, second), rings)
    write("call.originate.done", {"call": done["call_id"]})
    if as_json:
        click.echo(
            json.dumps({"call_id": done["call_id"], "reason": done["reason"]}, ensure_ascii=False, indent=1)
        )
        return
    click.echo(f"{first} answered; {second} is called. `fernamt call show {done['call_id']}`")
