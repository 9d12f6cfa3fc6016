"""`fernamt backup`: the database, saved while calls go on, and brought back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import click
from rich.table import Table
from sqlalchemy import Engine

from cli.accounts import account
from cli.auditing import entries, entry_first
from cli.bootstrap import engine, now, server_url
from cli.changes import actor_option, changing
from cli.layout import effective, run_settings_path
from cli.settings import ServerEntry, Settings
from cli.terminal import console
from cli.times import Moment
from cli.wiring.backup_age import DONE
from store.audit import write
from store.backup import Backup, backups_in, check, create, mark_restored, restore
from store.embedded import EmbeddedPostgres
from store.invoice_numbers import InvoiceNumbers
from store.schema import upgrade
from store.tables import MAX_TEXT
from store.work_days import clocks, debits_unconfirmed

#: What a restore brings back that was over, and what it forgets (docs/operation.md).
_BEFORE: Final = """What happened after {made_at} is not in it.
Nothing is deleted, issued or debited until you confirm it:
docs/operation.md, "After a restore", in this order:
  1. What must be kept or stopped, and is forgotten: the configuration (fernamt config apply), blocks of
     customers and numbers, tokens that were revoked (fernamt user token revoke), holds and orders (fernamt
     privacy hold open), objections (fernamt invoice object), what was erased by request since.
  2. The programs: controllers one after the other, guard, intake, rating; fernamt-web last.
  3. fernamt invoice pass-over NUMBER --reason ...
     With the last number that any customer has, of invoices and of credit notes: the same numbers would be
     given again.
  4. Were invoices issued since: fernamt backup confirm --but-debits --reason ...
     They are lost, and are issued anew.
  5. Day by day, as it was:
     fernamt sepa withdraw, what was withdrawn; fernamt sepa import, what the bank said; fernamt invoice
     issue, what was issued; fernamt sepa adopt FILE, every file of debits (pain.008) that was made: it would
     be debited again.
  6. fernamt backup confirm --reason ...
  7. fernamt privacy run
     What was deleted since is there again.
