"""Commands that book money: not begun while nobody could tell whether they are done, which is told else."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import click
from sqlalchemy import Engine, event

from cli.bootstrap import engine, now
from cli.errors import CommitsWait, PerhapsDone
from cli.layout import effective
from cli.wiring.trusted_clock import refuse_debits, refuse_unconfirmed
from store.errors import DatabaseTimeout, DatabaseUnavailable
from store.standby import standbys

_Command = Callable[..., Any]
#: Where the two pages are.
_PAGE: Final = "docs/operation.md"


def booking(look: str, *, anew: bool = False, debits: bool = False) -> Callable[[_Command], _Command]:
    """Around a command; the innermost of its decorators. `look` says where one sees whether it is done; with
    `anew` it makes what a database that was lost may have made already, with `debits` it makes these.

    Raises CommitsWait and RestoreOpen before anything is done (a dry run does nothing), PerhapsDone when a
    commit was sent and its answer did not come.
    """

    def decorate(command: _Command) -> _Command:
        @functools.wraps(command)
        def wrapped(*arguments: Any, **options: Any) -> Any:
            if options.get("dry_run"):
                return command(*arguments, **options)
            _refuse(anew=anew, debits=debits)
            with answered(look):
                return command(*arguments, **options)

        return wrapped

    return decorate


def _refuse(*, anew: bool, debits: bool) -> None:
    database = engine(effective(click.get_current_context().obj()), "fernamt money")
    try:
        seen = standbys(database)
        if seen.stuck:
            raise CommitsWait(
                f"nothing was done: every commit waits for a standby ({seen.named}), and none is there. "
                f'Bring it back, or go on without: {_PAGE}, "When PostgreSQL\'s primary is lost"'
            )
        if anew:
            refuse_unconfirmed(database, now())
        if debits:
            refuse_debits(database)
    finally:
        database.dispose()


@contextmanager
def answered(look: str) -> Iterator[None]:
    """Raise PerhapsDone for a commit in here whose answer is lost, as when the standby goes away."""
    asked = False

    def sent(_: object) -> None:
        nonlocal asked
        asked = True

    event.listen(Engine, "commit", sent)
    try:
        yield
    except (DatabaseUnavailable, DatabaseTimeout, KeyboardInterrupt) as error:
        if not asked:
            raise
        why = str(error) or "it was interrupted"
        raise PerhapsDone(
            f"it may be done, or be done later by itself: the database's answer is missing ({why}). Before "
            f"you do it again look at {look}"
        ) from None
    finally:
        event.remove(Engine, "commit", sent)
