"""Whether the database has room for rows."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Engine, text

from store.foreign_errors import database_errors

#: Some pages of a table that nobody else sees, and that is gone with its transaction: a file has to grow.
_GROW: Final = text(
    "CREATE TEMPORARY TABLE fernamt_room ON COMMIT DROP AS SELECT generate_series(1, 5000) AS number"
)


def require_room(engine: Engine) -> None:
    """Raises DatabaseFull where its disk takes nothing more, DatabaseUnavailable at a standby."""
    with database_errors("growing a table"), engine.connect() as connection:
        connection.execute(_GROW)
        connection.rollback()
