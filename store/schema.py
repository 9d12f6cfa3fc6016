"""The schema's version: brought up to this program's by `upgrade`, checked by `require_current`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, text

from store.errors import SchemaMismatch
from store.foreign_errors import database_errors

#: What the files of the steps are called by: "0001" and so on, the last one is this program's schema.
STEPS: Final = tuple(
    sorted(each.name[1:5] for each in Path(__file__).parent.glob("migrations/versions/v*.py"))
)
#: pg_advisory_lock key of whoever changes the schema: "fernamt" in ASCII, as a number.
_LOCK = int.from_bytes(b"fernamt")
#: How long a second controller waits for the first one's upgrade.
LOCK_WAIT_S = 60
STATEMENT_LIMIT_S = 600


def upgrade(engine: Engine) -> None:
    """Bring the schema to this program's version, all steps in one transaction or none.

    Several programs may call it at once: one works, the others wait at most LOCK_WAIT_S and find it done.
    Raises SchemaMismatch when the schema is newer than this program, else DatabaseError's children.
    """
    with database_errors("bringing the schema up to date"), engine.begin() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT_S}s'"))
        connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_LIMIT_S}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if step_of(connection) == STEPS[-1]:
            return
        _refuse_newer(connection)
        from store.schema_steps import climb  # Alembic takes a tenth of a start: only for those who need it

        climb(connection)


def require_current(engine: Engine) -> None:
    """Raise SchemaMismatch unless the schema is exactly this program's (for programs that only read)."""
    with database_errors("checking the schema's version"), engine.connect() as connection:
        current = step_of(connection)
        if current == STEPS[-1]:
            return
        _refuse_newer(connection)
        raise SchemaMismatch(
            "schema",
            f"the tables are at step {current or 'none'}, this program needs {STEPS[-1]}",
            _next_step(current),
        )


def step_of(connection: Connection) -> str | None:
    """The step that the tables are at; None where there are none of this program's."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _next_step(current: str | None) -> str:
    """`fernamt up` is not what runs where the parts are units of systemd or containers."""
    backup = "Make a backup, then run" if current else "Run"
    return f"{backup} `fernamt database upgrade` (docs/operation.md); `fernamt up` does it at its start"


def _refuse_newer(connection: Connection) -> None:
    current = step_of(connection)
    if current is not None and current not in STEPS:
        raise SchemaMismatch(
            "schema",
            f"the tables are at step {current}, which this program does not know: they are newer",
            "Run the newer program, or restore the backup made before its first start",
        )