"""


@click.group()
def backup() -> None:
    """The database, saved while calls go on, and brought back.

    \b
    Keep beside it what does not come out of the database:
      the settings, and the files and the environment that secrets are in
      the files of the carrier; certificate and key of `node.tls`
      of the state directory: `mailbox.key` (without it nobody can hear messages and recordings again),
      `secrets`, `sounds` with what customers recorded, `emergency`
      the spool of call records with its `quarantine`
    """


@backup.command(name="create")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--keep", type=click.IntRange(1, 10_000), help="Remove older ones of DIRECTORY beyond this number."
)
@click.option("--json", "as_json", is_flag=True, help="The manifest for programs.")
@click.option("--actor", metavar="NAME", default=account, help="Who does it. Default: your account.")
@click.pass_obj
def create_command(
    settings: Callable[[], Settings], directory: Path, keep: int | None, as_json: bool, actor: str
) -> None:
    """Save the database into a new directory below DIRECTORY.

    It gets its name when it is whole and on disk. Run it daily (deploy/fernamt-backup.timer):

    \b
      fernamt backup create /var/backups/fernamt --keep 14
    """
    known = effective(settings())
    click.echo("saving the database; calls go on", err=True)
    database = engine(known, "fernamt backup")
    note = entries(database, actor, DONE[1], str(directory.absolute())[-MAX_TEXT:])
    with entry_first(note, "backup.create", {}):
        made = create(database, _url(known), directory, now(), f"fernamt {version('fernamt')}")
    note(DONE[0], {"name": made.path.name, "sha256": made.manifest.sha256})
    removed = backups_in(directory)[keep:] if keep else ()
    for old in removed:
        shutil.rmtree(old)
    if as_json:
        click.echo(json.dumps({"path": str(made.path), **asdict(made.manifest)}))
        return
    _tell(made)
    if removed:
        click.echo(f"removed {len(removed)} older ones")


@backup.command(name="list")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False, exists=True))
def list_command(directory: Path) -> None:
    """The backups of DIRECTORY, newest first, each read whole and compared with its checksum."""
    table = Table("backup", "made (UTC)", "schema", "rows", "MB", box=None)
    for path in backups_in(directory):
        m = check(path).manifest
        table.add_row(path.name, m.made_at, m.schema, f"{sum(m.rows.values()):,}", f"{m.bytes / 1e6:,.1f}")
    console().print(table)


@backup.command(name="check")
@click.argument("path", type=click.Path(path_type=Path, file_okay=False))
def check_command(path: Path) -> None:
    """Whether the backup at PATH is whole."""
    _tell(check(path))


@backup.command(name="restore")
@click.argument("path", type=click.Path(path_type=Path, file_okay=False))
@click.option("--actor", metavar="NAME", default=account, help="Who does it. Default: your account.")
@click.pass_obj
def restore_command(settings: Callable[[], Settings], path: Path, actor: str) -> None:
    """Fill the empty database of the settings from the backup at PATH.

    It refuses a database that holds anything, and one that our programs use. What was filled is marked as
    restored, also where something fails after that: empty it, or mend that and `fernamt database upgrade`.
    Calls go on meanwhile when it is a database of another name: make it, name it in a copy of the settings,
    restore with that, enter what is forgotten, then restart one program after the other with it. With
    `fernamt up` and its own server stop that, move the old state directory, restore, start again.

    \b
      fernamt backup restore /var/backups/fernamt/fernamt-2026-11-22T03-00-00Z
    """
    known = settings()
    with _database(known) as (database, url):
        click.echo("restoring; this takes about as long as saving did", err=True)
        found = restore(database, url, path, actor)
        upgrade(database)
        latest = InvoiceNumbers(database).latest()
        database.dispose()
    _tell(found)
    click.echo("restored; `fernamt up` goes on from there, CDRs in the spool are taken in then")
    click.echo(_BEFORE.format(made_at=found.manifest.made_at), nl=False)
    for each in latest:
        click.echo(f"     it knows {each.kind.replace('_', ' ')}s up to {each.number} (of {each.issued_on})")


@backup.command(name="restored")
@click.option(
    "--made-at",
    type=Moment(),
    required=True,
    help="When the backup was begun, German time.",
)
@actor_option
@click.pass_obj
def restored_command(settings: Callable[[], Settings], made_at: datetime, actor: str) -> None:
    """Say that the database was filled by other means than `backup restore`, such as `pg_restore`.

    It cannot know that by itself: without this it deletes by age and debits as if nothing had happened since.
    Before any program uses it, also before `database upgrade`. Nothing is deleted, issued or debited then
    until `backup confirm`.

    \b
    Example: fernamt backup restored --made-at 2026-11-22T03:00
    """
    if made_at > now():
        raise click.BadParameter("lies in the future", param_hint="--made-at")
    database = engine(effective(settings()), "fernamt backup")
    made = made_at.isoformat(timespec="seconds")
    mark_restored(database, actor, made, {"made_at": made})
    click.echo("marked as restored")
    click.echo(_BEFORE.format(made_at=made), nl=False)


@backup.command(name="confirm")
@click.option("--but-debits", is_flag=True, help="Debits are not known yet: `sepa export` waits further.")
@changing(reason_required=True, with_time=False)
def confirm_command(settings: Callable[[], Settings], but_debits: bool, actor: str, reason: str) -> None:
    """Say that a database that was restored knows again what it must: holds, debits, numbers.

    Until then nothing is deleted by age and no invoice or debit is made. `backup restore` says what comes
    before, docs/operation.md says why. Where invoices were lost, first with --but-debits: they are issued
    anew before the files that debited them are adopted.

    \b
    Examples:
      fernamt backup confirm --but-debits --reason "holds and numbers entered by anna"
      fernamt backup confirm --reason "holds, files of debits and numbers entered by anna and otto"
    """
    database = engine(effective(settings()), "fernamt backup")
    made_at = clocks(database, now()).restored if but_debits else debits_unconfirmed(database)
    if not made_at:
        click.echo("nothing waits for it: the database was not restored, or that is confirmed")
        return
    left = {"debits_since": made_at} if but_debits else {}
    write(database, actor, "backup.confirm", "backup", made_at, {"reason": reason, **left})
    said = "deletion and invoices go on, debits wait" if but_debits else "deletion, invoices and debits go on"
    click.echo(f"the restore of the backup of {made_at} is confirmed: {said}")


@contextmanager
def _database(settings: Settings) -> Iterator[tuple[Engine, str]]:
    """The server of the settings; the embedded one is started for as long as it is needed."""
    if settings.database is not None or run_settings_path(settings.state_dir).exists():
        known = effective(settings)
        yield engine(known, "fernamt restore"), _url(known)
        return
    settings.state_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
    server = EmbeddedPostgres(settings.state_dir)
    url = server.start()
    try:
        known = settings.model_copy(update={"database": ServerEntry(url=url, password=None)})
        yield engine(known, "fernamt restore"), url
    finally:
        server.stop()


def _url(settings: Settings) -> str:
    return server_url(settings, settings.database, "PostgreSQL")


def _tell(found: Backup) -> None:
    m = found.manifest
    click.echo(
        f"{found.path}: {sum(m.rows.values()):,} rows of {len(m.rows)} tables, {m.bytes / 1e6:,.1f} MB,"
    )
    click.echo(f"  made {m.made_at} by {m.program}, schema {m.schema}, PostgreSQL {m.postgres}; whole")
