"""`fernamt cdr respool`: records that a database has, as the files that they were taken from."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import click
from sqlalchemy import Engine

from cli.bootstrap import engine
from cli.changes import actor_option
from cli.errors import ProgramError
from cli.layout import effective
from cli.settings import Settings
from cli.times import Moment, shown, written
from freeswitch.private_files import make_folder, replace_private
from freeswitch.spool import SUFFIX
from store.audit import write
from store.backup import check
from store.cdr_repository import CdrRepository
from store.tables import MAX_TEXT
from store.using import using

#: A record may get its time before a backup begins and be committed behind it; and the machine that made the
#: backup may have another clock than the database. What is known already is taken in once.
_EARLIER: Final = timedelta(hours=1)
#: Names of files for ids as FreeSWITCH makes them; others get their hash.
_PLAIN: Final = re.compile(r"[A-Za-z0-9-]{1,64}\Z", re.ASCII)


class IntakeRuns(ProgramError):
    """Records would still be stored into the database that is left. Nothing was written."""

    id = "program.intake-runs"


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--backup",
    "saved",
    metavar="PATH",
    type=click.Path(path_type=Path, file_okay=False),
    help="What came in since this backup was made.",
)
@click.option("--since", type=Moment(), help="What came in since then, German time.")
@actor_option
@click.pass_obj
def respool(
    settings: Callable[[], Settings], directory: Path, saved: Path | None, since: datetime | None, actor: str
) -> None:
    """Write the records that the database took in since a time into DIRECTORY, as FreeSWITCH wrote them.

    For going back to an older database without losing calls: the intake removed the files long ago. No
    record is changed; run it with settings that name the newer database. When the older one is in
    force, move the files into the spool, and the intake takes each in once. An hour more is written than
    told, for what was on its way; an intake knows what it has already. It refuses while an intake is
    connected, of whichever site: that one would go on storing into the database that is left.

    DIRECTORY is a new one, outside of the spool, with room for about 60 KB each. Delete what is left of it
    afterwards: it tells who called whom.

    \b
    Example: fernamt cdr respool --backup /var/backups/fernamt/fernamt-2026-11-22T03-00-00Z \\
               /var/backups/fernamt/respool
    """
    begin = _begin(saved, since)
    known = effective(settings())
    spool, target = known.node.cdr_dir.resolve(), directory.resolve()
    if target.is_relative_to(spool):
        raise click.BadParameter(
            f"the intake of the newer database would take the files away again: name one outside of {spool}",
            param_hint="DIRECTORY",
        )
    if target.is_dir() and any(target.iterdir()):
        raise click.BadParameter("it is not empty: name a new one", param_hint="DIRECTORY")
    database = engine(known, "fernamt cdr")
    _require_no_intake(database)
    details = {"since": written(begin), "directory": str(target)[-MAX_TEXT:]}
    write(database, actor, "cdr.respool", "cdr", "all", details)
    make_folder(target, 0o700)
    records = octets = 0
    for leg_id, raw in CdrRepository(database).originals(begin - _EARLIER):
        name = leg_id if _PLAIN.match(leg_id) else sha256(leg_id.encode()).hexdigest()
        replace_private(target / f"{name}{SUFFIX}", raw)
        records, octets = records + 1, octets + len(raw)
    click.echo(
        f"{directory}: {records:,} records, {octets / 1e6:,.1f} MB, taken in since {shown(begin)} and in the"
        " hour before"
    )


def _require_no_intake(database: Engine) -> None:
    found = using(database, "fernamt intake")
    if found:
        where = ", ".join(f"{each.connections} from {each.place}" for each in found)
        raise IntakeRuns(
            f"an intake uses the database (connections: {where}): what it stores from now on would not be "
            "among the records, and their files are gone. Stop fernamt-intake on every machine of "
            "every site and try again; records wait on disk"
        )


def _begin(saved: Path | None, since: datetime | None) -> datetime:
    """Raises BackupDamaged."""
    if saved is None and since is not None:
        return since
    if saved is not None and since is None:
        return datetime.fromisoformat(check(saved).manifest.made_at)
    raise click.UsageError("give one of --backup and --since")
