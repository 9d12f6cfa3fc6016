"""`fernamt database`: the schema's version."""

from __future__ import annotations

from collections.abc import Callable

import click

from cli.bootstrap import engine
from cli.layout import effective
from cli.settings import Settings
from store.schema import require_current, upgrade


@click.group()
def database() -> None:
    """The database's schema. `fernamt up` keeps it current by itself; installations of single parts do this:

    \b
      fernamt backup create /var/backups/fernamt && fernamt database upgrade
    """


@database.command(name="upgrade")
@click.pass_obj
def upgrade_command(settings: Callable[[], Settings]) -> None:
    """Bring the schema to this program's version: all steps or none.

    Calls go on: controllers do not use the database for them. Intake and rating of the older version stop
    with a clear message if the new schema is not theirs any more; nothing is lost meanwhile, records wait in
    the spool.
    """
    upgrade(engine(effective(settings()), "fernamt upgrade"))
    click.echo("the schema is current")


@database.command(name="check")
@click.pass_obj
def check_command(settings: Callable[[], Settings]) -> None:
    """Whether the schema is exactly this program's; exit status 1 and the next step when it is not."""
    require_current(engine(effective(settings()), "fernamt check"))
    click.echo("the schema is current")
