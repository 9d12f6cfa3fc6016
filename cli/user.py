"""`fernamt user`: people who use the HTTP interface, by their tokens (C8)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta

import click
from rich.table import Table

from cli.bootstrap import engine, now
from cli.changes import changing
from cli.errors import NoSuchCustomer, NoSuchToken
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import shown, written
from provisioning.canonical import entry_of
from provisioning.schema import CustomerEntry
from store.api_tokens import ApiTokens
from store.config_items import CUSTOMER, ItemKey
from store.config_versions import ConfigStore
from web.rights import Role


@click.group()
def user() -> None:
    """People who use the HTTP interface (docs/api.md)."""


@user.group()
def token() -> None:
    """Tokens that screens show their user by. Only hashes of them are kept."""


@token.command()
@click.argument("name")
@click.option("--customer", metavar="ID", required=True, help="Whose contact centre the token is for.")
@click.option(
    "--role", type=click.Choice([each.value for each in Role]), required=True, help="What the user may do."
)
@click.option("--agent", metavar="NAME", help="The agent that the user is; the role agent needs one.")
@click.option("--days", type=click.IntRange(1, 3_650), default=365, show_default=True, help="Valid so long.")
@changing(with_reason=False)
def create(
    settings: Callable[[], Settings],
    name: str,
    customer: str,
    role: str,
    agent: str | None,
    days: int,
    at: datetime,
    actor: str,
) -> None:
    """Make a token for the user NAME and write it to standard output, once.

    \b
    Examples:
      fernamt user token create anna --customer kunde-praxis --role agent --agent praxis-empfang
      fernamt user token create leitstand --customer kunde-praxis --role supervisor --days 90
    """
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise click.BadParameter("1 to 200 characters in one line", param_hint="NAME")
    if role == Role.AGENT.value and agent is None:
        raise click.UsageError("the role agent needs --agent: the agent that the user is")
    known = effective(settings())
    database = engine(known, "fernamt user")
    entry = _customer(ConfigStore(database), customer)
    if agent is not None and all(each.id != agent for each in entry.agents):
        raise NoSuchCustomer(f"customer {customer} has no agent {agent} in the applied configuration")
    text, number = ApiTokens(database).create(customer, name, role, agent, at + timedelta(days=days), actor)
    click.echo(text)
    click.echo(
        f"Token {number} of {name}, {role} of {customer}, for {days} days. It is shown once.", err=True
    )


@token.command(name="list")
@click.option("--customer", metavar="ID", help="Only this customer's. Default: all.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Callable[[], Settings], customer: str | None, as_json: bool) -> None:
    """Tokens that are valid now."""
    found = ApiTokens(engine(effective(settings()), "fernamt user")).valid(now(), customer)
    if as_json:
        rows = [
            {**asdict(each), "created_at": written(each.created_at), "expires_at": written(each.expires_at)}
            for each in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("There is no token.")
        return
    table = Table("token", "customer", "user", "role", "agent", "valid until")
    for each in found:
        table.add_row(
            str(each.id), each.customer_id, each.name, each.role, each.agent_id or "-", shown(each.expires_at)
        )
    console().print(table)


@token.command()
@click.argument("number", type=click.IntRange(1))
@changing(with_reason=False)
def revoke(settings: Callable[[], Settings], number: int, at: datetime, actor: str) -> None:
    """Token NUMBER is valid no longer; the interface knows it within 5 seconds."""
    if not ApiTokens(engine(effective(settings()), "fernamt user")).revoke(number, at, actor):
        raise NoSuchToken(f"there is no valid token {number}: `fernamt user token list`")
    click.echo(f"Token {number} is revoked.")


def _customer(store: ConfigStore, customer_id: str) -> CustomerEntry:
    found = store.some_items(store.current(), [ItemKey(CUSTOMER, customer_id)])
    entry = entry_of(found[0]) if found else None
    if not isinstance(entry, CustomerEntry):
        raise NoSuchCustomer(f"the applied configuration has no customer {customer_id}: fernamt config show")
    return entry
