"""Configuration versions in PostgreSQL: each content once in a row, numbered upwards for ever."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Engine, insert, select, text

from store.foreign_errors import database_errors
from store.tables import config_version

#: pg_advisory_xact_lock key of whoever adds a version: "config" in ASCII, as a number.
_LOCK = int.from_bytes(b"config")


class ConfigVersions:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, content: dict[str, Any], *, author: str, note: str) -> int:
        """The number of this content: the latest version's when it is the same, else a new one."""
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()
        latest = (
            select(config_version.c.version, config_version.c.content_sha256)
            .order_by(config_version.c.version.desc())
            .limit(1)
        )
        with database_errors("recording the configuration"), self._engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            known = connection.execute(latest).one_or_none()
            if known is not None and bytes(known.content_sha256) == digest:
                return int(known.version)
            added = insert(config_version).values(
                author=author, note=note, content=content, content_sha256=digest
            )
            return int(connection.execute(added.returning(config_version.c.version)).scalar_one())
