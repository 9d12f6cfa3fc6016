"""Which customers were told that some of their phones reach no emergency service, and when (B9).

Kept in the audit: it cannot be changed, so it shows years later that a customer was told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import DateTime, Engine, func, select

from store import applied_parts, audit
from store.errors import CustomerUnknown
from store.foreign_errors import database_errors
from store.tables import audit as entries

ACTION: Final = "emergency.remind"
KIND: Final = "emergency-reminder"


class EmergencyReminders:
    """Both methods raise DatabaseError's children. Moments have a zone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def told(self, customer_id: str, at: datetime, actor: str, how: str, phones: Sequence[str]) -> None:
        """Record that a customer was told at `at`, how, and about which phones. Raises CustomerUnknown."""
        details = {"told": at.isoformat(), "how": how, "phones": list(phones)}
        with database_errors(f"recording a reminder of {customer_id}"), self._engine.begin() as connection:
            if applied_parts.customer(connection, customer_id) is None:
                raise CustomerUnknown(
                    f"customer {customer_id}",
                    "the applied configuration has no such customer",
                    "See `fernamt customer list`; new ones come with `fernamt config apply`",
                )
            audit.record(
                connection,
                actor=actor,
                action=ACTION,
                object_kind=KIND,
                object_id=customer_id,
                details=details,
            )

    def last(self) -> dict[str, datetime]:
        """When each customer was told last."""
        told = func.max(entries.c.details["told"].astext.cast(DateTime(timezone=True)))
        query = select(entries.c.object_id, told).where(entries.c.object_kind == KIND)
        query = query.where(entries.c.action == ACTION).group_by(entries.c.object_id)
        with database_errors("reading reminders"), self._engine.connect() as connection:
            return {customer_id: last.astimezone(UTC) for customer_id, last in connection.execute(query)}
