"""`fernamt stats`: key figures of the contact centre (C9)."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import click
from rich.table import Table

from acd.figures import Rules
from cli.bootstrap import engine, now
from cli.centre.centre_figures import INTERVALS, MAX_DAYS, agent_rows, centre_figures, queue_rows
from cli.centre.stats_chart import agent_chart, queue_chart
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import GERMANY, Moment
from store.foreign_errors import database_errors

#: Columns that name the row; the others may be broken where the terminal is narrow.
_NAMES: Final = 2
#: Short words for tables; programs get the long ones.
_HEADS: Final = {
    "abandoned_short": "short",
    "service_level": "level",
    "speed_of_answer_s": "ASA s",
    "longest_wait_s": "longest s",
    "talk_s": "talk s",
    "hold_s": "hold s",
    "handle_s": "AHT s",
    "repeat_callers": "again",
    "moved_on": "moved",
    "sent_on": "sent",
}
_FORMATS: Final = ("table", "chart", "csv", "json")


@click.command()
@click.option("--customer", metavar="ID", required=True, help="Whose contact centre.")
@click.option("--queue", metavar="NAME", help="Only this queue. Default: all.")
@click.option("--agent", metavar="NAME", help="This agent's figures instead of queues'.")
@click.option("--agents", is_flag=True, help="All agents' figures instead of queues'.")
@click.option("--from", "start", type=Moment(), help="First moment, German time. Default: today.")
@click.option("--to", "end", type=Moment(), help="First moment that is no longer included. Default: now.")
@click.option("--interval", type=click.Choice(sorted(INTERVALS)), default="1h", show_default=True)
@click.option(
    "--target",
    "target_s",
    type=click.IntRange(1, 3_600),
    default=20,
    show_default=True,
    help="Seconds within which an answer is good service.",
)
@click.option(
    "--short",
    "short_s",
    type=click.IntRange(0, 600),
    default=5,
    show_default=True,
    help="Who gives up within so many seconds did not really wait.",
)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="table", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs; the same as --format json.")
@click.pass_obj
def stats(
    settings: Callable[[], Settings],
    customer: str,
    queue: str | None,
    agent: str | None,
    agents: bool,
    start: datetime | None,
    end: datetime | None,
    interval: str,
    target_s: int,
    short_s: int,
    form: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Key figures of queues or agents by interval, as docs/figures.md defines them.

    No figure names a caller; where fewer than 5 callers came in an interval, only that is said. Of single
    agents there are figures from the day on that the customer declared (`figures: { agents_declared: DAY }`).

    \b
    Examples:
      fernamt stats --customer kunde-praxis
      fernamt stats --customer kunde-praxis --queue anmeldung --interval 15m --format chart
      fernamt stats --customer kunde-praxis --from 2026-11-01 --to 2026-12-01 --interval day --format csv
      fernamt stats --customer kunde-praxis --agents --json
    """
    if queue is not None and (agents or agent is not None):
        raise click.UsageError("--queue and --agent exclude each other: figures are of queues or of agents")
    begin, until = _period(start, end)
    rules = Rules(INTERVALS[interval], target_s * 1000, short_s * 1000)
    database = engine(effective(settings()), "fernamt stats")
    with database_errors(f"figures of {customer}"), database.connect() as connection:
        found = centre_figures(connection, customer, begin, until, rules, now())
    of_agents = agents or agent is not None
    rows = agent_rows(found, agent) if of_agents else queue_rows(found, queue)
    _show(rows, "json" if as_json else form, of_agents=of_agents)


def _period(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    until = end or now()
    midnight = until.astimezone(GERMANY).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = start or midnight
    if until <= begin:
        raise click.BadParameter("must lie after --from", param_hint="--to")
    if until - begin > timedelta(days=MAX_DAYS):
        raise click.BadParameter(f"at most {MAX_DAYS} days after --from", param_hint="--to")
    return begin, until


def _show(rows: Sequence[dict[str, Any]], form: str, *, of_agents: bool) -> None:
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    elif form == "csv" and rows:
        writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    elif not rows:
        click.echo("Nobody called and nobody was logged in.", err=form == "csv")
    elif form == "chart":
        console().print(agent_chart(rows) if of_agents else queue_chart(rows))
    else:
        console().print(_table(rows))


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    names = [name for name in rows[0] if name != "small"]
    table = Table()
    for place, name in enumerate(names):
        table.add_column(_HEADS.get(name, name.replace("_", " ")), no_wrap=place < _NAMES)
    for row in rows:
        table.add_row(*("-" if row[name] is None else _short(row[name]) for name in names))
    return table


def _short(value: Any) -> str:
    """An interval without its zone: German time."""
    text = str(value)
    return text[:16].replace("T", " ") if text[10:11] == "T" else text
