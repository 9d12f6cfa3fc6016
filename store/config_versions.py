"""Configuration versions in PostgreSQL: numbered upwards for ever, each part kept once for all versions it
is valid in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    and_,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
    update,
)

from store import audit
from store.config_holds import version_of
from store.config_items import AppliedVersion, ConfigItem, ItemChanges, ItemKey
from store.errors import VersionConflict, VersionUnknown
from store.foreign_errors import database_errors
from store.tables import config_item, config_version

#: pg_advisory_xact_lock key of whoever adds a version: "config" in ASCII, as a number.
_LOCK: Final = int.from_bytes(b"config")
#: Rows of one INSERT or UPDATE.
_PORTION: Final = 500
_MAX_HISTORY: Final = 10_000
_T = TypeVar("_T")


class ConfigStore:
    """All methods raise DatabaseError's children. Version 0 is the empty one, before the first."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def current(self) -> int:
        """The number of the version in force; 0 when nothing was ever applied."""
        with database_errors("reading the configuration's version"), self._engine.connect() as connection:
            return _current(connection)

    def current_at(self, node: str) -> int:
        """The same for one node, which may be held at an earlier version (store/config_holds.py)."""
        with database_errors("reading the configuration's version"), self._engine.connect() as connection:
            return version_of(connection, node, _current(connection))

    def digests(self, version: int) -> dict[ItemKey, bytes]:
        """The digests of all parts of a version; none for 0."""
        columns = select(config_item.c.kind, config_item.c.id, config_item.c.sha256)
        with database_errors(f"reading configuration {version}"), self._engine.connect() as connection:
            rows = connection.execute(columns.where(_valid_in(version)))
            return {ItemKey(kind, id_): bytes(sha256) for kind, id_, sha256 in rows}

    def some_items(self, version: int, keys: Collection[ItemKey]) -> tuple[ConfigItem, ...]:
        """Those parts of a version that have these keys."""
        found: list[ConfigItem] = []
        with database_errors(f"reading configuration {version}"), self._engine.connect() as connection:
            for portion in _portions(sorted(keys)):
                named = tuple_(config_item.c.kind, config_item.c.id).in_([tuple(key) for key in portion])
                rows = connection.execute(select(config_item).where(_valid_in(version), named)).mappings()
                found += [_item(row) for row in rows]
        return tuple(found)

    def items(self, version: int) -> tuple[ConfigItem, ...]:
        """All parts of a version, sorted by key; none for 0. Raises VersionUnknown."""
        with database_errors(f"reading configuration {version}"), self._engine.connect() as connection:
            if version != 0 and not _exists(connection, version):
                raise _unknown(version)
            found = (
                select(config_item).where(_valid_in(version)).order_by(config_item.c.kind, config_item.c.id)
            )
            return tuple(_item(row) for row in connection.execute(found).mappings())

    def changes(self, since: int, to: int) -> ItemChanges:
        """What turns version `since` into the later version `to`. Raises VersionUnknown."""
        with database_errors(f"reading configuration {to}"), self._engine.connect() as connection:
            for version in (since, to):
                if version != 0 and not _exists(connection, version):
                    raise _unknown(version)
            came = and_(_valid_in(to), config_item.c.from_version > since)
            changed = [_item(row) for row in connection.execute(select(config_item).where(came)).mappings()]
            went = select(config_item.c.kind, config_item.c.id).where(
                _valid_in(since), config_item.c.until_version <= to
            )
            gone = {ItemKey(*row) for row in connection.execute(went)} - {item.key for item in changed}
        return ItemChanges(to, tuple(changed), tuple(sorted(gone)))

    def apply(
        self,
        base_version: int,
        changed: Sequence[ConfigItem],
        removed: Sequence[ItemKey],
        *,
        author: str,
        note: str = "",
        action: str = "config.apply",
        details: Mapping[str, Any] | None = None,
        then: Callable[[Connection], None] | None = None,
    ) -> int:
        """Make a new version of `base_version` with these parts new or changed and those gone; its number.

        One transaction, with its entry in the audit and with what `then` does in it at last (the number
        inventory follows). Raises VersionConflict, and changes nothing, when `base_version` is not the one in
        force any more; what `then` raises undoes all of it.
        """
        with database_errors("applying the configuration"), self._engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            in_force = _current(connection)
            if in_force != base_version:
                raise VersionConflict(
                    "applying the configuration",
                    f"version {in_force} was applied meanwhile, this change is for version {base_version}",
                    "Look at `fernamt config plan` again, then apply",
                )
            added = insert(config_version).values(author=author, note=note)
            version = int(connection.execute(added.returning(config_version.c.version)).scalar_one())
            _end(connection, [*removed, *(item.key for item in changed)], version)
            _begin(connection, changed, version)
            audit.record(
                connection,
                actor=author,
                action=action,
                object_kind="config",
                object_id=str(version),
                details={"base_version": base_version, "note": note, **(details or {})},
            )
            if then is not None:
                then(connection)
            return version

    def history(self, limit: int = 50) -> tuple[AppliedVersion, ...]:
        """The newest versions first, at most `limit` (1 to 10,000)."""
        wanted = (
            select(config_version)
            .order_by(config_version.c.version.desc())
            .limit(max(1, min(limit, _MAX_HISTORY)))
        )
        with database_errors("reading the configuration's history"), self._engine.connect() as connection:
            return tuple(AppliedVersion(**row) for row in connection.execute(wanted).mappings())

    def version(self, version: int) -> AppliedVersion:
        """When, by whom and why a version was applied. Raises VersionUnknown."""
        wanted = select(config_version).where(config_version.c.version == version)
        with database_errors(f"reading configuration {version}"), self._engine.connect() as connection:
            row = connection.execute(wanted).mappings().one_or_none()
        if row is None:
            raise _unknown(version)
        return AppliedVersion(**row)


def _current(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(config_version.c.version), 0))).scalar_one())


def _exists(connection: Connection, version: int) -> bool:
    wanted = select(config_version.c.version).where(config_version.c.version == version)
    return connection.execute(wanted).one_or_none() is not None


def _unknown(version: int) -> VersionUnknown:
    return VersionUnknown(
        f"configuration {version}", "there is no such version", "See `fernamt config history`"
    )


def _valid_in(version: int) -> ColumnElement[bool]:
    until = config_item.c.until_version
    return and_(config_item.c.from_version <= version, or_(until.is_(None), until > version))


def _item(row: RowMapping) -> ConfigItem:
    return ConfigItem(ItemKey(row["kind"], row["id"]), row["content"], bytes(row["sha256"]))


def _end(connection: Connection, keys: Sequence[ItemKey], version: int) -> None:
    for portion in _portions(keys):
        connection.execute(
            update(config_item)
            .where(
                config_item.c.until_version.is_(None),
                tuple_(config_item.c.kind, config_item.c.id).in_([tuple(key) for key in portion]),
            )
            .values(until_version=version)
        )


def _begin(connection: Connection, items: Sequence[ConfigItem], version: int) -> None:
    for portion in _portions(items):
        rows = [
            {
                "kind": item.key.kind,
                "id": item.key.id,
                "from_version": version,
                "content": item.content,
                "sha256": item.sha256,
            }
            for item in portion
        ]
        connection.execute(insert(config_item), rows)


def _portions(things: Sequence[_T]) -> Iterable[Sequence[_T]]:
    return (things[start : start + _PORTION] for start in range(0, len(things), _PORTION))
