"""Tariff files in PostgreSQL: imported together, checked together, kept for ever by revision."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NoReturn

from sqlalchemy import Connection, Engine, delete, insert, select, text, update

from rating.additions import only_adds
from rating.notice import NOTICE_DAYS
from rating.price import Version
from rating.strict_csv import MAX_BYTES
from rating.tariff import Tariff
from rating.tariff_files import tariff_of
from store import audit
from store.errors import DatabaseDefect, TariffBackwards, TariffMissing
from store.foreign_errors import database_errors
from store.rating_rates import add_rates, rates_file
from store.rating_tables import price_list_version, tariff_file, tariff_revision

#: pg_advisory_xact_lock key of whoever imports: "tariff" in ASCII, as a number.
_LOCK: Final = int.from_bytes(b"tariff")
#: Kept row by row in `exchange_rate`, not as a file.
_RATES: Final = "fx.csv"
#: A million prices take longer than an ordinary statement may.
_STATEMENT_LIMIT_S: Final = 300

Versions = Mapping[tuple[str, str], Version]


@dataclass(frozen=True, slots=True)
class Import:
    """What an import did or, in a dry run, would do. `revision` is None when nothing was written.

    `before` and `after` are the whole tariffs; `before` is None for the first import.
    """

    revision: int | None
    before: Tariff | None
    after: Tariff
    changed: tuple[str, ...]
    rates: int


@dataclass(frozen=True, slots=True)
class AppliedTariff:
    """A tariff with the revision that charges name."""

    revision: int
    tariff: Tariff


class TariffStore:
    """All methods raise DatabaseError's children."""

    def __init__(self, engine: Engine, notice_days: int = NOTICE_DAYS) -> None:
        self._engine = engine
        self._notice_days = notice_days

    def revision(self) -> int:
        """The number of the last import; 0 before the first."""
        with database_errors("reading the tariff's revision"), self._engine.connect() as connection:
            return _revision(connection)

    def current(self) -> AppliedTariff:
        """The tariff in force with its exchange rates. Raises TariffMissing before the first import."""
        with database_errors("reading the tariff"), self._engine.connect() as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            revision = _revision(connection)
            files = _files(connection)
        if "lists.csv" not in files:
            raise TariffMissing(
                "tariff", "no price list was imported", "Run `fernamt tariff import DIRECTORY`"
            )
        return AppliedTariff(revision, tariff_of(files, self._notice_days))

    def import_files(
        self, files: Mapping[str, bytes], *, author: str, today: date, note: str = "", dry_run: bool = False
    ) -> Import:
        """Put these files beside or in the place of those in force, all or none; by name.

        One transaction with its entry in the audit. A list version that is valid never changes, but for
        prices of destinations that had none, and no new one begins in the past where its list had prices
        (E4). Raises TariffRefused with every problem found, TariffBackwards.
        """
        with database_errors("importing the tariff"), self._engine.connect() as connection:
            connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_LIMIT_S}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            found = self._import(connection, files, author, today, note)
            if dry_run:
                connection.rollback()
                return Import(None, found.before, found.after, found.changed, found.rates)
            connection.commit()
            return found

    def _import(
        self, connection: Connection, files: Mapping[str, bytes], author: str, today: date, note: str
    ) -> Import:
        old = _files(connection)
        before = tariff_of(old, self._notice_days) if "lists.csv" in old else None
        after = tariff_of({**old, **files}, self._notice_days)
        changed = tuple(
            sorted(name for name, content in files.items() if name != _RATES and old.get(name) != content)
        )
        known = versions_of(before) if before else {}
        wanted = versions_of(after)
        refuse_backwards(known, wanted, today)
        rates = add_rates(connection, after.rates) if _RATES in files else 0
        if not changed:
            if rates:
                _audit(connection, "tariff.rates", author, "exchange-rates", {"rates": rates, "note": note})
            return Import(None, before, after, (), rates)
        made = insert(tariff_revision).values(author=author, note=note)
        revision = int(connection.execute(made.returning(tariff_revision.c.revision)).scalar_one())
        _write_files(connection, revision, {name: files[name] for name in changed})
        _write_versions(connection, revision, known, wanted, today)
        details = {"files": list(changed), "rates": rates, "note": note}
        _audit(connection, "tariff.import", author, str(revision), details)
        return Import(revision, before, after, changed, rates)


def _audit(
    connection: Connection, action: str, author: str, what: str, details: Mapping[str, object]
) -> None:
    audit.record(
        connection, actor=author, action=action, object_kind="tariff", object_id=what, details=details
    )


def versions_of(tariff: Tariff) -> dict[tuple[str, str], Version]:
    """All versions of all lists by list and version."""
    return {(each.list_id, each.version): each for versions in tariff.versions.values() for each in versions}


