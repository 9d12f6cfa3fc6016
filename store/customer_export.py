"""All rows about a customer, table by table, for handing them over (F6)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, LargeBinary, RowMapping, Table, case, select, text

from dialplan.decision import Direction
from privacy.kinds import ABOUT_NOBODY
from store.every_table import every_table
from store.foreign_errors import database_errors
from store.row_graph import of_customer
from store.secret_orders import telling
from store.tables import cdr

#: What proves that somebody is somebody, or tells callers apart; sounds come as files of their own.
_SECRET: Final = {("acd_salt", "salt"), ("acd_contact", "caller"), ("api_token", "sha256")}
_SEALED: Final = {("mailbox_message", "sealed"), ("recording_part", "sealed")}
#: Ours, about no customer's data: which transaction wrote a row.
_INTERNAL: Final = {("ledger_entry", "made_in"), ("privacy_erasure", "made_in")}
#: The switch's own record has the number of a caller who withheld it (TDDDG § 15(1), GDPR Art. 15(4)), and
#: addresses of the other party; what is the customer's of it stands in `cdr`.
_OTHERS: Final = {("cdr_raw", "json_zlib")}
_LEFT_OUT: Final = _SECRET | _SEALED | _INTERNAL | _OTHERS
#: Of incoming calls the number that the customer was shown, or none: the one that the network vouches for is
#: the caller's affair (TDDDG §§ 14, 15(1)). Of all others the customer's own.
_SHOWN: Final = case(
    (cdr.c.direction == Direction.INCOMING.value, cdr.c.a_presented), else_=cdr.c.a_network
).label("a_network")
_STATEMENT_LIMIT: Final = "300s"
#: Rows fetched at once.
_PORTION: Final = 2_000


@dataclass(frozen=True, slots=True)
class TableRows:
    """A table's name, its columns, and its rows with plain values, read while they are iterated."""

    name: str
    columns: Sequence[str]
    rows: Iterator[Sequence[str]]


def exported_tables() -> tuple[Table, ...]:
    """Every table in which something about a customer can stand, sorted by name."""
    found = (table for name, table in every_table().tables.items() if name not in ABOUT_NOBODY)
    return tuple(sorted(found, key=lambda table: table.name))


def rows_of_customer(engine: Engine, customer_id: str, at: datetime) -> Iterator[TableRows]:
    """Each table of exported_tables() with the customer's rows, all of one moment, `at`. Use each before the
    next. Of orders that are secret there is nothing (store/secret_orders.py).

    Raise DatabaseError's children.
    """
    with (
        database_errors(f"exporting {customer_id}"),
        engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
    ):
        connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_LIMIT}'"))
        told = telling(connection, customer_id, at)
        for table in exported_tables():
            columns = [
                _SHOWN if each is cdr.c.a_network else told.shown(each)
                for each in table.c
                if (table.name, each.name) not in _LEFT_OUT
            ]
            mine = of_customer(table, customer_id) & told.rows(table)
            wanted = select(*columns).where(mine).order_by(*table.primary_key)
            names = [each.name for each in columns]
            rows = connection.execute(wanted.execution_options(yield_per=_PORTION)).mappings()
            yield TableRows(table.name, names, (_texts(columns, row) for row in rows))


def _texts(columns: Sequence[Any], row: RowMapping) -> list[str]:
    return [_text(each, row[each.name]) for each in columns]


def _text(column: Any, value: Any) -> str:
    """Times as ISO 8601, documents as JSON, nothing as an empty field."""
    if value is None:
        return ""
    if isinstance(column.type, LargeBinary):
        return bytes(value).hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
