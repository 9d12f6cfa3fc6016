"""CDRs in PostgreSQL: inserted exactly once, shown, streamed (architecture.md, CDRs; guarantee 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from dialplan.cdr import LegRecord
from store.cdr_records import LegWithRaw, compress, decompress, leg_of, row_of
from store.errors import RecordRefused
from store.foreign_errors import database_errors
from store.standby import wait_for_known
from store.tables import MAX_ID, MAX_QUARANTINED_BYTES, MAX_TEXT, cdr, cdr_quarantine, cdr_raw

#: Most legs of one `insert_legs`.
MAX_BATCH: Final = 1000
#: Rows fetched at a time while streaming: about 2 MB of memory.
_STREAM_ROWS: Final = 2000
#: How long the server may work on one portion of a stream, and the reader on what it got.
_STREAM_LIMIT_S: Final = 300
#: The same where a table of many months is read whole.
_WHOLE_TABLE_LIMIT_S: Final = 4 * 3600


@dataclass(frozen=True, slots=True)
class InsertOutcome:
    """`new` were stored now, `known` were there before (the same file again), `refused` break a rule.

    New and known legs are on disk, and on the standby that commits wait for: their files may be removed.
    Refused ones go to the quarantine.
    """

    new: tuple[str, ...]
    known: tuple[str, ...]
    refused: tuple[tuple[str, RecordRefused], ...]


@dataclass(frozen=True, slots=True)
class StoredLeg:
    """A leg as stored, with the switch's own words."""

    leg: LegRecord
    raw: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class QuarantinedFile:
    """A spool file that could not become a CDR. `full_size_bytes` exceeds `content` when that was cut."""

    id: int
    file_name: str
    received_at: datetime
    reason_id: str
    sentence: str
    content: bytes
    full_size_bytes: int


