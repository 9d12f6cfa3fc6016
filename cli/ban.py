"""`fernamt ban`: addresses that are kept from the SIP ports of all nodes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import click
from rich.table import Table

from cli.bootstrap import audited, ban_store, engine, now
from cli.changes import changing
from cli.errors import NoSuchBan
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import Moment, shown, written
from cli.wiring.guarding import OwnAddresses, refuse_own, steady_s
from dialplan.strangers.address import source_of
from dialplan.strangers.ban import LONGEST_BY_HAND, Ban

_BY_HAND: Final = timedelta(hours=24)


@click.group()
def ban() -> None:
    """Addresses that are kept from the SIP ports: list, add, lift. Trunks and nodes are never banned.

    The guards of all nodes (`fernamt guard`) put it in force within two seconds.
    """


class Source(click.ParamType[str]):
    """An IP address; of an IPv6 address its /64 is meant."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return source_of(str(value)[:64])
        except ValueError:
            return self.fail(f"{str(value)[:64]!r} is no IP address of a host", param, ctx)


@ban.command(name="list")
@click.option("--all", "ended", is_flag=True, help="Ended ones too that make the next one longer.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Callable[[], Settings], ended: bool, as_json: bool) -> None:
    """Who is kept out, why and until when.

    \b
    Example: fernamt ban list
    """
    moment = now()
    found = [each for each in ban_store(effective(settings())).all(moment) if ended or each.in_force(moment)]
    if as_json:
        click.echo(json.dumps([_row(each, moment) for each in found], ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("Nobody is banned.")
        return
    table = Table("address", "since", "until", "times", "by", "why")
    for each in found:
        table.add_row(
            each.address, shown(each.since), shown(each.until), str(each.times), each.actor, each.reason
        )
    console().print(table)


@ban.command()
@click.argument("address", type=Source())
@click.option("--until", type=Moment(), help="When it ends, 30 days ahead at most. Default: in 24 hours.")
@changing(reason_required=True)
def add(
    settings: Callable[[], Settings], address: str, until: datetime | None, at: datetime, actor: str,
    reason: str,
) -> None:  # fmt: skip
    """Keep an address from the SIP ports of all nodes. An address of a trunk or node is refused.

    \b
    Example: fernamt ban add 198.51.100.7 --reason "guesses passwords of kunde-bau"
    """
    known = effective(settings())
    end = until or at + _BY_HAND
    if not at < end <= at + LONGEST_BY_HAND:
        raise click.BadParameter("must lie ahead, 30 days at most", param_hint="--until")
    refuse_own(OwnAddresses(known, engine(known, "fernamt ban"), steady_s), address)
    audited(known, actor, "ban.add", "address", address, {"reason": reason, "until": end.isoformat()})
    bans = ban_store(known)
    bans.put(Ban(address, at, end, reason, actor), at)
    click.echo(f"{address} is banned until {shown(end)}.")
    if address in bans.known_ages_s():
        click.echo("Phones are or were registered there: they reach nobody now, nor 110 and 112.", err=True)


@ban.command()
@click.argument("address", type=Source())
@changing(reason_required=True)
def lift(settings: Callable[[], Settings], address: str, at: datetime, actor: str, reason: str) -> None:
    """Let an address in again; its next ban is counted as a first one.

    \b
    Example: fernamt ban lift 198.51.100.7 --reason "the customer's new connection"
    """
    known = effective(settings())
    bans = ban_store(known)
    if all(each.address != address for each in bans.all(now())):
        raise NoSuchBan(f"{address} is not banned: `fernamt ban list --all` shows who is or was")
    audited(known, actor, "ban.lift", "address", address, {"reason": reason, "at": at.isoformat()})
    bans.lift(address)
    click.echo(f"{address} may call again.")


def _row(each: Ban, moment: datetime) -> dict[str, Any]:
    return {
        "address": each.address,
        "since": written(each.since),
        "until": written(each.until),
        "in_force": each.in_force(moment),
        "times": each.times,
        "actor": each.actor,
        "reason": each.reason,
    }
