"""What files said that were checked together, so that those which stayed the same need not be read again.

A small SQLite file beside the state: for each file its digest and warnings, the digests of its customers,
and what these claim (`provisioning.claims`). It belongs to one set of files and one state of the program;
whatever else is asked for, or whatever goes wrong with it, means: read everything. Deleting it is harmless.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from freeswitch.private_files import make_folder, replace_private
from provisioning.claims import Numbers, claims_of, mains_of, numbers_of
from provisioning.errors import ConfigProblem, Severity
from provisioning.schema import CustomerEntry

_PROGRAM: Final = Path(__file__).resolve().parent.parent
#: Packages that decide what is valid and how it is stored.
_DECIDING: Final = ("numbering", "dialplan", "provisioning")
_WAIT_S: Final = 2.0
_TABLES: Final = """
CREATE TABLE program (digest TEXT NOT NULL);
CREATE TABLE file (name TEXT PRIMARY KEY, sha256 BLOB NOT NULL, shared INTEGER NOT NULL,
    numbers INTEGER NOT NULL, warnings TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE customer (file TEXT NOT NULL, id TEXT NOT NULL, sha256 BLOB NOT NULL,
    PRIMARY KEY (file, id)) WITHOUT ROWID;
CREATE TABLE claim (claim TEXT NOT NULL, file TEXT NOT NULL, PRIMARY KEY (claim, file)) WITHOUT ROWID;
CREATE TABLE span (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, file TEXT NOT NULL);
CREATE TABLE main (number INTEGER PRIMARY KEY, file TEXT NOT NULL);
CREATE INDEX claim_of_file ON claim (file);
CREATE INDEX span_of_file ON span (file);
CREATE INDEX main_of_file ON main (file);
"""
_OF_FILE: Final = ("customer", "claim", "span", "main")


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file as it was checked. `shared`: it describes the carrier, all customers depend on it."""

    sha256: bytes
    shared: bool
    numbers: int
    warnings: tuple[ConfigProblem, ...]


@dataclass(frozen=True, slots=True)
class FileContent:
    """A checked file to be remembered; customers with the digests of their stored parts."""

    name: str
    known: KnownFile
    customers: tuple[tuple[CustomerEntry, bytes], ...]


class FileMemory:
    """One memory in one file. Methods raise sqlite3.Error when it cannot be used."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[FileMemory]:
        """The memory in this file, an empty one where there is none of this program; closed at the end."""
        make_folder(path.parent)
        if not path.exists():
            replace_private(path, b"")
        with closing(sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)) as connection:
            yield cls(connection)

    def files(self) -> dict[str, KnownFile]:
        """All files of the set; none when another program wrote them."""
        if not self._is_ours():
            return {}
        rows = self._connection.execute("SELECT name, sha256, shared, numbers, warnings FROM file")
        return {
            name: KnownFile(sha256, bool(shared), numbers, _problems(warnings))
            for name, sha256, shared, numbers, warnings in rows
        }

    def customers(self) -> Iterator[tuple[str, str, bytes]]:
        """File, id and digest of every customer."""
        yield from self._connection.execute("SELECT file, id, sha256 FROM customer")

    def touching(self, customers: Iterable[CustomerEntry], extended: Collection[Numbers]) -> set[str]:
        """Files whose customers claim something that these claim; `extended`: numbers of their extensions."""
        found: set[str] = set()
        ask = self._connection.execute
        for customer in customers:
            for claim in claims_of(customer):
                found |= {row[0] for row in ask("SELECT file FROM claim WHERE claim = ?", (claim,))}
            numbers = numbers_of(customer)
            for first, last in (*numbers, *extended):
                within = "SELECT file FROM span WHERE first BETWEEN ? AND ?"
                before = "SELECT file, last FROM span WHERE first < ? ORDER BY first DESC LIMIT 1"
                found |= {row[0] for row in ask(within, (first, last))}
                found |= {file for file, end in ask(before, (first,)) if end >= first}
            for each in numbers:
                for main in mains_of(each):
                    found |= {
                        row[0] for row in ask("SELECT file FROM main WHERE number BETWEEN ? AND ?", main)
                    }
        return found

    def replace(self, gone: Iterable[str], files: Collection[FileContent], *, all_new: bool = False) -> None:
        """Forget these files (or everything), and remember those, in one transaction."""
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            if all_new:
                self._begin_anew()
            for name in (*gone, *(file.name for file in files)):
                self._forget(name)
            for file in files:
                self._remember(file)
        except BaseException:
            execute("ROLLBACK")
            raise
        execute("COMMIT")

    def _is_ours(self) -> bool:
        known = self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'program'").fetchone()
        row = self._connection.execute("SELECT digest FROM program").fetchone() if known else None
        return row is not None and row[0] == _program_digest()

    def _begin_anew(self) -> None:
        execute = self._connection.execute
        for (table,) in execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            execute(f"DROP TABLE {table}")
        for statement in _TABLES.split(";"):
            execute(statement)
        execute("INSERT INTO program VALUES (?)", (_program_digest(),))

    def _forget(self, name: str) -> None:
        self._connection.execute("DELETE FROM file WHERE name = ?", (name,))
        for table in _OF_FILE:
            self._connection.execute(f"DELETE FROM {table} WHERE file = ?", (name,))  # noqa: S608 - constant

    def _remember(self, file: FileContent) -> None:
        execute, many = self._connection.execute, self._connection.executemany
        name, known = file.name, file.known
        warnings = json.dumps([asdict(each) for each in known.warnings])
        row = (name, known.sha256, known.shared, known.numbers, warnings)
        execute("INSERT INTO file VALUES (?, ?, ?, ?, ?)", row)
        for customer, sha256 in file.customers:
            execute("INSERT INTO customer VALUES (?, ?, ?)", (name, customer.id, sha256))
            claims = [(claim, name) for claim in claims_of(customer)]
            many("INSERT OR IGNORE INTO claim VALUES (?, ?)", claims)
            many("INSERT INTO span VALUES (?, ?, ?)", [(*each, name) for each in numbers_of(customer)])
            mains = [
                (int(entry.number[1:]), name) for entry in customer.numbers if entry.users and entry.number
            ]
            many("INSERT INTO main VALUES (?, ?)", mains)


def _problems(text: str) -> tuple[ConfigProblem, ...]:
    rows: list[dict[str, Any]] = json.loads(text) if text != "[]" else []
    return tuple(ConfigProblem(**{**row, "severity": Severity(row["severity"])}) for row in rows)


@cache
def _program_digest() -> str:
    """Of all sources that decide: another program may check otherwise."""
    digest = hashlib.sha256()
    for package in _DECIDING:
        for path in sorted((_PROGRAM / package).rglob("*.py")):
            digest.update(path.relative_to(_PROGRAM).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def numbers_in(customers: Iterable[CustomerEntry]) -> int:
    """How many numbers they have."""
    return sum(last - first + 1 for customer in customers for first, last in numbers_of(customer))
