"""`fernamt config rollout`: which node has which version, and going on where a roll-out stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

import click
from rich.table import Table

from cli.accounts import account
from cli.bootstrap import engine, versions_in_force
from cli.carriers.rollout import REST_S, RollOut, left_out, nodes_of, require_known, roll_out
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from store.config_holds import ConfigHolds
from store.config_versions import ConfigStore

#: The option of every command that rolls out.
REST = click.option(
    "--rest",
    type=click.FloatRange(0, 3_600),
    default=REST_S,
    show_default=True,
    metavar="SECONDS",
    help="How long a node is watched before the next one gets the version.",
)
#: Of the same commands.
WITHOUT = click.option(
    "--without",
    multiple=True,
    metavar="NODE",
    help="Leave this node out, because it is away; may be said again. It keeps the version that it has.",
)


@click.command()
@click.option("--status", "only_status", is_flag=True, help="Only show which version each node has.")
@WITHOUT
@REST
@click.option("--author", metavar="NAME", help="Who. Default: the account that runs this.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def rollout(
    settings: Callable[[], Settings],
    only_status: bool,
    without: tuple[str, ...],
    rest: float,
    author: str | None,
    as_json: bool,
) -> None:
    """Go on with a roll-out that stopped: the nodes that were held back get the newest version in turn.

    A node that is away stops it; leave that one out. It stays held: it comes back with the version that it
    had, and takes the newest by another roll-out, or with a version that is applied to all nodes at once.

    \b
      fernamt config rollout --status
      fernamt config rollout --without node-b      node-b is dead, the others get the version
      fernamt config rollout                       node-b is back
    """
    known = effective(settings())
    database = engine(known, "fernamt config")
    version = ConfigStore(database).current()
    if not only_status:
        roll_on(known, version, rest, author, quiet=as_json, without=without)
    rows = _rows(known, ConfigHolds(database).all())
    if as_json:
        click.echo(json.dumps({"version": version, "nodes": rows}, ensure_ascii=False, indent=1))
        return
    table = Table("node", "held at", "in force")
    for each in rows:
        in_force = ", ".join(f"{name}: {number}" for name, number in each["controllers"].items())
        table.add_row(each["node"], str(each["held_at"] or "-"), in_force or "no controller tells")
    console().print(table)
    click.echo(f"The newest version is {version}.")


def roll_on(
    settings: Settings,
    version: int,
    rest_s: float,
    author: str | None,
    *,
    quiet: bool,
    without: Collection[str] = (),
) -> None:
    """Let the nodes that are held have the version, one after the other; warn of those that are left out.
    Raises RollOutStopped, and NoSuchNode for a node to be left out that nobody knows."""
    holds = ConfigHolds(engine(settings, "fernamt config"))
    known, held = nodes_of(settings), holds.all()
    nodes = [*known, *(each for each in held if each not in known)]
    require_known(without, nodes)
    for line in left_out(without, held, version):
        click.echo(f"warning: {line}", err=True)
    wanted = [each for each in nodes if each not in without]
    plan = RollOut(version, wanted, rest_s, author or account())
    roll_out(plan, holds, versions_in_force(settings).all, lambda line: click.echo(line, err=quiet))


def _rows(settings: Settings, held: dict[str, int]) -> list[dict[str, Any]]:
    told = versions_in_force(settings).all()
    names = sorted({*nodes_of(settings), *held, *(each.node for each in told)})
    return [
        {
            "node": name,
            "held_at": held.get(name),
            "controllers": {each.controller: each.in_force for each in told if each.node == name},
        }
        for name in names
    ]
