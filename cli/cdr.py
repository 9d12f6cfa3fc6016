"""`fernamt cdr`: call detail records."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import click
from rich.table import Table

from cli.bootstrap import engine, until_stopped
from cli.carriers.cdr_quarantine import quarantine
from cli.carriers.cdr_respool import respool
from cli.carriers.records import COLUMNS, row
from cli.changes import actor_option
from cli.export_rows import FORMS, export_rows
from cli.layout import effective
from cli.logs import configure_logs
from cli.run_intake import run_intake
from cli.settings import Settings
from cli.terminal import console
from cli.times import Moment, written
from dialplan.reasons import sentence
from store.audit import write
from store.cdr_repository import CdrRepository


@click.group()
def cdr() -> None:
    """Call detail records: one for each leg of each call."""


def _repository(settings: Callable[[], Settings]) -> CdrRepository:
    return CdrRepository(engine(effective(settings()), "fernamt cdr"))


@cdr.command()
@click.option("--from", "start", type=Moment(), required=True, help="First moment, German time.")
@click.option("--to", "end", type=Moment(), required=True, help="First moment that is no longer included.")
@click.option("--customer", metavar="ID", help="Only this customer's.")
@click.option("--format", "form", type=click.Choice(FORMS), default="csv", show_default=True)
@actor_option
@click.pass_obj
def export(
    settings: Callable[[], Settings],
    start: datetime,
    end: datetime,
    customer: str | None,
    form: str,
    actor: str,
) -> None:
    """Write the legs that began in a period to standard output, oldest first, in constant memory.

    That it was done stands in the audit. What comes out is for the carrier itself, for it has numbers that
    callers withheld: a customer gets itemised bills and `fernamt privacy export`.

    \b
    Examples:
      fernamt cdr export --from 2026-11-01 --to 2026-12-01 > november.csv
      fernamt cdr export --from 2026-11-22T08:00 --to 2026-11-22T09:00 --format jsonl | jq .reason_id
    """
    if end <= start:
        raise click.BadParameter("--to must lie after --from", param_hint="--to")
    database = engine(effective(settings()), "fernamt cdr")
    about = ("customer", customer) if customer is not None else ("cdr", "all")
    write(database, actor, "cdr.export", *about, {"from": written(start), "to": written(end), "format": form})
    export_rows(form, COLUMNS, map(row, CdrRepository(database).stream(start, end, customer)))


@cdr.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="For programs, with FreeSWITCH's own record.")
@click.pass_obj
def show(settings: Callable[[], Settings], id: str, as_json: bool) -> None:  # noqa: A002 - the argument's name
    """Everything that is known of a call or leg, by its id.

    \b
    Example: fernamt cdr show 3f0c2a52-6d5b-4f5e-9a51-0a3c1a4d6c11
    """
    legs = _repository(settings).show(id)
    if not legs:
        raise click.ClickException(f"there is no call or leg {id!r}; ids are in `fernamt cdr export`")
    if as_json:
        found = [
            {**row(each.leg), "received_at": written(each.received_at), "raw": json.loads(each.raw)}
            for each in legs
        ]
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    table = Table(title=f"call {legs[0].leg.call_id}", title_justify="left")
    table.add_column("")
    for each in legs:
        table.add_column(f"leg {each.leg.side.value}", overflow="fold")
    rows = [row(each.leg) for each in legs]
    for name in COLUMNS:
        if any(values[name] is not None for values in rows):
            table.add_row(name, *("-" if values[name] is None else str(values[name]) for values in rows))
    console().print(table)
    for reason_id in dict.fromkeys(each.leg.reason_id for each in legs if each.leg.reason_id):
        click.echo(f"{reason_id}: {sentence(reason_id)}")


cdr.add_command(quarantine)
cdr.add_command(respool)


@cdr.command()
@click.pass_obj
def intake(settings: Callable[[], Settings]) -> None:
    """Take FreeSWITCH's record files into the database until SIGTERM; then empty the spool and end.

    Run one on every node (fernamt up does). Any number may work on one spool; nothing is counted twice.
    """
    configure_logs(service=True)
    stopped = until_stopped()
    run_intake(effective(settings()), lambda seconds: bool(stopped.wait(seconds)))
