"""`fernamt cdr quarantine`: record files that could not be read or stored, until somebody settles each."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Final

import click
from rich.table import Table

from cli.bootstrap import engine
from cli.changes import changing
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import shown, written
from dialplan.cdr import RecordUnreadable
from freeswitch.json_cdr import parse
from freeswitch.spool import Spool
from store.cdr_records import LegWithRaw
from store.cdr_repository import CdrRepository, QuarantinedFile
from store.quarantined_files import MAX_FILES, QuarantinedFiles

_NAME: Final = "fernamt cdr"
#: Bytes of a file that are shown to people.
_SHOWN: Final = 2_000


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="For programs: the list.")
@click.pass_context
def quarantine(ctx: click.Context, as_json: bool) -> None:
    """Records that could not be read or stored, with the reason. They are never dropped.

    Without a command it is the list.
    """
    if ctx.invoked_subcommand is None:
        _show_list(ctx.obj, as_json, 100)


@quarantine.command(name="list")
@click.option("--limit", type=click.IntRange(1, MAX_FILES), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Callable[[], Settings], limit: int, as_json: bool) -> None:
    """What nobody has settled yet and why it is there, the oldest first."""
    _show_list(settings, as_json, limit)


def _show_list(settings: Callable[[], Settings], as_json: bool, limit: int) -> None:
    found = CdrRepository(engine(effective(settings()), _NAME)).open_quarantine(limit)
    if as_json:
        shown_files = [
            {
                "id": each.id,
                "file": each.file_name,
                "received_at": written(each.received_at),
                "reason_id": each.reason_id,
                "sentence": each.sentence,
                "bytes": each.full_size_bytes,
            }
            for each in found
        ]
        click.echo(json.dumps(shown_files, ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("The quarantine is empty.")
        return
    table = Table("id", "file", "received", "reason", "what is wrong")
    for each in found:
        table.add_row(str(each.id), each.file_name, shown(each.received_at), each.reason_id, each.sentence)
    console().print(table)


@quarantine.command()
@click.argument("number", metavar="ID", type=click.IntRange(min=1))
@click.option("--raw", is_flag=True, help="The bytes that are kept, as they are.")
@click.pass_obj
def show(settings: Callable[[], Settings], number: int, raw: bool) -> None:
    """One file: what is wrong with it, and its beginning.

    \b
    Example: fernamt cdr quarantine show 3
             fernamt cdr quarantine show 3 --raw > broken.json
    """
    found = QuarantinedFiles(engine(effective(settings()), _NAME)).open_one(number)
    if raw:
        click.echo(found.content, nl=False)
        return
    click.echo(f"{found.file_name}, received {shown(found.received_at)}, {found.full_size_bytes} bytes")
    click.echo(f"{found.reason_id}: {found.sentence}")
    text = found.content[:_SHOWN].decode("utf-8", "replace")
    click.echo("".join(each if each.isprintable() or each == "\n" else "�" for each in text))


@quarantine.command()
@click.argument("numbers", metavar="[ID]...", nargs=-1, type=click.IntRange(min=1))
@click.option("--all", "everything", is_flag=True, help="All that wait.")
@changing()
def retry(
    settings: Callable[[], Settings], numbers: tuple[int, ...], everything: bool, at: datetime, actor: str,
    reason: str,
) -> None:  # fmt: skip
    """Read files again, with a program or tables that were mended. Exits with 1 when one still waits.

    What becomes a record is one, once, and is settled. Of a file above 1 MiB the rest lies below `quarantine`
    of the spool: do it on the node that has it.

    \b
    Example: fernamt cdr quarantine retry 3 4
             fernamt cdr quarantine retry --all --reason "release 1.4 reads them"
    """
    if bool(numbers) == everything:
        raise click.UsageError("give the ids of `fernamt cdr quarantine list`, or --all")
    known = effective(settings())
    database = engine(known, _NAME)
    files, repository, spool = QuarantinedFiles(database), CdrRepository(database), Spool(known.node.cdr_dir)
    waiting = 0
    for number in numbers or files.open_numbers():
        file = files.open_one(number)
        leg_id, why = _taken_in(file, repository, spool)
        waiting += bool(why)
        if not why:
            files.settle(number, actor, "cdr.retry", {"leg": leg_id, "reason": reason})
        click.echo(f"{number}: {why or f'leg {leg_id} is taken in'}")
    if waiting:
        raise SystemExit(1)


def _taken_in(file: QuarantinedFile, repository: CdrRepository, spool: Spool) -> tuple[str, str]:
    """The leg that it became, and why it became none."""
    content = file.content
    if file.full_size_bytes > len(content):
        whole = spool.read_aside(file.file_name)
        if whole is None or not whole.startswith(content):
            return "", f"the database has the first {len(content)} bytes, and the file is not on this node"
        content = whole
    try:
        leg = parse(content)
    except RecordUnreadable as problem:
        return "", f"{problem.reason_id}: {problem}"
    refused = repository.insert_legs([LegWithRaw(leg, content)]).refused
    return leg.leg_id, str(refused[0][1]) if refused else ""


@quarantine.command()
@click.argument("number", metavar="ID", type=click.IntRange(min=1))
@changing(reason_required=True)
def settle(settings: Callable[[], Settings], number: int, at: datetime, actor: str, reason: str) -> None:
    """Say that a file is dealt with: it can never be read, or was entered by hand.

    No bill has its call. The file below `quarantine` of the spool is deleted within a minute where an intake
    runs, what the database has of it after seven days; the audit keeps your name and reason.

    \b
    Example: fernamt cdr quarantine settle 3 --reason "half a record of a node that died, ticket 4711"
    """
    files = QuarantinedFiles(engine(effective(settings()), _NAME))
    files.settle(number, actor, "cdr.settle", {"reason": reason})
    click.echo(f"{number} is settled.")
