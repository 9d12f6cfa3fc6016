"""Backups of the database: made while everything runs, checked, restored into an empty database.

A backup is a directory of two files:

    database.dump   pg_dump's custom format, compressed
    manifest.json   when, of which program and schema, the dump's SHA-256, the rows of every table

Dump and row counts are of one snapshot of the database, so a restored one can be compared row count by row
count. The directory gets its name when it is whole: what has a name is a backup.

Not in it, because it does not come out of the database: settings and secrets, the key of mailbox messages
and recordings, and what waits on disk for the database (CDR spool, emergency attempts).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, text

from store import audit
from store.database import database_url
from store.embedded.programs import postgres_client
from store.errors import BackupDamaged, BackupFailed, DatabaseInUse
from store.foreign_errors import database_errors
from store.schema import step_of
from store.tables import MAX_TEXT

_DUMP: Final = "database.dump"
_MANIFEST: Final = "manifest.json"
_PREFIX: Final = "fernamt-"
#: Counting rows and dumping them take as long as they take; a stuck server ends after this.
_LONGEST_S: Final = 12 * 3600
#: What PostgreSQL's programs said, as far as a message shows it.
_SAID: Final = 500


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `rows` by table; `made_at` is UTC in ISO 8601; `schema` is Alembic's step."""

    made_at: str
    program: str
    schema: str
    postgres: int
    sha256: str
    bytes: int
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is whole."""

    path: Path
    manifest: Manifest


def create(engine: Engine, url: str, parent: Path, made_at: datetime, program: str) -> Backup:
    """Make `parent`/fernamt-TIME. Calls go on meanwhile; the schema cannot be changed.

    Raises BackupFailed, OSError for the disk, DatabaseError's children. Nothing is left of a failed one.
    """
    parent.mkdir(parents=True, exist_ok=True)
    target = parent / f"{_PREFIX}{made_at:%Y-%m-%dT%H-%M-%SZ}"
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=parent))
    try:
        with database_errors("backup"), engine.connect() as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            rows = _rows(connection)
            schema = step_of(connection) or "none"
            major = _major(connection)
            dump = draft / _DUMP
            words = ["--format=custom", "--compress=6", f"--snapshot={snapshot}", f"--file={dump}"]
            _run("pg_dump", major, url, words, place=str(target))
        manifest = Manifest(
            made_at.isoformat(timespec="seconds"),
            program,
            schema,
            major,
            _sha256(dump),
            dump.stat().st_size,
            rows,
        )
        (draft / _MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
        _to_disk(draft)
        if target.exists():
            raise BackupFailed(str(target), "there is a backup of this second already", "Try again")
        draft.rename(target)
        _to_disk(parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Backup(target, manifest)


def check(path: Path) -> Backup:
    """The backup, when its files are those that were written. Raises BackupDamaged."""
    next_step = "Take another backup; `fernamt backup list` shows those of a directory"
    try:
        tree = json.loads((path / _MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**tree)
        found = _sha256(path / _DUMP)
    except (OSError, ValueError, TypeError) as error:
        raise BackupDamaged(str(path), f"it is no whole backup: {error}", next_step) from error
    if found != manifest.sha256:
        raise BackupDamaged(str(path / _DUMP), "it was changed after it was written", next_step)
    return Backup(path, manifest)


def backups_in(parent: Path) -> tuple[Path, ...]:
    """The backups of a directory, newest first; they are not checked."""
    return tuple(sorted((each.parent for each in parent.glob(f"{_PREFIX}*/{_MANIFEST}")), reverse=True))


def mark_restored(engine: Engine, actor: str, name: str, details: Mapping[str, str]) -> None:
    """Say that the database was filled from the backup `name`; `details` has at least `made_at`, UTC in
    ISO 8601. `store.work_days.clocks` tells of it until `backup.confirm`. Raises DatabaseError's children."""
    audit.write(engine, actor, "backup.restore", "backup", name[-MAX_TEXT:], details)