def refuse_backwards(known: Versions, wanted: Versions, today: date) -> None:
    """Raise TariffBackwards when anything would have been different until yesterday (E4)."""
    for key, version in known.items():
        if version.valid_from > today:
            continue
        fresh = wanted.get(key)
        if fresh is None or (
            _fixed(fresh) != _fixed(version) and not _supplemented(version, fresh, known, today)
        ):
            _refuse(
                version, "is valid: its prices and its first day do not change",
                "Import a new version; only destinations that have no price at all may be added",
            )  # fmt: skip
        ends = {version.valid_until or date.max, fresh.valid_until or date.max}
        if len(ends) == 2 and min(ends) < today:
            _refuse(version, f"would end on another day than {min(ends)}, which is over", "End it later")
    lists = {list_id for list_id, _ in known}
    for key, version in wanted.items():
        if key not in known and key[0] in lists and version.valid_from < today:
            _refuse(version, f"would be valid since {version.valid_from}", "Let it begin today or later")


def _supplemented(version: Version, fresh: Version, known: Versions, today: date) -> bool:
    """Whether it only gets prices of destinations that had none: their calls wait (rate.no-price)."""
    valid = [
        each for (name, _), each in known.items() if name == version.list_id and each.valid_from <= today
    ]
    return only_adds(version, fresh, valid)


def _refuse(version: Version, what: str, next_step: str) -> NoReturn:
    raise TariffBackwards(f"price list {version}", what, next_step)


def _fixed(version: Version) -> tuple[object, ...]:
    edge = version.window_edge
    return version.kind, version.currency, version.valid_from, edge, digest(version)


def digest(version: Version) -> bytes:
    """A digest of all prices of a version, whatever the file looked like."""
    parts = [
        "|".join(
            str(part)
            for part in (
                each.prefix, each.exact, each.destination, each.zone.value, each.kind.value, each.price,
                each.fee, each.minimum, each.increments, each.free_s, each.window,
            )
        )
        for each in sorted(version.prices, key=lambda price: price.key)
    ]  # fmt: skip
    return hashlib.sha256("\n".join(parts).encode()).digest()


def _revision(connection: Connection) -> int:
    newest = select(tariff_revision.c.revision).order_by(tariff_revision.c.revision.desc()).limit(1)
    return int(connection.scalar(newest) or 0)


def _files(connection: Connection) -> dict[str, bytes]:
    columns = select(tariff_file.c.name, tariff_file.c.content_zlib, tariff_file.c.sha256)
    files: dict[str, bytes] = {}
    for name, packed, sha256 in connection.execute(columns.where(tariff_file.c.until_revision.is_(None))):
        content = zlib.decompressobj().decompress(bytes(packed), MAX_BYTES)
        if hashlib.sha256(content).digest() != bytes(sha256):
            raise DatabaseDefect(f"tariff file {name}", "it is damaged", "Restore it from a backup")
        files[name] = content
    if files:
        files[_RATES] = rates_file(connection)
    return files


def _write_files(connection: Connection, revision: int, files: Mapping[str, bytes]) -> None:
    replaced = tariff_file.c.until_revision.is_(None) & tariff_file.c.name.in_(list(files))
    connection.execute(update(tariff_file).where(replaced).values(until_revision=revision))
    rows = [
        {
            "name": name,
            "from_revision": revision,
            "content_zlib": zlib.compress(content, 6),
            "sha256": hashlib.sha256(content).digest(),
        }
        for name, content in files.items()
    ]
    connection.execute(insert(tariff_file), rows)


def _write_versions(
    connection: Connection, revision: int, known: Versions, wanted: Versions, today: date
) -> None:
    """Ends first, then what is new: no moment of the transaction has two versions on one day. A valid version
    with prices more (see refuse_backwards) keeps its row, with the digest of its beginning."""
    table = price_list_version.c
    kept = {key for key, version in known.items() if version.valid_from <= today}
    for key, version in known.items():
        here = (table.list_id == key[0]) & (table.version == key[1])
        fresh = wanted.get(key)
        if fresh is None or (_fixed(fresh) != _fixed(version) and key not in kept):
            connection.execute(delete(price_list_version).where(here))
        elif fresh.valid_until != version.valid_until:
            connection.execute(update(price_list_version).where(here).values(valid_until=fresh.valid_until))
    rows = [
        {
            "list_id": version.list_id,
            "version": version.version,
            "kind": version.kind.value,
            "currency": version.currency,
            "valid_from": version.valid_from,
            "valid_until": version.valid_until,
            "sha256": digest(version),
            "since_revision": revision,
        }
        for key, version in wanted.items()
        if key not in known or (_fixed(version) != _fixed(known[key]) and key not in kept)
    ]
    if rows:
        connection.execute(insert(price_list_version), rows)
