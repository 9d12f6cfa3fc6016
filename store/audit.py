"""The audit: who changed what and when. Append-only; the database refuses everything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, select

from store.foreign_errors import database_errors
from store.tables import audit

#: Most entries read at once.
MAX_ENTRIES: Final = 10_000


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


class AuditLog:
    """Reading it. All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def latest(
        self, *, object_kind: str | None = None, object_id: str | None = None, limit: int = 100
    ) -> tuple[AuditEntry, ...]:
        """The newest entries first, at most `limit` (1 to MAX_ENTRIES)."""
        wanted = select(audit).order_by(audit.c.id.desc()).limit(max(1, min(limit, MAX_ENTRIES)))
        if object_kind is not None:
            wanted = wanted.where(audit.c.object_kind == object_kind)
        if object_id is not None:
            wanted = wanted.where(audit.c.object_id == object_id)
        with database_errors("reading the audit"), self._engine.connect() as connection:
            return tuple(AuditEntry(**row) for row in connection.execute(wanted).mappings())
