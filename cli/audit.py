"""`fernamt audit`: who changed, heard or took away what, and when."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import click
from rich.table import Table

from cli.bootstrap import engine
from cli.changes import actor_option
from cli.export_rows import FORMS, export_rows
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import Moment, shown, written
from store.audit import MAX_ENTRIES, AuditEntry, AuditLog, Wanted, write

_NAME: Final = "fernamt audit"
_COLUMNS: Final = ("id", "at", "actor", "action", "object_kind", "object_id", "details")


@click.group()
def audit() -> None:
    """Who changed, heard or took away what, and when. Entries are never changed."""


def _choosing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose entries, and pass them as one value."""

    @functools.wraps(command)
    def with_choice(
        *args: Any, start: datetime | None, end: datetime | None, who: str | None, action: str | None,
        kind: str | None, object_id: str | None, **more: Any,
    ) -> Any:  # fmt: skip
        if start and end and end <= start:
            raise click.BadParameter("--to must lie after --from", param_hint="--to")
        return command(*args, wanted=Wanted(start, end, who, action, kind, object_id), **more)

    options = (
        click.option("--from", "start", type=Moment(), help="First moment, German time."),
        click.option("--to", "end", type=Moment(), help="First moment that is no longer included."),
        click.option("--by", "who", metavar="NAME", help="Only what this account, user or program did."),
        click.option(
            "--action", metavar="WORD", help="Only this one (config.apply), or all of one noun (config)."
        ),
        click.option(
            "--kind", metavar="KIND", help="Only of things of this kind (customer, node, recording)."
        ),
        click.option("--object", "object_id", metavar="ID", help="Only of the thing with this id."),
    )
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), with_choice)


@audit.command(name="list")
@_choosing
@click.option("--limit", type=click.IntRange(1, MAX_ENTRIES), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Callable[[], Settings], wanted: Wanted, limit: int, as_json: bool) -> None:
    """Entries, the newest first.

    \b
    Examples:
      fernamt audit list --action recording --from 2026-11-01
      fernamt audit list --kind customer --object kunde-bau
    """
    found = _log(settings).latest(wanted, limit=limit)
    if as_json:
        click.echo(json.dumps([_plain(each) for each in found], ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("No such entry.")
        return
    table = Table("no.", "when", "who", "did", "to", "details")
    for each in found:
        details = ", ".join(f"{name}: {_short(value)}" for name, value in each.details.items())
        thing = f"{each.object_kind} {each.object_id}"
        table.add_row(str(each.id), shown(each.at), each.actor, each.action, thing, details)
    console().print(table)
    if len(found) == limit:
        click.echo(
            f"There may be more than these {limit}: --limit, --from and --to, or `fernamt audit export`."
        )


@audit.command()
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@click.pass_obj
def show(settings: Callable[[], Settings], number: int) -> None:
    """One entry with all its details, as JSON.

    \b
    Example: fernamt audit show 1204
    """
    found = _log(settings).entry(number)
    if found is None:
        raise click.ClickException(f"there is no entry {number}; numbers are in `fernamt audit list`")
    click.echo(json.dumps(_plain(found), ensure_ascii=False, indent=1))


@audit.command()
@_choosing
@click.option("--format", "form", type=click.Choice(FORMS), default="csv", show_default=True)
@actor_option
@click.pass_obj
def export(settings: Callable[[], Settings], wanted: Wanted, form: str, actor: str) -> None:
    """Write entries to standard output, the oldest first, in constant memory. That it was done is one itself.

    \b
    Example: fernamt audit export --from 2026-01-01 --to 2027-01-01 > audit-2026.csv
    """
    database = engine(effective(settings()), _NAME)
    asked = {name: str(value) for name, value in _asked(wanted).items() if value is not None}
    write(database, actor, "audit.export", "audit", form, asked)
    export_rows(form, _COLUMNS, map(_cells, AuditLog(database).stream(wanted)))


def _log(settings: Callable[[], Settings]) -> AuditLog:
    return AuditLog(engine(effective(settings()), _NAME))


def _asked(wanted: Wanted) -> dict[str, str | None]:
    return {
        "from": written(wanted.start),
        "to": written(wanted.end),
        "by": wanted.actor,
        "action": wanted.action,
        "kind": wanted.object_kind,
        "object": wanted.object_id,
    }


def _plain(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": written(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "object_kind": entry.object_kind,
        "object_id": entry.object_id,
        "details": entry.details,
    }


def _cells(entry: AuditEntry) -> dict[str, Any]:
    return {**_plain(entry), "details": json.dumps(entry.details, ensure_ascii=False, sort_keys=True)}


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"
