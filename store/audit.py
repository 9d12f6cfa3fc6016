"""The audit: who changed what and when. Append-only; the database refuses everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Interval, func, insert, select, text, type_coerce

from store.foreign_errors import database_errors
from store.tables import audit

#: Most entries read at once.
MAX_ENTRIES: Final = 10_000
#: Rows that the server sends at a time, and how long a reader of a stream may take for all.
_STREAM_ROWS: Final = 1_000
_STREAM_LIMIT_S: Final = 300


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change. `action` is a verb with its noun ("config.apply"); `at` is UTC."""

    id: int
    at: datetime
    actor: str
    action: str
    object_kind: str
    object_id: str
    details: dict[str, Any]


def record(
    connection: Connection,
    *,
    actor: str,
    action: str,
    object_kind: str,
    object_id: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write an entry in the caller's transaction: the change and its entry are there together or not at all.

    `details` is JSON without secrets. Errors are the caller's to map (`database_errors`).
    """
    connection.execute(
        insert(audit).values(
            actor=actor,
            action=action,
            object_kind=object_kind,
            object_id=object_id,
            details=dict(details or {}),
        )
    )


def write(
    engine: Engine, actor: str, action: str, object_kind: str, object_id: str, details: Mapping[str, Any]
) -> None:
    """An entry for a change that is kept elsewhere than in the database. Raises DatabaseError's children."""
    with database_errors(f"audit of {action}"), engine.begin() as connection:
        record(
            connection,
            actor=actor,
            action=action,
            object_kind=object_kind,
            object_id=object_id,
            details=details,
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; None: any. From `start` until before `end`, aware. `action`: a whole one (config.apply)
    or the word before its full stop (config)."""

    start: datetime | None = None
    end: datetime | None = None
    actor: str | None = None
    action: str | None = None
    object_kind: str | None = None
    object_id: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """For the table `audit`."""
        found = [
            column == value
            for column, value in (
                (audit.c.actor, self.actor),
                (audit.c.object_kind, self.object_kind),
                (audit.c.object_id, self.object_id),
            )
            if value is not None
        ]
        if self.start is not None:
            found.append(audit.c.at >= self.start)
        if self.end is not None:
            found.append(audit.c.at < self.end)
        if self.action is not None:
            whole = audit.c.action == self.action
            found.append(whole | audit.c.action.startswith(f"{self.action}.", autoescape=True))
        return found


class AuditLog:
    """Reading it. All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def latest(
        self, wanted: Wanted | None = None, *, object_kind: str | None = None, object_id: str | None = None,
        limit: int = 100,
    ) -> tuple[AuditEntry, ...]:  # fmt: skip
        """The newest entries first, at most `limit` (1 to MAX_ENTRIES)."""
        asked = wanted or Wanted(object_kind=object_kind, object_id=object_id)
        query = select(audit).where(*asked.conditions()).order_by(audit.c.id.desc())
        with database_errors("reading the audit"), self._engine.connect() as connection:
            rows = connection.execute(query.limit(max(1, min(limit, MAX_ENTRIES)))).mappings()
            return tuple(AuditEntry(**row) for row in rows)

    def entry(self, number: int) -> AuditEntry | None:
        """One, by its id."""
        with database_errors("reading the audit"), self._engine.connect() as connection:
            row = connection.execute(select(audit).where(audit.c.id == number)).mappings().first()
        return AuditEntry(**row) if row else None

    def age(self, action: str, object_kind: str) -> timedelta | None:
        """How long ago this was last done to any such thing, by the database's clock; None: in no entry."""
        newest = select(func.max(audit.c.at)).where(
            audit.c.object_kind == object_kind, audit.c.action == action
        )
        query = select(type_coerce(func.now() - newest.scalar_subquery(), Interval()))
        with database_errors("reading the audit"), self._engine.connect() as connection:
            found = connection.scalar(query)
        return max(found, timedelta()) if found is not None else None

    def stream(self, wanted: Wanted) -> Iterator[AuditEntry]:
        """The oldest first, in constant memory and one snapshot. Holds a connection until its end or closed;
        a reader that pauses longer than 300 s loses it."""
        query = select(audit).where(*wanted.conditions()).order_by(audit.c.id)
        with database_errors("streaming the audit"), self._engine.connect() as connection:
            for setting in ("statement_timeout", "idle_in_transaction_session_timeout"):
                connection.execute(text(f"SET LOCAL {setting} = '{_STREAM_LIMIT_S}s'"))
            result = connection.execution_options(yield_per=_STREAM_ROWS).execute(query)
            for row in result.mappings():
                yield AuditEntry(**row)