def restore(engine: Engine, url: str, path: Path, actor: str) -> Backup:
    """Fill an empty database from a checked backup: all of it or, when that fails, nothing.

    A database that was filled is marked first of all, whatever comes then: unmarked it would be used as if
    nothing had happened since. One whose rows differ stays as it is, marked.

    Raises BackupDamaged, DatabaseInUse, BackupFailed, DatabaseError's children. An older schema is brought
    up to date by the next `store.schema.upgrade`.
    """
    backup = check(path)
    with database_errors("restoring a backup"), engine.connect() as connection:
        _require_unused(connection)
        major = _major(connection)
    engine.dispose()
    words = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(path / _DUMP)]
    try:
        _run("pg_restore", major, url, words, place=str(path), to_database=True)
    finally:  # interrupted, it may have been done by then
        if filled := _filled(engine):
            kept = {"sha256": backup.manifest.sha256, "made_at": backup.manifest.made_at}
            mark_restored(engine, actor, path.name, kept)
    if not filled:
        raise BackupFailed(str(path), "there is nothing in it", "Restore another backup")
    with database_errors("comparing the restored database"), engine.connect() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        rows = _rows(connection)
    rows["audit"] = rows.get("audit", 0) - 1  # the mark
    differing = sorted(
        name for name in {*rows, *backup.manifest.rows} if rows.get(name) != backup.manifest.rows.get(name)
    )
    if differing:
        raise BackupDamaged(
            str(path),
            f"rows are missing or too many after restoring: {', '.join(differing[:5])}",
            "Empty the database and restore another backup",
        )
    return backup


def _require_unused(connection: Connection) -> None:
    tables = _tables(connection)
    if tables:
        raise DatabaseInUse(
            "restoring a backup",
            f"the database holds {len(tables)} tables",
            "Restore into a new, empty database (or a new state directory) and point the settings at it",
        )
    others = connection.execute(
        text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND application_name LIKE 'fernamt%'"
        )
    ).scalar_one()
    if others:
        raise DatabaseInUse(
            "restoring a backup",
            f"{others} programs of ours use the database",
            "Make an empty database of another name, restore into that and change `database.url`: calls go on"
            ' (docs/operation.md, "Save and bring back"). Where `fernamt up` runs all of it stop that first',
        )


def _filled(engine: Engine) -> bool:
    with database_errors("marking the restored database"), engine.connect() as connection:
        return bool(_tables(connection))


def _tables(connection: Connection) -> list[str]:
    query = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    return list(connection.execute(text(query)).scalars())


def _rows(connection: Connection) -> dict[str, int]:
    # Names come from the catalogue, quoted by the server itself.
    return {
        name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()  # noqa: S608
        for name in _tables(connection)
    }


def _major(connection: Connection) -> int:
    return int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000


def _run(
    name: str, major: int, url: str, words: Sequence[str], *, place: str, to_database: bool = False
) -> None:
    """One of PostgreSQL's programs. The password goes by a file: arguments are open to everybody."""
    program = postgres_client(place, name, major)
    parts = database_url(url)
    host = str(parts.query.get("host") or parts.host or "127.0.0.1")
    port = str(parts.query.get("port") or parts.port or 5432)
    command = [str(program), "--no-password", "-h", host, "-p", port, "-U", parts.username or "fernamt"]
    database = parts.database or "fernamt"
    command += ["-d", database, *words] if to_database else [*words, database]
    with _password_file(str(parts.password or "")) as path:
        environment = {**os.environ, "PGPASSFILE": str(path), "PGCONNECT_TIMEOUT": "10", "LC_MESSAGES": "C"}
        environment["PGTARGETSESSIONATTRS"] = str(parts.query.get("target_session_attrs", "any"))
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, errors="replace",
                timeout=_LONGEST_S, check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise BackupFailed(
                place, f"{name} took longer than {_LONGEST_S} s", "Look at the server"
            ) from error
    if done.returncode != 0:
        said = " ".join(done.stderr.split())[-_SAID:] or f"it ended with status {done.returncode}"
        raise BackupFailed(place, f"{name}: {said}", "Mend that and try again; nothing was changed")


@contextmanager
def _password_file(password: str) -> Iterator[Path]:
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    descriptor, name = tempfile.mkstemp(prefix="fernamt-pgpass-")  # made with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"*:*:*:*:{escaped}\n")
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _to_disk(folder: Path) -> None:
    """A backup that has its name survives a power cut."""
    for path in (*(each for each in folder.iterdir() if each.is_file()), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