class CdrRepository:
    """All methods raise DatabaseError's children; those with `retry` may be called again unchanged."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def insert_legs(self, entries: Sequence[LegWithRaw]) -> InsertOutcome:
        """Store legs with their originals, each exactly once; committed on return. At most MAX_BATCH.

        One transaction for all; when one leg breaks a rule of the tables, one for each, so that it holds
        nobody else up. A leg id that is known keeps its first record.
        """
        if len(entries) > MAX_BATCH:
            raise ValueError(f"{len(entries)} legs in one batch, {MAX_BATCH} are the most")
        try:
            return self._insert(entries)
        except RecordRefused as error:
            if len(entries) == 1:
                return InsertOutcome((), (), ((entries[0].leg.leg_id, error),))
        outcomes = [self.insert_legs([entry]) for entry in entries]
        return InsertOutcome(
            new=tuple(leg_id for outcome in outcomes for leg_id in outcome.new),
            known=tuple(leg_id for outcome in outcomes for leg_id in outcome.known),
            refused=tuple(pair for outcome in outcomes for pair in outcome.refused),
        )

    def _insert(self, entries: Sequence[LegWithRaw]) -> InsertOutcome:
        # Sorted, so that two intakes with the same legs wait for each other instead of deadlocking.
        by_id = {entry.leg.leg_id: entry for entry in sorted(entries, key=lambda entry: entry.leg.leg_id)}
        if not by_id:
            return InsertOutcome((), (), ())
        place = f"storing {len(by_id)} call records, first {next(iter(by_id))[:MAX_ID]}"
        with database_errors(place), self._engine.begin() as connection:
            rows = [row_of(entry.leg) for entry in by_id.values()]
            statement = insert(cdr).on_conflict_do_nothing(index_elements=["leg_id"]).returning(cdr.c.leg_id)
            new = set(connection.execute(statement, rows).scalars())
            originals = [
                {"leg_id": leg_id, "json_zlib": compress(entry)}
                for leg_id, entry in by_id.items()
                if leg_id in new
            ]
            if originals:
                connection.execute(insert(cdr_raw), originals)
            else:
                wait_for_known(connection)
        return InsertOutcome(
            new=tuple(leg_id for leg_id in by_id if leg_id in new),
            known=tuple(leg_id for leg_id in by_id if leg_id not in new),
            refused=(),
        )

    def quarantine(self, file_name: str, reason_id: str, sentence: str, content: bytes) -> None:
        """Keep a file that could not become a CDR; the same file again is kept once. Committed on return.

        Texts are cut to what the table takes, `content` to MAX_QUARANTINED_BYTES.
        """
        row = {
            "file_name": _storable(file_name, MAX_TEXT),
            "reason_id": _storable(reason_id, MAX_ID),
            "sentence": _storable(sentence, 1000),
            "content": content[:MAX_QUARANTINED_BYTES],
            "full_size_bytes": len(content),
        }
        place = f"putting {row['file_name']} into quarantine"
        with database_errors(place), self._engine.begin() as connection:
            if not connection.execute(insert(cdr_quarantine).on_conflict_do_nothing(), row).rowcount:
                wait_for_known(connection)

    def open_quarantine(self, limit: int = 100) -> tuple[QuarantinedFile, ...]:
        """Files nobody has dealt with yet, oldest first, at most `limit`."""
        columns = [cdr_quarantine.c[name] for name in QuarantinedFile.__dataclass_fields__]
        query = select(*columns).where(cdr_quarantine.c.resolved_at.is_(None))
        query = query.order_by(cdr_quarantine.c.received_at, cdr_quarantine.c.id).limit(limit)
        with database_errors("reading the quarantine"), self._engine.connect() as connection:
            rows = connection.execute(query).mappings()
            return tuple(QuarantinedFile(**{**row, "content": bytes(row["content"])}) for row in rows)

    def count_quarantined(self) -> int:
        """How many files nobody has dealt with yet."""
        query = select(func.count()).where(cdr_quarantine.c.resolved_at.is_(None))
        with database_errors("counting the quarantine"), self._engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def show(self, call_or_leg_id: str) -> tuple[StoredLeg, ...]:
        """All legs of the call that has this id, or that the leg with this id belongs to; A leg first."""
        if "\0" in call_or_leg_id or len(call_or_leg_id) > MAX_ID:
            return ()
        call_ids = select(cdr.c.call_id).where(
            or_(cdr.c.leg_id == call_or_leg_id, cdr.c.call_id == call_or_leg_id)
        )
        query = (
            select(cdr, cdr_raw.c.json_zlib, cdr_raw.c.received_at)
            .join(cdr_raw)
            .where(cdr.c.call_id.in_(call_ids))
            .order_by(cdr.c.side, cdr.c.started_at, cdr.c.leg_id)
            .limit(MAX_BATCH)
        )
        with database_errors(f"reading call {call_or_leg_id}"), self._engine.connect() as connection:
            return tuple(
                StoredLeg(
                    leg_of(row),
                    decompress(row["leg_id"], bytes(row["json_zlib"])),
                    row["received_at"].astimezone(UTC),
                )
                for row in connection.execute(query).mappings()
            )

    def count(self, start: datetime, end: datetime, customer_id: str | None = None) -> int:
        """How many legs started in [start, end)."""
        query = select(func.count()).select_from(cdr).where(_period(start, end, customer_id))
        with database_errors("counting call records"), self._engine.connect() as connection:
            _patient(connection)
            return connection.execute(query).scalar_one()

    def stream(self, start: datetime, end: datetime, customer_id: str | None = None) -> Iterator[LegRecord]:
        """Legs that started in [start, end), ordered by (started_at, leg_id), in constant memory.

        One snapshot: legs stored meanwhile are not seen. Holds a connection until exhausted or closed;
        a reader that pauses longer than 300 s loses it (DatabaseTimeout or DatabaseUnavailable).
        """
        query = select(cdr).where(_period(start, end, customer_id)).order_by(cdr.c.started_at, cdr.c.leg_id)
        return self._stream(query)

    def originals(self, since: datetime) -> Iterator[tuple[str, bytes]]:
        """Leg id and the switch's own record of all legs that were taken in at `since` or later, in no order
        and in constant memory; one snapshot. The table has no index of that time: it is read whole."""
        if since.tzinfo is None:
            raise ValueError("since needs a time zone")
        query = select(cdr_raw.c.leg_id, cdr_raw.c.json_zlib).where(cdr_raw.c.received_at >= since)
        with database_errors("reading records again"), self._engine.connect() as connection:
            _patient(connection, _WHOLE_TABLE_LIMIT_S)
            for row in connection.execution_options(yield_per=_STREAM_ROWS).execute(query):
                yield row.leg_id, decompress(row.leg_id, bytes(row.json_zlib))

    def _stream(self, query: Select[tuple[Any, ...]]) -> Iterator[LegRecord]:
        with database_errors("streaming call records"), self._engine.connect() as connection:
            _patient(connection)
            result = connection.execution_options(yield_per=_STREAM_ROWS).execute(query)
            for row in result.mappings():
                yield leg_of(row)


def _period(start: datetime, end: datetime, customer_id: str | None) -> ColumnElement[bool]:
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("start and end need a time zone")
    wanted = and_(cdr.c.started_at >= start, cdr.c.started_at < end)
    return wanted if customer_id is None else and_(wanted, cdr.c.customer_id == customer_id)


def _patient(connection: Connection, limit_s: int = _STREAM_LIMIT_S) -> None:
    """For this transaction: long answers are expected, and readers that pause."""
    connection.execute(text("SET TRANSACTION READ ONLY"))
    connection.execute(text(f"SET LOCAL statement_timeout = '{limit_s}s'"))
    connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{limit_s}s'"))


def _storable(words: str, most: int) -> str:
    """Cut, and without what PostgreSQL's text cannot hold (NUL, half a surrogate pair); never empty."""
    clean = words.replace("\0", "�").encode("utf-8", "replace").decode("utf-8")
    return clean[:most] or "-"
