"""Entries in the audit of what is done outside the database: they come first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import click
from sqlalchemy import Engine

from cli.bootstrap import audited
from cli.errors import NotAudited, NotRunning, UnsafePassword
from cli.settings import Settings
from store import audit
from store.errors import StoreError

#: Writes an entry: action, details.
Write = Callable[[str, Mapping[str, Any]], None]
_MOST: Final = 500

even_unaudited = click.option(
    "--even-unaudited", is_flag=True, help="Also while the audit cannot be written: the database is away."
)


@contextmanager
def entry_first(write: Write, action: str, details: Mapping[str, Any]) -> Iterator[None]:
    """Around what is done: what cannot be written down is not done. What fails then gets a second entry,
    ACTION.failed, that says why; where that one cannot be written, the first stays alone and it is told."""
    write(action, details)
    try:
        yield
    except Exception as error:
        try:
            write(f"{action}.failed", {**details, "why": str(error)[:_MOST]})
        except (NotAudited, StoreError) as away:
            click.echo(f"The audit has the beginning of {action} and not that it failed: {away}", err=True)
        raise


def entries(database: Engine, actor: str, kind: str, object_id: str) -> Write:
    """About the thing of this kind and id. They raise DatabaseError's children."""
    return lambda action, details: audit.write(database, actor, action, kind, object_id, details)


def writer(settings: Settings, actor: str, about: tuple[str, str], *, even_unaudited: bool = False) -> Write:
    """`about`: kind and id of what the entries are about. They raise NotAudited; with `even_unaudited` they
    are told to the caller instead, who writes them down."""
    kind, object_id = about

    def write(action: str, details: Mapping[str, Any]) -> None:
        try:
            audited(settings, actor, action, kind, object_id, details)
        except (NotRunning, UnsafePassword, StoreError) as error:
            if not even_unaudited:
                raise NotAudited(
                    f"nothing was done to {object_id}, because the audit has no entry of it: {error}; when "
                    "it cannot wait: --even-unaudited"
                ) from error
            click.echo(
                f"The audit has no entry, write it down: {actor}, {action} {object_id} ({error})", err=True
            )

    return write
