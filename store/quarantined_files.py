"""Record files in quarantine, one by one: looked at, tried again, settled by somebody (guarantee 4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Engine, func, select, update

from store import audit
from store.cdr_repository import QuarantinedFile
from store.errors import RecordRefused
from store.foreign_errors import database_errors
from store.tables import cdr_quarantine

#: Most that are tried again at once.
MAX_FILES: Final = 10_000
_OPEN: Final = cdr_quarantine.c.resolved_at.is_(None)


class QuarantinedFiles:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_numbers(self) -> tuple[int, ...]:
        """Those that nobody has dealt with, the oldest first, at most MAX_FILES."""
        wanted = select(cdr_quarantine.c.id).where(_OPEN).order_by(cdr_quarantine.c.id).limit(MAX_FILES)
        with database_errors("reading the quarantine"), self._engine.connect() as connection:
            return tuple(connection.execute(wanted).scalars())

    def open_one(self, number: int) -> QuarantinedFile:
        """One that nobody has dealt with. Raises RecordRefused when there is none of this number."""
        columns = [cdr_quarantine.c[name] for name in QuarantinedFile.__dataclass_fields__]
        wanted = select(*columns).where(cdr_quarantine.c.id == number, _OPEN)
        with database_errors(f"reading quarantined file {number}"), self._engine.connect() as connection:
            row = connection.execute(wanted).mappings().first()
        if row is None:
            raise _unknown(number)
        return QuarantinedFile(**{**row, "content": bytes(row["content"])})

    def settle(self, number: int, actor: str, action: str, details: Mapping[str, Any]) -> None:
        """Note that one was dealt with, and in the audit by whom. Raises RecordRefused when it was before."""
        change = update(cdr_quarantine).values(resolved_at=func.now())
        change = change.where(cdr_quarantine.c.id == number, _OPEN).returning(cdr_quarantine.c.file_name)
        with database_errors(f"settling quarantined file {number}"), self._engine.begin() as connection:
            name = connection.execute(change).scalar_one_or_none()
            if name is None:
                raise _unknown(number)
            audit.record(
                connection,
                actor=actor,
                action=action,
                object_kind="record_file",
                object_id=str(number),
                details={"file": name, **details},
            )

    def settled(self, names: Collection[str]) -> frozenset[str]:
        """Of these file names those whose every content was dealt with."""
        if not names:
            return frozenset()
        grouped = select(cdr_quarantine.c.file_name).where(cdr_quarantine.c.file_name.in_(names))
        grouped = grouped.group_by(cdr_quarantine.c.file_name)
        done = grouped.having(func.bool_and(cdr_quarantine.c.resolved_at.is_not(None)))
        with database_errors("looking for settled files"), self._engine.connect() as connection:
            return frozenset(connection.execute(done).scalars())


def _unknown(number: int) -> RecordRefused:
    return RecordRefused(
        f"quarantined file {number}",
        "there is none of this number that waits",
        "See `fernamt cdr quarantine list`",
    )
