"""The schema's version: brought up to this program's by `upgrade`, checked by `require_current`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from store.errors import SchemaMismatch
from store.foreign_errors import database_errors

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
        config = _config()
        _refuse_newer(connection, ScriptDirectory.from_config(config))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_current(engine: Engine) -> None:
    """Raise SchemaMismatch unless the schema is exactly this program's (for programs that only read)."""
    with database_errors("checking the schema's version"), engine.connect() as connection:
        script = ScriptDirectory.from_config(_config())
        _refuse_newer(connection, script)
        current = MigrationContext.configure(connection).get_current_revision()
        if current != script.get_current_head():
            raise SchemaMismatch(
                "schema",
                f"the tables are at step {current or 'none'}, this program needs {script.get_current_head()}",
                _next_step(current),
            )


def _next_step(current: str | None) -> str:
    """`fernamt up` is not what runs where the parts are units of systemd or containers."""
    backup = "Make a backup, then run" if current else "Run"
    return f"{backup} `fernamt database upgrade` (docs/operation.md); `fernamt up` does it at its start"


def _config() -> Config:
    config = Config()
    folder = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _refuse_newer(connection: Connection, script: ScriptDirectory) -> None:
    known = {revision.revision for revision in script.walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise SchemaMismatch(
            "schema",
            f"the tables are at step {current}, which this program does not know: they are newer",
            "Run the newer program, or restore the backup made before its first start",
        )
